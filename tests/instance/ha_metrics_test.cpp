#include "instance/ha_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::instance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class HaMetricsTest : public testing::Test {
protected:
    static void move(HaMetrics& ha, const char* from, const char* to, Duration at) {
        ha.on_change({WallTime{}, {from, to, "why"}}, SteadyTime{at});
    }
    [[nodiscard]] std::string shown(HaMetrics& ha, const char* state, std::optional<Duration> silence) const {
        healthcheck::HealthDocument health;
        health.rules_state = state;
        health.generation = 7;
        health.ready = true;
        ha.read(health, silence);
        return metrics.render();
    }
    Metrics metrics;
};

TEST_F(HaMetricsTest, OfASecondary) {
    HaMetrics ha{metrics, Part::kSecondary};
    EXPECT_THAT(shown(ha, "starting", std::nullopt), HasSubstr("ha_peer_last_seen_seconds -1"));
    move(ha, "armed", "suspecting", seconds{10});
    move(ha, "suspecting", "taking_over", milliseconds{10'400});
    move(ha, "taking_over", "on_duty", milliseconds{10'500});
    move(ha, "on_duty", "yielding", seconds{20});
    move(ha, "yielding", "on_duty", seconds{30});
    ha.on_answer(milliseconds{3});
    const std::string text = shown(ha, "on_duty", milliseconds{250});
    for (const char* line : {"ha_role{role=\"secondary\"} 1", "ha_state{state=\"on_duty\"} 1", "ha_state{state=\"armed\"} 0",
                             "ha_generation 7", "ha_ready 1", "ha_takeovers_total 1",
                             "ha_transitions_total{from=\"yielding\",to=\"on_duty\"} 1", "ha_peer_last_seen_seconds 0.25",
                             "ha_activation_seconds_count 1", "ha_activation_seconds_sum 0.5", "ha_poll_seconds_count 1"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
    EXPECT_EQ(ha.takeovers(), 1U) << "going on after a handover that nobody took is none";
}

TEST_F(HaMetricsTest, ByForceTheTimeBeginsWithTheCommand) {
    HaMetrics ha{metrics, Part::kSecondary};
    move(ha, "armed", "suspecting", seconds{1});
    move(ha, "suspecting", "armed", seconds{2});
    move(ha, "armed", "taking_over", seconds{10});
    move(ha, "taking_over", "on_duty", milliseconds{10'250});
    EXPECT_THAT(metrics.render(), HasSubstr("ha_activation_seconds_sum 0.25"));
}

TEST_F(HaMetricsTest, OfAPrimary) {
    HaMetrics ha{metrics, Part::kPrimary};
    move(ha, "starting", "on_duty", seconds{1});
    move(ha, "on_duty", "draining", seconds{2});
    const std::string text = shown(ha, "draining", std::nullopt);
    EXPECT_THAT(text, HasSubstr("ha_state{state=\"draining\"} 1"));
    EXPECT_THAT(text, HasSubstr("ha_takeovers_total 1"));
    EXPECT_THAT(text, Not(HasSubstr("ha_peer_last_seen_seconds")));
}

}  // namespace
}  // namespace holdfast::instance
