// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/api/fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace caisson::api {
namespace {

std::string JoinChunks(std::string_view text) {
  std::string out;
  for (;;) {
    const auto end = text.find("\r\n");
    if (end == text.npos) return out;
    const std::size_t size = std::stoul(std::string(text.substr(0, end)), nullptr, 16);
    if (size == 0 || text.size() < end + 2 + size) return out;
    out += text.substr(end + 2, size);
    text.remove_prefix(end + 2 + size + 2);
  }
}

}  // namespace

namespace {

UniqueFd SendBytes(std::uint16_t port, const std::string& bytes) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) < 0)
    ADD_FAILURE() << SysError("connect", "127.0.0.1").message();
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t part =
        ::send(socket.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (part <= 0) break;
    sent += static_cast<std::size_t>(part);
  }
  return socket;
}

}  // namespace

UniqueFd ApiTest::OpenStream(const std::string& target) const {
  UniqueFd socket =
      SendBytes(port(), StrCat("GET ", target, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
  std::string text;
  char byte = 0;
  while (text.find("ADDED") == std::string::npos && ::recv(socket.get(), &byte, 1, 0) == 1)
    text.push_back(byte);
  return socket;
}

bool ApiTest::ClosesSoon(FdView socket) {
  const Deadline deadline = Deadline::After(std::chrono::seconds(20));
  char block[4096];
  for (;;) {
    pollfd waiting{socket.get(), POLLIN, 0};
    if (::poll(&waiting, 1, deadline.PollTimeoutMs()) <= 0) return false;
    if (::recv(socket.get(), block, sizeof block, 0) <= 0) return true;
  }
}

HttpAnswer SendRaw(std::uint16_t port, const std::string& bytes) {
  const UniqueFd socket = SendBytes(port, bytes);
  std::string text;
  const Deadline deadline = Deadline::After(std::chrono::seconds(20));
  char block[65536];
  for (;;) {
    pollfd waiting{socket.get(), POLLIN, 0};
    if (::poll(&waiting, 1, deadline.PollTimeoutMs()) <= 0) break;
    const ssize_t got = ::recv(socket.get(), block, sizeof block, 0);
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  HttpAnswer answer;
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos) return answer;
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  answer.code = std::stoi(answer.head.substr(9, 3));
  if (answer.head.find("chunked") != std::string::npos) answer.body = JoinChunks(answer.body);
  return answer;
}

ApiTest::ApiTest() : pods_stop_(::eventfd(0, EFD_CLOEXEC)) {
  store_ = *store::Store::Open(dir_ / "data");
  Services services{.store = *store_, .node_name = "node-1", .node_ip = "192.0.2.1"};
  services.log_dir = dir_ / "logs";
  services.upload_dir = dir_ / "uploads";
  services.metrics = [](const std::string& path, const std::string&) {
    return MetricsPage{"text/plain; version=0.0.4", "# path " + path + "\n"};
  };
  auto server = Server::Start(services, {*ParseListenAddress("127.0.0.1:0"),
                                         *ParseListenAddress("unix://" + (dir_ / "api.sock"))});
  if (!server) {
    ADD_FAILURE() << server.error().message();
    return;
  }
  server_ = *std::move(server);
}

ApiTest::~ApiTest() {
  const std::uint64_t one = 1;
  (void)!::write(pods_stop_.get(), &one, sizeof one);
  if (pods_.joinable()) pods_.join();
  server_.reset();
}

void ApiTest::StartPods() {
  pods_ = std::thread([this] { PlayPods(); });
}

void ApiTest::PlayPods() {
  auto snapshot = store_->ListAndSubscribe(store::Kind::kPod);
  ASSERT_TRUE(snapshot);
  for (;;) {
    const auto changes = snapshot->changes->Take();
    ASSERT_TRUE(changes);
    for (const store::Change& change : *changes) {
      const store::Object& pod = change.object;
      if (change.type == store::ChangeType::kDeleted) continue;
      if (pod.pod->metadata.deletion_timestamp) {
        ASSERT_TRUE(store_->Remove(pod.key, pod.uid));
        continue;
      }
      if (change.type != store::ChangeType::kAdded) continue;
      pod_spec::PodStatus status;
      status.phase = pod_spec::PodPhase::kRunning;
      status.pod_ips = {"10.88.0.2"};
      status.conditions = {{"Ready", "True", pod_spec::NowTime(), "", ""}};
      for (const pod_spec::Container& container : pod.pod->spec.containers) {
        pod_spec::ContainerStatus one;
        one.name = container.name;
        one.image = container.image;
        one.ready = true;
        one.state = pod_spec::StateRunning{pod_spec::NowTime()};
        status.container_statuses.push_back(one);
      }
      (void)store_->UpdateStatus(pod.key.ns, pod.key.name, pod.uid, status);
      store_->RecordEvent({.ns = pod.key.ns,
                           .involved_name = pod.key.name,
                           .involved_uid = pod.uid,
                           .reason = "Started",
                           .message = "Started container"});
    }
    pollfd fds[] = {{snapshot->changes->fd().get(), POLLIN, 0}, {pods_stop_.get(), POLLIN, 0}};
    (void)::poll(fds, 2, -1);
    if (fds[1].revents != 0) return;
  }
}

HttpAnswer ApiTest::Call(const std::string& method, const std::string& target,
                         const std::string& body, const std::string& type) const {
  return SendRaw(
      port(), StrCat(method, " ", target, " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n",
                     "Accept: application/json\r\nContent-Type: ", type,
                     "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
}

std::string ApiTest::PodText(const std::string& name) {
  return StrCat(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")", name,
                R"("},"spec":{"containers":[{"name":"a","image":"busybox:1"}]}})");
}

}  // namespace caisson::api
