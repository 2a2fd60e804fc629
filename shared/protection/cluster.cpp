#include "shared/protection/cluster.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <initializer_list>
#include <limits>
#include <set>

#include "shared/base/file.hpp"
#include "shared/ethereum/hash.hpp"
#include "shared/net/url.hpp"
#include "shared/protection/quorum_tally.hpp"

namespace holdfast::protection {

namespace {

constexpr std::size_t kFileBytesMax = 1U << 20U;
constexpr std::size_t kNameMax = 48;                        // with its role it must fit into the 64 characters of a common name
constexpr std::int64_t kGenesisSecondsMax = 9'000'000'000;  // what nanoseconds in 64 bits hold
constexpr std::int64_t kSlotMillisecondsMax = 3'600'000;
constexpr std::int64_t kSlotsPerEpochMax = 65'536;
constexpr std::int64_t kMembersMax = 100;

// The part between "://" and the port or the path; an IPv6 address without its brackets.
std::string_view host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    url.remove_prefix(scheme + 3);
    if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
    return url.substr(0, url.find_first_of(":/"));
}

// By its digits: "127.0.0.1.example" is a name.
bool is_loopback(std::string_view host) {
    const bool digits = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return (digits && host.starts_with("127.")) || host == "::1" || host == "localhost";
}

bool is_bare(std::string_view url) {
    const std::size_t scheme = url.find("://");
    return scheme != std::string_view::npos && url.find_first_of("/?#@", scheme + 3) == std::string_view::npos;
}

// Reads values of one table, and says everything that is wrong with them.
class TableReader {
public:
    TableReader(const toml::table& table, std::string where, Problems& problems)
        : table_{table}, where_{std::move(where)}, problems_{problems} {}

    std::string text(std::string_view name) {
        const auto value = table_[name].value_exact<std::string>();
        if (!value) blame(name, "expected a text");
        return value.value_or("");
    }
    std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max) {
        const auto value = table_[name].value_exact<std::int64_t>();
        if (value && *value >= min && *value <= max) return *value;
        blame(name, "expected a number from " + std::to_string(min) + " to " + std::to_string(max));
        return min;
    }
    // The place of the word that stands there; the first if there is none.
    std::size_t choice(std::string_view name, std::initializer_list<std::string_view> words) {
        if (!table_.contains(name)) return 0;
        const auto value = table_[name].value_exact<std::string>();
        const auto found = std::ranges::find(words, value.value_or(""));
        if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
        std::string all;
        for (const std::string_view word : words) all += (all.empty() ? "'" : " or '") + std::string{word} + "'";
        blame(name, "expected " + all);
        return 0;
    }
    void allow_only(std::initializer_list<std::string_view> names) {
        for (const auto& [key, value] : table_) {
            if (std::ranges::find(names, key.str()) == names.end()) blame(key.str(), "there is no such setting");
        }
    }
    void blame(std::string_view name, const std::string& what) {
        problems_.push_back(where_ + std::string{name} + ": " + what);
    }

private:
    const toml::table& table_;
    std::string where_;
    Problems& problems_;
};

ChainIdentity read_chain(const toml::table& root, const std::string& where, Problems& problems) {
    ChainIdentity chain;
    const toml::table* table = root["chain"].as_table();
    if (table == nullptr) {
        problems.push_back(where + "the table [chain] is missing");
        return chain;
    }
    TableReader reader{*table, where + "chain.", problems};
    reader.allow_only({"genesis-time", "genesis-validators-root", "slot-duration-ms", "slots-per-epoch"});
    chain.genesis_time = WallTime{std::chrono::seconds{reader.number("genesis-time", 0, kGenesisSecondsMax)}};
    chain.slot_duration = std::chrono::milliseconds{reader.number("slot-duration-ms", 1, kSlotMillisecondsMax)};
    chain.slots_per_epoch = static_cast<std::uint64_t>(reader.number("slots-per-epoch", 1, kSlotsPerEpochMax));
    const auto genesis_root = parse_hex<Root>(reader.text("genesis-validators-root"));
    if (genesis_root) {
        chain.genesis_validators_root = genesis_root.value();
    } else {
        reader.blame("genesis-validators-root", "expected 0x and 64 hexadecimal digits");
    }
    return chain;
}

