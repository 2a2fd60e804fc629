#include "tests/beacon_chain/node.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>

#include "tests/beacon_chain/digest.hpp"

namespace holdfast::sim {
namespace {

// "/eth/v1/validator/duties/attester/5" -> ".../{}": what requests are counted by.
std::string without_ids(const std::string& path) {
    std::string result;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string part = path.substr(at, end - at);
        const bool id = part.size() > 1 && std::isdigit(static_cast<unsigned char>(part[1])) != 0;
        result += id ? "/{}" : part;
        at = end;
    }
    return result;
}

const Block& common_ancestor(const Block& one, const Block& other) {
    const Block* a = &one;
    const Block* b = &other;
    while (a != b) {
        const Block*& later = a->slot > b->slot ? a : b;
        later = later->parent;
    }
    return *a;
}

const char* text(bool value) { return value ? "true" : "false"; }

Root state_root(const Block& block) { return digest("state", {}, block.root); }

}  // namespace

Node::Node(World& world, std::size_t number)
    : world_{world}, number_{number}, head_{&world.chain.genesis()}, hub_{std::make_shared<EventHub>(world.clock)} {}

Result<void> Node::open(std::uint16_t port) {
    net::HttpServerOptions options;
    options.connections_max = 256;
    auto handler = [this](net::ServerRequest request) { return answer(std::move(request)); };
    auto server = std::make_unique<net::HttpServer>(world_.executor, world_.clock, options, handler);
    HOLDFAST_TRY(server->listen(world_.address, port));
    port_ = server->port();
    server_ = std::move(server);
    return success();
}

Task<void> Node::close() {
    if (!server_) co_return;
    const std::unique_ptr<net::HttpServer> server = std::move(server_);
    // Streams end with the hub's subscribers, requests that hang with the connections.
    hub_ = std::make_shared<EventHub>(world_.clock);
    co_await server->stop(world_.clock.steady());
}

void Node::set_faults(const Faults& faults) {
    faults_ = faults;
    frozen_.reset();
    faults_changed_.notify_all();
    if (!faults_.stale_head && missed_ != nullptr) receive(*std::exchange(missed_, nullptr));
}

void Node::receive(const Block& block) {
    if (faults_.stale_head) {
        if (missed_ == nullptr || missed_->slot < block.slot) missed_ = &block;
        return;
    }
    const bool genesis = &block == head_ && block.parent == nullptr;
    if (block.slot <= head_->slot && !genesis) return;
    const Block& old_head = *std::exchange(head_, &block);
    if (&common_ancestor(old_head, block) != &old_head) send_reorg_event(old_head, block);
    send_head_event(block);
}

void Node::send_head_event(const Block& block) {
    const Chain& chain = world_.chain;
    const Epoch epoch = chain.config().epoch_of(block.slot);
    const bool transition = block.parent == nullptr || chain.config().epoch_of(block.parent->slot) != epoch;
    publish("block", fmt::format(R"({{"slot":"{}","block":"{}","execution_optimistic":{}}})", block.slot.value,
                                 to_hex(shown(block.root)), text(faults_.optimistic)));
    publish("head", fmt::format(R"({{"slot":"{}","block":"{}","state":"{}","epoch_transition":{},"execution_optimistic":{},)"
                                R"("previous_duty_dependent_root":"{}","current_duty_dependent_root":"{}"}})",
                                block.slot.value, to_hex(shown(block.root)), to_hex(state_root(block)), text(transition),
                                text(faults_.optimistic), to_hex(chain.dependent_root(block, epoch)),
                                to_hex(chain.dependent_root(block, epoch + 1))));
    send_head_v2(block);
    if (!faults_.no_events && faults_.late_events_ms == 0) world_.intake.arrivals().head_event(block.slot, world_.clock.now());
}

void Node::send_reorg_event(const Block& old_head, const Block& new_head) {
    const std::uint64_t depth = old_head.slot - common_ancestor(old_head, new_head).slot;
    publish("chain_reorg",
            fmt::format(R"({{"slot":"{}","depth":"{}","old_head_block":"{}","new_head_block":"{}","old_head_state":"{}",)"
                        R"("new_head_state":"{}","epoch":"{}","execution_optimistic":{}}})",
                        new_head.slot.value, depth, to_hex(old_head.root), to_hex(shown(new_head.root)),
                        to_hex(state_root(old_head)), to_hex(state_root(new_head)),
                        world_.chain.config().epoch_of(new_head.slot).value, text(faults_.optimistic)));
}

