// SPDX-License-Identifier: Apache-2.0
#include "agent/api/http_engine.h"

#include <httplib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

#include "agent/api/body.h"
#include "agent/api/listen.h"
#include "agent/api/socket_stream.h"
#include "runtime/base/log.h"

namespace caisson::api {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// A chunked answer. httplib's sink writes each piece as a chunk of its own, at once.
class ChunkStream : public ReplyStream {
 public:
  ChunkStream(httplib::DataSink& sink, int client_fd, int stop_fd)
      : sink_(sink), client_fd_(client_fd), stop_fd_(stop_fd) {}
  bool Write(std::string_view piece) override { return sink_.write(piece.data(), piece.size()); }
  int client_fd() const override { return client_fd_; }
  int stop_fd() const override { return stop_fd_; }

 private:
  httplib::DataSink& sink_;
  int client_fd_;
  int stop_fd_;
};

// What httplib's handlers are not told and cannot say: the socket of the request that this thread
// serves, and that what came on it was no request, so that nothing after it can be trusted either.
thread_local int current_socket = -1;
thread_local bool broken_request = false;

}  // namespace

class HttpEngine::Impl : public httplib::Server {
 public:
  Impl(const Router& router, const Services& services, int stop_fd)
      : router_(router), services_(services), stop_fd_(stop_fd) {
    svr_sock_ = stop_fd;  // "still listening": -1 would end every answer
    payload_max_length_ = static_cast<std::size_t>(-1);  // the limits are per route, below
    const auto with_body = [this](const httplib::Request& from, httplib::Response& to,
                                  const httplib::ContentReader& read) { Handle(from, to, &read); };
    // Every request is routed to "/": the target is matched by our own router.
    Get("/",
        [this](const httplib::Request& from, httplib::Response& to) { Handle(from, to, nullptr); });
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
    Options("/", [this](const httplib::Request&, httplib::Response& to) {
      Fill(to, StatusReply({405, "MethodNotAllowed",
                            "the server does not allow this method on the requested resource"}));
    });
    set_exception_handler(
        [this](const httplib::Request&, httplib::Response& to, const std::exception_ptr&) {
          Log(LogLevel::kError, "internal error: an exception reached the HTTP server");
          Fill(to, StatusReply({500, "InternalError",
                                "internal error: an exception reached the HTTP server"}));
        });
    // httplib's own refusals: a broken request line, a target that is too long.
    set_error_handler([this](const httplib::Request&, httplib::Response& to) {
      if (!to.body.empty() || to.status < 400) return;
      broken_request = true;
      const char* what =
          to.status == 414 ? "the request target is too long" : "the request is not valid HTTP";
      Fill(to, StatusReply({to.status, "", what}));
    });
  }

  void Serve(UniqueFd socket, bool is_tcp) {
    const int on = 1;
    const timeval send_limit{60, 0};
    if (is_tcp) (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &send_limit, sizeof send_limit);
    current_socket = socket.get();
    broken_request = false;
    SocketStream stream(std::move(socket), stop_fd_);
    bool closed = false;
    while (!closed && stream.WaitForRequest()) {
      const bool kept =
          process_request(stream, /*close_connection=*/false, closed,
                          [is_tcp](httplib::Request& request) { Prepare(request, is_tcp); });
      if (!kept || broken_request) break;
    }
  }

 private:
  // Runs between reading the head of a request and routing it.
  static void Prepare(httplib::Request& request, bool is_tcp) {
    // Compression holds back the events of a watch until its buffer is full.
    request.headers.erase("Accept-Encoding");
    request.headers.erase("Range");
    const bool has_length =
        request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
    // Without either, httplib would read until the client closes.
    if (!has_length) request.headers.emplace("Content-Length", "0");
    // httplib takes these apart before a handler sees them; no route wants that.
    if (request.get_header_value("Content-Type").find("multipart/") == 0) {
      request.headers.erase("Content-Type");
      request.headers.emplace("Content-Type", "application/x-multipart-not-supported");
    }
    request.path = "/";
    request.headers.erase("X-Caisson-Refused");
    if (is_tcp && !IsLoopbackHost(request.get_header_value("Host")))
      request.headers.emplace("X-Caisson-Refused", "Host");
    else if (request.has_header("Origin") &&
             (!is_tcp || !IsLoopbackHost(request.get_header_value("Origin")) || !SameHost(request)))
      request.headers.emplace("X-Caisson-Refused", "Origin");
  }

