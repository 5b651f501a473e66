// SPDX-License-Identifier: Apache-2.0
#include "network/ipam/lease_book.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "tests/support/temp_dir.h"

namespace caisson::network {
namespace {

using test::TempDir;
using testing::HasSubstr;

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }

class LeaseBookTest : public testing::Test {
 protected:
  std::unique_ptr<LeaseBook> Open(std::string_view network = "10.0.0.0/28",
                                  std::string_view boot = "boot-1") {
    auto book = LeaseBook::Open({dir_.path(), {Cidr::Parse(network).value()}, std::string(boot)});
    if (!book) ADD_FAILURE() << book.error().ToString();
    return book ? std::move(*book) : nullptr;
  }
  static std::string Take(LeaseBook& book, const std::string& uid, ino_t netns = 1,
                          std::vector<PortMapping> ports = {}) {
    const auto grant = book.Acquire({uid, netns, std::move(ports)});
    return grant ? grant->lease.addresses.front().ToString() : grant.error().message();
  }
  std::string JournalText() const { return dir_.Read("leases"); }
  void SetJournal(const std::string& text) const { dir_.Write("leases", text); }

  TempDir dir_;
};

TEST_F(LeaseBookTest, SamePodAndNetnsGetTheSameLease) {
  const auto book = Open();
  EXPECT_EQ(Take(*book, "a"), "10.0.0.2");
  EXPECT_EQ(Take(*book, "a"), "10.0.0.2");
  EXPECT_TRUE(book->Acquire({"a", 1, {}})->existed);
}

TEST_F(LeaseBookTest, PodWithANewNetnsGetsANewLeaseAndTheOldOneIsFree) {
  const auto book = Open();
  EXPECT_EQ(Take(*book, "a", 1), "10.0.0.2");
  EXPECT_EQ(Take(*book, "a", 2), "10.0.0.3");
  EXPECT_EQ(book->All().size(), 1u);
}

TEST_F(LeaseBookTest, LeasesAndTheirOrderOutliveTheAgent) {
  const PortMapping port{
      .host_port = 8080, .pod_port = 80, .protocol = Protocol::kUdp, .host_ip = Ip("192.0.2.1")};
  {
    const auto book = Open();
    Take(*book, "a", 11);
    Take(*book, "b", 12, {port});
    Take(*book, "c", 13);
    ASSERT_TRUE(book->Release("a"));
  }
  const auto book = Open();

  EXPECT_EQ(book->Find("a"), std::nullopt);
  EXPECT_EQ(book->Find("b"), (Lease{"b", 12, {Ip("10.0.0.3")}, {port}}));
  EXPECT_EQ(Take(*book, "d"), "10.0.0.5");
}

TEST_F(LeaseBookTest, AnotherBootsLeasesAreVoid) {
  { Take(*Open(), "a"); }
  const auto book = Open("10.0.0.0/28", "boot-2");
  EXPECT_TRUE(book->All().empty());
  EXPECT_EQ(Take(*book, "b"), "10.0.0.2");
}

// A writer that is killed leaves any number of a record's bytes behind.
TEST_F(LeaseBookTest, TornTailOfAnyLengthLosesOnlyTheTornRecord) {
  {
    const auto book = Open();
    Take(*book, "a");
    Take(*book, "b");
  }
  const std::string whole = JournalText();
  const std::size_t second = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t size = second; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    SetJournal(whole.substr(0, size));
    {
      const auto book = Open();
      EXPECT_NE(book->Find("a"), std::nullopt);
      EXPECT_EQ(book->Find("b"), std::nullopt);
      EXPECT_EQ(Take(*book, "c"), "10.0.0.3");
    }
    EXPECT_NE(Open()->Find("c"), std::nullopt);
  }
}

TEST_F(LeaseBookTest, DamageInTheMiddleCostsOneLease) {
  {
    const auto book = Open();
    Take(*book, "aaaa");
    Take(*book, "bbbb");
    Take(*book, "cccc");
  }
  std::string text = JournalText();
  text[text.find("bbbb")] = 'X';
  SetJournal(text);

  const auto book = Open();

  EXPECT_NE(book->Find("aaaa"), std::nullopt);
  EXPECT_EQ(book->Find("bbbb"), std::nullopt);
  EXPECT_NE(book->Find("cccc"), std::nullopt);
  EXPECT_EQ(Take(*book, "dddd"), "10.0.0.5") << "the lost address must not come first";
}

TEST_F(LeaseBookTest, GarbageForAJournalIsAnEmptyOne) {
  for (const std::string& text : {std::string(), std::string("\0\0\0\0", 4), std::string("x\n")}) {
    SetJournal(text);
    EXPECT_TRUE(Open()->All().empty());
  }
}

TEST_F(LeaseBookTest, LostLeaseOfALivePodIsTakenAgain) {
  const auto book = Open();
  ASSERT_TRUE(book->Reclaim({"a", 7, {Ip("10.0.0.2")}, {}}));

  EXPECT_EQ(Take(*book, "a", 7), "10.0.0.2");
  EXPECT_EQ(Take(*book, "b"), "10.0.0.3");
  EXPECT_EQ(Take(*Open(), "c"), "10.0.0.4");
}

TEST_F(LeaseBookTest, ReclaimOfAnotherPodsAddressIsRefusedAndNamesBoth) {
  const auto book = Open();
  Take(*book, "a");
  const Status taken = book->Reclaim({"b", 7, {Ip("10.0.0.2")}, {}});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(taken.error().message(), "pod b uses an address or host port that pod a has leased");
}

