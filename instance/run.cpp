#include "instance/run.hpp"

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>
#include <variant>

#include "instance/options.hpp"
#include "shared/base/log.hpp"
#include "shared/base/program.hpp"
#include "shared/base/real_clock.hpp"
#include "shared/base/task_group.hpp"

namespace holdfast::instance {
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

int run(const Settings& settings, const RoleMaker& make_role) {
    init_logging(settings.log_level);
    boost::asio::io_context io{1};
    RealClock clock{io.get_executor()};
    Program program{io.get_executor(), clock, settings, make_role(settings)};
    StopSignal signal{io.get_executor()};
    int code = kExitFailed;
    TaskGroup group{io.get_executor()};
    group.spawn("signals", stop_on_signal(signal, program));
    group.spawn("program", run_program(program, signal, code));
    io.run();
    return code;
}

int complain(const Settings& settings, const Problems& problems) {
    const std::string part{to_string(settings.part)};
    for (const std::string& problem : problems) std::fprintf(stderr, "holdfast-%s: %s\n", part.c_str(), problem.c_str());
    return kExitUsage;
}

}  // namespace

int run_main(int argc, char** argv, Part part, RoleMaker make_role) {
    prepare_process();
    Settings settings{part};
    const OptionSet::Outcome outcome = make_options(settings).parse({argv + 1, argv + argc});
    if (const auto* problems = std::get_if<Problems>(&outcome)) return complain(settings, *problems);
    if (const auto* answer = std::get_if<OptionSet::Answer>(&outcome)) {
        return std::fputs(answer->text.c_str(), stdout) < 0 ? kExitFailed : kExitDone;
    }
    return run(settings, make_role);
}

}  // namespace holdfast::instance
