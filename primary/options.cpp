#include "primary/options.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <toml++/toml.h>
#include <utility>

#include "shared/base/types.hpp"

namespace holdfast::primary {

namespace {

constexpr std::array kOptions{
    OptionText{"beacon-nodes", "URL,URL", "", "beacon nodes, any number, of any make"},
    OptionText{"keystores", "DIR", "", "directory of EIP-2335 keystores (*.json)"},
    OptionText{"passwords", "DIR", "", "directory of passwords: NAME.txt for NAME.json; by default beside the keystores"},
    OptionText{"password-file", "FILE", "", "one password for all keystores"},
    OptionText{"protectors", "URL,URL", "", "slashing-protection daemons"},
    OptionText{"quorum", "Q", "", "how many protectors must say yes, more than half of them"},
    OptionText{"attestation-threshold", "N", "more than half", "how many beacon nodes must agree on a vote"},
    OptionText{"listen", "ADDRESS:PORT", "127.0.0.1:7770", "where /metrics, /healthz and /livez are served"},
    OptionText{"worker-threads", "N", "one for each core", "threads that sign and decrypt"},
    OptionText{"start-timeout", "SECONDS", "300", "how long to wait at start for enough beacon nodes"},
    OptionText{"log-level", "LEVEL", "info", "debug, info, warn or error"},
    OptionText{"config", "FILE", "", "TOML file with the same names; flags win over it"},
    OptionText{"check", "", "", "validate everything, connect to everything, say what was found, and end"},
    OptionText{"version", "", "", "say the version, and end"},
    OptionText{"help", "", "", "say this, and end"},
};

// Names with what was given for them, as text.
using Values = std::map<std::string, std::string, std::less<>>;

const OptionText* find_option(std::string_view name) {
    const auto found = std::ranges::find(kOptions, name, &OptionText::name);
    return found == kOptions.end() ? nullptr : &*found;
}

bool belongs_in_file(std::string_view name) {
    constexpr std::array<std::string_view, 4> kOnlyFlags{"config", "check", "version", "help"};
    return find_option(name) != nullptr && std::ranges::find(kOnlyFlags, name) == kOnlyFlags.end();
}

Values read_flags(const std::vector<std::string>& arguments, Problems& problems) {
    Values values;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (!argument.starts_with("--")) {
            problems.push_back("'" + argument + "' is no option; see --help");
            continue;
        }
        const std::size_t equals = argument.find('=');
        const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
        const OptionText* option = find_option(name);
        if (option == nullptr) {
            problems.push_back("--" + name + " is not an option; see --help");
            // Its value, if it has one, is not another mistake.
            if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) ++i;
            continue;
        }
        std::string value;
        if (equals != std::string::npos) {
            value = argument.substr(equals + 1);
        } else if (!option->value.empty()) {
            if (i + 1 >= arguments.size() || arguments[i + 1].starts_with("--")) {
                problems.push_back("--" + name + " needs a value: " + std::string{option->value});
                continue;
            }
            value = arguments[++i];
        }
        if (!values.emplace(name, value).second) problems.push_back("--" + name + " is given twice");
    }
    return values;
}

std::optional<std::string> text_of(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    const toml::array* list = node.as_array();
    if (list == nullptr) return std::nullopt;
    std::string joined;
    for (const toml::node& item : *list) {
        const auto text = item.value_exact<std::string>();
        if (!text) return std::nullopt;
        joined += (joined.empty() ? "" : ",") + *text;
    }
    return joined;
}

Values read_file(const std::string& path, Problems& problems) {
    Values values;
    std::ifstream file{path};
    std::stringstream content;
    if (file) content << file.rdbuf();
    if (!file || !content) {
        problems.push_back("config: " + path + " can't be read");
        return values;
    }
    try {
        const toml::table table = toml::parse(content.str());
        for (const auto& [key, node] : table) {
            const std::string name{key.str()};
            const std::string where = path + " line " + std::to_string(node.source().begin.line) + ": ";
            const auto text = text_of(node);
            if (!belongs_in_file(name)) {
                problems.push_back(where + "'" + name + "' is not a key of the configuration");
            } else if (!text) {
                problems.push_back(where + "'" + name + "' must be a text, a whole number, or a list of texts");
            } else {
                values.emplace(name, *text);
            }
        }
    } catch (const toml::parse_error& error) {
        problems.push_back(path + " line " + std::to_string(error.source().begin.line) + ": not TOML: " +
                           std::string{error.description()});
    }
    return values;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::stringstream stream{text};
    std::string part;
    while (std::getline(stream, part, ',')) {
        const std::size_t first = part.find_first_not_of(' ');
        if (first == std::string::npos) continue;
        parts.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
    }
    return parts;
}

