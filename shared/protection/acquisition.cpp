#include "shared/protection/acquisition.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"

namespace holdfast::protection {

Acquisition::Acquisition(std::size_t members, std::size_t quorum, std::string holder)
    : quorum_{quorum}, holder_{std::move(holder)}, members_(members) {
    HOLDFAST_ASSERT(quorum >= 1 && quorum <= members);
}

void Acquisition::on_tenure(std::size_t member, const Tenure& tenure) {
    learn(member, tenure);
    const auto known = std::ranges::count_if(members_, [](const Member& m) { return m.tenure.has_value(); });
    if (state_ == State::kReading && static_cast<std::size_t>(known) >= quorum_) state_ = State::kReady;
}

std::uint64_t Acquisition::ask() {
    HOLDFAST_ASSERT(state_ == State::kReading || state_ == State::kReady);
    asked_ = std::max(highest_.generation, asked_) + 1;
    if (first_asked_ == 0) first_asked_ = asked_;
    state_ = State::kAsking;
    promised_ = refused_ = 0;
    waiting_ = members_.size();
    highest_target_ = {};
    highest_slot_ = {};
    for (Member& member : members_) member.done = false;
    return asked_;
}

void Acquisition::on_answer(std::size_t member, std::uint64_t generation, const PromiseAnswer& answer) {
    learn(member, answer.tenure);
    if (state_ == State::kReady && rival_has_quorum()) state_ = State::kLost;
    Member& from = members_.at(member);
    if (state_ != State::kAsking || generation != asked_ || from.done) return;
    from.done = true;
    --waiting_;
    if (answer.promised) {
        ++promised_;
        highest_target_ = std::max(highest_target_, answer.highest_target);
        highest_slot_ = std::max(highest_slot_, answer.highest_slot);
    } else {
        ++refused_;
    }
    settle();
}

void Acquisition::on_failure(std::size_t member, std::uint64_t generation) {
    Member& from = members_.at(member);
    if (state_ != State::kAsking || generation != asked_ || from.done) return;
    from.done = true;
    --waiting_;
    settle();
}

void Acquisition::give_up() {
    if (state_ == State::kAsking) state_ = State::kReady;
}

Promise Acquisition::promise() const {
    HOLDFAST_ASSERT(state_ == State::kPromised);
    return {asked_, highest_target_, highest_slot_};
}

void Acquisition::learn(std::size_t member, const Tenure& tenure) {
    Member& from = members_.at(member);
    if (!from.tenure || from.tenure->generation <= tenure.generation) from.tenure = tenure;
    if (tenure.generation >= highest_.generation) highest_ = tenure;
}

void Acquisition::settle() {
    if (promised_ >= quorum_) {
        state_ = State::kPromised;
    } else if (rival_has_quorum()) {
        state_ = State::kLost;
    } else if (promised_ + waiting_ < quorum_) {
        state_ = State::kReady;
    }
}

// Of a generation acquired since we began: two instances that fence each other for ever would keep both from their duties.
bool Acquisition::rival_has_quorum() const {
    const auto holders = std::ranges::count_if(members_, [this](const Member& member) {
        return member.tenure && member.tenure->generation == highest_.generation && member.tenure->holder == highest_.holder;
    });
    return highest_.generation >= first_asked_ && highest_.holder != holder_ && static_cast<std::size_t>(holders) >= quorum_;
}

}  // namespace holdfast::protection
