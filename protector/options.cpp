#include "protector/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::protector {
namespace {

constexpr const char* kDescription =
    "holdfast-protector: one member of the slashing-protection quorum. It records what validators sign and refuses whatever\n"
    "conflicts with that.\n";

constexpr const char* kExamples =
    "\nExamples:\n"
    "  A new protector for mainnet (only once: never for one whose database was lost):\n"
    "    holdfast-protector --listen 127.0.0.1:7001 --data-dir /var/lib/holdfast-protector --node-id p1 --init \\\n"
    "      --genesis-time 1606824023 --slot-duration-ms 12000 --slots-per-epoch 32 \\\n"
    "      --genesis-validators-root 0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95\n"
    "  Afterwards: the same without --init.\n"
    "\nExit codes: 0 stopped as asked, 1 failed while running, 2 wrong options or unusable data directory.\n";

// As typed; checked after all flags are known, so that every problem is told.
struct Typed {
    std::string listen;
    std::string genesis_validators_root;
    std::uint64_t genesis_time{0};
    std::uint64_t slot_duration_ms{0};
};

void declare(CLI::App& app, Options& options, Typed& typed) {
    app.add_option("--listen", typed.listen, "address and port of the API; loopback only; port 0: any free one")->required();
    app.add_option("--data-dir", options.data_directory, "directory of the database; only this protector's")->required();
    app.add_option("--node-id", options.node_id, "name of this protector, another one for each in the quorum")->required();
    app.add_option("--genesis-time", typed.genesis_time, "the chain's genesis, seconds since 1970")->required();
    app.add_option("--genesis-validators-root", typed.genesis_validators_root, "the chain's, 0x and 64 digits")->required();
    app.add_option("--slot-duration-ms", typed.slot_duration_ms, "length of a slot in milliseconds")->required();
    app.add_option("--slots-per-epoch", options.slots_per_epoch, "slots in an epoch")->required();
    app.add_flag("--init", options.init, "make a new, empty database, then run; refused if there is one");
    app.add_option("--log-level", options.log_level, "debug, info, warn or error")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
        ->capture_default_str();
    app.set_config("--config", "", "a TOML file with these options; flags win over it");
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.set_version_flag("--version", "holdfast-protector " HOLDFAST_VERSION);
    app.footer(kExamples);
}

void note(std::string& problems, const Result<void>& checked) {
    if (!checked) problems += (problems.empty() ? "" : "\n") + checked.error().message;
}

Result<void> check(bool good, const char* message) {
    if (!good) return failure(ErrorCode::kInvalidArgument, message);
    return success();
}

bool good_node_id(const std::string& id) {
    const auto good = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.'; };
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), good);
}

Result<void> take(const Typed& typed, Options& options) {
    constexpr std::uint64_t kSecondsMax = 9'000'000'000;  // what nanoseconds in 64 bits hold
    constexpr std::uint64_t kSlotMax = 3'600'000;
    std::string problems;
    note(problems, parse_listen_address(typed.listen, options));
    note(problems, check(good_node_id(options.node_id), "--node-id: 1 to 64 letters, digits, '-', '_' or '.'"));
    note(problems, check(typed.genesis_time <= kSecondsMax, "--genesis-time: expected seconds since 1970"));
    note(problems, check(typed.slot_duration_ms > 0 && typed.slot_duration_ms <= kSlotMax, "--slot-duration-ms: 1 to 3600000"));
    note(problems, check(options.slots_per_epoch > 0 && options.slots_per_epoch <= 65'536, "--slots-per-epoch: 1 to 65536"));
    const auto root = parse_hex<Root>(typed.genesis_validators_root);
    note(problems, check(root.has_value(), "--genesis-validators-root: expected 0x and 64 hexadecimal digits"));
    if (!problems.empty()) return failure(ErrorCode::kInvalidArgument, problems);
    options.genesis_validators_root = root.value();
    options.genesis_time = WallTime{std::chrono::seconds{typed.genesis_time}};
    options.slot_duration = std::chrono::milliseconds{typed.slot_duration_ms};
    return success();
}

}  // namespace

Result<void> parse_listen_address(std::string_view text, Options& options) {
    const auto colon = text.rfind(':');
    const auto port = parse_decimal(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1));
    if (!port || port.value() > std::numeric_limits<std::uint16_t>::max()) {
        return failure(ErrorCode::kInvalidArgument, "--listen: '" + std::string{text} + "' is no ADDRESS:PORT");
    }
    std::string_view address = text.substr(0, colon);
    if (address.size() > 2 && address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
    if (!address.starts_with("127.") && address != "::1" && address != "localhost") {
        return failure(ErrorCode::kInvalidArgument,
                       "--listen: '" + std::string{address} + "' is not a loopback address; plain HTTP is served on loopback only");
    }
    options.address = address == "localhost" ? "127.0.0.1" : address;
    options.port = static_cast<std::uint16_t>(port.value());
    return success();
}

Result<std::variant<Options, NothingToRun>> parse_options(int argc, const char* const* argv) {
    CLI::App app{kDescription, "holdfast-protector"};
    Options options;
    Typed typed;
    declare(app, options, typed);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {  // --help, --version
        app.exit(success);
        return NothingToRun{};
    } catch (const CLI::Error& error) {
        return failure(ErrorCode::kInvalidArgument, error.what());
    }
    HOLDFAST_TRY(take(typed, options));
    return std::variant<Options, NothingToRun>{std::move(options)};
}

}  // namespace holdfast::protector
