// The engine's figures for Prometheus. One thread.
#pragma once

#include <cstddef>
#include <string>

#include "shared/base/metrics.hpp"
#include "shared/duties/slot_report.hpp"

namespace holdfast::validator {

class Engine;

class EngineMetrics {
public:
    // `metrics` must outlive the object.
    explicit EngineMetrics(Metrics& metrics);

    void on_report(const duties::SlotReport& report);
    // A protector has answered a request for verdicts.
    void on_protector_latency(const std::string& member, Duration latency);
    // Reads what is a state rather than an event; before each render().
    void read(const Engine& engine);

private:
    Metrics& metrics_;
    Counter published_;
    Counter adopted_;
    Counter consensus_failures_;
    Counter late_head_events_;
    Histogram started_;
    Histogram submitted_;
    Histogram consensus_;
    Histogram quorum_;

    void read_nodes(const Engine& engine);
    void read_protectors(const Engine& engine);
    void count(const std::string& member, const std::string& result, std::uint64_t total);
    [[nodiscard]] Counter missed(duties::MissedReason reason);
};

}  // namespace holdfast::validator
