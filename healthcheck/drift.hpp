// Do both instances do the same? What must be equal is told as digests in the health document, and compared by the secondary.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/types.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::healthcheck {

struct Configuration {
    std::string cluster;  // the cluster's id
    std::string chain;    // genesis validators root
    std::string keys;     // digest of the sorted public keys
    std::size_t key_count{0};
    std::string fee_recipients;  // digest of what each key pays to
    std::size_t threshold{0};    // of beacon nodes
    std::string version;
    friend bool operator==(const Configuration&, const Configuration&) = default;
};

// SHA-256 of the sorted keys, in hex. Independent of their order in the files, and of keys that are there twice.
[[nodiscard]] std::string digest_of_keys(std::vector<PublicKey> keys);

// SHA-256 over the sorted keys, each with what it pays to, in hex. `recipients` has all keys; nothing: nobody is paid.
[[nodiscard]] std::string digest_of_fee_recipients(const std::map<PublicKey, std::optional<Address>>& recipients);

// One sentence for each difference ("validator keys: 100 here, 101 at the primary"), without those in `accepted`
// (drift_names()). Empty: the same.
[[nodiscard]] std::vector<std::string> differences(const Configuration& here, const Configuration& primary,
                                                   const std::vector<std::string>& accepted);

// What a difference may be accepted of (--accept-drift): the fields above; "keys" covers their count.
[[nodiscard]] const std::vector<std::string>& drift_names();

}  // namespace holdfast::healthcheck
