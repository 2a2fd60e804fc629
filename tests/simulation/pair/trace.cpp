#include "tests/simulation/pair/trace.hpp"

#include <cstdio>

namespace holdfast::simulation::pair {

void Trace::say(Time now, const std::string& who, const std::string& what) {
    if (!on()) return;
    char time[32];
    std::snprintf(time, sizeof time, "%10.3f  ", static_cast<double>(now) / static_cast<double>(kSecond));
    lines_.push_back(time + who + ": " + what);
    if (lines_.size() > lines_max_) lines_.pop_front();
}

std::string Trace::text() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
}

}  // namespace holdfast::simulation::pair
