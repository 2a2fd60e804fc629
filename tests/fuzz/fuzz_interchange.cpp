// The import of an EIP-3076 file: what is taken from it and exported again is taken again, the same.
#include <string>

#include "shared/protection/interchange.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

// Of the files in the corpus: 0x04 and thirty-one zeros.
holdfast::Root chain_root() {
    holdfast::Root root;
    root.bytes[0] = 4;
    return root;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::protection;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto entries = parse_interchange(text, chain_root());
    if (!entries) return 0;
    const std::string once = render_interchange(entries.value(), chain_root());
    const auto again = parse_interchange(once, chain_root());
    holdfast::fuzz::require(again.has_value(), "what was exported can't be imported");
    holdfast::fuzz::require(render_interchange(again.value(), chain_root()) == once, "it does not settle");
    return 0;
}