class Taker {
public:
    Taker(const Values& values, Problems& problems) : values_{values}, problems_{problems} {}

    void text(std::string_view name, std::string& target) const {
        if (const auto found = values_.find(name); found != values_.end()) target = found->second;
    }
    void list(std::string_view name, std::vector<std::string>& target) const {
        if (const auto found = values_.find(name); found != values_.end()) target = split(found->second);
    }
    void number(std::string_view name, std::int64_t& target) {
        const auto found = values_.find(name);
        if (found == values_.end()) return;
        const Result<std::uint64_t> number = parse_decimal(found->second);
        constexpr std::uint64_t kMax = 1'000'000'000;
        if (number && number.value() <= kMax && number.value() > 0) {
            target = static_cast<std::int64_t>(number.value());
        } else {
            problems_.push_back(std::string{name} + ": '" + found->second + "' is not a whole number above 0");
            failed_.emplace_back(name);
        }
    }
    // Names whose values could not be taken: what find_problems() says of them is said already.
    [[nodiscard]] const std::vector<std::string>& failed() const { return failed_; }

private:
    const Values& values_;
    Problems& problems_;
    std::vector<std::string> failed_;
};

Settings take(const Values& values, Problems& problems) {
    Settings settings;
    Taker taker{values, problems};
    taker.list("beacon-nodes", settings.beacon_nodes);
    taker.text("keystores", settings.keystores);
    taker.text("passwords", settings.passwords);
    taker.text("password-file", settings.password_file);
    taker.list("protectors", settings.protectors);
    taker.number("quorum", settings.quorum);
    taker.number("attestation-threshold", settings.attestation_threshold);
    taker.text("listen", settings.listen);
    taker.number("worker-threads", settings.worker_threads);
    taker.number("start-timeout", settings.start_timeout);
    taker.text("log-level", settings.log_level);
    settings.check = values.contains("check");
    for (const std::string& problem : find_problems(settings)) {
        const bool said = std::ranges::any_of(taker.failed(), [&problem](const std::string& name) { return problem.starts_with(name + ":"); });
        if (!said) problems.push_back(problem);
    }
    return settings;
}

}  // namespace

std::span<const OptionText> option_texts() { return kOptions; }

std::variant<Parsed, Problems> parse_options(const std::vector<std::string>& arguments) {
    Problems problems;
    Values values = read_flags(arguments, problems);
    if (values.contains("help")) return Parsed{HelpAsked{}};
    if (values.contains("version")) return Parsed{VersionAsked{}};
    if (const auto file = values.find("config"); file != values.end()) {
        values.merge(read_file(file->second, problems));
    }
    Settings settings = take(values, problems);
    if (!problems.empty()) return problems;
    return Parsed{std::move(settings)};
}

std::string help_text() {
    std::string text =
        "holdfast-primary: performs the duties of your validators over several beacon nodes, and signs nothing slashable\n"
        "without a quorum of protectors.\n\nOptions:\n";
    for (const OptionText& option : kOptions) {
        std::string left = "  --" + std::string{option.name};
        if (!option.value.empty()) left += " " + std::string{option.value};
        left.resize(std::max<std::size_t>(left.size() + 2, 34), ' ');
        text += left + std::string{option.help};
        if (!option.standard.empty()) text += " (default: " + std::string{option.standard} + ")";
        text += "\n";
    }
    text +=
        "\nExample:\n"
        "  holdfast-primary --beacon-nodes http://127.0.0.1:5052,http://127.0.0.1:3500 --keystores /etc/holdfast/keys \\\n"
        "    --protectors http://127.0.0.1:7701,http://127.0.0.1:7702,http://127.0.0.1:7703,http://127.0.0.1:7704 --quorum 3\n"
        "\nExit codes: 0 stopped as asked, 1 could not start or --check failed, 2 wrong options.\n";
    return text;
}

}  // namespace holdfast::primary
