// Goal: the cluster file is checked whole, and its id says who belongs together.
#include "shared/protection/cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace holdfast::protection {
namespace {

const std::string kHead = R"(name = "home"
quorum = 3
mode = "fenced"
[chain]
genesis-time = 1606824023
genesis-validators-root = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
slot-duration-ms = 12000
slots-per-epoch = 32
)";

std::string member(const std::string& name, const std::string& url) {
    return "[[member]]\nname = \"" + name + "\"\nurl = \"" + url + "\"\n";
}

std::string four() {
    return member("p1", "https://10.0.0.1:7701") + member("p2", "https://10.0.0.2:7701") +
           member("p3", "https://10.0.0.3:7701") + member("p4", "https://p4.example:7701");
}

Cluster good(const std::string& text) {
    auto parsed = parse_cluster(text, "cluster.toml");
    if (const auto* problems = std::get_if<Problems>(&parsed)) {
        for (const std::string& problem : *problems) ADD_FAILURE() << problem;
        return {};
    }
    return std::get<Cluster>(std::move(parsed));
}

Problems bad(const std::string& text) {
    const auto parsed = parse_cluster(text, "cluster.toml");
    const auto* problems = std::get_if<Problems>(&parsed);
    return problems == nullptr ? Problems{} : *problems;
}

bool says(const Problems& problems, const std::string& what) {
    return std::ranges::any_of(problems, [&](const std::string& problem) { return problem.find(what) != std::string::npos; });
}

TEST(ClusterFile, WhatItSaysIsThere) {
    const Cluster cluster = good(kHead + four());
    EXPECT_EQ(cluster.name, "home");
    EXPECT_EQ(cluster.quorum, 3U);
    EXPECT_EQ(cluster.mode, Mode::kFenced);
    EXPECT_FALSE(cluster.refuse_unknown_validators);
    EXPECT_EQ(cluster.chain.slots_per_epoch, 32U);
    ASSERT_NE(cluster.member("p4"), nullptr);
    EXPECT_EQ(cluster.member("p4")->url, "https://p4.example:7701");
    EXPECT_EQ(cluster.member("p5"), nullptr);
    EXPECT_TRUE(cluster.tls());
}

TEST(ClusterFile, RenderedAndReadAgain_TheSame) {
    const Cluster cluster = good(kHead + four());
    const Cluster again = good(render_cluster(cluster));
    EXPECT_EQ(render_cluster(again), render_cluster(cluster));
    EXPECT_EQ(again.id(), cluster.id());
}

TEST(ClusterId, DependsOnNamesQuorumModeAndChain_NotOnAddressesOrOrder) {
    const Cluster cluster = good(kHead + four());
    Cluster other = cluster;
    other.members[0].url = "https://10.9.9.9:1";
    std::ranges::reverse(other.members);
    EXPECT_EQ(other.id(), cluster.id());
    other.members[0].name = "p9";
    EXPECT_NE(other.id(), cluster.id());
    other = cluster;
    other.quorum = 4;
    EXPECT_NE(other.id(), cluster.id());
    other = cluster;
    other.mode = Mode::kShared;
    EXPECT_NE(other.id(), cluster.id());
    other = cluster;
    other.chain.genesis_validators_root = Root{};
    EXPECT_NE(other.id(), cluster.id());
}

TEST(ClusterFile, EveryProblemAtOnce) {
    const Problems problems = bad(R"(name = "home"
quorum = 1
mod = "fenced"
[chain]
genesis-time = -1
genesis-validators-root = "0x12"
slot-duration-ms = 12000
)" + member("p1", "http://10.0.0.1:7701") +
                                  member("p1", "https://10.0.0.2:7701/x"));
    for (const char* what : {"mod: there is no such setting", "genesis-time: expected a number",
                             "genesis-validators-root: expected", "slots-per-epoch: expected", "plain HTTP",
                             "must be only scheme", "two members are called 'p1'", "a quorum of 1 of 2 protectors is unsafe"}) {
        EXPECT_TRUE(says(problems, what)) << what;
    }
}

TEST(ClusterFile, PlainHttpOnlyOnLoopback_AndNotMixed) {
    EXPECT_TRUE(says(bad(kHead + member("p1", "http://192.168.1.1:1") + member("p2", "https://a:1")), "loopback only"));
    EXPECT_TRUE(says(bad(kHead + member("p1", "http://127.0.0.1:1") + member("p2", "https://a:1")), "either all members"));
    EXPECT_TRUE(says(bad(kHead + member("p1", "http://127.0.0.1.evil.example:1")), "loopback only"));
    good(R"(name = "laptop"
quorum = 1
)" + kHead.substr(kHead.find("[chain]")) +
         member("p1", "http://[::1]:7701"));
}

TEST(ClusterFile, NotToml_OneSentenceWithTheLine) {
    const Problems problems = bad("name = \"home\"\nquorum = = 3\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_TRUE(problems[0].starts_with("cluster.toml line 2: ")) << problems[0];
}

TEST(ClusterChange, OldAndNewQuorumsMustShareAMember) {
    const Cluster from = good(kHead + four());
    Cluster to = from;
    to.members.push_back({"p5", "https://10.0.0.5:7701"});
    EXPECT_TRUE(check_cluster_change(from, to));  // 3 + 3 > 5
    to.members.push_back({"p6", "https://10.0.0.6:7701"});
    EXPECT_FALSE(check_cluster_change(from, to));  // 3 + 3 = 6
    to.quorum = 4;
    EXPECT_TRUE(check_cluster_change(from, to));
    to.chain.genesis_validators_root = Root{};
    EXPECT_FALSE(check_cluster_change(from, to));
}

TEST(CommonName, RoleAndName) {
    EXPECT_EQ(parse_common_name("instance/primary").role, Role::kInstance);
    EXPECT_EQ(parse_common_name("member/p1").name, "p1");
    EXPECT_EQ(parse_common_name("operator/anna").role, Role::kOperator);
    for (const char* wrong : {"", "primary", "instance/", "instance/a b", "Instance/a", "member/p1/x", "root/p1"}) {
        EXPECT_EQ(parse_common_name(wrong).role, Role::kNone) << wrong;
    }
    EXPECT_EQ(common_name(Role::kMember, "p1"), "member/p1");
}

}  // namespace
}  // namespace holdfast::protection
