#include "protector/options.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

namespace holdfast::protector {
namespace {

using Start = StoreOptions::Start;

constexpr const char* kSummary =
    "one member of the slashing-protection quorum: records what validators sign and refuses whatever conflicts with that";

constexpr const char* kExamples =
    "Examples:\n"
    "  A member of a new cluster (only once: never for one whose database was lost):\n"
    "    holdfast-protector --cluster /etc/holdfast/cluster.toml --node-id p1 --data-dir /var/lib/holdfast-protector --init\n"
    "  Afterwards: the same without --init.\n"
    "  A member whose database was lost, or that is told to be an old copy: move what is left of it away, then start once\n"
    "  with --rejoin instead of --init.\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 failed while running, 2 wrong options or unusable data directory.\n";

// As typed, before it is understood.
struct Typed {
    std::string cluster;
    std::string listen;
    std::string metrics_listen;
    std::string ca;
    std::string certificate;
    std::string key;
    bool init{false};
    bool rejoin{false};
};

void declare_start(OptionSet& set, Options& options, Typed& typed) {
    set.toggle({.name = "init", .help = "make a new, empty database, then run; refused if there is one", .in_file = false},
               typed.init);
    set.toggle({.name = "rejoin",
                .help = "make a database from what enough other members know, then run; refused if there is one",
                .in_file = false},
               typed.rejoin);
    set.toggle(
        {.name = "change-cluster", .help = "the database takes over this cluster file's members and quorum", .in_file = false},
        options.change_cluster);
}

void declare(OptionSet& set, Options& options, Typed& typed) {
    set.text({.name = "cluster", .value = "FILE", .help = "the cluster file", .required = true}, typed.cluster);
    set.text({.name = "node-id", .value = "NAME", .help = "which member of the cluster this is", .required = true},
             options.node_id);
    set.text({.name = "data-dir", .value = "DIR", .help = "directory of the database; only this protector's", .required = true},
             options.data_directory);
    declare_start(set, options, typed);
    set.text({.name = "listen",
              .value = "ADDRESS:PORT",
              .help = "address of the API",
              .standard = "host and port of its URL in the cluster file; 0.0.0.0 if the host is a name"},
             typed.listen);
    set.text({.name = "metrics-listen",
              .value = "ADDRESS:PORT",
              .help = "loopback address where /metrics and /healthz are served in plain HTTP",
              .standard = "none"},
             typed.metrics_listen);
    const auto beside = [](const char* name) { return std::string{name} + " beside the cluster file"; };
    set.text({.name = "ca", .value = "FILE", .help = "who may sign certificates, PEM", .standard = beside("ca.pem")}, typed.ca);
    set.text({.name = "certificate", .value = "FILE", .help = "its own certificate, PEM", .standard = beside("NAME.pem")},
             typed.certificate);
    set.text({.name = "key", .value = "FILE", .help = "the certificate's key, PEM", .standard = beside("NAME.key")}, typed.key);
    set.choice(
        {.name = "log-level", .help = "least important lines that are written"}, options.log_level,
        std::vector<std::pair<std::string, LogLevel>>{
            {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}});
}

void understand_start(const Typed& typed, Options& options, Problems& problems) {
    if (int{typed.init} + int{typed.rejoin} + int{options.change_cluster} > 1) {
        problems.emplace_back("init: only one of --init, --rejoin and --change-cluster can be meant");
    }
    if (typed.init) options.start = Start::kInit;
    if (typed.rejoin) options.start = Start::kRejoin;
}

void understand_tls(const Typed& typed, Options& options, Problems& problems) {
    const std::filesystem::path folder = std::filesystem::path{typed.cluster}.parent_path();
    const auto file = [&](const char* option, const std::string& given, const std::string& standard) {
        std::string name = given.empty() ? (folder / standard).string() : given;
        if (::access(name.c_str(), R_OK) != 0) problems.push_back(std::string{option} + ": can't read '" + name + "'");
        return name;
    };
    options.tls = net::TlsFiles{.ca_file = file("ca", typed.ca, "ca.pem"),
                                .certificate_file = file("certificate", typed.certificate, options.node_id + ".pem"),
                                .key_file = file("key", typed.key, options.node_id + ".key")};
}

void understand_listen(const Typed& typed, const protection::ClusterMember* self, Options& options, Problems& problems) {
    if (!typed.listen.empty()) {
        auto endpoint = parse_endpoint(typed.listen);
        if (endpoint) options.listen = endpoint.value();
        if (!endpoint) problems.push_back("listen: " + endpoint.error().message);
        if (endpoint && self != nullptr && !self->tls() && !endpoint.value().is_loopback()) {
            problems.push_back("listen: '" + typed.listen + "' is not loopback, and " + self->name +
                               " has a plain HTTP URL, which is for loopback only");
        }
    } else if (self != nullptr) {
        options.listen = endpoint_of(self->url);
    }
    if (typed.metrics_listen.empty()) return;
    auto endpoint = parse_endpoint(typed.metrics_listen);
    if (endpoint && endpoint.value().is_loopback()) {
        options.metrics_listen = endpoint.value();
    } else {
        problems.push_back("metrics-listen: '" + typed.metrics_listen + "' is no loopback ADDRESS:PORT");
    }
}

void understand(const Typed& typed, Options& options, Problems& problems) {
    const protection::ClusterMember* self = nullptr;
    auto loaded = typed.cluster.empty() ? std::variant<protection::Cluster, Problems>{Problems{}}
                                        : protection::load_cluster(typed.cluster);
    if (auto* cluster = std::get_if<protection::Cluster>(&loaded)) {
        options.cluster = std::move(*cluster);
        self = options.cluster.member(options.node_id);
        if (self == nullptr && !options.node_id.empty()) {
            problems.push_back("node-id: '" + options.node_id + "' is no member of the cluster in " + typed.cluster);
        }
    } else {
        for (std::string& problem : std::get<Problems>(loaded)) problems.push_back(std::move(problem));
    }
    understand_start(typed, options, problems);
    understand_listen(typed, self, options, problems);
    if (self != nullptr && self->tls()) understand_tls(typed, options, problems);
    if (self != nullptr && !self->tls() && !(typed.ca + typed.certificate + typed.key).empty()) {
        problems.push_back("certificate: " + self->name +
                           " has a plain HTTP URL in the cluster file: there are no certificates");
    }
}

bool is_numeric(std::string_view host) { return host.find_first_not_of("0123456789.") == std::string_view::npos; }

}  // namespace

bool Endpoint::is_loopback() const { return address.starts_with("127.") || address == "::1"; }

std::string Endpoint::text() const {
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto port = parse_decimal(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1));
    std::string_view host = text.substr(0, std::min(colon, text.size()));
    const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (v6) host = host.substr(1, host.size() - 2);
    const bool good_host = v6 || host == "localhost" || (!host.empty() && is_numeric(host));
    if (!good_host || !port || port.value() > std::numeric_limits<std::uint16_t>::max()) {
        return failure(ErrorCode::kInvalidArgument, "'" + std::string{text} + "' is no ADDRESS:PORT with a numeric address");
    }
    return Endpoint{host == "localhost" ? "127.0.0.1" : std::string{host}, static_cast<std::uint16_t>(port.value())};
}

