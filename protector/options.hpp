// holdfast-protector's configuration: flags over a TOML file, and the cluster file that they name; everything that is wrong in
// either is said at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protector/store.hpp"
#include "shared/base/config.hpp"
#include "shared/base/log.hpp"
#include "shared/base/result.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::protector {

struct Endpoint {
    std::string address;
    std::uint16_t port{0};
    [[nodiscard]] bool is_loopback() const;
    // "127.0.0.1:7001", "[::1]:7001".
    [[nodiscard]] std::string text() const;
};

struct Options {
    protection::Cluster cluster;
    std::string node_id;
    std::string data_directory;
    StoreOptions::Start start{StoreOptions::Start::kExisting};
    bool change_cluster{false};
    Endpoint listen;
    std::optional<Endpoint> metrics_listen;
    std::optional<net::TlsFiles> tls;  // nothing: this member's URL is plain HTTP on loopback
    LogLevel log_level{LogLevel::kInfo};
};

// `arguments` without the program's name. An Answer is --help or --version.
[[nodiscard]] std::variant<Options, OptionSet::Answer, Problems> parse_options(const std::vector<std::string>& arguments);

// "127.0.0.1:7001", "[::1]:7001", "0.0.0.0:7001" or "localhost:7001"; kInvalidArgument for another form.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

// Where a member with this URL listens if it isn't told: at the URL's host and port, or at all addresses where the host is a
// name.
[[nodiscard]] Endpoint endpoint_of(std::string_view url);

}  // namespace holdfast::protector
