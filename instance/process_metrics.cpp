#include "instance/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace holdfast::instance {

namespace {

const std::vector<double> kLagSeconds{0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2};
constexpr Duration kLook = std::chrono::milliseconds{100};

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() {
    std::ifstream file{"/proc/self/statm"};
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    file >> all >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics, WallTime started)
    : cpu_{metrics.counter("process_cpu_seconds_total", "Processor time used")},
      memory_{metrics.gauge("process_resident_memory_bytes", "Memory in use")},
      lag_{metrics.histogram("event_loop_lag_seconds", "How late the one I/O thread is with what is due", kLagSeconds)} {
    metrics.gauge("process_start_time_seconds", "When the process began, since 1970")
        .set(to_ms(started.time_since_epoch()) / 1000);
}

Task<void> ProcessMetrics::watch_loop(Clock& clock) {
    for (;;) {
        const SteadyTime due = clock.steady() + kLook;
        co_await sleep_for(clock, kLook);
        lag_.observe(to_ms(clock.steady() - due) / 1000);
    }
}

void ProcessMetrics::read() {
    cpu_.add(cpu_seconds() - cpu_.value());
    memory_.set(resident_bytes());
}

}  // namespace holdfast::instance
