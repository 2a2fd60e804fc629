// Who did what it was asked, for people and for programs, and the exit code that follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/ask.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::cli {

struct MemberOutcome {
    std::string member;
    bool done{false};
    std::string sentence;  // what it did, or why it didn't
};

// 0: all did it. kExitPartly: at least `enough` did. kExitFailed otherwise.
[[nodiscard]] int exit_code(const std::vector<MemberOutcome>& outcomes, std::size_t enough);
// A line a member.
[[nodiscard]] std::string render_table(const std::vector<MemberOutcome>& outcomes);
// {"complete":..., "members":[{"member", "done", "detail"}], MORE}; `more`: further members as JSON, or empty.
[[nodiscard]] std::string render_json(const std::vector<MemberOutcome>& outcomes, const std::string& more = {});

// Of calls that are answered with KeysAnswer: `words` say what is done ("halted").
[[nodiscard]] std::vector<MemberOutcome> keys_outcomes(const std::vector<MemberAnswer>& answers, const std::string& words);
// What it means that `node` answers where another member should.
[[nodiscard]] std::string wrong_node(const std::string& node);
// The answer to GET /v1/status. kRefused if it is not of the member of this cluster that it should be.
[[nodiscard]] Result<protection::StatusAnswer> read_status(const protection::Cluster& cluster, const MemberAnswer& answer);
// kExit... and what is to be done, printed: for changes that must reach every member.
[[nodiscard]] int tell(const std::vector<MemberOutcome>& outcomes, std::size_t quorum, bool json, const std::string& meaning,
                       const std::string& more = {});

}  // namespace holdfast::cli
