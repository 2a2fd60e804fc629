// What everybody in one world shares, and how they call each other: plain values, carried by the network.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "protector/ledger.hpp"
#include "shared/base/random.hpp"
#include "tests/simulation/events.hpp"
#include "tests/simulation/oracle.hpp"
#include "tests/simulation/setup.hpp"

namespace holdfast::simulation {

class Member;
class Instance;

struct Environment {
    explicit Environment(const Setup& how);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    Setup setup;
    SeededRandom random;
    Events events;
    Network network;
    Oracle oracle;
    std::vector<std::unique_ptr<Member>> members;
    std::vector<std::unique_ptr<Instance>> instances;

    [[nodiscard]] Time random_time(Time bound) { return static_cast<Time>(random.below(static_cast<std::uint64_t>(bound))); }
};

[[nodiscard]] PublicKey key_of(ValidatorNumber validator);
[[nodiscard]] ValidatorNumber validator_of(const PublicKey& key);
[[nodiscard]] std::string member_name(std::size_t member);

// A request for verdicts, on its way to a member.
struct VerdictRequest {
    std::vector<ValidatorNumber> validators;
    std::vector<PublicKey> keys;
    Ballot ballot;  // the same for all keys
    std::shared_ptr<const ethereum::AttestationData> data;
    std::uint64_t generation{0};
    std::string instance;
};

// Any command's answer: what was applied, and what the member says about itself.
struct MemberAnswer {
    protector::Applied applied;
    Epoch highest_target;
    Slot highest_slot;
};
using OnAnswer = std::function<void(const MemberAnswer&)>;
using OnRecords = std::function<void(const protection::Tenure&, const std::vector<protection::RecordGroup>&)>;
using OnAllRecords = std::function<void(const protection::MemberRecords&)>;

}  // namespace holdfast::simulation
