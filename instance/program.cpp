#include "instance/program.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>
#include <utility>

#include "instance/check.hpp"
#include "instance/commands.hpp"
#include "instance/documents.hpp"
#include "instance/drill.hpp"
#include "instance/free_memory.hpp"
#include "instance/listeners.hpp"
#include "instance/measured.hpp"
#include "instance/process_metrics.hpp"
#include "instance/service_manager.hpp"
#include "shared/base/log.hpp"
#include "shared/base/program.hpp"
#include "shared/base/progress.hpp"
#include "shared/base/systemd.hpp"
#include "shared/base/worker_pool.hpp"
#include "shared/beacon/http_beacon_node.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "shared/signing/keystore_directory.hpp"
#include "shared/signing/local_door.hpp"
#include "shared/validator/cluster_chain.hpp"
#include "shared/validator/engine_metrics.hpp"

namespace holdfast::instance {

namespace {

constexpr Duration kStopTime = std::chrono::seconds{2};
// A keystore takes less; each one that is done asks for so much more.
constexpr Duration kKeystoreTime = std::chrono::seconds{30};

net::HttpClientOptions client_options(const Settings& settings) {
    net::HttpClientOptions options;
    options.tls = settings.tls_files();
    return options;
}

// On a terminal a bar; under systemd more time for the start.
Progress start_progress() {
    return [bar = make_progress_bar("keystores")](std::size_t done, std::size_t of) {
        notify_starting(kKeystoreTime);
        if (bar) bar(done, of);
    };
}

}  // namespace

class Program::Impl {
public:
    Impl(Executor executor, Clock& clock, Settings settings, std::unique_ptr<Role> role)
        : executor_{std::move(executor)},
          clock_{clock},
          settings_{std::move(settings)},
          role_{std::move(role)},
          started_{clock.now()},
          ha_metrics_{metrics_, settings_.part},
          process_metrics_{metrics_, started_},
          workers_{settings_.threads()},
          http_{std::make_unique<MeasuredHttpClient>(net::make_http_client(executor_, clock_, {}), clock_, metrics_)},
          cluster_http_{net::make_http_client(executor_, clock_, client_options(settings_))},
          configuration_{make_configuration(settings_, {})},
          service_manager_{clock_, {[this] { return status_line(); }, [this] { return ready_to_say(); }}},
          main_{executor_},
          background_{executor_} {}

    Task<int> run();
    void request_stop();

private:
    Executor executor_;
    Clock& clock_;
    Settings settings_;
    std::unique_ptr<Role> role_;
    WallTime started_;
    std::string step_{"starting"};
    Metrics metrics_;
    validator::EngineMetrics engine_metrics_{metrics_};
    HaMetrics ha_metrics_;
    ProcessMetrics process_metrics_;
    SystemRandom random_;
    WorkerPool workers_;
    std::unique_ptr<net::HttpClient> http_;
    std::unique_ptr<net::HttpClient> cluster_http_;  // to protectors and the other instance
    healthcheck::Configuration configuration_;
    std::unique_ptr<Listeners> listeners_;
    std::unique_ptr<signing::SigningDoor> door_;
    std::unique_ptr<beacon::BeaconNodes> nodes_;
    std::unique_ptr<protection::HttpQuorumClient> quorum_;
    std::unique_ptr<validator::Engine> engine_;
    std::unique_ptr<Duty> duty_;
    std::unique_ptr<Driver> driver_;
    std::unique_ptr<Peer> peer_;
    std::unique_ptr<Commands> commands_;
    ServiceManager service_manager_;
    TaskGroup main_;
    TaskGroup background_;
    bool stopping_{false};
    Result<void> outcome_{success()};

