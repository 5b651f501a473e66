// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/stat.h>

#include <cstring>
#include <memory>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/security/seccomp.h"

namespace caisson::security {
namespace {

constexpr std::size_t kMaxEntries = 64;
constexpr std::size_t kMaxProgramBytes = BPF_MAXINSNS * sizeof(sock_filter);
constexpr std::uint64_t kMagic = 0x33504D4343534943;  // bump when the compiler's output changes

// What a cache file begins with; the key and the program follow.
struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t checksum = 0;  // of the rest of this, key and program
  std::uint32_t key_bytes = 0;
  std::uint32_t program_bytes = 0;
  std::uint32_t flags = 0;
  std::uint32_t notifies = 0;
};
static_assert(sizeof(Header) == 32);

// FNV-1a, 64 bits: finds a name and notices a torn file. It keeps nobody out; ownership and the
// comparison of the whole key do.
std::uint64_t Fnv(std::string_view bytes, std::uint64_t hash = 0xCBF29CE484222325) {
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3;
  }
  return hash;
}

std::uint64_t ChecksumOf(Header header, std::string_view body) {
  header.checksum = 0;
  char bytes[sizeof header];
  std::memcpy(bytes, &header, sizeof header);
  return Fnv(body, Fnv(std::string_view(bytes, sizeof bytes)));
}

// Everything that the program depends on, without ambiguity: each text with its length.
class Key {
 public:
  void Add(std::uint64_t number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    bytes_.append(bytes, sizeof bytes);
  }
  void Add(std::string_view text) {
    Add(std::uint64_t{text.size()});
    bytes_.append(text);
  }
  void Add(const std::vector<std::string>& texts) {
    Add(std::uint64_t{texts.size()});
    for (const std::string& text : texts) Add(std::string_view(text));
  }
  void Add(const std::optional<std::uint32_t>& number) {
    Add(number ? std::uint64_t{*number} : ~std::uint64_t{0});
  }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string KeyOf(const spec::Seccomp& profile) {
  Key key;
  const scmp_version* const library = ::seccomp_version();
  key.Add(std::uint64_t{library->major} << 32 | library->minor << 16 | library->micro);
  key.Add(std::uint64_t{::seccomp_arch_native()});
  key.Add(std::string_view(profile.default_action));
  key.Add(profile.default_errno_ret);
  key.Add(profile.architectures);
  key.Add(profile.flags);
  key.Add(std::uint64_t{profile.listener_path.empty()});  // decides whether it is valid
  key.Add(std::uint64_t{profile.syscalls.size()});
  for (const spec::SeccompSyscall& call : profile.syscalls) {
    key.Add(call.names);
    key.Add(std::string_view(call.action));
    key.Add(call.errno_ret);
    key.Add(std::uint64_t{call.args.size()});
    for (const spec::SeccompArg& arg : call.args) {
      key.Add(std::uint64_t{arg.index});
      key.Add(arg.value);
      key.Add(arg.value_two);
      key.Add(std::string_view(arg.op));
    }
  }
  return std::move(key).Take();
}

std::string NameOf(const std::string& key) {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::uint64_t hash = Fnv(key);
  std::string name;
  for (int shift = 60; shift >= 0; shift -= 4) name += kHex[hash >> shift & 15];
  return name + ".bpf";
}

bool OnlyOurs(int fd, mode_t type) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return false;
  return (info.st_mode & S_IFMT) == type && info.st_uid == ::geteuid() &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// The cache's directory; invalid when there is none that can be trusted.
UniqueFd OpenCache(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd dir(::open(path.c_str(), kFlags));
  if (!dir.valid() && errno == ENOENT && ::mkdir(path.c_str(), 0700) == 0)
    dir.Reset(::open(path.c_str(), kFlags));
  if (dir.valid() && !OnlyOurs(dir.get(), S_IFDIR)) dir.Reset();
  return dir;
}

std::optional<SeccompFilter> Decode(std::string_view bytes, std::string_view key) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.remove_prefix(sizeof header);
  const bool sane = header.magic == kMagic && header.key_bytes == key.size() &&
                    header.program_bytes != 0 && header.program_bytes <= kMaxProgramBytes &&
                    header.program_bytes % sizeof(sock_filter) == 0 &&
                    bytes.size() == std::size_t{header.key_bytes} + header.program_bytes;
  if (!sane || bytes.substr(0, header.key_bytes) != key ||
      ChecksumOf(header, bytes) != header.checksum)
    return std::nullopt;
  SeccompFilter filter;
  filter.program = bytes.substr(header.key_bytes);
  filter.flags = header.flags;
  filter.notifies = header.notifies != 0;
  return filter;
}

std::string Encode(const SeccompFilter& filter, const std::string& key) {
  const std::string body = key + filter.program;
  Header header;
  header.key_bytes = static_cast<std::uint32_t>(key.size());
  header.program_bytes = static_cast<std::uint32_t>(filter.program.size());
  header.flags = filter.flags;
  header.notifies = filter.notifies ? 1 : 0;
  header.checksum = ChecksumOf(header, body);
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes + body;
}

std::optional<SeccompFilter> ReadCache(const UniqueFd& dir, const std::string& name,
                                       const std::string& key) {
  const UniqueFd file(
      ::openat(dir.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid() || !OnlyOurs(file.get(), S_IFREG)) return std::nullopt;
  const std::size_t most = sizeof(Header) + key.size() + kMaxProgramBytes;
  std::string bytes(most + 1, '\0');
  const ssize_t size = TEMP_FAILURE_RETRY(::read(file.get(), bytes.data(), bytes.size()));
  if (size < 0) return std::nullopt;
  return Decode(std::string_view(bytes).substr(0, static_cast<std::size_t>(size)), key);
}

// Profiles of containers that are gone would stay for ever: a full cache starts again.
void MakeRoom(const UniqueFd& dir) {
  const int copy = ::openat(dir.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
  if (stream == nullptr) return;
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  if (names.size() < kMaxEntries) return;
  for (const std::string& name : names) ::unlinkat(dir.get(), name.c_str(), 0);
}

}  // namespace

Result<SeccompFilter> CompileSeccompCached(const spec::Seccomp& profile,
                                           const std::string& cache_dir) {
  const UniqueFd dir = OpenCache(cache_dir);
  if (!dir.valid()) return CompileSeccomp(profile);
  const std::string key = KeyOf(profile);
  const std::string name = NameOf(key);
  if (auto cached = ReadCache(dir, name, key)) return std::move(*cached);
  CAISSON_ASSIGN(SeccompFilter filter, CompileSeccomp(profile));
  MakeRoom(dir);
  // A cache that takes no more entries must not keep a container from starting.
  (void)AtomicWriteAt(dir, name, Encode(filter, key), 0600, Durability::kThisBoot);
  return filter;
}

}  // namespace caisson::security
