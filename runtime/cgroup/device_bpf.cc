// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/device_bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace caisson::cgroup {
namespace {

// What the registers hold all through the program.
enum Register : std::uint8_t {
  kAnswer = BPF_REG_0,
  kContext = BPF_REG_1,
  kType = BPF_REG_2,
  kAccess = BPF_REG_3,  // what is asked for and not yet allowed
  kMajor = BPF_REG_4,
  kMinor = BPF_REG_5,
  kScratch = BPF_REG_6,
};

using Program = std::vector<bpf_insn>;

// By which a later replacement knows it again.
constexpr char kName[] = "caisson_device";

bpf_insn Make(int code, Register dst, Register src, std::int16_t offset, std::uint32_t value) {
  bpf_insn insn{};
  insn.code = static_cast<__u8>(code);
  insn.dst_reg = dst & 0xf;
  insn.src_reg = src & 0xf;
  insn.off = offset;
  insn.imm = static_cast<__s32>(value);
  return insn;
}

bpf_insn LoadWord(Register dst, std::size_t offset) {
  return Make(BPF_LDX | BPF_MEM | BPF_W, dst, kContext, static_cast<std::int16_t>(offset), 0);
}
bpf_insn Copy(Register dst, Register src) {
  return Make(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}
bpf_insn Compute(int operation, Register dst, std::uint32_t value) {
  return Make(BPF_ALU | operation | BPF_K, dst, kAnswer, 0, value);
}
// Jumps by 32 bit comparison, so that numbers above 2^31 are not sign-extended.
bpf_insn JumpUnless(int condition, Register dst, std::uint32_t value) {
  return Make(BPF_JMP32 | condition | BPF_K, dst, kAnswer, 0, value);
}

void Answer(Program& program, std::uint32_t allowed) {
  program.push_back(Make(BPF_ALU64 | BPF_MOV | BPF_K, kAnswer, kAnswer, 0, allowed));
  program.push_back(Make(BPF_JMP | BPF_EXIT, kAnswer, kAnswer, 0, 0));
}

std::uint32_t Bits(std::uint8_t access) {
  std::uint32_t bits = 0;
  if (access & DeviceRule::kMknod) bits |= BPF_DEVCG_ACC_MKNOD;
  if (access & DeviceRule::kRead) bits |= BPF_DEVCG_ACC_READ;
  if (access & DeviceRule::kWrite) bits |= BPF_DEVCG_ACC_WRITE;
  return bits;
}

// One rule: every condition that fails jumps to what follows it.
void AddRule(Program& program, const DeviceRule& rule) {
  std::vector<std::size_t> exits;
  const auto unless = [&](int condition, Register dst, std::uint32_t value) {
    exits.push_back(program.size());
    program.push_back(JumpUnless(condition, dst, value));
  };
  if (rule.type != 'a')
    unless(BPF_JNE, kType, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
  if (rule.major) unless(BPF_JNE, kMajor, *rule.major);
  if (rule.minor) unless(BPF_JNE, kMinor, *rule.minor);
  if (rule.allow) {
    program.push_back(Compute(BPF_AND, kAccess, ~Bits(rule.access)));
    unless(BPF_JNE, kAccess, 0);
  } else {
    program.push_back(Copy(kScratch, kAccess));
    program.push_back(Compute(BPF_AND, kScratch, Bits(rule.access)));
    unless(BPF_JEQ, kScratch, 0);
  }
  Answer(program, rule.allow ? 1 : 0);
  for (const std::size_t at : exits)
    program[at].off = static_cast<std::int16_t>(program.size() - at - 1);
}

long Bpf(int command, bpf_attr& attr) { return ::syscall(SYS_bpf, command, &attr, sizeof attr); }

std::uint64_t Address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

// Ids of the programs on the directory itself.
Result<std::vector<std::uint32_t>> AttachedPrograms(FdView directory) {
  std::array<std::uint32_t, 64> ids{};
  bpf_attr attr{};
  attr.query.target_fd = static_cast<__u32>(directory.get());
  attr.query.attach_type = BPF_CGROUP_DEVICE;
  attr.query.prog_ids = Address(ids.data());
  attr.query.prog_cnt = ids.size();
  if (Bpf(BPF_PROG_QUERY, attr) < 0) return SysError("bpf", "BPF_PROG_QUERY of device programs");
  return std::vector<std::uint32_t>(ids.begin(), ids.begin() + attr.query.prog_cnt);
}

Result<UniqueFd> OpenProgram(std::uint32_t id) {
  bpf_attr attr{};
  attr.prog_id = id;
  const long fd = Bpf(BPF_PROG_GET_FD_BY_ID, attr);
  if (fd < 0) return SysError("bpf", StrCat("BPF_PROG_GET_FD_BY_ID ", id));
  return UniqueFd(static_cast<int>(fd));
}

Result<bool> IsOurs(FdView program) {
  bpf_prog_info info{};
  bpf_attr attr{};
  attr.info.bpf_fd = static_cast<__u32>(program.get());
  attr.info.info_len = sizeof info;
  attr.info.info = Address(&info);
  if (Bpf(BPF_OBJ_GET_INFO_BY_FD, attr) < 0)
    return SysError("bpf", "BPF_OBJ_GET_INFO_BY_FD of a device program");
  return std::string_view(info.name) == kName;
}

Status Detach(FdView directory, FdView program) {
  bpf_attr attr{};
  attr.target_fd = static_cast<__u32>(directory.get());
  attr.attach_bpf_fd = static_cast<__u32>(program.get());
  attr.attach_type = BPF_CGROUP_DEVICE;
  if (Bpf(BPF_PROG_DETACH, attr) < 0) return SysError("bpf", "BPF_PROG_DETACH of an old program");
  return Ok();
}

Status AttachWith(FdView directory, FdView program, int replaced_fd) {
  bpf_attr attr{};
  attr.target_fd = static_cast<__u32>(directory.get());
  attr.attach_bpf_fd = static_cast<__u32>(program.get());
  attr.attach_type = BPF_CGROUP_DEVICE;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced_fd >= 0) {
    attr.attach_flags |= BPF_F_REPLACE;
    attr.replace_bpf_fd = static_cast<__u32>(replaced_fd);
  }
  if (Bpf(BPF_PROG_ATTACH, attr) < 0) {
    Error error = SysError("bpf", "BPF_PROG_ATTACH of the device program");
    if (error.sys_errno() == EPERM)
      return std::move(error).Hint("a cgroup above has a device program that forbids more of them");
    return error;
  }
  return Ok();
}

}  // namespace

std::vector<bpf_insn> BuildDeviceProgram(const std::vector<DeviceRule>& rules) {
  Program program{
      LoadWord(kType, offsetof(bpf_cgroup_dev_ctx, access_type)),
      Copy(kAccess, kType),
      Compute(BPF_RSH, kAccess, 16),
      Compute(BPF_AND, kType, 0xffff),
      LoadWord(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
      LoadWord(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)),
  };
  // From the last rule to the first: the first that speaks of an access decides it.
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    AddRule(program, *rule);
    if (rule->type == 'a') break;  // speaks of everything, so none before it is ever asked
  }
  Answer(program, 0);
  return program;
}

