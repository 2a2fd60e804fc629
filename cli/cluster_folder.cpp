#include "cli/cluster_folder.hpp"

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "shared/base/file.hpp"

namespace holdfast::cli {

namespace fs = std::filesystem;
using protection::Cluster;
using protection::Role;

namespace {

constexpr std::size_t kFileBytesMax = 1U << 20U;
constexpr ::mode_t kPublic = 0644;
constexpr const char* kArchiveEnd = ".tar.gz";

Error io_failure(const std::string& doing, const std::error_code& error) {
    return failure(ErrorCode::kIo, "can't " + doing + ": " + error.message());
}

Result<void> make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return io_failure("make " + folder.string(), error);
    return success();
}

Result<void> write_public(const fs::path& file, const std::string& text) {
    HOLDFAST_TRY(write_private_file(file.string(), text));
    if (::chmod(file.c_str(), kPublic) == 0) return success();
    return failure(ErrorCode::kIo, "can't make " + file.string() + " readable");
}

Result<std::string> read(const fs::path& file) { return read_file(file.string(), kFileBytesMax); }

Result<void> run_tar(std::vector<std::string> words) {
    words.insert(words.begin(), "tar");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::pid_t process = 0;
    int status = -1;
    const ::mode_t before = ::umask(0077);
    const int started = ::posix_spawnp(&process, "tar", nullptr, nullptr, argv.data(), environ);
    ::umask(before);
    if (started == 0 && ::waitpid(process, &status, 0) == process && status == 0) return success();
    return failure(ErrorCode::kIo, "tar could not work on " + words.back() + "; is it installed?");
}

}  // namespace

std::string host_of(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) return {};
    const std::string rest = url.substr(scheme + 3);
    if (rest.starts_with('[')) return rest.substr(1, rest.find(']') - 1);
    return rest.substr(0, rest.find(':'));
}

bool ClusterFolder::is_archived(const std::string& name) const { return fs::exists(folder_ / (name + kArchiveEnd)); }

Result<Cluster> ClusterFolder::cluster() const {
    auto loaded = protection::load_cluster((folder_ / "cluster.toml").string());
    if (auto* cluster = std::get_if<Cluster>(&loaded)) return std::move(*cluster);
    std::string all;
    for (const std::string& problem : std::get<Problems>(loaded)) all += (all.empty() ? "" : "; ") + problem;
    return failure(ErrorCode::kInvalidArgument, all);
}

Result<std::vector<Machine>> ClusterFolder::machines() const {
    std::vector<Machine> all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder_ / "ca" / "issued", error}) {
        if (entry.path().extension() != ".pem") continue;
        HOLDFAST_TRY(const std::string pem, read(entry.path()));
        HOLDFAST_TRY(const auto facts, read_certificates(pem));
        const protection::Caller caller = protection::parse_common_name(facts.front().common_name);
        if (caller.role == Role::kNone || caller.name != entry.path().stem()) {
            return failure(ErrorCode::kMalformed, entry.path().string() + " is not a certificate of this cluster");
        }
        all.push_back({caller.name, caller.role, caller.role == Role::kInstance ? facts.front().host : ""});
    }
    if (error) return io_failure("read " + (folder_ / "ca" / "issued").string(), error);
    std::ranges::sort(all, {}, &Machine::name);
    return all;
}

Result<std::string> ClusterFolder::authority_certificates() const { return read(folder_ / "ca" / "ca.pem"); }

Result<Credential> ClusterFolder::authority() const {
    HOLDFAST_TRY(const std::string all, authority_certificates());
    HOLDFAST_TRY(std::string first, first_certificate(all));
    HOLDFAST_TRY(std::string key, read(folder_ / "ca" / "ca.key"));
    return Credential{std::move(first), std::move(key)};
}

Result<std::string> ClusterFolder::issued(const std::string& name) const {
    return read(folder_ / "ca" / "issued" / (name + ".pem"));
}

