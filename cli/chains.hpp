// The public chains that `--chain NAME` knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/protection/cluster.hpp"

namespace holdfast::cli {

[[nodiscard]] std::optional<protection::ChainIdentity> find_chain(std::string_view name);
// "mainnet, hoodi, ..."
[[nodiscard]] std::string chain_names();

}  // namespace holdfast::cli
