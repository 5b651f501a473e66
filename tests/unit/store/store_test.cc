// SPDX-License-Identifier: Apache-2.0
#include "agent/store/store.h"

#include <gmock/gmock.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/temp_dir.h"

namespace caisson::store {
namespace {

using nlohmann::json;
using pod_spec::PodPhase;
using pod_spec::PodStatus;
using testing::HasSubstr;

json PodNamed(const std::string& name, const std::string& ns = "default") {
  return {{"kind", "Pod"},
          {"apiVersion", "v1"},
          {"metadata", {{"name", name}, {"namespace", ns}}},
          {"spec", {{"containers", json::array({{{"name", "a"}, {"image", "x"}}})}}}};
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    auto opened = Store::Open(dir_.path());
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = *std::move(opened);
  }
  Object Add(const std::string& name) {
    auto created = store_->Create(Kind::kPod, PodNamed(name));
    EXPECT_TRUE(created) << created.error().message();
    return *created;
  }
  static Key KeyOf(const std::string& name) { return {Kind::kPod, "default", name}; }
  static std::vector<Change> Drain(Subscription& changes) {
    auto taken = changes.Wait(Deadline::After(std::chrono::seconds(5)));
    EXPECT_TRUE(taken) << taken.error().message();
    return *taken;
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, CreateSetsTheServersOwnFields) {
  const Object pod = Add("web");

  const json& meta = (*pod.document)["metadata"];
  EXPECT_EQ(meta["uid"].get<std::string>().size(), 36U);
  EXPECT_EQ(meta["generation"], 1);
  EXPECT_EQ(meta["resourceVersion"], std::to_string(pod.resource_version));
  ASSERT_NE(pod.pod, nullptr);
  EXPECT_EQ(pod.pod->metadata.uid, pod.uid);
  EXPECT_EQ(pod.pod->metadata.resource_version, std::to_string(pod.resource_version));
}

TEST_F(StoreTest, ASecondObjectOfTheSameNameIsRefused) {
  Add("web");
  const auto again = store_->Create(Kind::kPod, PodNamed("web"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(again.error().message(), "pods \"web\" already exists");
}

TEST_F(StoreTest, DesiredAndObservedStateOutliveTheProcessAndVersionsGrow) {
  const Object pod = Add("web");
  PodStatus status;
  status.phase = PodPhase::kRunning;
  ASSERT_TRUE(store_->UpdateStatus("default", "web", pod.uid, status));
  const std::uint64_t last = store_->ListAll(Kind::kPod).resource_version;

  Reopen();

  const auto loaded = store_->Get(KeyOf("web"));
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->uid, pod.uid);
  EXPECT_EQ((*loaded->document)["status"]["phase"], "Running");
  EXPECT_GT(loaded->resource_version, last);
  const auto old = store_->Subscribe(Kind::kPod, last);
  ASSERT_FALSE(old);
  EXPECT_THAT(old.error().message(), HasSubstr("too old resource version"));
}

TEST_F(StoreTest, AStatusOfAnEarlierPodOfTheNameIsNotTakenOver) {
  const Object first = Add("web");
  ASSERT_TRUE(store_->Remove(KeyOf("web"), first.uid));
  Add("web");
  PodStatus status;
  status.phase = PodPhase::kFailed;

  const Status late = store_->UpdateStatus("default", "web", first.uid, status);

  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kNotFound);
}

TEST_F(StoreTest, ABrokenFileIsSetAsideAndTheRestLoads) {
  Add("good");
  dir_.Write("objects/pods/default/bad.json", "{");

  Reopen();

  EXPECT_TRUE(store_->Get(KeyOf("good")));
  EXPECT_EQ(store_->ListAll(Kind::kPod).objects.size(), 1U);
  EXPECT_EQ(dir_.Read("objects/pods/default/bad.json.broken"), "{");
}

TEST_F(StoreTest, NamesTooLongForAFileAreKeptApart) {
  const std::string base(250, 'a');
  Add(base + "b");
  Add(base + "c");

  Reopen();

  EXPECT_TRUE(store_->Get(KeyOf(base + "b")));
  EXPECT_TRUE(store_->Get(KeyOf(base + "c")));
}

TEST_F(StoreTest, AWatchGoesOnFromAListWithNothingLostDeletionsIncluded) {
  const Object first = Add("a");
  const std::uint64_t version = store_->ListAll(Kind::kPod).resource_version;
  Add("b");
  ASSERT_TRUE(store_->Remove(KeyOf("a"), first.uid));

  const auto changes = store_->Subscribe(Kind::kPod, version);
  ASSERT_TRUE(changes) << changes.error().message();
  const auto taken = Drain(**changes);

  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].type, ChangeType::kAdded);
  EXPECT_EQ(taken[0].object.key.name, "b");
  EXPECT_EQ(taken[1].type, ChangeType::kDeleted);
  EXPECT_EQ(taken[1].object.uid, first.uid);
  EXPECT_GT(taken[1].resource_version, taken[0].resource_version);
}

