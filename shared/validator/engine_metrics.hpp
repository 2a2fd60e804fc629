// The engine's figures for Prometheus; named as Vero names them, where it has them. docs/metrics.md lists all. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/metrics.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/signing/message.hpp"
#include "shared/validator/duty_metrics.hpp"
#include "shared/validator/inclusion_book.hpp"

namespace holdfast::validator {

class Engine;

// How a beacon node is named in labels: host and port of its URL.
[[nodiscard]] std::string host_of(const std::string& url);

class EngineMetrics {
public:
    // `metrics` must outlive the object.
    explicit EngineMetrics(Metrics& metrics);

    // The beacon nodes, in the order of the configuration.
    void use_nodes(const std::vector<std::string>& urls);
    void on_report(const duties::SlotReport& report);
    void on_duty(const duties::DutyReport& report);
    // `into_slot`: of a head event, when it came.
    void on_event(const beacon::NodeEventAt& at, const std::optional<Duration>& into_slot);
    void on_inclusion(const InclusionReport& report);
    // A protector has answered a request for verdicts.
    void on_protector_latency(const std::string& member, Duration latency);
    // So many messages of the kind are signed; nothing: of those that need an approval.
    void on_signed(const std::optional<signing::MessageKind>& kind, std::size_t count);
    // Reads what is a state rather than an event; before each render().
    void read(const Engine& engine);

private:
    Metrics& metrics_;
    DutyMetrics duties_;
    std::vector<std::string> hosts_;
    std::vector<Slot> last_head_;                  // of each node
    std::map<std::string, std::string> versions_;  // by host

    void read_nodes(const Engine& engine);
    void read_protectors(const Engine& engine);
    void read_duties(const Engine& engine);
    void count(const std::string& member, const std::string& result, std::uint64_t total);
    void raise(const std::string& name, const std::string& help, const MetricLabels& labels, std::uint64_t total);
};

}  // namespace holdfast::validator