void check_member(const ClusterMember& member, TableReader& reader) {
    if (!good_name(member.name)) reader.blame("name", "expected 1 to 48 letters, digits, '-', '_' or '.'");
    if (const auto good = net::check_url(member.url); !good) {
        reader.blame("url", good.error().message);
    } else if (!is_bare(member.url)) {
        reader.blame("url", "'" + net::redact(member.url) + "' must be only scheme, host and port");
    } else if (!member.tls() && !is_loopback(host_of(member.url))) {
        reader.blame("url", "'" + member.url + "' is plain HTTP, which is for loopback only: use https");
    }
}

std::vector<ClusterMember> read_members(const toml::table& root, const std::string& where, Problems& problems) {
    std::vector<ClusterMember> members;
    const toml::array* tables = root["member"].as_array();
    if (tables == nullptr) return members;
    for (const toml::node& node : *tables) {
        const std::string place = where + "member " + std::to_string(members.size() + 1) + ": ";
        ClusterMember& member = members.emplace_back();
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            problems.push_back(place + "expected a table [[member]]");
            continue;
        }
        TableReader reader{*table, place, problems};
        reader.allow_only({"name", "url"});
        member = {reader.text("name"), reader.text("url")};
        check_member(member, reader);
    }
    return members;
}

void check_members_together(const Cluster& cluster, const std::string& where, Problems& problems) {
    std::set<std::string> names;
    std::set<std::string> urls;
    for (const ClusterMember& member : cluster.members) {
        if (!names.insert(member.name).second) problems.push_back(where + "two members are called '" + member.name + "'");
        if (!urls.insert(member.url).second) problems.push_back(where + "two members have the url " + net::redact(member.url));
        if (member.tls() != cluster.tls()) {
            problems.push_back(where + "member " + member.name + ": either all members have https or none");
        }
    }
    if (const auto possible = check_quorum(cluster.quorum, cluster.members.size()); !possible) {
        problems.push_back(where + possible.error().message);
    }
}

Cluster read_cluster(const toml::table& root, const std::string& where, Problems& problems) {
    TableReader reader{root, where, problems};
    reader.allow_only({"name", "quorum", "mode", "unknown-validators", "chain", "member"});
    Cluster cluster;
    cluster.name = reader.text("name");
    cluster.quorum = static_cast<std::size_t>(reader.number("quorum", 1, kMembersMax));
    cluster.mode = reader.choice("mode", {"fenced", "shared"}) == 0 ? Mode::kFenced : Mode::kShared;
    cluster.refuse_unknown_validators = reader.choice("unknown-validators", {"accept", "refuse"}) == 1;
    cluster.chain = read_chain(root, where, problems);
    cluster.members = read_members(root, where, problems);
    if (cluster.members.size() > kMembersMax) problems.push_back(where + "more than 100 members");
    check_members_together(cluster, where, problems);
    return cluster;
}

std::string quoted(std::string_view text) {
    std::string all{"\""};
    for (const char c : text) {
        if (c == '"' || c == '\\') all += '\\';
        all += c;
    }
    return all + "\"";
}

std::string_view mode_word(Mode mode) { return mode == Mode::kFenced ? "fenced" : "shared"; }

}  // namespace

ClusterId Cluster::id() const {
    std::vector<std::string> names;
    for (const ClusterMember& each : members) names.push_back(each.name);
    std::ranges::sort(names);
    std::string text{"holdfast cluster 1\n"};
    for (const std::string& each : names) text += "member " + each + "\n";
    text += "quorum " + std::to_string(quorum) + "\nmode " + std::string{mode_word(mode)} + "\nchain " +
            to_hex(chain.genesis_validators_root) + "\n";
    const Root digest = ethereum::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return ClusterId{digest.bytes};
}

