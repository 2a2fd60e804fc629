// When an instance that hands duty over may stop: at the end of a slot's duties, and never with a block proposal of ours near.
// Pure.
#pragma once

#include <optional>
#include <string>

#include "healthcheck/failover_rule.hpp"
#include "shared/base/types.hpp"

namespace holdfast::healthcheck {

struct DrainView {
    Slot slot;  // now
    bool duties_under_way{false};
    std::optional<Slot> next_proposal;  // of ours, this slot or later
};

class Drain {
public:
    struct Step {
        // Nothing is begun in slots after this one; nothing yet while a proposal is near.
        std::optional<Slot> last_slot;
        bool done{false};  // and nothing is under way
        std::string sentence;
    };
    // Asked every few milliseconds until done. `last_slot`, once given, stays.
    Step step(const DrainView& view);

private:
    std::optional<Slot> first_slot_;
    std::optional<Slot> last_slot_;
};

}  // namespace holdfast::healthcheck