Endpoint endpoint_of(std::string_view url) {
    const bool tls = url.starts_with("https://");
    std::string_view host = url.substr(std::min(url.find("://") + 3, url.size()));
    host = host.substr(0, host.find('/'));
    const auto after_v6 = host.rfind(']');
    const bool has_port = host.find(':', after_v6 == std::string_view::npos ? 0 : after_v6) != std::string_view::npos;
    const std::string with_port = std::string{host} + (has_port ? "" : tls ? ":443" : ":80");
    auto endpoint = parse_endpoint(with_port);
    if (endpoint) return endpoint.value();
    const auto port = parse_decimal(with_port.substr(with_port.rfind(':') + 1));
    return {"0.0.0.0", static_cast<std::uint16_t>(port ? port.value() : 0)};
}

std::variant<Options, OptionSet::Answer, Problems> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    Typed typed;
    OptionSet set{"holdfast-protector", kSummary, kExamples};
    declare(set, options, typed);
    set.check_with([&typed, &options](Problems& problems) { understand(typed, options, problems); });
    auto outcome = set.parse(arguments);
    if (auto* answer = std::get_if<OptionSet::Answer>(&outcome)) return std::move(*answer);
    if (auto* problems = std::get_if<Problems>(&outcome)) return std::move(*problems);
    return options;
}

}  // namespace holdfast::protector
