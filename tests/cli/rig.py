"""A test with a folder of its own, and words about what the program answers."""
import os
import subprocess
import unittest

from harness.cluster import program
from harness.processes import Run

CHAIN_ROOT = "0x" + 32 * "5a"


def holdfast(*words, folder=None):
    """Runs the program; its exit code, and what it says."""
    return subprocess.run([program("holdfast"), *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


class FolderTest(unittest.TestCase):
    """A folder of its own for every test, and words about the program's answers."""

    def setUp(self):
        self.run_ = Run(type(self).__name__)
        self.addCleanup(self.run_.end)

    def path(self, *names):
        return os.path.join(self.run_.folder, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def holdfast(self, *words, expect=0):
        done = holdfast(*words, folder=self.run_.folder)
        self.assertEqual(done.returncode, expect, f"holdfast {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def refused(self, sentence, *words, expect=2):
        """Ends with that exit code, and says the sentence (a part of it) on standard error."""
        done = holdfast(*words, folder=self.run_.folder)
        self.assertEqual(done.returncode, expect, f"holdfast {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        self.assertIn(sentence, done.stderr)

    def openssl(self, *words, expect=0):
        done = subprocess.run(["openssl", *words], cwd=self.run_.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, f"openssl {' '.join(words)}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr
