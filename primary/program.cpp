#include "primary/program.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>
#include <utility>

#include "primary/check.hpp"
#include "primary/endpoint.hpp"
#include "shared/base/log.hpp"
#include "shared/base/metrics.hpp"
#include "shared/base/program.hpp"
#include "shared/base/progress.hpp"
#include "shared/base/random.hpp"
#include "shared/base/systemd.hpp"
#include "shared/base/task_group.hpp"
#include "shared/base/worker_pool.hpp"
#include "shared/beacon/beacon_nodes.hpp"
#include "shared/beacon/http_beacon_node.hpp"
#include "shared/net/http_client.hpp"
#include "shared/net/http_server.hpp"
#include "shared/protection/http_quorum_client.hpp"
#include "shared/signing/keystore_directory.hpp"
#include "shared/signing/local_door.hpp"
#include "shared/validator/cluster_chain.hpp"
#include "shared/validator/engine.hpp"
#include "shared/validator/engine_metrics.hpp"

namespace holdfast::primary {

namespace {

constexpr Duration kStopTime = std::chrono::seconds{2};
// At least so often; more often if the watchdog wants it.
constexpr Duration kInformEvery = std::chrono::seconds{2};

net::HttpClientOptions protector_options(const Settings& settings) {
    net::HttpClientOptions options;
    options.tls = settings.tls_files();
    return options;
}

}  // namespace

class Program::Impl {
public:
    Impl(Executor executor, Clock& clock, Settings settings)
        : executor_{std::move(executor)},
          clock_{clock},
          settings_{std::move(settings)},
          workers_{settings_.threads()},
          http_{net::make_http_client(executor_, clock_, {})},
          protector_http_{net::make_http_client(executor_, clock_, protector_options(settings_))},
          main_{executor_},
          background_{executor_} {}

    Task<int> run();
    void request_stop();

private:
    Executor executor_;
    Clock& clock_;
    Settings settings_;
    Metrics metrics_;
    validator::EngineMetrics engine_metrics_{metrics_};
    SystemRandom random_;
    WorkerPool workers_;
    std::unique_ptr<net::HttpClient> http_;
    std::unique_ptr<net::HttpClient> protector_http_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<signing::SigningDoor> door_;
    std::unique_ptr<beacon::BeaconNodes> nodes_;
    std::unique_ptr<protection::HttpQuorumClient> quorum_;
    std::unique_ptr<validator::Engine> engine_;
    TaskGroup main_;
    TaskGroup background_;
    bool on_duty_{false};
    bool stopping_{false};
    Result<void> outcome_{success()};

