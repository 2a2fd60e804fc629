// The pair's figures for Prometheus: docs/configuration.md lists them. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "healthcheck/document.hpp"
#include "instance/settings.hpp"
#include "shared/base/metrics.hpp"

namespace holdfast::instance {

class HaMetrics {
public:
    // `metrics` must outlive the object.
    HaMetrics(Metrics& metrics, Part part);

    void on_change(const healthcheck::ChangeAt& change, SteadyTime now);
    // A poll of the primary was answered.
    void on_answer(Duration round_trip);
    // What is a state rather than an event; before each render().
    void read(const healthcheck::HealthDocument& health, const std::optional<Duration>& peer_silence);

    // How often duty was taken other than by going on after a handover that nobody took.
    [[nodiscard]] std::uint64_t takeovers() const { return takeovers_; }

private:
    Metrics& metrics_;
    std::map<std::string, Gauge, std::less<>> states_;
    Gauge generation_;
    Gauge ready_;
    Counter taken_;
    std::optional<Gauge> peer_last_seen_;
    std::optional<Histogram> activation_;
    std::optional<Histogram> poll_;
    std::uint64_t takeovers_{0};
    std::optional<SteadyTime> suspected_;
};

}  // namespace holdfast::instance
