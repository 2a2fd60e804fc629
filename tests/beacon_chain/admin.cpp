#include "tests/beacon_chain/admin.hpp"

#include <utility>

#include "tests/beacon_chain/attestation_json.hpp"

namespace holdfast::sim {
namespace {

Json::Value checkpoint(const ethereum::Checkpoint& point) {
    Json::Value result;
    result["epoch"] = Json::UInt64{point.epoch.value};
    result["root"] = to_hex(point.root);
    return result;
}

Json::Value done() {
    Json::Value result;
    result["ok"] = true;
    return result;
}

int status_of(ErrorCode code) { return code == ErrorCode::kNotFound ? 404 : 400; }

}  // namespace

Admin::Admin(Executor executor, Clock& clock, Simulation& simulation)
    : clock_{clock},
      simulation_{simulation},
      tasks_{executor},
      server_{executor, clock, {}, [this](net::ServerRequest request) { return answer(std::move(request)); }} {}

Result<void> Admin::open(std::uint16_t port) { return server_.listen("127.0.0.1", port); }

Task<void> Admin::close() {
    tasks_.cancel();
    co_await server_.stop(clock_.steady());
    co_await tasks_.join();
}

Task<net::Reply> Admin::answer(net::ServerRequest request) {
    Result<Json::Value> result = failure(ErrorCode::kInvalidArgument, "the method must be GET or POST");
    if (request.message.method == "GET") {
        result = get(request);
    } else if (request.message.method == "POST") {
        result = co_await post(std::move(request));
    }
    net::Reply reply{result ? net::make_response(200, "application/json", one_line(result.value()) + "\n")
                            : net::make_error(status_of(result.error().code), result.error().message)};
    co_return reply;
}

Result<Json::Value> Admin::get(const net::ServerRequest& request) {
    if (request.path == "/status") return status();
    if (request.path == "/score" && !request.parameter("slot"))
        return simulation_.score(request.parameter("final").has_value());
    if (request.path != "/score" && request.path != "/received")
        return failure(ErrorCode::kNotFound, "no such path: " + request.path);
    const auto slot = parse_decimal(request.parameter("slot").value_or(""));
    if (!slot) return failure(ErrorCode::kInvalidArgument, "slot must be a number");
    if (request.path == "/score") return simulation_.score_of_slot(Slot{slot.value()});
    return simulation_.intake().arrivals().to_json(Slot{slot.value()});
}

Json::Value Admin::status() const {
    const Block& head = simulation_.head();
    const Finality& finality = head.state.finality;
    Json::Value result;
    result["slot"] = Json::UInt64{simulation_.slot().value};
    result["epoch"] = Json::UInt64{simulation_.chain().config().epoch_of(simulation_.slot()).value};
    result["head_slot"] = Json::UInt64{head.slot.value};
    result["head"] = to_hex(head.root);
    result["justified"] = checkpoint(finality.current_justified);
    result["finalised"] = checkpoint(finality.finalized);
    result["duplicates"] = Json::UInt64{simulation_.intake().duplicates()};
    result["nodes"] = Json::arrayValue;
    for (std::size_t number = 0; number < simulation_.size(); ++number)
        result["nodes"].append(simulation_.node(number).status());
    return result;
}

Task<Result<Json::Value>> Admin::post(net::ServerRequest request) {
    Result<Json::Value> command = parse_object(request.message.body);
    if (!command) co_return command;
    if (request.path == "/faults") {
        Result<Json::Value> result = co_await post_faults(std::move(command.value()));
        co_return result;
    }
    if (request.path == "/restart") co_return post_restart(command.value());
    if (request.path == "/slash" || request.path == "/live") co_return post_validator(request.path, command.value());
    if (request.path != "/chain") co_return failure(ErrorCode::kNotFound, "no such path: " + request.path);
    const Result<void> ordered = simulation_.order(command.value());
    if (!ordered) co_return ordered.error();
    co_return done();
}

Result<std::size_t> Admin::node_of(const Json::Value& command) const {
    if (!command.isMember("node") || !command["node"].isUInt64() || command["node"].asUInt64() >= simulation_.size()) {
        return failure(ErrorCode::kInvalidArgument,
                       "node must be a number from 0 to " + std::to_string(simulation_.size() - 1));
    }
    return command["node"].asUInt64();
}

Task<Result<Json::Value>> Admin::post_faults(Json::Value command) {
    const Result<std::size_t> node = node_of(command);
    if (!node) co_return node.error();
    const Result<Faults> faults = parse_faults(command["faults"].isNull() ? Json::Value{Json::objectValue} : command["faults"]);
    if (!faults) co_return faults.error();
    co_await simulation_.set_faults(node.value(), faults.value());
    co_return done();
}

// {"validator": n, "by": "blocks"|"votes"} to /slash; {"validator": n, "epoch": n} to /live: it was seen to attest then.
Result<Json::Value> Admin::post_validator(const std::string& path, const Json::Value& command) {
    const std::uint64_t count = simulation_.options().config.validators;
    if (!command["validator"].isUInt64() || command["validator"].asUInt64() >= count) {
        return failure(ErrorCode::kInvalidArgument, "validator must be a number from 0 to " + std::to_string(count - 1));
    }
    const std::uint64_t validator = command["validator"].asUInt64();
    if (path == "/slash") {
        simulation_.slash(validator, command["by"] == "blocks");
    } else {
        const Epoch now = simulation_.options().config.epoch_of(simulation_.slot());
        simulation_.ledger().set_live(validator, command["epoch"].isUInt64() ? Epoch{command["epoch"].asUInt64()} : now);
    }
    return done();
}

Result<Json::Value> Admin::post_restart(const Json::Value& command) {
    HOLDFAST_TRY(const std::size_t node, node_of(command));
    std::uint64_t down_ms = 1000;
    if (command.isMember("down_ms")) {
        if (!command["down_ms"].isUInt64())
            return failure(ErrorCode::kInvalidArgument, "down_ms must be a number of at least 0");
        down_ms = command["down_ms"].asUInt64();
    }
    tasks_.spawn("restart of node " + std::to_string(node), simulation_.restart(node, std::chrono::milliseconds{down_ms}));
    return done();
}

}  // namespace holdfast::sim
