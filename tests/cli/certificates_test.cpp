// Goal: what the CA signs says whose it is and until when, and is told from another CA's. (How OpenSSL and TLS judge it:
// cluster_test.py, protection_test.py.)
#include "cli/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::cli {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::SizeIs;

constexpr WallTime kNow{hours{24 * 20'000}};

Credential authority(const std::string& name = "CA test") { return make_authority(name, kNow, 3650).value(); }

TEST(Certificates, SayWhoseTheyAreAndWhenTheyEnd) {
    const Credential made = issue(authority(), {"member/p1", "10.0.0.1"}, kNow, 825).value();
    const auto facts = read_certificates(made.certificate).value();
    ASSERT_THAT(facts, SizeIs(1));
    EXPECT_EQ(facts[0].common_name, "member/p1");
    EXPECT_EQ(facts[0].ends, kNow + hours{24 * 825});
    EXPECT_THAT(made.key, HasSubstr("PRIVATE KEY"));
}

TEST(Certificates, AreToldFromAnotherAuthoritys) {
    const Credential ours = authority();
    const Credential other = authority();
    const Credential made = issue(ours, {"operator/anna", ""}, kNow, 1).value();
    EXPECT_TRUE(is_signed_by(made.certificate, ours.certificate).value());
    EXPECT_FALSE(is_signed_by(made.certificate, other.certificate).value());
}

TEST(Certificates, EachHasAKeyOfItsOwn) {
    const Credential ours = authority();
    EXPECT_NE(issue(ours, {"member/p1", "p1"}, kNow, 1).value().key, issue(ours, {"member/p1", "p1"}, kNow, 1).value().key);
}

TEST(Certificates, ABundleIsReadInItsOrder) {
    const Credential before = authority("CA before");
    const Credential after = authority("CA after");
    const std::string bundle = after.certificate + before.certificate;
    const auto facts = read_certificates(bundle).value();
    ASSERT_THAT(facts, SizeIs(2));
    EXPECT_EQ(facts[0].common_name, "CA after");
    EXPECT_EQ(facts[1].common_name, "CA before");
    EXPECT_EQ(first_certificate(bundle).value(), after.certificate);
}

TEST(Certificates, WrongAuthority_IsNotUsed) {
    const Credential ours = authority();
    const Credential other = authority();
    EXPECT_THAT(issue({ours.certificate, other.key}, {"member/p1", "p1"}, kNow, 1).error().message,
                HasSubstr("not that of its certificate"));
    EXPECT_THAT(issue({"no PEM", ours.key}, {"member/p1", "p1"}, kNow, 1).error().message,
                HasSubstr("certificate can't be read"));
    EXPECT_THAT(issue({ours.certificate, ""}, {"member/p1", "p1"}, kNow, 1).error().message, HasSubstr("key can't be read"));
}

TEST(Certificates, BrokenText_IsAFailure) {
    EXPECT_EQ(read_certificates("").error().code, ErrorCode::kNotFound);
    std::string broken = authority().certificate;
    broken[broken.size() / 2] = '!';
    EXPECT_EQ(read_certificates(broken).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(read_certificates(authority().certificate + broken).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace holdfast::cli
