// Goal: JSON and octet-stream say the same: any request is read alike in both forms, and any answer means the same.
#include <gtest/gtest.h>

#include <random>

#include "shared/protection/messages.hpp"
#include "shared/protection/wire.hpp"
#include "tests/shared/protection/message_fixtures.hpp"

namespace holdfast::protection {
namespace {

constexpr int kRounds = 500;

// Random parts of messages, extreme values often.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_{seed} {}

    std::uint64_t below(std::uint64_t end) { return engine_() % end; }
    std::uint64_t number() {
        switch (below(4)) {
            case 0: return below(3);
            case 1: return ~std::uint64_t{0} - below(3);
            case 2: return below(1'000'000);
            default: return engine_();
        }
    }
    template <class Bytes>
    Bytes bytes() {
        Bytes value;
        if (below(8) == 0) return value;
        for (auto& byte : value.bytes) byte = static_cast<std::uint8_t>(engine_());
        return value;
    }
    std::string name() {
        static constexpr std::string_view kLetters = "azAZ09-_.";
        std::string text(below(49), ' ');
        for (char& c : text) c = kLetters[below(kLetters.size())];
        return text;
    }
    template <class F>
    auto several(F one) {
        std::vector<decltype(one())> all(below(20));
        for (auto& item : all) item = one();
        return all;
    }

