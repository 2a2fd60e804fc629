// Which instance of the pair a command is for: --socket PATH, --url URL (with the certificates of an operator where the cluster
// uses https), or else the one Unix socket in /run/holdfast. The environment variable HOLDFAST_RUN names another folder.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/identity.hpp"

namespace holdfast::cli {

struct InstanceAddress {
    std::string name;    // for people: the URL, or the socket's path
    std::string url;     // without a path
    std::string socket;  // empty: over the network
    net::TlsFiles tls;
};

struct InstanceOptions : Identity {
    std::string socket;
    std::vector<std::string> urls;

    // `several`: --url may name more than one.
    void declare(OptionSet& set, bool several = false);
    // kInvalidArgument if it is not clear which one is meant, kNotFound if there is none.
    [[nodiscard]] Result<std::vector<InstanceAddress>> addresses() const;
};

// Reads the words of a command for instances; the exit code if there is nothing left to do.
[[nodiscard]] std::optional<int> read_instance_words(const OptionSet& set, const char* program, const Words& words,
                                                     const InstanceOptions& options, std::vector<InstanceAddress>& addresses);

}  // namespace holdfast::cli
