#include "protector/daemon.hpp"

#include <cstdio>
#include <filesystem>
#include <utility>

#include "protector/metrics.hpp"
#include "shared/base/log.hpp"
#include "shared/base/systemd.hpp"
#include "shared/protection/interchange.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::protector {

namespace {

using Start = StoreOptions::Start;

constexpr Duration kStopTime = std::chrono::seconds{3};
constexpr Duration kMaintenancePause = std::chrono::seconds{1};
constexpr Duration kCertificatesPause = std::chrono::minutes{1};

int complain(const Error& error, int code) {
    std::fprintf(stderr, "holdfast-protector: %s\n", error.message.c_str());
    return code;
}

net::HttpServerOptions server_options(const Options& options, Refusals& refusals) {
    net::HttpServerOptions server;
    server.tls = options.tls;
    server.body_bytes_max = protection::kRequestBytesMax;
    server.body_bytes_max_of = [](std::string_view path) {
        return path == "/v1/interchange" ? protection::kInterchangeBytesMax : protection::kRequestBytesMax;
    };
    server.on_refused = [&refusals](const std::string& peer, const std::string& why) {
        refusals.note(Refusal::kHandshake, peer.substr(0, peer.rfind(':')), why);
    };
    return server;
}

net::HttpClientOptions client_options(const Options& options) {
    net::HttpClientOptions client;
    if (options.tls) client.tls = *options.tls;
    client.response_bytes_max = protection::kInterchangeBytesMax;
    return client;
}

}  // namespace

Daemon::Daemon(Options options)
    : options_{std::move(options)},
      certificates_{options_.tls, metrics_},
      http_{net::make_http_client(io_.get_executor(), clock_, client_options(options_))},
      server_{io_.get_executor(), clock_, server_options(options_, refusals_),
              [this](net::ServerRequest request) { return answer(std::move(request)); }} {}

int Daemon::run() {
    // Bound before --init makes a database, so that a port in use leaves nothing behind; nobody is answered before io_.run().
    if (const auto listening = listen(); !listening) {
        const bool wrong_files = listening.error().code == ErrorCode::kInvalidArgument;
        return complain(listening.error(), wrong_files ? kExitUsage : kExitFailed);
    }
    if (options_.start == Start::kRejoin) {
        rejoining_.emplace(clock_, *http_, options_.cluster, options_.node_id);
        if (std::filesystem::exists(options_.data_directory + "/protection.sqlite")) {
            return complain(failure(ErrorCode::kRefused, options_.data_directory +
                                                             " holds a database: move it away before --rejoin, or start "
                                                             "without --rejoin if it was never lost"),
                            kExitUsage);
        }
        background_.spawn("rejoin", rejoin());
    } else if (const auto started = start(std::nullopt); !started) {
        return complain(started.error(), kExitUsage);
    }
    main_.spawn("live", live());
    io_.run();
    if (store_) store_->stop();
    log_info("stopped");
    return exit_code_.value_or(kExitFailed);
}

Result<void> Daemon::listen() {
    HOLDFAST_TRY(server_.listen(options_.listen.address, options_.listen.port));
    if (!options_.metrics_listen) return success();
    metrics_server_.emplace(io_.get_executor(), clock_, net::HttpServerOptions{},
                            [this](net::ServerRequest request) { return answer_metrics(std::move(request)); });
    return metrics_server_->listen(options_.metrics_listen->address, options_.metrics_listen->port);
}

Result<void> Daemon::start(std::optional<protection::RejoinPlan> plan) {
    StoreOptions store;
    store.directory = options_.data_directory;
    store.identity = identity();
    store.start = options_.start;
    store.rejoin = std::move(plan);
    store.change_cluster = options_.change_cluster;
    store.settings = {options_.cluster.mode, options_.cluster.refuse_unknown_validators};
    HOLDFAST_TRY(store_, Store::open(std::move(store), io_.get_executor()));
    membership_.emplace(identity(), *store_, clock_);
    service_.emplace(Service::Parts{*store_, *membership_, clock_, workers_, metrics_, refusals_, certificates_,
                                    options_.tls.has_value(), [this](const std::string& name) { peers_->called_by(name); }});
    peers_.emplace(Peers::Parts{clock_, *http_, *membership_, refusals_, metrics_});
    add_store_metrics(metrics_, *store_, *membership_);
    serve();
    return success();
}

