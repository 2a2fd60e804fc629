// A table for people: columns as wide as they need to be.
#pragma once

#include <string>
#include <vector>

namespace holdfast::cli {

class TextTable {
public:
    explicit TextTable(std::vector<std::string> head) { add(std::move(head)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    // A line a row, two blanks between the columns.
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace holdfast::cli
