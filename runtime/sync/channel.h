// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/sync/message.h"
#include "runtime/sync/sequence.h"

namespace caisson::sync {

struct Received {
  Message message;
  UniqueFd fd;       // what came beside it, if anything did
  bool eof = false;  // the peer is gone (or has become another program)
};

// The parent's end of a connection with init. Thread-compatible: one owner at a time.
class Channel {
 public:
  Channel(UniqueFd socket, Sequence sequence)
      : socket_(std::move(socket)), sequence_(std::move(sequence)) {}

  // The next packet, checked against the sequence. EOF is a value: only the caller knows whether it
  // is the good end.
  // Errors: kSystem ETIMEDOUT; those of Sequence::Accept; kInternal for a malformed packet.
  Result<Received> Receive(Deadline deadline);

  // Errors: kSystem EPIPE when the peer is gone.
  Status Send(Type type, std::int32_t value = 0);

  const Sequence& sequence() const { return sequence_; }
  // A further stretch of the conversation.
  void Expect(Sequence sequence) { sequence_ = std::move(sequence); }
  FdView fd() const { return socket_; }
  void Close() { socket_.Reset(); }

 private:
  UniqueFd socket_;
  Sequence sequence_;
};

}  // namespace caisson::sync
