// Goal: what differs between the two configurations is said in words. Method: one field at a time.
#include "healthcheck/drift.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace holdfast::healthcheck {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PublicKey key(std::uint8_t number) {
    PublicKey key;
    key.bytes.fill(number);
    return key;
}

Configuration some() { return {"0x0123456789abcdef", "0xfedcba9876543210", "0xaaaaaaaabbbb", 100, "0xcccccccc", 2, "0.1.0"}; }

std::vector<std::string> found(const std::function<void(Configuration&)>& change,
                               const std::vector<std::string>& accepted = {}) {
    Configuration primary = some();
    change(primary);
    return differences(some(), primary, accepted);
}

TEST(Drift, DigestOfKeys_OnlyWhichKeysCounts) {
    const std::string digest = digest_of_keys({key(1), key(2), key(3)});
    EXPECT_EQ(digest_of_keys({key(3), key(1), key(2)}), digest);
    EXPECT_EQ(digest_of_keys({key(3), key(1), key(2), key(1)}), digest);
    EXPECT_NE(digest_of_keys({key(1), key(2)}), digest);
    EXPECT_NE(digest_of_keys({key(1), key(2), key(4)}), digest);
    // SHA-256 of nothing.
    EXPECT_EQ(digest_of_keys({}), "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Drift, TheDigestOfFeeRecipientsSaysWhatEachKeyPaysTo) {
    Address one;
    one.bytes.fill(1);
    Address two;
    two.bytes.fill(2);
    const std::string digest = digest_of_fee_recipients({{key(1), one}, {key(2), std::nullopt}});
    EXPECT_EQ(digest_of_fee_recipients({{key(2), std::nullopt}, {key(1), one}}), digest);
    EXPECT_NE(digest_of_fee_recipients({{key(1), two}, {key(2), std::nullopt}}), digest);
    EXPECT_NE(digest_of_fee_recipients({{key(1), one}, {key(2), one}}), digest);
    EXPECT_NE(digest_of_fee_recipients({{key(1), std::nullopt}, {key(2), one}}), digest);
}

TEST(Drift, TheSame) { EXPECT_THAT(differences(some(), some(), {}), IsEmpty()); }

TEST(Drift, EachField) {
    EXPECT_THAT(found([](Configuration& c) { c.cluster = "0x99"; }),
                ElementsAre("cluster id: 0x01234567.. here, 0x99 at the primary"));
    EXPECT_THAT(found([](Configuration& c) { c.chain = ""; }),
                ElementsAre("chain (genesis validators root): 0xfedcba98.. here, none at the primary"));
    EXPECT_THAT(found([](Configuration& c) {
                    c.keys = "0xdd";
                    c.key_count = 101;
                }),
                ElementsAre("validator keys: 100 here, 101 at the primary"));
    EXPECT_THAT(found([](Configuration& c) { c.keys = "0xdd"; }),
                ElementsAre("validator keys: 100 at both, but not the same ones"));
    EXPECT_THAT(found([](Configuration& c) { c.fee_recipients = "0xdd"; }),
                ElementsAre("fee recipients: 0xcccccccc here, 0xdd at the primary"));
    EXPECT_THAT(found([](Configuration& c) { c.threshold = 3; }),
                ElementsAre("threshold of beacon nodes: 2 here, 3 at the primary"));
    EXPECT_THAT(found([](Configuration& c) { c.version = "0.2.0"; }), ElementsAre("version: 0.1.0 here, 0.2.0 at the primary"));
}

TEST(Drift, Accepted_IsLeftOut_TheRestIsNot) {
    const auto change = [](Configuration& c) { c = {"a", "b", "c", 1, "d", 9, "e"}; };
    EXPECT_EQ(found(change).size(), drift_names().size());
    EXPECT_THAT(found(change, drift_names()), IsEmpty());
    for (const std::string& name : drift_names()) EXPECT_EQ(found(change, {name}).size(), drift_names().size() - 1) << name;
    EXPECT_EQ(found(change, {"nothing of the kind"}).size(), drift_names().size());
}

}  // namespace
}  // namespace holdfast::healthcheck
