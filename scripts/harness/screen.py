"""A live view: redrawn in place in a terminal, plain lines elsewhere."""
import os
import shutil
import sys

GREEN, RED, YELLOW, DIM, BOLD = "32", "31", "33", "2", "1"


class Screen:
    """show(lines) redraws the view in a terminal; say(line) prints a line that stays (above the view in a terminal)."""

    def __init__(self, stream=None):
        self._stream = stream or sys.stdout
        self.live = self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._colours = self.live and "NO_COLOR" not in os.environ
        self._drawn = 0

    def paint(self, text, code):
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours else text

    def show(self, lines):
        """lines: plain texts or lists of (text, colour or None). Does nothing where the terminal is not live."""
        if not self.live:
            return
        size = shutil.get_terminal_size()
        lines = lines[:size.lines - 1]
        self._erase()
        for line in lines:
            self._stream.write(self._fit(line, size.columns - 1) + "\n")
        self._stream.flush()
        self._drawn = len(lines)

    def say(self, line):
        self._erase()
        self._stream.write(line + "\n")
        self._stream.flush()

    def keep(self):
        """What is drawn stays; the next view begins below it."""
        self._drawn = 0

    def _erase(self):
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _fit(self, line, width):
        pieces = [(line, None)] if isinstance(line, str) else line
        out = ""
        for text, colour in pieces:
            text = text[:max(0, width)]
            width -= len(text)
            out += self.paint(text, colour) if colour else text
        return out
