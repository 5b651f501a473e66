// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/command.h"

#include <gmock/gmock.h>

#include "runtime/base/strings.h"

namespace caisson::criu {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(DumpCommand, NamesTheTreeItsRootAndWhatLiesOutside) {
  DumpOptions options;
  options.image_path = "/img";
  options.work_path = "/work";
  const DumpSubject subject{.init_pid = 42,
                            .rootfs = "/b/rootfs",
                            .mounts = {{"/data", "/srv/data"}},
                            .externals = {"net[4026532000]:extRootNetNS", "file[18:4]"}};

  EXPECT_EQ(Join(DumpCommand(options, subject), " "),
            "criu dump --tree 42 --images-dir /img --work-dir /work --log-file dump.log -v4 "
            "--manage-cgroups --root /b/rootfs --external mnt[/data]:/data --external "
            "net[4026532000]:extRootNetNS --external file[18:4]");
}

TEST(DumpCommand, HasAnOptionForEachOfRuncs) {
  DumpOptions options;
  options.program = "/opt/criu";
  options.tcp_established = options.ext_unix_sk = options.shell_job = options.file_locks =
      options.lazy_pages = options.auto_dedup = options.empty_network = options.leave_running =
          options.tcp_skip_in_flight = options.link_remap = true;
  options.manage_cgroups_mode = "strict";
  options.parent_path = "../before";
  options.page_server_address = "10.0.0.1";
  options.page_server_port = "27";
  options.status_fd = 5;

  const std::string line = Join(DumpCommand(options, {}), " ");

  EXPECT_THAT(line, StartsWith("/opt/criu dump "));
  for (const char* const option :
       {" --tcp-established", " --ext-unix-sk", " --shell-job", " --file-locks", " --lazy-pages",
        " --auto-dedup", " --empty-ns net", " --manage-cgroups=strict", " --leave-running",
        " --skip-in-flight", " --link-remap", " --track-mem --prev-images-dir ../before",
        " --page-server --address 10.0.0.1 --port 27", " --status-fd 5"})
    EXPECT_THAT(line, HasSubstr(option));
}

TEST(DumpCommand, APreDumpTracksMemoryForTheNextOne) {
  DumpOptions options;
  options.pre_dump = true;

  const std::string line = Join(DumpCommand(options, {}), " ");

  EXPECT_THAT(line, StartsWith("criu pre-dump "));
  EXPECT_THAT(line, HasSubstr(" --track-mem"));
  EXPECT_THAT(line, Not(HasSubstr("--prev-images-dir")));
}

TEST(RestoreCommand, PutsEachThingInItsPlace) {
  RestoreOptions options;
  options.image_path = options.work_path = "/img";
  options.lsm_profile = "apparmor:web";
  const RestoreSubject subject{.rootfs = "/b/rootfs",
                               .pid_file = "/run/x/pid",
                               .mounts = {{"/data", "/srv/data"}},
                               .inherited = {{7, "extRootNetNS"}, {1, "pipe:[33]"}},
                               .cgroup_roots = {{"memory", "/web"}, {"", "/web"}}};

  EXPECT_EQ(Join(RestoreCommand(options, subject), " "),
            "criu restore --restore-detached --restore-sibling --pidfile /run/x/pid --images-dir "
            "/img --work-dir /img --log-file restore.log -v4 --manage-cgroups --root /b/rootfs "
            "--lsm-profile apparmor:web --external mnt[/data]:/srv/data --inherit-fd "
            "fd[7]:extRootNetNS --inherit-fd fd[1]:pipe:[33] --cgroup-root memory:/web "
            "--cgroup-root /web");
}

}  // namespace
}  // namespace caisson::criu
