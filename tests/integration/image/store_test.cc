// SPDX-License-Identifier: Apache-2.0
#include "agent/image/store.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <thread>

#include "agent/image/digest.h"
#include "runtime/base/run_command.h"
#include "tests/integration/image/tar_builder.h"
#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::image {
namespace {

using test::Need;
using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Reference Name(std::string_view text) { return ParseReference(text).value(); }

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot, Need::kOverlay);
    Reopen();
  }
  void Reopen() {
    store_.reset();
    auto opened = Store::Open(temp_ / "store");
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = *std::move(opened);
  }

  // Writes an OCI layout of one image with these layers; returns where.
  std::string WriteLayout(const std::vector<std::string>& layers, std::string_view ref_name) {
    const std::string folder = StrCat("layout", layouts_++);
    const auto blob = [&](std::string_view bytes) {
      const std::string digest = Sha256Of(bytes);
      temp_.Write(StrCat(folder, "/blobs/sha256/", HexOf(digest)), bytes);
      return StrCat("{\"digest\":\"", digest, "\",\"size\":", bytes.size());
    };
    std::string diff_ids;
    std::string descriptors;
    for (const std::string& layer : layers) {
      diff_ids += StrCat(diff_ids.empty() ? "\"" : ",\"", Sha256Of(layer), "\"");
      descriptors += StrCat(descriptors.empty() ? "" : ",", blob(layer), "}");
    }
    const std::string config =
        StrCat(R"({"os":"linux","architecture":"amd64","config":{"Cmd":["/bin/sh"]},)",
               R"("rootfs":{"type":"layers","diff_ids":[)", diff_ids, "]}}");
    const std::string manifest = StrCat(R"({"schemaVersion":2,"config":)", blob(config),
                                        R"(},"layers":[)", descriptors, "]}");
    temp_.Write(folder + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    temp_.Write(
        folder + "/index.json",
        StrCat(R"({"manifests":[)", blob(manifest),
               R"(,"annotations":{"org.opencontainers.image.ref.name":")", ref_name, "\"}}]}"));
    return temp_ / folder;
  }
  std::string Tar(const std::string& folder, const std::vector<std::string>& more = {}) {
    const std::string file = folder + ".tar.gz";
    std::vector<std::string> argv = {"tar", "-czf", file, "-C", folder, "."};
    argv.insert(argv.end(), more.begin(), more.end());
    const auto done = RunCommand({.argv = argv}, "", Deadline::After(std::chrono::seconds(30)));
    EXPECT_TRUE(done && done->status.ok());
    return file;
  }
  std::string SentenceFor(const std::string& path) {
    const auto images = store_->Import(path);
    return images ? "imported" : images.error().message();
  }

  TempDir temp_;
  int layouts_ = 0;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, AnOciLayoutIsImportedListedTaggedAndRemoved) {
  const std::string base = TarBuilder().File("a", "1").Finish();
  const std::string layout =
      WriteLayout({base, TarBuilder().File("b", "22").Finish()}, "docker.io/library/app:1");

  const auto images = store_->Import(layout);

  ASSERT_TRUE(images) << images.error().message();
  EXPECT_THAT((*images)[0].references, ElementsAre("docker.io/library/app:1"));
  EXPECT_THAT((*images)[0].config.cmd, ElementsAre("/bin/sh"));
  EXPECT_EQ((*images)[0].size_bytes, 3u);
  EXPECT_EQ(store_->Find("app:1")->id, (*images)[0].id);
  EXPECT_EQ(store_->Find((*images)[0].id)->id, (*images)[0].id);
  EXPECT_EQ(store_->Find(HexOf((*images)[0].id).substr(0, 12))->id, (*images)[0].id);
  EXPECT_EQ(store_->Find(StrCat("app@", (*images)[0].manifest_digest))->id, (*images)[0].id);

  ASSERT_TRUE(store_->Tag("app:1", Name("localhost/other")));
  ASSERT_TRUE(store_->Remove("app:1"));
  EXPECT_FALSE(store_->Find("app:1"));
  Reopen();
  EXPECT_TRUE(store_->Find("localhost/other"));
  ASSERT_TRUE(store_->Remove("localhost/other"));
  EXPECT_THAT(store_->List(), IsEmpty());
  EXPECT_EQ(store_->ReadUsage().layer_bytes, 0u);
  EXPECT_NE(::rmdir((temp_ / "store/layers").c_str()), -1) << "a layer was left";
}

TEST_F(StoreTest, ArchivesAreImportedAndLayersShared) {
  const std::string base = TarBuilder().File("a", std::string(1000, 'x')).Finish();
  const std::string one = Tar(WriteLayout({base}, "quay.io/one:1"));
  const std::string two = Tar(WriteLayout({base, TarBuilder().File("b", "1").Finish()}, "latest"));

  EXPECT_EQ(SentenceFor(one), "imported");
  EXPECT_EQ(SentenceFor(two), StrCat("import \"", two, "\": the source does not name the image"));
  const auto named = store_->Import(two, Name("quay.io/two:2"));

  ASSERT_TRUE(named) << named.error().message();
  EXPECT_EQ(store_->ReadUsage().images, 2u);
  EXPECT_EQ(store_->ReadUsage().layer_bytes, 1001u);
  ASSERT_TRUE(store_->Remove("quay.io/one:1"));
  EXPECT_EQ(store_->ReadUsage().layer_bytes, 1001u);
}

