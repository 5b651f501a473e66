// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/error.h"

#include <cctype>
#include <cstring>

namespace caisson {

Code CodeOf(int sys_errno) {
  switch (sys_errno) {
    case EPERM:
    case EACCES: return Code::kDenied;
    case ENOENT:
    case ESRCH: return Code::kNotFound;
    case EEXIST: return Code::kAlreadyExists;
    case ENOSYS:
    case EOPNOTSUPP: return Code::kUnsupported;
    default: return Code::kSystem;
  }
}

std::string Error::ToString() const {
  return hint_.empty() ? message_ : StrCat(message_, " (try: ", hint_, ")");
}

Error SysError(std::string_view call, std::string_view operand, int err) {
  const char* description = strerrordesc_np(err);
  const char* name = strerrorname_np(err);
  return Error(CodeOf(err),
               StrCat(call, " \"", operand, "\": ", description ? description : "unknown error",
                      " (", name ? std::string(name) : std::to_string(err), ")"),
               err);
}

std::string ErrnoWords(int err) {
  const char* const text = strerrordesc_np(err);
  std::string words = text != nullptr ? text : StrCat("errno ", err);
  words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace caisson
