// Duties over a restart: what is known of this and the next epoch's, kept in one file, so that a restart performs them at once
// however slow the nodes are with them. To be confirmed by the nodes all the same.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/worker_pool.hpp"
#include "shared/beacon/api_types.hpp"

namespace holdfast::validator {

struct KeptDuties {
    Root chain;                                 // genesis validators root
    std::vector<beacon::Validator> validators;  // ours that the chain knows
    std::vector<beacon::AttesterDuties> attesters;
    std::vector<beacon::ProposerDuties> proposers;  // ours

    [[nodiscard]] bool has(Epoch epoch) const;
};

// As the file has it: JSON, duties as rows of numbers.
[[nodiscard]] std::string encode(const KeptDuties& duties, const std::vector<PublicKey>& keys);
// kMalformed with a sentence; kInvalidArgument if it is of another chain, or of other keys.
[[nodiscard]] Result<KeptDuties> decode_duties(std::string_view text, const Root& chain, const std::vector<PublicKey>& keys);

class DutyCache {
public:
    static constexpr const char* kFileName = "duties.json";

    // In that directory; empty: nothing is kept. With 0 threads the disk is waited for in place: for simulations.
    explicit DutyCache(const std::string& directory, std::size_t threads = 1);

    [[nodiscard]] bool on() const { return !path_.empty(); }
    // Nothing if there is none. A file that can't be used is left aside with a warning.
    Task<std::optional<KeptDuties>> load(Root chain, std::vector<PublicKey> keys);
    // Replaces the file. A failure only warns.
    Task<void> store(KeptDuties duties, std::vector<PublicKey> keys);

private:
    std::string path_;
    WorkerPool disk_;
};

}  // namespace holdfast::validator
