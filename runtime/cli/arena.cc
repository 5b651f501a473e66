// SPDX-License-Identifier: Apache-2.0
//
// The heap of the program `caisson`: it lives for milliseconds and allocates a few hundred KiB in
// small blocks. So operator new takes from one static array, which costs no system call, and goes
// to malloc(3) when that is full: a `run` that stays for days then behaves as any program. Blocks
// that are given back wait in a list for each size, so that few pages are touched: each costs a
// page fault, and one more in the child. One thread, so no lock. Not with a sanitizer, which wants
// to see each block.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

constexpr std::size_t kUnit = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
constexpr std::size_t kArenaSize = std::size_t{256} << 10;
alignas(kUnit) char g_arena[kArenaSize];
std::size_t g_used = 0;

constexpr std::size_t Rounded(std::size_t size) {
  return size == 0 ? kUnit : (size + kUnit - 1) & ~(kUnit - 1);
}

struct Free {
  Free* next;
};
constexpr std::size_t kMostListed = 1024;
Free* g_free[kMostListed / kUnit + 1];  // by size in units

bool IsInArena(const void* block) { return block >= g_arena && block < g_arena + kArenaSize; }

void* TakeFromArena(std::size_t size) {
  if (size <= kMostListed) {
    Free*& list = g_free[size / kUnit];
    if (list != nullptr) return std::exchange(list, list->next);
  }
  if (size > kArenaSize - g_used) return nullptr;
  return g_arena + std::exchange(g_used, g_used + size);
}

void GiveToArena(void* block, std::size_t size) {
  if (static_cast<char*>(block) + size == g_arena + g_used) {
    g_used -= size;  // the last one: what a growing string gives back
  } else if (size <= kMostListed) {
    Free*& list = g_free[size / kUnit];
    list = new (block) Free{list};
  }
}

}  // namespace

void* operator new(std::size_t size) {
  if (size <= kArenaSize) {
    if (void* const block = TakeFromArena(Rounded(size))) return block;
  }
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void operator delete(void* block) noexcept {
  if (!IsInArena(block)) std::free(block);
}

void operator delete(void* block, std::size_t size) noexcept {
  if (!IsInArena(block)) return std::free(block);
  GiveToArena(block, Rounded(size));
}

#endif
