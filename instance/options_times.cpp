#include "instance/options.hpp"

namespace holdfast::instance {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr OptionSet::Range kCounts{1, 100};

void add_health(OptionSet& options, Settings& settings) {
    healthcheck::FailoverTimes& times = settings.times;
    options.duration({.name = "sample-interval", .help = "how often its own health is looked at"}, times.sample_interval,
                     milliseconds{10}, seconds{10});
    options.number({.name = "fall", .value = "N", .help = "bad samples in a row until a check is bad"}, settings.fall, kCounts);
    options.number({.name = "rise", .value = "N", .help = "good samples in a row until it is good again"}, settings.rise,
                   kCounts);
}

void add_looks(OptionSet& options, healthcheck::FailoverTimes& times) {
    options.duration({.name = "look-interval", .help = "how often protectors are asked whom they hear, while it matters"},
                     times.look_interval, milliseconds{50}, minutes{1});
    options.duration({.name = "look-timeout", .help = "how long their answers may take"}, times.look_timeout, milliseconds{10},
                     minutes{1});
    options.duration({.name = "witness-age", .help = "an instance that protectors heard so lately is there"}, times.witness_age,
                     milliseconds{50}, minutes{5});
    options.duration({.name = "vacancy", .help = "one that no protector has heard for so long is not there"}, times.vacancy,
                     milliseconds{50}, minutes{10});
    options.duration({.name = "patience", .help = "so long another instance may be on duty without being well"}, times.patience,
                     milliseconds{50}, minutes{10});
}

void add_handovers(OptionSet& options, healthcheck::FailoverTimes& times) {
    options.duration({.name = "handover-timeout", .help = "so long an instance that has drained waits for the other"},
                     times.handover_timeout, milliseconds{100}, minutes{10});
    options.duration({.name = "stop-timeout", .help = "so long a stop waits for the handover before it"}, times.stop_timeout,
                     milliseconds{100}, hours{1});
    options.duration({.name = "acquire-timeout", .help = "one attempt to go on duty"}, times.acquire_timeout, milliseconds{100},
                     minutes{10});
}

void add_polls(OptionSet& options, Settings& settings) {
    healthcheck::FailoverTimes& times = settings.times;
    options.duration({.name = "poll-interval", .help = "how often the primary is polled"}, times.poll_interval,
                     milliseconds{50}, minutes{1});
    options.duration({.name = "poll-timeout", .help = "so long its answer may take"}, times.poll_timeout, milliseconds{10},
                     minutes{1});
    options.number(
        {.name = "polls-to-suspect", .value = "N", .help = "polls without a good answer in a row until it is doubted"},
        settings.polls_to_suspect, kCounts);
    options.duration({.name = "start-grace", .help = "for a primary that was not seen on duty since the start"},
                     times.start_grace, Duration{}, hours{1});
    options.duration({.name = "failback-after", .help = "so long the primary must have been ready before duty goes back"},
                     times.failback_after, Duration{}, hours{24});
    options.duration({.name = "failback-after-max", .help = "the delay doubles with each takeover, up to this"},
                     times.failback_after_max, Duration{}, hours{24 * 7});
}

}  // namespace

void add_times(OptionSet& options, Settings& settings) {
    add_health(options, settings);
    add_polls(options, settings);
    add_looks(options, settings.times);
    add_handovers(options, settings.times);
}

}  // namespace holdfast::instance
