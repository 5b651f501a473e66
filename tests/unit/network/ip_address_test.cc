// SPDX-License-Identifier: Apache-2.0
#include "network/netlink/ip_address.h"

#include <gmock/gmock.h>

namespace caisson::network {
namespace {

using testing::HasSubstr;

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }
Cidr Net(std::string_view text) { return Cidr::Parse(text).value(); }

TEST(IpAddress, ComesBackAsItWasWritten) {
  for (const char* text : {"0.0.0.0", "10.245.0.1", "255.255.255.255", "::", "fd00:10:245::1"})
    EXPECT_EQ(Ip(text).ToString(), text);
}

TEST(IpAddress, BadTextIsRefusedAndQuoted) {
  for (const char* text : {"", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "fe80::1%eth0"}) {
    const auto address = IpAddress::Parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code(), Code::kInvalidSpec);
    EXPECT_EQ(address.error().message(), StrCat("\"", text, "\" is not an IP address"));
  }
}

TEST(IpAddress, AdditionCarriesAndEndsAtTheLastAddress) {
  EXPECT_EQ(Ip("10.0.0.255").Plus(1), Ip("10.0.1.0"));
  EXPECT_EQ(Ip("10.255.255.255").Plus(1), Ip("11.0.0.0"));
  EXPECT_EQ(Ip("255.255.255.255").Plus(1), std::nullopt);
  EXPECT_EQ(Ip("fd00::ffff:ffff:ffff:ffff").Plus(~std::uint64_t{0}),
            Ip("fd00::1:ffff:ffff:ffff:fffe"));
}

TEST(IpAddress, OrderIsFamilyThenNumber) {
  EXPECT_LT(Ip("9.0.0.0"), Ip("10.0.0.0"));
  EXPECT_LT(Ip("255.0.0.0"), Ip("::1"));
}

TEST(IpAddress, LoopbackIsKnownInBothFamilies) {
  EXPECT_TRUE(Ip("127.0.0.53").is_loopback());
  EXPECT_TRUE(Ip("::1").is_loopback());
  EXPECT_FALSE(Ip("::").is_loopback());
  EXPECT_FALSE(Ip("128.0.0.1").is_loopback());
}

TEST(Cidr, HostBitsStayInTheTextAndGoInTheNetwork) {
  EXPECT_EQ(Net("10.245.3.4/16").ToString(), "10.245.3.4/16");
  EXPECT_EQ(Net("10.245.3.4/17").network(), Ip("10.245.0.0"));
  EXPECT_EQ(Net("10.245.131.4/17").network(), Ip("10.245.128.0"));
  EXPECT_EQ(Net("10.0.0.1/0").network(), Ip("0.0.0.0"));
  EXPECT_EQ(Net("fd00::ff/124").network(), Ip("fd00::f0"));
}

TEST(Cidr, ContainsOnlyItsOwnFamilyAndRange) {
  EXPECT_TRUE(Net("10.245.0.0/16").Contains(Ip("10.245.255.255")));
  EXPECT_FALSE(Net("10.245.0.0/16").Contains(Ip("10.246.0.0")));
  EXPECT_FALSE(Net("0.0.0.0/0").Contains(Ip("::1")));
}

TEST(Cidr, OverlapIsTheSameFromBothSides) {
  EXPECT_TRUE(Net("10.0.0.0/8").Overlaps(Net("10.245.0.0/16")));
  EXPECT_TRUE(Net("10.245.0.0/16").Overlaps(Net("10.0.0.0/8")));
  EXPECT_FALSE(Net("10.244.0.0/16").Overlaps(Net("10.245.0.0/16")));
}

TEST(Cidr, BadTextIsRefusedWithAnExample) {
  for (const char* text :
       {"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "/8", "x/8"}) {
    const auto network = Cidr::Parse(text);
    ASSERT_FALSE(network) << text;
    EXPECT_THAT(network.error().message(), HasSubstr("is not a network in CIDR form"));
    EXPECT_THAT(network.error().hint(), HasSubstr("10.245.0.0/16"));
  }
}

}  // namespace
}  // namespace caisson::network
