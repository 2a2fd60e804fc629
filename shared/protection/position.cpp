#include "shared/protection/position.hpp"

#include <algorithm>

#include "shared/base/types.hpp"
#include "shared/protection/rules.hpp"

namespace holdfast::protection {

namespace {

std::string describe(Position position) {
    return "incarnation " + std::to_string(position.incarnation) + ", position " + std::to_string(position.sequence);
}

}  // namespace

std::string to_string(Position position) {
    return std::to_string(position.incarnation) + "." + std::to_string(position.sequence);
}

Result<Position> parse_position(std::string_view text) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const auto incarnation = parse_decimal(text.substr(0, dot));
    const auto sequence = parse_decimal(text.substr(std::min(dot + 1, text.size())));
    if (incarnation && sequence) return Position{incarnation.value(), sequence.value()};
    return failure(ErrorCode::kMalformed, "expected a position like 2.1041");
}

Standing::Standing(std::size_t members, std::size_t quorum)
    : needed_{std::min(members - quorum + 1, quorum - 1)}, state_{needed_ == 0 ? State::kVoting : State::kStarting} {}

void Standing::on_seen(const std::string& who, bool is_peer, Position seen_of_us, Position own) {
    if (seen_of_us > own && in_force(Rule::kStaleRefuses)) {
        if (state_ != State::kStale) {
            evidence_ =
                who + " has seen this protector at " + describe(seen_of_us) + ", but its database is at " + describe(own);
        }
        state_ = State::kStale;
        return;
    }
    if (is_peer) heard_[who] = seen_of_us;
    if (state_ == State::kStarting && heard_.size() >= needed_) state_ = State::kVoting;
}

std::string Standing::explain() const {
    switch (state_) {
        case State::kVoting: return {};
        case State::kStarting:
            return "it has heard " + std::to_string(heard_.size()) + " of the " + std::to_string(needed_) +
                   " other members that must say first how far they have seen it";
        case State::kStale: break;
    }
    return evidence_ +
           ": this is an old copy (a restored backup or snapshot, or a new directory under a known name); move the "
           "data directory away and start with --rejoin";
}

bool SeenPositions::note(const std::string& node, Position position) {
    Position& known = seen_[node];
    if (position <= known) return false;
    known = position;
    return true;
}

Position SeenPositions::of(const std::string& node) const {
    const auto found = seen_.find(node);
    return found == seen_.end() ? Position{} : found->second;
}

}  // namespace holdfast::protection
