// Lines for people, with colours where a terminal shows them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/text_table.hpp"

namespace holdfast::cli {

enum class Tone { kPlain, kHead, kGood, kBad, kFaint };

class Screen {
public:
    void line(std::string text, Tone tone = Tone::kPlain) { lines_.push_back({std::move(text), tone}); }
    // `tones`: of the rows behind the head, as far as there are.
    void table(const TextTable& table, const std::vector<Tone>& tones = {});
    void gap() { line(""); }
    void append(const Screen& other) { lines_.insert(lines_.end(), other.lines_.begin(), other.lines_.end()); }

    // Characters that would move a terminal's cursor become '?'.
    [[nodiscard]] std::string text(bool colours) const;
    // The same over what stood on the terminal before; what is beyond its edges is left out (0: no edge).
    [[nodiscard]] std::string frame(bool colours, std::size_t columns, std::size_t rows) const;

private:
    struct Line {
        std::string text;
        Tone tone;
    };
    std::vector<Line> lines_;

    static std::string paint(const Line& line, bool colours, std::size_t columns);
};

// Standard output as a terminal; all false or 0 if it is none.
struct Terminal {
    bool is_one{false};
    bool colours{false};  // not where the environment sets NO_COLOR
    std::size_t columns{0};
    std::size_t rows{0};
};
[[nodiscard]] Terminal find_terminal();

}  // namespace holdfast::cli
