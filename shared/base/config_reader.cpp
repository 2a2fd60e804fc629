#include "shared/base/config_reader.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <utility>

#include "shared/base/file.hpp"

namespace holdfast {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1024} * 1024;

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(',', from), text.size());
        const std::string part = text.substr(from, to - from);
        const std::size_t first = part.find_first_not_of(' ');
        if (first != std::string::npos) parts.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
        from = to + 1;
    }
    return parts;
}

std::optional<std::vector<std::string>> strings_of(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return split(*text);
    const toml::array* array = node.as_array();
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> parts;
    for (const toml::node& item : *array) {
        auto text = item.value_exact<std::string>();
        if (!text) return std::nullopt;
        parts.push_back(*std::move(text));
    }
    return parts;
}

template <class T, class Format>
std::optional<std::vector<std::string>> one(const toml::node& node, Format format) {
    const auto value = node.value_exact<T>();
    if (!value) return std::nullopt;
    return std::vector<std::string>{format(*value)};
}

std::string line_of(const std::string& path, const toml::source_region& where) {
    return path + " line " + std::to_string(where.begin.line) + ": ";
}

// CLI11 stops at its first problem, so it is asked to take every flag any number of times, with or without a value.
void declare(CLI::App& app, const std::string& name, bool toggle) {
    if (toggle) {
        app.add_flag("--" + name)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    } else {
        app.add_option("--" + name)->expected(0, 1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
}

}  // namespace

void OptionReader::blame(const std::string& name, const std::string& sentence) {
    problems_.push_back(sentence);
    blamed_.insert(name);
}

void OptionReader::read_flags(const std::vector<std::string>& arguments) {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    for (const OptionSet::Option& option : set_.options_)
        declare(app, option.info.name, option.kind == OptionSet::Kind::kToggle);
    declare(app, "config", false);
    declare(app, "version", true);
    declare(app, "help", true);
    try {
        app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});  // it wants them backwards
    } catch (const CLI::Error& error) {
        problems_.emplace_back(error.what());
        return;
    }
    for (const CLI::Option* option : app.get_options()) {
        if (option->count() > 0) read_flag(option->get_name().substr(2), option->results());
    }
    read_leftovers(app.remaining());
}

void OptionReader::read_flag(const std::string& name, const std::vector<std::string>& given) {
    if (name == "help" || name == "version") {
        asked_.insert(name);
        return;
    }
    const OptionSet::Option* option = set_.find(name);
    if (given.size() > 1) {
        blame(name, name + ": is given twice");
    } else if (given.empty() || given.front().empty() || given.front() == "{}") {
        blame(name, name + ": needs a value: " + (option == nullptr ? "FILE" : option->info.value));
    } else if (option == nullptr) {
        file_ = given.front();
    } else {
        values_[name] = option->kind == OptionSet::Kind::kList ? split(given.front()) : Parts{given.front()};
    }
}

void OptionReader::read_leftovers(const std::vector<std::string>& leftovers) {
    bool after_unknown = false;  // what stands behind an unknown flag is most likely its value, not another mistake
    for (const std::string& word : leftovers) {
        const bool flag = word.starts_with('-');
        if (flag) {
            problems_.push_back(word.substr(0, word.find('=')) + " is not an option; see --help");
        } else if (!after_unknown) {
            problems_.push_back("'" + word + "' belongs to no option; see --help");
        }
        after_unknown = flag;
    }
}

void OptionReader::read_file() {
    if (file_.empty()) return;
    const auto content = holdfast::read_file(file_, kFileBytesMax);
    if (content) {
        read_document(file_, content.value());
    } else {
        blame("config", "config: " + content.error().message);
    }
}

void OptionReader::read_document(const std::string& path, const std::string& content) {
    try {
        const toml::table table = toml::parse(content);
        for (const auto& [key, node] : table) {
            const std::string name{key.str()};
            const std::string where = line_of(path, key.source()) + "'" + name + "' ";
            const OptionSet::Option* option = set_.find(name);
            if (option == nullptr || !option->info.in_file) {
                const bool flag = option != nullptr || name == "config" || name == "version" || name == "help";
                problems_.push_back(where + (flag ? "can be given as a flag only" : "is not a key of the configuration"));
            } else if (auto parts = parts_of(option->kind, node)) {
                values_.try_emplace(name, *std::move(parts));
            } else {
                blame(name, where + "must be " + form_of(option->kind));
            }
        }
    } catch (const toml::parse_error& error) {
        problems_.push_back(line_of(path, error.source()) + "not TOML: " + std::string{error.description()});
    }
}

std::optional<OptionReader::Parts> OptionReader::parts_of(Kind kind, const toml::node& node) {
    switch (kind) {
        case Kind::kText: return one<std::string>(node, [](const std::string& text) { return text; });
        case Kind::kList: return strings_of(node);
        case Kind::kNumber: return one<std::int64_t>(node, [](std::int64_t number) { return std::to_string(number); });
        case Kind::kToggle: return one<bool>(node, [](bool on) { return std::string{on ? "true" : "false"}; });
    }
    return std::nullopt;
}

const char* OptionReader::form_of(Kind kind) {
    switch (kind) {
        case Kind::kText: return "a string";
        case Kind::kList: return "an array of strings";
        case Kind::kNumber: return "a whole number";
        case Kind::kToggle: return "true or false";
    }
    return "";
}

void OptionReader::take() {
    for (const OptionSet::Option& option : set_.options_) {
        const std::string& name = option.info.name;
        const auto given = values_.find(name);
        if (given == values_.end()) {
            if (option.info.required && !blamed(name)) blame(name, name + ": is required");
            continue;
        }
        const Result<void> taken = option.take(given->second);
        if (!taken) blame(name, name + ": " + taken.error().message);
    }
}

}  // namespace holdfast
