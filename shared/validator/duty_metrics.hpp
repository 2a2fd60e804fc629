// What duties have come to, for Prometheus; named as Vero names it, where it has it. docs/metrics.md lists all. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/base/metrics.hpp"
#include "shared/duties/duty_report.hpp"

namespace holdfast::validator {

class DutyMetrics {
public:
    // `metrics` must outlive the object.
    explicit DutyMetrics(Metrics& metrics);

    // The beacon nodes' names in labels, in the order of the configuration.
    void use_hosts(std::vector<std::string> hosts) { hosts_ = std::move(hosts); }
    void on_report(const duties::SlotReport& report);
    void on_duty(const duties::DutyReport& report);

private:
    struct OfDuty {
        Histogram started;
        Histogram submitted;
        Counter published;
    };

    Metrics& metrics_;
    std::vector<std::string> hosts_;
    std::map<duties::DutyKind, OfDuty> duties_;
    Counter adopted_;
    Counter consensus_failures_;
    Counter late_head_events_;
    Histogram consensus_;
    Histogram quorum_;

    void add_missed(duties::DutyKind duty, const std::map<duties::MissedReason, duties::MissedDuties>& missed);
    void add_nodes(const duties::DutyReport& report);
    [[nodiscard]] Counter missed(duties::DutyKind duty, duties::MissedReason reason);
    [[nodiscard]] Counter errors(const std::string& type);
    [[nodiscard]] MetricLabels host(std::size_t node) const;
};

}  // namespace holdfast::validator
