// The part of an OptionSet that reads: flags with CLI11, the file with toml++. For config.cpp only.
#pragma once

#include <toml++/toml.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/config.hpp"

namespace holdfast {

class OptionReader {
public:
    explicit OptionReader(const OptionSet& set) : set_{set} {}

    void read_flags(const std::vector<std::string>& arguments);
    // The one that --config names, if any. Flags read before win over it.
    void read_file();
    // Hands every value to its target, and misses those that are required.
    void take();

    // Whether the switch --help or --version was among the flags.
    [[nodiscard]] bool asked(const std::string& name) const { return asked_.contains(name); }
    // Whether this option has a problem already.
    [[nodiscard]] bool blamed(const std::string& name) const { return blamed_.contains(name); }
    [[nodiscard]] const Problems& problems() const { return problems_; }

private:
    using Parts = OptionSet::Parts;
    using Kind = OptionSet::Kind;

    void blame(const std::string& name, const std::string& sentence);
    void read_flag(const std::string& name, const std::vector<std::string>& given);
    void read_leftovers(const std::vector<std::string>& leftovers);
    void read_document(const std::string& path, const std::string& content);
    // Nothing if the node has not the form that this kind wants.
    static std::optional<Parts> parts_of(Kind kind, const toml::node& node);
    static const char* form_of(Kind kind);

    const OptionSet& set_;
    std::set<std::string, std::less<>> asked_;
    std::string file_;
    std::map<std::string, Parts, std::less<>> values_;
    std::set<std::string, std::less<>> blamed_;
    Problems problems_;
};

}  // namespace holdfast
