// holdfast-primary: options, loop, signals. The rest is in program.hpp.
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>
#include <variant>

#include "primary/options.hpp"
#include "primary/program.hpp"
#include "shared/base/log.hpp"
#include "shared/base/program.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"

namespace holdfast::primary {
namespace {

Task<void> run_program(Program& program, StopSignal& signal, int& code) {
    code = co_await program.run();
    signal.cancel();
}

Task<void> stop_on_signal(StopSignal& signal, Program& program) {
    for (;;) {
        co_await signal.wait();
        program.request_stop();
    }
}

int run(const Settings& settings) {
    init_logging(settings.log_level);
    boost::asio::io_context io{1};
    RealClock clock{io.get_executor()};
    Program program{io.get_executor(), clock, settings};
    StopSignal signal{io.get_executor()};
    int code = kExitFailed;
    TaskGroup group{io.get_executor()};
    group.spawn("signals", stop_on_signal(signal, program));
    group.spawn("program", run_program(program, signal, code));
    io.run();
    return code;
}

int complain(const Problems& problems) {
    for (const std::string& problem : problems) std::fprintf(stderr, "holdfast-primary: %s\n", problem.c_str());
    return kExitUsage;
}

}  // namespace
}  // namespace holdfast::primary

int main(int argc, char** argv) {
    using namespace holdfast;
    prepare_process();
    primary::Settings settings;
    const OptionSet::Outcome outcome = primary::make_options(settings).parse({argv + 1, argv + argc});
    if (const auto* problems = std::get_if<Problems>(&outcome)) return primary::complain(*problems);
    if (const auto* answer = std::get_if<OptionSet::Answer>(&outcome)) {
        return std::fputs(answer->text.c_str(), stdout) < 0 ? kExitFailed : kExitDone;
    }
    return primary::run(settings);
}
