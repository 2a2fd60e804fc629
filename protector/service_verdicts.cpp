// The calls that ask for verdicts.
#include <algorithm>
#include <utility>

#include "protector/service.hpp"
#include "shared/base/log.hpp"
#include "shared/ethereum/signing_root.hpp"
#include "shared/protection/wire.hpp"

// GCC 12 warns wrongly where it inlines the allocation of a coroutine's frame but not its release.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace holdfast::protector {

using net::HttpResponse;
using net::make_error;
using protection::AttestationMark;
using protection::BlockMark;
using protection::Verdict;

namespace {

constexpr std::size_t kInlineKeysMax = 512;  // rendering the JSON of so many takes less than a millisecond

template <class Mark>
const Mark& mark_of(const std::vector<Mark>& marks, std::size_t i) {
    return marks.size() == 1 ? marks.front() : marks[i];
}

Command make_command(const protection::AttestationRequest& request, Asker asker) {
    return AttestationBatch{request.keys, request.marks, request.data, std::move(asker)};
}

Command make_command(const protection::BlockRequest& request, Asker asker) {
    return BlockBatch{request.keys, request.marks, std::move(asker)};
}

}  // namespace

// One line for a request with refusals: an operator must see them, not 100,000 times. What is fenced off is expected after a
// takeover, and said once.
template <class Mark>
void Service::log_refusals(const Question& question, const std::vector<PublicKey>& keys, const std::vector<Mark>& marks,
                           const Applied& applied) {
    const auto refused = [](const Verdict& verdict) { return !verdict.yes(); };
    const auto first = std::find_if(applied.verdicts.begin(), applied.verdicts.end(), refused);
    if (first == applied.verdicts.end()) return;
    if (first->reason == protection::Reason::kFenced) {
        parts_.refusals.note(Refusal::kFenced, question.client.text(), "fenced by " + describe(applied.tenure));
        return;
    }
    const auto i = static_cast<std::size_t>(first - applied.verdicts.begin());
    const auto count = std::count_if(first, applied.verdicts.end(), refused);
    log_warn("{}: refused {} of {} keys for {}; first {}: {}", question.route.path, count, keys.size(), question.client.text(),
             to_short_hex(keys[i]), explain(*first, mark_of(marks, i)));
}

template <class Mark>
Service::Answer Service::render_verdicts(Question& question, protection::RequestHead head, std::vector<PublicKey> keys,
                                         std::vector<Mark> marks, Applied applied) {
    log_refusals(question, keys, marks, applied);
    protection::AnswerHead answer{parts_.membership.node(), head.request_id, applied.tenure, applied.position};
    if (question.octets()) {
        co_return net::make_response(200, std::string{protection::kOctetType},
                                     protection::wire::encode_answer(answer, applied.verdicts));
    }
    if (keys.size() <= kInlineKeysMax) {
        co_return json_response(protection::render_answer(answer, keys, marks, applied.verdicts));
    }
    auto work = [answer = std::move(answer), keys = std::move(keys), marks = std::move(marks),
                 verdicts = std::move(applied.verdicts)] { return protection::render_answer(answer, keys, marks, verdicts); };
    std::string text = co_await parts_.workers.run(std::move(work));
    co_return json_response(std::move(text));
}

Asker Service::make_asker(const Question& question, const protection::RequestHead& head) const {
    return {head.generation, question.asker(head), parts_.membership.now(), parts_.membership.wall()};
}

Service::Answer Service::attestations(Question& question) {
    const auto parser =
        question.octets() ? &protection::wire::decode_attestation_request : &protection::parse_attestation_request;
    auto parsed = co_await parse(question, parser);
    if (!parsed) co_return make_error(400, parsed.error().message);
    protection::AttestationRequest& request = parsed.value();
    Refused refused = refuse(question, request.head);
    if (refused) co_return std::move(*refused);
    if (request.data) {
        const ethereum::AttestationData& data = *request.data;
        if (ethereum::type_of(request.domain) != ethereum::kDomainBeaconAttester) {
            co_return make_error(400, "the domain is not an attester's");
        }
        const Root root = ethereum::attestation_signing_root(data, request.domain);
        request.marks = {AttestationMark{data.source.epoch, data.target.epoch, root}};
    }
    Command command = make_command(request, make_asker(question, request.head));
    Applied applied = co_await parts_.store.apply(std::move(command));
    HttpResponse response = co_await render_verdicts(question, std::move(request.head), std::move(request.keys),
                                                     std::move(request.marks), std::move(applied));
    co_return response;
}

Service::Answer Service::blocks(Question& question) {
    const auto parser = question.octets() ? &protection::wire::decode_block_request : &protection::parse_block_request;
    auto parsed = co_await parse(question, parser);
    if (!parsed) co_return make_error(400, parsed.error().message);
    protection::BlockRequest& request = parsed.value();
    Refused refused = refuse(question, request.head);
    if (refused) co_return std::move(*refused);
    Command command = make_command(request, make_asker(question, request.head));
    Applied applied = co_await parts_.store.apply(std::move(command));
    HttpResponse response = co_await render_verdicts(question, std::move(request.head), std::move(request.keys),
                                                     std::move(request.marks), std::move(applied));
    co_return response;
}

}  // namespace holdfast::protector
