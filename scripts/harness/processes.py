"""Starts programs, keeps what they print, and ends them all when the run ends, however it ends.

Every program runs in a session of its own, so Ctrl-C reaches only the run, which then ends them in its own order; and the
kernel kills them should the run itself be killed.
"""
import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_TICKS = os.sysconf("SC_CLK_TCK")


class ProcessError(Exception):
    """A program did not do what the run needs; the message says which, and the end of its log."""


def free_ports(count):
    """TCP ports on 127.0.0.1, all different, that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def free_port():
    return free_ports(1)[0]


def wait_until(condition, timeout, what):
    """Polls until condition() is true and returns its value; ProcessError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise ProcessError(f"waited {timeout:.0f} s in vain for: {what}")
        time.sleep(0.02)


class Process:
    """One started program."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.out_path = os.path.join(folder, name + ".out")
        self.log_path = os.path.join(folder, name + ".log")
        with open(self.out_path, "ab") as out, open(self.log_path, "ab") as log:
            self._popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=env,
                                           start_new_session=True, preexec_fn=_die_with_parent)

    @property
    def pid(self):
        return self._popen.pid

    @property
    def running(self):
        return self._popen.poll() is None

    @property
    def exit_code(self):
        return self._popen.poll()

    def out(self):
        with open(self.out_path, errors="replace") as file:
            return file.read()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def printed(self):
        """All it has printed, on either stream."""
        return self.out() + self.log()

    def last_lines(self, count=15):
        return "\n".join("    " + line for line in self.printed().splitlines()[-count:])

    def wait_line(self, pattern, timeout=30.0):
        """Waits until a line matches the pattern; returns the match. ProcessError if it ends or the time is over first."""
        regex = re.compile(pattern, re.MULTILINE)
        end = time.monotonic() + timeout
        while True:
            ended = not self.running
            found = regex.search(self.printed())
            if found:
                return found
            if ended:
                raise ProcessError(f"{self.name} ended with code {self.exit_code}:\n{self.last_lines()}")
            if time.monotonic() > end:
                raise ProcessError(f"{self.name} did not print '{pattern}' in {timeout:.0f} s:\n{self.last_lines()}")
            time.sleep(0.02)

    def wait(self, timeout=30.0):
        """Waits for the end; returns the exit code (negative: the signal)."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{self.name} did not end in {timeout:.0f} s:\n{self.last_lines()}") from None

    def signal(self, number):
        if self.running:
            self._popen.send_signal(number)

    def kill(self):
        """SIGKILL to its whole group, and waits."""
        if self.running:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._popen.wait()

    def stop(self, timeout=20.0):
        """SIGTERM, and waits; returns the exit code. ProcessError (after SIGKILL) if it does not end in time."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            return self.wait(timeout)
        except ProcessError:
            self.kill()
            raise

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def cpu_seconds(self):
        """User and system time so far, of the whole process."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) * 1024
        return 0


class Run:
    """A folder for logs and data, and every process started in it. Use as a context manager."""

    def __init__(self, name, keep=False):
        self._keep = keep
        self._ended = False
        self.folder = tempfile.mkdtemp(prefix=f"holdfast-{name}-")
        self.processes = []

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _exit_by_signal)
        return self

    def __exit__(self, kind, _value, _trace):
        self.end(keep=self._keep or kind not in (None, KeyboardInterrupt, SystemExit))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name, argv, env=None, log_folder=None):
        """A name that was used before gets a number: each start has its own log."""
        earlier = sum(1 for process in self.processes if process.name.split("#")[0] == name)
        process = Process(f"{name}#{earlier + 1}" if earlier else name, argv, log_folder or self.folder, env)
        self.processes.append(process)
        return process

    def keep(self):
        """The folder stays after the run."""
        self._keep = True

    def end(self, keep=False):
        """Ends every process, the last started first, and removes the folder unless told to keep it."""
        if self._ended:
            return
        self._ended = True
        for process in reversed(self.processes):
            process.signal(signal.SIGTERM)
            process.signal(signal.SIGCONT)
        end = time.monotonic() + 5
        for process in reversed(self.processes):
            while process.running and time.monotonic() < end:
                time.sleep(0.02)
            process.kill()
        if keep:
            print(f"logs are kept in {self.folder}", file=sys.stderr, flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def end_with_parent(number):
    """From now on the kernel sends this signal to the calling process when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, number)


def _die_with_parent():
    end_with_parent(signal.SIGKILL)


def _exit_by_signal(number, _frame):
    raise SystemExit(128 + number)
