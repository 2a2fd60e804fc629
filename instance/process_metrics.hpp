// The process itself, for Prometheus, under the names that every client library has.
#pragma once

#include "shared/base/metrics.hpp"
#include "shared/base/task.hpp"
#include "shared/base/time.hpp"

namespace holdfast::instance {

class ProcessMetrics {
public:
    // `metrics` must outlive the object.
    ProcessMetrics(Metrics& metrics, WallTime started);

    // How late the loop is with what is due, ten times a second; for ever, ends by cancellation.
    Task<void> watch_loop(Clock& clock);
    // Before each render().
    void read();

private:
    Counter cpu_;
    Gauge memory_;
    Histogram lag_;
};

}  // namespace holdfast::instance
