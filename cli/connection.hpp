// The options that all of `holdfast protection` share: which cluster, as whom, with which certificate.
#pragma once

#include "cli/command.hpp"
#include "cli/identity.hpp"
#include "shared/protection/messages.hpp"

namespace holdfast::cli {

struct Connection : Identity {
    Duration wait{std::chrono::seconds{15}};  // for members that can't be reached
    bool json{false};

    // Declares its options and checks them. It must outlive set.parse().
    void declare(OptionSet& set);
    // Of every request with a body.
    [[nodiscard]] protection::RequestHead head() const;
};

}  // namespace holdfast::cli
