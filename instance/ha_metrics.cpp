#include "instance/ha_metrics.hpp"

#include "healthcheck/primary_rules.hpp"

namespace holdfast::instance {

namespace {

const std::vector<double> kPollSeconds{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1, 2};
const std::vector<double> kActivationSeconds{0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12};

template <class Rules>
std::vector<std::string> states_of() {
    std::vector<std::string> all;
    for (const auto& transition : Rules::transitions()) {
        all.emplace_back(to_string(transition.from));
        all.emplace_back(to_string(transition.to));
    }
    return all;
}

double seconds(Duration duration) { return to_ms(duration) / 1000; }

}  // namespace

HaMetrics::HaMetrics(Metrics& metrics, Part part)
    : metrics_{metrics},
      generation_{metrics.gauge("ha_generation", "The generation that is ours; 0: none")},
      ready_{metrics.gauge("ha_ready", "1: on duty, or could be this second")},
      taken_{metrics.counter("ha_takeovers_total", "How often duty was taken")} {
    metrics.gauge("ha_role", "1: this is its role", {{"role", std::string{to_string(part)}}}).set(1);
    const bool secondary = part == Part::kSecondary;
    for (const std::string& state :
         secondary ? states_of<healthcheck::SecondaryRules>() : states_of<healthcheck::PrimaryRules>()) {
        states_.try_emplace(state, metrics.gauge("ha_state", "1: this is its state", {{"state", state}}));
    }
    if (!secondary) return;
    peer_last_seen_ = metrics.gauge("ha_peer_last_seen_seconds", "Since the primary's last answer; -1: never answered");
    activation_ = metrics.histogram("ha_activation_seconds", "From the first doubt about the primary to being on duty",
                                    kActivationSeconds);
    poll_ = metrics.histogram("ha_poll_seconds", "How long the primary's answers to polls took", kPollSeconds);
}

void HaMetrics::on_change(const healthcheck::ChangeAt& change, SteadyTime now) {
    const auto& [from, to, why] = change.change;
    metrics_.counter("ha_transitions_total", "Changes of state", {{"from", from}, {"to", to}}).add();
    if (to == "suspecting" || (to == "taking_over" && !suspected_)) suspected_ = now;
    const bool on_duty = to == "on_duty";
    if (on_duty && from != "draining" && from != "yielding") {
        ++takeovers_;
        taken_.add();
        if (activation_ && suspected_) activation_->observe(seconds(now - *suspected_));
    }
    if (to != "suspecting" && to != "taking_over") suspected_.reset();
}

void HaMetrics::on_answer(Duration round_trip) {
    if (poll_) poll_->observe(seconds(round_trip));
}

void HaMetrics::read(const healthcheck::HealthDocument& health, const std::optional<Duration>& peer_silence) {
    for (const auto& [name, gauge] : states_) gauge.set(name == health.rules_state ? 1 : 0);
    generation_.set(static_cast<double>(health.generation));
    ready_.set(health.ready ? 1 : 0);
    if (peer_last_seen_) peer_last_seen_->set(peer_silence ? seconds(*peer_silence) : -1);
}

}  // namespace holdfast::instance
