// The calls about what is recorded: halts, enrolment, records, interchange, integrity.
#include <utility>

#include "protector/member_call.hpp"
#include "protector/service.hpp"
#include "shared/base/log.hpp"
#include "shared/protection/interchange.hpp"
#include "shared/protection/json_reader.hpp"
#include "shared/protection/wire.hpp"

namespace holdfast::protector {

using net::HttpResponse;
using net::make_error;

namespace {

HttpResponse octet_response(std::string body) {
    return net::make_response(200, std::string{protection::kOctetType}, std::move(body));
}

bool accepts_octets(const net::ServerRequest& request) {
    const auto accept = net::find_header(request.message.headers, "accept");
    return accept && accept->find(protection::kOctetType) != std::string_view::npos;
}

Command make_command(Call call, std::vector<PublicKey> keys) {
    if (call == Call::kEnrol) return EnrolCommand{std::move(keys)};
    return HaltCommand{std::move(keys), call == Call::kHalt};
}

const char* done_word(Call call) {
    if (call == Call::kEnrol) return "enrolled";
    return call == Call::kHalt ? "halted" : "no longer halted";
}

}  // namespace

Service::Answer Service::change_keys(Question& question) {
    auto parsed = co_await parse(question, &protection::parse_keys_request);
    if (!parsed) co_return make_error(400, parsed.error().message);
    Refused refused = refuse(question, parsed.value().head);
    if (refused) co_return std::move(*refused);
    const Call call = question.route.call;
    const std::string first = parsed.value().keys.empty() ? "" : to_short_hex(parsed.value().keys.front());
    Command command = make_command(call, std::move(parsed.value().keys));
    const Applied applied = co_await parts_.store.apply(std::move(command));
    if (applied.changed > 0) {
        log_warn("{} validators {} by {}, first {}", applied.changed, done_word(call), question.client.text(), first);
    }
    co_return json_response(render(protection::KeysAnswer{parts_.membership.node(), applied.changed}));
}

Service::Answer Service::records_of_epoch(Question& question) {
    const auto epoch = parse_decimal(question.request.parameter("target_epoch").value_or(""));
    if (!epoch) co_return make_error(400, "target_epoch: expected a decimal number");
    protection::RecordsAnswer answer;
    answer.groups = co_await parts_.store.records_for(Epoch{epoch.value()});
    answer.head = answer_head();
    if (accepts_octets(question.request)) co_return octet_response(protection::wire::encode_records(answer));
    auto work = [answer = std::move(answer)] { return render(answer); };
    std::string text = co_await parts_.workers.run(std::move(work));
    co_return json_response(std::move(text));
}

Service::Answer Service::record_of_key(Question& question) {
    const auto key = parse_hex<PublicKey>(question.request.parameter("pubkey").value_or(""));
    if (!key) co_return make_error(400, "pubkey: expected 0x and 96 hexadecimal digits");
    const auto record = co_await parts_.store.record(key.value());
    if (!record) co_return make_error(404, "there is no record of " + to_hex(key.value()));
    co_return json_response(protection::render_record(parts_.membership.node(), key.value(), *record));
}

Service::Answer Service::all_records(Question& question) {
    std::string asker = question.client.caller.name;
    if (question.client.plain) {
        asker = net::find_header(question.request.message.headers, kMemberHeader).value_or(std::string_view{});
    }
    if (parts_.membership.cluster().member(asker) == nullptr || asker == parts_.membership.node()) {
        co_return refusal(question, 403, Refusal::kRole, "'" + asker + "' is no other member of this cluster");
    }
    log_info("{} asks for all records", question.client.text());
    protection::MemberRecords records;
    records.entries = co_await parts_.store.all_records();
    const Ledger::Facts facts = parts_.store.facts();
    const StoreCounts counts = parts_.store.counts();
    records.node = parts_.membership.node();
    records.rejoining = parts_.membership.rejoining();
    records.now = parts_.membership.now();
    records.tenure = facts.tenure;
    records.seen_of_asker = facts.seen.of(asker);
    records.highest_target = counts.highest_target;
    records.highest_slot = counts.highest_slot;
    auto work = [records = std::move(records)] { return protection::wire::encode_all_records(records); };
    std::string bytes = co_await parts_.workers.run(std::move(work));
    co_return octet_response(std::move(bytes));
}

Service::Answer Service::export_interchange(Question& /*question*/) {
    auto entries = co_await parts_.store.all_records();
    auto work = [entries = std::move(entries), root = parts_.membership.cluster().chain.genesis_validators_root] {
        return protection::render_interchange(entries, root);
    };
    std::string text = co_await parts_.workers.run(std::move(work));
    co_return json_response(std::move(text));
}

Service::Answer Service::import_interchange(Question& question) {
    auto work = [body = std::move(question.body()), root = parts_.membership.cluster().chain.genesis_validators_root] {
        return std::optional{protection::parse_interchange(body, root)};
    };
    auto done = co_await parts_.workers.run(std::move(work));
    auto& parsed = *done;
    if (!parsed) {
        co_return make_error(parsed.error().code == ErrorCode::kRefused ? 409 : 400, parsed.error().message);
    }
    const std::size_t validators = parsed.value().size();
    Command command{ImportCommand{std::move(parsed.value())}};
    const Applied applied = co_await parts_.store.apply(std::move(command));
    log_warn("{} has imported the history of {} validators; {} changed", question.client.text(), validators, applied.changed);
    co_return json_response(render(protection::KeysAnswer{parts_.membership.node(), applied.changed}));
}

Service::Answer Service::check(Question& question) {
    const auto result = co_await parts_.store.check_integrity();
    const std::string sentence = result ? result.value() : result.error().message;
    if (result) log_info("integrity check for {}: {}", question.client.text(), sentence);
    if (!result) log_error("integrity check for {}: {}", question.client.text(), sentence);
    std::string text = "{\"node\":";
    protection::append_quoted(text, parts_.membership.node());
    text += std::string{",\"whole\":"} + (result ? "true" : "false") + ",\"detail\":";
    protection::append_quoted(text, sentence);
    co_return json_response(text + "}");
}

}  // namespace holdfast::protector
