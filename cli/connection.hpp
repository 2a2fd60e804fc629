// The options that all of `holdfast protection` share: which cluster, as whom, with which certificate.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::cli {

struct Connection {
    std::string cluster_file;
    std::string person;  // the operator's name
    std::string ca;
    std::string certificate;
    std::string key;
    Duration wait{std::chrono::seconds{15}};  // for members that can't be reached
    bool json{false};

    protection::Cluster cluster;
    net::TlsFiles tls;

    // Declares its options and checks them. It must outlive set.parse().
    void declare(OptionSet& set);
    // Of every request with a body.
    [[nodiscard]] protection::RequestHead head() const;
};

}  // namespace holdfast::cli
