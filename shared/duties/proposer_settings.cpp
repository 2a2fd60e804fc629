#include "shared/duties/proposer_settings.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <limits>

#include "shared/base/file.hpp"

namespace holdfast::duties {

namespace {

// 100,000 keys with all settings.
constexpr std::size_t kFileBytesMax = std::size_t{64} << 20U;

// A field of the key's own choice if it has one, of the others' otherwise.
template <class T>
std::optional<T> chosen(const ProposerSettings& settings, const PublicKey& key, std::optional<T> ProposerChoice::*field) {
    const auto own = settings.by_key.find(key);
    if (own != settings.by_key.end() && own->second.*field) return own->second.*field;
    return settings.otherwise.*field;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + more >= text.size()) return false;
        const std::string_view rest = text.substr(i + 1, more);
        if (!std::ranges::all_of(rest, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; })) return false;
        i += more + 1;
    }
    return true;
}

class ChoiceReader {
public:
    ChoiceReader(const toml::table& table, std::string where, Problems& problems)
        : table_{table}, where_{std::move(where)}, problems_{problems} {}

    ProposerChoice read() {
        ProposerChoice choice;
        for (const auto& [name, node] : table_) {
            const std::string_view word = name.str();
            if (word == "fee_recipient") {
                choice.fee_recipient = text<Address>(word, node, parse_fee_recipient);
            } else if (word == "graffiti") {
                choice.graffiti = text<Root>(word, node, parse_graffiti);
            } else if (word == "gas_limit") {
                choice.gas_limit = gas_limit(node);
            } else {
                blame(word, "there is no such setting; there are fee_recipient, gas_limit and graffiti");
            }
        }
        return choice;
    }

private:
    const toml::table& table_;
    std::string where_;
    Problems& problems_;

    void blame(std::string_view name, const std::string& what) {
        problems_.push_back(where_ + std::string{name} + ": " + what);
    }
    template <class T>
    std::optional<T> text(std::string_view name, const toml::node& node, Result<T> (*parse)(std::string_view)) {
        const auto value = node.value_exact<std::string>();
        if (!value) {
            blame(name, "expected a text");
            return std::nullopt;
        }
        const Result<T> parsed = parse(*value);
        if (!parsed) {
            blame(name, parsed.error().message);
            return std::nullopt;
        }
        return parsed.value();
    }
    std::optional<std::uint64_t> gas_limit(const toml::node& node) {
        const auto value = node.value_exact<std::int64_t>();
        if (value && *value > 0) return static_cast<std::uint64_t>(*value);
        blame("gas_limit", "expected a number above 0");
        return std::nullopt;
    }
};

void read_keys(const toml::table& keys, const std::string& where, std::unordered_map<PublicKey, ProposerChoice>& choices,
               Problems& problems) {
    for (const auto& [name, node] : keys) {
        const std::string place = where + "keys.\"" + std::string{name.str()} + "\"";
        const toml::table* table = node.as_table();
        const Result<PublicKey> key = parse_hex<PublicKey>(name.str());
        if (!key || table == nullptr) {
            problems.push_back(place + ": expected " +
                               (key ? "a table of settings" : "a public key, 0x and 96 hexadecimal digits"));
            continue;
        }
        ChoiceReader reader{*table, place + ": ", problems};
        if (!choices.try_emplace(key.value(), reader.read()).second) problems.push_back(place + ": this key is named twice");
    }
}

}  // namespace

std::optional<Address> ProposerSettings::fee_recipient(const PublicKey& key) const {
    return chosen(*this, key, &ProposerChoice::fee_recipient);
}

std::uint64_t ProposerSettings::gas_limit(const PublicKey& key) const {
    return chosen(*this, key, &ProposerChoice::gas_limit).value_or(kGasLimitIfNotTold);
}

Root ProposerSettings::graffiti(const PublicKey& key) const {
    return chosen(*this, key, &ProposerChoice::graffiti).value_or(Root{});
}

Result<Address> parse_fee_recipient(std::string_view text) {
    const Result<Address> address = parse_hex<Address>(text);
    if (!text.starts_with("0x") || !address) {
        return failure(ErrorCode::kInvalidArgument, "expected an address of the execution layer, 0x and 40 hexadecimal digits");
    }
    if (address.value().is_zero()) {
        return failure(ErrorCode::kInvalidArgument, "the zero address would burn all fees; give one that is yours");
    }
    return address.value();
}

Result<Root> parse_graffiti(std::string_view text) {
    Root graffiti;
    if (text.size() > Root::kSize) {
        return failure(ErrorCode::kInvalidArgument,
                       "has " + std::to_string(text.size()) + " bytes; at most 32 fit into a block");
    }
    if (!is_utf8(text)) return failure(ErrorCode::kInvalidArgument, "is not UTF-8");
    std::copy(text.begin(), text.end(), graffiti.bytes.begin());
    return graffiti;
}

std::unordered_map<PublicKey, ProposerChoice> parse_proposer_choices(std::string_view text, const std::string& where,
                                                                     Problems& problems) {
    std::unordered_map<PublicKey, ProposerChoice> choices;
    try {
        const toml::table root = toml::parse(text);
        for (const auto& [name, node] : root) {
            const toml::table* keys = node.as_table();
            if (name.str() == "keys" && keys != nullptr) {
                read_keys(*keys, where, choices, problems);
            } else {
                problems.push_back(where + std::string{name.str()} + R"(: expected only tables like [keys."0x93247f22.."])");
            }
        }
    } catch (const toml::parse_error& error) {
        problems.push_back(where + "line " + std::to_string(error.source().begin.line) + ": " +
                           std::string{error.description()});
    }
    return choices;
}

std::unordered_map<PublicKey, ProposerChoice> read_proposer_choices(const std::string& path, Problems& problems) {
    const Result<std::string> text = read_file(path, kFileBytesMax);
    if (!text) {
        problems.push_back(text.error().message);
        return {};
    }
    return parse_proposer_choices(text.value(), path + ": ", problems);
}

}  // namespace holdfast::duties
