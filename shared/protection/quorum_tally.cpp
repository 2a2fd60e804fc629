#include "shared/protection/quorum_tally.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/protection/rules.hpp"

namespace holdfast::protection {
namespace {

std::string of(std::size_t quorum, std::size_t members) { return std::to_string(quorum) + " of " + std::to_string(members); }

// Asking such a member again may help.
bool lasts(const Verdict& verdict) { return verdict.outcome == Outcome::kRefused && verdict.reason != Reason::kNotVoting; }

std::string describe_verdict(const Verdict& verdict, const Tenure& tenure, const QuorumTally::Explain& sentence) {
    if (verdict.reason == Reason::kFenced) return "fenced by " + describe(tenure);
    std::string text{to_string(verdict.outcome)};
    const std::string why = verdict.yes() ? "" : sentence(verdict);
    if (!why.empty()) text += " (" + why + ")";
    return text;
}

}  // namespace

Result<void> check_quorum(std::size_t quorum, std::size_t members) {
    if (members == 0) return failure(ErrorCode::kInvalidArgument, "no protectors are configured; at least one is needed");
    if (quorum == 0 || quorum > members) {
        return failure(ErrorCode::kInvalidArgument, "a quorum of " + of(quorum, members) +
                                                        " protectors is impossible; it must be between 1 and " +
                                                        std::to_string(members));
    }
    if (in_force(Rule::kQuorumOverHalf) && 2 * quorum <= members) {
        return failure(ErrorCode::kInvalidArgument, "a quorum of " + of(quorum, members) +
                                                        " protectors is unsafe: two halves could approve conflicting messages; "
                                                        "it must be at least " +
                                                        std::to_string(members / 2 + 1));
    }
    return success();
}

std::string quorum_warning(std::size_t quorum, std::size_t members) {
    const std::string head = "quorum " + of(quorum, members) + ": ";
    if (members == 1)
        return head + "when the one protector is down nothing is signed, and if it loses its memory nothing protects";
    const bool survives_failure = quorum < members;
    const bool survives_amnesia = 2 * quorum > members + 1;
    if (!survives_failure) return head + "when any one protector is down nothing is signed";
    if (!survives_amnesia) return head + "safe only while no protector loses its memory; 3 of 4 stays safe when one does";
    return {};
}

QuorumTally::QuorumTally(std::vector<std::string> member_names, std::size_t quorum, std::size_t keys)
    : quorum_{quorum}, keys_(keys), open_{keys}, waiting_{member_names.size()} {
    HOLDFAST_ASSERT(check_quorum(quorum, member_names.size()).has_value());
    for (auto& name : member_names) members_.push_back(Member{std::move(name), false, "no answer yet", {}, {}});
}

QuorumTally::Step QuorumTally::on_answer(std::size_t member, std::vector<Verdict> verdicts, Tenure tenure) {
    Member& from = members_.at(member);
    if (from.done && in_force(Rule::kMemberCountsOnce)) return {};
    if (verdicts.size() != keys_.size()) return on_failure(member, "its answer is for other keys");
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (verdicts[i].yes()) ++keys_[i].yes;
        if (lasts(verdicts[i])) ++keys_[i].no;
        if (lasts(verdicts[i]) && verdicts[i].reason == Reason::kFenced) ++keys_[i].fenced;
    }
    from.verdicts = std::move(verdicts);
    from.tenure = std::move(tenure);
    close(from);
    return settle();
}

QuorumTally::Step QuorumTally::on_failure(std::size_t member, std::string why) {
    Member& from = members_.at(member);
    if (from.done) return {};
    from.failure = std::move(why);
    close(from);
    return settle();
}

void QuorumTally::note(std::size_t member, std::string why) {
    Member& from = members_.at(member);
    if (!from.done) from.failure = std::move(why);
}

void QuorumTally::close(Member& member) {
    if (!member.done) --waiting_;
    member.done = true;
}

QuorumTally::Step QuorumTally::settle() {
    const std::size_t needed = in_force(Rule::kQuorumCounted) ? quorum_ : 1;
    Step step;
    for (std::size_t i = 0; i < keys_.size() && open_ > 0; ++i) {
        Key& key = keys_[i];
        if (key.decided) continue;
        if (key.yes >= needed) {
            step.approved.push_back(i);
        } else if (key.yes + waiting_ < needed) {
            step.hopeless.push_back(i);
        } else {
            continue;
        }
        key.decided = true;
    }
    open_ -= step.approved.size() + step.hopeless.size();
    return step;
}

bool QuorumTally::refused(std::size_t key) const { return keys_.at(key).no > members_.size() - quorum_; }

bool QuorumTally::fenced(std::size_t key) const { return keys_.at(key).fenced > members_.size() - quorum_; }

std::variant<std::monostate, AttestationMark, BlockMark> QuorumTally::record(std::size_t key) const {
    for (const Member& member : members_) {
        if (!member.verdicts.empty() && member.verdicts.at(key).record.index() != 0) return member.verdicts[key].record;
    }
    return {};
}

std::string QuorumTally::explain(std::size_t key, const Explain& sentence) const {
    std::string text = std::to_string(keys_.at(key).yes) + " yes, " + std::to_string(quorum_) + " needed: ";
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const Member& member = members_[i];
        if (i > 0) text += "; ";
        text += member.name + ": ";
        text += member.verdicts.empty() ? member.failure : describe_verdict(member.verdicts[key], member.tenure, sentence);
    }
    return text;
}

}  // namespace holdfast::protection
