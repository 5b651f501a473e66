// SPDX-License-Identifier: Apache-2.0
#include "network/ipam/address_pool.h"

#include <gmock/gmock.h>

#include <vector>

namespace caisson::network {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }
AddressPool Pool(std::string_view network) {
  return AddressPool::Create(Cidr::Parse(network).value()).value();
}
std::vector<std::string> TakeAll(AddressPool& pool) {
  std::vector<std::string> taken;
  while (const auto address = pool.Take()) taken.push_back(address->ToString());
  return taken;
}

TEST(AddressPool, NetworkGatewayAndBroadcastAreNotForPods) {
  AddressPool pool = Pool("10.0.0.0/29");

  EXPECT_EQ(pool.gateway(), Ip("10.0.0.1"));
  EXPECT_THAT(TakeAll(pool),
              ElementsAre("10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"));
  EXPECT_EQ(pool.in_use(), 5u);
}

TEST(AddressPool, Ipv6HasNoBroadcast) {
  AddressPool pool = Pool("fd00::/126");
  EXPECT_THAT(TakeAll(pool), ElementsAre("fd00::2", "fd00::3"));
}

TEST(AddressPool, HostBitsOfTheNetworkDoNotShiftIt) {
  AddressPool pool = Pool("10.0.0.99/24");
  EXPECT_EQ(pool.gateway(), Ip("10.0.0.1"));
  EXPECT_EQ(pool.Take(), Ip("10.0.0.2"));
}

TEST(AddressPool, TooSmallANetworkIsRefusedWithTheLimit) {
  const auto pool = AddressPool::Create(Cidr::Parse("10.0.0.0/31").value());
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().message(), "pod network 10.0.0.0/31: no room for a gateway and a pod");
  EXPECT_THAT(pool.error().hint(), HasSubstr("/30"));
}

TEST(AddressPool, JustFreedAddressWaitsUntilAllOthersWereUsed) {
  AddressPool pool = Pool("10.0.0.0/29");
  ASSERT_EQ(pool.Take(), Ip("10.0.0.2"));
  ASSERT_EQ(pool.Take(), Ip("10.0.0.3"));
  pool.Release(Ip("10.0.0.3"));
  pool.Release(Ip("10.0.0.2"));

  EXPECT_THAT(TakeAll(pool),
              ElementsAre("10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.3", "10.0.0.2"));
}

TEST(AddressPool, FreedAddressesComeBackOldestFirst) {
  AddressPool pool = Pool("10.0.0.0/29");
  (void)TakeAll(pool);
  pool.Release(Ip("10.0.0.5"));
  pool.Release(Ip("10.0.0.2"));
  ASSERT_EQ(pool.Take(), Ip("10.0.0.5"));
  pool.Release(Ip("10.0.0.5"));

  EXPECT_EQ(pool.Take(), Ip("10.0.0.2"));
}

TEST(AddressPool, ReleasingWhatIsNotInUseChangesNothing) {
  AddressPool pool = Pool("10.0.0.0/30");
  pool.Release(Ip("10.0.0.2"));
  pool.Release(Ip("192.0.2.1"));
  EXPECT_THAT(TakeAll(pool), ElementsAre("10.0.0.2"));
}

TEST(AddressPool, ClaimedAddressIsNotGivenOutAgain) {
  AddressPool pool = Pool("10.0.0.0/29");
  EXPECT_TRUE(pool.Claim(Ip("10.0.0.3")));
  EXPECT_FALSE(pool.Claim(Ip("10.0.0.3")));
  EXPECT_THAT(TakeAll(pool), ElementsAre("10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"));
}

TEST(AddressPool, ClaimOfWhatNoPodMayHaveIsRefused) {
  AddressPool pool = Pool("10.0.0.0/29");
  for (const char* address : {"10.0.0.0", "10.0.0.1", "10.0.0.7", "10.0.1.2", "fd00::2"})
    EXPECT_FALSE(pool.Claim(Ip(address))) << address;
}

TEST(AddressPool, AddressClaimedBeforeItsTurnStillComesOnce) {
  AddressPool pool = Pool("10.0.0.0/29");
  ASSERT_TRUE(pool.Claim(Ip("10.0.0.2")));
  ASSERT_TRUE(pool.Claim(Ip("10.0.0.4")));
  pool.Release(Ip("10.0.0.4"));
  pool.Release(Ip("10.0.0.2"));  // the very next one: it goes to the end
  EXPECT_THAT(TakeAll(pool),
              ElementsAre("10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"));
}

TEST(AddressPool, RestoredOrderGoesOnWhereItStopped) {
  AddressPool before = Pool("10.0.0.0/29");
  (void)before.Take();
  (void)before.Take();
  before.Release(Ip("10.0.0.2"));
  AddressPool after = Pool("10.0.0.0/29");

  after.Restore(before.order());
  ASSERT_TRUE(after.Claim(Ip("10.0.0.3")));

  EXPECT_THAT(TakeAll(after), ElementsAre("10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"));
}

TEST(AddressPool, WholeSixteenBitNetworkIsGivenOutOnce) {
  AddressPool pool = Pool("10.245.0.0/16");
  EXPECT_EQ(TakeAll(pool).size(), 65533u);
  EXPECT_EQ(pool.Take(), std::nullopt);
}

}  // namespace
}  // namespace caisson::network
