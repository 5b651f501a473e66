// SPDX-License-Identifier: Apache-2.0
#include "runtime/state/record.h"

#include <time.h>

#include <array>

#include "runtime/base/file.h"
#include "runtime/base/strings.h"
#include "runtime/base/timestamp.h"
#include "runtime/spec/field_writer.h"
#include "runtime/spec/linux_fields.h"
#include "runtime/spec/process_fields.h"

namespace caisson::state {
namespace {

using spec::Is;

// Raised when a member changes its meaning; new optional members do not raise it.
constexpr std::int32_t kSchema = 1;
constexpr std::string_view kWriter = "caisson";
constexpr std::array<std::string_view, 2> kPhases = {"creating", "created"};

struct Header {
  std::string writer;
  std::int32_t schema = 0;
};

// The header is read alone first: of a foreign file only this much has to make sense.
template <class V>
void Fields(V& v, Is<Header> auto& header) {
  v.Optional("writer", header.writer);
  v.Optional("schema", header.schema);
}

struct Document {
  Header header;
  Record record;
};

}  // namespace

template <class V>
void Fields(V& v, Is<Record> auto& record) {
  v.Required("id", record.id);
  v.Required("ociVersion", record.oci_version);
  v.Required("bundle", record.bundle);
  v.Optional("rootfs", record.rootfs);
  v.Required("created", record.created);
  v.Optional("owner", record.owner_uid);
  v.Optional("annotations", record.annotations);
  v.Enum("phase", record.phase, kPhases);
  v.Optional("initPid", record.init_pid);
  v.Optional("initStartTime", record.init_start_time);
  v.Optional("bootId", record.boot_id);
  v.Optional("cgroup", record.cgroup);
  v.Optional("resctrlGroups", record.resctrl_groups);
  v.Optional("mountBelowRoot", record.mount_below_root);
  v.Optional("namespaces", record.namespaces);
  v.Optional("externalFds", record.external_fds);
  v.Optional("poststop", record.poststop);
  v.Optional("rootless", record.rootless);
}

namespace {

template <class V>
void Fields(V& v, Is<Document> auto& document) {
  Fields(v, document.header);
  Fields(v, document.record);
}

}  // namespace

std::string ToJson(const Record& record) {
  return spec::WriteJson(
      Document{.header = {.writer = std::string(kWriter), .schema = kSchema}, .record = record});
}

Result<Record> ParseRecord(std::string_view json) {
  CAISSON_ASSIGN(const Header header, spec::ReadJson<Header>(json));
  if (header.writer != kWriter)
    return Error(Code::kUnsupported, "was not written by caisson")
        .Hint("use another --root than other runtimes do");
  if (header.schema != kSchema)
    return Error(Code::kUnsupported,
                 StrCat("has schema ", header.schema, ", this caisson reads ", kSchema));
  CAISSON_ASSIGN(Document document, spec::ReadJson<Document>(json));
  if (document.record.init_pid < 0) return Error(Code::kInvalidSpec, "initPid: is negative");
  return std::move(document.record);
}

Result<std::string> ReadBootId() {
  static std::string known;  // the same for as long as this process lives
  if (known.empty()) {
    CAISSON_ASSIGN(const std::string text,
                   ReadSmallFileAt(kCwd, "/proc/sys/kernel/random/boot_id"));
    known = Trim(text);
  }
  return known;
}

std::string CreatedNow() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return FormatUtc(now, 9);
}

}  // namespace caisson::state
