#include "instance/options.hpp"

namespace holdfast::instance {

namespace {

constexpr std::uint64_t kGasLimitMax = ~std::uint64_t{0} >> 1U;

}  // namespace

void add_duties(OptionSet& options, Settings& settings) {
    options.text({.name = "fee-recipient",
                  .value = "ADDRESS",
                  .help = "who gets the fees of blocks, as 0x and 40 digits, for keys that the file below doesn't name",
                  .standard = "none"},
                 settings.fee_recipient);
    options.text({.name = "graffiti", .value = "TEXT", .help = "what blocks carry, at most 32 bytes", .standard = "none"},
                 settings.graffiti);
    options.number({.name = "gas-limit", .value = "GAS", .help = "what builders are told, and from Gloas on everybody"},
                   settings.gas_limit, {1, kGasLimitMax});
    options.text({.name = "proposer-settings",
                  .value = "FILE",
                  .help = "TOML file with fee recipient, gas limit and graffiti of single keys",
                  .standard = "none"},
                 settings.proposer_settings);
    options.toggle({.name = "builder", .help = "register with builders, and take their blocks"}, settings.builder);
    options.number({.name = "builder-boost-factor",
                    .value = "PERCENT",
                    .help = "how much a builder's payment counts beside a block of the node's own"},
                   settings.builder_boost_factor, {});
    options.list({.name = "proposal-nodes",
                  .value = "URL,URL",
                  .help = "which of the beacon nodes are asked for blocks",
                  .standard = "all"},
                 settings.proposal_nodes);
    options.choice({.name = "doppelganger-detection",
                    .help = "on or off: after a cold start no key is used before two epochs show nobody else using it"},
                   settings.doppelganger_detection, {{"on", true}, {"off", false}});
    options.choice(
        {.name = "on-slashing", .help = "halt-validator or halt-all: who signs nothing any more when a key of ours is slashed"},
        settings.on_slashing,
        {{"halt-validator", validator::OnSlashing::kHaltValidator}, {"halt-all", validator::OnSlashing::kHaltAll}});
    options.text({.name = "data-dir",
                  .value = "DIR",
                  .help = "directory for the duties of this and the next epoch, so that a restart needs no node for them",
                  .standard = "none"},
                 settings.data_dir);
}

}  // namespace holdfast::instance
