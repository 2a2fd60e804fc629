#include "cli/instance_options.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "shared/base/program.hpp"
#include "shared/net/url.hpp"

namespace holdfast::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRunFolder = "/run/holdfast";

std::string run_folder() {
    const char* named = std::getenv("HOLDFAST_RUN");
    return named != nullptr && *named != '\0' ? named : kRunFolder;
}

InstanceAddress at_socket(const std::string& path) { return {path, "http://localhost", path, {}}; }

Result<InstanceAddress> the_only_socket() {
    const std::string folder = run_folder();
    std::error_code error;
    std::vector<std::string> found;
    for (fs::directory_iterator it{folder, error}; !error && it != fs::directory_iterator{}; it.increment(error)) {
        std::error_code ignored;
        if (it->path().extension() == ".sock" && fs::is_socket(it->symlink_status(ignored))) found.push_back(it->path());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return failure(ErrorCode::kIo, "can't look for instances in " + folder + ": " + error.message());
    }
    if (found.empty()) {
        return failure(ErrorCode::kNotFound,
                       "no instance runs here: there is no socket in " + folder + "; name one with --socket or --url");
    }
    if (found.size() == 1) return at_socket(found.front());
    std::ranges::sort(found);
    std::string all;
    for (const std::string& path : found) all += (all.empty() ? "" : ", ") + path;
    return failure(ErrorCode::kInvalidArgument, "there is more than one instance here; name it with --socket: " + all);
}

void check_urls(const InstanceOptions& options, bool several, Problems& problems) {
    if (!options.socket.empty() && !options.urls.empty()) problems.emplace_back("url: give --socket or --url, not both");
    if (!several && options.urls.size() > 1) problems.emplace_back("url: this command is for one instance");
    for (const std::string& url : options.urls) {
        if (const auto good = net::check_url(url); !good) {
            problems.push_back("url: " + good.error().message);
        } else if (url.starts_with("https:") && options.cluster_file.empty()) {
            problems.push_back("cluster: " + net::redact(url) +
                               " wants to know who you are: name the cluster file and --operator");
        }
    }
}

}  // namespace

void InstanceOptions::declare(OptionSet& set, bool several) {
    set.text({.name = "socket", .value = "PATH", .help = "the instance's Unix socket", .standard = "the one in /run/holdfast"},
             socket);
    set.list({.name = "url",
              .value = several ? "URL,URL" : "URL",
              .help = several ? "or the addresses of one or both" : "or its address (its --control-listen)"},
             urls);
    declare_identity(set, false);
    set.check_with([this, several](Problems& problems) { check_urls(*this, several, problems); });
}

Result<std::vector<InstanceAddress>> InstanceOptions::addresses() const {
    std::vector<InstanceAddress> all;
    for (std::string url : urls) {
        while (url.ends_with('/')) url.pop_back();
        all.push_back({net::redact(url), url, {}, tls});
    }
    if (!all.empty()) return all;
    if (!socket.empty()) return std::vector{at_socket(socket)};
    HOLDFAST_TRY(InstanceAddress found, the_only_socket());
    all.push_back(std::move(found));
    return all;
}

std::optional<int> read_instance_words(const OptionSet& set, const char* program, const Words& words,
                                       const InstanceOptions& options, std::vector<InstanceAddress>& addresses) {
    Words none;
    if (const auto code = read_words(set, {.program = program, .repeatable = {"url"}}, words, none)) return code;
    auto found = options.addresses();
    if (found) {
        addresses = std::move(found.value());
        return std::nullopt;
    }
    const bool unclear = found.error().code == ErrorCode::kInvalidArgument;
    return unclear ? complain(program, {found.error().message}) : fail(program, found.error().message);
}

}  // namespace holdfast::cli
