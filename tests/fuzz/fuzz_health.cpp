// What an instance reads from the other, and from its operator: whatever parses is written in a way that parses again and is
// then written the same.
#include <string>

#include "healthcheck/document.hpp"
#include "healthcheck/endpoint.hpp"
#include "healthcheck/json_text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace holdfast::healthcheck {
namespace {

void expect_settled_health(std::string_view text) {
    const auto document = parse_health(text);
    if (!document) return fuzz::require(!document.error().message.empty(), "a failure without a sentence");
    fuzz::require(text.size() <= kHealthBytesMax, "too large, and read all the same");
    static_cast<void>(poll_of(document.value()));
    const std::string once = render(document.value());
    // Bytes that are no UTF-8 may have become longer texts; nothing else can fail.
    const auto again = parse_health(once);
    fuzz::require(again.has_value() || once.size() > kHealthBytesMax, "what was written can't be read");
    if (again) fuzz::require(render(again.value()) == once, "it does not settle");
}

void expect_settled_command(std::string_view text) {
    const auto command = parse_command(text);
    if (!command) return fuzz::require(!command.error().message.empty(), "a failure without a sentence");
    const auto again = parse_command(render_command(command.value()));
    fuzz::require(again.has_value() && again.value() == command.value(), "another command than was sent");
}

void expect_settled_time(std::string_view text) {
    const auto when = parse_time(text);
    if (!when) return;
    const std::string once = time_text(when.value());
    const auto again = parse_time(once);
    fuzz::require(again.has_value(), "a time that was written can't be read");
    fuzz::require(time_text(again.value()) == once, "a time does not settle");
}

}  // namespace
}  // namespace holdfast::healthcheck

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::healthcheck;
    const holdfast::fuzz::Input input{data, size};
    switch (input.choice % 3) {
        case 0: expect_settled_health(input.rest); break;
        case 1: expect_settled_command(input.rest); break;
        default: expect_settled_time(input.rest); break;
    }
    return 0;
}
