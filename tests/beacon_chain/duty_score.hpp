// What became of the duties besides attestations, slot by slot and kind by kind. Pure.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/types.hpp"

namespace holdfast::sim {

struct KindScore {
    struct Missed {
        std::uint64_t validator{0};
        std::string why;
    };
    std::uint64_t expected{0};
    std::uint64_t accepted{0};
    std::uint64_t right{0};    // of the accepted: those that say what was right (the head, the payload)
    std::uint64_t last_ms{0};  // into the slot, when the last of the accepted came
    std::vector<Missed> missed;

    void miss(std::uint64_t validator, std::string why) { missed.push_back({validator, std::move(why)}); }
};

class DutyScore {
public:
    // The slot is over; kinds with nothing expected and nothing accepted are left out.
    void close(Slot slot, const std::string& kind, KindScore score);
    // A fact that is counted and belongs to no slot.
    void count(const std::string& what) { ++counts_[what]; }
    // {kind: {expected, accepted, right, missed: [{validator, slot, why}]}, ...} of one slot, or of all slots up to `last`.
    [[nodiscard]] Json::Value of_slot(Slot slot) const;
    [[nodiscard]] Json::Value total(std::optional<Slot> last = std::nullopt) const;
    [[nodiscard]] Json::Value counts() const;

private:
    std::map<Slot, std::map<std::string, KindScore>> slots_;
    std::map<std::string, std::uint64_t> counts_;
};

}  // namespace holdfast::sim
