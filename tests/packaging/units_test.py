"""Goal: the unit files are what systemd understands and what the programs take, and shut in alike. Method: systemd's own checks, the
programs' --help, and the files side by side. What they do on a machine: scripts/prove units."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.cluster import program

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
EXPOSURE_MAX = 2.0
ANALYZE = shutil.which("systemd-analyze")


def settings(unit):
    """[(name, value), ...] of a unit file, without comments and sections."""
    lines = [line for line in unit.read_text().splitlines() if line and line[0] not in "#["]
    return [tuple(line.split("=", 1)) for line in lines]


def values(unit, name):
    return [value for key, value in settings(unit) if key == name]


def run(*argv):
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


class Units(unittest.TestCase):
    def test_there_are_three(self):
        self.assertEqual(["holdfast-primary.service", "holdfast-protector@.service", "holdfast-secondary.service"],
                         [unit.name for unit in UNITS])

    def test_every_option_is_one_of_the_program(self):
        for unit in UNITS:
            words = values(unit, "ExecStart")[0].split()
            _, known = run(program(pathlib.Path(words[0]).name), "--help")
            for option in [word for word in words if word.startswith("--")]:
                with self.subTest(unit=unit.name, option=option):
                    self.assertRegex(known, rf"(?m)^  {option}\b")

    def test_what_a_start_is_told_once_is_known_too(self):
        told = re.findall(r"--[a-z-]+", next(line for line in UNITS[1].read_text().splitlines() if "HOLDFAST_ONCE:" in line))
        _, known = run(program("holdfast-protector"), "--help")
        self.assertEqual(["--init", "--rejoin", "--change-cluster"], told)
        for option in told:
            self.assertRegex(known, rf"(?m)^  {option}\b")

    def test_a_wrong_configuration_is_not_tried_again(self):
        for unit in UNITS:
            name = pathlib.Path(values(unit, "ExecStart")[0].split()[0]).name
            code, _ = run(program(name), "--no-such-option")
            with self.subTest(unit=unit.name):
                self.assertEqual([str(code)], values(unit, "RestartPreventExitStatus"))

    def test_protectors_outlast_the_instances(self):
        protector = next(unit for unit in UNITS if "@" in unit.name)
        others = {unit.name for unit in UNITS if unit != protector}
        self.assertEqual(others, set(values(protector, "Before")[0].split()))

    def test_all_are_shut_in_alike(self):
        def sandbox(unit):
            text = unit.read_text()
            lines = text[text.index("NoNewPrivileges="):text.index("LimitCORE=")].splitlines()
            return [line for line in lines if not line.startswith(("ExecPaths=", "InaccessiblePaths=", "#"))]
        for unit in UNITS[1:]:
            self.assertEqual(sandbox(UNITS[0]), sandbox(unit), unit.name)

    def test_the_two_instances_differ_by_name_only(self):
        primary, secondary = (FOLDER / f"holdfast-{name}.service" for name in ("primary", "secondary"))
        self.assertEqual(primary.read_text(), secondary.read_text().replace("secondary", "primary"))

    def test_their_users_are_made(self):
        made = re.findall(r"(?m)^u (\S+)", (FOLDER / "sysusers.d" / "holdfast.conf").read_text())
        self.assertEqual(set(made), {values(unit, "User")[0] for unit in UNITS})


@unittest.skipUnless(ANALYZE, "systemd-analyze is not installed")
class SystemdSays(unittest.TestCase):
    def setUp(self):
        # It wants the programs where the units name them.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-units-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for unit in UNITS:
            name = unit.name.replace("@", "@p1")
            text = re.sub(r"/usr/bin/(holdfast-\w+)", lambda found: program(found[1]), unit.read_text())
            (self.folder / name).write_text(text)

    def test_verify(self):
        for unit in sorted(self.folder.iterdir()):
            code, text = run(ANALYZE, "verify", "--man=no", "--recursive-errors=no", unit)
            with self.subTest(unit=unit.name):
                self.assertEqual((0, ""), (code, text))

    def test_exposure(self):
        for unit in sorted(self.folder.iterdir()):
            _, text = run(ANALYZE, "security", "--offline=true", "--no-pager", unit)
            found = re.search(r"exposure level for .*: ([0-9.]+)", text)
            with self.subTest(unit=unit.name):
                self.assertIsNotNone(found, text[-500:])
                self.assertLess(float(found[1]), EXPOSURE_MAX)


if __name__ == "__main__":
    unittest.main()
