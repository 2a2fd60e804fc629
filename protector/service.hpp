// The protector's HTTP API (docs/protector-api.md): who may call what is in access.hpp, what the calls do is here. I/O thread
// only; what is heavy (large JSON) is read and written on worker threads, so that nobody else's verdict waits for it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "protector/access.hpp"
#include "protector/certificates.hpp"
#include "protector/membership.hpp"
#include "protector/refusals.hpp"
#include "protector/store.hpp"
#include "shared/base/metrics.hpp"
#include "shared/base/time.hpp"
#include "shared/base/worker_pool.hpp"
#include "shared/net/http_server.hpp"
#include "shared/protection/messages.hpp"
#include "shared/protection/witness.hpp"

namespace holdfast::protector {

class Service {
public:
    // All must outlive the service.
    struct Parts {
        Store& store;
        Membership& membership;
        const Clock& clock;
        WorkerPool& workers;
        Metrics& metrics;
        Refusals& refusals;
        const Certificates& certificates;
        bool tls{false};                                       // else every role is granted to everybody
        std::function<void(const std::string&)> on_peer_call;  // another member has asked us; may be empty
    };
    explicit Service(Parts parts);

    // The handler of the HTTP server.
    Task<net::Reply> answer(net::ServerRequest request);
    // Of a plain listener: only /metrics and /healthz.
    Task<net::Reply> answer_metrics(net::ServerRequest request);

private:
    // One request, and who makes it.
    struct Question {
        const Route& route;
        Client client;
        net::ServerRequest request;
        [[nodiscard]] bool octets() const;  // is the body in that form?
        [[nodiscard]] std::string& body() { return request.message.body; }
        // Who asks: the certificate's name, or without TLS what the head says.
        [[nodiscard]] const std::string& asker(const protection::RequestHead& head) const;
    };
    using Answer = Task<net::HttpResponse>;
    using Refused = std::optional<net::HttpResponse>;

    Parts parts_;
    SteadyTime started_;
    protection::Heartbeats heartbeats_;

    Answer perform(Question& question);
    // service_verdicts.cpp
    [[nodiscard]] Asker make_asker(const Question& question, const protection::RequestHead& head) const;
    Answer attestations(Question& question);
    Answer blocks(Question& question);
    template <class Mark>
    Answer render_verdicts(Question& question, protection::RequestHead head, std::vector<PublicKey> keys,
                           std::vector<Mark> marks, Applied applied);
    template <class Mark>
    void log_refusals(const Question& question, const std::vector<PublicKey>& keys, const std::vector<Mark>& marks,
                      const Applied& applied);
    // service_cluster.cpp
    Answer acquire(Question& question);
    Answer beat(Question& question);
    Answer heartbeats(Question& question);
    Answer peers(Question& question);
    Answer status(Question& question);
    Answer health(Question& question);
    Answer metrics(Question& question);
    // service_records.cpp
    Answer change_keys(Question& question);  // halt, lift, enrol
    Answer records_of_epoch(Question& question);
    Answer record_of_key(Question& question);
    Answer all_records(Question& question);
    Answer export_interchange(Question& question);
    Answer import_interchange(Question& question);
    Answer check(Question& question);

    // What is wrong with the request before its body is looked at, or with the body's head; nothing if nothing is.
    Refused refuse(const Question& question);
    Refused refuse(const Question& question, const protection::RequestHead& head);
    // Unless this protector votes, or the call is answered at any time.
    Refused refuse_unless_voting(const Question& question);
    net::HttpResponse refusal(const Question& question, int status, Refusal reason, const std::string& sentence);
    void note_seen(const Question& question);

    [[nodiscard]] protection::AnswerHead answer_head(std::uint64_t request_id = 0) const;
    // Reads the body; large JSON on a worker thread.
    template <class T>
    Task<Result<T>> parse(Question& question, Result<T> (*parser)(std::string_view));
};

inline constexpr std::size_t kInlineBytesMax = 64U << 10U;  // JSON of this size takes less than a millisecond

template <class T>
Task<Result<T>> Service::parse(Question& question, Result<T> (*parser)(std::string_view)) {
    if (question.octets() || question.body().size() <= kInlineBytesMax) co_return parser(question.body());
    // A result that can be default-constructed, as the pool wants it.
    auto work = [body = std::move(question.body()), parser] { return std::optional<Result<T>>{parser(body)}; };
    auto parsed = co_await parts_.workers.run(std::move(work));
    co_return std::move(*parsed);
}

[[nodiscard]] net::HttpResponse json_response(std::string body);

}  // namespace holdfast::protector
