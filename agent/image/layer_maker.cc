// SPDX-License-Identifier: Apache-2.0
#include "agent/image/layer_maker.h"

#include <sys/stat.h>

#include "agent/image/digest.h"
#include "agent/image/overlay.h"
#include "agent/image/unpack.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

// The directory to unpack into: `fs` of the scratch itself, or an overlay that writes there.
Result<UniqueFd> OpenTarget(const Folders& folders, const LayerOrder& order,
                            const Scratch& scratch) {
  const std::string upper = scratch / "fs";
  if (order.parents.empty()) {
    if (::mkdir(upper.c_str(), 0700) < 0) return SysError("mkdir", upper);
    if (::chmod(upper.c_str(), 0755) < 0) return SysError("chmod", upper);
    return OpenAt(kCwd, upper, O_PATH | O_DIRECTORY);
  }
  CAISSON_TRY(MakeDirLike(upper, folders.Layer(order.parents.back())));
  const std::string work = scratch / "work";
  if (::mkdir(work.c_str(), 0700) < 0) return SysError("mkdir", work);
  return MountOverlay({.lower = folders.LayerPaths(order.parents),
                       .upper = upper,
                       .work = work,
                       .portable_upper = true});
}

Status CheckDigest(std::string_view what, const std::string& wanted, const std::string& is) {
  if (wanted.empty() || wanted == is) return Ok();
  return Error(Code::kInvalidSpec, StrCat(what, " is ", is, " instead of ", wanted));
}

}  // namespace

Result<LayerRecord> MakeLayer(Folders& folders, const LayerOrder& order,
                              std::unique_ptr<LayerStream> stream) {
  CAISSON_ASSIGN(const Scratch scratch, Scratch::Make(folders));
  LayerRecord record;
  {
    CAISSON_ASSIGN(const UniqueFd target, OpenTarget(folders, order, scratch));
    CAISSON_ASSIGN(record.size_bytes,
                   Unpack(target, {.entries = stream->tar(), .shown_as = stream->shown_as()},
                          UnpackAs::kLayer));
  }
  const std::string shown_as = stream->shown_as();
  CAISSON_ASSIGN(const LayerStream::Digests digests, stream->Finish());
  stream.reset();
  CAISSON_TRY(CheckDigest("digest of the file", order.file_digest, digests.file), shown_as);
  CAISSON_TRY(CheckDigest("digest of the contents", order.diff_id, digests.content), shown_as);
  record.diff_id = digests.content;
  record.chain_id =
      ChainId(order.parents.empty() ? std::string() : order.parents.back(), record.diff_id);
  if (Status done = Publish(scratch / "fs", folders.Layer(record.chain_id));
      !done && done.error().code() != Code::kAlreadyExists)
    return std::move(done).error();
  return record;
}

}  // namespace caisson::image
