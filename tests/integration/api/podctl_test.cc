// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/document.h"
#include "runtime/base/file.h"
#include "runtime/base/run_command.h"
#include "tests/integration/api/fixture.h"

namespace caisson::api {
namespace {

using testing::HasSubstr;

constexpr const char* kManifest = R"(kind: Pod
apiVersion: v1
metadata: {name: web}
spec:
  containers:
  - {name: a, image: "busybox:1", args: ["on", "0644", "x: y"]}
---
kind: ConfigMap
apiVersion: v1
metadata: {name: conf}
data: {k: v}
)";

class FakeImages : public ImageService {
 public:
  Result<std::vector<ImageInfo>> ImportPath(const std::string& path,
                                            const std::string& name) override {
    return Add(name.empty() ? path : name, 7);
  }
  Result<std::vector<ImageInfo>> ImportArchive(const UniqueFd& archive,
                                               const std::string& name) override {
    CAISSON_ASSIGN(const std::string bytes, ReadFd(archive, "archive"));
    return Add(name, static_cast<std::int64_t>(bytes.size()));
  }
  Result<std::vector<ImageInfo>> List() override { return images_; }
  Status Remove(const std::string& reference) override {
    if (std::erase_if(images_, [&](const ImageInfo& i) { return i.name == reference; }) == 0)
      return Error(Code::kNotFound, StrCat("image \"", reference, "\" not found"));
    return Ok();
  }

 private:
  Result<std::vector<ImageInfo>> Add(const std::string& name, std::int64_t size) {
    images_.push_back({name, "sha256:0123456789abcdef", "", size, ""});
    return std::vector<ImageInfo>{images_.back()};
  }
  std::vector<ImageInfo> images_;
};

class Podctl : public ApiTest {
 protected:
  Podctl() { StartPods(); }
  struct Output {
    int code;
    std::string out;
    std::string err;
  };
  Output Run(std::vector<std::string> args, const std::string& input = {},
             std::string server = {}) const {
    if (server.empty()) server = "unix://" + (dir_ / "api.sock");
    Command command;
    command.argv = {StrCat(CAISSON_BUILD_BIN, "/podctl"), "--server", server};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    auto done = RunCommand(command, input, Deadline::After(std::chrono::seconds(60)));
    if (!done) {
      ADD_FAILURE() << done.error().message();
      return {-1, "", ""};
    }
    return {done->status.ShellCode(), done->out, done->err};
  }
};

TEST_F(Podctl, AManifestIsAppliedShownAndDeleted) {
  const Output applied = Run({"apply", "-f", "-"}, kManifest);
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(applied.out, "pod/web created\nconfigmap/conf created\n");
  EXPECT_EQ(Run({"apply", "-f", "-"}, kManifest).out,
            "pod/web unchanged\nconfigmap/conf unchanged\n");

  EXPECT_THAT(Run({"get", "pods"}).out,
              HasSubstr("NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0"));
  EXPECT_THAT(Run({"get", "pods", "-A", "-o", "wide"}).out, HasSubstr("default     web    1/1"));
  EXPECT_EQ(Run({"get", "pods", "-o", "name"}).out, "pod/web\n");
  EXPECT_THAT(Run({"describe", "web"}).out, HasSubstr("Started container"));
  EXPECT_THAT(Run({"get", "cm"}).out, HasSubstr("conf   1"));

  const Output deleted = Run({"delete", "pod", "web"});
  EXPECT_EQ(deleted.code, 0) << deleted.err;
  EXPECT_EQ(deleted.out, "pod \"web\" deleted\n");
  EXPECT_EQ(CountPods(), 0U);
}

TEST_F(Podctl, YamlThatItPrintsReadsBackAsTheSamePod) {
  ASSERT_EQ(Run({"apply", "-f", "-"}, kManifest).code, 0);
  const std::string yaml = Run({"get", "pod", "web", "-o", "yaml"}).out;
  const std::string json_text = Run({"get", "pod", "web", "-o", "json"}).out;

  const auto parsed = pod_spec::ParseYaml(yaml);

  ASSERT_TRUE(parsed) << parsed.error().message() << "\n" << yaml;
  EXPECT_EQ(*parsed->front().value, nlohmann::json::parse(json_text));
}

TEST_F(Podctl, MistakesAreToldWithExitCodesForScripts) {
  const Output missing = Run({"get", "pod", "none"});
  EXPECT_EQ(missing.code, 3);
  EXPECT_EQ(missing.err, "podctl: pods \"none\" not found\n");
  const Output refused =
      Run({"apply", "-f", "-"}, "kind: Pod\nmetadata: {name: x}\nspec: {foo: 1}\n");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("podctl: pod/x: Pod in version \"v1\" cannot be handled as a "
                                     "Pod: strict decoding error: unknown field \"spec.foo\""));
  EXPECT_EQ(Run({"frobnicate"}).code, 2);
  const Output unreached = Run({"get", "pods"}, "", "unix:///nonexistent/caisson.sock");
  EXPECT_EQ(unreached.code, 4);
  EXPECT_THAT(unreached.err, HasSubstr("(try: start caissond, or name its address with --server)"));
  EXPECT_EQ(Run({"get", "pods"}, "", StrCat("http://127.0.0.1:", port())).code, 0);
}

