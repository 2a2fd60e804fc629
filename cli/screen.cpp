#include "cli/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace holdfast::cli {

namespace {

std::string_view code_of(Tone tone) {
    switch (tone) {
        case Tone::kHead: return "\x1b[1m";
        case Tone::kGood: return "\x1b[32m";
        case Tone::kBad: return "\x1b[31m";
        case Tone::kFaint: return "\x1b[2m";
        case Tone::kPlain: break;
    }
    return {};
}

bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// At most so many characters; a character of UTF-8 stays whole.
std::string cut(std::string text, std::size_t columns) {
    std::size_t characters = 0;
    for (std::size_t at = 0; columns > 0 && at < text.size(); ++at) {
        if (goes_on(text[at])) continue;
        if (++characters > columns) text.resize(at);
    }
    return text;
}

std::string harmless(std::string text) {
    for (char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) c = '?';
    }
    return text;
}

}  // namespace

void Screen::table(const TextTable& table, const std::vector<Tone>& tones) {
    const std::string text = table.text();
    std::size_t row = 0;
    for (std::size_t from = 0; from < text.size(); ++row) {
        const std::size_t to = text.find('\n', from);
        const Tone tone = row == 0 ? Tone::kFaint : row <= tones.size() ? tones[row - 1] : Tone::kPlain;
        line(text.substr(from, to - from), tone);
        from = to + 1;
    }
}

std::string Screen::paint(const Line& line, bool colours, std::size_t columns) {
    const std::string_view code = colours ? code_of(line.tone) : std::string_view{};
    std::string text{code};
    text += cut(harmless(line.text), columns);
    if (!code.empty()) text += "\x1b[0m";
    return text;
}

std::string Screen::text(bool colours) const {
    std::string all;
    for (const Line& line : lines_) all += paint(line, colours, 0) + "\n";
    return all;
}

std::string Screen::frame(bool colours, std::size_t columns, std::size_t rows) const {
    std::string all = "\x1b[H";
    // Behind the last line is one for the cursor.
    for (std::size_t i = 0; i < lines_.size() && (rows == 0 || i + 1 < rows); ++i) {
        all += paint(lines_[i], colours, columns) + "\x1b[K\n";
    }
    return all + "\x1b[J";
}

Terminal find_terminal() {
    Terminal terminal;
    terminal.is_one = ::isatty(STDOUT_FILENO) == 1;
    if (!terminal.is_one) return terminal;
    terminal.colours = std::getenv("NO_COLOR") == nullptr;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        terminal.columns = size.ws_col;
        terminal.rows = size.ws_row;
    }
    return terminal;
}

}  // namespace holdfast::cli
