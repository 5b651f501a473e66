// SPDX-License-Identifier: Apache-2.0
#include <regex.h>

#include <optional>

#include "runtime/base/log.h"
#include "runtime/cli/commands.h"
#include "runtime/state/directory.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"force", "", "kill the container first; no error when it does not exist", 'f'},
    {"regex", "", "delete every container whose id matches a POSIX extended expression", 'r'},
    {"help", "", "show this help", 'h'},
};

// A POSIX extended regular expression. Thread-compatible: one owner at a time.
class Pattern {
 public:
  explicit Pattern(const std::string& text)
      : error_(::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB)), text_(text) {}
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() {
    if (error_ == 0) ::regfree(&compiled_);
  }
  // Errors: kInvalidSpec with the library's words.
  Status Check() const {
    if (error_ == 0) return Ok();
    char words[128];
    ::regerror(error_, &compiled_, words, sizeof words);
    return Error(Code::kInvalidSpec, StrCat("invalid regular expression \"", text_, "\": ", words));
  }
  bool Matches(const std::string& id) const {
    return ::regexec(&compiled_, id.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
  int error_;
  const std::string& text_;
};

Status DeleteOne(const Invocation& invocation, const std::string& id) {
  return container::Delete(invocation.context, id, {.force = invocation.options.On("force")});
}

// One that cannot be deleted does not save the others.
Status DeleteMatching(const Invocation& invocation) {
  const Pattern pattern(invocation.id());
  CAISSON_TRY(pattern.Check());
  CAISSON_ASSIGN(const auto ids, state::ListIds(invocation.context.root));
  std::optional<Error> first;
  for (const std::string& id : ids) {
    if (!pattern.Matches(id)) continue;
    Status deleted = DeleteOne(invocation, id);
    // Another command may have been faster.
    if (deleted || deleted.error().code() == Code::kNotFound) continue;
    if (first) {
      Log(LogLevel::kWarning, deleted.error().ToString(), {{"id", id}});
    } else {
      first = std::move(deleted).error();
    }
  }
  if (first) return *std::move(first);
  return Ok();
}

Result<int> Run(const Invocation& invocation) {
  CAISSON_TRY(invocation.options.On("regex") ? DeleteMatching(invocation)
                                             : DeleteOne(invocation, invocation.id()));
  return 0;
}

}  // namespace

const Command kDelete = {
    .name = "delete",
    .arguments = "CONTAINER|REGEX",
    .summary = "remove what a stopped container holds",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
