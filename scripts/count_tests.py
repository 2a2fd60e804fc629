"""count_tests.py DIR: sums up the test cases of one run of CTest: GoogleTest's cases from DIR/NAME.json, those of Python's unittest from
what they said (DIR/junit.xml, written by CTest), names those that failed or were skipped, and prints "N passed, N failed, N skipped".
A test program that fails without naming a case (a crash, a time limit, a sanitizer) counts as one that failed. Exit 1 if one failed or
none ran."""
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

Counts = collections.namedtuple("Counts", "passed failed skipped")  # passed: a number; the others: names


def count_google_test(document):
    failed, skipped, passed = [], [], 0
    for suite in document["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                failed.append(name)
            elif case.get("result") == "SKIPPED":
                skipped.append(name)
            elif case.get("status") == "RUN":
                passed += 1
    return Counts(passed, failed, skipped)


def count_unittest(text):
    """None if the text does not end as that of unittest does."""
    ran = re.findall(r"^Ran (\d+) tests? in ", text, re.M)
    if not ran:
        return None
    failed = re.findall(r"^(?:FAIL|ERROR): (.*)$", text, re.M)
    skipped = re.findall(r"^(\w+ .*) \.\.\. (skipped .*)$", text, re.M)
    ended = re.findall(r"skipped=(\d+)", text.splitlines()[-1] if text else "")
    skipped = [f"{name}: {why}" for name, why in skipped]
    skipped += ["a Python test"] * (int(ended[-1]) - len(skipped) if ended else 0)
    return Counts(max(0, int(ran[-1]) - len(failed) - len(skipped)), failed, skipped)


def count_program(name, succeeded, text, document):
    counts = count_google_test(document) if document else count_unittest(text.rstrip())
    if counts is None:
        return Counts(1, [], []) if succeeded else Counts(0, [f"{name} (ended without a result)"], [])
    if not succeeded and not counts.failed:
        counts.failed.append(f"{name} (as a program)")
    return counts


def count_run(folder):
    programs = []
    for test in xml.etree.ElementTree.parse(folder / "junit.xml").getroot().iter("testcase"):
        name = test.get("name")
        file = folder / f"{name}.json"
        document = json.loads(file.read_text()) if file.exists() else None
        programs.append(count_program(name, test.get("status") == "run", test.findtext("system-out") or "", document))
    return Counts(sum(p.passed for p in programs), [f for p in programs for f in p.failed], [s for p in programs for s in p.skipped])


def main():
    counts = count_run(pathlib.Path(sys.argv[1]))
    for name in counts.skipped:
        print(f"skipped: {name}")
    for name in counts.failed:
        print(f"failed: {name}")
    print(f"{counts.passed} passed, {len(counts.failed)} failed, {len(counts.skipped)} skipped")
    return 1 if counts.failed or not counts.passed else 0


if __name__ == "__main__":
    sys.exit(main())
