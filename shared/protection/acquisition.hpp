// How an instance goes on duty: it asks all members for a generation above all that it knows of, until Q of them have promised
// it. Pure: answers in, the next question or the end out.
//
//   Acquisition acquisition{4, 3, "primary"};
//   acquisition.on_tenure(member, tenure);               // what each member said is in force there
//   while (state() != kPromised && state() != kLost) {
//       const std::uint64_t generation = acquisition.ask();   // to be put to all members
//       ... on_answer(), on_failure() until state() is no longer kAsking, or the caller gives the round up
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/types.hpp"
#include "shared/protection/generation.hpp"

namespace holdfast::protection {

// A generation that Q members have promised.
struct Promise {
    std::uint64_t generation{0};
    Epoch highest_target;  // of those members' records: above it nothing needs to be adopted
    Slot highest_slot;
    friend bool operator==(const Promise&, const Promise&) = default;
};

// What one member answered to a request for a generation.
struct PromiseAnswer {
    bool promised{false};
    Tenure tenure;  // in force there afterwards
    Epoch highest_target;
    Slot highest_slot;
};

class Acquisition {
public:
    enum class State {
        kReading,   // fewer than Q members have said which generation is in force
        kReady,     // to be asked (again), above all that is known
        kAsking,    // a round is under way
        kPromised,  // on duty
        kLost,      // another instance got its quorum meanwhile
    };

    // `quorum` of `members` must pass check_quorum().
    Acquisition(std::size_t members, std::size_t quorum, std::string holder);

    // Before the first ask(); a member's second one replaces its first.
    void on_tenure(std::size_t member, const Tenure& tenure);
    // Begins a round: the generation to ask for. What comes late of an earlier round doesn't count in it. Works in kReading
    // too: the refusals say what is in force.
    std::uint64_t ask();
    // To the request for `generation`. One that comes late may still say that a rival has won: before the next ask() it gets a
    // moment.
    void on_answer(std::size_t member, std::uint64_t generation, const PromiseAnswer& answer);
    // The member will not answer the request for `generation`.
    void on_failure(std::size_t member, std::uint64_t generation);
    // Ends a round that can't be won soon.
    void give_up();

    [[nodiscard]] State state() const { return state_; }
    // A member has refused in this round: a rival is asking too.
    [[nodiscard]] bool contested() const { return refused_ > 0; }
    // Of kPromised.
    [[nodiscard]] Promise promise() const;
    // The highest tenure that any member named.
    [[nodiscard]] const Tenure& highest() const { return highest_; }

private:
    struct Member {
        std::optional<Tenure> tenure;
        bool done{false};  // in this round
    };

    std::size_t quorum_;
    std::string holder_;
    State state_{State::kReading};
    std::vector<Member> members_;
    Tenure highest_;
    std::uint64_t first_asked_{0};  // of all rounds
    std::uint64_t asked_{0};        // of this round
    std::size_t promised_{0};
    std::size_t refused_{0};
    std::size_t waiting_{0};
    Epoch highest_target_;
    Slot highest_slot_;

    void learn(std::size_t member, const Tenure& tenure);
    void settle();
    [[nodiscard]] bool rival_has_quorum() const;
};

}  // namespace holdfast::protection
