// holdfast-protector: opens the store, serves the API, stops on SIGTERM after what it has begun.
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "protector/options.hpp"
#include "protector/service.hpp"
#include "shared/base/log.hpp"
#include "shared/base/program.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/systemd.hpp"
#include "shared/base/task_group.hpp"

namespace holdfast::protector {
namespace {

constexpr Duration kStopTime = std::chrono::seconds{3};
constexpr Duration kMaintenancePause = std::chrono::seconds{1};

int complain(const Error& error, int code) {
    std::fprintf(stderr, "holdfast-protector: %s\n", error.message.c_str());
    return code;
}

Task<void> maintain(Clock& clock, Store& store) {
    while (true) {
        co_await sleep_for(clock, kMaintenancePause);
        store.maintain();
    }
}

// Returns when a signal asked for it and the server has finished what it had begun.
Task<void> serve_until_signal(Clock& clock, net::HttpServer& server, TaskGroup& background) {
    StopSignal stop_signal{background.executor()};
    co_await stop_signal.wait();
    notify_stopping();
    background.cancel();
    co_await server.stop(clock.steady() + kStopTime);
}

void announce(const Options& options, std::uint16_t port) {
    const bool v6 = options.address.find(':') != std::string::npos;
    std::printf("listening on %s%s%s:%u\n", v6 ? "[" : "", options.address.c_str(), v6 ? "]" : "", unsigned{port});
    std::fflush(stdout);
    notify_ready();
}

void log_start(const Options& options, const StoreCounts& counts) {
    log_info("protector {} of the chain {}: {} validators recorded, highest target epoch {}, highest block slot {}",
             options.node_id, to_short_hex(options.genesis_validators_root), counts.validators, counts.highest_target,
             counts.highest_slot);
}

net::HttpServerOptions server_options() {
    net::HttpServerOptions options;
    options.body_bytes_max = protection::kRequestBytesMax;
    return options;
}

int run(const Options& options) {
    boost::asio::io_context io{1};
    RealClock clock{io.get_executor()};
    const Identity identity{options.node_id, {}, options.genesis_validators_root};
    std::unique_ptr<Service> service;
    auto handler = [&service](net::ServerRequest request) { return service->answer(std::move(request)); };
    net::HttpServer server{io.get_executor(), clock, server_options(), handler};
    // Bound before --init makes a database, so that a port in use leaves nothing behind; nobody is answered before io.run().
    if (const auto listening = server.listen(options.address, options.port); !listening) {
        return complain(listening.error(), kExitFailed);
    }
    auto store = Store::open({options.data_directory, identity, options.init}, io.get_executor());
    if (!store) return complain(store.error(), kExitUsage);
    const ChainClock chain{options.genesis_time, options.slot_duration, options.slots_per_epoch};
    service = std::make_unique<Service>(*store.value(), clock, chain, identity);
    TaskGroup background{io.get_executor()};
    TaskGroup main_task{io.get_executor()};
    background.spawn("maintenance", maintain(clock, *store.value()));
    main_task.spawn("serve", serve_until_signal(clock, server, background));
    announce(options, server.port());
    log_start(options, store.value()->counts());
    io.run();
    store.value()->stop();
    log_info("stopped");
    return kExitDone;
}

}  // namespace
}  // namespace holdfast::protector

int main(int argc, char** argv) {
    using namespace holdfast::protector;
    holdfast::prepare_process();
    const auto parsed = parse_options({argv + 1, argv + argc});
    if (const auto* answer = std::get_if<holdfast::OptionSet::Answer>(&parsed)) {
        std::fputs(answer->text.c_str(), stdout);
        return 0;
    }
    if (const auto* problems = std::get_if<holdfast::Problems>(&parsed)) {
        for (const std::string& problem : *problems) std::fprintf(stderr, "holdfast-protector: %s\n", problem.c_str());
        return holdfast::kExitUsage;
    }
    const auto& options = std::get<Options>(parsed);
    holdfast::init_logging(options.log_level);
    return run(options);
}
