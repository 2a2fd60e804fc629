"""count_tests.py DIR: counts test cases from GoogleTest's JSON files in DIR and from the lines of Python's unittest in DIR/ctest.log,
names those that were skipped, and prints "N passed, N failed, N skipped". Exit 1 if one failed or none ran."""
import json
import pathlib
import re
import sys


def count_google_test(folder):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    skipped = []
    for file in sorted(folder.glob("*.json")):
        for suite in json.loads(file.read_text())["testsuites"]:
            for case in suite["testsuite"]:
                if case.get("failures"):
                    kind = "failed"
                elif case.get("result") == "SKIPPED" or case.get("skipped"):
                    kind = "skipped"
                    skipped.append(f"{suite['name']}.{case['name']}")
                else:
                    kind = "passed"
                counts[kind] += 1
    return counts, skipped


def count_unittest(log):
    """Verbose unittest writes `name (place) ... ok|FAIL|ERROR|skipped 'why'`; a line of its own if the test printed something."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    skipped = []
    for line in log.splitlines():
        found = re.match(r"^(?:(\w+) \(.*\).*|.*)\.\.\. (ok|FAIL|ERROR|skipped .*)$", line)
        if not found:
            continue
        kind = {"ok": "passed", "FAIL": "failed", "ERROR": "failed"}.get(found[2], "skipped")
        counts[kind] += 1
        if kind == "skipped":
            skipped.append(f"{found[1]}: {found[2]}")
    return counts, skipped


def main():
    folder = pathlib.Path(sys.argv[1])
    log = folder / "ctest.log"
    total = {"passed": 0, "failed": 0, "skipped": 0}
    skipped = []
    for counts, names in (count_google_test(folder), count_unittest(log.read_text() if log.exists() else "")):
        for kind, count in counts.items():
            total[kind] += count
        skipped += names
    for name in skipped:
        print(f"skipped: {name}")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
