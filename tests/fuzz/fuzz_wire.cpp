// The octet-stream forms: whatever decodes is written back as the same bytes, so there is one way to say each thing; all
// records, whose table of AttestationData may be written in several ways, settle after one round.
#include <string>

#include "shared/protection/wire.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace holdfast::protection {
namespace {

std::string encode(const AttestationRequest& request) {
    return request.data ? wire::encode_attestation_request(request.head, *request.data, request.domain, request.keys)
                        : wire::encode_attestation_request(request.head, request.keys, request.marks);
}
std::string encode(const BlockRequest& request) {
    return wire::encode_block_request(request.head, request.keys, request.marks);
}
std::string encode(const VerdictAnswer& answer) { return wire::encode_answer(answer.head, answer.verdicts); }
std::string encode(const RecordsAnswer& answer) { return wire::encode_records(answer); }
std::string encode(const MemberRecords& records) { return wire::encode_all_records(records); }

template <class T>
void expect_same_bytes(Result<T> decode(std::string_view), std::string_view bytes) {
    const auto value = decode(bytes);
    if (value) fuzz::require(encode(value.value()) == bytes, "other bytes came back");
}

void expect_settled(std::string_view bytes) {
    const auto records = wire::decode_all_records(bytes);
    if (!records) return;
    const std::string once = encode(records.value());
    const auto again = wire::decode_all_records(once);
    fuzz::require(again.has_value(), "what was written can't be read");
    fuzz::require(encode(again.value()) == once, "it does not settle");
    fuzz::require(again.value().entries.size() == records.value().entries.size(), "entries were lost");
}

}  // namespace
}  // namespace holdfast::protection

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::protection;
    const holdfast::fuzz::Input input{data, size};
    switch (input.choice % 5) {
        case 0: expect_same_bytes(wire::decode_attestation_request, input.rest); break;
        case 1: expect_same_bytes(wire::decode_block_request, input.rest); break;
        case 2: expect_same_bytes(wire::decode_answer, input.rest); break;
        case 3: expect_same_bytes(wire::decode_records, input.rest); break;
        default: expect_settled(input.rest); break;
    }
    return 0;
}
