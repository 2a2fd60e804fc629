#include "tests/instance/process_fixture.hpp"

namespace holdfast::primary {
namespace {

struct PrimaryProcessTest : instance::ProcessTest {
    PrimaryProcessTest() : ProcessTest{"holdfast-primary"} {}
};

TEST_F(PrimaryProcessTest, HelpAndVersion) {
    expect(run("--help"), 0, {"--beacon-nodes", "--cluster", "--check"});
    expect(run("--version"), 0, {"holdfast-primary"});
    expect(run("--version --nonsense"), 0, {"holdfast-primary"});
}

TEST_F(PrimaryProcessTest, WrongOptions) {
    expect(run(""), 2, {"beacon-nodes", "keystores", "cluster"});
    expect(run_with("", 1), 2, {"cluster", "quorum", "1", "3"});
    expect(run_with("--colour"), 2, {"colour"});
    expect(run_with("--passwords /nonexistent/folder"), 2, {"/nonexistent/folder"});
    std::ofstream{folder / "config.toml"} << "clusterr = 3\n";
    expect(run_with("--config " + (folder / "config.toml").string()), 2, {"clusterr"});
    expect(run_with("--config " + (folder / "absent.toml").string()), 2, {"absent.toml"});
    expect(run_with("--config " + folder.string()), 2, {"config"});
}

TEST_F(PrimaryProcessTest, NoKeystores) { expect(run_with(""), 1, {(folder / "keys").c_str()}); }

TEST_F(PrimaryProcessTest, WrongPassword) {
    write_key("one", 1, "right", "right");
    write_key("two", 2, "right", "wrong");
    expect(run_with(""), 1, {"two.json", "password"});
}

TEST_F(PrimaryProcessTest, BrokenKeystore) {
    write_key("one", 1, "right", "right");
    std::ofstream{folder / "keys" / "one.json"} << "{\"crypto\": 1";
    expect(run_with(""), 1, {"one.json"});
}

TEST_F(PrimaryProcessTest, DuplicatedKey) {
    write_key("one", 1, "a", "a");
    write_key("two", 1, "b", "b");
    expect(run_with(""), 1, {"one.json", "two.json"});
}

TEST_F(PrimaryProcessTest, UnreachableBeaconNodes) {
    write_key("one", 1, "a", "a");
    expect(run_with(""), 1, {"http://127.0.0.1:1"});
    expect(run_with("--check"), 1, {"http://127.0.0.1:1"});
}

}  // namespace
}  // namespace holdfast::primary
