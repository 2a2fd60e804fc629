// Server-sent events (WHATWG HTML, section 9.2): a parser that takes the bytes in any pieces, and the writer for servers.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace holdfast::net {

class SseParser {
public:
    // `event` is "message" where the server names none. The views live until the call returns.
    using OnEvent = std::function<void(std::string_view event, std::string_view data)>;

    static constexpr std::size_t kEventBytesMax = 16U << 20U;

    explicit SseParser(OnEvent on_event, std::size_t event_bytes_max = kEventBytesMax)
        : on_event_{std::move(on_event)}, event_bytes_max_{event_bytes_max} {}

    // Calls back for each event that is complete. kMalformed when a line or an event is larger than allowed; feed no more then.
    // An event that is not complete when the stream ends is dropped, as the standard wants it.
    Result<void> feed(std::string_view piece);

private:
    OnEvent on_event_;
    std::size_t event_bytes_max_;
    std::string line_;
    std::string event_;
    std::string data_;
    bool first_line_{true};
    bool after_cr_{false};

    void take_line(std::string_view line);
    void take_field(std::string_view name, std::string_view value);
    void dispatch();
};

// One event as it is sent. `data` may have several lines; `event` empty: not named.
[[nodiscard]] std::string format_event(std::string_view event, std::string_view data);
// A line that says nothing, to keep the connection alive.
[[nodiscard]] std::string format_comment(std::string_view text);

}  // namespace holdfast::net
