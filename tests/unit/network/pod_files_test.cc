// SPDX-License-Identifier: Apache-2.0
#include "network/pod_network/pod_files.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace caisson::network {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

PodFilesRequest Pod() {
  PodFilesRequest request;
  request.pod_namespace = "shop";
  request.pod_name = "web-0";
  request.ips = {IpAddress::Parse("10.245.0.2").value()};
  request.node_hostname = "node-1";
  request.node_hosts = "127.0.0.1 localhost\n192.0.2.7 registry";
  request.node_resolver = ParseResolvConf(
      "nameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example.com\noptions edns0 trust-ad\n");
  return request;
}
PodFiles Make(const PodFilesRequest& request) {
  auto files = MakePodFiles(request);
  if (!files) ADD_FAILURE() << files.error().message();
  return files ? *files : PodFiles();
}

TEST(ParseResolvConf, ReadsWhatResolvConf5Describes) {
  const Resolver resolver = ParseResolvConf(
      "# comment\n; another\ndomain old.example\nsearch a.example\tb.example\n"
      "nameserver 192.0.2.1 # mine\n nameserver fd00::1\noptions ndots:2 rotate\nsortlist x\n");
  EXPECT_THAT(resolver.nameservers, ElementsAre("192.0.2.1", "fd00::1"));
  EXPECT_THAT(resolver.searches, ElementsAre("a.example", "b.example"));
  ASSERT_EQ(resolver.options.size(), 2u);
  EXPECT_EQ(resolver.options[0].second, "2");
  EXPECT_EQ(resolver.options[1].second, std::nullopt);
}

TEST(ParseResolvConf, OptionWithoutNameIsSkipped) {
  const Resolver resolver = ParseResolvConf("options : :x ndots:5\n");
  ASSERT_EQ(resolver.options.size(), 1u);
  EXPECT_EQ(resolver.options[0].first, "ndots");
}

TEST(ReadNodeResolver, LooksBehindALocalStub) {
  const TempDir dir;
  dir.Write("stub", "nameserver 127.0.0.53\n");
  dir.Write("real", "nameserver 192.0.2.53\n");
  EXPECT_THAT(ReadNodeResolver({dir / "stub", dir / "real"}).nameservers,
              ElementsAre("192.0.2.53"));
  EXPECT_THAT(ReadNodeResolver({dir / "stub", dir / "none"}).nameservers,
              ElementsAre("127.0.0.53"));
  EXPECT_EQ(ReadNodeResolver({dir / "none"}), Resolver());
}

TEST(MakePodFiles, DefaultIsTheNodesResolverWithoutItsLoopback) {
  PodFilesRequest pod = Pod();
  pod.dns_policy = DnsPolicy::kDefault;
  EXPECT_EQ(Make(pod).resolv_conf,
            "nameserver 192.0.2.53\nsearch example.com\noptions edns0 trust-ad\n");
  pod.host_network = true;
  EXPECT_THAT(Make(pod).resolv_conf, StartsWith("nameserver 127.0.0.53\n"));
}

TEST(MakePodFiles, ClusterFirstSearchesTheClusterBeforeTheNode) {
  PodFilesRequest pod = Pod();
  pod.cluster_dns = {"10.96.0.10"};
  const PodFiles files = Make(pod);
  EXPECT_EQ(files.resolv_conf,
            "nameserver 10.96.0.10\n"
            "search shop.svc.cluster.local svc.cluster.local cluster.local example.com\n"
            "options ndots:5\n");
  EXPECT_THAT(files.warnings, IsEmpty());
}

TEST(MakePodFiles, ClusterFirstOnTheHostNetworkNeedsItsOwnPolicy) {
  PodFilesRequest pod = Pod();
  pod.cluster_dns = {"10.96.0.10"};
  pod.host_network = true;
  EXPECT_THAT(Make(pod).resolv_conf, Not(HasSubstr("10.96.0.10")));
  pod.dns_policy = DnsPolicy::kClusterFirstWithHostNet;
  EXPECT_THAT(Make(pod).resolv_conf, StartsWith("nameserver 10.96.0.10\n"));
}

TEST(MakePodFiles, ClusterFirstWithoutClusterDnsIsDefaultWithAWarning) {
  const PodFiles files = Make(Pod());
  EXPECT_THAT(files.resolv_conf, StartsWith("nameserver 192.0.2.53\n"));
  EXPECT_THAT(files.warnings, ElementsAre(HasSubstr("no cluster DNS")));
}

