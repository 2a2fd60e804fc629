// What goes wrong in a world of troubles, and for how long.
#include <array>
#include <utility>

#include "tests/simulation/pair/world.hpp"

namespace holdfast::simulation::pair {

using healthcheck::Command;

namespace {

enum class Trouble : std::uint8_t {
    kKill,
    kFreeze,
    kStop,
    kCut,
    kWeather,
    kProtectors,
    kLoss,
    kAlternation,
    kCommand,
    kPowerCut,
};
constexpr std::array kMix{Trouble::kKill,       Trouble::kKill,    Trouble::kFreeze,  Trouble::kFreeze,  Trouble::kStop,
                          Trouble::kCut,        Trouble::kCut,     Trouble::kCut,     Trouble::kWeather, Trouble::kProtectors,
                          Trouble::kProtectors, Trouble::kLoss,    Trouble::kLoss,    Trouble::kLoss,    Trouble::kAlternation,
                          Trouble::kCommand,    Trouble::kCommand, Trouble::kPowerCut};
constexpr std::array kCommands{Command::kFailover,      Command::kFailover, Command::kForceFailover, Command::kFailback,
                               Command::kForceFailback, Command::kPause,    Command::kResume,        Command::kResume};
// A hung process is ended and started again by its supervisor.
constexpr Time kWatchdog = 15 * kSecond;
// What is over sooner is not seen by who watches the world.
constexpr Time kNoticed = 200 * kMillisecond;

}  // namespace

void World::next_trouble() {
    const Time pause = random().chance(40) ? ground_.base.random_time(3 * kSecond) : ground_.base.random_time(4 * slot());
    after(pause, [this] {
        if (healing_) return;
        ++ground_.watch.counts.troubles;
        trouble();
        next_trouble();
    });
}

void World::trouble() {
    const std::size_t number = random().below(kBoth);
    const Time how_long = random().chance(50) ? ground_.base.random_time(6 * kSecond) : ground_.base.random_time(60 * kSecond);
    switch (kMix[random().below(kMix.size())]) {
        case Trouble::kKill: return kill(number, how_long);
        case Trouble::kFreeze: return freeze(number, how_long);
        case Trouble::kStop: return stop(number, how_long);
        case Trouble::kCut: return cut_something(how_long);
        case Trouble::kWeather: return bad_weather(how_long);
        case Trouble::kProtectors: return crash_protectors(1 + random().below(2), how_long);
        case Trouble::kLoss:
            lose_something(number, how_long);
            if (random().chance(20)) lose_something(1 - number, how_long);
            return;
        case Trouble::kAlternation:
            ground_.say(party_name(number), "its nodes come and go");
            return alternate(nodes_of(number), kNoticed + ground_.base.random_time(4 * kSecond),
                             kNoticed + ground_.base.random_time(4 * kSecond), ground_.now() + how_long);
        case Trouble::kCommand: return command_something();
        case Trouble::kPowerCut: kill(kPrimary, how_long); return kill(kSecondary, ground_.base.random_time(10 * kSecond));
    }
}

void World::cut_something(Time how_long) {
    const std::size_t members = ground_.setup.base.members;
    const std::size_t number = random().below(kBoth);
    const bool both_ways = random().chance(60);
    std::vector<std::pair<std::size_t, std::size_t>> links;
    switch (random().below(5)) {
        case 0:  // the pair's link, the one that nobody needs
            links.emplace_back(ground_.endpoint(number), ground_.endpoint(1 - number));
            break;
        case 1:  // one instance from everybody
            links.emplace_back(ground_.endpoint(number), ground_.endpoint(1 - number));
            [[fallthrough]];
        case 2:  // one instance from all protectors
            for (std::size_t i = 0; i < members; ++i) links.emplace_back(ground_.endpoint(number), i);
            break;
        case 3:  // anybody from anybody
            for (std::size_t i = 0; i < 1 + random().below(4); ++i) {
                links.emplace_back(random().below(members + kBoth), random().below(members + kBoth));
            }
            break;
        default:  // two sides
            for (std::size_t i = 0; i < members; ++i) links.emplace_back(ground_.endpoint(random().below(kBoth)), i);
            break;
    }
    if (random().chance(30)) {
        for (auto& [a, b] : links) std::swap(a, b);
    }
    cut_for(std::move(links), both_ways, how_long);
}

void World::cut_for(std::vector<std::pair<std::size_t, std::size_t>> links, bool both_ways, Time how_long) {
    const auto set = [this, links = std::move(links), both_ways](bool is_cut) {
        for (const auto& [a, b] : links) {
            ground_.base.network.cut_one_way(a, b, is_cut);
            if (both_ways) ground_.base.network.cut_one_way(b, a, is_cut);
            if (!ground_.trace.on()) continue;
            ground_.say("network", std::to_string(a) + (both_ways ? " - " : " > ") + std::to_string(b) +
                                       (is_cut ? " is cut" : " is whole"));
        }
        ground_.watch.look();  // a cut may be over before the next regular look
    };
    set(true);
    after(how_long, [set] { set(false); });
}

void World::bad_weather(Time how_long) {
    Network::Weather weather;
    if (random().chance(60)) {
        weather.lost_percent = static_cast<unsigned>(5 + random().below(30));
        weather.resend_after = 200 * kMillisecond;
    }
    if (weather.lost_percent == 0 || random().chance(50)) {
        weather.slow_percent = static_cast<unsigned>(20 + random().below(80));
        weather.slow_max = 50 * kMillisecond + ground_.base.random_time(400 * kMillisecond);
    }
    ground_.say("network", "bad weather");
    ground_.base.network.set_weather(weather);
    ground_.watch.look();
    after(how_long, [this] {
        ground_.say("network", "calm again");
        ground_.base.network.set_weather({});
    });
}

// Restored to what is right, whoever else has broken it meanwhile.
void World::lose_something(std::size_t number, Time how_long) {
    Truth& its = truth(number);
    const std::string who = party_name(number);
    switch (random().below(6)) {
        case 0:
        case 1:
            its.nodes_fit = random().below(ground_.setup.threshold + 1);
            ground_.say(who, "has fewer nodes: " + std::to_string(its.nodes_fit));
            return after(how_long, [this, &its, who] {
                ground_.say(who, "has its nodes again");
                its.nodes_fit = ground_.setup.nodes;
            });
        case 2:
            its.heads = false;
            ground_.say(who, "hears no heads");
            return after(how_long, [&its] { its.heads = true; });
        case 3:
            its.signer = false;
            ground_.say(who, "its signer is gone");
            return after(how_long, [this, &its, who] {
                ground_.say(who, "its signer is back");
                its.signer = true;
            });
        case 4:
            its.clock_ahead = ground_.base.random_time(12 * kSecond) - 6 * kSecond;
            ground_.say(who, "its clock is off by " + std::to_string(its.clock_ahead / kMillisecond) + " ms");
            return after(how_long, [this, &its, who] {
                ground_.say(who, "its clock is right");
                its.clock_ahead = 0;
            });
        default:
            its.hung = true;
            ground_.say(who, "its duty loop hangs");
            return after(std::min(how_long, kWatchdog), [this, &its, number, how_long] {
                its.hung = false;
                if (how_long >= kWatchdog && !healing_) kill(number, ground_.base.random_time(kSecond));
            });
    }
}

void World::command_something() { party(random().below(kBoth)).command(kCommands[random().below(kCommands.size())]); }

}  // namespace holdfast::simulation::pair
