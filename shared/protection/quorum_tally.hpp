// Counts the answers of N protectors to one request for K keys: which keys have Q yeses, which can't get them any more. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/protection/generation.hpp"
#include "shared/protection/verdict.hpp"

namespace holdfast::protection {

// kInvalidArgument with a sentence unless 1 <= Q <= N and 2Q > N: two quorums must share a member.
[[nodiscard]] Result<void> check_quorum(std::size_t quorum, std::size_t members);
// What this choice risks, as a sentence; empty if it survives both a member that is down and one that lost its memory.
[[nodiscard]] std::string quorum_warning(std::size_t quorum, std::size_t members);

class QuorumTally {
public:
    // Keys, by their place in the request, that an answer has decided.
    struct Step {
        std::vector<std::size_t> approved;
        std::vector<std::size_t> hopeless;  // too few members are left for Q yeses
    };
    // A refusal as a sentence: explain() of verdict.hpp with the message that was asked about.
    using Explain = std::function<std::string(const Verdict&)>;

    // `quorum` of the members must pass check_quorum().
    QuorumTally(std::vector<std::string> member_names, std::size_t quorum, std::size_t keys);

    // The verdicts are in the request's order, one for each key. A member counts once: what it says later is ignored.
    // `tenure`: in force there.
    Step on_answer(std::size_t member, std::vector<Verdict> verdicts, Tenure tenure = {});
    // The member will give no usable answer.
    Step on_failure(std::size_t member, std::string why);
    // What is said of a member that has not answered yet ("no answer yet" unless told).
    void note(std::size_t member, std::string why);

    [[nodiscard]] bool decided() const { return open_ == 0; }
    [[nodiscard]] bool is_open(std::size_t key) const { return !keys_[key].decided; }
    // So many members refused that no quorum is possible. A member that does not vote now (kNotVoting) hasn't refused.
    [[nodiscard]] bool refused(std::size_t key) const;
    // The same, each of them because a higher generation is in force.
    [[nodiscard]] bool fenced(std::size_t key) const;
    // The record that stands in the way, of the first member that named one.
    [[nodiscard]] std::variant<std::monostate, AttestationMark, BlockMark> record(std::size_t key) const;
    // Who said what, for a key without quorum.
    [[nodiscard]] std::string explain(std::size_t key, const Explain& sentence) const;

private:
    struct Member {
        std::string name;
        bool done{false};
        std::string failure{"no answer yet"};
        std::vector<Verdict> verdicts;  // empty if it failed
        Tenure tenure;
    };
    struct Key {
        std::size_t yes{0};
        std::size_t no{0};
        std::size_t fenced{0};
        bool decided{false};
    };

    std::size_t quorum_;
    std::vector<Member> members_;
    std::vector<Key> keys_;
    std::size_t open_;
    std::size_t waiting_;

    void close(Member& member);
    Step settle();
};

}  // namespace holdfast::protection
