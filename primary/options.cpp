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
    "    --cluster /etc/holdfast/cluster.toml\n"
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
    options.text({.name = "cluster",
                  .value = "FILE",
                  .help = "cluster file: the protectors, how many of them must say yes, and the chain",
                  .required = true},
                 settings.cluster_file);
    options.text({.name = "instance", .value = "NAME", .help = "who this is: the name in its certificate"}, settings.instance);
    options.text({.name = "ca",
                  .value = "FILE",
                  .help = "who signs the protectors' certificates",
                  .standard = "ca.pem beside the cluster file"},
                 settings.ca);
    options.text({.name = "certificate",
                  .value = "FILE",
                  .help = "what is shown to the protectors",
                  .standard = "INSTANCE.pem beside the cluster file"},
                 settings.certificate);
    options.text(
        {.name = "key", .value = "FILE", .help = "the certificate's key", .standard = "INSTANCE.key beside the cluster file"},
        settings.key);
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
    options.check_with([&settings](Problems& problems) {
        std::ranges::copy(read_cluster(settings), std::back_inserter(problems));
        std::ranges::copy(find_problems(settings), std::back_inserter(problems));
    });
    return options;
}

}  // namespace holdfast::primary
