// Whether duties are performed, or only decided. Pure; closed at first.
#pragma once

#include <optional>

#include "shared/base/types.hpp"

namespace holdfast::duties {

class Gate {
public:
    void open() { set(State::kOpen); }
    void close() { set(State::kClosed); }
    // On the way to open: only what comes before all duties is performed (what the instance before us has recorded).
    void begin_opening() { set(State::kOpening); }
    // Stays open for duties of slots up to `last`. Nothing if it isn't open.
    void close_after(Slot last) {
        if (state_ == State::kOpen) last_ = last;
    }

    [[nodiscard]] bool closed() const { return state_ == State::kClosed; }
    [[nodiscard]] bool opening() const { return state_ == State::kOpening; }
    [[nodiscard]] bool open_for(Slot slot) const { return state_ == State::kOpen && (!last_ || slot <= *last_); }
    // Of close_after().
    [[nodiscard]] const std::optional<Slot>& last() const { return last_; }

private:
    enum class State { kClosed, kOpening, kOpen };
    State state_{State::kClosed};
    std::optional<Slot> last_;

    void set(State state) {
        state_ = state;
        last_.reset();
    }
};

}  // namespace holdfast::duties
