// SPDX-License-Identifier: Apache-2.0
#include "agent/image/reference.h"

#include <gmock/gmock.h>

#include "agent/image/digest.h"

namespace caisson::image {
namespace {

const std::string kDigest = StrCat("sha256:", std::string(64, 'a'));

TEST(ParseReference, ShortNamesAreMadeFull) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"busybox", "docker.io/library/busybox:latest"},
      {"busybox:1.36", "docker.io/library/busybox:1.36"},
      {"user/app", "docker.io/user/app:latest"},
      {"docker.io/busybox", "docker.io/library/busybox:latest"},
      {"index.docker.io/busybox", "docker.io/library/busybox:latest"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/a/b/c:v1", "localhost:5000/a/b/c:v1"},
      {"registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9"},
      {"[::1]:5000/app", "[::1]:5000/app:latest"},
      {"a__b/c-d---e.f:T_a.g-1", "docker.io/a__b/c-d---e.f:T_a.g-1"},
      {"busybox@" + kDigest, "docker.io/library/busybox@" + kDigest},
      {"busybox:1@" + kDigest, "docker.io/library/busybox:1@" + kDigest},
  };
  for (const auto& [text, full] : cases) {
    SCOPED_TRACE(text);
    const auto reference = ParseReference(text);
    ASSERT_TRUE(reference) << reference.error().message();
    EXPECT_EQ(reference->ToString(), full);
    EXPECT_EQ(ParseReference(full).value(), *reference);
    EXPECT_EQ(ParseReference(reference->Familiar()).value(), *reference);
  }
}

TEST(ParseReference, FamiliarNamesAreShort) {
  EXPECT_EQ(ParseReference("docker.io/library/busybox:1").value().Familiar(), "busybox:1");
  EXPECT_EQ(ParseReference("docker.io/u/app").value().Familiar(), "u/app:latest");
  EXPECT_EQ(ParseReference("quay.io/u/app").value().Familiar(), "quay.io/u/app:latest");
  // Shorter, these would mean something else.
  EXPECT_EQ(ParseReference("docker.io/a.b/c").value().Familiar(), "docker.io/a.b/c:latest");
  const std::string id_like = "docker.io/library/" + std::string(64, 'a') + ":1";
  EXPECT_EQ(ParseReference(id_like).value().Familiar(), id_like);
}

TEST(ParseReference, SaysWhichPartIsWrong) {
  const std::string repository =
      "the repository must be of lower-case letters, digits and . _ - between them";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Busybox", repository},
      {"a//b", repository},
      {"a/b/", repository},
      {"a..b", repository},
      {"-a", repository},
      {"../../etc", "the registry is not a host name"},
      {"a_b.c/x", "the registry is not a host name"},
      {"host:99999/x", "the registry is not a host name"},
      {"a:", "the tag is malformed"},
      {"a:.x", "the tag is malformed"},
      {"a:" + std::string(129, 't'), "the tag is malformed"},
      {"a@sha256:12", "the digest is not sha256: and 64 hex digits"},
      {std::string(64, 'a'), "64 hex digits are an image id, not a name"},
      {"a b", repository},
      {"a\n", repository},
  };
  for (const auto& [text, why] : cases) {
    SCOPED_TRACE(text);
    const auto reference = ParseReference(text);
    ASSERT_FALSE(reference);
    EXPECT_EQ(reference.error().code(), Code::kInvalidSpec);
    EXPECT_EQ(reference.error().message(),
              StrCat("image reference \"", text.substr(0, 100), "\": ", why));
  }
  EXPECT_EQ(ParseReference("").error().message(), "image reference is empty");
  EXPECT_EQ(ParseReference("x/" + std::string(300, 'a')).error().message(),
            StrCat("image reference \"x/", std::string(98, 'a'),
                   "\": the name is longer than 255 characters"));
}

TEST(Digest, IsSha256AndChains) {
  EXPECT_EQ(Sha256Of(""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_TRUE(IsDigest(Sha256Of("x")));
  EXPECT_FALSE(IsDigest("sha256:" + std::string(64, 'A')));
  EXPECT_EQ(ChainId("", "sha256:a"), "sha256:a");
  EXPECT_EQ(ChainId("sha256:a", "sha256:b"), Sha256Of("sha256:a sha256:b"));
}

}  // namespace
}  // namespace caisson::image