TEST_F(LeaseBookTest, HostPortConflictNamesThePodThatHasIt) {
  const auto book = Open();
  Take(*book, "a", 1, {{.host_port = 80, .pod_port = 8080}});

  EXPECT_EQ(Take(*book, "b", 2, {{.host_port = 80, .pod_port = 9, .host_ip = Ip("127.0.0.1")}}),
            "host port 80/tcp is taken by pod a");
  EXPECT_EQ(Take(*book, "b", 2, {{.host_port = 80, .pod_port = 9, .protocol = Protocol::kUdp}}),
            "10.0.0.3");
  EXPECT_EQ(Take(*book, "c", 3, {{.host_port = 81, .pod_port = 9, .host_ip = Ip("10.9.9.1")}}),
            "10.0.0.4");
  EXPECT_EQ(Take(*book, "d", 4, {{.host_port = 81, .pod_port = 9, .host_ip = Ip("10.9.9.2")}}),
            "10.0.0.5");
}

TEST_F(LeaseBookTest, UsedUpNetworkSaysSoAndRecoversWhenAPodGoes) {
  const auto book = Open("10.0.0.0/30");
  Take(*book, "a");
  const auto grant = book->Acquire({"b", 1, {}});
  ASSERT_FALSE(grant);
  EXPECT_EQ(grant.error().sys_errno(), ENOSPC);
  EXPECT_EQ(grant.error().message(), "all addresses of 10.0.0.0/30 are in use");
  EXPECT_THAT(grant.error().hint(), HasSubstr("larger pod network"));
  ASSERT_TRUE(book->Release("a"));
  EXPECT_EQ(Take(*book, "b"), "10.0.0.2");
}

TEST_F(LeaseBookTest, TwoNetworksGiveAnAddressOfEach) {
  const auto book =
      LeaseBook::Open({dir_.path(),
                       {Cidr::Parse("10.0.0.0/24").value(), Cidr::Parse("fd00::/64").value()},
                       "boot"});
  ASSERT_TRUE(book);
  const auto grant = (*book)->Acquire({"a", 1, {}});
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->lease.addresses, (std::vector{Ip("10.0.0.2"), Ip("fd00::2")}));
}

TEST_F(LeaseBookTest, OverlappingNetworksAreRefused) {
  const auto book =
      LeaseBook::Open({dir_.path(),
                       {Cidr::Parse("10.0.0.0/8").value(), Cidr::Parse("10.1.0.0/16").value()},
                       "boot"});
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().message(), "pod networks 10.0.0.0/8 and 10.1.0.0/16 overlap");
}

TEST_F(LeaseBookTest, LeasesOfAFormerNetworkStayAndDoNotComeBack) {
  { Take(*Open("10.9.0.0/24"), "old"); }
  const auto book = Open("10.0.0.0/28");
  EXPECT_EQ(book->Find("old")->addresses.front(), Ip("10.9.0.2"));
  ASSERT_TRUE(book->Release("old"));
  EXPECT_EQ(Take(*book, "new"), "10.0.0.2");
}

TEST_F(LeaseBookTest, CollectionReleasesWhatNobodyUses) {
  const auto book = Open();
  for (const char* uid : {"a", "b", "c"}) Take(*book, uid);
  const auto released =
      book->ReleaseUnless([](const Lease& lease) { return lease.pod_uid == "b"; });
  ASSERT_TRUE(released);
  EXPECT_EQ(released->size(), 2u);
  EXPECT_EQ(Open()->All().size(), 1u);
}

TEST_F(LeaseBookTest, JournalStaysShortAndKeepsTheOrder) {
  std::string last;
  {
    const auto book = Open("10.0.0.0/24");
    Take(*book, "stays");
    for (int i = 0; i < 3000; ++i) {
      last = Take(*book, "comes and goes");
      ASSERT_TRUE(book->Release("comes and goes"));
    }
  }
  EXPECT_LT(JournalText().size(), std::size_t{200'000});
  const auto book = Open("10.0.0.0/24");
  EXPECT_EQ(book->Find("stays")->addresses.front(), Ip("10.0.0.2"));
  EXPECT_EQ(IpAddress::Parse(Take(*book, "next")).value(), Ip(last).Plus(1));
}

TEST_F(LeaseBookTest, ThreadsNeverShareAnAddress) {
  const auto book = Open("10.245.0.0/16");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&book, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string uid = StrCat(t, "-", i);
        ASSERT_TRUE(book->Acquire({uid, 1, {}}));
        if (i % 3 == 0) {
          ASSERT_TRUE(book->Release(uid));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::set<IpAddress> addresses;
  for (const Lease& lease : book->All()) addresses.insert(lease.addresses.front());
  EXPECT_EQ(addresses.size(), book->All().size());
  EXPECT_EQ(Open("10.245.0.0/16")->All(), book->All());
}

TEST(DecodeRecord, EveryFlippedBitIsNoticed) {
  const std::string line =
      EncodeRecord(LeaseTaken{{"pod", 5, {Ip("10.0.0.2")}, {{.host_port = 80, .pod_port = 8080}}}});
  ASSERT_TRUE(DecodeRecord(line.substr(0, line.size() - 1)));
  for (std::size_t bit = 0; bit < (line.size() - 1) * 8; ++bit) {
    std::string damaged = line.substr(0, line.size() - 1);
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(DecodeRecord(damaged)) << damaged;
  }
}

}  // namespace
}  // namespace caisson::network
