// The octet-stream form of the hot path (docs/protector-api.md has the layouts): requests for verdicts and their answers, the
// records of an epoch for adoption, and all records for a rejoin. Little-endian, fixed layout, no copies of keys in answers:
// verdicts come in the request's order. Parsers are strict: every byte must be there and none may follow; kMalformed otherwise.
// Counts are checked against the bytes that are there before memory is taken.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::protection::wire {

[[nodiscard]] std::string encode_attestation_request(const RequestHead& head, const ethereum::AttestationData& data,
                                                     const Domain& domain, std::span<const PublicKey> keys);
[[nodiscard]] std::string encode_attestation_request(const RequestHead& head, std::span<const PublicKey> keys,
                                                     std::span<const AttestationMark> marks);
[[nodiscard]] std::string encode_block_request(const RequestHead& head, std::span<const PublicKey> keys,
                                               std::span<const BlockMark> marks);
[[nodiscard]] Result<AttestationRequest> decode_attestation_request(std::string_view bytes);
[[nodiscard]] Result<BlockRequest> decode_block_request(std::string_view bytes);

// One code a verdict; refusals for a record carry it.
[[nodiscard]] std::string encode_answer(const AnswerHead& head, std::span<const Verdict> verdicts);
[[nodiscard]] Result<VerdictAnswer> decode_answer(std::string_view bytes);

[[nodiscard]] std::string encode_records(const RecordsAnswer& answer);
[[nodiscard]] Result<RecordsAnswer> decode_records(std::string_view bytes);

// GET /v1/records without parameters, for members: everything (rejoin).
[[nodiscard]] std::string encode_all_records(const MemberRecords& records);
[[nodiscard]] Result<MemberRecords> decode_all_records(std::string_view bytes);

}  // namespace holdfast::protection::wire
