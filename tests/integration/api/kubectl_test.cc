// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/api/kubectl.h"

#include <poll.h>
#include <sys/inotify.h>

#include "tests/integration/api/fixture.h"

namespace caisson::api {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr const char* kManifest = R"(apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
  - name: a
    image: busybox:1
    ports: [{containerPort: 80}]
  - name: b
    image: busybox:1
)";

class KubectlDrive : public ApiTest {
 protected:
  KubectlDrive() : kubectl_(port()) {}
  void SetUp() override {
    if (const std::string missing = kubectl_.Missing(); !missing.empty()) GTEST_SKIP() << missing;
    StartPods();
  }
  Kubectl::Output Kube(std::vector<std::string> args, const std::string& input = {}) const {
    return kubectl_.Run(std::move(args), input);
  }
  // Waits until a file of the directory holds the text.
  bool FileGets(const std::string& name, const std::string& text) const {
    const UniqueFd notify(::inotify_init1(IN_CLOEXEC));
    EXPECT_GE(::inotify_add_watch(notify.get(), (dir_ / name).c_str(), IN_MODIFY), 0);
    const Deadline deadline = Deadline::After(std::chrono::seconds(20));
    while (dir_.Read(name).find(text) == std::string::npos) {
      pollfd waiting{notify.get(), POLLIN, 0};
      if (::poll(&waiting, 1, deadline.PollTimeoutMs()) <= 0) return false;
      char events[4096];
      if (::read(notify.get(), events, sizeof events) <= 0) return false;
    }
    return true;
  }
  Kubectl kubectl_;
};

TEST_F(KubectlDrive, ApplyGetDescribeAndDeleteWork) {
  const auto applied = Kube({"apply", "-f", "-"}, kManifest);
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(applied.out, "pod/web created\n");
  EXPECT_EQ(Kube({"wait", "--for=condition=Ready", "pod/web", "--timeout=20s"}).code, 0);

  EXPECT_THAT(Kube({"get", "pods"}).out, HasSubstr("web    2/2     Running   0"));
  EXPECT_THAT(Kube({"get", "pods", "-A", "-o", "wide"}).out, HasSubstr("10.88.0.2   node-1"));
  EXPECT_EQ(Kube({"get", "pods", "-o", "name", "-l", "app=web"}).out, "pod/web\n");
  EXPECT_EQ(Kube({"get", "pod", "web", "-o", "jsonpath={.status.phase}"}).out, "Running");
  const auto described = Kube({"describe", "pod", "web"});
  EXPECT_EQ(described.code, 0) << described.err;
  EXPECT_THAT(described.out, HasSubstr("Started container"));
  EXPECT_THAT(described.out, HasSubstr("80/TCP"));

  const auto deleted = Kube({"delete", "pod", "web"});
  EXPECT_EQ(deleted.code, 0) << deleted.err;
  EXPECT_THAT(deleted.out, HasSubstr("pod \"web\" deleted"));
  EXPECT_THAT(Kube({"get", "pod", "web"}).err,
              HasSubstr("Error from server (NotFound): pods \"web\" not found"));
}

TEST_F(KubectlDrive, ApplyAgainPatchesAndKnowsWhatIsUnchanged) {
  ASSERT_EQ(Kube({"apply", "-f", "-"}, kManifest).code, 0);
  EXPECT_EQ(Kube({"apply", "-f", "-"}, kManifest).out, "pod/web unchanged\n");
  std::string changed = kManifest;
  changed.replace(changed.find("busybox:1"), 9, "busybox:2");

  const auto configured = Kube({"apply", "-f", "-"}, changed);

  EXPECT_EQ(configured.out, "pod/web configured\n") << configured.err;
  EXPECT_EQ(Kube({"get", "pod", "web", "-o", "jsonpath={.spec.containers[0].image}"}).out,
            "busybox:2");
  EXPECT_EQ(Kube({"label", "pod", "web", "tier=front"}).code, 0);
  EXPECT_EQ(Kube({"annotate", "pod", "web", "note=x"}).code, 0);
  EXPECT_EQ(Kube({"set", "image", "pod/web", "b=busybox:3"}).code, 0);
  EXPECT_EQ(Kube({"patch", "pod", "web", "--type=json", "-p",
                  R"([{"op":"remove","path":"/metadata/labels/tier"}])"})
                .code,
            0);
  EXPECT_EQ(Kube({"get", "pod", "web", "-o", "jsonpath={.metadata.labels}"}).out,
            R"({"app":"web"})");
  EXPECT_EQ(Kube({"diff", "-f", "-"}, changed).code, 1);
}

