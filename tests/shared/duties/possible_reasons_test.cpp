// docs/missed-duties.md says which duty knows which reasons.
#include "shared/duties/possible_reasons.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

namespace holdfast::duties {
namespace {

TEST(PossibleReasons, TheDocumentSaysTheSame) {
    std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/missed-duties.md"};
    ASSERT_TRUE(file);
    std::set<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.insert(line);
    for (const DutyKind duty : kAllDuties) {
        std::string row = "| `" + std::string{to_string(duty)} + "` | ";
        const std::string start = row;
        for (const MissedReason reason : possible_reasons(duty)) {
            row += (row == start ? "`" : ", `") + std::string{code_of(reason)} + "`";
        }
        EXPECT_TRUE(lines.contains(row + " |")) << "no row: " << row << " |";
    }
}

}  // namespace
}  // namespace holdfast::duties
