"""Goal: the tree keeps the house rules (rules.py). Method: every tracked file is read."""
import pathlib
import re
import subprocess
import unittest

import rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
# These write of the rules themselves.
EXEMPT = {"tests/tidy/rules.py", "tests/tidy/tidy.py", "tests/tidy/tidy_test.py"}


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in listed.stdout.split("\0") if path and path not in EXEMPT and (ROOT / path).is_file()]


def text_of(path):
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


class Tidy(unittest.TestCase):
    def test_files_keep_the_rules(self):
        found = []
        for path in tracked():
            check = rules.check_source if path.endswith(rules.SOURCE) else rules.check_other
            found += [f"{path}:{line}: {sentence}" for line, sentence in check(path, text_of(path))]
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_every_source_is_built(self):
        missing = []
        for path in tracked():
            if not path.endswith(".cpp"):
                continue
            lists = ROOT / pathlib.Path(path).parent / "CMakeLists.txt"
            if not lists.is_file() or not re.search(rf"\b{re.escape(pathlib.Path(path).name)}", lists.read_text()):
                missing.append(path)
        self.assertEqual([], missing, "no CMakeLists.txt beside them names these sources")


if __name__ == "__main__":
    unittest.main()