TEST_F(StoreTest, ADockerArchiveIsImported) {
  const std::string layer = TarBuilder().File("etc/motd", "hi").Finish();
  const std::string config =
      StrCat(R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[")", Sha256Of(layer),
             R"(","sha256:)", std::string(64, '0'), R"("]}})");
  const std::string good_config = StrCat(
      R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[")", Sha256Of(layer), "\"]}}");
  temp_.Write("docker/x/layer.tar", layer);
  ASSERT_EQ(::symlink("../x/layer.tar", (temp_ / "docker/x/again.tar").c_str()), 0);
  temp_.Write("docker/c.json", good_config);
  temp_.Write("docker/manifest.json",
              R"([{"Config":"c.json","RepoTags":["app:2","app:3"],"Layers":["x/again.tar"]}])");

  const auto images = store_->Import(Tar(temp_ / "docker"));

  ASSERT_TRUE(images) << images.error().message();
  EXPECT_THAT((*images)[0].references,
              ElementsAre("docker.io/library/app:2", "docker.io/library/app:3"));
  temp_.Write("docker/c.json", config);
  EXPECT_THAT(SentenceFor(temp_ / "docker"), HasSubstr("c.json: has 1 layers and 2 diff_ids"));
  temp_.Write("docker/manifest.json", R"([{"Config":"../../../etc/passwd","Layers":[]}])");
  EXPECT_THAT(SentenceFor(temp_ / "docker"), HasSubstr("No such file or directory (ENOENT)"));
}

TEST_F(StoreTest, ManipulatedAndMissingBlobsAreTold) {
  const std::string layer = TarBuilder().File("a", "1").Finish();
  const std::string layout = WriteLayout({layer}, "quay.io/x:1");
  const std::string blob = StrCat("layout0/blobs/sha256/", HexOf(Sha256Of(layer)));

  temp_.Write(blob, TarBuilder().File("a", "2").Finish());
  EXPECT_THAT(SentenceFor(layout), HasSubstr("layer 1: digest of the file is sha256:"));
  ASSERT_EQ(::unlink((temp_ / blob).c_str()), 0);
  EXPECT_THAT(SentenceFor(layout), HasSubstr("layer 1: openat2"));
  EXPECT_EQ(SentenceFor(temp_ / "absent"),
            StrCat("import \"", temp_ / "absent", "\": stat \"", temp_ / "absent",
                   "\": No such file or directory (ENOENT)"));
  temp_.Write("junk", "no archive");
  EXPECT_THAT(SentenceFor(temp_ / "junk"), HasSubstr("archive: "));
  EXPECT_THAT(SentenceFor("/dev/null"), HasSubstr("is neither a file nor a directory"));
  EXPECT_THAT(store_->List(), IsEmpty());
}

