// Protectors in memory behind a fake HTTP client, in virtual time: the real rules and the real forms, and the faults that a
// test asks for.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/ethereum/signing_root.hpp"
#include "shared/net/http_client.hpp"
#include "shared/protection/wire.hpp"
#include "tests/shared/protection/protection_fixtures.hpp"

namespace holdfast::protection {

enum class Fault { kNone, kDown, kHangs, kBroken, kGarbage, kTooFewVerdicts, kOtherRequest };

struct FakeProtector {
    std::string node;
    ClusterId cluster;
    Root genesis_validators_root{root(99)};
    Mode mode{Mode::kFenced};
    Fault fault{Fault::kNone};
    Duration delay{std::chrono::milliseconds{1}};
    std::string state{"voting"};
    std::size_t requests{0};
    std::size_t status_requests{0};
    std::size_t recorded{0};
    Tenure tenure;
    Position position{1, 1};
    std::map<PublicKey, ValidatorRecord> records;
    std::set<PublicKey> halted;
    Heartbeats heartbeats;
    std::vector<net::HttpRequest> seen;  // requests with verdicts, as they came

    net::HttpResponse answer(const net::HttpRequest& request, const std::string& path, SteadyTime now) {
        if (path == "/v1/status") return status();
        if (net::find_header(request.headers, kClusterHeader) != to_hex(cluster)) {
            return net::make_error(409, "this is another cluster");
        }
        if (state != "voting") return net::make_error(503, "no votes: " + state);
        if (path == "/v1/attestations") return attestations(request);
        if (path == "/v1/blocks") return blocks(request);
        if (path == "/v1/generations") return generation(request);
        if (path == "/v1/halts") return halts(request);
        if (path == "/v1/heartbeats") return heartbeat(request, now);
        if (path.starts_with("/v1/records?target_epoch=")) return records_of(path);
        return net::make_error(404, "no such path");
    }

private:
    [[nodiscard]] AnswerHead head(std::uint64_t request_id) const {
        return {node, fault == Fault::kOtherRequest ? request_id + 1 : request_id, tenure, position};
    }

    net::HttpResponse status() {
        ++status_requests;
        StatusAnswer said;
        said.node = node;
        said.version = "v1";
        said.cluster = cluster;
        said.genesis_validators_root = genesis_validators_root;
        said.mode = mode;
        said.tenure = tenure;
        said.state = state;
        said.position = position;
        return net::make_response(200, std::string{kJsonType}, render(said));
    }

    Fence fence(const RequestHead& asked) {
        const Fence result = check_generation(tenure, mode, asked.generation);
        if (result == Fence::kLearned) tenure = {asked.generation, asked.instance, {}};
        return result;
    }

    template <class Decide>
    net::HttpResponse verdicts(const net::HttpRequest& request, const RequestHead& asked, std::size_t count, Decide decide) {
        seen.push_back(request);
        const Fence fenced = fence(asked);
        std::vector<Verdict> result;
        for (std::size_t i = 0; i < count; ++i) {
            const Reason reason = fenced == Fence::kFenced ? Reason::kFenced : Reason::kWrongMode;
            const bool stopped = fenced == Fence::kFenced || fenced == Fence::kWrongMode;
            result.push_back(stopped ? Verdict{Outcome::kRefused, reason, {}} : decide(i));
        }
        ++position.sequence;
        if (fault == Fault::kTooFewVerdicts) result.pop_back();
        return net::make_response(200, std::string{kOctetType}, wire::encode_answer(head(asked.request_id), result));
    }

    net::HttpResponse attestations(const net::HttpRequest& request) {
        const auto asked = wire::decode_attestation_request(request.body).value();
        const AttestationMark mark{asked.data->source.epoch, asked.data->target.epoch,
                                   ethereum::attestation_signing_root(*asked.data, asked.domain)};
        return verdicts(request, asked.head, asked.keys.size(), [&](std::size_t i) {
            ValidatorRecord& record = records[asked.keys[i]];
            const Verdict verdict = decide_attestation(record, mark, {{Epoch{100}, Slot{3200}}, {}, false});
            if (verdict.outcome != Outcome::kApproved) return verdict;
            record.attestation = mark;
            record.data = asked.data;
            ++recorded;
            return verdict;
        });
    }

