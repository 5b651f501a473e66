// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <functional>

#include "agent/podctl/commands.h"

namespace caisson::podctl {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNotFound = 3;
constexpr int kUnreachable = 4;

constexpr const char* kFooter =
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 agent not reached.\n"
    "The agent's address may also stand in CAISSON_SERVER.";

using Run = std::function<Status(const RestClient&)>;

// What all subcommands fill in; lives as long as the parse and the run.
struct Invocation {
  std::string server = kDefaultServer;
  std::string ns;
  std::vector<std::string> target;  // RESOURCE NAME...
  GetOptions get;
  ApplyOptions apply;
  DeleteOptions remove;
  DescribeOptions describe;
  LogsOptions logs;
  ImageImportOptions import;
  std::string image_output;
  std::vector<std::string> images;
  bool client_only = false;
  bool force = false;
  Run run;

  std::string NamespaceOr(const char* fallback) const { return ns.empty() ? fallback : ns; }
};

// "pods a b", "pods/a", "a" (a pod) as resource and names.
void TakeTarget(const std::vector<std::string>& words, bool one_word_is_resource,
                std::string& resource, std::vector<std::string>& names) {
  if (words.empty()) return;
  const auto slash = words.front().find('/');
  if (slash != std::string::npos) {
    resource = words.front().substr(0, slash);
    names = {words.front().substr(slash + 1)};
    return;
  }
  if (words.size() == 1 && !one_word_is_resource) {
    names = words;
    return;
  }
  resource = words.front();
  names.assign(words.begin() + 1, words.end());
}

void AddGet(CLI::App& app, Invocation& in) {
  CLI::App* get = app.add_subcommand("get", "List objects: get pods [NAME...]");
  get->add_option("TARGET", in.target, "Kind and names: pods web, pods/web, events, nodes")
      ->required();
  get->add_flag("-A,--all-namespaces", in.get.all_namespaces, "Of all namespaces");
  get->add_option("-o,--output", in.get.output, "wide, json, yaml or name")
      ->check(CLI::IsMember({"wide", "json", "yaml", "name"}));
  get->add_option("-l,--selector", in.get.labels, "Label selector: a=b,c!=d");
  get->add_option("--field-selector", in.get.fields, "Field selector: status.phase=Running");
  get->add_flag("-w,--watch", in.get.watch, "Go on with changes as they come");
  get->callback([&in] {
    TakeTarget(in.target, true, in.get.resource, in.get.names);
    in.get.ns = in.NamespaceOr("default");
    in.run = [&in](const RestClient& client) { return Get(client, in.get); };
  });
}

void AddApply(CLI::App& app, Invocation& in) {
  CLI::App* apply = app.add_subcommand("apply", "Create objects from manifests, or change them");
  apply->add_option("-f,--filename", in.apply.files, "YAML or JSON file, or - for standard input")
      ->required();
  apply->add_flag("--dry-run", in.apply.dry_run, "Check only, store nothing");
  apply->callback([&in] {
    in.apply.ns = in.ns;
    in.run = [&in](const RestClient& client) { return Apply(client, in.apply); };
  });
}

void AddDelete(CLI::App& app, Invocation& in) {
  CLI::App* remove = app.add_subcommand("delete", "Delete objects: delete pod NAME...");
  remove->add_option("TARGET", in.target, "Kind and names: pod web, pods/web, or a pod's name");
  remove->add_option("-f,--filename", in.remove.files, "Delete what a manifest names");
  remove->add_option("--grace-period", in.remove.grace_seconds, "Seconds between TERM and KILL")
      ->check(CLI::NonNegativeNumber);
  remove->add_flag("--force", in.force, "Kill at once: --grace-period 0");
  remove->add_flag("--wait,!--no-wait", in.remove.wait, "Wait until they are gone (default)");
  remove->add_flag("--ignore-not-found", in.remove.ignore_not_found,
                   "What is not there is success");
  remove->callback([&in] {
    TakeTarget(in.target, false, in.remove.resource, in.remove.names);
    if (in.remove.names.empty() == in.remove.files.empty())
      throw CLI::ValidationError("delete", "give names or --filename, one of them");
    in.remove.ns = in.NamespaceOr("default");
    if (in.force) in.remove.grace_seconds = 0;
    in.run = [&in](const RestClient& client) { return Delete(client, in.remove); };
  });
}

void AddDescribe(CLI::App& app, Invocation& in) {
  CLI::App* describe = app.add_subcommand("describe", "Show one object with its events");
  describe->add_option("TARGET", in.target, "Kind and name: pod web, or a pod's name")
      ->required()
      ->expected(1, 2);
  describe->callback([&in] {
    std::vector<std::string> names;
    TakeTarget(in.target, false, in.describe.resource, names);
    in.describe.name = names.empty() ? "" : names.front();
    in.describe.ns = in.NamespaceOr("default");
    in.run = [&in](const RestClient& client) { return Describe(client, in.describe); };
  });
}

void AddLogs(CLI::App& app, Invocation& in) {
  CLI::App* logs = app.add_subcommand("logs", "Print a container's log");
  logs->add_option("POD", in.logs.pod, "The pod's name")->required();
  logs->add_option("CONTAINER,-c,--container", in.logs.container,
                   "The container, if there are several");
  logs->add_flag("-f,--follow", in.logs.follow, "Go on until the container ends");
  logs->add_flag("-p,--previous", in.logs.previous, "Of the run before the last restart");
  logs->add_flag("--timestamps", in.logs.timestamps, "Begin each line with its time");
  logs->add_option("--tail", in.logs.tail, "The last lines only")->check(CLI::NonNegativeNumber);
  logs->add_option("--since-seconds", in.logs.since_seconds, "Not older than this")
      ->check(CLI::PositiveNumber);
  logs->callback([&in] {
    if (in.logs.pod.starts_with("pod/")) in.logs.pod.erase(0, 4);
    in.logs.ns = in.NamespaceOr("default");
    in.run = [&in](const RestClient& client) { return Logs(client, in.logs); };
  });
}

void AddImage(CLI::App& app, Invocation& in) {
  CLI::App* image = app.add_subcommand("image", "Images on the agent's host");
  image->require_subcommand(1);
  CLI::App* import =
      image->add_subcommand("import", "Import a docker or OCI archive, or an OCI layout");
  import
      ->add_option("SOURCE", in.import.source, "Archive, layout directory, or - for standard input")
      ->required();
  import->add_option("--name", in.import.name, "Name it so, whatever the archive says");
  import->callback([&in] {
    in.run = [&in](const RestClient& client) { return ImageImport(client, in.import);
};
}  // namespace
);
CLI::App* list = image->add_subcommand("list", "List images")->alias("ls");
list->add_option("-o,--output", in.image_output, "json or yaml")
    ->check(CLI::IsMember({"json", "yaml"}));
list->callback([&in] {
  in.run = [&in](const RestClient& client) { return ImageList(client, in.image_output); };
});
CLI::App* remove = image->add_subcommand("rm", "Remove images")->alias("remove");
remove->add_option("REFERENCE", in.images, "Names, ids or digests")->required();
remove->callback([&in] {
  in.run = [&in](const RestClient& client) { return ImageRemove(client, in.images); };
});
}  // namespace caisson::podctl

int ExitCode(const Error& error) {
  if (error.code() == Code::kNotFound) return kNotFound;
  return error.code() == Code::kSystem && !error.hint().empty() ? kUnreachable : kFailed;
}

int Main(int argc, char** argv) {
  CLI::App app("podctl: pods on this host, through their agent", "podctl");
  Invocation in;
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.add_option("-s,--server", in.server, "Agent: unix:///PATH or http://127.0.0.1:PORT")
      ->envname("CAISSON_SERVER")
      ->capture_default_str();
  app.add_option("-n,--namespace", in.ns, "Namespace (default: default)");
  AddGet(app, in);
  AddApply(app, in);
  AddDescribe(app, in);
  AddLogs(app, in);
  AddDelete(app, in);
  AddImage(app, in);
  CLI::App* version = app.add_subcommand("version", "Print versions of podctl and the agent");
  version->add_flag("--client", in.client_only, "Of podctl only");
  version->callback([&in] {
    in.run = [&in](const RestClient& client) { return Version(client, in.client_only); };
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  // A closed pipe ends the command by its write's error, not by a signal in mid-request.
  (void)std::signal(SIGPIPE, SIG_IGN);
  const auto client = RestClient::Open(in.server);
  const Status done = client ? in.run(*client) : Status(client.error());
  if (done || done.error().sys_errno() == EPIPE) return 0;
  (void)std::fprintf(stderr, "podctl: %s\n", done.error().ToString().c_str());
  return ExitCode(done.error());
}

}  // namespace
}  // namespace caisson::podctl

int main(int argc, char** argv) {
  try {
    return caisson::podctl::Main(argc, argv);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "podctl: internal error: %s\n", error.what());
    return 1;
  }
}
