// The JSON forms: whatever parses is written in a way that parses again and is then written the same.
#include <string>

#include "shared/protection/json_reader.hpp"
#include "shared/protection/messages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace holdfast::protection {
namespace {

std::string render(const AttestationRequest& request) {
    return request.data ? render_attestation_request(request.head, *request.data, request.domain, request.keys)
                        : render_attestation_request(request.head, request.keys, request.marks);
}
std::string render(const BlockRequest& request) { return render_block_request(request.head, request.keys, request.marks); }

template <class T>
void expect_settled(Result<T> parse(std::string_view), std::string_view text) {
    const auto value = parse(text);
    if (!value) return;
    const std::string once = render(value.value());
    const auto again = parse(once);
    fuzz::require(again.has_value(), "what was written can't be read");
    fuzz::require(render(again.value()) == once, "it does not settle");
}

void expect_skipped(std::string_view text) {
    JsonReader reader{text};
    reader.skip();
    reader.end();
    if (reader.result()) return;
    fuzz::require(!reader.result().error().message.empty(), "a failure without a sentence");
}

}  // namespace
}  // namespace holdfast::protection

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::protection;
    const holdfast::fuzz::Input input{data, size};
    switch (input.choice % 12) {
        case 0: expect_settled(parse_attestation_request, input.rest); break;
        case 1: expect_settled(parse_block_request, input.rest); break;
        case 2: expect_settled(parse_acquire_request, input.rest); break;
        case 3: expect_settled(parse_acquire_answer, input.rest); break;
        case 4: expect_settled(parse_heartbeat_request, input.rest); break;
        case 5: expect_settled(parse_heartbeat_answer, input.rest); break;
        case 6: expect_settled(parse_keys_request, input.rest); break;
        case 7: expect_settled(parse_keys_answer, input.rest); break;
        case 8: expect_settled(parse_peer_request, input.rest); break;
        case 9: expect_settled(parse_peer_answer, input.rest); break;
        case 10: expect_settled(parse_status_answer, input.rest); break;
        default: expect_skipped(input.rest); break;
    }
    return 0;
}
