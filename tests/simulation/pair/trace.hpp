// What happened last, for people: kept only where somebody will read it.
#pragma once

#include <deque>
#include <string>

#include "tests/simulation/events.hpp"

namespace holdfast::simulation::pair {

class Trace {
public:
    explicit Trace(std::size_t lines) : lines_max_{lines} {}

    [[nodiscard]] bool on() const { return lines_max_ > 0; }
    void say(Time now, const std::string& who, const std::string& what);
    [[nodiscard]] std::string text() const;

private:
    std::size_t lines_max_;
    std::deque<std::string> lines_;
};

}  // namespace holdfast::simulation::pair