TEST_F(StoreTest, ARootFilesystemBecomesAnImage) {
  temp_.Write("rootfs/bin/busybox", "elf");
  ASSERT_EQ(::chmod((temp_ / "rootfs/bin/busybox").c_str(), 0755), 0);
  ASSERT_EQ(::link((temp_ / "rootfs/bin/busybox").c_str(), (temp_ / "rootfs/bin/sh").c_str()), 0);
  ASSERT_EQ(::symlink("bin", (temp_ / "rootfs/sbin").c_str()), 0);
  temp_.Write("rootfs/sparse", "");
  ASSERT_EQ(::truncate((temp_ / "rootfs/sparse").c_str(), 200'000), 0);
  ImageConfig config;
  config.cmd = {"/bin/sh"};

  const auto image = store_->ImportRootfs(temp_ / "rootfs", Name("sample:1"), config);

  ASSERT_TRUE(image) << image.error().message();
  EXPECT_EQ(image->size_bytes, 200'003u);  // the link is a link
  EXPECT_THAT(store_->Find("sample:1")->config.cmd, ElementsAre("/bin/sh"));
  ASSERT_TRUE(store_->PrepareSnapshot("c1", "sample:1"));
  const auto mount = store_->MountSnapshot("c1");
  ASSERT_TRUE(mount) << mount.error().message();
  struct stat info {};
  ASSERT_EQ(::fstatat(mount->get(), "sbin/sh", &info, 0), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755u);
  ASSERT_TRUE(store_->RemoveSnapshot("c1"));
}

TEST_F(StoreTest, ASnapshotIsWritableSurvivesAndKeepsItsImage) {
  const std::string layout = WriteLayout({TarBuilder().File("a", "1").Finish()}, "quay.io/x:1");
  ASSERT_EQ(SentenceFor(layout), "imported");
  ASSERT_TRUE(store_->PrepareSnapshot("c1", "quay.io/x:1"));
  {
    const auto mount = store_->MountSnapshot("c1");
    ASSERT_TRUE(mount) << mount.error().message();
    ASSERT_TRUE(AtomicWriteAt(*mount, "written", "2", 0644, Durability::kThisBoot));
    ASSERT_TRUE(OpenAt(*mount, "a", O_WRONLY | O_TRUNC));
  }

  Reopen();
  ASSERT_TRUE(store_->PrepareSnapshot("c1", "quay.io/x:1"));
  const Status removed = store_->Remove("quay.io/x:1");
  const auto again = store_->MountSnapshot("c1");

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(ReadFileAt(*again, "written").value(), "2");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code(), Code::kWrongState);
  EXPECT_EQ(removed.error().message(), "image \"quay.io/x:1\" is in use by container \"c1\"");
  EXPECT_THAT(store_->CollectGarbage({}).value(), IsEmpty());
  ASSERT_TRUE(store_->RemoveSnapshot("c1"));
  ASSERT_TRUE(store_->RemoveSnapshot("c1"));
  EXPECT_THAT(store_->CollectGarbage({"quay.io/x:1"}).value(), IsEmpty());
  EXPECT_THAT(store_->CollectGarbage({}).value(), ElementsAre("quay.io/x:1"));
}

TEST_F(StoreTest, NothingIsLeftInTheMountTable) {
  const std::string before = ReadFile("/proc/self/mountinfo").value();
  ASSERT_EQ(SentenceFor(WriteLayout(
                {TarBuilder().File("a", "1").Finish(), TarBuilder().File("b", "1").Finish()},
                "quay.io/x:1")),
            "imported");
  ASSERT_TRUE(store_->PrepareSnapshot("c1", "quay.io/x:1"));

  const auto mount = store_->MountSnapshot("c1");

  ASSERT_TRUE(mount) << mount.error().message();
  EXPECT_THAT(ReadFile("/proc/self/mountinfo").value(), testing::Not(HasSubstr(temp_.path())));
}

TEST_F(StoreTest, OnlyOneProcessHasItOpen) {
  const auto second = Store::Open(temp_ / "store");

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kWrongState);
  EXPECT_EQ(second.error().message(),
            StrCat("image store: \"", temp_ / "store", "\" is in use by another process"));
}

TEST_F(StoreTest, WhatAnInterruptedImportLeftIsRemovedAtTheStart) {
  temp_.Write("store/tmp/7/fs/half", "x");
  temp_.Write(StrCat("store/layers/", std::string(64, 'd'), "/orphan"), "x");
  temp_.Write("store/snapshots/half/fs/x", "x");

  Reopen();

  struct stat info {};
  EXPECT_EQ(::stat((temp_ / "store/tmp/7").c_str(), &info), -1);
  EXPECT_EQ(::stat((temp_ / "store/snapshots/half").c_str(), &info), -1);
  EXPECT_EQ(::stat((temp_ / "store/layers/" + std::string(64, 'd')).c_str(), &info), -1);
}

TEST_F(StoreTest, SeveralThreadsMayUseItAtOnce) {
  std::vector<std::string> layouts;
  for (int i = 0; i < 4; ++i)
    layouts.push_back(WriteLayout(
        {TarBuilder().File("a", "shared").Finish(), TarBuilder().File("b", StrCat(i)).Finish()},
        StrCat("quay.io/t", i, ":1")));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string name = StrCat("quay.io/t", i, ":1");
      const auto imported = store_->Import(layouts[static_cast<std::size_t>(i)]);
      EXPECT_TRUE(imported) << imported.error().message();
      for (int j = 0; j < 5; ++j) {
        const std::string key = StrCat("c", i, "-", j);
        EXPECT_TRUE(store_->PrepareSnapshot(key, name));
        EXPECT_TRUE(store_->MountSnapshot(key));
        EXPECT_TRUE(store_->RemoveSnapshot(key));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(store_->List().size(), 4u);
  EXPECT_THAT(store_->ListSnapshots(), IsEmpty());
}

TEST_F(StoreTest, NamesThatAreNoneAreRefused) {
  EXPECT_EQ(store_->Find("../../x").error().message(), "image \"../../x\" is not in the store");
  EXPECT_EQ(store_->PrepareSnapshot("../c", "x").error().code(), Code::kNotFound);
  ASSERT_EQ(SentenceFor(WriteLayout({TarBuilder().File("a", "1").Finish()}, "quay.io/x:1")),
            "imported");
  EXPECT_EQ(store_->PrepareSnapshot("../c", "quay.io/x:1").error().message(),
            "snapshot key \"../c\" is no name");
  EXPECT_EQ(store_->MountSnapshot("absent").error().message(),
            "snapshot \"absent\" does not exist");
}

}  // namespace
}  // namespace caisson::image
