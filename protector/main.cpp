// holdfast-protector: options, logging, exit code. The rest is in daemon.hpp.
#include <cstdio>
#include <variant>

#include "protector/daemon.hpp"
#include "protector/options.hpp"
#include "shared/base/log.hpp"
#include "shared/base/program.hpp"

int main(int argc, char** argv) {
    using namespace holdfast::protector;
    holdfast::prepare_process();
    auto parsed = parse_options({argv + 1, argv + argc});
    if (const auto* answer = std::get_if<holdfast::OptionSet::Answer>(&parsed)) {
        std::fputs(answer->text.c_str(), stdout);
        return 0;
    }
    if (const auto* problems = std::get_if<holdfast::Problems>(&parsed)) {
        for (const std::string& problem : *problems) std::fprintf(stderr, "holdfast-protector: %s\n", problem.c_str());
        return holdfast::kExitUsage;
    }
    auto& options = std::get<Options>(parsed);
    holdfast::init_logging(options.log_level);
    Daemon daemon{std::move(options)};
    return daemon.run();
}
