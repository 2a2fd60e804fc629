// Bodies of what is published besides attestations (beacon_node.hpp) and of what nodes are told about proposers and sync
// committees, as JSON.
#pragma once

#include <string>
#include <vector>

#include "shared/beacon/production_types.hpp"

namespace holdfast::beacon {

// A list of objects, each of its own type.
[[nodiscard]] std::string encode_objects(const std::vector<ethereum::schema::Object>& objects);
[[nodiscard]] std::string encode_sync_messages(const std::vector<ethereum::SyncCommitteeMessage>& messages);
[[nodiscard]] std::string encode_sync_subscriptions(const std::vector<SyncSubscription>& subscriptions);
[[nodiscard]] std::string encode_preparations(const std::vector<ProposerPreparation>& preparations);
[[nodiscard]] std::string encode_registrations(const std::vector<SignedRegistration>& registrations);
[[nodiscard]] std::string encode_payload_attestations(const std::vector<ethereum::PayloadAttestationMessage>& messages);
[[nodiscard]] std::string encode_preferences(const std::vector<SignedPreferences>& preferences);

}  // namespace holdfast::beacon
