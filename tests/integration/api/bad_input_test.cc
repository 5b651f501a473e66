// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/api/fixture.h"

namespace caisson::api {
namespace {

using testing::HasSubstr;

constexpr const char* kPods = "/api/v1/namespaces/default/pods";

class BadInput : public ApiTest {
 protected:
  // A Status with this code whose message holds `sentence`, and nothing created.
  void ExpectRefused(const HttpAnswer& answer, int code, const std::string& sentence) const {
    EXPECT_EQ(answer.code, code) << answer.body;
    const auto status = answer.Json();
    ASSERT_TRUE(status.is_object()) << answer.body;
    EXPECT_EQ(status.value("kind", ""), "Status");
    EXPECT_EQ(status.value("status", ""), "Failure");
    EXPECT_EQ(status.value("code", 0), code);
    EXPECT_THAT(status.value("message", ""), HasSubstr(sentence));
    EXPECT_EQ(CountPods(), 0U);
  }
};

TEST_F(BadInput, MalformedJsonIsRefusedWithItsPlace) {
  ExpectRefused(Call("POST", kPods, "{\"kind\":\"Pod\","), 400,
                "malformed JSON at line 1, column 15");
}

TEST_F(BadInput, MalformedYamlIsRefusedWithItsPlace) {
  ExpectRefused(Call("POST", kPods, "a: [1\nb: 2", "application/yaml"), 400,
                "malformed YAML at line");
}

TEST_F(BadInput, AnEmptyBodyIsRefused) {
  ExpectRefused(Call("POST", kPods), 400, "request body: it is empty");
}

TEST_F(BadInput, UnknownFieldsAreRefusedWhenStrict) {
  const std::string body =
      R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"foo":1,"containers":[{"name":"a","image":"i","bar":2}]}})";
  ExpectRefused(Call("POST", StrCat(kPods, "?fieldValidation=Strict"), body), 400,
                "strict decoding error: unknown field \"spec.containers[0].bar\", unknown field "
                "\"spec.foo\"");
}

TEST_F(BadInput, UnknownFieldsWarnOrPassWhenAskedTo) {
  const std::string body =
      R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"foo":1,"containers":[{"name":"a","image":"i"}]}})";
  const HttpAnswer warned = Call("POST", StrCat(kPods, "?fieldValidation=Warn&dryRun=All"), body);
  const HttpAnswer ignored =
      Call("POST", StrCat(kPods, "?fieldValidation=Ignore&dryRun=All"), body);

  EXPECT_EQ(warned.code, 201);
  EXPECT_THAT(warned.head, HasSubstr("Warning: 299 - \"unknown field \\\"spec.foo\\\"\""));
  EXPECT_EQ(ignored.code, 201);
  EXPECT_THAT(ignored.head, testing::Not(HasSubstr("Warning:")));
}

TEST_F(BadInput, WhatTheAgentDoesNotDoIsToldOrRefused) {
  const std::string probed =
      R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"i","readinessProbe":{"exec":{"command":["true"]}}}]}})";
  const HttpAnswer warned = Call("POST", StrCat(kPods, "?dryRun=All"), probed);
  EXPECT_EQ(warned.code, 201);
  EXPECT_THAT(warned.head, HasSubstr("Warning: 299 - \"spec.containers[0].readinessProbe: has no "
                                     "effect here: probes are not run\""));
  ExpectRefused(
      Call(
          "POST", kPods,
          R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"hostUsers":false,"containers":[{"name":"a","image":"i"}]}})"),
      422, "spec.hostUsers: Forbidden: this agent gives pods no user namespace of their own");
}

TEST_F(BadInput, UnknownPathsAnswerWithDetails) {
  // kubectl's debug reads details.kind of a 404 without asking whether there are details.
  const HttpAnswer answer = Call("GET", StrCat(kPods, "/x/nothing"));
  EXPECT_EQ(answer.code, 404);
  EXPECT_TRUE(answer.Json()["details"].is_object());
}

TEST_F(BadInput, WrongTypesNameTheField) {
  ExpectRefused(
      Call("POST", kPods, R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"containers":"a"}})"),
      400, "spec.containers: expected a list, got a string");
  ExpectRefused(Call("POST", kPods, R"([])"), 400, "expected an object of kind Pod");
  ExpectRefused(Call("POST", kPods, R"({"kind":"Deployment","metadata":{"name":"x"}})"), 400,
                "the object provided is unrecognized (must be of type Pod)");
}

TEST_F(BadInput, NamesThatBreakDns1123NameTheField) {
  const HttpAnswer answer = Call("POST", kPods, PodText("Web_1"));
  ExpectRefused(answer, 422, "Pod \"Web_1\" is invalid: metadata.name: Invalid value: \"Web_1\"");
  EXPECT_EQ(answer.Json()["details"]["causes"][0]["field"], "metadata.name");
  EXPECT_EQ(answer.Json()["details"]["causes"][0]["reason"], "FieldValueInvalid");
}

TEST_F(BadInput, ATenMegabyteBodyIsRefusedAndToldSo) {
  const std::string large(std::size_t{10} << 20, 'x');
  ExpectRefused(Call("POST", kPods, "\"" + large + "\""), 413,
                "request body: it is too large: limit is 3145728 bytes");
}

