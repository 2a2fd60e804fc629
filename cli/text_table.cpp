#include "cli/text_table.hpp"

#include <algorithm>

namespace holdfast::cli {

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string all;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
        all += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return all;
}

}  // namespace holdfast::cli
