// A primary that answers over HTTP what the test says, and remembers what it was asked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shared/net/http_client.hpp"

namespace holdfast::instance {

class FakePrimary final : public net::HttpClient {
public:
    Task<Result<net::HttpResponse>> send(net::HttpRequest request, SteadyTime /*deadline*/) override {
        const std::string path = request.url.substr(request.url.find('/', 8));
        asked.push_back(request.method + " " + path + (request.body.empty() ? "" : " " + request.body));
        const auto found = answers.find(path);
        if (found == answers.end()) co_return failure(ErrorCode::kUnavailable, "no connection: connection refused");
        co_return found->second;
    }
    Task<Result<void>> stream(net::HttpRequest /*request*/, Duration /*silence_max*/,
                              std::function<bool(std::string_view)> /*on_data*/) override {
        co_return failure(ErrorCode::kUnavailable, "no streams here");
    }

    void answer(const std::string& path, int status, std::string body) {
        answers[path] = net::make_response(status, "application/json", std::move(body));
    }
    [[nodiscard]] std::size_t count(const std::string& what) const {
        std::size_t found = 0;
        for (const std::string& one : asked) {
            if (one.starts_with(what)) ++found;
        }
        return found;
    }

    std::map<std::string, net::HttpResponse> answers;
    std::vector<std::string> asked;
};

}  // namespace holdfast::instance
