// What `holdfast cluster create --dir DIR` makes and the other commands keep up to date:
//   DIR/cluster.toml
//   DIR/ca/ca.pem, ca.key         the CA; while one CA follows another ca.pem holds both, the new one first
//   DIR/ca/issued/NAME.pem        the certificates that are in use
//   DIR/NAME/ or DIR/NAME.tar.gz  for NAME's machine: cluster.toml, ca.pem, NAME.pem, NAME.key
// A cluster on loopback has the first file only. Keys are 0600; nothing else is secret.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/certificates.hpp"
#include "shared/protection/cluster.hpp"

namespace holdfast::cli {

struct Machine {
    std::string name;
    protection::Role role{protection::Role::kNone};
    // Of an instance that others ask over TLS (--control-listen): the address or name that they use. Empty: it only asks. A
    // member's is in the cluster file.
    std::string host{};
};

class ClusterFolder {
public:
    explicit ClusterFolder(std::filesystem::path folder) : folder_{std::move(folder)} {}

    [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
    [[nodiscard]] std::filesystem::path machine_path(const std::string& name) const { return folder_ / name; }
    [[nodiscard]] bool is_archived(const std::string& name) const;

    [[nodiscard]] Result<protection::Cluster> cluster() const;
    // Everybody who has a certificate, by name.
    [[nodiscard]] Result<std::vector<Machine>> machines() const;

    [[nodiscard]] Result<std::string> authority_certificates() const;
    // The CA that signs now, with its key.
    [[nodiscard]] Result<Credential> authority() const;
    [[nodiscard]] Result<std::string> issued(const std::string& name) const;

    // With a key: a new CA. Without: the certificates only.
    Result<void> write_authority(const std::string& certificates, const std::string& key) const;
    Result<void> write_cluster(const protection::Cluster& cluster) const;
    // A new certificate and key for `machine`, whose folder is made where it is missing and then holds everything it needs.
    Result<void> equip(const Machine& machine, WallTime now, int days, bool archive) const;
    // The cluster file and the CA's certificates of a machine's folder as they are here; nothing if it is gone.
    Result<void> refresh(const std::string& name) const;
    // Folder, archive and certificate.
    Result<void> forget(const std::string& name) const;

private:
    std::filesystem::path folder_;

    Result<void> fill_common(const std::string& name) const;
    Result<void> pack(const std::string& name) const;
    Result<void> unpack(const std::string& name) const;
};

// Of "https://10.0.0.1:7701": the address or name, an IPv6 address without brackets.
[[nodiscard]] std::string host_of(const std::string& url);

}  // namespace holdfast::cli
