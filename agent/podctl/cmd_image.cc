// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/podctl/commands.h"
#include "agent/podctl/output.h"
#include "runtime/base/path.h"

namespace caisson::podctl {
namespace {

using nlohmann::json;

constexpr const char* kImages = "/caisson/v1/images";

Result<Answer> Send(const RestClient& client, const ImageImportOptions& options) {
  std::string query = StrCat("?name=", EncodeQuery(options.name));
  if (options.source == "-") return client.Upload(kImages + query, FdView::Raw(0));
  struct stat state {};
  if (::stat(options.source.c_str(), &state) < 0) return SysError("stat", options.source);
  if (S_ISDIR(state.st_mode)) {
    // A layout has many files: the agent reads them where they are.
    char resolved[PATH_MAX];
    if (::realpath(options.source.c_str(), resolved) == nullptr)
      return SysError("realpath", options.source);
    return client.Post(StrCat(kImages, query, "&path=", EncodeQuery(resolved)), "");
  }
  CAISSON_ASSIGN(const UniqueFd file, OpenAt(kCwd, options.source, O_RDONLY));
  return client.Upload(kImages + query, file);
}

}  // namespace

Status ImageImport(const RestClient& client, const ImageImportOptions& options) {
  CAISSON_ASSIGN(const Answer answer, Send(client, options));
  CAISSON_ASSIGN(const json images, JsonOf(answer), "import \"", options.source, "\"");
  std::string out;
  for (const json& image : images.value("items", json::array()))
    out += StrCat("imported ", image.value("name", ""), " ", image.value("id", ""), "\n");
  return Print(out);
}

Status ImageList(const RestClient& client, const std::string& output) {
  CAISSON_ASSIGN(const Answer answer, client.Get(kImages));
  CAISSON_ASSIGN(const json images, JsonOf(answer));
  if (output == "json") return Print(images.dump(4) + "\n");
  if (output == "yaml") return Print(ToYaml(images));
  TextTable table({"NAME", "ID", "SIZE", "CREATED"});
  for (const json& image : images.value("items", json::array())) {
    std::string id = image.value("id", "");
    if (id.starts_with("sha256:")) id = id.substr(7, 12);
    const std::string name = image.value("name", "");
    table.Add({name.empty() ? "<none>" : name, id,
               HumanBytes(image.value("sizeBytes", std::int64_t{0})), image.value("created", "")});
  }
  return Print(table.empty() ? "No images.\n" : table.Render(UseColour()));
}

Status ImageRemove(const RestClient& client, const std::vector<std::string>& references) {
  for (const std::string& reference : references) {
    CAISSON_ASSIGN(const Answer answer,
                   client.Delete(StrCat(kImages, "?reference=", EncodeQuery(reference)), ""));
    CAISSON_TRY(CheckAnswer(answer), "remove image \"", reference, "\"");
    CAISSON_TRY(Print(StrCat("image \"", reference, "\" removed\n")));
  }
  return Ok();
}

}  // namespace caisson::podctl
