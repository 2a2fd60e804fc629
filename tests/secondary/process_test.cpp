#include "tests/instance/process_fixture.hpp"

namespace holdfast::secondary {
namespace {

struct SecondaryProcessTest : instance::ProcessTest {
    SecondaryProcessTest() : ProcessTest{"holdfast-secondary", "--primary http://127.0.0.1:1"} {}
};

TEST_F(SecondaryProcessTest, HelpAndVersion) {
    expect(run("--help"), 0, {"--beacon-nodes", "--primary", "--failback", "--accept-drift", "--poll-interval", "--check"});
    expect(run("--version"), 0, {"holdfast-secondary"});
}

TEST_F(SecondaryProcessTest, WrongOptions) {
    expect(run(""), 2, {"beacon-nodes", "keystores", "cluster", "holdfast-secondary: primary"});
    expect(run_with("--failback sometimes"), 2, {"failback", "sometimes"});
    expect(run_with("--accept-drift colour"), 2, {"accept-drift", "colour"});
    expect(run_with("--poll-timeout 600ms --vacancy 500ms"), 2, {"poll-timeout", "vacancy"});
    expect(run_with("--control-listen 0.0.0.0:7772"), 2, {"control-listen", "loopback"});
}

TEST_F(SecondaryProcessTest, ASharedClusterIsRefused) { expect(run_with("", 2, "shared"), 2, {"shared", "holdfast-primary"}); }

TEST_F(SecondaryProcessTest, WhatItCanNotStartWith) {
    expect(run_with(""), 1, {(folder / "keys").c_str()});
    write_key("one", 1, "a", "a");
    expect(run_with(""), 1, {"http://127.0.0.1:1"});
    expect(run_with("--check"), 1, {"http://127.0.0.1:1"});
}

}  // namespace
}  // namespace holdfast::secondary
