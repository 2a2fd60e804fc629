"""Goal: scripts/count_tests.py counts every case, and no failure is lost."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import count_tests  # noqa: E402


def document(*cases):
    return {"testsuites": [{"name": "A", "testsuite": list(cases)}]}


PASSED = {"name": "p", "status": "RUN", "result": "COMPLETED"}
FAILED = {"name": "f", "status": "RUN", "result": "COMPLETED", "failures": [{}]}
SKIPPED = {"name": "s", "status": "RUN", "result": "SKIPPED"}
NOT_RUN = {"name": "n", "status": "NOTRUN", "result": "SUPPRESSED"}


class CountTests(unittest.TestCase):
    def test_google_test(self):
        counts = count_tests.count_program("x", False, "", document(PASSED, FAILED, SKIPPED, NOT_RUN))
        self.assertEqual((1, ["A.f"], ["A.s"]), counts)

    def test_a_program_that_fails_after_its_cases_passed(self):
        self.assertEqual((1, ["x (as a program)"], []), count_tests.count_program("x", False, "", document(PASSED)))

    def test_a_crash(self):
        self.assertEqual((0, ["x (ended without a result)"], []), count_tests.count_program("x", False, "[ RUN ] A.p\n", None))

    def test_unittest(self):
        text = "a (t.T.a) ... ok\nb (t.T.b) ... skipped 'no data'\n\n---\nRan 3 tests in 0.1s\n\nOK (skipped=1)\n"
        self.assertEqual((2, [], ["b (t.T.b): skipped 'no data'"]), count_tests.count_program("x", True, text, None))

    def test_unittest_that_failed(self):
        text = "a (t.T.a) ... noise\nERROR\n\n===\nERROR: a (t.T.a)\n---\nRan 2 tests in 0.1s\n\nFAILED (errors=1)\n"
        self.assertEqual((1, ["a (t.T.a)"], []), count_tests.count_program("x", False, text, None))

    def test_unittest_whose_class_could_not_be_set_up(self):
        text = "setUpClass (t.T) ... ERROR\n\n===\nERROR: setUpClass (t.T)\n---\nRan 0 tests in 0.1s\n\nFAILED (errors=1)\n"
        self.assertEqual((0, ["setUpClass (t.T)"], []), count_tests.count_program("x", False, text, None))


if __name__ == "__main__":
    unittest.main()