TEST(Feed, AReaderThatFellBehindIsToldSo) {
  const auto feed = std::make_shared<Feed>(Feed::Limits{4, 1000}, 10);
  auto changes = feed->Subscribe(10);
  ASSERT_TRUE(changes);
  for (std::uint64_t version = 11; version < 17; ++version) {
    Change change{ChangeType::kDeleted, version, {}, nullptr};
    change.object.key.kind = Kind::kConfigMap;
    change.object.text = std::make_shared<const std::string>("{}");
    feed->Publish(change);
  }

  const auto taken = (*changes)->Take();
  const auto late = feed->Subscribe(11);
  const auto in_time = feed->Subscribe(12);

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Code::kWrongState);
  EXPECT_EQ(taken.error().message(), "too old resource version: 10 (oldest held: 12)");
  EXPECT_FALSE(late);
  ASSERT_TRUE(in_time);
  EXPECT_EQ((*in_time)->Take()->size(), 4U);
}

TEST_F(StoreTest, AReaderThatLagsGetsOldVersionsWhole) {
  auto changes = store_->Subscribe(Kind::kPod, 0);
  ASSERT_TRUE(changes);
  const Object pod = Add("a");
  PodStatus status;
  status.message = "termination \xff message";
  ASSERT_TRUE(store_->UpdateStatus("default", "a", pod.uid, status));
  ASSERT_TRUE(store_->Remove(KeyOf("a"), pod.uid));

  const auto taken = Drain(**changes);

  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[0].previous, nullptr);
  EXPECT_EQ(*taken[1].previous, *taken[0].object.text);
  EXPECT_EQ(taken[1].object.pod->spec.containers.size(), 1U);
  EXPECT_EQ((*taken[1].object.document)["status"]["message"], "termination \xEF\xBF\xBD message");
  EXPECT_EQ((*taken[2].object.document)["metadata"]["resourceVersion"],
            std::to_string(taken[2].resource_version));
}

TEST_F(StoreTest, LargeObjectsDoNotFillTheMemoryOfTheFeed) {
  auto changes = store_->Subscribe(Kind::kConfigMap, 0);
  ASSERT_TRUE(changes);
  json config{{"metadata", {{"name", "c"}, {"namespace", "default"}}}};
  config["data"]["k"] = std::string(std::size_t{1} << 20, 'x');
  ASSERT_TRUE(store_->Create(Kind::kConfigMap, config));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        store_->Update({Kind::kConfigMap, "default", "c"}, [i](const Object& c) -> Result<json> {
          json after = *c.document;
          after["data"]["n"] = std::to_string(i);
          return after;
        }));
  }

  const auto taken = (*changes)->Take();

  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message(), HasSubstr("too old resource version"));
}

