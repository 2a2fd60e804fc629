#include "shared/beacon/api_decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <json/reader.h>
#include <json/writer.h>

#include <functional>
#include <memory>
#include <set>

#include "shared/ethereum/containers.hpp"
#include "shared/ethereum/ssz.hpp"
#include "tests/shared/beacon/fake_beacon_node.hpp"

namespace holdfast::beacon {
namespace {

using ::testing::HasSubstr;

std::string hex(char digit, std::size_t bytes) { return "0x" + std::string(2 * bytes, digit); }

PublicKey key(std::uint8_t byte) {
    PublicKey result;
    result.bytes.fill(byte);
    return result;
}
Root root(std::uint8_t byte) {
    Root result;
    result.bytes.fill(byte);
    return result;
}

template <class T>
Result<void> outcome(const Result<T>& result) {
    if (result) return success();
    return result.error();
}

// A valid answer, how it is decoded, and the fields that may have any value or be absent.
struct Case {
    std::string name;
    std::string body;
    std::function<Result<void>(std::string_view)> decode;
    std::set<std::string> unread;
};

std::string data_json() {
    return R"({"data":{"slot":"7","index":"0","beacon_block_root":")" + hex('1', 32) + R"(","source":{"epoch":"1","root":")" +
           hex('2', 32) + R"("},"target":{"epoch":"2","root":")" + hex('3', 32) + R"("}}})";
}
std::string duties_json() {
    return R"({"dependent_root":")" + hex('5', 32) + R"(","execution_optimistic":false,"data":[{"pubkey":")" + hex('1', 48) +
           R"(","validator_index":"3","committee_index":"1","committee_length":"8","committees_at_slot":"2",)"
           R"("validator_committee_index":"5","slot":"40"}]})";
}
std::string validators_json() {
    return R"({"execution_optimistic":false,"finalized":false,"data":[{"index":"3","balance":"32000000000",)"
           R"("status":"active_ongoing","validator":{"pubkey":")" +
           hex('1', 48) + R"(","slashed":false}}]})";
}
std::string proposers_json() {
    return R"({"dependent_root":")" + hex('5', 32) + R"(","execution_optimistic":false,"data":[{"pubkey":")" + hex('1', 48) +
           R"(","validator_index":"3","slot":"40"}]})";
}
std::string sync_json() {
    return R"({"execution_optimistic":false,"data":[{"pubkey":")" + hex('1', 48) +
           R"(","validator_index":"3","validator_sync_committee_indices":["7","31"]}]})";
}
std::string head_json() {
    return R"({"slot":"9","block":")" + hex('1', 32) + R"(","state":")" + hex('2', 32) +
           R"(","epoch_transition":false,"execution_optimistic":true,"previous_duty_dependent_root":")" + hex('3', 32) +
           R"(","current_duty_dependent_root":")" + hex('4', 32) + R"("})";
}

