// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/sync_child.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace caisson::sync {
namespace {

int SendMessage(int socket, const Message& message, int fd) noexcept {
  iovec part{.iov_base = const_cast<Message*>(&message), .iov_len = sizeof message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

}  // namespace

int SendFromChild(int socket, Type type, int value, int fd) noexcept {
  Message message;
  message.type = type;
  message.value = value;
  return SendMessage(socket, message, fd);
}

int AwaitInChild(int socket, Type wanted, int* value) noexcept {
  Message message;
  ssize_t size = -1;
  do {
    size = ::recv(socket, &message, sizeof message, MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno;
  if (size == 0) return EPIPE;
  if (size != sizeof message || message.magic != Message::kMagic ||
      message.version != Message::kVersion || message.type != wanted)
    return EPROTO;
  if (value != nullptr) *value = message.value;
  return 0;
}

void DieInChild(int socket, Phase phase, StepFailure failure) noexcept {
  Message message;
  message.type = Type::kFailed;
  message.phase = phase;
  message.item = static_cast<std::uint32_t>(failure.item);
  message.sys_errno = failure.sys_errno;
  (void)SendMessage(socket, message, -1);  // the parent may be gone
  ::_exit(1);
}

}  // namespace caisson::sync
