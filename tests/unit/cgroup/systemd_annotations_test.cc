// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd_annotations.h"

#include <gmock/gmock.h>

namespace caisson::cgroup {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string One(std::string_view name, std::string_view value) {
  const auto properties = systemd::AnnotatedProperties(
      {{StrCat("org.systemd.property.", name), std::string(value)}, {"org.example", "x"}});
  if (!properties) return properties.error().message();
  return properties->size() == 1 ? properties->front() : "not one";
}

TEST(AnnotatedProperties, ValuesHaveTheirTypes) {
  EXPECT_EQ(One("CollectMode", "'inactive-or-failed'"), "CollectMode=s:inactive-or-failed");
  EXPECT_EQ(One("Description", R"("it\"s \\ here")"), R"(Description=s:it"s \ here)");
  EXPECT_EQ(One("SendSIGHUP", " true "), "SendSIGHUP=b:true");
  EXPECT_EQ(One("After", "['a.service', \"b.service\"]"), "After=as:a.service,b.service");
  EXPECT_EQ(One("KillSignal", "9"), "KillSignal=i:9");
  EXPECT_EQ(One("KillSignal", "int32 -9"), "KillSignal=i:-9");
  EXPECT_EQ(One("IOWeight", "uint64 18446744073709551615"), "IOWeight=t:18446744073709551615");
  EXPECT_EQ(One("Mode", "uint32 7"), "Mode=u:7");
  EXPECT_EQ(One("Offset", "int64 -5"), "Offset=x:-5");
  EXPECT_EQ(One("Ratio", "0.5"), "Ratio=d:0.5");
}

TEST(AnnotatedProperties, SecondsBecomeMicroseconds) {
  EXPECT_EQ(One("TimeoutStopSec", "uint64 90"), "TimeoutStopUSec=t:90000000");
  EXPECT_EQ(One("TimeoutStopSec", "1.5"), "TimeoutStopUSec=t:1500000");
  EXPECT_EQ(One("TimeoutStopUSec", "uint64 90"), "TimeoutStopUSec=t:90");
}

TEST(AnnotatedProperties, OthersAreNotLookedAt) {
  const auto none = systemd::AnnotatedProperties({{"org.systemd.unit.X", "1"}, {"a", "b"}});
  ASSERT_TRUE(none);
  EXPECT_THAT(*none, IsEmpty());
}

TEST(AnnotatedProperties, WhatIsNoneNamesTheAnnotation) {
  EXPECT_EQ(One("", "1"),
            "annotations.org.systemd.property.: does not end in the name of a property");
  EXPECT_EQ(One("Exec=x", "1"),
            "annotations.org.systemd.property.Exec=x: does not end in the name of a property");
  for (const char* const value : {"", "'open", "yes", "uint64 -1", "['a', b]", "1e3", "a'b'"})
    EXPECT_EQ(One("TasksMax", value), StrCat("annotations.org.systemd.property.TasksMax: \"", value,
                                             "\" is no value for it"));
  for (const char* const value : {"'5'", "true", "-1", "99999999999999.0"})
    EXPECT_THAT(One("TimeoutStopSec", value), HasSubstr("is no value for it")) << value;
}

}  // namespace
}  // namespace caisson::cgroup
