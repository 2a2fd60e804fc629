#include "shared/duties/signed_block.hpp"

namespace holdfast::duties {

using beacon::ProducedBlock;
using ethereum::BlockTypes;
using ethereum::ForkName;
using ethereum::schema::assemble;
using ethereum::schema::Object;
using ethereum::schema::Part;

beacon::SignedBlock signed_block(const ProducedBlock& block, const Signature& signature, const BlockTypes& types) {
    const Part message = block.block();
    Object made = assemble(block.blinded ? types.signed_blinded_block : types.signed_block, {message.bytes, signature.bytes});
    if (block.with_contents && block.fork < ForkName::kGloas) {
        const Part proofs = block.object.find({"kzg_proofs"});
        const Part blobs = block.object.find({"blobs"});
        made = assemble(types.signed_block_contents, {made.bytes, proofs.bytes, blobs.bytes});
    }
    return {block.fork, block.blinded, std::move(made)};
}

Part payload_envelope(const ProducedBlock& block) { return block.object.find({"execution_payload_envelope"}); }

beacon::SignedEnvelope signed_envelope(const ProducedBlock& block, const Signature& signature, const BlockTypes& types) {
    const Object envelope = assemble(types.signed_execution_payload_envelope, {payload_envelope(block).bytes, signature.bytes});
    const Part proofs = block.object.find({"kzg_proofs"});
    const Part blobs = block.object.find({"blobs"});
    return {block.fork, assemble(types.signed_envelope_contents, {envelope.bytes, proofs.bytes, blobs.bytes})};
}

}  // namespace holdfast::duties
