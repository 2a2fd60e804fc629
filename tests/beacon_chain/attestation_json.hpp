// Reads what clients post. Defensive: whatever the text is, the answer is a value.
#pragma once

#include <json/value.h>

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/ethereum/attestation.hpp"

namespace holdfast::sim {

// The body of POST /eth/v2/beacon/pool/attestations: a list of SingleAttestation. kMalformed names the element and the field.
[[nodiscard]] Result<std::vector<ethereum::SingleAttestation>> parse_attestations(std::string_view body);

// A list of decimal strings, as duties are asked for. kMalformed in Prysm's words.
[[nodiscard]] Result<std::vector<std::string>> parse_strings(std::string_view body);

// An object; a list.
[[nodiscard]] Result<Json::Value> parse_object(std::string_view body);
[[nodiscard]] Result<Json::Value> parse_array(std::string_view body);
// Without line breaks.
[[nodiscard]] std::string one_line(const Json::Value& json);

}  // namespace holdfast::sim
