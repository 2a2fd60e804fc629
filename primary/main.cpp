// holdfast-primary: options, loop, signals. The rest is in program.hpp.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "primary/options.hpp"
#include "primary/program.hpp"
#include "shared/base/log.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"

namespace holdfast::primary {
namespace {

constexpr int kWrongOptions = 2;

Task<void> run_program(Program& program, boost::asio::signal_set& signals, int& code) {
    code = co_await program.run();
    signals.cancel();
}

void stop_on_signal(boost::asio::signal_set& signals, Program& program) {
    signals.async_wait([&signals, &program](const boost::system::error_code& error, int /*signal*/) {
        if (error) return;
        program.request_stop();
        stop_on_signal(signals, program);
    });
}

int run(const Settings& settings) {
    init_logging(parse_log_level(settings.log_level).value());
    boost::asio::io_context io{1};
    RealClock clock{io.get_executor()};
    Program program{io.get_executor(), clock, settings};
    boost::asio::signal_set signals{io, SIGINT, SIGTERM};
    stop_on_signal(signals, program);
    int code = 1;
    TaskGroup group{io.get_executor()};
    group.spawn("program", run_program(program, signals, code));
    io.run();
    return code;
}

int complain(const Problems& problems) {
    for (const std::string& problem : problems) std::fprintf(stderr, "holdfast-primary: %s\n", problem.c_str());
    return kWrongOptions;
}

}  // namespace
}  // namespace holdfast::primary

int main(int argc, char** argv) {
    using namespace holdfast::primary;
    const auto parsed = parse_options({argv + 1, argv + argc});
    if (const auto* problems = std::get_if<Problems>(&parsed)) return complain(*problems);
    const Parsed& asked = std::get<Parsed>(parsed);
    if (std::holds_alternative<HelpAsked>(asked)) return std::fputs(help_text().c_str(), stdout) < 0 ? 1 : 0;
    if (std::holds_alternative<VersionAsked>(asked)) return std::puts("holdfast-primary " HOLDFAST_VERSION) < 0 ? 1 : 0;
    return run(std::get<Settings>(asked));
}
