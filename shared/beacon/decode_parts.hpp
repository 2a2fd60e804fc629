// Parts of reading a node's answers that several sources of this folder share.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "shared/beacon/json_decode.hpp"

namespace holdfast::beacon {

// Printable characters only, at most 200.
[[nodiscard]] std::string printable(std::string_view text);
// kUnavailable if the answer rests on a head that the node's execution node has not verified.
[[nodiscard]] Result<void> refuse_optimistic(const Json::Value& root);
[[nodiscard]] Error at_element(std::size_t i, Error error);

// Each element of `list` decoded by `decode`, with `key_of` it among `asked` and only once.
template <class T, class Key, class Decode, class KeyOf>
Result<std::vector<T>> decode_asked(const Json::Value& list, const std::vector<Key>& asked, Decode decode, KeyOf key_of) {
    std::unordered_set<Key> expected{asked.begin(), asked.end()};
    std::vector<T> result;
    result.reserve(list.size());
    for (Json::ArrayIndex i = 0; i < list.size(); ++i) {
        Result<T> element = decode(list[i]);
        if (!element) return at_element(i, std::move(element).error());
        if (expected.erase(key_of(element.value())) == 0) {
            return at_element(i, failure(ErrorCode::kMalformed, "is about a validator that was not asked for, or comes twice"));
        }
        result.push_back(std::move(element).value());
    }
    return result;
}

}  // namespace holdfast::beacon