void Daemon::serve() {
    peers_->start(background_);
    background_.spawn("maintenance", maintain());
    background_.spawn("certificates", keep_certificates());
    background_.spawn("reload", reload_on_signal());
    announce();
}

void Daemon::announce() {
    const StoreCounts counts = store_->counts();
    std::printf("listening on %s\n", Endpoint{options_.listen.address, server_.port()}.text().c_str());
    if (metrics_server_) {
        std::printf("metrics on %s\n", Endpoint{options_.metrics_listen->address, metrics_server_->port()}.text().c_str());
    }
    std::fflush(stdout);
    log_info(
        "protector {} of the cluster {} ({} of {} must agree), {}: {} validators recorded, highest target epoch {}, "
        "highest block slot {}",
        options_.node_id, options_.cluster.name, options_.cluster.quorum, options_.cluster.members.size(), membership_->state(),
        counts.validators, counts.highest_target, counts.highest_slot);
    notify_ready();
    membership_->announce();
}

void Daemon::end(int code) {
    if (!exit_code_) exit_code_ = code;
    ended_.notify_all();
}

Task<void> Daemon::live() {
    main_.spawn("signal", wait_for_signal());
    while (!exit_code_) co_await ended_.wait();
    notify_stopping();
    background_.cancel();
    stop_signal_.cancel();
    reload_signal_.cancel();
    const SteadyTime deadline = clock_.steady() + kStopTime;
    if (metrics_server_) co_await metrics_server_->stop(deadline);
    co_await server_.stop(deadline);
    co_await background_.join();
}

Task<void> Daemon::wait_for_signal() {
    co_await stop_signal_.wait();
    end(kExitDone);
}

Task<void> Daemon::rejoin() {
    co_await rejoining_->wait_for_requests_in_flight();
    auto plan = co_await rejoining_->run();
    if (!plan) {
        end(complain(plan.error(), kExitUsage));
        co_return;
    }
    log_warn("rejoined with the records of {} validators: votes above target epoch {} and block slot {}",
             plan.value().entries.size(), plan.value().floor.target.value, plan.value().floor.slot.value);
    const auto started = start(std::move(plan.value()));
    if (!started) end(complain(started.error(), kExitUsage));
}

Task<void> Daemon::maintain() {
    std::string state = membership_->state();
    protection::Tenure tenure = store_->facts().tenure;
    for (;;) {
        co_await sleep_for(clock_, kMaintenancePause);
        store_->maintain();
        notify_watchdog();
        const protection::Tenure tenure_now = store_->facts().tenure;
        if (tenure_now != tenure) log_info("in force: {}", describe(tenure_now));
        tenure = tenure_now;
        if (membership_->state() == state) continue;
        state = membership_->state();
        log_info("now {}", state);
        membership_->announce();
    }
}

Task<void> Daemon::keep_certificates() {
    for (;;) {
        certificates_.read(clock_.now());
        co_await sleep_for(clock_, kCertificatesPause);
        if (certificates_.changed()) renew_certificates();
    }
}

Task<void> Daemon::reload_on_signal() {
    for (;;) {
        co_await reload_signal_.wait();
        renew_certificates();
    }
}

// The client side reads them for each new connection.
void Daemon::renew_certificates() {
    if (!options_.tls) return;
    const auto reloaded = server_.reload_tls();
    if (reloaded) {
        certificates_.accept();
        log_info("new connections use the certificates as they are now on disk");
    } else {
        log_error("the certificates stay as they were: {}", reloaded.error().message);
    }
    certificates_.read(clock_.now());
}

Task<net::Reply> Daemon::answer(net::ServerRequest request) {
    if (!service_) co_return net::make_error(503, "starting: " + rejoining_->detail());
    net::Reply reply = co_await service_->answer(std::move(request));
    co_return reply;
}

Task<net::Reply> Daemon::answer_metrics(net::ServerRequest request) {
    if (!service_) co_return net::make_error(503, "starting: " + rejoining_->detail());
    net::Reply reply = co_await service_->answer_metrics(std::move(request));
    co_return reply;
}

}  // namespace holdfast::protector
