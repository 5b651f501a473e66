// SPDX-License-Identifier: Apache-2.0
#include "agent/podctl/rest_client.h"

#include <httplib.h>

#include <nlohmann/json.hpp>

#include "agent/pod_spec/document.h"

namespace caisson::podctl {

using nlohmann::json;

namespace {

constexpr const char* kTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
constexpr std::time_t kRequestSeconds = 300;             // importing a large image takes its time
constexpr std::time_t kStreamSeconds = 30L * 24 * 3600;  // a followed log may be silent for long

httplib::Headers HeadersFor(bool as_table) {
  return {{"Accept", as_table ? kTable : "application/json"}};
}

Code CodeOfHttp(int code) {
  switch (code) {
    case 403: return Code::kDenied;
    case 404: return Code::kNotFound;
    case 409: return Code::kAlreadyExists;
    case 501: return Code::kUnsupported;
    default: return code < 500 ? Code::kInvalidSpec : Code::kSystem;
  }
}

}  // namespace

class RestClient::Impl {
 public:
  Impl(std::string server, const std::string& address, bool is_unix)
      : server_(std::move(server)), client_(address) {
    if (is_unix) client_.set_address_family(AF_UNIX);
    client_.set_connection_timeout(5);
    client_.set_read_timeout(kRequestSeconds);
    client_.set_write_timeout(kRequestSeconds);
    client_.set_tcp_nodelay(true);
  }

  Result<Answer> Finish(const httplib::Result& result) const {
    if (!result) return Unreachable(result.error());
    return Answer{result->status, result->body, result->get_header_value("Warning")};
  }

  Error Unreachable(httplib::Error error) const {
    return Error(Code::kSystem, StrCat("agent at ", server_, ": ", httplib::to_string(error)))
        .Hint("start caissond, or name its address with --server");
  }

  httplib::Client& client() { return client_; }

 private:
  const std::string server_;
  httplib::Client client_;
};

RestClient::RestClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RestClient::RestClient(RestClient&&) noexcept = default;
RestClient& RestClient::operator=(RestClient&&) noexcept = default;
RestClient::~RestClient() = default;

Result<RestClient> RestClient::Open(const std::string& server) {
  if (server.starts_with("http://"))
    return RestClient(std::make_unique<Impl>(server, server, /*is_unix=*/false));
  const std::string path = server.starts_with("unix://") ? server.substr(7) : server;
  if (!path.starts_with('/'))
    return Error(Code::kInvalidSpec, StrCat("--server \"", server, "\": unknown form"))
        .Hint("write unix:///run/caisson/caissond.sock or http://127.0.0.1:10280");
  return RestClient(std::make_unique<Impl>(server, path, /*is_unix=*/true));
}

Result<Answer> RestClient::Get(const std::string& path, bool as_table) const {
  return impl_->Finish(impl_->client().Get(path, HeadersFor(as_table)));
}

Result<Answer> RestClient::Post(const std::string& path, const std::string& body,
                                const std::string& type) const {
  return impl_->Finish(impl_->client().Post(path, HeadersFor(false), body, type));
}

Result<Answer> RestClient::Patch(const std::string& path, const std::string& body,
                                 const std::string& type) const {
  return impl_->Finish(impl_->client().Patch(path, HeadersFor(false), body, type));
}

Result<Answer> RestClient::Delete(const std::string& path, const std::string& body) const {
  return impl_->Finish(impl_->client().Delete(path, HeadersFor(false), body, "application/json"));
}

Result<Answer> RestClient::Upload(const std::string& path, FdView file) const {
  Status read = Ok();
  const auto provide = [&](std::size_t, httplib::DataSink& sink) {
    std::string block(std::size_t{64} << 10, '\0');
    const ssize_t size = TEMP_FAILURE_RETRY(::read(file.get(), block.data(), block.size()));
    if (size < 0) {
      read = SysError("read", "archive");
      return false;
    }
    if (size == 0) {
      sink.done();
      return true;
    }
    return sink.write(block.data(), static_cast<std::size_t>(size));
  };
  auto answer = impl_->Finish(
      impl_->client().Post(path, HeadersFor(false), provide, "application/octet-stream"));
  CAISSON_TRY(std::move(read));
  return answer;
}

Result<Answer> RestClient::Stream(const std::string& path, bool as_table,
                                  const Piece& piece) const {
  Answer answer;
  bool stopped = false;
  impl_->client().set_read_timeout(kStreamSeconds);
  const auto result = impl_->client().Get(
      path, HeadersFor(as_table),
      [&answer](const httplib::Response& head) {
        answer.code = head.status;
        return true;
      },
      [&](const char* bytes, std::size_t size) {
        if (answer.code >= 300) {
          answer.body.append(bytes, size);
          return true;
        }
        stopped = !piece(std::string_view(bytes, size));
        return !stopped;
      });
  impl_->client().set_read_timeout(kRequestSeconds);
  if (!result && !stopped) return impl_->Unreachable(result.error());
  return answer;
}

Status CheckAnswer(const Answer& answer) {
  if (answer.code < 300) return Ok();
  const json status = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  std::string message = status.is_object() ? status.value("message", "") : "";
  if (message.empty()) message = StrCat("the agent answered with HTTP status ", answer.code);
  return Error(CodeOfHttp(answer.code), std::move(message));
}

Result<json> JsonOf(const Answer& answer) {
  CAISSON_TRY(CheckAnswer(answer));
  CAISSON_ASSIGN(pod_spec::ParsedDocument parsed, pod_spec::ParseJson(answer.body),
                 "answer of the agent");
  return std::move(*parsed.value);
}

std::string EncodeQuery(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 0x0FU]);
  }
  return out;
}

}  // namespace caisson::podctl
