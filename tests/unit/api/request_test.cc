// SPDX-License-Identifier: Apache-2.0
#include "agent/api/request.h"

#include <gmock/gmock.h>

#include "agent/api/listen.h"

namespace caisson::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseTarget, SegmentsAreDecodedOneByOne) {
  const auto target = ParseTarget("/a/b%2Fc/%2e%2e/d+e?x=1&x=2&l=a%3Db+c&flag");

  ASSERT_TRUE(target) << target.error().message();
  EXPECT_THAT(target->path, ElementsAre("a", "b/c", "..", "d+e"));
  EXPECT_EQ(target->query.count("x"), 2U);
  EXPECT_EQ(target->query.find("l")->second, "a=b c");
  EXPECT_EQ(target->query.find("flag")->second, "");
}

TEST(ParseTarget, BrokenEscapesAreRefused) {
  for (const auto& [text, message] :
       std::vector<std::pair<std::string, std::string>>{{"/a%2", "broken escape in \"a%2\""},
                                                        {"/a%zz", "broken escape"},
                                                        {"/a%00", "it holds a NUL byte"},
                                                        {"a", "it must begin with a slash"},
                                                        {"", "it must begin with a slash"},
                                                        {"/a?b=%", "broken escape"}}) {
    SCOPED_TRACE(text);
    const auto target = ParseTarget(text);
    ASSERT_FALSE(target);
    EXPECT_THAT(target.error().message(), HasSubstr(message));
  }
}

TEST(ParseListenAddress, LoopbackAndUnixSocketsAreTaken) {
  EXPECT_EQ(ParseListenAddress("unix:///run/x.sock")->Url(), "unix:///run/x.sock");
  EXPECT_EQ(ParseListenAddress("127.0.0.1:10280")->Url(), "http://127.0.0.1:10280");
  EXPECT_EQ(ParseListenAddress("localhost:80")->Url(), "http://127.0.0.1:80");
  EXPECT_EQ(ParseListenAddress("[::1]:80")->Url(), "http://[::1]:80");
}

TEST(ParseListenAddress, AnAddressThatOthersCanReachIsRefused) {
  for (const char* text :
       {"0.0.0.0:10280", ":10280", "10.0.0.1:1", "[::]:1", "http://192.168.1.1:80"}) {
    SCOPED_TRACE(text);
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code(), Code::kDenied);
    EXPECT_THAT(address.error().message(),
                HasSubstr("other machines can reach it, which demands TLS"));
  }
}

TEST(ParseListenAddress, NonsenseIsRefused) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "example.com:80"}) {
    SCOPED_TRACE(text);
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error().code(), Code::kInvalidSpec);
    EXPECT_THAT(address.error().message(), HasSubstr("listen address"));
  }
}

TEST(IsLoopbackHost, OnlyThisMachinesNamesCount) {
  for (const char* host :
       {"localhost", "localhost:8080", "127.0.0.1:1", "[::1]:1", "http://127.0.0.1:1"})
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  for (const char* host :
       {"", "evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "10.0.0.1", "null"})
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
}

}  // namespace
}  // namespace caisson::api
