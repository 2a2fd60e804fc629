// holdfast-protector put together: binds, opens (or rejoins), serves, and stops on SIGTERM after what it has begun.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>

#include "protector/certificates.hpp"
#include "protector/membership.hpp"
#include "protector/options.hpp"
#include "protector/peers.hpp"
#include "protector/refusals.hpp"
#include "protector/rejoining.hpp"
#include "protector/service.hpp"
#include "protector/store.hpp"
#include "shared/base/metrics.hpp"
#include "shared/base/notifier.hpp"
#include "shared/base/program.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/base/worker_pool.hpp"
#include "shared/net/http_client.hpp"
#include "shared/net/http_server.hpp"

namespace holdfast::protector {

class Daemon {
public:
    explicit Daemon(Options options);

    // Until a signal, or until it can't go on; the exit code. What went wrong is said on standard error.
    int run();

private:
    Options options_;
    boost::asio::io_context io_{1};
    RealClock clock_{io_.get_executor()};
    WorkerPool workers_{2};  // so that one import holds up no large JSON
    Metrics metrics_;
    Refusals refusals_{metrics_};
    Certificates certificates_;
    std::unique_ptr<net::HttpClient> http_;
    std::unique_ptr<Store> store_;
    std::optional<Membership> membership_;
    std::optional<Service> service_;
    std::optional<Peers> peers_;
    std::optional<Rejoining> rejoining_;
    net::HttpServer server_;
    std::optional<net::HttpServer> metrics_server_;
    StopSignal stop_signal_{io_.get_executor()};
    ReloadSignal reload_signal_{io_.get_executor()};
    TaskGroup background_{io_.get_executor()};
    TaskGroup main_{io_.get_executor()};
    Notifier ended_;
    std::optional<int> exit_code_;

    [[nodiscard]] Identity identity() const { return {options_.node_id, options_.cluster}; }
    Result<void> listen();
    Result<void> start(std::optional<protection::RejoinPlan> plan);
    void serve();
    void announce();
    void end(int code);
    void renew_certificates();

    Task<void> live();
    Task<void> rejoin();
    Task<void> wait_for_signal();
    Task<void> maintain();
    Task<void> keep_certificates();
    Task<void> reload_on_signal();
    Task<net::Reply> answer(net::ServerRequest request);
    Task<net::Reply> answer_metrics(net::ServerRequest request);
};

}  // namespace holdfast::protector
