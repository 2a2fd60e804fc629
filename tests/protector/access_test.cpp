// Goal: every role may make exactly the calls that are meant for it. Method: the whole table, role by role.
#include "protector/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace holdfast::protector {
namespace {

using protection::Role;
using testing::HasSubstr;

struct Asked {
    const char* method;
    const char* path;
    const char* query;
};

constexpr Asked kAll[] = {
    {"POST", "/v1/attestations", ""}, {"POST", "/v1/blocks", ""},
    {"POST", "/v1/generations", ""},  {"POST", "/v1/heartbeats", ""},
    {"GET", "/v1/heartbeats", ""},    {"POST", "/v1/halts", ""},
    {"DELETE", "/v1/halts", ""},      {"POST", "/v1/validators", ""},
    {"GET", "/v1/records", ""},       {"GET", "/v1/records", "target_epoch=3"},
    {"GET", "/v1/interchange", ""},   {"GET", "/v1/records", "x=1&pubkey=0x00"},
    {"POST", "/v1/interchange", ""},  {"POST", "/v1/peers", ""},
    {"POST", "/v1/check", ""},        {"GET", "/v1/status", ""},
    {"GET", "/healthz", ""},          {"GET", "/metrics", ""},
};

const Route& route(const Asked& asked) { return *std::get<const Route*>(find_route(asked.method, asked.path, asked.query)); }

std::set<std::string> allowed(const std::string& common_name) {
    std::set<std::string> all;
    for (const Asked& asked : kAll) {
        if (!why_not(route(asked), make_client(true, common_name, "10.0.0.1:4000")).empty()) continue;
        const std::string query{asked.query};
        all.insert(std::string{asked.method} + " " + asked.path + (query.empty() ? "" : "?") + query);
    }
    return all;
}

const std::set<std::string> kForAll{"GET /v1/status", "GET /healthz", "GET /metrics"};

std::set<std::string> with(std::set<std::string> more) {
    more.insert(kForAll.begin(), kForAll.end());
    return more;
}

TEST(Access, Instance) {
    EXPECT_EQ(allowed("instance/primary"), with({"POST /v1/attestations", "POST /v1/blocks", "POST /v1/generations",
                                                 "POST /v1/heartbeats", "GET /v1/heartbeats", "POST /v1/halts",
                                                 "GET /v1/records?target_epoch=3", "GET /v1/records?x=1&pubkey=0x00"}));
}

TEST(Access, Member_ReadsAllRecords) {
    EXPECT_EQ(allowed("member/p1"),
              with({"GET /v1/records", "GET /v1/records?target_epoch=3", "GET /v1/records?x=1&pubkey=0x00", "POST /v1/peers"}));
}

TEST(Access, Operator) {
    EXPECT_EQ(allowed("operator/anna"),
              with({"POST /v1/halts", "DELETE /v1/halts", "POST /v1/validators", "GET /v1/interchange", "POST /v1/interchange",
                    "POST /v1/check", "GET /v1/records?x=1&pubkey=0x00"}));
}

TEST(Access, NoRole_OnlyWhatIsForAll) {
    for (const char* name : {"", "primary", "instance/", "root/x", "instance/a b"}) EXPECT_EQ(allowed(name), kForAll) << name;
}

TEST(Access, PlainHttp_EveryRole) {
    for (const Asked& asked : kAll) EXPECT_EQ(why_not(route(asked), make_client(false, "", "127.0.0.1:4000")), "");
}

TEST(Access, Refusal_SaysWhoAndForWhom) {
    const std::string why = why_not(route({"DELETE", "/v1/halts", ""}), make_client(true, "instance/primary", "10.0.0.1:1"));
    EXPECT_EQ(why, "instance/primary may not call DELETE /v1/halts: it is for operators");
    EXPECT_THAT(why_not(route(kAll[0]), make_client(true, "mail.example.org", "10.0.0.1:1")), HasSubstr("no role"));
}

TEST(Access, UnknownPathAndMethod) {
    EXPECT_EQ(std::get<NoRoute>(find_route("GET", "/v2", "")).status, 404);
    const auto wrong = std::get<NoRoute>(find_route("PUT", "/v1/halts", ""));
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.allowed, "POST, DELETE");
    EXPECT_EQ(std::get<NoRoute>(find_route("POST", "/v1/records", "")).allowed, "GET");
}

TEST(Access, Client_IsNamedWithItsAddress) {
    EXPECT_EQ(make_client(true, "instance/primary", "10.0.0.1:4000").text(), "instance/primary at 10.0.0.1");
    EXPECT_EQ(make_client(false, "", "[::1]:4000").text(), "[::1]");
}

}  // namespace
}  // namespace holdfast::protector
