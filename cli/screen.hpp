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

    // Characters that would move a terminal's cursor become '?'. `columns`: longer lines are cut; 0: none. `redraw`: over what
    // stood there before.
    [[nodiscard]] std::string text(bool colours, std::size_t columns = 0, bool redraw = false) const;

private:
    struct Line {
        std::string text;
        Tone tone;
    };
    std::vector<Line> lines_;
};

// Standard output as a terminal; all false or 0 if it is none.
struct Terminal {
    bool is_one{false};
    bool colours{false};  // not where the environment sets NO_COLOR
    std::size_t columns{0};
};
[[nodiscard]] Terminal find_terminal();

}  // namespace holdfast::cli
