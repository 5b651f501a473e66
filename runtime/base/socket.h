// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson {

// Two connected AF_UNIX SOCK_SEQPACKET ends, close-on-exec.
Result<std::pair<UniqueFd, UniqueFd>> SeqpacketPair();

enum class SocketType { kStream, kSeqpacket };

// Binds and listens on a path; the socket file gets mode 0600. A stale file is replaced.
// Errors: kInvalidSpec when the path is over 107 bytes (sun_path).
Result<UniqueFd> ListenUnix(const std::string& path, SocketType type);

// Connects to a listening path. Errors: kInvalidSpec as above; kNotFound; ECONNREFUSED as kSystem.
Result<UniqueFd> ConnectUnix(const std::string& path, SocketType type);

// One packet (seqpacket) or chunk (stream), with descriptors beside it. Retried on EINTR, never
// raises SIGPIPE. At most 253 descriptors (SCM_MAX_FD).
Status SendPacket(FdView socket, std::string_view bytes, std::span<const int> fds = {});

struct Packet {
  std::string bytes;  // empty with `eof`
  std::vector<UniqueFd> fds;
  bool eof = false;
};

// The next packet. Errors: kInvalidSpec when it is larger than `max_bytes`; kSystem EAGAIN on a
// non-blocking socket with nothing there.
Result<Packet> ReceivePacket(FdView socket, std::size_t max_bytes);

// Who is at the other end. Source: unix(7), SO_PEERCRED.
struct PeerCredentials {
  pid_t pid = -1;
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};
Result<PeerCredentials> ReadPeerCredentials(FdView socket);

}  // namespace caisson
