// The JSON form of /status: all of /healthz, and more.
#include <algorithm>
#include <map>

#include "healthcheck/document.hpp"
#include "healthcheck/document_forms.hpp"
#include "shared/net/url.hpp"

namespace holdfast::healthcheck {

namespace {

using duties::SlotReport;

std::string_view word(Poll::Outcome outcome) {
    switch (outcome) {
        case Poll::Outcome::kAnswered: return "answered";
        case Poll::Outcome::kRefused: return "refused";
        case Poll::Outcome::kSilent: return "silent";
    }
    return "unknown";
}

void append_poll(JsonText& text, const Poll& poll) {
    text.object("last_poll", [&] {
        text.member("outcome", word(poll.outcome));
        text.member("performs", poll.performs());
        text.member("sentence", poll.sentence);
    });
}

void append_peer(JsonText& text, const PeerDocument& peer) {
    text.object("peer", [&] {
        text.member("url", net::redact(peer.url));
        text.member("last_answer", peer.last_answer);
        text.member("round_trip_ms", peer.round_trip);
        append_poll(text, peer.last_poll);
        if (peer.health) {
            text.object("health", [&] { append_members(text, *peer.health); });
        } else {
            text.null("health");
        }
        text.array("differences", [&] {
            for (const std::string& difference : peer.differences) text.value(difference);
        });
    });
}

void append_protector(JsonText& text, const protection::MemberStatus& member, SteadyTime now) {
    text.object([&] {
        text.member("name", member.name);
        text.member("url", net::redact(member.url));
        text.member("votes", member.votes());
        text.member("reachable", member.reachable);
        text.member("foreign", member.foreign);
        text.member("state", member.state);
        text.decimal("generation", member.tenure.generation);
        text.member("holder", member.tenure.holder);
        text.member("since", member.tenure.since);
        text.member("detail", member.detail);
        text.member("latency_ms", member.last_latency);
        std::optional<Duration> age;
        if (member.last_answer) age = std::max(now - *member.last_answer, Duration::zero());
        text.member("last_answer_age_ms", age);
        text.count("approved", member.approved);
        text.count("refused", member.refused);
        text.count("fenced", member.fenced);
        text.count("failed_requests", member.failed_requests);
    });
}

void append_node(JsonText& text, const beacon::NodeState& node) {
    text.object([&] {
        text.member("url", net::redact(node.url));
        text.member("fit", node.fitness == beacon::Fitness::kFit);
        text.member("fitness", beacon::to_string(node.fitness));
        text.member("detail", node.detail);
        text.member("head_slot", node.head_slot);
        text.count("score", static_cast<std::uint64_t>(std::max(node.score, 0)));
        text.member("version", node.version);
    });
}

void append_surroundings(JsonText& text, const StatusDocument& status) {
    text.object("protectors", [&] {
        text.count("quorum", status.quorum);
        text.array("members", [&] {
            for (const auto& member : status.protectors) append_protector(text, member, status.steady_now);
        });
    });
    text.object("beacon_nodes", [&] {
        text.count("threshold", status.threshold);
        text.array("nodes", [&] {
            for (const auto& node : status.beacon_nodes) append_node(text, node);
        });
    });
    text.object("validators", [&] {
        text.count("known", status.validators);
        text.count("active", status.active_validators);
        text.count("held_back", status.held_back);
    });
}

void append_checkpoint(JsonText& text, const char* name, const ethereum::Checkpoint& checkpoint) {
    text.object(name, [&] {
        text.member("epoch", checkpoint.epoch);
        text.member("root", checkpoint.root);
    });
}

void append_vote(JsonText& text, const SlotReport& report) {
    if (!report.vote) return text.null("vote");
    const ethereum::AttestationData& data = report.vote->data;
    text.object("vote", [&] {
        text.member("head", data.beacon_block_root);
        append_checkpoint(text, "source", data.source);
        append_checkpoint(text, "target", data.target);
        text.member("index", data.index);
        text.member("by_event", report.vote->by_event);
        text.count("confirmed_by", report.vote->confirmed_by);
    });
}

void append_gave_up(JsonText& text, const SlotReport& report) {
    if (!report.gave_up) return text.null("gave_up");
    text.object("gave_up", [&] {
        text.member("reason", duties::code_of(report.gave_up->reason));
        text.member("detail", report.gave_up->detail);
    });
}

void append_times(JsonText& text, const SlotReport& report) {
    text.member("deadline_ms", report.deadline);
    text.member("head_event_ms", report.head_event);
    text.member("started_ms", report.started);
    text.member("decided_ms", report.decided);
    text.member("approved_ms", report.approved);
    text.member("posted_ms", report.posted);
}

// Of a report of any duty.
template <class Report>
void append_missed(JsonText& text, const Report& report) {
    text.object("missed", [&] {
        for (const auto& [reason, missed] : report.missed) text.count(duties::code_of(reason), missed.count);
    });
    text.object("missed_details", [&] {
        for (const auto& [reason, missed] : report.missed) text.member(duties::code_of(reason), missed.detail);
    });
}

void append_other_duty(JsonText& text, const duties::DutyReport& report) {
    text.object([&] {
        text.member("duty", duties::to_string(report.kind));
        text.member("slot", report.slot);
        text.member("epoch", report.epoch);
        text.count("due", report.due);
        text.count("done", report.done);
        text.member("only_decided", report.only_decided);
        text.member("what", report.what);
        append_missed(text, report);
        text.member("deadline_ms", report.deadline);
        text.member("started_ms", report.started);
        text.member("decided_ms", report.decided);
        text.member("approved_ms", report.approved);
        text.member("posted_ms", report.posted);
    });
}

void append_report(JsonText& text, const SlotReport& report) {
    text.object([&] {
        text.member("slot", report.slot);
        text.member("epoch", report.epoch);
        text.count("due", report.due);
        text.count("attested", report.attested);
        text.member("adopted", report.adopted);
        text.member("only_decided", report.only_decided);
        text.member("caught_up", report.caught_up);
        append_missed(text, report);
        append_times(text, report);
        append_vote(text, report);
        append_gave_up(text, report);
    });
}

struct Totals {
    std::size_t due{0};
    std::size_t attested{0};
};

// Of one epoch's slots that are still remembered, as far as they were performed here. A slot may have more than one report:
// decided off duty, adopted, caught up.
std::optional<Totals> totals(const std::vector<SlotReport>& recent, Epoch epoch) {
    std::map<Slot, Totals> slots;
    for (const SlotReport& report : recent) {
        if (report.epoch != epoch || report.only_decided) continue;
        Totals& slot = slots[report.slot];
        slot.due = std::max(slot.due, report.due);
        slot.attested += report.attested;
    }
    if (slots.empty()) return std::nullopt;
    Totals sum;
    for (const auto& [slot, one] : slots) {
        sum.due += one.due;
        sum.attested += std::min(one.attested, one.due);
    }
    return sum;
}

void append_last_epoch(JsonText& text, const StatusDocument& status) {
    const bool passed = status.epoch && status.epoch->value > 0;
    const auto sum = passed ? totals(status.recent, *status.epoch - 1) : std::nullopt;
    if (!sum) return text.null("last_epoch");
    text.object("last_epoch", [&] {
        text.member("epoch", *status.epoch - 1);
        text.count("due", sum->due);
        text.count("attested", sum->attested);
        text.count("missed", sum->due - sum->attested);
    });
}

void append_duties(JsonText& text, const StatusDocument& status) {
    text.array("recent", [&] {
        for (const SlotReport& report : status.recent) append_report(text, report);
    });
    text.array("other_duties", [&] {
        for (const duties::DutyReport& report : status.other_duties) append_other_duty(text, report);
    });
    append_last_epoch(text, status);
    text.object("restart", [&] {
        text.member("safe_now", status.restart.safe_now);
        text.member("sentence", status.restart.sentence);
        text.member("next_proposal", status.restart.next_proposal);
        text.member("next_attestation", status.restart.next_attestation);
        text.member("sync_committee_until", status.restart.sync_committee_until);
        text.member("idle_ms", status.restart.idle);
    });
}

void append_changes(JsonText& text, const StatusDocument& status) {
    text.array("changes", [&] {
        for (const ChangeAt& at : status.changes) {
            text.object([&] {
                text.member("when", at.when);
                text.member("from", at.change.from);
                text.member("to", at.change.to);
                text.member("why", at.change.why);
            });
        }
    });
    text.member("failback_at", status.failback_at);
    text.count("takeovers", status.takeovers);
}

}  // namespace

std::string render(const StatusDocument& status) {
    JsonText text;
    text.object([&] {
        append_members(text, status.health);
        text.member("now", status.now);
        text.member("slot", status.slot);
        text.member("epoch", status.epoch);
        if (status.peer) {
            append_peer(text, *status.peer);
        } else {
            text.null("peer");
        }
        text.member("seen", status.seen);
        append_surroundings(text, status);
        append_duties(text, status);
        append_changes(text, status);
    });
    return text.take();
}

}  // namespace holdfast::healthcheck