const ClusterMember* Cluster::member(std::string_view wanted) const {
    const auto found = std::ranges::find(members, wanted, &ClusterMember::name);
    return found == members.end() ? nullptr : &*found;
}

std::variant<Cluster, Problems> parse_cluster(std::string_view text, const std::string& file_name) {
    toml::table root;
    try {
        root = toml::parse(text, file_name);
    } catch (const toml::parse_error& error) {
        return Problems{file_name + " line " + std::to_string(error.source().begin.line) + ": " +
                        std::string{error.description()}};
    }
    Problems problems;
    Cluster cluster = read_cluster(root, file_name + ": ", problems);
    if (!problems.empty()) return problems;
    return cluster;
}

std::variant<Cluster, Problems> load_cluster(const std::string& file) {
    const auto text = read_file(file, kFileBytesMax);
    if (!text) return Problems{"the cluster file: " + text.error().message};
    return parse_cluster(text.value(), file);
}

std::string render_cluster(const Cluster& cluster) {
    const auto number = [](auto value) { return std::to_string(value); };
    const ChainIdentity& chain = cluster.chain;
    const auto genesis = std::chrono::duration_cast<std::chrono::seconds>(chain.genesis_time.time_since_epoch()).count();
    const auto slot = std::chrono::duration_cast<std::chrono::milliseconds>(chain.slot_duration).count();
    std::string text = "# The cluster of protectors: the same file on every machine.\nname = " + quoted(cluster.name) +
                       "\nquorum = " + number(cluster.quorum) + "\nmode = \"" + std::string{mode_word(cluster.mode)} +
                       "\"\nunknown-validators = \"" + (cluster.refuse_unknown_validators ? "refuse" : "accept") +
                       "\"\n\n[chain]\ngenesis-time = " + number(genesis) + "\ngenesis-validators-root = \"" +
                       to_hex(chain.genesis_validators_root) + "\"\nslot-duration-ms = " + number(slot) +
                       "\nslots-per-epoch = " + number(chain.slots_per_epoch) + "\n";
    for (const ClusterMember& each : cluster.members) {
        text += "\n[[member]]\nname = " + quoted(each.name) + "\nurl = " + quoted(each.url) + "\n";
    }
    return text;
}

Result<void> check_cluster_change(const Cluster& from, const Cluster& to) {
    if (from.chain.genesis_validators_root != to.chain.genesis_validators_root) {
        return failure(ErrorCode::kInvalidArgument, "the new cluster protects another chain");
    }
    std::set<std::string> both;
    for (const Cluster* cluster : {&from, &to}) {
        for (const ClusterMember& each : cluster->members) both.insert(each.name);
    }
    if (from.quorum + to.quorum > both.size()) return success();
    return failure(ErrorCode::kInvalidArgument, "a quorum of the old cluster (" + std::to_string(from.quorum) +
                                                    ") and one of the new (" + std::to_string(to.quorum) +
                                                    ") need not share a member among all " + std::to_string(both.size()) +
                                                    "; change fewer members at a time");
}

bool good_name(std::string_view name) {
    static constexpr std::string_view kGood = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !name.empty() && name.size() <= kNameMax && name.find_first_not_of(kGood) == std::string_view::npos;
}

Caller parse_common_name(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {};
    const std::string_view name = text.substr(slash + 1);
    if (!good_name(name)) return {};
    for (const Role role : {Role::kInstance, Role::kMember, Role::kOperator}) {
        if (text == common_name(role, name)) return {role, std::string{name}};
    }
    return {};
}

std::string common_name(Role role, std::string_view name) {
    switch (role) {
        case Role::kInstance: return "instance/" + std::string{name};
        case Role::kMember: return "member/" + std::string{name};
        case Role::kOperator: return "operator/" + std::string{name};
        case Role::kNone: break;
    }
    return {};
}

}  // namespace holdfast::protection
