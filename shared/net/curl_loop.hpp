// libcurl's multi handle on an Asio loop: watches its sockets, sets its timer, and tells a transfer when it has ended.
// Only for the sources of this folder that include curl. No code of a user ever runs inside a callback of curl.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "shared/base/notifier.hpp"
#include "shared/base/time.hpp"
#include "shared/net/http_client.hpp"

namespace holdfast::net {

// What of a transfer the loop knows. Lives in the frame of the task that waits for it.
struct CurlJob {
    CURL* easy{nullptr};
    bool added{false};
    bool done{false};
    bool client_closed{false};  // the client object went away while this ran
    CURLcode result{CURLE_OK};
    Clock::AlarmId alarm{0};
    bool alarm_rang{false};
    Notifier changed;  // something of the above, or data came
};

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
public:
    CurlLoop(Executor executor, Clock& clock, const HttpClientOptions& options);
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;
    ~CurlLoop();

    // Starts the transfer; its easy handle must be set. False when curl refuses it.
    bool start(CurlJob& job);
    // Ends it, wherever it stands. Nothing of it is used afterwards.
    void remove(CurlJob& job);
    // Sets the job's one alarm, instead of the one before.
    void set_alarm(CurlJob& job, SteadyTime when);

    // Ends all transfers with client_closed and all connections. The clock is not used any more.
    void close();
    [[nodiscard]] bool closed() const { return multi_ == nullptr; }
    [[nodiscard]] Clock& clock() { return clock_; }

private:
    struct Watch;
    enum class Way { kRead, kWrite };

    Executor executor_;
    Clock& clock_;
    CURLM* multi_;
    Clock::AlarmId timer_{0};
    bool starting_{false};  // a call is being added
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_set<CurlJob*> jobs_;

    static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* known);
    static int on_timer(CURLM* multi, long ms, void* self);
    void watch(curl_socket_t fd, int what, bool known);
    void forget(curl_socket_t fd);
    void arm(const std::shared_ptr<Watch>& watch, Way way);
    void act(curl_socket_t fd, int flags);
    void collect_done();
};

}  // namespace holdfast::net
