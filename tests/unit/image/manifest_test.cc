// SPDX-License-Identifier: Apache-2.0
#include "agent/image/manifest.h"

#include <gmock/gmock.h>

#include "agent/image/index.h"

namespace caisson::image {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kDigest = StrCat("sha256:", std::string(64, 'b'));
const Platform kHost{"linux", "amd64", ""};

std::string DescriptorJson(std::string_view more = "") {
  return StrCat(R"({"digest": ")", kDigest, R"(", "size": 3)", more, "}");
}

TEST(ParseManifest, TellsAnIndexFromAManifest) {
  const auto index = ParseManifest(StrCat(R"({"manifests": [)", DescriptorJson(), "]}"));
  const auto manifest = ParseManifest(
      StrCat(R"({"config": )", DescriptorJson(), R"(, "layers": [)", DescriptorJson(), "]}"));

  ASSERT_TRUE(index) << index.error().message();
  EXPECT_TRUE(index->is_index);
  ASSERT_TRUE(manifest) << manifest.error().message();
  EXPECT_FALSE(manifest->is_index);
  EXPECT_EQ(manifest->layers[0].digest, kDigest);
}

TEST(ParseManifest, SaysWhatIsWrong) {
  const auto sentence = [](const std::string& json) {
    const auto document = ParseManifest(json);
    return document ? "accepted" : document.error().message();
  };
  EXPECT_EQ(
      sentence(StrCat(R"({"manifests": [], "layers": [], "config": )", DescriptorJson(), "}")),
      "is both an index and a manifest");
  EXPECT_EQ(sentence("{}"), "is neither an index nor a manifest");
  EXPECT_EQ(sentence(R"({"schemaVersion": 1, "fsLayers": []})"),
            "is of Docker's schema version 1, which nobody writes");
  EXPECT_EQ(sentence(R"({"manifests": [{"digest": "sha256:../../etc", "size": 1}]})"),
            "manifests[0].digest: \"sha256:../../etc\" is not sha256: and 64 hex digits");
  EXPECT_EQ(sentence(R"({"manifests": [{"digest": "x"}]})"), "manifests[0].size: is required");
  EXPECT_EQ(sentence(StrCat(R"({"config": )", DescriptorJson(), R"(, "layers": [)",
                            DescriptorJson(R"(, "mediaType": "application/vnd.wasm")"), "]}")),
            "layers[0]: cannot unpack \"application/vnd.wasm\"");
  EXPECT_EQ(sentence("[1"),
            "parse error at line 1, column 3: syntax error while parsing array - "
            "unexpected end of input; expected ']'");
}

Descriptor For(std::string os, std::string architecture) {
  Descriptor descriptor;
  descriptor.digest = StrCat(os, "/", architecture);
  descriptor.platform = Platform{std::move(os), std::move(architecture), ""};
  return descriptor;
}

TEST(ChoosePlatform, TakesThisOneOrSaysWhatThereIs) {
  const std::vector<Descriptor> some = {For("linux", "arm64"), For("linux", "amd64")};

  EXPECT_EQ(ChoosePlatform(some, kHost).value().digest, "linux/amd64");
  const auto none = ChoosePlatform({For("linux", "arm64"), For("windows", "amd64")}, kHost);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::kNotFound);
  EXPECT_EQ(none.error().message(),
            "no image for linux/amd64, only for: linux/arm64, windows/amd64");
}

TEST(ImagesOf, LeavesOutAttestations) {
  Descriptor attestation = For("unknown", "unknown");
  Descriptor annotated;
  annotated.annotations["vnd.docker.reference.type"] = "attestation-manifest";

  EXPECT_THAT(ImagesOf({attestation, annotated}), IsEmpty());
}

TEST(ParseImageConfig, ReadsWhatRunsTheImage) {
  const auto document = ParseImageConfig(StrCat(
      R"({"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
          "config": {"User": "app", "Env": ["A=b"], "Entrypoint": ["/e"], "Cmd": null,
                     "WorkingDir": "/srv", "Volumes": {"/data": {}}, "ExposedPorts": {"80/tcp": {}},
                     "Labels": {"k": "v"}, "StopSignal": "SIGQUIT", "OnBuild": ["x"]},
          "rootfs": {"type": "layers", "diff_ids": [")",
      kDigest, R"("]}, "history": [{}]})"));

  ASSERT_TRUE(document) << document.error().message();
  EXPECT_EQ(document->config.user, "app");
  EXPECT_THAT(document->config.entrypoint, ElementsAre("/e"));
  EXPECT_THAT(document->config.cmd, IsEmpty());
  EXPECT_THAT(document->config.volumes, ElementsAre("/data"));
  EXPECT_THAT(document->config.exposed_ports, ElementsAre("80/tcp"));
  EXPECT_EQ(document->config.stop_signal, "SIGQUIT");
  EXPECT_THAT(document->diff_ids, ElementsAre(kDigest));

  const auto again = ParseImageConfig(WriteImageConfig(*document));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(WriteImageConfig(*again), WriteImageConfig(*document));
}

TEST(Index, SurvivesWritingAndRefusesWhatDoesNotFit) {
  Index index;
  Image image;
  image.id = kDigest;
  image.manifest_digest = kDigest;
  image.references = {"docker.io/library/a:1", "quay.io/b:2"};
  image.chain_ids = {kDigest};
  image.config.volumes = {"/data"};
  index.images = {image};
  index.layers = {{.chain_id = kDigest, .diff_id = kDigest, .size_bytes = 7}};

  const auto again = ParseIndex(ToJson(index));

  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(ToJson(*again), ToJson(index));
  EXPECT_THAT(again->images[0].RepoDigests(),
              ElementsAre("docker.io/library/a@" + kDigest, "quay.io/b@" + kDigest));
  index.layers.clear();
  EXPECT_EQ(ParseIndex(ToJson(index)).error().message(),
            StrCat("image ", kDigest, ": layer ", kDigest, " is not listed"));
  EXPECT_EQ(ParseIndex(R"({"schema": 2, "images": [], "layers": []})").error().message(),
            "has schema 2, this agent reads 1");
}

TEST(Index, ANameBelongsToOneImage) {
  Index index;
  Image a;
  a.id = "a";
  a.references = {"x", "y"};
  Image b;
  b.id = "b";
  index.images = {a, b};

  index.GiveName("b", "y");

  EXPECT_THAT(index.images[0].references, ElementsAre("x"));
  EXPECT_THAT(index.images[1].references, ElementsAre("y"));
}

}  // namespace
}  // namespace caisson::image
