#include "primary/options.hpp"

#include <algorithm>

namespace holdfast::primary {

namespace {

constexpr const char* kSummary =
    "performs the duties of your validators over several beacon nodes, and signs nothing slashable without a quorum of "
    "protectors";

constexpr const char* kExamples =
    "Example:\n"
    "  holdfast-primary --beacon-nodes http://127.0.0.1:5052,http://127.0.0.1:3500 --keystores /etc/holdfast/keys \\\n"
    "    --protectors http://127.0.0.1:7701,http://127.0.0.1:7702,http://127.0.0.1:7703,http://127.0.0.1:7704 --quorum 3\n"
    "\nExit codes: 0 stopped as asked, 1 could not start or --check failed, 2 wrong options.\n";

}  // namespace

OptionSet make_options(Settings& settings) {
    constexpr std::uint64_t kMany = 1000;
    constexpr std::uint64_t kDay = 86'400;
    OptionSet options{"holdfast-primary", kSummary, kExamples};
    options.list(
        {.name = "beacon-nodes", .value = "URL,URL", .help = "beacon nodes, any number, of any make", .required = true},
        settings.beacon_nodes);
    options.text({.name = "keystores", .value = "DIR", .help = "directory of EIP-2335 keystores (*.json)", .required = true},
                 settings.keystores);
    options.text({.name = "passwords",
                  .value = "DIR",
                  .help = "directory of passwords: NAME.txt for NAME.json",
                  .standard = "beside the keystores"},
                 settings.passwords);
    options.text({.name = "password-file", .value = "FILE", .help = "one password for all keystores"}, settings.password_file);
    options.list({.name = "protectors", .value = "URL,URL", .help = "slashing-protection daemons", .required = true},
                 settings.protectors);
    options.number(
        {.name = "quorum", .value = "Q", .help = "how many protectors must say yes, more than half of them", .required = true},
        settings.quorum, {1, kMany});
    options.number({.name = "attestation-threshold",
                    .value = "N",
                    .help = "how many beacon nodes must agree on a vote",
                    .standard = "more than half"},
                   settings.attestation_threshold, {1, kMany});
    options.text({.name = "listen", .value = "ADDRESS:PORT", .help = "where /metrics, /healthz and /livez are served"},
                 settings.listen);
    options.number(
        {.name = "worker-threads", .value = "N", .help = "threads that sign and decrypt", .standard = "one for each core"},
        settings.worker_threads, {1, kMany});
    options.number({.name = "start-timeout", .value = "SECONDS", .help = "how long to wait at start for enough beacon nodes"},
                   settings.start_timeout, {1, kDay});
    options.choice(
        {.name = "log-level", .value = "LEVEL", .help = "debug, info, warn or error"}, settings.log_level,
        {{"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}});
    options.toggle(
        {.name = "check", .help = "validate everything, connect to everything, say what was found, and end", .in_file = false},
        settings.check);
    options.check_with(
        [&settings](Problems& problems) { std::ranges::copy(find_problems(settings), std::back_inserter(problems)); });
    return options;
}

}  // namespace holdfast::primary
