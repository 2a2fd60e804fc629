// SSZ of all types of all forks. The first byte chooses the type. What is accepted is hashed and looked into to its last part,
// and can be told from the same bytes with one more; half of the inputs are a seed, so that deep objects are met too: the bytes
// made from it are accepted, and the rest of the input then damages them.
#include <vector>

#include "tests/fuzz/fuzz.hpp"
#include "tests/shared/ethereum/sample_objects.hpp"

namespace holdfast::ethereum {
namespace {

using schema::Kind;
using schema::Part;
using schema::View;

std::vector<schema::TypePtr> all_types() {
    std::vector<schema::TypePtr> all;
    for (const ForkName fork : {ForkName::kElectra, ForkName::kFulu, ForkName::kGloas}) {
        for (const BlockPreset& preset : {kMainnetPreset, kMinimalPreset}) {
            for (const auto& [name, type] : named_types(make_block_types(fork, preset))) all.push_back(type);
        }
    }
    return all;
}

// Every part of an accepted object is accepted by its own type.
void walk(const Part& part) {
    fuzz::require(schema::check(*part.type, part.bytes).has_value(), "a part of a good object is not good");
    if (part.type->kind == Kind::kContainer) {
        std::size_t bytes = 0;
        for (const schema::Field& field : part.type->fields) {
            const Part inner = schema::find(*part.type, part.bytes, {field.name});
            bytes += inner.bytes.size() + (field.type->fixed_size > 0 ? 0 : ssz::kOffsetSize);
            walk(inner);
        }
        fuzz::require(bytes == part.bytes.size(), "bytes belong to no part");
    }
    if (part.type->kind == Kind::kList || part.type->kind == Kind::kVector) {
        for (const Part& element : schema::elements(part)) walk(element);
    }
}

bool look_at(const schema::TypePtr& type, const ssz::Bytes& bytes) {
    const auto object = schema::Object::make(type, bytes);
    if (!object) {
        fuzz::require(!object.error().message.empty(), "a refusal without a sentence");
        return false;
    }
    walk({type.get(), object.value().bytes});
    const Root root = object.value().root();
    ssz::Bytes longer = bytes;
    longer.push_back(0);
    if (!schema::check(*type, longer)) return true;
    fuzz::require(schema::hash_tree_root(*type, longer) != root, "two encodings with one root");
    return true;
}

// Pairs of a place (two bytes, as a share of the length) and what is written there.
void damage(ssz::Bytes& bytes, std::string_view input) {
    for (std::size_t i = 0; i + 2 < input.size() && !bytes.empty(); i += 3) {
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(input[at]); };
        bytes[(byte(i) * 256U + byte(i + 1)) % bytes.size()] = byte(i + 2);
    }
}

void from_seed(const schema::TypePtr& type, std::string_view input) {
    if (input.empty()) return;
    ssz::Bytes bytes = make_object(*type, static_cast<std::uint8_t>(input[0]));
    constexpr std::size_t kNoBlobs = 60'000;  // they are only large
    if (bytes.size() > kNoBlobs) return;
    fuzz::require(look_at(type, bytes), "a good object is refused");
    damage(bytes, input.substr(1));
    look_at(type, bytes);
}

}  // namespace
}  // namespace holdfast::ethereum

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast::ethereum;
    static const std::vector<schema::TypePtr> kTypes = all_types();
    const holdfast::fuzz::Input input{data, size};
    const schema::TypePtr& type = kTypes[input.choice % kTypes.size()];
    if (input.rest.empty()) return 0;
    if (input.rest.front() % 2 == 0) {
        from_seed(type, input.rest.substr(1));
    } else {
        look_at(type, {input.rest.begin() + 1, input.rest.end()});
    }
    return 0;
}