    net::HttpResponse blocks(const net::HttpRequest& request) {
        const auto asked = wire::decode_block_request(request.body).value();
        return verdicts(request, asked.head, asked.keys.size(), [&](std::size_t i) {
            ValidatorRecord& record = records[asked.keys[i]];
            const Verdict verdict = decide_block(record, asked.marks[i], {{Epoch{100}, Slot{3200}}, {}, false});
            if (verdict.outcome == Outcome::kApproved) record.block = asked.marks[i];
            return verdict;
        });
    }

    net::HttpResponse generation(const net::HttpRequest& request) {
        const auto asked = parse_acquire_request(request.body).value();
        AcquireAnswer said;
        said.promised = may_acquire(tenure, mode, asked.head.generation, asked.head.instance);
        if (said.promised) tenure = {asked.head.generation, asked.head.instance, {}};
        said.head = head(asked.head.request_id);
        for (const auto& [key, record] : records) {
            if (record.attestation) said.highest_target = std::max(said.highest_target, record.attestation->target);
        }
        return net::make_response(200, std::string{kJsonType}, render(said));
    }

    net::HttpResponse halts(const net::HttpRequest& request) {
        const auto asked = parse_keys_request(request.body).value();
        halted.insert(asked.keys.begin(), asked.keys.end());
        return net::make_response(200, std::string{kJsonType}, render(KeysAnswer{node, asked.keys.size()}));
    }

    net::HttpResponse heartbeat(const net::HttpRequest& request, SteadyTime now) {
        HeartbeatAnswer said;
        said.head = head(0);
        if (request.method == "POST") {
            const auto asked = parse_heartbeat_request(request.body).value();
            heartbeats.on_beat({asked.head.instance, asked.head.generation, asked.on_duty, asked.well}, now);
            said.head = head(asked.head.request_id);
        }
        said.heard = heartbeats.heard(now);
        return net::make_response(200, std::string{kJsonType}, render(said));
    }

    net::HttpResponse records_of(const std::string& path) {
        const Epoch target{parse_decimal(path.substr(path.find('=') + 1)).value()};
        RecordsAnswer said;
        said.head = head(0);
        for (const auto& [key, record] : records) {
            if (!record.attestation || record.attestation->target != target) continue;
            const AttestationMark mark = *record.attestation;
            auto group =
                std::find_if(said.groups.begin(), said.groups.end(), [&mark](const RecordGroup& g) { return g.mark == mark; });
            if (group == said.groups.end()) {
                said.groups.push_back({mark, record.data, {}});
                group = std::prev(said.groups.end());
            }
            group->keys.push_back(key);
        }
        return net::make_response(200, std::string{kOctetType}, wire::encode_records(said));
    }
};

class FakeNetwork final : public net::HttpClient {
public:
    explicit FakeNetwork(Clock& clock) : clock_{clock} {}
    std::map<std::string, FakeProtector> protectors;  // by URL

    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime deadline) override {
        const auto path = request.url.find("/v1/");
        FakeProtector& protector = protectors.at(request.url.substr(0, path));
        ++protector.requests;
        if (protector.fault == Fault::kDown) co_return failure(ErrorCode::kUnavailable, "connection refused");
        const SteadyTime when = protector.fault == Fault::kHangs ? deadline : clock_.steady() + protector.delay;
        co_await sleep_until(clock_, std::min(when, deadline));
        if (clock_.steady() >= deadline) co_return failure(ErrorCode::kTimeout, "no answer in time");
        if (protector.fault == Fault::kBroken) co_return net::make_error(503, "busy");
        if (protector.fault == Fault::kGarbage) co_return net::HttpResponse{200, {}, "<html>"};
        co_return protector.answer(request, request.url.substr(path), clock_.steady());
    }

    Task<Result<void>> stream(net::HttpRequest /*request*/, Duration /*silence_max*/,
                              std::function<bool(std::string_view)> /*on_data*/) override {
        co_return failure(ErrorCode::kInternal, "not used");
    }

private:
    Clock& clock_;
};

}  // namespace holdfast::protection
