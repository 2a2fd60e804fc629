#include "shared/net/curl_loop.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include "shared/base/assert.hpp"

namespace holdfast::net {
namespace asio = boost::asio;

// One socket of curl's. The descriptor only watches: curl opened the socket and will close it.
struct CurlLoop::Watch {
    Watch(const Executor& executor, curl_socket_t socket) : fd{socket}, descriptor{executor} {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { leave(); }

    void leave() {
        if (descriptor.is_open()) descriptor.release();
    }
    // Per way: does curl want to know, and is a wait under way?
    bool& wanted(Way way) { return way == Way::kRead ? want_read : want_write; }
    bool& waiting(Way way) { return way == Way::kRead ? wait_read : wait_write; }

    curl_socket_t fd;
    asio::posix::stream_descriptor descriptor;
    bool want_read{false};
    bool want_write{false};
    bool wait_read{false};
    bool wait_write{false};
};

namespace {

void init_curl_once() {
    static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
    HOLDFAST_ASSERT(result == CURLE_OK);
}

}  // namespace

CurlLoop::CurlLoop(Executor executor, Clock& clock, const HttpClientOptions& options)
    : executor_{std::move(executor)}, clock_{clock}, multi_{(init_curl_once(), curl_multi_init())} {
    HOLDFAST_ASSERT(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.connections_per_host_max));
    // Left alone curl keeps only four idle connections per running call: too few for many nodes.
    constexpr long kIdleConnectionsMax = 512;
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnectionsMax);
}

CurlLoop::~CurlLoop() { close(); }

bool CurlLoop::start(CurlJob& job) {
    curl_easy_setopt(job.easy, CURLOPT_PRIVATE, &job);
    starting_ = true;
    const CURLMcode added = curl_multi_add_handle(multi_, job.easy);
    starting_ = false;
    if (added != CURLM_OK) return false;
    job.added = true;
    jobs_.insert(&job);
    // Without this the request would leave one turn of the loop later.
    act(CURL_SOCKET_TIMEOUT, 0);
    return true;
}

void CurlLoop::remove(CurlJob& job) {
    if (closed()) return;
    if (job.alarm != 0) clock_.cancel(job.alarm);
    job.alarm = 0;
    if (job.added) curl_multi_remove_handle(multi_, job.easy);
    job.added = false;
    jobs_.erase(&job);
}

void CurlLoop::set_alarm(CurlJob& job, SteadyTime when) {
    if (job.alarm != 0) clock_.cancel(job.alarm);
    job.alarm_rang = false;
    job.alarm = clock_.call_at(when, [&job] {
        job.alarm = 0;
        job.alarm_rang = true;
        job.changed.notify_all();
    });
    jobs_.insert(&job);
}

void CurlLoop::close() {
    if (closed()) return;
    const auto jobs = std::move(jobs_);
    for (CurlJob* job : jobs) {
        remove(*job);
        job->client_closed = true;
        job->changed.notify_all();
    }
    curl_multi_cleanup(multi_);
    multi_ = nullptr;
    watches_.clear();
    if (timer_ != 0) clock_.cancel(timer_);
    timer_ = 0;
}

int CurlLoop::on_socket(CURL* /*easy*/, curl_socket_t fd, int what, void* self, void* known) {
    auto& loop = *static_cast<CurlLoop*>(self);
    if (what == CURL_POLL_REMOVE) {
        loop.forget(fd);
    } else {
        loop.watch(fd, what, known != nullptr);
    }
    return 0;
}

int CurlLoop::on_timer(CURLM* /*multi*/, long ms, void* self) {
    auto& loop = *static_cast<CurlLoop*>(self);
    // "At once", for a new call: start() does so without a timer.
    if (loop.starting_ && ms == 0) return 0;
    if (loop.timer_ != 0) loop.clock_.cancel(loop.timer_);
    loop.timer_ = 0;
    if (ms < 0) return 0;
    loop.timer_ = loop.clock_.call_at(loop.clock_.steady() + std::chrono::milliseconds{ms}, [&loop] {
        loop.timer_ = 0;
        loop.act(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
}

void CurlLoop::watch(curl_socket_t fd, int what, bool known) {
    // A number that curl calls new may be one of ours that was closed meanwhile: what we watch under it is gone.
    if (!known) forget(fd);
    auto& watch = watches_[fd];
    if (!watch) {
        watch = std::make_shared<Watch>(executor_, fd);
        boost::system::error_code error;
        watch->descriptor.assign(fd, error);
        HOLDFAST_ASSERT(!error);
        curl_multi_assign(multi_, fd, this);
    }
    watch->want_read = (what & CURL_POLL_IN) != 0;
    watch->want_write = (what & CURL_POLL_OUT) != 0;
    const auto held = watch;
    arm(held, Way::kRead);
    arm(held, Way::kWrite);
}

void CurlLoop::forget(curl_socket_t fd) {
    const auto found = watches_.find(fd);
    if (found == watches_.end()) return;
    found->second->leave();
    watches_.erase(found);
}

void CurlLoop::arm(const std::shared_ptr<Watch>& watch, Way way) {
    if (!watch->wanted(way) || watch->waiting(way)) return;
    watch->waiting(way) = true;
    const auto kind = way == Way::kRead ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    watch->descriptor.async_wait(kind, [weak = weak_from_this(), watch, way](boost::system::error_code error) {
        watch->waiting(way) = false;
        const auto self = weak.lock();
        if (!self || self->closed() || !watch->descriptor.is_open()) return;
        if (!watch->wanted(way)) return;
        const int ready = way == Way::kRead ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
        self->act(watch->fd, error ? CURL_CSELECT_ERR : ready);
        if (watch->descriptor.is_open()) self->arm(watch, way);
    });
}

void CurlLoop::act(curl_socket_t fd, int flags) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, flags, &running);
    collect_done();
}

void CurlLoop::collect_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CurlJob* job = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job);
        job->result = message->data.result;
        job->done = true;
        // At once, so that the connection is free for the next call even if the task wakes late.
        curl_multi_remove_handle(multi_, job->easy);
        job->added = false;
        job->changed.notify_all();
    }
}

}  // namespace holdfast::net
