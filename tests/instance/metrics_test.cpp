// Goal: docs/metrics.md lists what /metrics shows: names, labels, kinds. Method: everything that makes metrics is fed once,
// what is rendered then is compared with the tables in both directions.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "instance/ha_metrics.hpp"
#include "instance/measured.hpp"
#include "instance/process_metrics.hpp"
#include "shared/duties/possible_reasons.hpp"
#include "shared/validator/engine_metrics.hpp"
#include "tests/shared/validator/engine_fixture.hpp"

namespace holdfast::instance {
namespace {

using duties::DutyKind;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class SilentHttp final : public net::HttpClient {
public:
    int status{200};
    Task<Result<net::HttpResponse>> send(net::HttpRequest /*request*/, SteadyTime /*deadline*/) override {
        if (status == 0) co_return failure(ErrorCode::kTimeout, "silence");
        co_return net::make_response(status, "application/json", "{}");
    }
    Task<Result<void>> stream(net::HttpRequest /*request*/, Duration /*silence_max*/,
                              std::function<bool(std::string_view)> on_data) override {
        on_data("event: head");
        co_return success();
    }
};

class MetricsTest : public validator::EngineFixture {
protected:
    Metrics metrics;
    validator::EngineMetrics engine_metrics{metrics};
    HaMetrics ha{metrics, Part::kSecondary};
    ProcessMetrics process{metrics, WallTime{1'800'000'000s}};

    static Task<void> ask(net::HttpClient& http, std::string url) {
        net::HttpRequest request;
        request.url = std::move(url);
        net::HttpRequest events = request;
        const Result<net::HttpResponse> answer = co_await http.send(std::move(request), SteadyTime{});
        static_cast<void>(answer);
        std::function<bool(std::string_view)> on_data = [](std::string_view) { return true; };
        const Result<void> ended = co_await http.stream(std::move(events), 1s, std::move(on_data));
        static_cast<void>(ended);
    }
    std::unique_ptr<SilentHttp> silent{std::make_unique<SilentHttp>()};
    SilentHttp* http{silent.get()};
    MeasuredHttpClient measured{std::move(silent), clock, metrics};
    void ask_for(const std::string& url) {
        TaskGroup tasks{io.get_executor()};
        tasks.spawn("ask", ask(measured, url));
        time.advance(1ms);
    }

    // What became of one duty of each kind.
    void feed_duties() {
        for (const DutyKind kind : duties::kAllDuties) {
            duties::DutyReport report;
            report.kind = kind;
            report.due = 3;
            report.done = 2;
            report.started = 1ms;
            report.posted = 700ms;
            report.of_nodes.emplace_back(1, std::pair{20.0, 30.0});
            report.miss(duties::MissedReason::kPublishFailed, 1, "refused");
            if (kind != DutyKind::kAttestation) engine_metrics.on_duty(report);
        }
        for (const duties::SlotReport& report : reports) engine_metrics.on_report(report);
    }
    void feed() {
        engine_metrics.use_nodes({"http://node1", "http://user:secret@node2:5052/", "http://node3"});
        chain.proposers = {{18, 1}};
        begin();
        go_to(20, 0s);
        feed_duties();
        engine_metrics.on_event({0, {}, beacon::HeadEvent{Slot{5}, {}, {}, {}, false}}, 300ms);
        validator::InclusionReport inclusion;
        inclusion.included = {{1, 5}, {9, 1}};
        engine_metrics.on_inclusion(inclusion);
        engine_metrics.on_protector_latency("p1", 2ms);
        engine_metrics.on_signed(signing::MessageKind::kRandaoReveal, 1);
        ask_for("http://node2:5052/eth/v1/validator/duties/attester/77?x=1");
        engine_metrics.read(*engine);
        ha.on_change({WallTime{}, {"armed", "suspecting", "why"}}, SteadyTime{});
        ha.on_answer(1ms);
        ha.read({}, std::nullopt);
        process.read();
    }

    // name{labels} and kind, as the document writes them.
    static std::set<std::string> rows_of(const std::string& rendered) {
        std::map<std::string, std::string> kinds;
        std::map<std::string, std::set<std::string>> labels;
        std::istringstream lines{rendered};
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("# TYPE ")) {
                std::istringstream words{line.substr(7)};
                std::string name;
                std::string kind;
                words >> name >> kind;
                kinds[name] = kind;
            }
            if (line.empty() || line[0] == '#') continue;
            std::string name = line.substr(0, line.find_first_of("{ "));
            for (const std::string end : {"_bucket", "_sum", "_count"}) {
                const std::string shorter = name.substr(0, name.size() - std::min(name.size(), end.size()));
                if (name.ends_with(end) && kinds.contains(shorter)) name = shorter;
            }
            labels[name];
            for (std::size_t at = line.find('{'); at < line.rfind('}') && at != std::string::npos;
                 at = line.find(',', at + 1)) {
                const std::string label = line.substr(at + 1, line.find('=', at) - at - 1);
                if (label != "le") labels[name].insert(label);
            }
        }
        std::set<std::string> rows;
        for (const auto& [name, kind] : kinds) {
            std::string all;
            for (const std::string& label : labels[name]) all += (all.empty() ? "" : ",") + label;
            rows.insert(name + (all.empty() ? "" : "{" + all + "}") + " " + kind);
        }
        return rows;
    }
    // The same of the document's tables, labels in the same order.
    static std::set<std::string> rows_of_document() {
        std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/metrics.md"};
        std::set<std::string> rows;
        for (std::string line; std::getline(file, line);) {
            if (!line.starts_with("| `")) continue;
            const std::string metric = line.substr(3, line.find('`', 3) - 3);
            const std::size_t kind = line.find("| ", 3) + 2;
            const std::size_t open = metric.find('{');
            std::set<std::string> sorted;
            if (open != std::string::npos) {
                std::istringstream labels{metric.substr(open + 1, metric.size() - open - 2)};
                for (std::string label; std::getline(labels, label, ',');) sorted.insert(label);
            }
            std::string all;
            for (const std::string& label : sorted) all += (all.empty() ? "" : ",") + label;
            rows.insert(metric.substr(0, open) + (all.empty() ? "" : "{" + all + "}") + " " +
                        line.substr(kind, line.find(' ', kind) - kind));
        }
        return rows;
    }
};

TEST_F(MetricsTest, TheDocumentListsWhatIsShown) {
    feed();
    const std::set<std::string> shown = rows_of(metrics.render());
    const std::set<std::string> written = rows_of_document();
    for (const std::string& row : shown) EXPECT_TRUE(written.contains(row)) << "not in docs/metrics.md: " << row;
    for (const std::string& row : written) EXPECT_TRUE(shown.contains(row)) << "not shown: " << row;
}

TEST_F(MetricsTest, EveryReasonThatCanBeIsThereFromTheStart) {
    const std::string text = metrics.render();
    for (const DutyKind kind : duties::kAllDuties) {
        for (const duties::MissedReason reason : duties::possible_reasons(kind)) {
            EXPECT_THAT(text, HasSubstr("duty_missed_total{duty=\"" + std::string{to_string(kind)} + "\",reason=\"" +
                                        std::string{code_of(reason)} + "\"} 0"));
        }
    }
    EXPECT_THAT(text, HasSubstr("errors_total{error_type=\"block-produce\"} 0"));
}

TEST_F(MetricsTest, FiguresOfDuties) {
    feed();
    const std::string text = metrics.render();
    for (const char* line :
         {"vc_published_attestations_total 8", "vc_published_blocks_total 2", "vc_published_sync_committee_messages_total 2",
          "vc_published_aggregate_attestations_total 2",
          "duty_missed_total{duty=\"block-proposal\",reason=\"publish_failed\"} 1",
          "errors_total{error_type=\"block-publish\"} 1", "duty_start_time_count{duty=\"attestation\"} 4",
          "beacon_node_consensus_block_value_sum{host=\"node2:5052\"} 20",
          "beacon_node_execution_payload_value_sum{host=\"node2:5052\"} 30", "beacon_node_score{host=\"node1\"}",
          "head_event_time_count{host=\"node1\"} 1", "vc_included_attestations_total{distance=\"4\"} 1",
          "validator_status{status=\"active_ongoing\"} 16", "slashing_detected 0",
          "signed_messages_total{signable_message_type=\"RandaoRevealSignableMessage\"} 1"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
    EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(MetricsTest, RequestsByTheirPathWithoutNumbers) {
    EXPECT_EQ(path_of("http://a:1/eth/v1/validator/duties/attester/77?x=1"), "/eth/v1/validator/duties/attester/{number}");
    EXPECT_EQ(path_of("http://a:1/eth/v1/beacon/blocks/0x12ab/root"), "/eth/v1/beacon/blocks/{root}/root");
    EXPECT_EQ(path_of("http://a:1/eth/v1/beacon/blocks/head/root"), "/eth/v1/beacon/blocks/head/root");
    EXPECT_EQ(path_of("http://a:1"), "/");
    ask_for("http://node2:5052/eth/v1/node/version");
    http->status = 0;
    ask_for("http://node2:5052/eth/v1/node/version");
    const std::string text = metrics.render();
    EXPECT_THAT(
        text, HasSubstr("path=\"/eth/v1/node/version\",request_type=\"None\",service_type=\"beacon_node\",status=\"200\"} 1"));
    EXPECT_THAT(text, HasSubstr("status=\"no answer\"} 1"));
    EXPECT_THAT(text, HasSubstr("receive_bytes_total{host=\"node2:5052\",service_type=\"beacon_node\"} 24"));
}

}  // namespace
}  // namespace holdfast::instance
