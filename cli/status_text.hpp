// /status of one instance or both as a screen that a person reads at a glance. Pure.
#pragma once

#include <json/value.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/screen.hpp"
#include "healthcheck/document.hpp"

namespace holdfast::cli {

// A status as it came. What is beside the health may be missing: an instance of another version may say less.
struct InstanceStatus {
    healthcheck::HealthDocument health;
    Json::Value all;
};
[[nodiscard]] Result<InstanceStatus> parse_status(std::string_view json);

// An instance, as it was found when it was asked.
struct SeenInstance {
    std::string address;                   // for people
    std::optional<InstanceStatus> status;  // of its last answer
    Duration latency{};
    std::string problem;      // why it doesn't answer now; empty: it does
    WallTime last_answer{};   // of `status`
    WallTime silent_since{};  // of `problem`
};

[[nodiscard]] Screen show(const std::vector<SeenInstance>& instances, WallTime now);

// "on duty" for "on_duty".
[[nodiscard]] std::string words(std::string text);
// "10:30:00", with the date where it is of another day than `now` (UTC).
[[nodiscard]] std::string clock_text(WallTime when, WallTime now);
// "4 s", "12 min", "3 h", "2 days".
[[nodiscard]] std::string age_text(Duration age);

}  // namespace holdfast::cli
