// One simulated beacon node: a view on the chain, the faults it has been given, and the Beacon API on a port of its own.
// Shapes and errors are those of Prysm v7.1 (../../docs/simulated-chain.md lists the calls). Used on the I/O thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "shared/base/notifier.hpp"
#include "shared/base/random.hpp"
#include "shared/net/http_server.hpp"
#include "tests/beacon_chain/chain.hpp"
#include "tests/beacon_chain/desk.hpp"
#include "tests/beacon_chain/event_hub.hpp"
#include "tests/beacon_chain/faults.hpp"
#include "tests/beacon_chain/intake.hpp"

namespace holdfast::sim {

// What all nodes of a simulation share; everything outlives them.
struct World {
    Chain& chain;
    ChainTime time;
    Clock& clock;
    Random& random;
    Intake& intake;
    Desk& desk;
    const SignatureChecker& keys;
    Executor executor;
    std::string address;             // where all nodes listen
    std::uint64_t builder_every{0};  // every so many slots a builder offers a block; 0: never
};

class Node {
public:
    Node(World& world, std::size_t number);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Listens on the world's address; port 0 takes any free one, which the node then keeps over restarts.
    Result<void> open(std::uint16_t port);
    // Cuts all connections and closes the port.
    Task<void> close();
    [[nodiscard]] bool is_open() const { return server_ != nullptr; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const { return "http://" + world_.address + ":" + std::to_string(port_); }

    // A block reaches the node: it becomes the head if its slot is later, and the events go out.
    void receive(const Block& block);
    // From Gloas on: the payload of a block has come.
    void receive_payload(const Block& block);
    void set_faults(const Faults& faults);
    [[nodiscard]] const Faults& faults() const { return faults_; }
    [[nodiscard]] const Block& head() const { return *head_; }
    [[nodiscard]] Json::Value status() const;

    // Somebody is slashed: the event, whether it is a proposer or an attester.
    void send_slashing_event(std::uint64_t validator, bool by_blocks);

    // An answer as the HTTP server would give it, faults included.
    Task<net::Reply> answer(net::ServerRequest request);

private:
    World& world_;
    std::size_t number_;
    std::uint16_t port_{0};
    std::unique_ptr<net::HttpServer> server_;
    const Block* head_;
    const Block* missed_{nullptr};  // the latest block that came while the head was stale
    Faults faults_;
    Notifier faults_changed_;
    std::shared_ptr<EventHub> hub_;
    std::map<std::string, std::uint64_t> requests_;  // by path, ids left out
    std::uint64_t garbage_{0};
    std::optional<std::pair<Slot, ethereum::AttestationData>> frozen_;

    // Those that wait for a verdict or a sum; nothing for all other calls.
    Task<std::optional<net::HttpResponse>> route_slow(net::ServerRequest request);
    net::Reply route(const net::ServerRequest& request);
    std::optional<net::HttpResponse> route_get(const net::ServerRequest& request, const std::vector<std::string>& parts);
    std::optional<net::HttpResponse> route_post(const net::ServerRequest& request, const std::vector<std::string>& parts);
    std::optional<net::HttpResponse> route_beacon(const net::ServerRequest& request);
    std::optional<net::HttpResponse> route_config(const std::string& path);
    net::HttpResponse genesis() const;
    net::HttpResponse syncing() const;
    net::HttpResponse state(const net::ServerRequest& request, const std::string& id, const std::string& what);
    net::HttpResponse validators(const net::ServerRequest& request) const;
    net::HttpResponse block_root(const std::string& id) const;
    net::HttpResponse header(const std::string& id) const;
    [[nodiscard]] static std::optional<net::HttpResponse> no_content_type(const net::ServerRequest& request);
    [[nodiscard]] Epoch current_epoch() const;
    [[nodiscard]] Result<Epoch> epoch_up_to(const std::string& text, Epoch last) const;
    [[nodiscard]] Result<std::vector<std::uint64_t>> asked_validators(const std::string& body) const;
    net::HttpResponse attester_duties(const net::ServerRequest& request, const std::string& epoch);
    [[nodiscard]] ValidatorIndex proposer_at(const Block& branch, Slot slot) const;
    [[nodiscard]] net::HttpResponse proposer_duties(const std::string& epoch, bool v2) const;
    net::HttpResponse sync_duties(const net::ServerRequest& request, const std::string& epoch);
    net::HttpResponse attestation_data(const net::ServerRequest& request);
    net::HttpResponse post_attestations(const net::ServerRequest& request);
    net::HttpResponse garbage();
    net::HttpResponse produce_block(const net::ServerRequest& request, const std::string& slot, bool v4);
    net::HttpResponse versioned(const net::ServerRequest& request, const Object& object, net::Headers headers) const;
    [[nodiscard]] Address payee_of(ValidatorIndex proposer, Slot slot) const;
    Task<net::HttpResponse> post_block(net::ServerRequest request, bool is_blinded);
    [[nodiscard]] Result<Object> read_block(const net::ServerRequest& request, const std::string& version,
                                            bool is_blinded) const;
    [[nodiscard]] static Result<Object> read_object(const net::ServerRequest& request, const ethereum::schema::TypePtr& type);
    net::HttpResponse block(const net::ServerRequest& request, const std::string& id) const;
    Task<net::HttpResponse> aggregate(net::ServerRequest request);
    net::HttpResponse post_aggregates(const net::ServerRequest& request);
    net::HttpResponse post_sync_messages(const net::ServerRequest& request);
    Task<net::HttpResponse> contribution(net::ServerRequest request);
    net::HttpResponse post_contributions(const net::ServerRequest& request);
    net::HttpResponse prepare_proposers(const net::ServerRequest& request);
    net::HttpResponse register_validators(const net::ServerRequest& request);
    Task<net::HttpResponse> post_envelope(net::ServerRequest request);
    net::HttpResponse ptc_duties(const net::ServerRequest& request, const std::string& epoch);
    net::HttpResponse payload_attestation_data(const net::ServerRequest& request);
    net::HttpResponse post_payload_attestations(const net::ServerRequest& request);
    net::HttpResponse post_preferences(const net::ServerRequest& request);
    static net::HttpResponse subscribe_sync(const net::ServerRequest& request);
    [[nodiscard]] net::HttpResponse liveness(const net::ServerRequest& request, const std::string& epoch) const;

    // The block that a name means: "head", "genesis", "finalized", "justified", a slot or a root; null if there is none.
    [[nodiscard]] const Block* block_of(const std::string& id) const;
    [[nodiscard]] ethereum::AttestationData data_for(Slot slot);
    [[nodiscard]] Root shown(const Root& root) const;
    [[nodiscard]] ethereum::Checkpoint shown(ethereum::Checkpoint checkpoint) const;
    [[nodiscard]] bool shows_payload(const Block& block) const;
    void send_head_event(const Block& block);
    void send_head_v2(const Block& block);
    void send_reorg_event(const Block& old_head, const Block& new_head);
    void publish(const std::string& topic, const std::string& data);
};

}  // namespace holdfast::sim
