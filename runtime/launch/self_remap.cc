// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/self_remap.h"

#include <elf.h>
#include <link.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

// Where the linker put the header of the program itself.
extern "C" const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

namespace caisson::launch {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::uintptr_t Down(std::uintptr_t address) { return address & ~(kPage - 1); }
constexpr std::uintptr_t Up(std::uintptr_t address) { return Down(address + kPage - 1); }

// The kernel's headers and calls have addresses as numbers.
template <class T>
T* At(std::uintptr_t address) {
  return std::bit_cast<T*>(address);
}

// A segment as the kernel mapped it from the file, in whole pages.
struct Segment {
  std::uintptr_t start = 0;
  std::size_t size = 0;
  off_t offset = 0;
  unsigned flags = 0;  // PF_*
};

class Program {
 public:
  Program()
      : base_(reinterpret_cast<std::uintptr_t>(&__ehdr_start)),
        headers_(At<const ElfW(Phdr)>(base_ + __ehdr_start.e_phoff)),
        count_(__ehdr_start.e_phnum) {}

  template <class Fn>
  void Each(unsigned type, const Fn& fn) const {
    for (unsigned i = 0; i < count_; ++i)
      if (headers_[i].p_type == type) fn(headers_[i]);
  }
  std::uintptr_t base() const { return base_; }
  Segment Of(const ElfW(Phdr) & header) const {
    const std::uintptr_t start = Down(base_ + header.p_vaddr);
    return {.start = start,
            .size = Up(base_ + header.p_vaddr + header.p_filesz) - start,
            .offset = static_cast<off_t>(Down(header.p_offset)),
            .flags = header.p_flags};
  }

 private:
  std::uintptr_t base_;
  const ElfW(Phdr) * headers_;
  unsigned count_;
};

int Protection(unsigned flags) {
  return ((flags & PF_R) != 0 ? PROT_READ : 0) | ((flags & PF_W) != 0 ? PROT_WRITE : 0) |
         ((flags & PF_X) != 0 ? PROT_EXEC : 0);
}

// Code and constants: the same pages of the same file, in one step, so that even the code which is
// running may be replaced.
bool RemapConstant(const Segment& segment, int fd) {
  return ::mmap(At<void>(segment.start), segment.size, Protection(segment.flags),
                MAP_PRIVATE | MAP_FIXED, fd, segment.offset) != MAP_FAILED;
}

// Data: its pages have been written to, so they become memory of no file. Nothing writes to it
// between the copy and the move; the words are copied one by one because a sanitizer's memcpy would
// object to the gaps between variables. All pages at once: a fault for each costs more.
__attribute__((no_sanitize("address", "undefined"))) bool RemapData(const Segment& segment) {
  void* const copy = ::mmap(nullptr, segment.size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (copy == MAP_FAILED) return false;
  const auto* const from = At<const volatile std::uint64_t>(segment.start);
  auto* const to = static_cast<volatile std::uint64_t*>(copy);
  for (std::size_t i = 0; i < segment.size / sizeof(std::uint64_t); ++i) to[i] = from[i];
  return ::mremap(copy, segment.size, segment.size, MREMAP_MAYMOVE | MREMAP_FIXED,
                  At<void>(segment.start)) != MAP_FAILED;
}

Status RemapAll(const Program& program, int fd) {
  bool done = true;
  program.Each(PT_LOAD, [&](const ElfW(Phdr) & header) {
    const Segment segment = program.Of(header);
    if (segment.size == 0 || !done) return;
    done = (segment.flags & PF_W) != 0 ? RemapData(segment) : RemapConstant(segment, fd);
  });
  if (!done) return SysError("mmap", "own program");
  // What relocation made read-only.
  program.Each(PT_GNU_RELRO, [&](const ElfW(Phdr) & header) {
    const std::uintptr_t start = Down(program.base() + header.p_vaddr);
    const std::uintptr_t end = Down(program.base() + header.p_vaddr + header.p_memsz);
    done = done && ::mprotect(At<void>(start), end - start, PROT_READ) == 0;
  });
  if (!done) return SysError("mprotect", "own program");
  return Ok();
}

std::uintptr_t EndOf(char* const* strings) {
  std::uintptr_t end = 0;
  for (; *strings != nullptr; ++strings)
    end = reinterpret_cast<std::uintptr_t>(*strings) + std::strlen(*strings) + 1;
  return end;
}

// The kernel takes the whole description of a process at once; what it says must stay as it is.
prctl_mm_map Describe(const Program& program, char* const* argv, char* const* envp) {
  prctl_mm_map map{};
  map.start_code = program.base();
  program.Each(PT_LOAD, [&](const ElfW(Phdr) & header) {
    const std::uint64_t start = program.base() + header.p_vaddr;
    const std::uint64_t end = start + header.p_filesz;
    if ((header.p_flags & PF_X) != 0) map.end_code = std::max<std::uint64_t>(map.end_code, end);
    map.start_data = std::max<std::uint64_t>(map.start_data, start);
    map.end_data = std::max<std::uint64_t>(map.end_data, end);
  });
  // The heap may grow from here; what it has now, it keeps.
  map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  map.start_brk = map.brk;
  map.start_stack = reinterpret_cast<std::uintptr_t>(argv) - sizeof(long);
  map.arg_start = reinterpret_cast<std::uintptr_t>(argv[0]);
  map.arg_end = EndOf(argv);
  map.env_start = envp[0] != nullptr ? reinterpret_cast<std::uintptr_t>(envp[0]) : map.arg_end;
  map.env_end = envp[0] != nullptr ? EndOf(envp) : map.arg_end;
  return map;
}

}  // namespace

Status RemapSelf(FdView file, char* const* argv, char* const* envp) {
  if (argv[0] == nullptr) return Error(Code::kUnsupported, "no argv[0]");
  const Program program;
  CAISSON_TRY(RemapAll(program, file.get()));
  prctl_mm_map map = Describe(program, argv, envp);
  map.exe_fd = static_cast<std::uint32_t>(file.get());
  if (::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) < 0)
    return SysError("prctl", "PR_SET_MM_MAP");
  return Ok();
}

}  // namespace caisson::launch
