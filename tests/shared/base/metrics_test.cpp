// Goal: what is counted comes out in Prometheus' text format.
#include "shared/base/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast {
namespace {

using testing::HasSubstr;

TEST(Metrics, Counter_SameNameAndLabels_IsTheSameFigure) {
    Metrics metrics;
    metrics.counter("duties_total", "duties", {{"duty", "attestation"}}).add();
    metrics.counter("duties_total", "duties", {{"duty", "attestation"}}).add(2);
    metrics.counter("duties_total", "duties", {{"duty", "block"}}).add();
    const std::string text = metrics.render();
    EXPECT_THAT(text, HasSubstr("# HELP duties_total duties\n# TYPE duties_total counter\n"));
    EXPECT_THAT(text, HasSubstr("duties_total{duty=\"attestation\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("duties_total{duty=\"block\"} 1\n"));
}

TEST(Metrics, Gauge_IsReadFreshAtEachRender) {
    Metrics metrics;
    double state = 1;
    metrics.before_render([&metrics, &state] { metrics.gauge("nodes_fit", "nodes").set(state); });
    EXPECT_THAT(metrics.render(), HasSubstr("nodes_fit 1\n"));
    state = 2;
    EXPECT_THAT(metrics.render(), HasSubstr("nodes_fit 2\n"));
}

TEST(Metrics, Histogram_BucketsAreCumulative) {
    Metrics metrics;
    const Histogram seconds = metrics.histogram("seconds", "time", {0.5, 1});
    seconds.observe(0.25);
    seconds.observe(0.75);
    seconds.observe(5);
    const std::string text = metrics.render();
    EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"0.5\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"1\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("seconds_bucket{le=\"+Inf\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("seconds_sum 6\n"));
}

TEST(MetricsDeathTest, OneNameTwoKinds_Ends) {
    Metrics metrics;
    metrics.counter("a_total", "a").add();
    EXPECT_DEATH((void)metrics.gauge("a_total", "a"), "one kind");
}

}  // namespace
}  // namespace holdfast
