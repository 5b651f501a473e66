// SPDX-License-Identifier: Apache-2.0
#include "agent/api/caisson_routes.h"

#include <fcntl.h>

#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::api {
namespace {

using nlohmann::json;

json ItemsOf(const std::vector<ImageInfo>& images) {
  json items = json::array();
  for (const ImageInfo& image : images) {
    items.push_back({{"name", image.name},
                     {"id", image.id},
                     {"digest", image.digest},
                     {"sizeBytes", image.size_bytes},
                     {"created", image.created}});
  }
  return {{"kind", "ImageList"}, {"apiVersion", "caisson/v1"}, {"items", std::move(items)}};
}

Reply NoImages() {
  return StatusReply({501, "NotImplemented", "this agent was started without an image store"});
}

Reply ListImages(const Services& services, const Request& /*request*/) {
  if (services.images == nullptr) return NoImages();
  const auto images = services.images->List();
  return images ? JsonReply(200, ItemsOf(*images)) : ErrorReply(images.error());
}

// The archive goes to a file without a name: the kernel frees it, whatever happens.
Result<UniqueFd> ReceiveArchive(const Services& services, const Request& request) {
  CAISSON_TRY(MakeDirs(services.upload_dir, 0700), "upload directory");
  CAISSON_ASSIGN(UniqueFd file, OpenAt(kCwd, services.upload_dir, O_TMPFILE | O_RDWR, 0600));
  Status written = Ok();
  std::size_t bytes = 0;
  const bool whole = request.read_body([&](std::string_view piece) {
    written = WriteAll(file, piece, "uploaded archive");
    bytes += piece.size();
    return written.has_value();
  });
  CAISSON_TRY(std::move(written));
  if (!whole) return Error(Code::kInvalidSpec, "request body: it ended early");
  if (bytes == 0)
    return Error(Code::kInvalidSpec, "request body: it is empty")
        .Hint("send an archive, or give the query parameter \"path\"");
  if (::lseek(file.get(), 0, SEEK_SET) < 0) return SysError("lseek", "uploaded archive");
  return file;
}

Reply ImportImages(const Services& services, const Request& request) {
  if (services.images == nullptr) return NoImages();
  const std::string name = request.Query("name").value_or("");
  if (const auto path = request.Query("path")) {
    if (!path->starts_with('/'))
      return StatusReply(pod_spec::BadRequestStatus(
          StrCat("path: Invalid value: \"", *path, "\": must be an absolute path")));
    const auto images = services.images->ImportPath(*path, name);
    return images ? JsonReply(201, ItemsOf(*images)) : ErrorReply(images.error());
  }
  const auto archive = ReceiveArchive(services, request);
  if (!archive) return ErrorReply(archive.error());
  const auto images = services.images->ImportArchive(*archive, name);
  return images ? JsonReply(201, ItemsOf(*images)) : ErrorReply(images.error());
}

Reply RemoveImage(const Services& services, const Request& request) {
  if (services.images == nullptr) return NoImages();
  const std::string reference = request.Query("reference").value_or("");
  if (reference.empty())
    return StatusReply(pod_spec::BadRequestStatus("reference: Required value"));
  const Status removed = services.images->Remove(reference);
  if (!removed) return ErrorReply(removed.error());
  return StatusReply({200, "", StrCat("image \"", reference, "\" removed")});
}

}  // namespace

void AddCaissonRoutes(Router& router, const Services& services) {
  const auto bind = [&services](auto* handler) -> Handler {
    return [&services, handler](const Request& request) { return handler(services, request); };
  };
  router.Add("GET", "/caisson/v1/images", bind(ListImages));
  router.Add("POST", "/caisson/v1/images", bind(ImportImages), Router::Body::kStreamed);
  router.Add("DELETE", "/caisson/v1/images", bind(RemoveImage));
  router.Add("GET", "/caisson/v1/node", [&services](const Request&) {
    return JsonReply(200, {{"kind", "NodeInfo"},
                           {"apiVersion", "caisson/v1"},
                           {"version", services.version},
                           {"revision", services.revision},
                           {"node", services.node_name},
                           {"ip", services.node_ip},
                           {"logDir", services.log_dir}});
  });
}

}  // namespace caisson::api
