// What an operator asks for, at either instance: done here by the rules, or passed on from the secondary to the primary.
#pragma once

#include <string>

#include "healthcheck/endpoint.hpp"
#include "instance/driver.hpp"
#include "instance/peer.hpp"
#include "instance/settings.hpp"

namespace holdfast::instance {

class Commands {
public:
    // `peer`: of a secondary, else null. All must outlive the object.
    Commands(Part part, Driver& driver, Peer* peer) : part_{part}, driver_{driver}, peer_{peer} {}

    // A sentence for the operator; kRefused or kUnavailable with one.
    Task<Result<std::string>> run(healthcheck::CommandRequest request);

private:
    Part part_;
    Driver& driver_;
    Peer* peer_;

    Task<Result<std::string>> pass_on(healthcheck::Command command);
    [[nodiscard]] std::string answer(healthcheck::Command command) const;
};

}  // namespace holdfast::instance
