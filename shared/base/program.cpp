#include "shared/base/program.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>

namespace holdfast {
namespace {

void raise_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void hide_memory() {
    const char* wanted = std::getenv("HOLDFAST_CORE_DUMPS");  // NOLINT(concurrency-mt-unsafe): before threads
    if (wanted != nullptr && std::string_view{wanted} == "1") return;
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);  // also where cores go to a program, which RLIMIT_CORE does not stop
}

}  // namespace

std::string_view version() { return HOLDFAST_VERSION; }

void prepare_process() {
    raise_open_files();
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): can't fail for SIGPIPE
    hide_memory();
}

struct SignalWait::Impl {
    explicit Impl(const Executor& executor) : signals{executor} {}
    boost::asio::signal_set signals;
};

SignalWait::SignalWait(const Executor& executor, std::initializer_list<int> numbers) : impl_{std::make_unique<Impl>(executor)} {
    for (const int number : numbers) impl_->signals.add(number);
}

SignalWait::~SignalWait() = default;

Task<int> SignalWait::wait() {
    const int number = co_await impl_->signals.async_wait(boost::asio::use_awaitable);
    co_return number;
}

void SignalWait::cancel() { impl_->signals.cancel(); }

StopSignal::StopSignal(const Executor& executor) : SignalWait{executor, {SIGINT, SIGTERM}} {}

ReloadSignal::ReloadSignal(const Executor& executor) : SignalWait{executor, {SIGHUP}} {}

}  // namespace holdfast
