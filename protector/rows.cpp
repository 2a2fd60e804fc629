#include "protector/rows.hpp"

#include <cstring>
#include <string>

#include "protector/journal.hpp"

namespace holdfast::protector {

using protection::AttestationMark;
using protection::BlockMark;

namespace {

// Every bit of a word moves half of the result's bits.
class Summer {
public:
    void add(std::uint64_t word) {
        constexpr std::uint64_t kOdd = 0xD6E8FEB86659FD93U;
        sum_ = (sum_ ^ word) * kOdd;
        sum_ ^= sum_ >> 32U;
    }
    void add(std::string_view bytes) {
        const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
        std::size_t left = bytes.size();
        for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t), from += sizeof(std::uint64_t)) {
            add(load_number<std::uint64_t>(from));
        }
        std::uint64_t rest = 0;
        for (std::size_t i = 0; i < left; ++i) rest |= std::uint64_t{from[i]} << (8 * i);
        add(rest);
        add(bytes.size());
    }
    template <class Bytes>
    void add_bytes(const Bytes& bytes) {
        add({reinterpret_cast<const char*>(bytes.data()), Bytes::kSize});
    }
    [[nodiscard]] std::uint64_t sum() const { return sum_; }

private:
    std::uint64_t sum_{0x9E3779B97F4A7C15U};
};

template <class Bytes>
Result<Bytes> bytes_of(std::string_view blob) {
    Bytes value;
    if (blob.size() != Bytes::kSize) return failure(ErrorCode::kMalformed, "a column has the wrong size");
    std::memcpy(value.data(), blob.data(), Bytes::kSize);
    return value;
}

std::uint64_t unsigned_of(const Statement& row, int column) { return static_cast<std::uint64_t>(row.number(column)); }

}  // namespace

std::uint64_t sum_of(std::string_view bytes) {
    Summer summer;
    summer.add(bytes);
    return summer.sum();
}

std::uint64_t sum_of(ValidatorId id, const Validator& validator) {
    const auto& record = validator.record;
    Summer summer;
    summer.add(id);
    summer.add_bytes(validator.key);
    const bool has_data = record.attestation && record.data;
    summer.add(static_cast<std::uint64_t>(flags_of(record)) & (has_data ? ~std::uint64_t{0} : ~std::uint64_t{kHasData}));
    if (record.attestation) {
        summer.add(record.attestation->source.value);
        summer.add(record.attestation->target.value);
        summer.add_bytes(record.attestation->signing_root);
    }
    if (has_data) {
        std::string data;
        append_ssz(data, *record.data);
        summer.add(data);
    }
    if (record.block) {
        summer.add(record.block->slot.value);
        summer.add_bytes(record.block->signing_root);
    }
    return summer.sum();
}

Result<std::uint64_t> sum_of_table(sqlite3* database) {
    HOLDFAST_TRY(auto rows, Statement::prepare(database, "SELECT * FROM validators"));
    std::uint64_t sum = 0;
    while (true) {
        HOLDFAST_TRY(const bool more, rows.step());
        if (!more) return sum;
        HOLDFAST_TRY(const Validator validator, read_validator(rows));
        sum += sum_of(static_cast<ValidatorId>(rows.number(0)), validator);
    }
}

Result<Validator> read_validator(const Statement& row) {
    Validator validator;
    HOLDFAST_TRY(validator.key, bytes_of<PublicKey>(row.blob(1)));
    if (!row.is_null(3)) {
        AttestationMark mark{Epoch{unsigned_of(row, 2)}, Epoch{unsigned_of(row, 3)}, {}};
        HOLDFAST_TRY(mark.signing_root, bytes_of<Root>(row.blob(4)));
        validator.record.attestation = mark;
        if (!row.is_null(5)) {
            const std::string_view data = row.blob(5);
            if (data.size() != kAttestationDataSize) return failure(ErrorCode::kMalformed, "a column has the wrong size");
            validator.record.data = std::make_shared<const ethereum::AttestationData>(
                attestation_data_from_ssz(reinterpret_cast<const std::uint8_t*>(data.data())));
        }
    }
    if (!row.is_null(6)) {
        BlockMark mark{Slot{unsigned_of(row, 6)}, {}};
        HOLDFAST_TRY(mark.signing_root, bytes_of<Root>(row.blob(7)));
        validator.record.block = mark;
    }
    validator.record.halted = row.number(8) != 0;
    validator.record.enrolled = row.number(9) != 0;
    return validator;
}

Result<void> write_validator(Statement& statement, ValidatorId id, const Validator& validator) {
    const auto& record = validator.record;
    std::string data;
    statement.bind(1, static_cast<std::int64_t>(id));
    statement.bind_blob(2, validator.key.data(), PublicKey::kSize);
    for (int column = 3; column <= 8; ++column) statement.bind_null(column);
    if (record.attestation) {
        statement.bind(3, static_cast<std::int64_t>(record.attestation->source.value));
        statement.bind(4, static_cast<std::int64_t>(record.attestation->target.value));
        statement.bind_blob(5, record.attestation->signing_root.data(), Root::kSize);
        if (record.data) append_ssz(data, *record.data);
        if (record.data) statement.bind_blob(6, data.data(), data.size());
    }
    if (record.block) {
        statement.bind(7, static_cast<std::int64_t>(record.block->slot.value));
        statement.bind_blob(8, record.block->signing_root.data(), Root::kSize);
    }
    statement.bind(9, record.halted ? 1 : 0);
    statement.bind(10, record.enrolled ? 1 : 0);
    return statement.run();
}

}  // namespace holdfast::protector