TEST_F(KubectlDrive, AWatchShowsChangesAsTheyCome) {
  ASSERT_EQ(Kube({"apply", "-f", "-"}, kManifest).code, 0);
  dir_.Write("watch.out", "");
  const ChildGuard watching = kubectl_.Start({"get", "pods", "-w"}, dir_ / "watch.out");
  ASSERT_TRUE(FileGets("watch.out", "web")) << dir_.Read("watch.out");

  ASSERT_EQ(Kube({"run", "second", "--image=busybox:1"}).code, 0);

  EXPECT_TRUE(FileGets("watch.out", "second   1/1     Running")) << dir_.Read("watch.out");
}

TEST_F(KubectlDrive, MistakesAreToldInKubernetesWords) {
  std::string unknown = kManifest;
  unknown += "  foo: 1\n";
  EXPECT_THAT(Kube({"apply", "-f", "-"}, unknown).err, HasSubstr("unknown field \"spec.foo\""));
  std::string name = kManifest;
  name.replace(name.find("web"), 3, "Web");
  EXPECT_THAT(Kube({"apply", "-f", "-"}, name).err,
              HasSubstr("The Pod \"Web\" is invalid: metadata.name: Invalid value: \"Web\""));
  EXPECT_THAT(Kube({"apply", "-n", "nowhere", "-f", "-"}, kManifest).err,
              HasSubstr("namespaces \"nowhere\" not found"));
  EXPECT_EQ(CountPods(), 0U);
}

TEST_F(KubectlDrive, LogsNamespacesNodesConfigAndRawPathsWork) {
  ASSERT_EQ(Kube({"apply", "-f", "-"}, kManifest).code, 0);
  const std::string uid = Kube({"get", "pod", "web", "-o", "jsonpath={.metadata.uid}"}).out;
  dir_.Write(StrCat("logs/default_web_", uid, "/a/0.log"), "2026-01-01T00:00:01Z stdout F hello\n");

  EXPECT_EQ(Kube({"logs", "web", "-c", "a"}).out, "hello\n");
  EXPECT_EQ(Kube({"create", "namespace", "extra"}).out, "namespace/extra created\n");
  EXPECT_THAT(Kube({"get", "ns"}).out, HasSubstr("extra     Active"));
  EXPECT_THAT(Kube({"get", "nodes"}).out, HasSubstr("node-1   Ready"));
  const auto config = Kube({"create", "configmap", "c", "--from-literal=k=v"});
  EXPECT_EQ(config.code, 0) << config.err;
  EXPECT_EQ(Kube({"create", "secret", "generic", "s", "--from-literal=k=value"}).code, 0);
  EXPECT_EQ(Kube({"get", "secret", "s", "-o", "jsonpath={.data.k}"}).out, "dmFsdWU=");
  EXPECT_THAT(Kube({"get", "events"}).out, HasSubstr("pod/web"));
  EXPECT_EQ(Kube({"get", "--raw", "/readyz"}).out, "ok");
  EXPECT_THAT(Kube({"auth", "can-i", "create", "pods"}).out, HasSubstr("yes"));
  EXPECT_THAT(Kube({"explain", "pod.spec.containers"}).out, HasSubstr("imagePullPolicy"));
  EXPECT_THAT(Kube({"api-resources"}).out, HasSubstr("configmaps"));
  EXPECT_EQ(Kube({"delete", "pods", "--all", "--force", "--grace-period=0"}).code, 0);
}

}  // namespace
}  // namespace caisson::api
