// An instance's side of the quorum, as protection/http_quorum_* does it: one request to all protectors, the real tally, the
// real acquisition and adoption plan, heartbeats, and what it knows of each protector.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/protection/acquisition.hpp"
#include "shared/protection/adoption.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/protection/quorum_tally.hpp"
#include "tests/simulation/pair/ground.hpp"
#include "tests/simulation/pair/process.hpp"

namespace holdfast::simulation::pair {

class Quorum {
public:
    struct Outcome {
        std::vector<ValidatorNumber> approved;
        std::vector<ValidatorNumber> refused;  // or fenced: asking again is no use
    };
    using OnOutcome = std::function<void(Outcome)>;
    using OnPromise = std::function<void(Result<protection::Promise>)>;
    using OnPlan = std::function<void(Result<protection::AdoptionPlan>)>;
    using OnHeard = std::function<void(Result<std::vector<std::vector<protection::Heard>>>)>;

    Quorum(Ground& ground, std::size_t party, Process& process);

    // A new process knows nothing.
    void reset();

    void approve(const Ballot& ballot, std::shared_ptr<const ethereum::AttestationData> data,
                 std::vector<ValidatorNumber> validators, Time deadline, OnOutcome then);
    void acquire(Time deadline, OnPromise then);
    void adoption(Epoch target, Time deadline, OnPlan then);
    void heard(Time deadline, OnHeard then);
    void refresh(Time deadline);
    void start_heartbeats(std::function<protection::Beat()> beat);
    void beat_now();
    void stop_heartbeats() { beat_ = {}; }

    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    [[nodiscard]] std::optional<protection::Tenure> fenced_by() const;
    // The highest tenure that any protector has named.
    [[nodiscard]] protection::Tenure highest() const;
    [[nodiscard]] std::size_t voting() const;

private:
    struct Round;
    struct Acquiring;
    template <class T>
    struct Gathering;
    using Serve = std::function<void(Protector&, const Respond&)>;
    struct Known {
        bool reachable{false};
        bool votes{true};
        protection::Tenure tenure;
        protection::Position seen;
        bool beating{false};  // a heartbeat is under way
        Time beat_begun{0};
        std::uint64_t beats{0};
    };

    Ground& ground_;
    std::size_t party_;
    Process& process_;
    std::vector<Known> known_;
    std::uint64_t generation_{0};
    std::function<protection::Beat()> beat_;
    std::uint64_t beats_wanted_{0};

    [[nodiscard]] std::size_t members() const { return ground_.setup.base.members; }
    [[nodiscard]] std::size_t quorum() const { return ground_.setup.base.quorum; }
    // One question to one protector; `then` gets nothing if there is no answer until the deadline.
    void call(std::size_t member, const Serve& serve, Time deadline, Respond then);
    void note(std::size_t member, const ReplyPtr& reply);
    void finish(const std::shared_ptr<Round>& round);
    void ask_round(const std::shared_ptr<Acquiring>& run);
    void end_round(const std::shared_ptr<Acquiring>& run);
    void give_records(std::size_t member, Epoch target, Time deadline, const Respond& then);
    template <class T>
    void gathered(const std::shared_ptr<Gathering<T>>& gathering, std::optional<T> answer);
    template <class T>
    void end_gathering(const std::shared_ptr<Gathering<T>>& gathering);
    void beat(std::size_t member);
    void after_beat(std::size_t member);
};

}  // namespace holdfast::simulation::pair
