// What blocks are to be like, put together from options and the file of single keys.
#include <algorithm>

#include "instance/settings.hpp"

namespace holdfast::instance {

namespace {

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

template <class T>
std::optional<T> take(const std::string& name, const Result<T>& parsed, std::vector<std::string>& problems) {
    if (parsed) return parsed.value();
    problems.push_back(name + ": " + parsed.error().message);
    return std::nullopt;
}

}  // namespace

std::vector<std::string> read_proposers(Settings& settings) {
    std::vector<std::string> problems;
    duties::ProposerSettings& proposers = settings.proposers;
    proposers = {};
    if (!settings.fee_recipient.empty()) {
        proposers.otherwise.fee_recipient =
            take("fee-recipient", duties::parse_fee_recipient(settings.fee_recipient), problems);
    }
    if (!settings.graffiti.empty()) {
        proposers.otherwise.graffiti = take("graffiti", duties::parse_graffiti(settings.graffiti), problems);
    }
    proposers.otherwise.gas_limit = settings.gas_limit;
    proposers.use_builder = settings.builder;
    proposers.builder_boost_factor = settings.builder_boost_factor;
    if (settings.proposer_settings.empty()) return problems;
    std::vector<std::string> of_file;
    proposers.by_key = duties::read_proposer_choices(settings.proposer_settings, of_file);
    for (const std::string& problem : of_file) problems.push_back("proposer-settings: " + problem);
    return problems;
}

std::vector<std::size_t> Settings::proposal_node_indices() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < beacon_nodes.size(); ++i) {
        const auto same = [&](const std::string& url) { return without_slash(url) == without_slash(beacon_nodes[i]); };
        if (std::ranges::any_of(proposal_nodes, same)) indices.push_back(i);
    }
    return indices;
}

}  // namespace holdfast::instance
