// What validators, protectors and operators say to each other, in two forms (docs/protector-api.md, docs/protector-api.yaml):
// JSON, where numbers are decimal strings and bytes 0x hex, and application/octet-stream for the hot path (wire.hpp).
// Parsers are strict and give kMalformed with a sentence. Requests with unknown members are refused: a misspelt one would
// change the question unseen. Answers may have members that this version doesn't know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/types.hpp"
#include "shared/ethereum/attestation.hpp"
#include "shared/protection/adoption.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/generation.hpp"
#include "shared/protection/position.hpp"
#include "shared/protection/quorum_tally.hpp"
#include "shared/protection/rejoin.hpp"
#include "shared/protection/verdict.hpp"
#include "shared/protection/witness.hpp"

namespace holdfast::protection {

// Keys in one request.
inline constexpr std::size_t kRequestKeysMax = 100'000;
inline constexpr std::size_t kRequestBytesMax = 32U << 20U;

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kOctetType = "application/octet-stream";
// Of a request: the position that the sender has seen this protector at, "INCARNATION.SEQUENCE". Optional.
inline constexpr std::string_view kSeenHeader = "holdfast-seen";
// Of a request whose body doesn't say it (GET, interchange): the cluster id in hex.
inline constexpr std::string_view kClusterHeader = "holdfast-cluster";
// Seconds since 1970: the latest time that a WallTime can hold.
inline constexpr std::uint64_t kWireTimeMax = static_cast<std::uint64_t>(Duration::max().count()) / 1'000'000'000;

// What every request says before its question. In JSON: members "cluster", "instance", "generation", "request_id" (optional),
// "genesis_validators_root".
struct RequestHead {
    ClusterId cluster;
    std::string instance;         // who asks; over TLS the certificate's name counts instead
    std::uint64_t generation{0};  // 0: shared mode
    Root genesis_validators_root;
    std::uint64_t request_id{0};  // comes back with the answer, so that an answer is never taken for another's
};

struct AttestationRequest {
    RequestHead head;
    // Given: one vote for all keys, and the protector computes the signing root. Else `marks` has one for each key.
    std::shared_ptr<const ethereum::AttestationData> data;
    Domain domain;
    std::vector<PublicKey> keys;
    std::vector<AttestationMark> marks;
};

struct BlockRequest {
    RequestHead head;
    std::vector<PublicKey> keys;
    std::vector<BlockMark> marks;  // one for each key
};

// What stands before the verdicts.
struct AnswerHead {
    std::string node;  // who answers: one protector is never counted twice
    std::uint64_t request_id{0};
    Tenure tenure;  // in force at this protector
    Position position;
};

// With the verdicts as codes and records, as the protector made them.
struct VerdictAnswer {
    AnswerHead head;
    std::vector<Verdict> verdicts;  // in the request's order
};

// POST /v1/generations
struct AcquireRequest {
    RequestHead head;  // head.generation: the one asked for; head.instance: for whom
};
struct AcquireAnswer {
    AnswerHead head;  // tenure: after this request
    bool promised{false};
    Epoch highest_target;  // of all records
    Slot highest_slot;
};

// POST /v1/heartbeats
struct HeartbeatRequest {
    RequestHead head;
    bool on_duty{false};
    bool well{false};
};
// Also of GET /v1/heartbeats.
struct HeartbeatAnswer {
    AnswerHead head;
    std::vector<Heard> heard;  // JSON: instance, generation, on_duty, well, age_ms
};

// POST and DELETE /v1/halts, POST /v1/validators (enrol): JSON only.
struct KeysRequest {
    RequestHead head;  // generation isn't looked at
    std::vector<PublicKey> keys;
};
struct KeysAnswer {
    std::string node;
    std::uint64_t changed{0};  // the others were so already
};

// GET /v1/records?target_epoch=N: who has which message for that epoch. JSON and octet-stream.
struct RecordsAnswer {
    AnswerHead head;
    std::vector<RecordGroup> groups;
};

// POST /v1/peers, between members.
struct PeerRequest {
    RequestHead head;   // instance: the member's name
    Position position;  // of the sender
};
struct PeerAnswer {
    std::string node;
    Position position;     // of the answering member
    Position seen_of_you;  // the highest
    bool rejoining{false};
};

struct StatusAnswer {
    std::string node;
    std::string version;
    ClusterId cluster;
    Root genesis_validators_root;
    Mode mode{Mode::kFenced};
    Tenure tenure;
    std::string state;   // "starting", "voting", "rejoining" (votes above its floor only), "stale"
    std::string detail;  // why it is not "voting"; empty if it is
    Slot slot;           // by its clock
    Position position;
    std::uint64_t validators{0};
    std::uint64_t halted{0};
    std::uint64_t approved{0};
    std::uint64_t repeated{0};
    std::uint64_t refused{0};
    Epoch highest_target;
    Slot highest_slot;
    Floor floor;
    std::uint64_t uptime_seconds{0};
    std::optional<std::int64_t> certificate_expires;  // Unix seconds; of its own certificate. Nothing without TLS
    std::optional<std::int64_t> ca_expires;
};

// JSON. render_* of requests and answers, parse_* of both. More than kRequestKeysMax keys are refused. Names (node, instance,
// holder) are empty or as in the cluster file; times are whole Unix seconds.
[[nodiscard]] std::string render_attestation_request(const RequestHead& head, const ethereum::AttestationData& data,
                                                     const Domain& domain, std::span<const PublicKey> keys);
[[nodiscard]] std::string render_attestation_request(const RequestHead& head, std::span<const PublicKey> keys,
                                                     std::span<const AttestationMark> marks);
[[nodiscard]] std::string render_block_request(const RequestHead& head, std::span<const PublicKey> keys,
                                               std::span<const BlockMark> marks);
[[nodiscard]] Result<AttestationRequest> parse_attestation_request(std::string_view text);
[[nodiscard]] Result<BlockRequest> parse_block_request(std::string_view text);

// `marks`: one for each key, or one for all. With keys, reasons as sentences, and records: for people.
[[nodiscard]] std::string render_answer(const AnswerHead& head, std::span<const PublicKey> keys,
                                        std::span<const AttestationMark> marks, std::span<const Verdict> verdicts);
[[nodiscard]] std::string render_answer(const AnswerHead& head, std::span<const PublicKey> keys,
                                        std::span<const BlockMark> marks, std::span<const Verdict> verdicts);

[[nodiscard]] std::string render(const AcquireRequest& request);
[[nodiscard]] std::string render(const AcquireAnswer& answer);
[[nodiscard]] std::string render(const HeartbeatRequest& request);
[[nodiscard]] std::string render(const HeartbeatAnswer& answer);
[[nodiscard]] std::string render(const KeysRequest& request);
[[nodiscard]] std::string render(const KeysAnswer& answer);
[[nodiscard]] std::string render(const RecordsAnswer& answer);
[[nodiscard]] std::string render(const PeerRequest& request);
[[nodiscard]] std::string render(const PeerAnswer& answer);
[[nodiscard]] std::string render(const StatusAnswer& answer);
// GET /v1/records?pubkey=0x..: for people.
[[nodiscard]] std::string render_record(std::string_view node, const PublicKey& key, const ValidatorRecord& record);

[[nodiscard]] Result<AcquireRequest> parse_acquire_request(std::string_view text);
[[nodiscard]] Result<AcquireAnswer> parse_acquire_answer(std::string_view text);
[[nodiscard]] Result<HeartbeatRequest> parse_heartbeat_request(std::string_view text);
[[nodiscard]] Result<HeartbeatAnswer> parse_heartbeat_answer(std::string_view text);
[[nodiscard]] Result<KeysRequest> parse_keys_request(std::string_view text);
[[nodiscard]] Result<KeysAnswer> parse_keys_answer(std::string_view text);
[[nodiscard]] Result<PeerRequest> parse_peer_request(std::string_view text);
[[nodiscard]] Result<PeerAnswer> parse_peer_answer(std::string_view text);
[[nodiscard]] Result<StatusAnswer> parse_status_answer(std::string_view text);

}  // namespace holdfast::protection
