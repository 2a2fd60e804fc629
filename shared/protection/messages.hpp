// What validators and protectors say to each other, as JSON (docs/protector-api.md): numbers are decimal strings, bytes 0x hex.
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
#include "shared/protection/quorum_tally.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protection {

// Keys in one request.
inline constexpr std::size_t kRequestKeysMax = 100'000;
inline constexpr std::size_t kRequestBytesMax = 32U << 20U;

// What every request says before its question.
struct RequestHead {
    std::string cluster;          // empty: not said
    std::uint64_t generation{0};  // 0: shared mode
    Root genesis_validators_root;
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

struct VerdictAnswer {
    std::string node;                 // who answers: one protector is never counted twice
    std::vector<KeyAnswer> verdicts;  // in the request's order
};

struct StatusAnswer {
    std::string node;
    std::string version;
    Root genesis_validators_root;
};

[[nodiscard]] std::string render_attestation_request(const RequestHead& head, const ethereum::AttestationData& data,
                                                     const Domain& domain, std::span<const PublicKey> keys);
[[nodiscard]] std::string render_attestation_request(const RequestHead& head, std::span<const PublicKey> keys,
                                                     std::span<const AttestationMark> marks);
[[nodiscard]] std::string render_block_request(const RequestHead& head, std::span<const PublicKey> keys,
                                               std::span<const BlockMark> marks);
// More than kRequestKeysMax keys are refused too.
[[nodiscard]] Result<AttestationRequest> parse_attestation_request(std::string_view text);
[[nodiscard]] Result<BlockRequest> parse_block_request(std::string_view text);

// `marks`: one for each key, or one for all.
[[nodiscard]] std::string render_answer(std::string_view node, std::span<const PublicKey> keys,
                                        std::span<const AttestationMark> marks, std::span<const Verdict> verdicts);
[[nodiscard]] std::string render_answer(std::string_view node, std::span<const PublicKey> keys,
                                        std::span<const BlockMark> marks, std::span<const Verdict> verdicts);
// `keys_expected`: what was asked, for memory to be reserved once.
[[nodiscard]] Result<VerdictAnswer> parse_verdict_answer(std::string_view text, std::size_t keys_expected);
[[nodiscard]] Result<StatusAnswer> parse_status_answer(std::string_view text);

}  // namespace holdfast::protection
