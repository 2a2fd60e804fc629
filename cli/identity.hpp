// Who the operator is, and with which certificate: the options that all commands over the network share.
#pragma once

#include <string>

#include "shared/base/config.hpp"
#include "shared/net/http.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::cli {

struct Identity {
    std::string cluster_file;
    std::string person;  // the operator's name
    std::string ca;
    std::string certificate;
    std::string key;

    // Of the cluster file, if one was named.
    protection::Cluster cluster;
    net::TlsFiles tls;

    // Declares its options and checks them. It must outlive set.parse().
    void declare_identity(OptionSet& set, bool cluster_required);
};

}  // namespace holdfast::cli
