#include "healthcheck/drift.hpp"

#include <algorithm>

#include "shared/ethereum/hash.hpp"

namespace holdfast::healthcheck {

namespace {

// A digest as people compare it: its beginning.
std::string brief(const std::string& digest) {
    constexpr std::size_t kShown = 10;
    if (digest.empty()) return "none";
    return digest.size() <= kShown ? digest : digest.substr(0, kShown) + "..";
}

std::string sentence(const char* what, const std::string& here, const std::string& primary) {
    return std::string{what} + ": " + here + " here, " + primary + " at the primary";
}

std::string keys_sentence(const Configuration& here, const Configuration& primary) {
    if (here.key_count != primary.key_count) {
        return sentence("validator keys", std::to_string(here.key_count), std::to_string(primary.key_count));
    }
    return "validator keys: " + std::to_string(here.key_count) + " at both, but not the same ones";
}

}  // namespace

std::string digest_of_keys(std::vector<PublicKey> keys) {
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<std::uint8_t> all;
    all.reserve(keys.size() * PublicKey::kSize);
    for (const PublicKey& key : keys) all.insert(all.end(), key.bytes.begin(), key.bytes.end());
    return to_hex(ethereum::sha256(all));
}

std::string digest_of_fee_recipients(const std::map<PublicKey, std::optional<Address>>& recipients) {
    std::vector<std::uint8_t> all;
    for (const auto& [key, recipient] : recipients) {
        const Address paid = recipient.value_or(Address{});
        all.insert(all.end(), key.bytes.begin(), key.bytes.end());
        all.insert(all.end(), paid.bytes.begin(), paid.bytes.end());
    }
    return to_hex(ethereum::sha256(all));
}

std::vector<std::string> differences(const Configuration& here, const Configuration& primary,
                                     const std::vector<std::string>& accepted) {
    std::vector<std::string> found;
    const auto add = [&](const char* name, bool same, const std::string& text) {
        if (!same && std::ranges::find(accepted, name) == accepted.end()) found.push_back(text);
    };
    add("cluster", here.cluster == primary.cluster, sentence("cluster id", brief(here.cluster), brief(primary.cluster)));
    add("chain", here.chain == primary.chain,
        sentence("chain (genesis validators root)", brief(here.chain), brief(primary.chain)));
    const bool same_keys = here.keys == primary.keys && here.key_count == primary.key_count;
    add("keys", same_keys, keys_sentence(here, primary));
    add("fee_recipients", here.fee_recipients == primary.fee_recipients,
        sentence("fee recipients", brief(here.fee_recipients), brief(primary.fee_recipients)));
    add("threshold", here.threshold == primary.threshold,
        sentence("threshold of beacon nodes", std::to_string(here.threshold), std::to_string(primary.threshold)));
    add("version", here.version == primary.version, sentence("version", here.version, primary.version));
    return found;
}

const std::vector<std::string>& drift_names() {
    static const std::vector<std::string> kNames{"cluster", "chain", "keys", "fee_recipients", "threshold", "version"};
    return kNames;
}

}  // namespace holdfast::healthcheck
