// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/seccomp_optimize.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace caisson::security {
namespace {

constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kReturn = BPF_RET | BPF_K;
constexpr std::uint16_t kJump = BPF_JMP | BPF_JA;
constexpr std::uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kGreater = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t kNotLess = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t kBitsSet = BPF_JMP | BPF_JSET | BPF_K;
constexpr std::uint32_t kMaxShortJump = 255;

using Code = std::vector<sock_filter>;

// What a program answers when it knows architecture and number only: an action, or "it depends on
// the arguments, from this instruction on".
struct Outcome {
  bool constant = false;
  std::uint32_t value = 0;  // the action, or the index of the instruction
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

bool IsBranch(std::uint16_t code) {
  return code == kEqual || code == kGreater || code == kNotLess || code == kBitsSet;
}

bool Holds(const sock_filter& branch, std::uint32_t value) {
  switch (branch.code) {
    case kEqual: return value == branch.k;
    case kGreater: return value > branch.k;
    case kNotLess: return value >= branch.k;
    default: return (value & branch.k) != 0;
  }
}

// Whether every way through it stays inside, as the kernel demands too.
bool StaysInside(const Code& code) {
  for (std::size_t at = 0; at < code.size(); ++at) {
    const std::size_t left = code.size() - at - 1;
    const sock_filter& now = code[at];
    if (now.code == kReturn) continue;
    if (left == 0) return false;
    if (now.code == kJump && now.k >= left) return false;
    if (BPF_CLASS(now.code) == BPF_JMP && now.code != kJump && (now.jt >= left || now.jf >= left))
      return false;
  }
  return !code.empty();
}

// Nothing when the program does something before it looks at arguments that no filter of ours does.
std::optional<Outcome> Run(const Code& code, std::uint32_t arch, std::uint32_t number) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& now = code[at];
    if (now.code == kLoad && now.k == offsetof(seccomp_data, nr)) {
      accumulator = number;
    } else if (now.code == kLoad && now.k == offsetof(seccomp_data, arch)) {
      accumulator = arch;
    } else if (now.code == kLoad) {
      return Outcome{false, static_cast<std::uint32_t>(at)};
    } else if (now.code == kReturn) {
      return Outcome{true, now.k};
    } else if (now.code == kJump) {
      at += now.k;
    } else if (IsBranch(now.code)) {
      at += Holds(now, accumulator) ? now.jt : now.jf;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

// What the accumulator may hold before each instruction, as bits. Jumps only go forward, so one
// pass sees everything.
constexpr std::uint8_t kHasNumber = 1;
constexpr std::uint8_t kHasArch = 2;
constexpr std::uint8_t kHasOther = 4;
std::vector<std::uint8_t> Contents(const Code& code) {
  std::vector<std::uint8_t> before(code.size() + 1, 0);
  before[0] = kHasOther;
  const auto reach = [&](std::size_t at, std::uint8_t bits) {
    if (at < before.size()) before[at] = static_cast<std::uint8_t>(before[at] | bits);
  };
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& now = code[at];
    if (now.code == kJump) {
      reach(at + 1 + now.k, before[at]);
    } else if (IsBranch(now.code)) {
      reach(at + 1 + now.jt, before[at]);
      reach(at + 1 + now.jf, before[at]);
    } else if (now.code == kLoad && now.k == offsetof(seccomp_data, nr)) {
      reach(at + 1, kHasNumber);
    } else if (now.code == kLoad && now.k == offsetof(seccomp_data, arch)) {
      reach(at + 1, kHasArch);
    } else if (now.code != kReturn) {
      reach(at + 1, kHasOther);
    }
  }
  return before;
}

// Numbers at which an answer can change: between two of them every branch goes the same way.
// Nothing when a test on bits makes that untrue.
std::optional<std::set<std::uint32_t>> Breakpoints(const Code& code,
                                                   const std::vector<std::uint8_t>& contents) {
  constexpr std::uint32_t kX32Bit = 0x40000000;
  std::set<std::uint32_t> points = {0, kX32Bit, 2 * kX32Bit, 3 * kX32Bit};
  for (std::size_t at = 0; at < code.size(); ++at) {
    if ((contents[at] & kHasNumber) == 0) continue;
    const sock_filter& now = code[at];
    if (now.code == kBitsSet && now.k != kX32Bit) return std::nullopt;
    if (now.code == kEqual || now.code == kNotLess) points.insert(now.k);
    const bool after = now.code == kEqual || now.code == kGreater;
    if (after && now.k != UINT32_MAX) points.insert(now.k + 1);
  }
  return points;
}

// Architectures that the program compares with, in its order. Nothing when it does anything else
// with them.
std::optional<std::vector<std::uint32_t>> Architectures(const Code& code,
                                                        const std::vector<std::uint8_t>& contents) {
  std::vector<std::uint32_t> found;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const sock_filter& now = code[at];
    if ((contents[at] & kHasArch) == 0 || !IsBranch(now.code)) continue;
    if (now.code != kEqual) return std::nullopt;
    if (std::find(found.begin(), found.end(), now.k) == found.end()) found.push_back(now.k);
  }
  return found;
}

// One that is none of them.
std::uint32_t Foreign(const std::vector<std::uint32_t>& architectures) {
  std::uint32_t value = 0;
  while (std::find(architectures.begin(), architectures.end(), value) != architectures.end())
    ++value;
  return value;
}

struct Range {
  std::uint32_t first;
  Outcome outcome;
};

std::optional<std::vector<Range>> Ranges(const Code& code, std::uint32_t arch,
                                         const std::set<std::uint32_t>& points) {
  std::vector<Range> ranges;
  for (const std::uint32_t point : points) {
    const auto outcome = Run(code, arch, point);
    if (!outcome) return std::nullopt;
    if (ranges.empty() || ranges.back().outcome != *outcome) ranges.push_back({point, *outcome});
  }
  return ranges;
}

class Builder {
 public:
  explicit Builder(const Code& original) : original_(original) {}

