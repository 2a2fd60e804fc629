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

std::string Screen::text(bool colours, std::size_t columns, bool redraw) const {
    std::string all = redraw ? "\x1b[H" : "";
    for (const Line& line : lines_) {
        const std::string_view code = colours ? code_of(line.tone) : std::string_view{};
        all += code;
        all += cut(harmless(line.text), columns);
        if (!code.empty()) all += "\x1b[0m";
        all += redraw ? "\x1b[K\n" : "\n";
    }
    return redraw ? all + "\x1b[J" : all;
}

Terminal find_terminal() {
    Terminal terminal;
    terminal.is_one = ::isatty(STDOUT_FILENO) == 1;
    if (!terminal.is_one) return terminal;
    terminal.colours = std::getenv("NO_COLOR") == nullptr;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) terminal.columns = size.ws_col;
    return terminal;
}

}  // namespace holdfast::cli
