// The parts of a status below the pair: protectors, beacon nodes, duties, restart, changes. And what reads its JSON without
// believing anything about its form. Internal to the status screen.
#pragma once

#include <json/value.h>

#include <string>

#include "cli/screen.hpp"
#include "shared/base/time.hpp"

namespace holdfast::cli {

void show_parts(Screen& screen, const Json::Value& status, WallTime now);

// A member; null if there is none, or `value` is no object.
[[nodiscard]] const Json::Value& part(const Json::Value& value, const char* name);
// The items of an array; empty if it is none.
[[nodiscard]] const Json::Value& items(const Json::Value& value);
// A text or number as text; empty if it is neither.
[[nodiscard]] std::string text_of(const Json::Value& value);
[[nodiscard]] std::string text_in(const Json::Value& value, const char* name);
[[nodiscard]] bool truth_in(const Json::Value& value, const char* name);
// On one line.
[[nodiscard]] std::string compact(const Json::Value& value);
// "12 ms", "0.4 ms".
[[nodiscard]] std::string ms_text(double milliseconds);

}  // namespace holdfast::cli
