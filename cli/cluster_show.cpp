// `holdfast cluster show`.
#include <algorithm>
#include <cstdio>

#include "cli/ask.hpp"
#include "cli/cluster_commands.hpp"
#include "cli/text_table.hpp"
#include "shared/base/file.hpp"
#include "shared/base/program.hpp"
#include "shared/protection/json_reader.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::cli {

namespace fs = std::filesystem;
using protection::Cluster;
using protection::ClusterMember;

namespace {

constexpr std::size_t kFileBytesMax = 1U << 20U;

std::string date_of(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", int{date.year()}, unsigned{date.month()}, unsigned{date.day()});
    return text;
}

std::string ends_text(WallTime ends, WallTime now) {
    const auto days = std::chrono::floor<std::chrono::days>(ends - now).count();
    return date_of(ends) + (days < 0 ? " (has ended)" : " (in " + std::to_string(days) + " days)");
}

// One certificate of a file beside a cluster file.
struct Beside {
    std::string file;
    std::string common_name{};
    WallTime ends{};
    std::string problem{};  // why it can't be read
};

void read_into(std::vector<Beside>& all, const fs::path& file) {
    const std::string name = file.filename().string();
    const auto pem = read_file(file.string(), kFileBytesMax);
    const auto facts = pem ? read_certificates(pem.value()) : Result<std::vector<CertificateFacts>>{pem.error()};
    if (!facts) {
        all.push_back({.file = name, .problem = facts.error().message});
        return;
    }
    for (const CertificateFacts& each : facts.value()) all.push_back({name, each.common_name, each.ends});
}

// ca.pem and every NAME.pem.
std::vector<Beside> certificates_beside(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder, error}) {
        if (entry.path().extension() == ".pem") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    std::vector<Beside> all;
    for (const fs::path& file : files) read_into(all, file);
    return all;
}

std::string describe(const std::vector<Beside>& certificates) {
    if (certificates.empty()) return "No certificates are beside the cluster file.\n";
    TextTable table{{"CERTIFICATE", "FOR", "ENDS"}};
    for (const Beside& each : certificates) {
        if (each.problem.empty()) table.add({each.file, each.common_name, ends_text(each.ends, wall_now())});
        if (!each.problem.empty()) table.add({each.file, "-", each.problem});
    }
    return table.text();
}

const char* mode_word(const Cluster& cluster) { return cluster.mode == protection::Mode::kFenced ? "fenced" : "shared"; }

std::string describe(const Cluster& cluster) {
    TextTable table{{"MEMBER", "URL"}};
    for (const ClusterMember& member : cluster.members) table.add({member.name, member.url});
    const std::string warning = protection::quorum_warning(cluster.quorum, cluster.members.size());
    return "name      " + cluster.name + "\nid        " + to_hex(cluster.id()) + "\nquorum    " +
           std::to_string(cluster.quorum) + " of " + std::to_string(cluster.members.size()) + "\nrisk      " +
           (warning.empty() ? "survives one member that is down, and one that lost its memory" : warning) + "\nmode      " +
           mode_word(cluster) +
           (cluster.mode == protection::Mode::kFenced ? ": one instance on duty" : ": several instances at once") +
           "\nunknown   " + (cluster.refuse_unknown_validators ? "refused until imported or enrolled" : "accepted") +
           "\nchain     " + to_hex(cluster.chain.genesis_validators_root) + "\n\n" + table.text();
}

std::string in_quotes(std::string_view text) {
    std::string all;
    protection::append_quoted(all, text);
    return all;
}

template <class T>
std::string json_array(const std::vector<T>& all, std::string (*one)(const T&)) {
    std::string text;
    for (const T& each : all) text += (text.empty() ? "" : ",") + one(each);
    return "[" + text + "]";
}

std::string member_json(const ClusterMember& member) {
    return "{\"name\":" + in_quotes(member.name) + ",\"url\":" + in_quotes(member.url) + "}";
}

// `ends` in Unix seconds, null where the file can't be read.
std::string certificate_json(const Beside& each) {
    const auto ends = std::chrono::floor<std::chrono::seconds>(each.ends).time_since_epoch().count();
    return "{\"file\":" + in_quotes(each.file) + ",\"common_name\":" + in_quotes(each.common_name) +
           ",\"ends\":" + (each.problem.empty() ? std::to_string(ends) : "null") + ",\"problem\":" + in_quotes(each.problem) +
           "}";
}

std::string render_json(const Cluster& cluster, const std::vector<Beside>& certificates) {
    return "{\"name\":" + in_quotes(cluster.name) + ",\"id\":" + in_quotes(to_hex(cluster.id())) +
           ",\"quorum\":" + std::to_string(cluster.quorum) +
           ",\"risk\":" + in_quotes(protection::quorum_warning(cluster.quorum, cluster.members.size())) +
           ",\"mode\":" + in_quotes(mode_word(cluster)) +
           ",\"unknown_validators\":" + in_quotes(cluster.refuse_unknown_validators ? "refuse" : "accept") +
           ",\"genesis_validators_root\":" + in_quotes(to_hex(cluster.chain.genesis_validators_root)) +
           ",\"members\":" + json_array(cluster.members, member_json) +
           ",\"certificates\":" + json_array(certificates, certificate_json) + "}\n";
}

}  // namespace

int run_cluster_show(const Words& words) {
    constexpr const char* kProgram = "holdfast cluster show";
    std::string file;
    bool json = false;
    OptionSet set{kProgram, "what a cluster file says, and when the certificates beside it end",
                  "Example:\n  holdfast cluster show --cluster /etc/holdfast/cluster.toml\n"};
    set.text({.name = "cluster", .value = "FILE", .help = "the cluster file", .required = true}, file);
    set.toggle({.name = "json", .help = "print JSON, for programs", .in_file = false}, json);
    Words none;
    if (const auto code = read_words(set, {.program = kProgram}, words, none)) return *code;
    const auto loaded = protection::load_cluster(file);
    if (const auto* problems = std::get_if<Problems>(&loaded)) return complain(kProgram, *problems);
    const auto& cluster = std::get<Cluster>(loaded);
    std::vector<Beside> certificates;
    if (cluster.tls()) certificates = certificates_beside(fs::absolute(file).parent_path());
    const std::string text = describe(cluster) + (cluster.tls() ? "\n" + describe(certificates) : "");
    std::fputs((json ? render_json(cluster, certificates) : text).c_str(), stdout);
    return kExitDone;
}

}  // namespace holdfast::cli