  static bool SameHost(const httplib::Request& request) {
    return request.get_header_value("Origin") == "http://" + request.get_header_value("Host");
  }

  void Handle(const httplib::Request& from, httplib::Response& to,
              const httplib::ContentReader* read) {
    const auto start = std::chrono::steady_clock::now();
    Request request;
    Reply reply = Answer(from, read, request);
    if (services_.observe != nullptr) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      const bool core = request.path.size() > 2 && request.path[0] == "api";
      const std::size_t place =
          core && request.path[2] == "namespaces" && request.path.size() > 4 ? 4 : 2;
      services_.observe(from.method, core ? request.path[place] : "", reply.code, took.count());
    }
    Fill(to, std::move(reply));
  }

  Reply Answer(const httplib::Request& from, const httplib::ContentReader* read, Request& request) {
    if (const std::string header = from.get_header_value("X-Caisson-Refused"); !header.empty())
      return StatusReply({403, "Forbidden",
                          StrCat("the ", header,
                                 " header names another host than this one: requests on "
                                 "behalf of web pages are refused")});
    auto target = ParseTarget(from.target);
    if (!target) return ErrorReply(target.error());
    request.method = from.method;
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    for (const auto& [name, value] : from.headers) request.headers[Lower(name)] = value;
    if (read != nullptr) {
      if (router_.StreamsBody(request)) {
        request.read_body = [read](const Request::Receiver& receive) {
          return (*read)([&receive](const char* bytes, std::size_t size) {
            return receive(std::string_view(bytes, size));
          });
        };
      } else if (auto refusal = ReadWhole(*read, request)) {
        return StatusReply(*refusal);
      }
    }
    return router_.Handle(request);
  }

  // A body that is too large is read on, within reason, and dropped: a client that is still writing
  // when the connection closes would see a reset in place of the answer.
  static std::optional<pod_spec::ApiStatus> ReadWhole(const httplib::ContentReader& read,
                                                      Request& request) {
    constexpr std::size_t kMaxDropped = std::size_t{64} << 20;
    std::size_t bytes = 0;
    const bool whole = read([&](const char* piece, std::size_t size) {
      bytes += size;
      if (bytes <= kMaxBodyBytes) request.body.append(piece, size);
      return bytes <= kMaxDropped;
    });
    if (bytes > kMaxBodyBytes)
      return pod_spec::ApiStatus{
          413, "RequestEntityTooLarge",
          StrCat("request body: it is too large: limit is ", kMaxBodyBytes, " bytes")};
    if (!whole)
      return pod_spec::BadRequestStatus("request body: it ended early or could not be decoded");
    return std::nullopt;
  }

  void Fill(httplib::Response& to, Reply reply) const {
    to.status = reply.code;
    for (const auto& [name, value] : reply.headers) to.headers.emplace(name, value);
    to.set_header("Cache-Control", "no-cache, private");
    to.set_header("X-Content-Type-Options", "nosniff");
    if (reply.stream == nullptr) {
      to.set_content(reply.body, reply.content_type);
      return;
    }
    to.set_chunked_content_provider(reply.content_type,
                                    [stream = std::move(reply.stream), fd = current_socket,
                                     stop = stop_fd_](std::size_t, httplib::DataSink& sink) {
                                      ChunkStream chunks(sink, fd, stop);
                                      stream(chunks);
                                      sink.done();
                                      return true;
                                    });
  }

  const Router& router_;
  const Services& services_;
  const int stop_fd_;
};

HttpEngine::HttpEngine(const Router& router, const Services& services, int stop_fd)
    : impl_(std::make_unique<Impl>(router, services, stop_fd)) {}
HttpEngine::~HttpEngine() = default;

void HttpEngine::Serve(UniqueFd socket, bool is_tcp) { impl_->Serve(std::move(socket), is_tcp); }

}  // namespace caisson::api
