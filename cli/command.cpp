#include "cli/command.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include "shared/base/program.hpp"

namespace holdfast::cli {

namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

std::string names_of(const CommandGroup& group) {
    std::string all;
    for (const Command& command : group.commands) all += (all.empty() ? "" : ", ") + command.name;
    return all;
}

// The words with a flag, each with its value; lists that come again are joined; the other words go to `operands`.
class Sorter {
public:
    Sorter(const OptionSet& options, const Form& form) : infos_{options.options()}, form_{form} {}

    void sort(const Words& words) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string& word = words[i];
            if (!word.starts_with("--")) {
                (form_.operands_max > 0 ? operands : flags).push_back(word);
                continue;
            }
            const std::size_t equals = word.find('=');
            const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
            const bool takes_next =
                equals == std::string::npos && takes_value(name) && i + 1 < words.size() && (!words[i + 1].starts_with("--"));
            if (std::ranges::find(form_.repeatable, name) != form_.repeatable.end() &&
                (takes_next || equals != std::string::npos)) {
                std::string& all = lists_[name];
                all += (all.empty() ? "" : ",") + (takes_next ? words[++i] : word.substr(equals + 1));
                continue;
            }
            flags.push_back(word);
            if (takes_next) flags.push_back(words[++i]);
        }
        for (const auto& [name, value] : lists_) flags.insert(flags.end(), {"--" + name, value});
    }

    Words flags;
    Words operands;

private:
    std::vector<OptionInfo> infos_;
    const Form& form_;
    std::map<std::string, std::string> lists_;

    [[nodiscard]] bool takes_value(const std::string& name) const {
        const auto found = std::ranges::find(infos_, name, &OptionInfo::name);
        return found != infos_.end() && !found->value.empty();
    }
};

}  // namespace

std::string help(const CommandGroup& group) {
    std::size_t width = 0;
    for (const Command& command : group.commands) width = std::max(width, command.name.size());
    std::string text = group.program + " " + std::string{version()} + ": " + group.summary + "\n\nCommands:\n";
    for (const Command& command : group.commands) {
        text += "  " + command.name + std::string(width + 2 - command.name.size(), ' ') + command.summary + "\n";
    }
    return text + "\n" + group.program + " COMMAND --help says more.\n\n" + group.examples;
}

int dispatch(const CommandGroup& group, const Words& words) {
    if (words.empty()) return complain(group.program, {"name a command: " + names_of(group) + "; see --help"});
    const std::string& first = words.front();
    if (first == "--help" || first == "-h" || first == "help") {
        print(help(group));
        return kExitDone;
    }
    if (first == "--version") {
        print("holdfast " + std::string{version()} + "\n");
        return kExitDone;
    }
    const auto found = std::ranges::find(group.commands, first, &Command::name);
    if (found != group.commands.end()) return found->run({words.begin() + 1, words.end()});
    return complain(group.program, {"there is no command '" + first + "'; there are: " + names_of(group) + "; see --help"});
}

int complain(const std::string& program, const Problems& problems) {
    for (const std::string& problem : problems) std::fprintf(stderr, "%s: %s\n", program.c_str(), problem.c_str());
    return kExitUsage;
}

int fail(const std::string& program, const std::string& sentence) {
    complain(program, {sentence});
    return kExitFailed;
}

std::optional<int> read_words(const OptionSet& options, const Form& form, const Words& words, Words& operands) {
    Sorter sorter{options, form};
    sorter.sort(words);
    const OptionSet::Outcome outcome = options.parse(sorter.flags);
    if (const auto* answer = std::get_if<OptionSet::Answer>(&outcome)) {
        print(answer->text);
        return kExitDone;
    }
    Problems problems;
    if (const auto* found = std::get_if<Problems>(&outcome)) problems = *found;
    operands = std::move(sorter.operands);
    if (operands.size() < form.operands_min) problems.push_back("name " + form.operands + "; see --help");
    if (operands.size() > form.operands_max) {
        problems.push_back("'" + operands[form.operands_max] + "' is one word too many: expected " + form.operands);
    }
    if (problems.empty()) return std::nullopt;
    return complain(form.program, problems);
}

}  // namespace holdfast::cli
