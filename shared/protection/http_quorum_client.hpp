// The quorum over HTTP. One request body a slot, rendered once, goes to all protectors at the same time; keys are approved as
// soon as Q have said yes. Requests to slow members go on until the deadline, so that these record it too, but nobody waits for
// them. One protector never counts twice: each answer carries its node id, and while two URLs have the same one nothing is
// approved.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/protection/quorum_member.hpp"

namespace holdfast::protection {

struct HttpQuorumOptions {
    std::vector<std::string> urls;  // "http://127.0.0.1:7001"
    std::size_t quorum{0};
    Root genesis_validators_root;
    std::uint64_t generation{0};
    // How long keys that have their quorum wait for those that have not.
    Duration straggler_grace{std::chrono::milliseconds{100}};
};

class HttpQuorumClient final : public QuorumClient {
public:
    // kInvalidArgument with a sentence for an impossible or unsafe quorum, a bad URL, or one given twice. `clock` and `http`
    // must outlive the client and the loop's next turn after it (see stop()).
    static Result<std::unique_ptr<HttpQuorumClient>> create(Executor executor, Clock& clock, net::HttpClient& http,
                                                            HttpQuorumOptions options);

    Task<Decision> approve_attestation(ethereum::AttestationData data, Domain domain, std::vector<PublicKey> keys,
                                       SteadyTime deadline) override;
    [[nodiscard]] std::vector<MemberStatus> members() const override;
    [[nodiscard]] std::size_t quorum() const override { return options_.quorum; }
    Task<void> refresh(SteadyTime deadline) override;

    // Ends what still goes on in the background and waits for it.
    Task<void> stop();

    // A sentence when two URLs lead to one protector; empty if all differ as far as is known.
    [[nodiscard]] std::string duplicate_member() const;

private:
    struct Round;

    HttpQuorumClient(Executor executor, Clock& clock, net::HttpClient& http, HttpQuorumOptions options);

    HttpQuorumOptions options_;
    Clock& clock_;
    std::vector<std::shared_ptr<QuorumMember>> members_;
    TaskGroup requests_;

    void start(const std::shared_ptr<Round>& round, const std::string& path, std::string body, SteadyTime deadline);
    Task<void> wait(std::shared_ptr<Round> round, SteadyTime deadline);
    Decision conclude(Round& round, const Root& signing_root) const;
    static Task<void> ask_one(std::shared_ptr<QuorumMember> member, std::size_t index, std::shared_ptr<Round> round,
                              std::string path, std::shared_ptr<const std::string> body, SteadyTime deadline);
    static Task<void> refresh_one(std::shared_ptr<QuorumMember> member, Root genesis_validators_root, SteadyTime deadline);
};

}  // namespace holdfast::protection