TEST_F(BadInput, ATenMegabyteChunkedBodyIsRefusedAndToldSo) {
  std::string body;
  const std::string piece(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 10; ++i) body += "100000\r\n" + piece + "\r\n";
  const HttpAnswer answer = SendRaw(
      port(),
      StrCat(
          "POST ", kPods,
          " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
          body, "0\r\n\r\n"));
  ExpectRefused(answer, 413, "it is too large");
}

TEST_F(BadInput, PathTraversalInNamesIsRefused) {
  const std::string one =
      R"({"kind":"Pod","metadata":{"name":"../../etc/x"},"spec":{"containers":[{"name":"a","image":"i"}]}})";
  ExpectRefused(Call("POST", kPods, one), 422, "metadata.name: Invalid value: \"../../etc/x\"");
  for (const char* name : {"..%2f..%2fetc", "%2e%2e", "..", "a%2Fb", "%2e%2e%2fpasswd", "."}) {
    SCOPED_TRACE(name);
    ExpectRefused(Call("GET", StrCat(kPods, "/", name)), 400, "metadata.name: Invalid value:");
    ExpectRefused(Call("DELETE", StrCat(kPods, "/", name)), 400, "metadata.name: Invalid value:");
  }
  ExpectRefused(Call("POST", "/api/v1/namespaces/..%2fx/pods", PodText("x")), 400,
                "metadata.namespace: Invalid value: \"../x\"");
}

TEST_F(BadInput, AnUnknownNamespaceOfTheUrlIsNamed) {
  ExpectRefused(Call("POST", "/api/v1/namespaces/nowhere/pods", PodText("x")), 404,
                "namespaces \"nowhere\" not found");
}

TEST_F(BadInput, ANamespaceThatDiffersFromTheUrlIsRefused) {
  ExpectRefused(
      Call(
          "POST", kPods,
          R"({"kind":"Pod","metadata":{"name":"x","namespace":"other"},"spec":{"containers":[{"name":"a","image":"i"}]}})"),
      400, "metadata.namespace: the namespace of the provided object does not match");
}

TEST_F(BadInput, AnotherNodesPodIsRefused) {
  ExpectRefused(
      Call(
          "POST", kPods,
          R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"nodeName":"else","containers":[{"name":"a","image":"i"}]}})"),
      422, "spec.nodeName: Invalid value: \"else\": this agent runs pods of node \"node-1\" only");
}

TEST_F(BadInput, UnknownPathsMethodsAndTypesAreTold) {
  ExpectRefused(Call("GET", "/nope"), 404, "could not find the requested resource");
  ExpectRefused(Call("POST", "/version"), 405, "does not allow this method");
  ExpectRefused(Call("POST", kPods, "x", "text/csv"), 415, "unknown format \"text/csv\"");
  ExpectRefused(Call("POST", kPods, "x", "multipart/form-data; boundary=x"), 415, "unknown format");
  ExpectRefused(Call("POST", kPods, "k8s", "application/vnd.kubernetes.protobuf"), 415,
                "broken protobuf");
  ExpectRefused(Call("GET", StrCat(kPods, "?labelSelector=a%20in%20b")), 400,
                "labelSelector: unable to parse requirement");
  ExpectRefused(Call("GET", StrCat(kPods, "?fieldSelector=spec.foo%3D1")), 400,
                "fieldSelector: field label not supported: spec.foo");
  ExpectRefused(Call("GET", StrCat(kPods, "?watch=1&resourceVersion=x")), 400,
                "resourceVersion: Invalid value: \"x\"");
  ExpectRefused(Call("GET", StrCat(kPods, "?watch=1&resourceVersion=5")), 410,
                "too old resource version: 5");
}

TEST_F(BadInput, BrokenHttpGetsAnAnswerAndTheServerLivesOn) {
  for (const std::string& bytes :
       {std::string("GARBAGE\r\n\r\n"),
        std::string("GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
        "GET /" + std::string(20000, 'a') +
            " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"}) {
    const HttpAnswer answer = SendRaw(port(), bytes);
    EXPECT_GE(answer.code, 400) << bytes.substr(0, 20);
    EXPECT_LT(answer.code, 500);
    EXPECT_EQ(answer.Json().value("kind", ""), "Status") << answer.body;
  }
  EXPECT_EQ(Call("GET", "/healthz").code, 200);
}

TEST_F(BadInput, WebPagesAreRefused) {
  const HttpAnswer rebound = SendRaw(
      port(),
      StrCat("GET ", kPods, " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
  ExpectRefused(rebound, 403, "the Host header names another host");
  const std::string body = PodText("x");
  const HttpAnswer crossed =
      SendRaw(port(), StrCat("POST ", kPods,
                             " HTTP/1.1\r\nHost: localhost\r\nOrigin: "
                             "http://evil.example\r\nConnection: close\r\nContent-Length: ",
                             body.size(), "\r\n\r\n", body));
  ExpectRefused(crossed, 403, "the Origin header names another host");
}

}  // namespace
}  // namespace caisson::api
