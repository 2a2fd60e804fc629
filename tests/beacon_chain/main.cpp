// holdfast-sim: a simulated beacon chain. docs/simulated-chain.md.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "shared/base/real_clock.hpp"
#include "tests/beacon_chain/admin.hpp"
#include "tests/beacon_chain/keystore_files.hpp"
#include "tests/beacon_chain/options.hpp"

namespace holdfast::sim {
namespace {

void print_line(const std::string& line) {
    std::fprintf(stdout, "%s\n", line.c_str());
    std::fflush(stdout);
}

void derive_all(SignatureChecker& keys) {
    const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t share = keys.size() / threads + 1;
    std::vector<std::jthread> workers;
    for (std::size_t first = 0; first < keys.size(); first += share) {
        workers.emplace_back([&keys, first, end = std::min(first + share, keys.size())] { keys.derive(first, end); });
    }
}

std::string start_line(Simulation& simulation, const Admin& admin, Clock& clock) {
    const ChainConfig& config = simulation.options().config;
    Json::Value line;
    for (std::size_t number = 0; number < simulation.size(); ++number) line["nodes"].append(simulation.node(number).url());
    line["admin"] = admin.url();
    line["genesis_time"] = Json::Int64{simulation.time().genesis_seconds()};
    line["genesis_validators_root"] = to_hex(genesis_validators_root_of(config));
    line["slot_ms"] = Json::UInt64{config.slot_ms};
    line["slots_per_epoch"] = Json::UInt64{config.slots_per_epoch};
    line["validators"] = Json::UInt64{config.validators};
    line["fork"] = fork_at(config, Epoch{0}).name;
    line["seconds_to_genesis"] = to_ms(simulation.time().genesis() - clock.now()) / 1000;
    return one_line(line);
}

// One line for people at the end of each epoch, two slots into the next one.
Task<void> tell_epochs(Simulation& simulation, Clock& clock) {
    const ChainConfig& config = simulation.options().config;
    for (Epoch epoch{0};; ++epoch) {
        co_await sleep_until(clock, simulation.time().start_of(config.last_slot(epoch) + kInclusionSlots + 1));
        const Json::Value score = simulation.score(true);
        for (const Json::Value& entry : score["epochs"]) {
            if (entry["epoch"].asUInt64() != epoch.value) continue;
            std::fprintf(
                stderr,
                "epoch %s: %u duties, %u included, target %u, head %u right; slashable pairs %u; justified %s, finalised %s\n",
                to_string(epoch).c_str(), entry["duties"].asUInt(), entry["included"].asUInt(), entry["right_target"].asUInt(),
                entry["right_head"].asUInt(), score["slashable_pairs"].asUInt(),
                to_string(simulation.head().state.finality.current_justified.epoch).c_str(),
                to_string(simulation.head().state.finality.finalized.epoch).c_str());
        }
    }
}

Task<void> run_to_end(Simulation& simulation, boost::asio::io_context& io) {
    co_await simulation.run();
    io.stop();
}

// Ends every task while what it uses is still there.
void close_all(boost::asio::io_context& io, TaskGroup& tasks, Simulation& simulation, Admin& admin) {
    io.restart();
    tasks.cancel();
    tasks.spawn("close the admin interface", admin.close());
    tasks.spawn("close the nodes", simulation.close());
    while (tasks.size() != 0) io.run_one();
}

int fail(const Error& error) {
    std::fprintf(stderr, "holdfast-sim: %s\n", error.message.c_str());
    return 1;
}

int run(const Options& options) {
    boost::asio::io_context io;
    RealClock clock{io.get_executor()};
    SystemRandom random;
    WorkerPool pool{2};  // one verifies what was gathered, the other what somebody waits for
    SignatureChecker keys{options.simulation.config.validators};
    derive_all(keys);
    if (!options.keystores.empty()) {
        const auto written = write_keystores(options.keystores, options.keys, keys, random);
        if (!written) return fail(written.error());
    }
    Simulation simulation{io.get_executor(), clock, random, pool, keys, options.simulation};
    Admin admin{io.get_executor(), clock, simulation};
    auto opened = simulation.open(options.base_port);
    if (opened) opened = admin.open(options.admin_port);
    TaskGroup tasks{io.get_executor()};
    if (!opened) {
        close_all(io, tasks, simulation, admin);
        return fail(opened.error());
    }
    print_line(start_line(simulation, admin, clock));

    boost::asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&io](const boost::system::error_code& error, int) {
        if (!error) io.stop();
    });
    tasks.spawn("chain", run_to_end(simulation, io));
    if (!options.json) tasks.spawn("epochs", tell_epochs(simulation, clock));
    io.run();
    close_all(io, tasks, simulation, admin);
    if (options.simulation.epochs != 0) print_line(one_line(simulation.score(true)));
    return 0;
}

}  // namespace
}  // namespace holdfast::sim

int main(int argc, char** argv) {
    const holdfast::sim::ParsedOptions parsed = holdfast::sim::parse_options(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    return holdfast::sim::run(*parsed.options);
}
