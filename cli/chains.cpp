#include "cli/chains.hpp"

#include <algorithm>
#include <array>

namespace holdfast::cli {

namespace {

struct Chain {
    std::string_view name;
    std::int64_t genesis_time;
    std::string_view genesis_validators_root;
    std::int64_t slot_seconds;
    std::uint64_t slots_per_epoch;
};

constexpr std::array kChains{
    Chain{"mainnet", 1'606'824'023, "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95", 12, 32},
    Chain{"hoodi", 1'742'213'400, "0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f", 12, 32},
    Chain{"sepolia", 1'655'733'600, "0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078", 12, 32},
    Chain{"gnosis", 1'638'993'340, "0xf5dcb5564e829aab27264b9becd5dfaa017085611224cb3036f573368dbb9d47", 5, 16},
    Chain{"chiado", 1'665'396'300, "0x9d642dac73058fbf39c0ae41ab1e34e4d889043cb199851ded7095bc99eb4c1e", 5, 16},
};

}  // namespace

std::optional<protection::ChainIdentity> find_chain(std::string_view name) {
    const auto* found = std::ranges::find(kChains, name, &Chain::name);
    if (found == kChains.end()) return std::nullopt;
    return protection::ChainIdentity{WallTime{std::chrono::seconds{found->genesis_time}},
                                     parse_hex<Root>(found->genesis_validators_root).value(),
                                     std::chrono::seconds{found->slot_seconds}, found->slots_per_epoch};
}

std::string chain_names() {
    std::string all;
    for (const Chain& chain : kChains) all += (all.empty() ? "" : ", ") + std::string{chain.name};
    return all;
}

}  // namespace holdfast::cli
