#include "instance/documents.hpp"

#include <algorithm>

#include "shared/base/program.hpp"

namespace holdfast::instance {

using healthcheck::HealthDocument;
using healthcheck::StatusDocument;

namespace {

std::string why_not_ready(const Parts& parts, const HealthDocument& document) {
    if (document.ready) return {};
    if (parts.driver == nullptr) return "starting: " + parts.step;
    if (!parts.driver->readiness().ready) return parts.driver->readiness().why_not;
    if (document.paused) return "paused by the operator";
    return document.reason;
}

void fill_chain(const Parts& parts, StatusDocument& document) {
    const ethereum::SlotClock* slots = parts.engine->slots();
    if (slots == nullptr) return;
    const WallTime now = parts.clock.now();
    const Slot slot = slots->slot_at(now);
    document.slot = slot;
    document.epoch = parts.nodes->spec().epoch_of(slot);
    document.validators = parts.engine->validators().keys().size() - parts.engine->validators().unknown().size();
    document.active_validators = parts.engine->validators().active().size();
    document.held_back = parts.engine->validators().held_back();
    document.other_duties.assign(parts.engine->recent_duties().begin(), parts.engine->recent_duties().end());
    document.recent.assign(parts.engine->recent().begin(), parts.engine->recent().end());
    const Duration into_slot = std::max(now - slots->start_of(slot), Duration{});
    // Off duty nothing is lost by a restart.
    const bool covered = !parts.role.on_duty() || parts.role.other_ready();
    document.restart =
        healthcheck::advise(parts.engine->upcoming(), slot, into_slot, parts.nodes->spec().slot_duration(), covered);
}

}  // namespace

healthcheck::Configuration make_configuration(const Settings& settings, const std::vector<PublicKey>& keys) {
    healthcheck::Configuration configuration;
    if (settings.cluster) {
        configuration.cluster = to_hex(settings.cluster->id());
        configuration.chain = to_hex(settings.cluster->chain.genesis_validators_root);
    }
    if (!keys.empty()) {
        std::map<PublicKey, std::optional<Address>> recipients;
        for (const PublicKey& key : keys) recipients.emplace(key, settings.proposers.fee_recipient(key));
        configuration.keys = healthcheck::digest_of_keys(keys);
        configuration.fee_recipients = healthcheck::digest_of_fee_recipients(recipients);
    }
    configuration.key_count = keys.size();
    configuration.threshold = settings.threshold();
    configuration.version = version();
    return configuration;
}

HealthDocument make_health(const Parts& parts) {
    HealthDocument document;
    document.role = to_string(parts.settings.part);
    document.instance = parts.settings.instance;
    document.state = parts.role.state();
    document.rules_state = parts.role.rules_state();
    document.reason = parts.driver == nullptr ? parts.step : parts.role.reason();
    document.since = parts.driver == nullptr ? parts.started : parts.driver->since();
    document.on_duty = parts.role.on_duty();
    document.ready = document.on_duty || parts.role.ready();
    document.drained = parts.role.drained();
    document.wants_duty = parts.role.wants_duty();
    document.asks_for_duty = parts.role.asks_for_duty();
    document.paused = parts.role.paused();
    document.why_not_ready = why_not_ready(parts, document);
    document.configuration = parts.configuration;
    if (parts.quorum != nullptr) document.generation = parts.quorum->generation();
    if (parts.driver == nullptr) return document;
    document.healthy = parts.driver->healthy();
    document.checks = parts.driver->checks();
    return document;
}

StatusDocument make_status(const Parts& parts) {
    StatusDocument document;
    document.health = make_health(parts);
    document.now = parts.clock.now();
    document.steady_now = parts.clock.steady();
    document.threshold = parts.settings.threshold();
    document.takeovers = parts.metrics.takeovers();
    if (parts.settings.cluster) document.quorum = parts.settings.cluster->quorum;
    if (parts.peer != nullptr) document.peer = parts.peer->document();
    if (parts.nodes != nullptr) document.beacon_nodes = parts.nodes->states();
    if (parts.quorum != nullptr) document.protectors = parts.quorum->members();
    if (parts.engine != nullptr) fill_chain(parts, document);
    if (parts.driver != nullptr) {
        document.seen = parts.driver->sight().sentence;
        document.changes.assign(parts.driver->changes().begin(), parts.driver->changes().end());
    }
    if (const auto at = parts.role.failback_at()) document.failback_at = document.now + (*at - document.steady_now);
    return document;
}

}  // namespace holdfast::instance
