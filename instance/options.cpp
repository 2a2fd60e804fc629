#include "instance/options.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "healthcheck/drift.hpp"

namespace holdfast::instance {

namespace {

constexpr const char* kPrimarySummary =
    "performs the duties of your validators over several beacon nodes, and signs nothing slashable without a quorum of "
    "protectors";

constexpr const char* kSecondarySummary =
    "stands by, warm and with the same keys, and takes the duties over when the primary fails; signs nothing slashable without "
    "a quorum of protectors";

constexpr const char* kExitCodes = "\nExit codes: 0 stopped as asked, 1 could not start or --check failed, 2 wrong options.\n";

constexpr const char* kPrimaryExample =
    "Example:\n"
    "  holdfast-primary --beacon-nodes http://127.0.0.1:5052,http://127.0.0.1:3500 --keystores /etc/holdfast/keys \\\n"
    "    --cluster /etc/holdfast/cluster.toml\n";

constexpr const char* kSecondaryExample =
    "Example:\n"
    "  holdfast-secondary --beacon-nodes http://127.0.0.1:5052,http://127.0.0.1:3500 --keystores /etc/holdfast/keys \\\n"
    "    --cluster /etc/holdfast/cluster.toml --primary https://10.0.0.5:7772\n";

constexpr std::uint64_t kMany = 1000;
constexpr std::uint64_t kDay = 86'400;

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
}

void add_sources(OptionSet& options, Settings& settings) {
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
}

void add_certificates(OptionSet& options, Settings& settings) {
    options.text({.name = "ca",
                  .value = "FILE",
                  .help = "who signs the protectors' certificates",
                  .standard = "ca.pem beside the cluster file"},
                 settings.ca);
    options.text({.name = "certificate",
                  .value = "FILE",
                  .help = "what is shown to the protectors and the other instance",
                  .standard = "INSTANCE.pem beside the cluster file"},
                 settings.certificate);
    options.text(
        {.name = "key", .value = "FILE", .help = "the certificate's key", .standard = "INSTANCE.key beside the cluster file"},
        settings.key);
}

void add_listeners(OptionSet& options, Settings& settings) {
    options.text({.name = "listen",
                  .value = "ADDRESS:PORT",
                  .help = "where /healthz, /livez, /readyz, /activez, /status and /metrics are served, in plain HTTP"},
                 settings.listen);
    options.text({.name = "control-listen",
                  .value = "ADDRESS:PORT",
                  .help = "the same and the operator's commands, with mutual TLS unless the cluster is on the loopback",
                  .standard = "none"},
                 settings.control_listen);
    options.text({.name = "control-socket",
                  .value = "PATH",
                  .help = "the same on a Unix socket for this user alone; `none` for none",
                  .standard = "/run/holdfast/INSTANCE.sock"},
                 settings.control_socket);
}

void add_secondary(OptionSet& options, Settings& settings) {
    options.text({.name = "primary",
                  .value = "URL",
                  .help = "the primary's --control-listen (or --listen, without commands for it)",
                  .required = true},
                 settings.primary_url);
    options.choice(
        {.name = "failback", .help = "auto or manual: whether duty goes back by itself when the primary is ready again"},
        settings.automatic_failback, {{"auto", true}, {"manual", false}});
    options.list({.name = "accept-drift",
                  .value = "NAME,NAME",
                  .help = "what may differ from the primary: " + joined(healthcheck::drift_names()),
                  .standard = "nothing"},
                 settings.accept_drift);
}

void add_process(OptionSet& options, Settings& settings) {
    options.number({.name = "attestation-threshold",
                    .value = "N",
                    .help = "how many beacon nodes must agree on a vote",
                    .standard = "more than half"},
                   settings.attestation_threshold, {1, kMany});
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
}

}  // namespace

OptionSet make_options(Settings& settings) {
    const bool primary = settings.part == Part::kPrimary;
    OptionSet options{"holdfast-" + std::string{to_string(settings.part)}, primary ? kPrimarySummary : kSecondarySummary,
                      std::string{primary ? kPrimaryExample : kSecondaryExample} + kExitCodes};
    add_sources(options, settings);
    add_certificates(options, settings);
    add_listeners(options, settings);
    if (!primary) add_secondary(options, settings);
    add_duties(options, settings);
    add_process(options, settings);
    add_times(options, settings);
    options.check_with([&settings](Problems& problems) {
        while (settings.primary_url.ends_with('/')) settings.primary_url.pop_back();
        std::ranges::move(read_cluster(settings), std::back_inserter(problems));
        std::ranges::move(read_proposers(settings), std::back_inserter(problems));
        std::ranges::move(find_problems(settings), std::back_inserter(problems));
    });
    return options;
}

}  // namespace holdfast::instance
