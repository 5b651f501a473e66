// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "agent/api/server.h"
#include "agent/store/store.h"
#include "runtime/base/process.h"
#include "tests/support/temp_dir.h"

namespace caisson::api {

struct HttpAnswer {
  int code = 0;
  std::string head;
  std::string body;  // chunked bodies joined
  nlohmann::json Json() const { return nlohmann::json::parse(body, nullptr, false); }
};

// Connects to the port, sends the bytes and reads until the server closes.
HttpAnswer SendRaw(std::uint16_t port, const std::string& bytes);

// A server on a free loopback port and a unix socket, over a store in a temporary directory, and a
// thread that plays agent/pods: pods become Running, marked ones are removed.
class ApiTest : public testing::Test {
 protected:
  ApiTest();
  ~ApiTest() override;

  HttpAnswer Call(const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& type = "application/json") const;
  // A request whose answer has begun to come.
  UniqueFd OpenStream(const std::string& target) const;
  static bool ClosesSoon(FdView socket);
  // A pod of one container, as JSON text.
  static std::string PodText(const std::string& name);
  void StartPods();
  std::size_t CountPods() const { return store_->ListAll(store::Kind::kPod).objects.size(); }
  std::uint16_t port() const { return server_->addresses()[0].port; }

  test::TempDir dir_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Server> server_;

 private:
  void PlayPods();
  std::thread pods_;
  UniqueFd pods_stop_;
};

}  // namespace caisson::api