std::vector<Case> cases() {
    const auto duties = [](std::string_view body) {
        return outcome(decode_attester_duties(body, Epoch{1}, {ValidatorIndex{3}}));
    };
    const auto validators = [](std::string_view body) { return outcome(decode_validators(body, {key(0x11)})); };
    return {
        {"genesis",
         R"({"data":{"genesis_time":"1700000000","genesis_validators_root":")" + hex('a', 32) +
             R"(","genesis_fork_version":"0x10000042"}})",
         [](std::string_view body) { return outcome(decode_genesis(body)); },
         {}},
        {"version",
         R"({"data":{"version":"Fake/v1"}})",
         [](std::string_view body) { return outcome(decode_version(body)); },
         {}},
        {"syncing",
         R"({"data":{"head_slot":"7","sync_distance":"1","is_syncing":false,"is_optimistic":false,"el_offline":false}})",
         [](std::string_view body) { return outcome(decode_syncing(body)); },
         {"sync_distance"}},
        {"block_root",
         R"({"data":{"root":")" + hex('a', 32) + R"("},"execution_optimistic":false,"finalized":false})",
         [](std::string_view body) { return outcome(decode_block_root(body)); },
         {"finalized"}},
        {"validators", validators_json(), validators, {"execution_optimistic", "finalized", "balance", "slashed"}},
        {"attester_duties", duties_json(), duties, {}},
        {"proposer_duties",
         proposers_json(),
         [](std::string_view body) { return outcome(decode_proposer_duties(body, Epoch{1}, 1)); },
         {"dependent_root"}},
        {"sync_duties",
         sync_json(),
         [](std::string_view body) { return outcome(decode_sync_duties(body, {ValidatorIndex{3}})); },
         {}},
        {"attestation_data", data_json(), [](std::string_view body) { return outcome(decode_attestation_data(body)); }, {}},
        {"head event",
         head_json(),
         [](std::string_view body) { return outcome(decode_event("head", body)); },
         {"state", "epoch_transition"}},
        {"reorganisation event",
         R"({"slot":"9","depth":"2","old_head_block":"0x00"})",
         [](std::string_view body) { return outcome(decode_event("chain_reorg", body)); },
         {"old_head_block"}},
    };
}

std::string write(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    return Json::writeString(builder, value);
}
Json::Value read(const std::string& text) {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader{Json::CharReaderBuilder{}.newCharReader()};
    std::string problem;
    EXPECT_TRUE(reader->parse(text.data(), text.data() + text.size(), &value, &problem)) << problem;
    return value;
}

// Calls `visit(name, node)` for every member and element below `value`.
void walk(Json::Value& value, const std::function<void(const std::string&, Json::Value&)>& visit) {
    if (value.isObject()) {
        for (const std::string& name : value.getMemberNames()) {
            visit(name, value[name]);
            walk(value[name], visit);
        }
    } else if (value.isArray()) {
        for (Json::Value& element : value) {
            visit("element", element);
            walk(element, visit);
        }
    }
}

TEST(ApiDecode, TheValidAnswersOfThisTestAreDecoded) {
    for (const Case& it : cases()) {
        const auto result = it.decode(it.body);
        EXPECT_TRUE(result.has_value()) << it.name << ": " << result.error().message;
    }
}