  void Load(std::size_t offset) { Add(kLoad, 0, 0, static_cast<std::uint32_t>(offset)); }

  // A jump that is taken when the value equals; its target is Land()ed later.
  std::size_t JumpIfEqual(std::uint32_t value) {
    Add(kEqual, 0, 1, value);
    Add(kJump, 0, 0, 0);
    return code_.size() - 1;
  }
  void Land(std::size_t jump) {
    code_[jump].k = static_cast<std::uint32_t>(code_.size() - jump - 1);
  }

  // A search tree over ranges[from, to).
  void Tree(const std::vector<Range>& ranges, std::size_t from, std::size_t to) {
    if (to - from == 1) return Leaf(ranges[from].outcome);
    const std::size_t middle = from + (to - from) / 2;
    const std::size_t branch = code_.size();
    const bool is_near = SizeOf(middle - from) <= kMaxShortJump;
    Add(kNotLess, 0, is_near ? 0 : 1, ranges[middle].first);
    if (!is_near) Add(kJump, 0, 0, 0);
    const std::size_t left = code_.size();
    Tree(ranges, from, middle);
    const auto distance = static_cast<std::uint32_t>(code_.size() - left);
    if (is_near)
      code_[branch].jt = static_cast<std::uint8_t>(distance);
    else
      code_[branch + 1].k = distance;
    Tree(ranges, middle, to);
  }

  // The code that looks at arguments, as it was, and the jumps to it.
  Code Finish() {
    CopyReachable();
    for (const auto& [jump, old_index] : to_arguments_)
      code_[jump].k = static_cast<std::uint32_t>(moved_.at(old_index) - jump - 1);
    return code_;
  }
  // Where an instruction of the original went.
  std::optional<std::uint32_t> MovedTo(std::uint32_t old_index) const {
    const auto found = moved_.find(old_index);
    if (found == moved_.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found->second);
  }

 private:
  void Add(std::uint16_t code, std::uint8_t jt, std::uint8_t jf, std::uint32_t k) {
    code_.push_back(sock_filter{code, jt, jf, k});
  }
  void Leaf(const Outcome& outcome) {
    if (outcome.constant) return Add(kReturn, 0, 0, outcome.value);
    to_arguments_.emplace_back(code_.size(), outcome.value);
    Add(kJump, 0, 0, 0);
  }
  // At most so many instructions for so many ranges: a leaf each, up to two for a branch.
  static std::size_t SizeOf(std::size_t ranges) { return 3 * ranges; }

