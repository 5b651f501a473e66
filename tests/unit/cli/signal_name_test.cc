// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/signal_name.h"

#include <gmock/gmock.h>
#include <signal.h>

namespace caisson::cli {
namespace {

TEST(ParseSignal, TakesNumbersAndNamesInAllForms) {
  const std::pair<const char*, int> cases[] = {{"9", SIGKILL},       {"KILL", SIGKILL},
                                               {"SIGKILL", SIGKILL}, {"sigterm", SIGTERM},
                                               {"Hup", SIGHUP},      {"0", 0},
                                               {"IOT", SIGABRT},     {"CLD", SIGCHLD},
                                               {"POLL", SIGPOLL},    {"RTMIN", SIGRTMIN},
                                               {"IO", SIGIO},        {"SIGRTMIN+3", SIGRTMIN + 3},
                                               {"64", SIGRTMAX},     {"RTMAX-1", SIGRTMAX - 1}};
  for (const auto& [text, number] : cases) {
    SCOPED_TRACE(text);
    const auto parsed = ParseSignal(text);
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(*parsed, number);
  }
}

TEST(ParseSignal, RefusesEverythingElseAndQuotesIt) {
  for (const char* const text :
       {"", "SIG", "NOPE", "-1", "65", "9x", "RTMIN-1", "RTMIN+99", "RTMAX+1"}) {
    SCOPED_TRACE(text);
    const auto parsed = ParseSignal(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message(), StrCat("unknown signal \"", text, "\""));
  }
}

}  // namespace
}  // namespace caisson::cli
