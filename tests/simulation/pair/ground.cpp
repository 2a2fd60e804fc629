#include "tests/simulation/pair/ground.hpp"

#include <algorithm>

#include "tests/simulation/instance.hpp"
#include "tests/simulation/pair/party.hpp"

namespace holdfast::simulation::pair {

namespace {

constexpr std::uint64_t kBlockPercent = 12;
constexpr std::uint64_t kSlotsKnown = 16;

ReplyPtr reply_of(const MemberAnswer& said, std::optional<bool> votes = {}) {
    return std::make_shared<const Reply>(Reply{said, {}, {}, votes});
}

}  // namespace

void Protector::crash() {
    member_.crash();
    heartbeats_ = {};
}

void Protector::restart(Time now) {
    if (!member_.up()) started_ = now;
    member_.restart();
}

void Protector::verdicts(const VerdictRequest& request, protection::Position seen, const Respond& respond) {
    member_.on_verdicts(request, seen, [respond](const MemberAnswer& said) { respond(reply_of(said)); });
}

void Protector::acquire(std::uint64_t generation, const std::string& holder, WallTime now, protection::Position seen,
                        const Respond& respond) {
    member_.on_command(protector::AcquireCommand{generation, holder, now}, seen,
                       [respond](const MemberAnswer& said) { respond(reply_of(said)); });
}

void Protector::records(Epoch target, const Respond& respond) {
    const auto answer = [this, respond](const protection::Tenure& tenure, const std::vector<protection::RecordGroup>& groups) {
        Reply reply;
        reply.said.applied.tenure = tenure;
        reply.said.applied.position = member_.position_of(member_.copy_disk());
        reply.groups = groups;
        respond(std::make_shared<const Reply>(std::move(reply)));
    };
    member_.on_records(target, answer);
}

void Protector::status(const Respond& respond) {
    member_.on_status([this, respond](const MemberAnswer& said) { respond(reply_of(said, member_.votes())); });
}

void Protector::beat(const protection::Heartbeat& beat, Time now, const Respond& respond) {
    if (!member_.up()) return;
    heartbeats_.on_beat(beat, steady_of(now));
    Reply reply;
    reply.said.applied.tenure = member_.ledger().facts().tenure;
    respond(std::make_shared<const Reply>(std::move(reply)));
}

void Protector::heard(Time now, const Respond& respond) {
    if (!member_.up()) return;
    Reply reply;
    reply.said.applied.tenure = member_.ledger().facts().tenure;
    reply.heard = heartbeats_.heard(steady_of(now));
    respond(std::make_shared<const Reply>(std::move(reply)));
}

Ground::Ground(const PairSetup& how, std::size_t trace_lines) : setup{how}, base{how.base}, trace{trace_lines}, watch{*this} {
    for (auto& member : base.members) protectors.emplace_back(*member);
    for (std::size_t party = 0; party < kBoth; ++party) {
        truth[party].nodes_fit = setup.nodes;
        parties[party] = std::make_unique<Party>(*this, party);
    }
}
Ground::~Ground() = default;

std::size_t Ground::voters_for(std::size_t party) const {
    const auto votes = [&](const Protector& protector) {
        return protector.member().votes() && linked(endpoint(party), protector.member().number());
    };
    return static_cast<std::size_t>(std::ranges::count_if(protectors, votes));
}

std::size_t Ground::links_of(std::size_t party) const {
    const auto is_linked = [&](const Protector& protector) {
        return protector.member().up() && linked(endpoint(party), protector.member().number());
    };
    return static_cast<std::size_t>(std::ranges::count_if(protectors, is_linked));
}

std::uint64_t Ground::draw(Slot slot, std::uint64_t what) const {
    // splitmix64
    std::uint64_t x = setup.base.seed * 0x9E3779B97F4A7C15 + slot.value * 0xBF58476D1CE4E5B9 + what * 0x94D049BB133111EB;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

std::vector<ValidatorNumber> Ground::attesters(Slot slot) const {
    const std::uint64_t per_epoch = setup.base.slots_per_epoch;
    std::vector<ValidatorNumber> due;
    for (ValidatorNumber v = 0; v < setup.base.validators; ++v) {
        if ((v + slot.value / per_epoch) % per_epoch == slot.value % per_epoch) due.push_back(v);
    }
    return due;
}

std::optional<ValidatorNumber> Ground::proposer(Slot slot) const {
    if (draw(slot, 1) % 100 >= kBlockPercent) return std::nullopt;
    return static_cast<ValidatorNumber>(draw(slot, 2) % setup.base.validators);
}

std::optional<Slot> Ground::next_proposal(Slot from) const {
    for (Slot slot = from; slot < from + kSlotsKnown; slot = slot + 1) {
        if (proposer(slot)) return slot;
    }
    return std::nullopt;
}

void Ground::fail(const std::string& what) {
    if (!base.oracle.failed()) say("FAILED", what);
    base.oracle.fail(what);
}

}  // namespace holdfast::simulation::pair
