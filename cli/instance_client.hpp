// One instance, as a command speaks with it. All calls block.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/instance_options.hpp"
#include "healthcheck/document.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::cli {

class InstanceClient {
public:
    explicit InstanceClient(InstanceAddress address);
    InstanceClient(const InstanceClient&) = delete;
    InstanceClient& operator=(const InstanceClient&) = delete;
    ~InstanceClient();

    [[nodiscard]] const std::string& name() const { return address_.name; }
    [[nodiscard]] Clock& clock() { return clock_; }

    // The body of an answer; a failure with a sentence if there is none or it isn't 200. kNotFound: 404.
    Result<std::string> get(const std::string& path, Duration limit);
    // The instance's sentence about a command.
    Result<std::string> command(healthcheck::Command command, Duration limit);
    // GET /healthz, whether healthy or not.
    Result<healthcheck::HealthDocument> health(Duration limit);
    // Each line of an endless answer, until its end or `on_line` returns false.
    Result<void> lines(const std::string& path, Duration silence_max, const std::function<bool(std::string_view)>& on_line);

    void sleep(Duration duration);

private:
    InstanceAddress address_;
    boost::asio::io_context io_{1};
    RealClock clock_;
    std::unique_ptr<net::HttpClient> http_;

    [[nodiscard]] net::HttpRequest request(const std::string& method, const std::string& path) const;
    Result<net::HttpResponse> send(net::HttpRequest request, Duration limit);
    [[nodiscard]] Error explain(const Error& error) const;
};

}  // namespace holdfast::cli