    Task<void> work();
    Task<Result<void>> perform();
    void begin_step(std::string step);
    Result<void> listen();
    Task<Result<void>> load_keys();
    [[nodiscard]] std::string unpaid_keys() const;
    void make_nodes();
    Result<protection::QuorumClient*> make_quorum();
    Task<Result<void>> check();
    Task<Result<void>> warm_up();
    [[nodiscard]] Result<void> check_members() const;
    void make_engine();
    void make_driver();
    void make_peer();
    Task<void> stand_by_or_perform();
    Task<void> give_up_start(SteadyTime deadline);
    Task<void> stop_engine();
    Task<void> close();
    Task<Result<std::string>> command(healthcheck::CommandRequest request);
    Task<void> drill(std::uint64_t slots, net::StreamWriter& writer);
    [[nodiscard]] std::string refuse_drill() const;
    [[nodiscard]] Parts parts() const;
    [[nodiscard]] std::string status_line() const;
    [[nodiscard]] bool ready_to_say() const;
    [[nodiscard]] std::string render_metrics();
    [[nodiscard]] Duration start_limit() const {
        return std::chrono::seconds{static_cast<std::int64_t>(settings_.start_timeout)};
    }
};

Program::Program(Executor executor, Clock& clock, Settings settings, std::unique_ptr<Role> role)
    : impl_{std::make_unique<Impl>(std::move(executor), clock, std::move(settings), std::move(role))} {}
Program::~Program() = default;
Task<int> Program::run() { return impl_->run(); }
void Program::request_stop() { impl_->request_stop(); }

Task<int> Program::Impl::run() {
    // In a group of its own, so that a stop while starting can cancel whatever it waits for.
    main_.spawn("instance", work());
    co_await main_.join();
    co_await close();
    if (outcome_) co_return 0;
    // Some failures have a line for each of several problems.
    std::stringstream lines{outcome_.error().message};
    for (std::string line; std::getline(lines, line);) log_error("{}", line);
    co_return 1;
}

void Program::Impl::request_stop() {
    if (driver_ == nullptr) {
        if (!stopping_) log_info("stopping before the start was complete");
        stopping_ = true;
        notify_stopping();
        main_.cancel();
    } else if (!stopping_) {
        stopping_ = true;
        log_info("stopping: {}",
                 role_->on_duty() ? "duty is handed over first, if the other instance can take it" : "off duty");
        service_manager_.on_stop();
        driver_->request_stop();
    } else {
        log_info("stopping without a handover: the duty of this slot is finished first");
        driver_->stop_now();
    }
}

Task<void> Program::Impl::work() { outcome_ = co_await perform(); }

Task<Result<void>> Program::Impl::perform() {
    for (const std::string& risk : find_risks(settings_)) log_warn("{}", risk);
    if (!settings_.check) {
        HOLDFAST_CO_TRY(listen());
    }
    const Result<void> loaded = co_await load_keys();
    HOLDFAST_CO_TRY(loaded);
    make_nodes();
    if (settings_.check) co_return co_await check();
    const Result<void> warm = co_await warm_up();
    HOLDFAST_CO_TRY(warm);
    co_await stand_by_or_perform();
    log_info("stopped");
    co_return outcome_;
}

void Program::Impl::begin_step(std::string step) {
    step_ = std::move(step);
    notify_status(step_);
}

Result<void> Program::Impl::listen() {
    ListenerSources all;
    all.sources.health = [this] { return make_health(parts()); };
    all.sources.status = [this] { return make_status(parts()); };
    all.sources.metrics = [this] { return render_metrics(); };
    all.sources.command = [this](healthcheck::CommandRequest request) { return command(std::move(request)); };
    all.sources.drill = [this](std::uint64_t slots, net::StreamWriter& writer) { return drill(slots, writer); };
    all.refuse_drill = [this] { return refuse_drill(); };
    listeners_ = std::make_unique<Listeners>(executor_, clock_, settings_, std::move(all));
    return listeners_->open();
}

Task<Result<void>> Program::Impl::load_keys() {
    begin_step("decrypting keystores");
    const signing::KeystoreSource source{settings_.keystores, settings_.passwords, settings_.password_file,
                                         settings_.threads()};
    // Not on this thread: /livez answers meanwhile.
    auto work = [source] { return std::make_unique<Result<signing::KeystoreLoad>>(load_keystores(source, start_progress())); };
    std::unique_ptr<Result<signing::KeystoreLoad>> result = co_await workers_.run(std::move(work));
    if (!*result) co_return result->error();
    signing::KeystoreLoad load = std::move(*result).value();
    for (const std::string& warning : load.warnings) log_warn("{}", warning);
    log_info("{} keys loaded", load.loaded.keys.size());
    door_ =
        std::make_unique<CountedDoor>(std::make_unique<signing::LocalDoor>(std::move(load.loaded), workers_), engine_metrics_);
    configuration_ = make_configuration(settings_, door_->keys());
    const std::string unpaid = unpaid_keys();
    if (!unpaid.empty()) log_warn("{}", unpaid);
    co_return success();
}

// A sentence if there are keys whose blocks pay nobody that we know.
std::string Program::Impl::unpaid_keys() const {
    const auto unpaid = std::ranges::count_if(
        door_->keys(), [this](const PublicKey& key) { return !settings_.proposers.fee_recipient(key).has_value(); });
    if (unpaid == 0) return {};
    return std::to_string(unpaid) +
           " keys have no fee recipient: their blocks pay whom the beacon node likes; give --fee-recipient";
}

void Program::Impl::make_nodes() {
    engine_metrics_.use_nodes(settings_.beacon_nodes);
    std::vector<std::unique_ptr<beacon::BeaconNode>> nodes;
    for (const std::string& url : settings_.beacon_nodes) nodes.push_back(beacon::make_http_beacon_node(*http_, clock_, url));
    beacon::BeaconNodesOptions options;
    options.proposal_nodes = settings_.proposal_node_indices();
    nodes_ = std::make_unique<beacon::BeaconNodes>(executor_, clock_, options, std::move(nodes));
}

Result<protection::QuorumClient*> Program::Impl::make_quorum() {
    HOLDFAST_TRY(validator::check_same_chain(settings_.cluster->chain, nodes_->genesis(), nodes_->spec()));
    protection::HttpQuorumOptions options;
    options.cluster = *settings_.cluster;
    options.instance = settings_.instance;
    options.on_latency = [this](const std::string& member, Duration latency) {
        engine_metrics_.on_protector_latency(member, latency);
    };
    HOLDFAST_TRY(quorum_, protection::HttpQuorumClient::create(executor_, clock_, random_, *cluster_http_, std::move(options)));
    return quorum_.get();
}

Task<Result<void>> Program::Impl::check() {
    QuorumMaker maker = [this] { return make_quorum(); };
    CheckLimits limits;
    limits.connect = std::min(limits.connect, start_limit());
    const CheckPeer peer{settings_.primary_url, *cluster_http_, configuration_, settings_.accept_drift};
    const bool ok =
        co_await run_check(clock_, *nodes_, std::move(maker), door_->keys(), settings_.threshold(), limits, peer, std::cout);
    std::cout.flush();
    if (!ok) co_return failure(ErrorCode::kUnavailable, "the check failed: duties could not be performed now");
    co_return success();
}

// Until the engine can decide votes.
Task<Result<void>> Program::Impl::warm_up() {
    const SteadyTime deadline = clock_.steady() + start_limit();
    notify_starting(start_limit() + kStopTime);
    background_.spawn("service manager", service_manager_.run());
    background_.spawn("lag of the loop", process_metrics_.watch_loop(clock_));
    begin_step("waiting for beacon nodes");
    const Result<void> connected = co_await nodes_->connect(settings_.threshold(), deadline);
    HOLDFAST_CO_TRY(connected);
    HOLDFAST_CO_TRY(make_quorum());
    make_engine();
    begin_step("looking for our validators");
    const Result<void> started = co_await engine_->start(deadline);
    HOLDFAST_CO_TRY(started);
    HOLDFAST_CO_TRY(check_members());
    log_info("warm: {} keys, {} beacon nodes (threshold {}), {} protectors (quorum {})", door_->keys().size(), nodes_->size(),
             settings_.threshold(), settings_.cluster->members.size(), settings_.cluster->quorum);
    background_.spawn("start limit", give_up_start(deadline));
    background_.spawn("free memory", give_back_memory(clock_, *engine_->slots(), nodes_->spec(), workers_));
    co_return success();
}

// Protectors that are down may come back; those of another chain or cluster, or at another's address, are mistakes that stay.
Result<void> Program::Impl::check_members() const {
    std::size_t foreign = 0;
    std::string last;
    for (const protection::MemberStatus& member : quorum_->members()) {
        if (!member.foreign) continue;
        ++foreign;
        last = "protector " + member.name + " (" + member.url + "): " + member.detail;
    }
    if (quorum_->members().size() - foreign >= quorum_->quorum()) return success();
    return failure(ErrorCode::kInvalidArgument, "the quorum can't be reached: " + last);
}

void Program::Impl::make_engine() {
    validator::EngineOptions options;
    options.attestation.threshold = settings_.threshold();
    options.proposers = settings_.proposers;
    options.data_dir = settings_.data_dir;
    options.safety.doppelganger.enabled = settings_.doppelganger_detection;
    options.safety.slashing.on_slashing = settings_.on_slashing;
    validator::EngineHooks hooks;
    hooks.on_report = [this](const duties::SlotReport& report) { engine_metrics_.on_report(report); };
    hooks.on_duty = [this](const duties::DutyReport& report) { engine_metrics_.on_duty(report); };
    hooks.on_event = [this](const beacon::NodeEventAt& at, const std::optional<Duration>& into_slot) {
        engine_metrics_.on_event(at, into_slot);
    };
    hooks.on_inclusion = [this](const validator::InclusionReport& report) { engine_metrics_.on_inclusion(report); };
    hooks.on_turn = [] { notify_watchdog(); };
    hooks.well = [this] { return driver_ != nullptr && driver_->well(); };
    engine_ = std::make_unique<validator::Engine>(executor_, clock_, *nodes_, *door_, *quorum_, options, std::move(hooks));
}

void Program::Impl::make_driver() {
    const healthcheck::FailoverTimes times = settings_.failover_times();
    duty_ = std::make_unique<EngineDuty>(clock_, *engine_, *quorum_, settings_.instance, times);
    DriverHooks hooks;
    hooks.on_change = [this](const healthcheck::ChangeAt& change) { ha_metrics_.on_change(change, clock_.steady()); };
    hooks.obstacle = [this] { return peer_ ? peer_->obstacle() : std::string{}; };
    driver_ = std::make_unique<Driver>(executor_, clock_, *role_, *duty_, times, std::move(hooks));
    if (settings_.part == Part::kSecondary) make_peer();
    commands_ = std::make_unique<Commands>(settings_.part, *driver_, peer_.get());
}

void Program::Impl::make_peer() {
    PeerHooks hooks;
    hooks.configuration = [this] { return configuration_; };
    hooks.on_poll = [this](const healthcheck::PolledAnswer& answer) {
        if (answer.health) ha_metrics_.on_answer(answer.round_trip);
        driver_->on_poll(answer.poll);
    };
    peer_ = std::make_unique<Peer>(clock_, *cluster_http_, settings_.primary_url, settings_.failover_times(),
                                   settings_.accept_drift, std::move(hooks));
    background_.spawn("polls of the primary", peer_->run());
}

Task<void> Program::Impl::stand_by_or_perform() {
    begin_step("looking who is on duty");
    make_driver();
    background_.spawn("stop", stop_engine());
    driver_->start();
    co_await engine_->run();
    co_await driver_->stop();
}

Task<void> Program::Impl::give_up_start(SteadyTime deadline) {
    co_await sleep_until(clock_, deadline);
    if (role_->state() != state::kStarting || stopping_) co_return;
    outcome_ = failure(ErrorCode::kUnavailable, role_->reason());
    engine_->request_stop();
}

Task<void> Program::Impl::stop_engine() {
    co_await driver_->until_it_may_stop();
    engine_->request_stop();
}

Task<void> Program::Impl::close() {
    background_.cancel();
    co_await background_.join();
    if (nodes_) co_await nodes_->stop();
    if (quorum_) co_await quorum_->stop();
    if (listeners_) co_await listeners_->close(clock_.steady() + kStopTime);
}

Task<Result<std::string>> Program::Impl::command(healthcheck::CommandRequest request) {
    if (!commands_) co_return failure(ErrorCode::kUnavailable, "starting: " + step_);
    co_return co_await commands_->run(std::move(request));
}

Task<void> Program::Impl::drill(std::uint64_t slots, net::StreamWriter& writer) {
    const DrillSources sources{clock_, *engine_->slots(), engine_->recent(), *peer_};
    co_await run_drill(sources, slots, writer);
}

std::string Program::Impl::refuse_drill() const {
    if (settings_.part == Part::kPrimary) return "this is the primary: a drill is asked of the secondary";
    if (!peer_) return "starting: " + step_;
    return role_->on_duty() ? "the secondary is on duty: a drill is for one that stands by" : "";
}

Parts Program::Impl::parts() const {
    return {settings_, clock_,        *role_,       ha_metrics_,   configuration_, started_,
            step_,     driver_.get(), nodes_.get(), quorum_.get(), engine_.get(),  peer_.get()};
}

std::string Program::Impl::status_line() const {
    if (!driver_) return step_;
    if (role_->on_duty() && !role_->draining() && engine_->last_report()) {
        return "on duty: " + duties::describe(*engine_->last_report());
    }
    return std::string{role_->rules_state()} + ": " + role_->reason();
}

bool Program::Impl::ready_to_say() const {
    if (!driver_ || role_->state() == state::kStarting) return false;
    return std::ranges::any_of(engine_->checks(), [](const auto& check) { return check.name == "duties" && check.ok; });
}

std::string Program::Impl::render_metrics() {
    if (engine_) engine_metrics_.read(*engine_);
    std::optional<Duration> silence;
    if (peer_) silence = peer_->silence();
    ha_metrics_.read(make_health(parts()), silence);
    process_metrics_.read();
    return metrics_.render();
}

}  // namespace holdfast::instance