Result<UniqueFd> LoadDeviceProgram(const std::vector<bpf_insn>& program) {
  static constexpr char kLicense[] = "Apache-2.0";
  bpf_attr attr{};
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.insns = Address(program.data());
  attr.insn_cnt = static_cast<__u32>(program.size());
  attr.license = Address(kLicense);
  static_assert(sizeof kName <= BPF_OBJ_NAME_LEN);
  for (std::size_t i = 0; i < sizeof kName; ++i) attr.prog_name[i] = kName[i];
  const long fd = Bpf(BPF_PROG_LOAD, attr);
  if (fd < 0) return SysError("bpf", "BPF_PROG_LOAD of the device program");
  return UniqueFd(static_cast<int>(fd));
}

Status AttachDeviceProgram(FdView directory, FdView program, Attach how) {
  if (how == Attach::kFirst) return AttachWith(directory, program, -1);
  CAISSON_ASSIGN(const std::vector<std::uint32_t> ids, AttachedPrograms(directory));
  bool attached = false;
  for (const std::uint32_t id : ids) {
    CAISSON_ASSIGN(const UniqueFd old, OpenProgram(id));
    CAISSON_ASSIGN(const bool ours, IsOurs(old));
    if (!ours) continue;
    // More than one of ours is what an interrupted replacement leaves.
    CAISSON_TRY(attached ? Detach(directory, old) : AttachWith(directory, program, old.get()));
    attached = true;
  }
  return attached ? Ok() : AttachWith(directory, program, -1);
}

}  // namespace caisson::cgroup
