// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

namespace caisson::sync {
namespace {

Status WaitReadable(FdView socket, Deadline deadline) {
  if (deadline.never()) return Ok();
  while (true) {
    pollfd entry{.fd = socket.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, deadline.PollTimeoutMs());
    if (ready > 0) return Ok();
    if (ready == 0)
      return Error(Code::kSystem, "no answer from init before the deadline", ETIMEDOUT);
    if (errno != EINTR) return SysError("poll", "sync socket");
  }
}

UniqueFd TakeFd(msghdr& header) {
  UniqueFd taken;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
    taken.Reset(fd);
  }
  return taken;
}

}  // namespace

Result<Received> Channel::Receive(Deadline deadline) {
  CAISSON_TRY(WaitReadable(socket_, deadline));
  Received received;
  iovec part{.iov_base = &received.message, .iov_len = sizeof received.message};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  // A reset is how a peer ends that had not read all. It is told once, ahead of what the peer had
  // sent, so the packets and then the end of file come by asking again.
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size == 0) {
    received.eof = true;
    return received;
  }
  if (size < 0) return SysError("recvmsg", "sync socket");
  received.fd = TakeFd(header);
  if (size != sizeof received.message || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Error(Code::kInternal, "sync socket: malformed packet");
  CAISSON_TRY(sequence_.Accept(received.message));
  return received;
}

Status Channel::Send(Type type, std::int32_t value) {
  Message message;
  message.type = type;
  message.value = value;
  if (TEMP_FAILURE_RETRY(::send(socket_.get(), &message, sizeof message, MSG_NOSIGNAL)) < 0)
    return SysError("send", StrCat("sync message ", NameOf(type)));
  return Ok();
}

}  // namespace caisson::sync
