#include "protector/metrics.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::protector {

namespace {

std::string named(const char* name) { return std::string{"holdfast_protector_"} + name; }

// Handles, and how they get their values.
class StoreMetrics {
public:
    StoreMetrics(Metrics& metrics, const Store& store, const Membership& membership)
        : metrics_{metrics}, store_{store}, membership_{membership} {
        constexpr const char* kVerdicts = "verdicts_total";
        constexpr const char* kVerdictsHelp = "Verdicts by outcome, one for each key";
        counter(kVerdicts, kVerdictsHelp, &StoreCounts::approved, {{"outcome", "approved"}});
        counter(kVerdicts, kVerdictsHelp, &StoreCounts::repeated, {{"outcome", "repeated"}});
        counter(kVerdicts, kVerdictsHelp, &StoreCounts::refused, {{"outcome", "refused"}});
        counter("verdicts_fenced_total", "Verdicts refused because of the generation", &StoreCounts::fenced);
        counter("requests_total", "Requests for verdicts", &StoreCounts::requests);
        counter("commits_total", "Transactions that recorded something", &StoreCounts::commits);
        counter("folds_total", "Times the journal was folded into the table", &StoreCounts::folds);
        gauge("validators", "Validators with a record", &StoreCounts::validators);
        gauge("validators_halted", "Validators that are refused to everybody", &StoreCounts::halted);
        gauge("highest_target_epoch", "Highest target epoch recorded", &StoreCounts::highest_target);
        gauge("highest_block_slot", "Highest block slot recorded", &StoreCounts::highest_slot);
    }

    void refresh() {
        const StoreCounts counts = store_.counts();
        for (const auto& [counter, field] : counters_) counter.add(static_cast<double>(counts.*field) - counter.value());
        for (const auto& [gauge, field] : gauges_) gauge.set(static_cast<double>(counts.*field));
        generation_.set(static_cast<double>(store_.facts().tenure.generation));
        incarnation_.set(static_cast<double>(store_.position().incarnation));
        sequence_.set(static_cast<double>(store_.position().sequence));
        slot_.set(static_cast<double>(membership_.now().slot.value));
        const std::string state = membership_.state();
        for (const auto& [name, gauge] : states_) gauge.set(name == state ? 1 : 0);
    }

private:
    using Field = std::uint64_t StoreCounts::*;
    Metrics& metrics_;
    const Store& store_;
    const Membership& membership_;
    std::vector<std::pair<Counter, Field>> counters_;
    std::vector<std::pair<Gauge, Field>> gauges_;
    Gauge generation_{metrics_.gauge(named("generation"), "Generation in force")};
    Gauge incarnation_{metrics_.gauge(named("position_incarnation"), "Times its memory was begun: by --init and --rejoin")};
    Gauge sequence_{metrics_.gauge(named("position_sequence"), "Commits since then")};
    Gauge slot_{metrics_.gauge(named("slot"), "Slot by its clock")};
    std::vector<std::pair<std::string, Gauge>> states_{state("starting"), state("voting"), state("rejoining"), state("stale")};

    std::pair<std::string, Gauge> state(const char* word) {
        return {word, metrics_.gauge(named("state"), "1 for the state it is in, 0 for the others", {{"state", word}})};
    }
    void counter(const char* name, const char* help, Field field, const MetricLabels& labels = {}) {
        counters_.emplace_back(metrics_.counter(named(name), help, labels), field);
    }
    void gauge(const char* name, const char* help, Field field) {
        gauges_.emplace_back(metrics_.gauge(named(name), help), field);
    }
};

}  // namespace

void add_store_metrics(Metrics& metrics, const Store& store, const Membership& membership) {
    auto figures = std::make_shared<StoreMetrics>(metrics, store, membership);
    metrics.before_render([figures] { figures->refresh(); });
}

}  // namespace holdfast::protector
