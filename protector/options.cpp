#include "protector/options.hpp"

#include <limits>
#include <utility>

namespace holdfast::protector {
namespace {

constexpr const char* kSummary =
    "one member of the slashing-protection quorum: records what validators sign and refuses whatever conflicts with that";

constexpr const char* kExamples =
    "Examples:\n"
    "  A new protector for mainnet (only once: never for one whose database was lost):\n"
    "    holdfast-protector --listen 127.0.0.1:7001 --data-dir /var/lib/holdfast-protector --node-id p1 --init \\\n"
    "      --genesis-time 1606824023 --slot-duration-ms 12000 --slots-per-epoch 32 \\\n"
    "      --genesis-validators-root 0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95\n"
    "  Afterwards: the same without --init.\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 failed while running, 2 wrong options or unusable data directory.\n";

constexpr std::uint64_t kGenesisSecondsMax = 9'000'000'000;  // what nanoseconds in 64 bits hold
constexpr std::uint64_t kSlotMillisecondsMax = 3'600'000;
constexpr std::uint64_t kSlotsPerEpochMax = 65'536;
constexpr std::size_t kNodeIdMax = 64;

// As typed, before it is understood.
struct Typed {
    std::string listen;
    std::string genesis_validators_root;
    std::uint64_t genesis_time{0};
    std::uint64_t slot_duration_ms{0};
};

bool good_node_id(const std::string& id) {
    static constexpr std::string_view kGood = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !id.empty() && id.size() <= kNodeIdMax && id.find_first_not_of(kGood) == std::string::npos;
}

void declare(OptionSet& set, Options& options, Typed& typed) {
    set.text({.name = "listen",
              .value = "ADDRESS:PORT",
              .help = "address of the API, loopback only; port 0: any free one",
              .required = true},
             typed.listen);
    set.text({.name = "data-dir", .value = "DIR", .help = "directory of the database; only this protector's", .required = true},
             options.data_directory);
    set.text({.name = "node-id",
              .value = "NAME",
              .help = "name of this protector, another one for each in the quorum",
              .required = true},
             options.node_id);
    set.number({.name = "genesis-time", .value = "UNIX", .help = "the chain's genesis, seconds since 1970", .required = true},
               typed.genesis_time, {0, kGenesisSecondsMax});
    set.text({.name = "genesis-validators-root", .value = "0x..", .help = "the chain's, 0x and 64 digits", .required = true},
             typed.genesis_validators_root);
    set.number({.name = "slot-duration-ms", .help = "length of a slot in milliseconds", .required = true},
               typed.slot_duration_ms, {1, kSlotMillisecondsMax});
    set.number({.name = "slots-per-epoch", .help = "slots in an epoch", .required = true}, options.slots_per_epoch,
               {1, kSlotsPerEpochMax});
    set.toggle({.name = "init", .help = "make a new, empty database, then run; refused if there is one", .in_file = false},
               options.init);
    set.choice(
        {.name = "log-level", .help = "least important lines that are written"}, options.log_level,
        std::vector<std::pair<std::string, LogLevel>>{
            {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}});
}

void understand(const Typed& typed, Options& options, Problems& problems) {
    const auto listen = parse_listen_address(typed.listen, options);
    if (!listen) problems.push_back("listen: " + listen.error().message);
    if (!good_node_id(options.node_id)) problems.emplace_back("node-id: expected 1 to 64 letters, digits, '-', '_' or '.'");
    const auto root = parse_hex<Root>(typed.genesis_validators_root);
    if (!root) problems.emplace_back("genesis-validators-root: expected 0x and 64 hexadecimal digits");
    if (root) options.genesis_validators_root = root.value();
    options.genesis_time = WallTime{std::chrono::seconds{typed.genesis_time}};
    options.slot_duration = std::chrono::milliseconds{typed.slot_duration_ms};
}

}  // namespace

Result<void> parse_listen_address(std::string_view text, Options& options) {
    const auto colon = text.rfind(':');
    const auto port = parse_decimal(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1));
    if (!port || port.value() > std::numeric_limits<std::uint16_t>::max()) {
        return failure(ErrorCode::kInvalidArgument, "'" + std::string{text} + "' is no ADDRESS:PORT");
    }
    std::string_view address = text.substr(0, colon);
    if (address.size() > 2 && address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
    if (!address.starts_with("127.") && address != "::1" && address != "localhost") {
        return failure(ErrorCode::kInvalidArgument,
                       "'" + std::string{address} + "' is not a loopback address; plain HTTP is served on loopback only");
    }
    options.address = address == "localhost" ? "127.0.0.1" : address;
    options.port = static_cast<std::uint16_t>(port.value());
    return success();
}

std::variant<Options, OptionSet::Answer, Problems> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    Typed typed;
    OptionSet set{"holdfast-protector", kSummary, kExamples};
    declare(set, options, typed);
    set.check_with([&typed, &options](Problems& problems) { understand(typed, options, problems); });
    auto outcome = set.parse(arguments);
    if (auto* answer = std::get_if<OptionSet::Answer>(&outcome)) return std::move(*answer);
    if (auto* problems = std::get_if<Problems>(&outcome)) return std::move(*problems);
    return options;
}

}  // namespace holdfast::protector
