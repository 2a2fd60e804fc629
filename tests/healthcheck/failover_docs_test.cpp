// docs/failover.md draws the state machines as they are in the code: every arrow, and none that isn't there.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "healthcheck/primary_rules.hpp"
#include "healthcheck/secondary_rules.hpp"

namespace holdfast::healthcheck {
namespace {

using Arrows = std::set<std::string>;

// The arrows "from --> to: when" of the diagram below the heading.
Arrows drawn(const std::string& heading) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/failover.md"};
    EXPECT_TRUE(file) << "docs/failover.md is not there";
    const std::regex arrow{R"(\s*(\w+) --> (\w+): (.+))"};
    Arrows arrows;
    bool below = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) below = line == heading;
        std::smatch match;
        if (below && std::regex_match(line, match, arrow)) {
            arrows.insert(match[1].str() + " --> " + match[2].str() + ": " + match[3].str());
        }
    }
    return arrows;
}

template <class Rules>
Arrows coded() {
    Arrows arrows;
    for (const auto& transition : Rules::transitions()) {
        arrows.insert(std::string{to_string(transition.from)} + " --> " + std::string{to_string(transition.to)} + ": " +
                      std::string{transition.when});
    }
    return arrows;
}

TEST(FailoverDocs, SecondaryDiagramIsTheCodes) { EXPECT_EQ(drawn("## The secondary"), coded<SecondaryRules>()); }
TEST(FailoverDocs, PrimaryDiagramIsTheCodes) { EXPECT_EQ(drawn("## The primary"), coded<PrimaryRules>()); }

}  // namespace
}  // namespace holdfast::healthcheck