Result<void> ClusterFolder::write_authority(const std::string& certificates, const std::string& key) const {
    HOLDFAST_TRY(make_folder(folder_ / "ca" / "issued"));
    if (!key.empty()) {
        HOLDFAST_TRY(write_private_file((folder_ / "ca" / "ca.key").string(), key));
    }
    return write_public(folder_ / "ca" / "ca.pem", certificates);
}

Result<void> ClusterFolder::write_cluster(const Cluster& cluster) const {
    HOLDFAST_TRY(make_folder(folder_));
    return write_public(folder_ / "cluster.toml", protection::render_cluster(cluster));
}

Result<void> ClusterFolder::equip(const Machine& machine, WallTime now, int days, bool archive) const {
    HOLDFAST_TRY(const Cluster cluster, this->cluster());
    HOLDFAST_TRY(const Credential authority, this->authority());
    const protection::ClusterMember* member = machine.role == Role::kMember ? cluster.member(machine.name) : nullptr;
    const std::string host = member == nullptr ? machine.host : host_of(member->url);
    HOLDFAST_TRY(const Credential made,
                 issue(authority, {protection::common_name(machine.role, machine.name), host}, now, days));
    const bool was_archived = is_archived(machine.name);
    if (was_archived) {
        HOLDFAST_TRY(unpack(machine.name));
    }
    HOLDFAST_TRY(fill_common(machine.name));
    const fs::path folder = machine_path(machine.name);
    HOLDFAST_TRY(write_private_file((folder / (machine.name + ".key")).string(), made.key));
    HOLDFAST_TRY(write_public(folder / (machine.name + ".pem"), made.certificate));
    HOLDFAST_TRY(write_public(folder_ / "ca" / "issued" / (machine.name + ".pem"), made.certificate));
    return archive || was_archived ? pack(machine.name) : Result<void>{success()};
}

Result<void> ClusterFolder::refresh(const std::string& name) const {
    const bool archived = is_archived(name);
    if (!archived && !fs::exists(machine_path(name))) return success();
    if (archived) {
        HOLDFAST_TRY(unpack(name));
    }
    HOLDFAST_TRY(fill_common(name));
    return archived ? pack(name) : Result<void>{success()};
}

Result<void> ClusterFolder::forget(const std::string& name) const {
    std::error_code error;
    fs::remove_all(machine_path(name), error);
    if (!error) fs::remove(folder_ / (name + kArchiveEnd), error);
    if (!error) fs::remove(folder_ / "ca" / "issued" / (name + ".pem"), error);
    if (error) return io_failure("remove the files of " + name, error);
    return success();
}

Result<void> ClusterFolder::fill_common(const std::string& name) const {
    const fs::path folder = machine_path(name);
    HOLDFAST_TRY(make_folder(folder));
    fs::permissions(folder, fs::perms::owner_all);
    HOLDFAST_TRY(const std::string cluster, read(folder_ / "cluster.toml"));
    HOLDFAST_TRY(const std::string authority, authority_certificates());
    HOLDFAST_TRY(write_public(folder / "cluster.toml", cluster));
    return write_public(folder / "ca.pem", authority);
}

Result<void> ClusterFolder::pack(const std::string& name) const {
    const std::string draft = (folder_ / (name + kArchiveEnd + ".new")).string();
    HOLDFAST_TRY(
        run_tar({"--create", "--gzip", "--owner=0", "--group=0", "--file", draft, "--directory", folder_.string(), name}));
    std::error_code error;
    fs::rename(draft, folder_ / (name + kArchiveEnd), error);
    if (!error) fs::remove_all(machine_path(name), error);
    if (error) return io_failure("put " + name + " into its archive", error);
    return success();
}

Result<void> ClusterFolder::unpack(const std::string& name) const {
    return run_tar({"--extract", "--gzip", "--no-same-owner", "--directory", folder_.string(), "--file",
                    (folder_ / (name + kArchiveEnd)).string()});
}

}  // namespace holdfast::cli
