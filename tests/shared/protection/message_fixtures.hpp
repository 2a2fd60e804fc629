// Messages with every member set, and their comparison, for the tests of both wire forms.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "shared/protection/messages.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {

inline RequestHead request_head() { return {numbered<ClusterId>(42), "primary", 7, root(99), 0x1122334455667788}; }

inline Tenure some_tenure() { return {7, "secondary", WallTime{std::chrono::seconds{1'795'244'400}}}; }

inline AnswerHead answer_head() { return {"p1", 0x1122334455667788, some_tenure(), {2, 1041}}; }

inline RecordsAnswer records_answer() {
    const auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(3, 4, 5));
    return {answer_head(), {{vote(3, 4, 1), data, keys(1)}, {vote(2, 4, 2), nullptr, keys(2, 1)}}};
}

inline MemberRecords member_records() {
    const auto data = std::make_shared<const ethereum::AttestationData>(attestation_data(3, 4, 5));
    MemberRecords records{"p1", true, {Epoch{5}, Slot{163}}, some_tenure(), {2, 40}, 4, 160, {}};
    records.entries.push_back({key(0), {vote(3, 4, 1), data, {}, false, false}});
    const auto same = std::make_shared<const ethereum::AttestationData>(*data);
    records.entries.push_back({key(1), {vote(3, 4, 1), same, block(3, 8), true, false}});
    records.entries.push_back({key(2), {vote(1, 2, 9), nullptr, {}, false, false}});
    records.entries.push_back({key(3), {{}, nullptr, {}, false, true}});
    return records;
}

inline void expect_same(const RequestHead& a, const RequestHead& b) {
    EXPECT_EQ(a.cluster, b.cluster);
    EXPECT_EQ(a.instance, b.instance);
    EXPECT_EQ(a.generation, b.generation);
    EXPECT_EQ(a.genesis_validators_root, b.genesis_validators_root);
    EXPECT_EQ(a.request_id, b.request_id);
}

inline void expect_same(const AnswerHead& a, const AnswerHead& b) {
    EXPECT_EQ(a.node, b.node);
    EXPECT_EQ(a.request_id, b.request_id);
    EXPECT_EQ(a.tenure, b.tenure);
    EXPECT_EQ(a.position, b.position);
}

inline void expect_same(const std::vector<Verdict>& a, const std::vector<Verdict>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].outcome, b[i].outcome) << i;
        EXPECT_EQ(a[i].reason, b[i].reason) << i;
        EXPECT_EQ(a[i].record, b[i].record) << i;
    }
}

inline void expect_same(const std::shared_ptr<const ethereum::AttestationData>& a,
                        const std::shared_ptr<const ethereum::AttestationData>& b) {
    ASSERT_EQ(a == nullptr, b == nullptr);
    if (a) {
        EXPECT_EQ(*a, *b);
    }
}

inline void expect_same(const RecordsAnswer& a, const RecordsAnswer& b) {
    expect_same(a.head, b.head);
    ASSERT_EQ(a.groups.size(), b.groups.size());
    for (std::size_t i = 0; i < a.groups.size(); ++i) {
        EXPECT_EQ(a.groups[i].mark, b.groups[i].mark);
        EXPECT_EQ(a.groups[i].keys, b.groups[i].keys);
        expect_same(a.groups[i].data, b.groups[i].data);
    }
}

inline void expect_same(const MemberRecords& a, const MemberRecords& b) {
    EXPECT_EQ(a.node, b.node);
    EXPECT_EQ(a.rejoining, b.rejoining);
    EXPECT_EQ(a.now.epoch, b.now.epoch);
    EXPECT_EQ(a.now.slot, b.now.slot);
    EXPECT_EQ(a.tenure, b.tenure);
    EXPECT_EQ(a.seen_of_asker, b.seen_of_asker);
    EXPECT_EQ(a.highest_target, b.highest_target);
    EXPECT_EQ(a.highest_slot, b.highest_slot);
    ASSERT_EQ(a.entries.size(), b.entries.size());
    for (std::size_t i = 0; i < a.entries.size(); ++i) {
        EXPECT_EQ(a.entries[i].key, b.entries[i].key);
        EXPECT_EQ(a.entries[i].record.attestation, b.entries[i].record.attestation);
        EXPECT_EQ(a.entries[i].record.block, b.entries[i].record.block);
        EXPECT_EQ(a.entries[i].record.halted, b.entries[i].record.halted);
        EXPECT_EQ(a.entries[i].record.enrolled, b.entries[i].record.enrolled);
        expect_same(a.entries[i].record.data, b.entries[i].record.data);
    }
}

}  // namespace holdfast::protection