TEST(ApiDecode, WhatIsNotTheAnswerIsMalformed) {
    const std::vector<std::string> bodies{"",
                                          "x",
                                          "null",
                                          "7",
                                          "[]",
                                          "{}",
                                          "\"data\"",
                                          "{\"data\":",
                                          R"({"data":null})",
                                          R"({"data":7})",
                                          R"({"data":"x"})",
                                          R"({"data":{}})",
                                          R"({"data":[7]})",
                                          R"({"data":[null]})",
                                          R"({"data":[[]]})",
                                          "{} trailing",
                                          "<html>502 Bad Gateway</html>",
                                          std::string(100'000, '['),
                                          "{\"data\":" + std::string(100'000, '{'),
                                          std::string("\0\0\0", 3),
                                          std::string(1000, '\xff')};
    for (const Case& it : cases()) {
        for (const std::string& body : bodies) {
            const auto result = it.decode(body);
            ASSERT_FALSE(result.has_value()) << it.name << ": " << body.substr(0, 40);
            EXPECT_EQ(result.error().code, ErrorCode::kMalformed) << it.name << ": " << body.substr(0, 40);
        }
    }
}

TEST(ApiDecode, EveryCutOfAnAnswerIsMalformed) {
    for (const Case& it : cases()) {
        for (std::size_t size = 0; size < it.body.size(); ++size) {
            const auto result = it.decode(std::string_view{it.body}.substr(0, size));
            ASSERT_FALSE(result.has_value()) << it.name << " of " << size << " bytes";
        }
    }
}

// Each field in turn replaced by everything that it is not; those that we read must be noticed and named.
TEST(ApiDecode, AFieldOfAWrongTypeIsMalformedAndNamed) {
    std::vector<Json::Value> wrong{Json::Value{Json::nullValue},
                                   Json::Value{7},
                                   Json::Value{-1},
                                   Json::Value{1e300},
                                   Json::Value{Json::arrayValue},
                                   Json::Value{""},
                                   Json::Value{"x"},
                                   Json::Value{"-1"},
                                   Json::Value{"0x"},
                                   Json::Value{"18446744073709551616"},
                                   Json::Value{"0xzz"},
                                   Json::Value{std::string(1'000'000, '1')}};
    for (const Case& it : cases()) {
        Json::Value document = read(it.body);
        walk(document, [&](const std::string& name, Json::Value& node) {
            const Json::Value good = node;
            for (const Json::Value& bad : wrong) {
                node = bad;
                const auto result = it.decode(write(document));
                const bool text_field = (name == "version" || name == "status") && bad.isString() && bad.asString().size() < 50;
                const bool list = (name == "data" && good.isArray() && bad.isArray());
                if (it.unread.contains(name) || text_field || list) continue;
                ASSERT_FALSE(result.has_value()) << it.name << "." << name << " = " << write(bad).substr(0, 40);
                EXPECT_EQ(result.error().code, ErrorCode::kMalformed) << it.name << "." << name;
                if (name == "element") continue;
                EXPECT_THAT(result.error().message, HasSubstr(name)) << it.name;
            }
            node = good;
        });
    }
}

TEST(ApiDecode, AMissingFieldIsMalformedAndNamed) {
    const std::set<std::string> optional{"is_optimistic", "el_offline", "execution_optimistic"};
    for (const Case& it : cases()) {
        Json::Value document = read(it.body);
        const std::function<void(Json::Value&)> strip = [&](Json::Value& value) {
            if (!value.isObject() && !value.isArray()) return;
            if (value.isArray()) {
                for (Json::Value& element : value) strip(element);
                return;
            }
            for (const std::string& name : value.getMemberNames()) {
                strip(value[name]);
                Json::Value taken;
                value.removeMember(name, &taken);
                const auto result = it.decode(write(document));
                EXPECT_EQ(result.has_value(), it.unread.contains(name) || optional.contains(name)) << it.name << "." << name;
                value[name] = taken;
                if (result) continue;
                EXPECT_THAT(result.error().message, HasSubstr("'" + name + "' is missing")) << it.name;
            }
        };
        strip(document);
    }
}

TEST(ApiDecode, Genesis) {
    const auto genesis = decode_genesis(cases()[0].body);
    ASSERT_TRUE(genesis.has_value());
    EXPECT_EQ(genesis.value().time, WallTime{std::chrono::seconds{1'700'000'000}});
    EXPECT_EQ(genesis.value().validators_root, root(0xaa));
    EXPECT_EQ(genesis.value().fork_version, (ForkVersion{{0x10, 0, 0, 0x42}}));
    const std::string late = R"({"data":{"genesis_time":"18446744073709551615","genesis_validators_root":")" + hex('a', 32) +
                             R"(","genesis_fork_version":"0x10000042"}})";
    EXPECT_EQ(decode_genesis(late).error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, SpecIgnoresWhatIsNoStringAndNamesWhatIsMissing) {
    Json::Value document;
    for (const auto& [name, value] : testing::spec_values()) document["data"][name] = value;
    document["data"]["BLOB_SCHEDULE"] = Json::Value{Json::arrayValue};
    const auto spec = decode_spec(write(document));
    ASSERT_TRUE(spec.has_value()) << spec.error().message;
    EXPECT_EQ(spec.value().slots_per_epoch(), 32U);
    document["data"].removeMember("SLOTS_PER_EPOCH");
    const auto without = decode_spec(write(document));
    ASSERT_FALSE(without.has_value());
    EXPECT_EQ(without.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(without.error().message, HasSubstr("SLOTS_PER_EPOCH"));
    for (const char* body : {"", "[]", "{}", R"({"data":[]})", R"({"data":{}})", R"({"data":7})"}) {
        EXPECT_EQ(decode_spec(body).error().code, ErrorCode::kMalformed) << body;
    }
}

TEST(ApiDecode, ASlotThatLeavesNoRoomForArithmeticIsMalformed) {
    const std::string body = R"({"data":{"head_slot":"18446744073709551615","is_syncing":false}})";
    EXPECT_EQ(decode_syncing(body).error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, SyncingWithoutTheNewerFields) {
    const auto status = decode_syncing(R"({"data":{"head_slot":"7","sync_distance":"1","is_syncing":true}})");
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status.value().head_slot, Slot{7});
    EXPECT_TRUE(status.value().is_syncing);
    EXPECT_FALSE(status.value().is_optimistic || status.value().el_offline);
}

TEST(ApiDecode, Duties) {
    const auto duties = decode_attester_duties(duties_json(), Epoch{1}, {ValidatorIndex{3}, ValidatorIndex{4}});
    ASSERT_TRUE(duties.has_value());
    EXPECT_EQ(duties.value().dependent_root, root(0x55));
    ASSERT_EQ(duties.value().duties.size(), 1U);
    const AttesterDuty& duty = duties.value().duties[0];
    EXPECT_EQ(duty.key, key(0x11));
    EXPECT_EQ(duty.validator_index, ValidatorIndex{3});
    EXPECT_EQ(duty.slot, Slot{40});
    EXPECT_EQ(duty.committee_index, CommitteeIndex{1});
    EXPECT_EQ(duty.committee_length, 8U);
    EXPECT_EQ(duty.committees_at_slot, 2U);
    EXPECT_EQ(duty.validator_committee_index, 5U);
}

TEST(ApiDecode, Proposers) {
    const auto duties = decode_proposer_duties(proposers_json(), Epoch{1}, 1);
    ASSERT_TRUE(duties.has_value());
    ASSERT_EQ(duties.value().duties.size(), 1U);
    EXPECT_EQ(duties.value().duties[0].key, key(0x11));
    EXPECT_EQ(duties.value().duties[0].validator_index, ValidatorIndex{3});
    EXPECT_EQ(duties.value().duties[0].slot, Slot{40});
    Json::Value twice = read(proposers_json());
    twice["data"].append(twice["data"][0]);
    EXPECT_EQ(decode_proposer_duties(write(twice), Epoch{1}, 1).error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, SyncDuties) {
    const auto duties = decode_sync_duties(sync_json(), {ValidatorIndex{3}, ValidatorIndex{4}});
    ASSERT_TRUE(duties.has_value());
    ASSERT_EQ(duties.value().size(), 1U);
    EXPECT_EQ(duties.value()[0].positions, (std::vector<std::uint64_t>{7, 31}));
    EXPECT_EQ(decode_sync_duties(sync_json(), {ValidatorIndex{4}}).error().code, ErrorCode::kMalformed);
    Json::Value beyond = read(sync_json());
    beyond["data"][0]["validator_sync_committee_indices"][0] = "512";
    EXPECT_EQ(decode_sync_duties(write(beyond), {ValidatorIndex{3}}).error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, DutiesThatMakeNoSenseAreMalformed) {
    const auto with = [](const char* field, const char* value) {
        Json::Value document = read(duties_json());
        document["data"][0][field] = value;
        return decode_attester_duties(write(document), Epoch{1}, {ValidatorIndex{3}});
    };
    EXPECT_EQ(with("committee_index", "2").error().code, ErrorCode::kMalformed);
    EXPECT_EQ(with("validator_committee_index", "8").error().code, ErrorCode::kMalformed);
    EXPECT_EQ(with("committee_length", "0").error().code, ErrorCode::kMalformed);
    EXPECT_EQ(with("validator_index", "4").error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, TheSameDutyTwiceOrMoreThanAskedIsMalformed) {
    Json::Value document = read(duties_json());
    document["data"].append(document["data"][0]);
    EXPECT_EQ(decode_attester_duties(write(document), Epoch{1}, {ValidatorIndex{3}, ValidatorIndex{4}}).error().code,
              ErrorCode::kMalformed);
    EXPECT_EQ(decode_attester_duties(write(document), Epoch{1}, {ValidatorIndex{3}}).error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, ValidatorsNotAskedForAreMalformed) {
    EXPECT_EQ(decode_validators(validators_json(), {key(0x22)}).error().code, ErrorCode::kMalformed);
    const auto known = decode_validators(validators_json(), {key(0x22), key(0x11)});
    ASSERT_TRUE(known.has_value());
    ASSERT_EQ(known.value().size(), 1U);
    EXPECT_EQ(known.value()[0].index, ValidatorIndex{3});
    EXPECT_TRUE(known.value()[0].attests());
}

TEST(ApiDecode, OptimisticIsUnavailable) {
    Json::Value duties = read(duties_json());
    duties["execution_optimistic"] = true;
    const auto result = decode_attester_duties(write(duties), Epoch{1}, {ValidatorIndex{3}});
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(result.error().message, HasSubstr("optimistic"));
    EXPECT_EQ(decode_block_root(R"({"data":{"root":")" + hex('a', 32) + R"("},"execution_optimistic":true})").error().code,
              ErrorCode::kUnavailable);
}

TEST(ApiDecode, AttestationDataInBothForms) {
    ethereum::AttestationData data;
    data.slot = Slot{7};
    data.beacon_block_root = root(0x11);
    data.source = {Epoch{1}, root(0x22)};
    data.target = {Epoch{2}, root(0x33)};
    const auto from_json = decode_attestation_data(data_json());
    ASSERT_TRUE(from_json.has_value());
    EXPECT_EQ(from_json.value(), data);
    const auto bytes = ethereum::ssz::serialize(data);
    const std::string body{bytes.begin(), bytes.end()};
    const auto from_ssz = decode_attestation_data_ssz(body);
    ASSERT_TRUE(from_ssz.has_value());
    EXPECT_EQ(from_ssz.value(), data);
    for (const std::string& wrong : {std::string{}, body.substr(1), body + "x", body + body}) {
        EXPECT_EQ(decode_attestation_data_ssz(wrong).error().code, ErrorCode::kMalformed) << wrong.size();
    }
}

TEST(ApiDecode, Events) {
    const auto head = decode_event("head", head_json());
    ASSERT_TRUE(head.has_value());
    const auto& event = std::get<HeadEvent>(head.value());
    EXPECT_EQ(event.slot, Slot{9});
    EXPECT_EQ(event.block, root(0x11));
    EXPECT_EQ(event.previous_duty_dependent_root, root(0x33));
    EXPECT_EQ(event.current_duty_dependent_root, root(0x44));
    EXPECT_TRUE(event.execution_optimistic);
    EXPECT_EQ(decode_event("block", head_json()).error().code, ErrorCode::kNotFound);
}

std::string header_of(const std::string& proposer, const std::string& slot) {
    return R"({"message":{"slot":")" + slot + R"(","proposer_index":")" + proposer + R"("},"signature":"0x"})";
}

TEST(ApiDecode, AProposerSlashingNamesItsProposer) {
    const auto decode = [](const std::string& one, const std::string& other) {
        return decode_event("proposer_slashing", R"({"signed_header_1":)" + one + R"(,"signed_header_2":)" + other + "}");
    };
    const auto event = decode(header_of("7", "5"), header_of("7", "5"));
    ASSERT_TRUE(event.has_value()) << event.error().message;
    const auto& slashing = std::get<SlashingEvent>(event.value());
    EXPECT_TRUE(slashing.by_blocks);
    EXPECT_EQ(slashing.validators, std::vector<ValidatorIndex>{ValidatorIndex{7}});
    EXPECT_EQ(decode(header_of("7", "5"), header_of("8", "5")).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decode(header_of("7", "5"), header_of("7", "6")).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decode(header_of("7", "5"), "{}").error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decode_event("proposer_slashing", "[]").error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, AnAttesterSlashingNamesWhoIsInBothAttestations) {
    const auto decode = [](const std::string& one, const std::string& other) {
        return decode_event("attester_slashing", R"({"attestation_1":{"attesting_indices":)" + one +
                                                     R"(},"attestation_2":{"attesting_indices":)" + other + "}}");
    };
    const auto event = decode(R"(["9","1","4","2"])", R"(["3","4","9","10"])");
    ASSERT_TRUE(event.has_value()) << event.error().message;
    const auto& slashing = std::get<SlashingEvent>(event.value());
    EXPECT_FALSE(slashing.by_blocks);
    EXPECT_EQ(slashing.validators, (std::vector<ValidatorIndex>{ValidatorIndex{4}, ValidatorIndex{9}}));
    EXPECT_EQ(decode(R"(["1"])", R"(["2"])").error().code, ErrorCode::kMalformed) << "it slashes nobody";
    EXPECT_EQ(decode(R"(["1"])", "[1]").error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decode(R"(["1"])", R"(["-1"])").error().code, ErrorCode::kMalformed);
    EXPECT_EQ(decode(R"(["1"])", "7").error().code, ErrorCode::kMalformed);
}

// A value takes much more room than its text.
TEST(ApiDecode, AnAnswerOfMillionsOfValuesIsMalformed) {
    std::string body = R"({"data":{"version":"x","more":[0)";
    for (int i = 0; i < 2'000'001; ++i) body += ",0";
    body += "]}}";
    EXPECT_EQ(decode_version(body).error().code, ErrorCode::kMalformed);
}

TEST(ApiDecode, ErrorsAreDescribedInOneLine) {
    EXPECT_EQ(describe_error(R"({"code":400,"message":"bad\nslot"})"), "bad slot");
    EXPECT_EQ(describe_error("404 page not found\n"), "404 page not found ");
    EXPECT_EQ(describe_error(
                  R"({"code":400,"message":"errors","failures":[{"index":"1","message":"old"},{"index":2,"message":"x"}]})"),
              "errors (2 refused, the first: old)");
    EXPECT_EQ(describe_error(""), "");
    EXPECT_LE(describe_error(std::string(5'000'000, 'x')).size(), 200U);
    EXPECT_EQ(describe_error(R"({"message":7,"failures":[7]})"), R"({"message":7,"failures":[7]} (1 refused))");
}

TEST(Encode, AttestationsReadBackAsTheyWere) {
    ethereum::SingleAttestation one;
    one.committee_index = CommitteeIndex{4};
    one.attester_index = ValidatorIndex{~std::uint64_t{0}};
    one.data.slot = Slot{7};
    one.data.beacon_block_root = root(0xab);
    one.data.target.epoch = Epoch{2};
    one.signature.bytes.fill(0xcd);
    ethereum::SingleAttestation two = one;
    two.data.slot = Slot{8};
    EXPECT_EQ(encode_attestations({}), "[]");
    const Json::Value list = read(encode_attestations({one, one, two}));
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0], list[1]);
    EXPECT_EQ(list[0]["committee_index"].asString(), "4");
    EXPECT_EQ(list[0]["attester_index"].asString(), "18446744073709551615");
    EXPECT_EQ(list[0]["signature"].asString(), to_hex(one.signature));
    EXPECT_EQ(list[2]["data"]["slot"].asString(), "8");
    Json::Value wrapped;
    wrapped["data"] = list[0]["data"];
    EXPECT_EQ(decode_attestation_data(write(wrapped)).value(), one.data);
}

}  // namespace
}  // namespace holdfast::beacon
