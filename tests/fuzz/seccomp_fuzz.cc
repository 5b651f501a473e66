// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/security/seccomp.h"
#include "runtime/spec/config.h"

// libseccomp 2.5.4 loses nodes of its tree of conditions in seccomp_rule_add_array(3) when rules of
// one call overlap. A filter that we would not release ourselves is found by the unit tests.
extern "C" const char* __lsan_default_suppressions() { return "leak:libseccomp.so\n"; }

// A profile as the object of config.json: it is refused, or becomes a program that the kernel's
// size limit allows and whose instructions are whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config =
      spec::ParseConfig(StrCat("{\"ociVersion\":\"1.2.0\",\"linux\":{\"seccomp\":", text, "}}"));
  if (!config || !config->linux.seccomp) return 0;
  const auto filter = security::CompileSeccomp(*config->linux.seccomp);
  if (!filter) return 0;
  constexpr std::size_t kInstruction = 8;
  const std::size_t bytes = filter->program.size();
  if (bytes == 0 || bytes % kInstruction != 0 || bytes / kInstruction > 4096) std::abort();
  if (filter->notifies && config->linux.seccomp->listener_path.empty()) std::abort();
  return 0;
}