void Node::send_slashing_event(std::uint64_t validator, bool by_blocks) {
    const std::string signature = to_hex(Signature{{0xC0}});
    const std::string root = to_hex(Root{});
    if (by_blocks) {
        const auto header = [&](const std::string& body) {
            return fmt::format(R"({{"message":{{"slot":"1","proposer_index":"{}","parent_root":"{}","state_root":"{}",)"
                               R"("body_root":"{}"}},"signature":"{}"}})",
                               validator, root, root, body, signature);
        };
        publish("proposer_slashing",
                fmt::format(R"({{"signed_header_1":{},"signed_header_2":{}}})", header(root), header(to_hex(Root{{1}}))));
        return;
    }
    const std::string point = fmt::format(R"({{"epoch":"0","root":"{}"}})", root);
    const std::string one =
        fmt::format(R"({{"attesting_indices":["{}"],"data":{{"slot":"1","index":"0","beacon_block_root":"{}","source":{},)"
                    R"("target":{}}},"signature":"{}"}})",
                    validator, root, point, point, signature);
    publish("attester_slashing", fmt::format(R"({{"attestation_1":{},"attestation_2":{}}})", one, one));
}

void Node::publish(const std::string& topic, const std::string& data) {
    if (faults_.no_events || faults_.hang) return;
    const int times = faults_.duplicate_events ? 2 : 1;
    const auto send = [hub = hub_, topic, data, times] {
        for (int i = 0; i < times; ++i) hub->publish(topic, data);
    };
    if (faults_.late_events_ms == 0) {
        send();
    } else {
        world_.clock.call_at(world_.clock.steady() + std::chrono::milliseconds{faults_.late_events_ms}, send);
    }
}

Root Node::shown(const Root& root) const { return faults_.wrong_head ? digest("wrong head", {number_}, root) : root; }

ethereum::Checkpoint Node::shown(ethereum::Checkpoint checkpoint) const {
    if (faults_.wrong_checkpoints) checkpoint.root = digest("wrong checkpoint", {number_}, checkpoint.root);
    return checkpoint;
}

ethereum::AttestationData Node::data_for(Slot slot) {
    if (faults_.freeze_attestation_data && frozen_ && frozen_->first == slot) return frozen_->second;
    ethereum::AttestationData data = world_.chain.attestation_data(*head_, slot);
    const bool gloas = world_.chain.config().epoch_of(slot) >= world_.chain.config().gloas_epoch;
    if (gloas && faults_.wrong_payload && head_->slot < slot) data.index = CommitteeIndex{1 - data.index.value};
    data.beacon_block_root = shown(data.beacon_block_root);
    data.source = shown(data.source);
    data.target = shown(data.target);
    frozen_.emplace(slot, data);
    return data;
}

Task<net::Reply> Node::answer(net::ServerRequest request) {
    ++requests_[without_ids(request.path)];
    const bool hung = faults_.hang;
    while (faults_.hang) co_await faults_changed_.wait();
    if (hung) {
        net::Reply dropped{net::DropConnection{}};
        co_return dropped;
    }
    if (faults_.latency_ms > 0) co_await sleep_for(world_.clock, std::chrono::milliseconds{faults_.latency_ms});
    if (world_.random.below(100) < faults_.error_percent) {
        net::Reply error{net::make_error(500, "Internal server error")};
        co_return error;
    }
    if (faults_.garbage) {
        net::Reply nonsense{garbage()};
        co_return nonsense;
    }
    std::optional<net::HttpResponse> slow = co_await route_slow(request);
    net::Reply reply = slow ? net::Reply{std::move(*slow)} : route(request);
    co_return reply;
}

// Each answer is broken in another way.
net::HttpResponse Node::garbage() {
    constexpr const char* kBodies[] = {
        R"({"data":[[[)",       R"({"data":{"slot":-1,"index":[],"root":7}})",      R"([])", R"(null)", R"({"data":"0xzz"})",
        "\x01\xff\xfe garbage", R"({"data":{"head_slot":"99999999999999999999"}})", ""};
    return net::make_response(200, "application/json", kBodies[garbage_++ % std::size(kBodies)]);
}

Json::Value Node::status() const {
    Json::Value result;
    result["node"] = Json::UInt64{number_};
    result["url"] = url();
    result["open"] = is_open();
    result["head_slot"] = Json::UInt64{head_->slot.value};
    result["head"] = to_hex(head_->root);
    result["event_streams"] = Json::UInt64{hub_->subscribers()};
    result["faults"] = to_json(faults_);
    result["requests"] = Json::objectValue;
    for (const auto& [path, count] : requests_) result["requests"][path] = Json::UInt64{count};
    return result;
}

}  // namespace holdfast::sim
