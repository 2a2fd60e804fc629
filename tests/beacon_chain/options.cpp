#include "tests/beacon_chain/options.hpp"

#include <CLI/CLI.hpp>
#include <limits>

namespace holdfast::sim {
namespace {

constexpr const char* kExamples = R"(
Examples:
  3 nodes on free ports, 64 validators, epochs of 16 s, keystores for a client; runs until it is stopped:
    holdfast-sim --write-keystores /tmp/keys
  2 epochs, then the score on stdout; the client has keys 0-15, the simulation attests for the others:
    holdfast-sim --epochs 2 --keys 0:16 --attest-rest 16:48 --write-keystores /tmp/keys
  10,000 validators in the mainnet preset, nodes that see each block 60 ms after one another:
    holdfast-sim --preset mainnet --slot-ms 12000 --validators 10000 --node-lag-ms 60
The first line on stdout tells the nodes' URLs, the admin URL and genesis as JSON. docs/simulated-chain.md has the rest.)";

// What is text on the command line and becomes something else.
struct Texts {
    std::string preset{"minimal"};
    std::string fork{"electra"};
    std::string keys;
    std::string score;
    std::string attest_rest;
    std::uint64_t validators{64};
    std::uint64_t slot_ms{2000};
    std::uint64_t seed{1};
    std::uint64_t proposals_of_ours{0};
    std::uint64_t builder_every{0};
    std::uint64_t gloas_epoch{std::numeric_limits<std::uint64_t>::max()};
    std::uint64_t fulu_epoch{std::numeric_limits<std::uint64_t>::max()};
};

void add_chain_options(CLI::App& app, Texts& texts) {
    app.add_option("--validators", texts.validators, "interop keys 0 to this minus one")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--preset", texts.preset)->check(CLI::IsMember({"minimal", "mainnet"}))->capture_default_str();
    app.add_option("--slot-ms", texts.slot_ms, "length of a slot")->check(CLI::Range(50, 600'000))->capture_default_str();
    app.add_option("--fork", texts.fork, "in force at genesis")
        ->check(CLI::IsMember({"electra", "fulu"}))
        ->capture_default_str();
    app.add_option("--fulu-epoch", texts.fulu_epoch, "Electra before, Fulu from this epoch on");
    app.add_option("--gloas-epoch", texts.gloas_epoch, "Gloas from this epoch on; Fulu must be in force before");
    app.add_option("--proposals-of-ours", texts.proposals_of_ours,
                   "every so many slots the proposer is one of the validators; 0: never")
        ->capture_default_str();
    app.add_option("--builder-every", texts.builder_every, "every so many slots nodes offer a builder's block; 0: never")
        ->capture_default_str();
    app.add_option("--seed", texts.seed, "another seed is another chain")->capture_default_str();
}

void add_run_options(CLI::App& app, Options& options, Texts& texts) {
    SimulationOptions& simulation = options.simulation;
    app.add_option("--nodes", simulation.nodes)->check(CLI::Range(1, 100))->capture_default_str();
    app.add_option("--address", simulation.address, "where the nodes listen; 0.0.0.0: everywhere")->capture_default_str();
    app.add_option("--base-port", options.base_port, "node i listens on this plus i; 0: free ports")->capture_default_str();
    app.add_option("--admin-port", options.admin_port, "0: a free port")->capture_default_str();
    app.add_option("--genesis-delay-ms", simulation.genesis_delay_ms, "rounded up to a whole second")->capture_default_str();
    app.add_option("--block-ms", simulation.block_ms, "into its slot, when a block arrives")->capture_default_str();
    app.add_option("--node-lag-ms", simulation.node_lag_ms, "node i sees blocks i times this later")->capture_default_str();
    app.add_option("--epochs", simulation.epochs, "end when these are scored; 0: never")->capture_default_str();
    app.add_option("--write-keystores", options.keystores, "folder for EIP-2335 keystores and their passwords");
    app.add_option("--keys", texts.keys, "FIRST:COUNT of the keystores; all but --attest-rest if not given");
    app.add_option("--attest-rest", texts.attest_rest, "FIRST:COUNT for whom the simulation attests itself, perfectly");
    app.add_option("--score", texts.score, "FIRST:COUNT to score; all but --attest-rest if not given");
    app.add_flag("--json", options.json, "nothing for people on stderr");
}

Result<IndexRange> range_within(const std::string& name, const std::string& text, std::uint64_t validators) {
    auto range = parse_range(text);
    if (!range) return with_context(name, range.error());
    if (range.value().first + range.value().count > validators) {
        return failure(ErrorCode::kInvalidArgument,
                       name + ": " + text + " is more than the " + std::to_string(validators) + " validators");
    }
    return range;
}

Result<void> complete(Options& options, const Texts& texts) {
    HOLDFAST_TRY(ChainConfig config, config_of_preset(texts.preset));
    config.validators = texts.validators;
    config.slot_ms = texts.slot_ms;
    config.seed = texts.seed;
    config.proposals_of_ours = texts.proposals_of_ours;
    config.fulu_epoch = Epoch{texts.fork == "fulu" ? 0 : texts.fulu_epoch};
    config.gloas_epoch = Epoch{texts.gloas_epoch};
    if (config.gloas_epoch < config.fulu_epoch)
        return failure(ErrorCode::kInvalidArgument, "--gloas-epoch must not be before Fulu's: --fork fulu, or --fulu-epoch");
    SimulationOptions& simulation = options.simulation;
    simulation.config = config;
    if (simulation.block_ms >= texts.slot_ms)
        return failure(ErrorCode::kInvalidArgument, "--block-ms must be less than --slot-ms");
    if (!texts.attest_rest.empty()) {
        HOLDFAST_TRY(simulation.attest_rest, range_within("--attest-rest", texts.attest_rest, config.validators));
    }
    if (!texts.score.empty()) {
        HOLDFAST_TRY(const IndexRange scored, range_within("--score", texts.score, config.validators));
        simulation.scored = scored;
    }
    simulation.builder_every = texts.builder_every;
    // Proposers are drawn from those that are scored.
    const IndexRange ours = simulation.scored.value_or(IndexRange{0, config.validators});
    simulation.config.first_of_ours = ours.first;
    simulation.config.count_of_ours = ours.count;
    // Keys of validators that the simulation attests for would be slashed if a client used them too.
    const IndexRange& rest = simulation.attest_rest;
    options.keys = {0, rest.count == 0 ? config.validators : rest.first};
    if (!texts.keys.empty()) {
        HOLDFAST_TRY(options.keys, range_within("--keys", texts.keys, config.validators));
    }
    return success();
}

}  // namespace

Result<IndexRange> parse_range(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return failure(ErrorCode::kInvalidArgument, "'" + text + "' is not FIRST:COUNT");
    const auto first = parse_decimal(text.substr(0, colon));
    const auto count = parse_decimal(text.substr(colon + 1));
    constexpr std::uint64_t kMost = 1'000'000;
    if (!first || !count || first.value() > kMost || count.value() > kMost) {
        return failure(ErrorCode::kInvalidArgument, "'" + text + "' is not FIRST:COUNT");
    }
    return IndexRange{first.value(), count.value()};
}

ParsedOptions parse_options(int argc, const char* const* argv) {
    CLI::App app{"A simulated beacon chain that verifies all it is sent and keeps the score.", "holdfast-sim"};
    app.footer(kExamples);
    Options options;
    Texts texts;
    add_run_options(app, options, texts);
    add_chain_options(app, texts);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return {std::nullopt, app.exit(error) == 0 ? 0 : 2};
    }
    const auto completed = complete(options, texts);
    if (!completed) {
        std::fprintf(stderr, "holdfast-sim: %s\n", completed.error().message.c_str());
        return {std::nullopt, 2};
    }
    return {std::move(options), 0};
}

}  // namespace holdfast::sim