    Task<void> work();
    Task<Result<void>> perform();
    Result<void> listen();
    Task<Result<void>> load_keys();
    void make_nodes();
    Result<protection::QuorumClient*> make_quorum();
    Task<Result<void>> check();
    Task<Result<void>> go_on_duty();
    Result<void> check_members() const;
    void make_engine();
    Task<void> keep_service_manager_informed();
    Task<void> close();
    [[nodiscard]] validator::Health health() const;
    [[nodiscard]] std::string render_metrics();
    [[nodiscard]] Duration start_limit() const {
        return std::chrono::seconds{static_cast<std::int64_t>(settings_.start_timeout)};
    }
};

Program::Program(Executor executor, Clock& clock, Settings settings)
    : impl_{std::make_unique<Impl>(std::move(executor), clock, std::move(settings))} {}
Program::~Program() = default;
Task<int> Program::run() { return impl_->run(); }
void Program::request_stop() { impl_->request_stop(); }

Task<int> Program::Impl::run() {
    // In a group of its own, so that a stop while starting can cancel whatever it waits for.
    main_.spawn("primary", work());
    co_await main_.join();
    co_await close();
    if (outcome_) co_return 0;
    // Some failures have a line for each of several problems.
    std::stringstream lines{outcome_.error().message};
    for (std::string line; std::getline(lines, line);) log_error("{}", line);
    co_return 1;
}

void Program::Impl::request_stop() {
    if (stopping_) return;
    stopping_ = true;
    notify_stopping();
    if (on_duty_) {
        log_info("stopping: the duty of this slot is finished first");
        engine_->request_stop();
    } else {
        log_info("stopping before the start was complete");
        main_.cancel();
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
    background_.spawn("service manager", keep_service_manager_informed());
    if (settings_.check) {
        const Result<void> checked = co_await check();
        co_return checked;
    }
    const Result<void> done = co_await go_on_duty();
    co_return done;
}

Result<void> Program::Impl::listen() {
    HOLDFAST_TRY(const ListenAddress address, parse_listen(settings_.listen));
    EndpointSources sources{[this] { return health(); }, [this] { return render_metrics(); }, std::string{version()},
                            to_hex(settings_.cluster->id())};
    server_ = std::make_unique<net::HttpServer>(executor_, clock_, net::HttpServerOptions{}, make_handler(std::move(sources)));
    HOLDFAST_TRY(server_->listen(address.host, address.port));
    log_info("health and metrics on port {}", server_->port());
    return success();
}

Task<Result<void>> Program::Impl::load_keys() {
    notify_status("decrypting keystores");
    const signing::KeystoreSource source{settings_.keystores, settings_.passwords, settings_.password_file,
                                         settings_.threads()};
    // Not on this thread: /livez answers meanwhile.
    auto work = [source] {
        return std::make_unique<Result<signing::KeystoreLoad>>(load_keystores(source, make_progress_bar("keystores")));
    };
    std::unique_ptr<Result<signing::KeystoreLoad>> result = co_await workers_.run(std::move(work));
    if (!*result) co_return result->error();
    signing::KeystoreLoad load = std::move(*result).value();
    for (const std::string& warning : load.warnings) log_warn("{}", warning);
    log_info("{} keys loaded", load.loaded.keys.size());
    door_ = std::make_unique<signing::LocalDoor>(std::move(load.loaded), workers_);
    co_return success();
}

void Program::Impl::make_nodes() {
    std::vector<std::unique_ptr<beacon::BeaconNode>> nodes;
    for (const std::string& url : settings_.beacon_nodes) nodes.push_back(beacon::make_http_beacon_node(*http_, clock_, url));
    nodes_ = std::make_unique<beacon::BeaconNodes>(executor_, clock_, beacon::BeaconNodesOptions{}, std::move(nodes));
}

Result<protection::QuorumClient*> Program::Impl::make_quorum() {
    HOLDFAST_TRY(validator::check_same_chain(settings_.cluster->chain, nodes_->genesis(), nodes_->spec()));
    protection::HttpQuorumOptions options;
    options.cluster = *settings_.cluster;
    options.instance = settings_.instance;
    options.on_latency = [this](const std::string& member, Duration latency) {
        engine_metrics_.on_protector_latency(member, latency);
    };
    HOLDFAST_TRY(quorum_,
                 protection::HttpQuorumClient::create(executor_, clock_, random_, *protector_http_, std::move(options)));
    return quorum_.get();
}

Task<Result<void>> Program::Impl::check() {
    QuorumMaker maker = [this] { return make_quorum(); };
    CheckLimits limits;
    limits.connect = std::min(limits.connect, start_limit());
    const bool ok =
        co_await run_check(clock_, *nodes_, std::move(maker), door_->keys(), settings_.threshold(), limits, std::cout);
    std::cout.flush();
    if (!ok) co_return failure(ErrorCode::kUnavailable, "the check failed: duties could not be performed now");
    co_return success();
}

Task<Result<void>> Program::Impl::go_on_duty() {
    const SteadyTime deadline = clock_.steady() + start_limit();
    notify_status("waiting for beacon nodes");
    const Result<void> connected = co_await nodes_->connect(settings_.threshold(), deadline);
    HOLDFAST_CO_TRY(connected);
    HOLDFAST_CO_TRY(make_quorum());
    make_engine();
    notify_status("looking for our validators");
    const Result<void> started = co_await engine_->start(deadline);
    HOLDFAST_CO_TRY(started);
    HOLDFAST_CO_TRY(check_members());
    notify_status("acquiring a generation from the protectors");
    const Result<void> ours = co_await engine_->take_over(deadline);
    HOLDFAST_CO_TRY(ours);
    on_duty_ = true;
    notify_ready();
    log_info("on duty: {} keys, {} beacon nodes (threshold {}), {} protectors (quorum {})", door_->keys().size(),
             nodes_->size(), settings_.threshold(), settings_.cluster->members.size(), settings_.cluster->quorum);
    co_await engine_->run();
    on_duty_ = false;
    log_info("stopped");
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
    engine_ =
        std::make_unique<validator::Engine>(executor_, clock_, *nodes_, *door_, *quorum_, options,
                                            [this](const duties::SlotReport& report) { engine_metrics_.on_report(report); });
}

Task<void> Program::Impl::keep_service_manager_informed() {
    const Duration pause = std::min(kInformEvery, watchdog_interval().value_or(kInformEvery));
    for (;;) {
        const validator::Health now = health();
        const bool alive =
            std::ranges::none_of(now.checks, [](const auto& check) { return check.name == "duty_loop" && !check.ok; });
        if (alive) notify_watchdog();
        if (on_duty_ && engine_->last_report()) notify_status(duties::describe(*engine_->last_report()));
        co_await sleep_for(clock_, pause);
    }
}

Task<void> Program::Impl::close() {
    background_.cancel();
    co_await background_.join();
    if (nodes_) co_await nodes_->stop();
    if (quorum_) co_await quorum_->stop();
    if (server_) co_await server_->stop(clock_.steady() + kStopTime);
}

std::string Program::Impl::render_metrics() {
    if (engine_) engine_metrics_.read(*engine_);
    return metrics_.render();
}

validator::Health Program::Impl::health() const {
    if (engine_) return engine_->health();
    return {"starting", 0, {}};
}

}  // namespace holdfast::primary
