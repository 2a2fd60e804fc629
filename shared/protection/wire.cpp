#include "shared/protection/wire.hpp"

#include <algorithm>
#include <utility>

#include "shared/protection/wire_parts.hpp"

namespace holdfast::protection::wire {
namespace {

using ethereum::AttestationData;

constexpr std::string_view kAttestationRequest = "HFA1";
constexpr std::string_view kBlockRequest = "HFB1";
constexpr std::string_view kAnswer = "HFV1";

constexpr std::uint8_t kFormData = 1;
constexpr std::uint8_t kFormMarks = 2;

// Codes of verdicts. A refusal is one of the three kinds plus its reason.
constexpr unsigned kCodeUnknown = 0;
constexpr unsigned kCodeApproved = 1;
constexpr unsigned kCodeRepeated = 2;
constexpr unsigned kCodeRefused = 0x40;
constexpr unsigned kCodeRefusedForVote = 0x80;
constexpr unsigned kCodeRefusedForBlock = 0xC0;
constexpr unsigned kCodeReasonMask = 0x3F;
constexpr auto kReasonLast = static_cast<unsigned>(Reason::kNotVoting);

unsigned code_of(const Verdict& verdict) {
    switch (verdict.outcome) {
        case Outcome::kApproved: return kCodeApproved;
        case Outcome::kRepeated: return kCodeRepeated;
        case Outcome::kRefused: break;
        default: return kCodeUnknown;
    }
    const auto reason = static_cast<unsigned>(verdict.reason);
    if (std::holds_alternative<AttestationMark>(verdict.record)) return kCodeRefusedForVote + reason;
    return (std::holds_alternative<BlockMark>(verdict.record) ? kCodeRefusedForBlock : kCodeRefused) + reason;
}

template <class Mark>
std::string encode_messages(std::string bytes, std::span<const PublicKey> keys, std::span<const Mark> marks) {
    append_count(bytes, keys.size());
    append_bytes(bytes, keys);
    for (const Mark& mark : marks) append_mark(bytes, mark);
    return bytes;
}

template <class Mark>
void read_messages(OctetReader& reader, std::size_t mark_size, std::vector<PublicKey>& keys, std::vector<Mark>& marks) {
    const std::size_t count = reader.count(PublicKey::kSize + mark_size, kRequestKeysMax);
    keys = reader.list<PublicKey>(count);
    marks.resize(count);
    for (Mark& mark : marks) read_mark(reader, mark);
}

Verdict read_verdict(OctetReader& reader, OctetReader& records) {
    const unsigned code = reader.number<std::uint8_t>();
    if (code == kCodeUnknown) return {};
    if (code == kCodeApproved) return {Outcome::kApproved, Reason::kNone, {}};
    if (code == kCodeRepeated) return {Outcome::kRepeated, Reason::kNone, {}};
    const unsigned reason = code & kCodeReasonMask;
    if (code < kCodeRefused || reason > kReasonLast) reader.fail("unknown code " + std::to_string(code) + " of a verdict");
    Verdict verdict{Outcome::kRefused, static_cast<Reason>(reason), {}};
    const unsigned kind = code - reason;
    if (kind == kCodeRefusedForVote) read_mark(records, verdict.record.emplace<AttestationMark>());
    if (kind == kCodeRefusedForBlock) read_mark(records, verdict.record.emplace<BlockMark>());
    return verdict;
}

}  // namespace

std::string encode_attestation_request(const RequestHead& head, const AttestationData& data, const Domain& domain,
                                       std::span<const PublicKey> keys) {
    std::string bytes = begin(kAttestationRequest, keys.size_bytes());
    append_head(bytes, head);
    append_number(bytes, kFormData);
    append_data(bytes, data);
    append_bytes(bytes, domain);
    append_count(bytes, keys.size());
    append_bytes(bytes, keys);
    return bytes;
}

std::string encode_attestation_request(const RequestHead& head, std::span<const PublicKey> keys,
                                       std::span<const AttestationMark> marks) {
    std::string bytes = begin(kAttestationRequest, keys.size_bytes() + marks.size() * kVoteSize);
    append_head(bytes, head);
    append_number(bytes, kFormMarks);
    return encode_messages(std::move(bytes), keys, marks);
}

std::string encode_block_request(const RequestHead& head, std::span<const PublicKey> keys, std::span<const BlockMark> marks) {
    std::string bytes = begin(kBlockRequest, keys.size_bytes() + marks.size() * kBlockSize);
    append_head(bytes, head);
    return encode_messages(std::move(bytes), keys, marks);
}

Result<AttestationRequest> decode_attestation_request(std::string_view bytes) {
    AttestationRequest request;
    OctetReader reader{bytes};
    read_magic(reader, kAttestationRequest);
    read_head(reader, request.head);
    const auto form = reader.number<std::uint8_t>();
    if (form == kFormMarks) {
        read_messages(reader, kVoteSize, request.keys, request.marks);
    } else if (form == kFormData) {
        request.data = read_data(reader);
        request.domain = reader.bytes<Domain>();
        request.keys = reader.list<PublicKey>(reader.count(PublicKey::kSize, kRequestKeysMax));
    } else {
        reader.fail("unknown form " + std::to_string(form) + " of a request");
    }
    HOLDFAST_TRY(reader.end());
    return request;
}

Result<BlockRequest> decode_block_request(std::string_view bytes) {
    BlockRequest request;
    OctetReader reader{bytes};
    read_magic(reader, kBlockRequest);
    read_head(reader, request.head);
    read_messages(reader, kBlockSize, request.keys, request.marks);
    HOLDFAST_TRY(reader.end());
    return request;
}

std::string encode_answer(const AnswerHead& head, std::span<const Verdict> verdicts) {
    const auto records = std::ranges::count_if(verdicts, [](const Verdict& verdict) { return verdict.record.index() != 0; });
    std::string bytes = begin(kAnswer, verdicts.size() + static_cast<std::size_t>(records) * kVoteSize);
    append_head(bytes, head);
    append_count(bytes, verdicts.size());
    for (const Verdict& verdict : verdicts) bytes += static_cast<char>(static_cast<std::uint8_t>(code_of(verdict)));
    for (const Verdict& verdict : verdicts) {
        if (verdict.outcome != Outcome::kRefused) continue;
        std::visit([&bytes](const auto& record) { append_mark(bytes, record); }, verdict.record);
    }
    return bytes;
}

Result<VerdictAnswer> decode_answer(std::string_view bytes) {
    VerdictAnswer answer;
    OctetReader reader{bytes};
    read_magic(reader, kAnswer);
    read_head(reader, answer.head);
    const std::size_t count = reader.count(1, kRequestKeysMax);
    OctetReader codes{bytes.substr(bytes.size() - reader.left(), count)};
    reader.take(count);
    answer.verdicts.reserve(count);
    while (answer.verdicts.size() < count) answer.verdicts.push_back(read_verdict(codes, reader));
    HOLDFAST_TRY(codes.end());
    HOLDFAST_TRY(reader.end());
    return answer;
}

}  // namespace holdfast::protection::wire
