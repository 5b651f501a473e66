// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/sequence.h"

namespace caisson::sync {

Status Sequence::Accept(const Message& message) {
  if (message.magic != Message::kMagic)
    return Error(Code::kInternal, "sync socket: packet without the magic number");
  if (message.version != Message::kVersion)
    return Error(Code::kUnsupported, StrCat("sync socket: the peer speaks version ",
                                            message.version, ", this is ", Message::kVersion))
        .Hint("start the container with the caisson that created it");
  if (failed_)
    return Error(Code::kInternal, StrCat("sync socket: ", NameOf(message.type), " after Failed"));
  if (message.type == Type::kFailed) {
    failed_ = true;
    return Ok();
  }
  if (message.type != next())
    return Error(Code::kInternal, StrCat("sync socket: ", NameOf(message.type), " instead of ",
                                         complete() ? "the end" : NameOf(next())));
  ++at_;
  return Ok();
}

}  // namespace caisson::sync
