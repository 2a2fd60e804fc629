// The calls about the cluster: generations, heartbeats, other members, and how this protector is.
#include <utility>

#include "protector/service.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/json_reader.hpp"

// GCC 12 warns wrongly where it inlines the allocation of a coroutine's frame but not its release.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::protector {

using net::HttpResponse;
using net::make_error;

namespace {

std::optional<std::int64_t> unix_seconds(std::optional<WallTime> time) {
    if (!time) return std::nullopt;
    return std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
}

Command make_command(std::uint64_t generation, const std::string& holder, WallTime when) {
    return AcquireCommand{generation, holder, when};
}

}  // namespace

Service::Answer Service::acquire(Question& question) {
    auto parsed = protection::parse_acquire_request(question.body());
    if (!parsed) co_return make_error(400, parsed.error().message);
    const protection::RequestHead& head = parsed.value().head;
    Refused refused = refuse(question, head);
    if (refused) co_return std::move(*refused);
    const std::string holder = question.asker(head);
    if (!protection::good_name(holder)) {
        co_return make_error(400, "instance: expected 1 to 48 letters, digits, '-', '_' or '.'");
    }
    Command command = make_command(head.generation, holder, parts_.membership.wall());
    const Applied applied = co_await parts_.store.apply(std::move(command));
    const StoreCounts counts = parts_.store.counts();
    protection::AcquireAnswer answer;
    answer.head = {parts_.membership.node(), head.request_id, applied.tenure, applied.position};
    answer.promised = applied.promised;
    answer.highest_target = Epoch{counts.highest_target};
    answer.highest_slot = Slot{counts.highest_slot};
    co_return json_response(render(answer));
}

Service::Answer Service::beat(Question& question) {
    auto parsed = protection::parse_heartbeat_request(question.body());
    if (!parsed) co_return make_error(400, parsed.error().message);
    const protection::HeartbeatRequest& request = parsed.value();
    Refused refused = refuse(question, request.head);
    if (refused) co_return std::move(*refused);
    const std::string name = question.asker(request.head);
    if (!protection::good_name(name)) {
        co_return make_error(400, "instance: expected 1 to 48 letters, digits, '-', '_' or '.'");
    }
    const SteadyTime now = parts_.clock.steady();
    heartbeats_.on_beat({name, request.head.generation, request.on_duty, request.well}, now);
    co_return json_response(render(protection::HeartbeatAnswer{answer_head(request.head.request_id), heartbeats_.heard(now)}));
}

Service::Answer Service::heartbeats(Question& /*question*/) {
    const SteadyTime now = parts_.clock.steady();
    co_return json_response(render(protection::HeartbeatAnswer{answer_head(), heartbeats_.heard(now)}));
}

Service::Answer Service::peers(Question& question) {
    auto parsed = protection::parse_peer_request(question.body());
    if (!parsed) co_return make_error(400, parsed.error().message);
    const protection::PeerRequest& request = parsed.value();
    Refused refused = refuse(question, request.head);
    if (refused) co_return std::move(*refused);
    Membership& membership = parts_.membership;
    const std::string name = question.asker(request.head);
    if (membership.cluster().member(name) == nullptr || name == membership.node()) {
        co_return refusal(question, 403, Refusal::kRole, "'" + name + "' is no other member of this cluster");
    }
    if (parts_.on_peer_call) parts_.on_peer_call(name);
    co_await membership.note_peer(name, request.position);
    protection::PeerAnswer answer;
    answer.node = membership.node();
    answer.position = membership.position();
    answer.seen_of_you = membership.seen_of(name);
    answer.rejoining = membership.rejoining();
    co_return json_response(render(answer));
}

Service::Answer Service::status(Question& /*question*/) {
    const Membership& membership = parts_.membership;
    const StoreCounts counts = parts_.store.counts();
    const Ledger::Facts facts = parts_.store.facts();
    protection::StatusAnswer answer;
    answer.node = membership.node();
    answer.version = "holdfast-protector " + std::string{version()};
    answer.cluster = membership.cluster_id();
    answer.genesis_validators_root = membership.cluster().chain.genesis_validators_root;
    answer.mode = membership.cluster().mode;
    answer.tenure = facts.tenure;
    answer.state = membership.state();
    answer.detail = membership.detail();
    answer.slot = membership.now().slot;
    answer.position = membership.position();
    answer.validators = counts.validators;
    answer.halted = counts.halted;
    answer.approved = counts.approved;
    answer.repeated = counts.repeated;
    answer.refused = counts.refused;
    answer.highest_target = Epoch{counts.highest_target};
    answer.highest_slot = Slot{counts.highest_slot};
    answer.floor = facts.floor;
    answer.uptime_seconds = static_cast<std::uint64_t>((parts_.clock.steady() - started_) / std::chrono::seconds{1});
    answer.certificate_expires = unix_seconds(parts_.certificates.certificate_expires());
    answer.ca_expires = unix_seconds(parts_.certificates.ca_expires());
    co_return json_response(render(answer));
}

// Liveness: whoever wants to know whether it votes looks at the state.
Service::Answer Service::health(Question& /*question*/) {
    std::string text = "{\"healthy\":true,\"state\":";
    protection::append_quoted(text, parts_.membership.state());
    text += ",\"detail\":";
    protection::append_quoted(text, parts_.membership.detail());
    co_return json_response(text + "}");
}

Service::Answer Service::metrics(Question& /*question*/) {
    co_return net::make_response(200, "text/plain; version=0.0.4", parts_.metrics.render());
}

}  // namespace holdfast::protector