    AttestationMark vote() { return {Epoch{number()}, Epoch{number()}, bytes<Root>()}; }
    BlockMark block() { return {Slot{number()}, bytes<Root>()}; }
    RequestHead head() { return {bytes<ClusterId>(), name(), number(), bytes<Root>(), number()}; }
    AnswerHead answer_head() {
        const WallTime since{std::chrono::seconds{below(kWireTimeMax + 1)}};
        return {name(), number(), {number(), name(), since}, {number(), number()}};
    }
    ethereum::AttestationData data() {
        return {Slot{number()},
                CommitteeIndex{number()},
                bytes<Root>(),
                {Epoch{number()}, bytes<Root>()},
                {Epoch{number()}, bytes<Root>()}};
    }
    std::vector<PublicKey> keys(std::size_t count) {
        std::vector<PublicKey> all(count);
        for (PublicKey& key : all) key = bytes<PublicKey>();
        return all;
    }

private:
    std::mt19937_64 engine_;
};

template <class Mark>
Verdict some_verdict(Dice& dice, const Mark& record) {
    Verdict verdict;
    verdict.outcome = static_cast<Outcome>(dice.below(4));
    if (verdict.outcome != Outcome::kRefused) return verdict;
    verdict.reason = static_cast<Reason>(1 + dice.below(static_cast<std::uint64_t>(Reason::kNotVoting)));
    if (dice.below(2) == 0) verdict.record = record;
    return verdict;
}

TEST(FormsProperty, AttestationRequests_AreReadAlike) {
    Dice dice{1};
    for (int round = 0; round < kRounds; ++round) {
        const RequestHead head = dice.head();
        const auto marks = dice.several([&dice] { return dice.vote(); });
        const auto keys = dice.keys(marks.size());
        const auto data = dice.data();
        const auto domain = dice.bytes<Domain>();
        const bool one_vote = dice.below(2) == 0;
        const auto octets =
            wire::decode_attestation_request(one_vote ? wire::encode_attestation_request(head, data, domain, keys)
                                                      : wire::encode_attestation_request(head, keys, marks));
        const auto json = parse_attestation_request(one_vote ? render_attestation_request(head, data, domain, keys)
                                                             : render_attestation_request(head, keys, marks));
        ASSERT_TRUE(octets) << octets.error().message;
        ASSERT_TRUE(json) << json.error().message;
        for (const auto* request : {&octets.value(), &json.value()}) {
            expect_same(request->head, head);
            EXPECT_EQ(request->keys, keys);
            EXPECT_EQ(request->marks, one_vote ? std::vector<AttestationMark>{} : marks);
            EXPECT_EQ(request->domain, one_vote ? domain : Domain{});
            ASSERT_EQ(request->data != nullptr, one_vote);
            if (one_vote) {
                EXPECT_EQ(*request->data, data);
            }
        }
    }
}

TEST(FormsProperty, BlockRequests_AreReadAlike) {
    Dice dice{2};
    for (int round = 0; round < kRounds; ++round) {
        const RequestHead head = dice.head();
        const auto marks = dice.several([&dice] { return dice.block(); });
        const auto keys = dice.keys(marks.size());
        const auto octets = wire::decode_block_request(wire::encode_block_request(head, keys, marks));
        const auto json = parse_block_request(render_block_request(head, keys, marks));
        ASSERT_TRUE(octets) << octets.error().message;
        ASSERT_TRUE(json) << json.error().message;
        for (const auto* request : {&octets.value(), &json.value()}) {
            expect_same(request->head, head);
            EXPECT_EQ(request->keys, keys);
            EXPECT_EQ(request->marks, marks);
        }
    }
}

// What a person reads of an answer that went through octets is what he would have read of the protector's own JSON.
template <class Mark, class MakeMark>
void expect_answers_alike(std::uint64_t seed, MakeMark make_mark) {
    Dice dice{seed};
    for (int round = 0; round < kRounds; ++round) {
        const AnswerHead head = dice.answer_head();
        const std::vector<Mark> marks = dice.several([&] { return make_mark(dice); });
        const auto keys = dice.keys(marks.size());
        std::vector<Verdict> verdicts;
        for (std::size_t i = 0; i < marks.size(); ++i) verdicts.push_back(some_verdict(dice, make_mark(dice)));
        const auto answer = wire::decode_answer(wire::encode_answer(head, verdicts));
        ASSERT_TRUE(answer) << answer.error().message;
        expect_same(answer.value().head, head);
        expect_same(answer.value().verdicts, verdicts);
        EXPECT_EQ(render_answer(answer.value().head, keys, marks, answer.value().verdicts),
                  render_answer(head, keys, marks, verdicts));
    }
}

TEST(FormsProperty, AttestationAnswers_MeanTheSame) {
    expect_answers_alike<AttestationMark>(3, [](Dice& dice) { return dice.vote(); });
}

TEST(FormsProperty, BlockAnswers_MeanTheSame) {
    expect_answers_alike<BlockMark>(4, [](Dice& dice) { return dice.block(); });
}

TEST(FormsProperty, Records_MeanTheSame) {
    Dice dice{5};
    for (int round = 0; round < kRounds; ++round) {
        RecordsAnswer answer{dice.answer_head(), {}};
        for (std::uint64_t i = dice.below(5); i > 0; --i) {
            std::shared_ptr<const ethereum::AttestationData> data;
            if (dice.below(2) == 0) data = std::make_shared<const ethereum::AttestationData>(dice.data());
            answer.groups.push_back({dice.vote(), data, dice.keys(dice.below(5))});
        }
        const auto read = wire::decode_records(wire::encode_records(answer));
        ASSERT_TRUE(read) << read.error().message;
        expect_same(read.value(), answer);
        EXPECT_EQ(render(read.value()), render(answer));
    }
}

TEST(FormsProperty, AllRecords_ComeBack) {
    Dice dice{6};
    for (int round = 0; round < kRounds; ++round) {
        const AnswerHead head = dice.answer_head();
        MemberRecords records{head.node,
                              dice.below(2) == 0,
                              {Epoch{dice.number()}, Slot{dice.number()}},
                              head.tenure,
                              head.position,
                              dice.number(),
                              dice.number(),
                              {}};
        const auto data = std::make_shared<const ethereum::AttestationData>(dice.data());
        for (std::uint64_t i = dice.below(20); i > 0; --i) {
            MemberRecords::Entry entry{dice.bytes<PublicKey>(), {}};
            if (dice.below(2) == 0) {
                entry.record.attestation = dice.vote();
                if (dice.below(3) == 0) entry.record.data = data;
                if (dice.below(3) == 0) entry.record.data = std::make_shared<const ethereum::AttestationData>(dice.data());
            }
            if (dice.below(2) == 0) entry.record.block = dice.block();
            entry.record.halted = dice.below(2) == 0;
            entry.record.enrolled = dice.below(2) == 0;
            records.entries.push_back(std::move(entry));
        }
        const auto read = wire::decode_all_records(wire::encode_all_records(records));
        ASSERT_TRUE(read) << read.error().message;
        expect_same(read.value(), records);
    }
}

// Damaged messages are refused or read as something else, never more than that (the sanitizers look on).
TEST(FormsProperty, DamagedMessages_NeverCrash) {
    Dice dice{7};
    for (int round = 0; round < kRounds; ++round) {
        const auto marks = dice.several([&dice] { return dice.vote(); });
        const auto keys = dice.keys(marks.size());
        const RequestHead head = dice.head();
        std::string messages[] = {wire::encode_attestation_request(head, keys, marks),
                                  wire::encode_attestation_request(head, dice.data(), dice.bytes<Domain>(), keys),
                                  wire::encode_records(records_answer()),
                                  wire::encode_all_records(member_records()),
                                  render_attestation_request(head, keys, marks),
                                  render(KeysRequest{head, keys})};
        for (std::string& text : messages) {
            for (std::uint64_t i = 1 + dice.below(4); i > 0; --i)
                text[dice.below(text.size())] = static_cast<char>(dice.below(256));
            static_cast<void>(wire::decode_attestation_request(text));
            static_cast<void>(wire::decode_records(text));
            static_cast<void>(wire::decode_all_records(text));
            static_cast<void>(parse_attestation_request(text));
            static_cast<void>(parse_keys_request(text));
        }
    }
}

}  // namespace
}  // namespace holdfast::protection
