// Protectors in one process, without sockets: stores on the disk, services, and a network that leads from one to the other.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "protector/metrics.hpp"
#include "protector/peers.hpp"
#include "protector/service.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"
#include "shared/net/http_client.hpp"
#include "tests/protector/cluster_files.hpp"
#include "tests/protector/temporary_directory.hpp"

namespace holdfast::protector {

// Leads requests to handlers, by the URL's host and port. `common_name` is the sender's.
class InProcessHttp final : public net::HttpClient {
public:
    using Handler = std::function<Task<net::Reply>(net::ServerRequest)>;
    using Hosts = std::map<std::string, Handler>;
    InProcessHttp(const Hosts& hosts, std::string common_name) : hosts_{hosts}, common_name_{std::move(common_name)} {}

    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime /*deadline*/) override {
        const Handler handler = handler_of(request.url);
        if (!handler) co_return failure(ErrorCode::kUnavailable, "connection refused");
        net::ServerRequest asked = as_received(std::move(request));
        net::Reply reply = co_await handler(std::move(asked));
        if (auto* response = std::get_if<net::HttpResponse>(&reply)) co_return std::move(*response);
        co_return failure(ErrorCode::kUnavailable, "no plain response");
    }
    Task<Result<void>> stream(net::HttpRequest /*request*/, Duration /*silence_max*/,
                              std::function<bool(std::string_view)> /*on_data*/) override {
        co_return failure(ErrorCode::kUnavailable, "no streams here");
    }

private:
    const Hosts& hosts_;
    std::string common_name_;

    static std::size_t path_in(const std::string& url) { return url.find('/', url.find("://") + 3); }
    [[nodiscard]] Handler handler_of(const std::string& url) const {
        const auto host = hosts_.find(url.substr(0, path_in(url)));
        return host == hosts_.end() ? Handler{} : host->second;
    }
    [[nodiscard]] net::ServerRequest as_received(net::HttpRequest request) const {
        net::ServerRequest asked;
        const std::string rest = request.url.substr(path_in(request.url));
        const std::size_t query = std::min(rest.find('?'), rest.size());
        asked.path = rest.substr(0, query);
        asked.query = rest.substr(std::min(query + 1, rest.size()));
        asked.peer = "127.0.0.1:40000";
        asked.common_name = common_name_;
        asked.message = std::move(request);
        return asked;
    }
};

// One protector: all but its sockets.
struct TestNode {
    TestNode(const Executor& executor, Clock& clock, StoreOptions options, const InProcessHttp::Hosts& hosts, bool tls)
        : identity{options.identity},
          store{Store::open(std::move(options), executor).value()},
          membership{identity, *store, clock},
          http{hosts, protection::common_name(protection::Role::kMember, identity.node_id)},
          service{Service::Parts{*store, membership, clock, workers, metrics, refusals, certificates, tls,
                                 [this](const std::string& name) { peers.called_by(name); }}},
          peers{Peers::Parts{clock, http, membership, refusals, metrics}},
          background{executor} {
        add_store_metrics(metrics, *store, membership);
    }

    Identity identity;
    Metrics metrics;
    WorkerPool workers{1};
    Refusals refusals{metrics};
    Certificates certificates{std::nullopt, metrics};
    std::unique_ptr<Store> store;
    Membership membership;
    InProcessHttp http;
    Service service;
    Peers peers;
    TaskGroup background;
};

struct NodesTest : testing::Test {
    static constexpr std::uint64_t kSlot = 3200;  // epoch 100

    TemporaryDirectory directory;
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    InProcessHttp::Hosts hosts;
    protection::Cluster cluster;
    bool tls{true};
    Clock* nodes_clock{&clock};
    std::map<std::string, std::unique_ptr<TestNode>> nodes;
    TaskGroup group{io.get_executor()};

    ~NodesTest() override {
        while (!nodes.empty()) stop(nodes.begin()->first);
    }

    void use_cluster(std::size_t members, std::size_t quorum) {
        std::vector<std::string> urls;
        for (std::size_t i = 1; i <= members; ++i) urls.push_back("http://127.0.0." + std::to_string(i) + ":1");
        cluster = make_cluster(urls, quorum, clock.now() - std::chrono::seconds{12 * kSlot + 6});
    }

    TestNode& start(const std::string& name, StoreOptions::Start how, std::optional<protection::RejoinPlan> plan = {}) {
        StoreOptions options;
        options.directory = directory / name;
        options.identity = {name, cluster};
        options.start = how;
        options.rejoin = std::move(plan);
        options.settings = {cluster.mode, cluster.refuse_unknown_validators};
        auto node = std::make_unique<TestNode>(io.get_executor(), *nodes_clock, std::move(options), hosts, tls);
        Service& service = node->service;
        hosts[cluster.member(name)->url] = [&service](net::ServerRequest request) {
            return service.answer(std::move(request));
        };
        return *(nodes[name] = std::move(node));
    }
    void stop(const std::string& name) {
        hosts.erase(cluster.member(name)->url);
        TestNode& node = *nodes.at(name);
        node.background.cancel();
        run_until([&] { return node.background.size() == 0; });
        // Others' requests that it is still answering end first, as the daemon's server sees to.
        run_until([] { return false; }, std::chrono::milliseconds{30});
        node.store->stop();
        run_until([] { return false; }, std::chrono::milliseconds{1});
        nodes.erase(name);
    }

    // Runs the loop until `done` says so; false after `limit`.
    bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds{10}) {
        const SteadyTime end = clock.steady() + limit;
        while (!done() && clock.steady() < end) {
            if (io.stopped()) io.restart();
            io.run_one_for(std::chrono::milliseconds{20});
        }
        return done();
    }

    template <class T>
    static Task<void> keep(Task<T> task, std::optional<T>& into) {
        T result = co_await std::move(task);
        into = std::move(result);
    }
    template <class T>
    T run(Task<T> task) {
        std::optional<T> result;
        group.spawn("test", keep(std::move(task), result));
        EXPECT_TRUE(run_until([&] { return result.has_value(); }));
        return std::move(*result);
    }

    // To the node `to`, with a certificate of that name.
    net::HttpResponse ask(const std::string& to, const std::string& common_name, const std::string& method,
                          const std::string& path, std::string body = {}, net::Headers headers = {}) {
        InProcessHttp http{hosts, common_name};
        net::HttpRequest request{method, cluster.member(to)->url + path, std::move(headers), std::move(body)};
        auto result = run(http.send(std::move(request), SteadyTime::max()));
        EXPECT_TRUE(result) << (result ? "" : result.error().message);
        return result ? std::move(result.value()) : net::HttpResponse{};
    }
};

}  // namespace holdfast::protector