  void CopyReachable() {
    std::set<std::size_t> reached;
    for (const auto& [jump, old_index] : to_arguments_) reached.insert(old_index);
    // Jumps only go forward, so one pass sees everything.
    for (std::size_t at = 0; at < original_.size(); ++at) {
      if (!reached.contains(at)) continue;
      const sock_filter& now = original_[at];
      if (now.code == kJump) {
        reached.insert(at + 1 + now.k);
      } else if (IsBranch(now.code)) {
        reached.insert(at + 1 + now.jt);
        reached.insert(at + 1 + now.jf);
      } else if (BPF_CLASS(now.code) != BPF_RET) {
        reached.insert(at + 1);
      }
    }
    std::size_t next = code_.size();
    for (const std::size_t at : reached) moved_[at] = next++;
    for (const std::size_t at : reached) Copy(at);
  }
  void Copy(std::size_t at) {
    sock_filter copy = original_[at];
    const auto distance = [&](std::size_t old_target) {
      return moved_.at(old_target) - moved_.at(at) - 1;
    };
    if (copy.code == kJump) {
      copy.k = static_cast<std::uint32_t>(distance(at + 1 + copy.k));
    } else if (IsBranch(copy.code)) {
      copy.jt = static_cast<std::uint8_t>(distance(at + 1 + copy.jt));
      copy.jf = static_cast<std::uint8_t>(distance(at + 1 + copy.jf));
    }
    code_.push_back(copy);
  }

  const Code& original_;
  Code code_;
  std::vector<std::pair<std::size_t, std::size_t>> to_arguments_;  // jump, index in the original
  std::map<std::size_t, std::size_t> moved_;
};

// Whether both answer the same for each architecture and range.
bool Agree(const Code& original, const Code& shorter, const Builder& builder,
           const std::vector<std::uint32_t>& architectures, const std::set<std::uint32_t>& points) {
  for (const std::uint32_t arch : architectures) {
    for (const std::uint32_t point : points) {
      const auto wanted = Run(original, arch, point);
      const auto got = Run(shorter, arch, point);
      if (!wanted || !got || wanted->constant != got->constant) return false;
      if (wanted->constant ? wanted->value != got->value
                           : builder.MovedTo(wanted->value) != got->value)
        return false;
    }
  }
  return true;
}

std::optional<Code> Shorter(const Code& original) {
  if (!StaysInside(original)) return std::nullopt;
  const std::vector<std::uint8_t> contents = Contents(original);
  const auto points = Breakpoints(original, contents);
  const auto known = Architectures(original, contents);
  if (!points || !known) return std::nullopt;
  std::vector<std::uint32_t> architectures = *known;
  Builder builder(original);
  builder.Load(offsetof(seccomp_data, arch));
  std::vector<std::size_t> jumps;
  jumps.reserve(architectures.size());
  for (const std::uint32_t arch : architectures) jumps.push_back(builder.JumpIfEqual(arch));
  // Every other architecture falls through to here.
  architectures.push_back(Foreign(architectures));
  for (std::size_t i = architectures.size(); i-- > 0;) {
    const auto ranges = Ranges(original, architectures[i], *points);
    if (!ranges) return std::nullopt;
    if (i < jumps.size()) builder.Land(jumps[i]);
    if (ranges->size() > 1) builder.Load(offsetof(seccomp_data, nr));
    builder.Tree(*ranges, 0, ranges->size());
  }
  Code code = builder.Finish();
  if (!Agree(original, code, builder, architectures, *points)) return std::nullopt;
  return code;
}

}  // namespace

std::string OptimizeFilter(const std::string& program) {
  if (program.size() < sizeof(sock_filter)) return program;
  Code original(program.size() / sizeof(sock_filter));
  std::memcpy(original.data(), program.data(), original.size() * sizeof(sock_filter));
  const auto code = Shorter(original);
  if (!code || code->size() >= original.size()) return program;
  std::string bytes(code->size() * sizeof(sock_filter), '\0');
  std::memcpy(bytes.data(), code->data(), bytes.size());
  return bytes;
}

}  // namespace caisson::security
