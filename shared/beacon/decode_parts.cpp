#include "shared/beacon/decode_parts.hpp"

#include <algorithm>

namespace holdfast::beacon {

std::string printable(std::string_view text) {
    constexpr std::size_t kTextMax = 200;
    std::string result{text.substr(0, kTextMax)};
    std::ranges::replace_if(
        result, [](char c) { return c < 0x20 || c > 0x7e; }, ' ');
    return result;
}

Result<void> refuse_optimistic(const Json::Value& root) {
    HOLDFAST_TRY(const bool optimistic, bool_field_or(root, "execution_optimistic", false));
    if (optimistic)
        return failure(ErrorCode::kUnavailable, "the node is optimistic: its execution node has not verified its head");
    return success();
}

Error at_element(std::size_t i, Error error) { return with_context("element " + std::to_string(i), std::move(error)); }

}  // namespace holdfast::beacon