TEST(MakePodFiles, NoneTakesOnlyWhatThePodSays) {
  PodFilesRequest pod = Pod();
  pod.dns_policy = DnsPolicy::kNone;
  pod.dns_config = {.nameservers = {"192.0.2.99"},
                    .searches = {"my.example"},
                    .options = {{"ndots", "2"}, {"edns0", std::nullopt}}};
  EXPECT_EQ(Make(pod).resolv_conf,
            "nameserver 192.0.2.99\nsearch my.example\noptions ndots:2 edns0\n");
}

TEST(MakePodFiles, NoneWithoutNameserverIsRefusedAndNamesTheField) {
  PodFilesRequest pod = Pod();
  pod.dns_policy = DnsPolicy::kNone;
  const auto files = MakePodFiles(pod);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(files.error().message(),
            "spec.dnsConfig.nameservers: dnsPolicy None needs at least one");
}

TEST(MakePodFiles, DnsConfigIsAddedOnceAndReplacesOptions) {
  PodFilesRequest pod = Pod();
  pod.cluster_dns = {"10.96.0.10"};
  pod.dns_config = {.nameservers = {"10.96.0.10", "192.0.2.99"},
                    .searches = {"cluster.local", "more.example"},
                    .options = {{"ndots", "1"}}};
  EXPECT_EQ(Make(pod).resolv_conf,
            "nameserver 10.96.0.10\nnameserver 192.0.2.99\nsearch shop.svc.cluster.local "
            "svc.cluster.local cluster.local example.com more.example\noptions ndots:1\n");
}

TEST(MakePodFiles, MoreThanThreeServersAreCutWithAWarning) {
  PodFilesRequest pod = Pod();
  pod.dns_policy = DnsPolicy::kNone;
  pod.dns_config.nameservers = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"};
  pod.dns_config.searches.assign(40, "");
  for (std::size_t i = 0; i < 40; ++i) pod.dns_config.searches[i] = StrCat("d", i, ".example");
  const PodFiles files = Make(pod);
  EXPECT_THAT(files.resolv_conf, Not(HasSubstr("192.0.2.4")));
  EXPECT_THAT(files.resolv_conf, HasSubstr("d31.example\n"));
  EXPECT_THAT(files.warnings,
              ElementsAre("resolv.conf: only the first 3 of 4 nameservers are used",
                          "resolv.conf: only the first 32 of 40 search domains are used"));
}

TEST(MakePodFiles, HostsNamesThePodByAddress) {
  EXPECT_EQ(Make(Pod()).hosts,
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"
            "::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
            "fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
            "10.245.0.2\tweb-0\n");
}

TEST(MakePodFiles, SubdomainAddsTheFqdnBeforeTheName) {
  PodFilesRequest pod = Pod();
  pod.hostname = "web";
  pod.subdomain = "front";
  EXPECT_THAT(Make(pod).hosts, HasSubstr("10.245.0.2\tweb.front.shop.svc.cluster.local\tweb\n"));
  EXPECT_EQ(Make(pod).hostname, "web");
  pod.hostname_as_fqdn = true;
  EXPECT_EQ(Make(pod).hostname, "web.front.shop.svc.cluster.local");
  EXPECT_EQ(Make(pod).hostname_file, "web.front.shop.svc.cluster.local\n");
}

TEST(MakePodFiles, FqdnLongerThanTheKernelTakesIsRefused) {
  PodFilesRequest pod = Pod();
  pod.subdomain = std::string(60, 's');
  pod.hostname_as_fqdn = true;
  const auto files = MakePodFiles(pod);
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message(), HasSubstr("is longer than 64 bytes"));
  EXPECT_THAT(files.error().message(), StartsWith("spec.setHostnameAsFQDN: "));
}

TEST(MakePodFiles, LongPodNameIsCutToALabel) {
  PodFilesRequest pod = Pod();
  pod.pod_name = std::string(62, 'a') + "-bcd";
  EXPECT_EQ(Make(pod).hostname, std::string(62, 'a'));
}

TEST(MakePodFiles, HostNetworkHasTheNodesNameAndHosts) {
  PodFilesRequest pod = Pod();
  pod.host_network = true;
  pod.ips.clear();
  pod.host_aliases = {{"192.0.2.9", {"db", "db.example"}}};
  const PodFiles files = Make(pod);
  EXPECT_EQ(files.hostname, "node-1");
  EXPECT_EQ(files.hosts,
            "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n"
            "192.0.2.7 registry\n\n# Entries added by HostAliases.\n192.0.2.9\tdb\tdb.example\n");
}

}  // namespace
}  // namespace caisson::network