TEST_F(StoreTest, MarkDeletedSetsTheGraceWhichMayOnlyShrink) {
  Add("web");

  const auto marked = store_->MarkDeleted(KeyOf("web"), 30);
  const auto longer = store_->MarkDeleted(KeyOf("web"), 60);
  const auto shorter = store_->MarkDeleted(KeyOf("web"), 5);

  EXPECT_EQ(*marked->pod->metadata.deletion_grace_period_seconds, 30);
  EXPECT_EQ(longer->resource_version, marked->resource_version);
  EXPECT_EQ(*shorter->pod->metadata.deletion_grace_period_seconds, 5);
  ASSERT_TRUE(store_->MarkDeleted(KeyOf("web"), 0));
  EXPECT_FALSE(store_->Get(KeyOf("web")));
}

TEST_F(StoreTest, MarkDeletedWithAnotherUidIsRefused) {
  Add("web");
  const auto refused = store_->MarkDeleted(KeyOf("web"), 0, "other");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kWrongState);
  EXPECT_THAT(refused.error().message(), HasSubstr("UID in precondition: other"));
}

TEST_F(StoreTest, UpdateKeepsTheServersFieldsAndCountsSpecChanges) {
  const Object pod = Add("web");

  const auto updated = store_->Update(KeyOf("web"), [](const Object& current) -> Result<json> {
    json after = *current.document;
    after["metadata"]["uid"] = "forged";
    after["spec"]["containers"][0]["image"] = "y";
    return after;
  });
  const auto same =
      store_->Update(KeyOf("web"), [](const Object& c) -> Result<json> { return *c.document; });

  ASSERT_TRUE(updated) << updated.error().message();
  EXPECT_EQ(updated->uid, pod.uid);
  EXPECT_EQ(updated->pod->metadata.generation, 2);
  EXPECT_EQ(same->resource_version, updated->resource_version);
}

TEST_F(StoreTest, RepeatedEventsAreCountedAndTheirNumberIsBounded) {
  EventRecord event{.ns = "default",
                    .involved_name = "web",
                    .involved_uid = "u",
                    .reason = "BackOff",
                    .message = "again"};
  store_->RecordEvent(event);
  store_->RecordEvent(event);
  auto events = store_->ListAll(Kind::kEvent, "default").objects;
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ((*events[0].document)["count"], 2);

  for (int i = 0; i < 1100; ++i) {
    event.message = std::to_string(i);
    store_->RecordEvent(event);
  }

  EXPECT_EQ(store_->ListAll(Kind::kEvent).objects.size(), 1000U);
}

TEST_F(StoreTest, WritersAndReadersOnManyThreadsSeeEveryChangeInOrder) {
  auto changes = store_->Subscribe(Kind::kPod, 0);
  ASSERT_TRUE(changes);
  constexpr int kThreads = 4;
  constexpr int kPods = 10;
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([this, t] {
      for (int i = 0; i < kPods; ++i) {
        const std::string name = StrCat("p", t, "-", i);
        const auto pod = store_->Create(Kind::kPod, PodNamed(name));
        ASSERT_TRUE(pod);
        PodStatus status;
        status.phase = PodPhase::kRunning;
        ASSERT_TRUE(store_->UpdateStatus("default", name, pod->uid, status));
        ASSERT_TRUE(store_->Remove(KeyOf(name), pod->uid));
      }
    });
  }
  std::size_t seen = 0;
  std::uint64_t last = 0;
  while (seen < kThreads * kPods * 3) {
    const auto taken = Drain(**changes);
    ASSERT_FALSE(taken.empty()) << "only " << seen << " changes came";
    for (const Change& change : taken) {
      EXPECT_GT(change.resource_version, last);
      last = change.resource_version;
      ++seen;
    }
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(store_->ListAll(Kind::kPod).objects.size(), 0U);
}

}  // namespace
}  // namespace caisson::store
