// The engine's figures for Prometheus.
#pragma once

#include <memory>
#include <string>

#include "shared/duties/slot_report.hpp"

namespace holdfast::validator {

class Engine;

class EngineMetrics {
public:
    EngineMetrics();
    EngineMetrics(const EngineMetrics&) = delete;
    EngineMetrics& operator=(const EngineMetrics&) = delete;
    ~EngineMetrics();

    void on_report(const duties::SlotReport& report);
    // Prometheus' text format; what is a state rather than an event is read from `engine` (may be null before the start).
    [[nodiscard]] std::string render(const Engine* engine);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::validator
