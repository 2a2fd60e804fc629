// The quorum over HTTP. One request body a slot, encoded once, goes to all protectors at the same time; keys are approved as
// soon as Q have said yes. Requests to slow members go on until the deadline, so that these record it too, but nobody waits for
// them. One protector never counts twice: its answers must carry the name that the cluster file gives it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/notifier.hpp"
#include "shared/base/random.hpp"
#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/quorum_client.hpp"
#include "shared/protection/quorum_member.hpp"

namespace holdfast::protection {

struct HttpQuorumOptions {
    Cluster cluster;
    std::string instance;  // who we are; with TLS the certificate's name counts instead
    // How long keys that have their quorum wait for those that have not; and, where Q members suffice, for the others.
    Duration straggler_grace{std::chrono::milliseconds{100}};
    Duration heartbeat_every{std::chrono::milliseconds{500}};
    QuorumMember::OnLatency on_latency;  // of each answer with verdicts
};

class HttpQuorumClient final : public QuorumClient {
public:
    // kInvalidArgument with a sentence for an impossible or unsafe quorum, or names or URLs that come twice. `clock`, `random`
    // and `http` (with the client's certificate) must outlive the client and the loop's next turn after it (see stop()).
    static Result<std::unique_ptr<HttpQuorumClient>> create(Executor executor, Clock& clock, Random& random,
                                                            net::HttpClient& http, HttpQuorumOptions options);

    Task<Decision> approve_attestation(ethereum::AttestationData data, Domain domain, std::vector<PublicKey> keys,
                                       SteadyTime deadline) override;
    Task<Decision> approve_block(Slot slot, Root signing_root, PublicKey key, SteadyTime deadline) override;
    Task<Result<Promise>> acquire(SteadyTime deadline) override;
    Task<Result<AdoptionPlan>> adoption(Epoch target, SteadyTime deadline) override;
    Task<Result<std::vector<PublicKey>>> used_since(Epoch first, SteadyTime deadline) override;
    Task<Result<void>> halt(std::vector<PublicKey> keys, SteadyTime deadline) override;
    void start_heartbeats(std::function<Beat()> beat) override;
    void beat_now() override;
    void stop_heartbeats() override { beating_.cancel(); }
    Task<Result<std::vector<std::vector<Heard>>>> heard(SteadyTime deadline) override;
    [[nodiscard]] std::uint64_t generation() const override { return generation_; }
    [[nodiscard]] std::optional<Tenure> fenced_by() const override;
    [[nodiscard]] std::vector<MemberStatus> members() const override;
    [[nodiscard]] std::size_t quorum() const override { return options_.cluster.quorum; }
    Task<void> refresh(SteadyTime deadline) override;
    Task<void> warm(SteadyTime deadline) override;

    // Ends what still goes on in the background and waits for it.
    Task<void> stop();

private:
    using MemberPtr = std::shared_ptr<QuorumMember>;
    using Body = std::shared_ptr<const std::string>;
    struct Round;
    struct AcquireRun;
    template <class T>
    struct Gathering;

    HttpQuorumClient(Executor executor, Clock& clock, Random& random, net::HttpClient& http, HttpQuorumOptions options);

    HttpQuorumOptions options_;
    ClusterId cluster_id_;
    Clock& clock_;
    Random& random_;
    std::uint64_t generation_{0};
    std::uint64_t next_request_;
    std::vector<MemberPtr> members_;
    TaskGroup requests_;
    TaskGroup beating_;
    std::uint64_t beats_wanted_{0};  // how often beat_now() was called
    Notifier beat_wanted_;

    [[nodiscard]] RequestHead make_head();
    [[nodiscard]] std::vector<std::string> names() const;
    Task<Decision> ask(std::shared_ptr<Round> round, std::string path, Body body, SteadyTime deadline);
    Task<void> wait(std::shared_ptr<Round> round, SteadyTime deadline);
    [[nodiscard]] Decision conclude(Round& round) const;
    Task<void> ask_one(MemberPtr member, std::size_t index, std::shared_ptr<Round> round, std::string path, Body body,
                       SteadyTime deadline);

    Task<void> read_tenures(std::shared_ptr<AcquireRun> run, SteadyTime deadline);
    Task<void> run_round(std::shared_ptr<AcquireRun> run, SteadyTime deadline);
    [[nodiscard]] Error acquire_failure(const AcquireRun& run) const;
    static Task<void> read_tenure(MemberPtr member, std::size_t index, std::shared_ptr<AcquireRun> run, SteadyTime deadline);
    static Task<void> ask_promise(MemberPtr member, std::size_t index, std::shared_ptr<AcquireRun> run, Body body,
                                  RequestHead head, SteadyTime deadline);

    template <class T>
    Task<void> gather(std::shared_ptr<Gathering<T>> gathering, SteadyTime deadline);
    template <class T>
    static Task<void> ask_into(MemberPtr member, std::shared_ptr<Gathering<T>> gathering, Task<Result<T>> question);
    template <class T>
    [[nodiscard]] Error too_few(const Gathering<T>& gathering, const std::string& what) const;
    static Task<Result<RecordsAnswer>> promised_records(MemberPtr member, Epoch target, Body acquire, RequestHead head,
                                                        SteadyTime deadline);

    static Task<Result<RecordsAnswer>> records_since(MemberPtr member, Epoch first, SteadyTime deadline);

    Task<void> beat_for_ever(MemberPtr member, std::function<Beat()> beat);
    static Task<void> ask_status(MemberPtr member, SteadyTime deadline);
};

}  // namespace holdfast::protection
