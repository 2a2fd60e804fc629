#include "shared/net/sse.hpp"

namespace holdfast::net {

Result<void> SseParser::feed(std::string_view piece) {
    while (!piece.empty()) {
        // The LF of a CRLF that was cut between two pieces.
        if (after_cr_ && piece.front() == '\n') piece.remove_prefix(1);
        after_cr_ = false;
        const auto end = piece.find_first_of("\r\n");
        line_ += piece.substr(0, end);
        if (line_.size() + data_.size() > event_bytes_max_) {
            return failure(ErrorCode::kMalformed, "an event is larger than " + std::to_string(event_bytes_max_) + " bytes");
        }
        if (end == std::string_view::npos) break;
        after_cr_ = piece[end] == '\r';
        piece.remove_prefix(end + 1);
        take_line(line_);
        line_.clear();
    }
    return success();
}

void SseParser::take_line(std::string_view line) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    first_line_ = false;
    if (line.empty()) {
        dispatch();
        return;
    }
    const auto colon = line.find(':');
    if (colon == 0) return;
    if (colon == std::string_view::npos) {
        take_field(line, {});
        return;
    }
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
}

void SseParser::take_field(std::string_view name, std::string_view value) {
    if (name == "event") {
        event_ = value;
    } else if (name == "data") {
        data_ += value;
        data_ += '\n';
    }
}

void SseParser::dispatch() {
    if (!data_.empty()) {
        data_.pop_back();
        on_event_(event_.empty() ? std::string_view{"message"} : std::string_view{event_}, data_);
    }
    event_.clear();
    data_.clear();
}

std::string format_event(std::string_view event, std::string_view data) {
    std::string result;
    if (!event.empty()) result += "event: " + std::string{event} + "\n";
    while (true) {
        const auto end = data.find('\n');
        result += "data: ";
        result += data.substr(0, end);
        result += '\n';
        if (end == std::string_view::npos) break;
        data.remove_prefix(end + 1);
    }
    return result + "\n";
}

std::string format_comment(std::string_view text) { return ": " + std::string{text} + "\n\n"; }

}  // namespace holdfast::net