TEST_F(Podctl, LogsArePrintedAsTheContainerWroteThem) {
  ASSERT_EQ(Run({"apply", "-f", "-"}, kManifest).code, 0);
  const std::string uid = store_->Get({store::Kind::kPod, "default", "web"})->uid;
  dir_.Write(StrCat("logs/default_web_", uid, "/a/0.log"),
             "2026-01-01T00:00:01Z stdout F one\n2026-01-01T00:00:02Z stdout F two\n");
  EXPECT_EQ(Run({"logs", "web"}).out, "one\ntwo\n");
  EXPECT_EQ(Run({"logs", "web", "--tail", "1", "-c", "a"}).out, "two\n");
  EXPECT_THAT(Run({"logs", "web", "-p"}).err,
              HasSubstr("previous terminated container \"a\" in pod \"web\" not found"));
}

class PodctlImages : public Podctl {
 protected:
  PodctlImages() {
    Services services{.store = *store_, .node_name = "node-1"};
    services.upload_dir = dir_ / "uploads";
    services.images = &images_;
    auto server =
        Server::Start(services, {*ParseListenAddress("unix://" + (dir_ / "images.sock"))});
    if (server) image_server_ = *std::move(server);
  }
  Output RunImages(std::vector<std::string> args, const std::string& input = {}) const {
    args.insert(args.begin(), "image");
    return Run(std::move(args), input, "unix://" + (dir_ / "images.sock"));
  }
  FakeImages images_;
  std::unique_ptr<Server> image_server_;
};

TEST_F(PodctlImages, ArchivesAreUploadedAndLayoutsAreReadInPlace) {
  const std::string archive(std::size_t{5} << 20, 'x');
  dir_.Write("image.tar", archive);
  (void)MakeDirs(dir_ / "layout", 0755);

  EXPECT_EQ(RunImages({"import", dir_ / "image.tar", "--name", "one"}).out,
            "imported one sha256:0123456789abcdef\n");
  EXPECT_EQ(RunImages({"import", "-", "--name", "two"}, "abc").code, 0);
  EXPECT_EQ(RunImages({"import", dir_ / "layout"}).code, 0);

  const std::string listed = RunImages({"list"}).out;
  EXPECT_THAT(listed, HasSubstr("one"));
  EXPECT_THAT(listed, HasSubstr("5.2 MB"));
  EXPECT_THAT(listed, HasSubstr("3 B"));
  EXPECT_EQ(RunImages({"rm", "one"}).code, 0);
  EXPECT_EQ(RunImages({"rm", "one"}).code, 3);
  EXPECT_EQ(RunImages({"import", "-"}, "").code, 1);
}

}  // namespace
}  // namespace caisson::api
