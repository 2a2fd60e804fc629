"""A laboratory of hosts: network namespaces, joined by a switch in Python that delays, loses and cuts.

    with Lab({"primary": ["10.77.0.1"], "outside": ["10.77.0.30", "10.77.0.21"]}) as lab:
        with lab.inside("primary"):  # sockets that are made here, and programs that are started here, belong to that host
            ...
        lab.cut("10.77.0.1", "10.77.0.21")

Kernels without netem can't delay or lose frames by themselves. Every host has a TAP device, and a process of its own
(netlab_switch.py) carries the frames between them. Rules are between addresses, so one host can be several parties. Namespaces
and mounts have no names: they go when the run ends, however it ends. Needs root and /dev/net/tun.
"""
import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys

_NEW_NETWORK, _NEW_MOUNTS = 0x40000000, 0x00020000
_MS_RECURSIVE, _MS_PRIVATE = 0x4000, 0x40000
_TUNSETIFF, _TAP_WITHOUT_HEADER = 0x400454CA, 0x0002 | 0x1000
_libc = ctypes.CDLL(None, use_errno=True)
DEVICE = "lan0"
PREFIX_LENGTH = 24


class LabError(Exception):
    """The laboratory can't be built here; the message says why."""


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise LabError(f"can't {what}: {os.strerror(error)}")


def check_rights():
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        raise LabError("this needs root and /dev/net/tun, because it makes network namespaces")


def private_mounts():
    """From here on what this process mounts is seen by it and its children alone, and goes with them."""
    _check(_libc.unshare(_NEW_MOUNTS), "make a mount namespace")
    _check(_libc.mount(b"none", b"/", None, _MS_RECURSIVE | _MS_PRIVATE, None), "make the mounts private")


def mount_memory(folder, size):
    """A small disk in memory; size: bytes."""
    os.makedirs(folder, exist_ok=True)
    _check(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, f"size={size},mode=0700".encode()), f"mount {folder}")


def unmount(folder):
    _check(_libc.umount2(folder.encode(), 2), f"unmount {folder}")


def _open_tap():
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), _TAP_WITHOUT_HEADER))
    return tap


def _namespace():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


class Lab:
    """hosts: {name: [address, ...]}, all in one network; the first address of a host is the one it speaks from."""

    def __init__(self, hosts, seed=1):
        check_rights()
        self.hosts = dict(hosts)
        self._home = _namespace()
        self._spaces = {}
        self._switch = None
        self._control = None
        taps = {}
        try:
            for name, addresses in self.hosts.items():
                self._spaces[name], taps[name] = self._make_host(addresses)
            self._start_switch(taps, seed)
        finally:
            for tap in taps.values():
                os.close(tap)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._enter(self._home)
        if self._control:
            self._control.shutdown(socket.SHUT_RDWR)
            self._answers.close()
            self._control.close()
            self._switch.wait(10)
            self._control = None
        for space in self._spaces.values():
            os.close(space)
        self._spaces = {}

    def _make_host(self, addresses):
        try:
            _check(_libc.unshare(_NEW_NETWORK), "make a network namespace")
            tap = _open_tap()
            self._ip("link", "set", "lo", "up")
            for address in addresses:
                self._ip("address", "add", f"{address}/{PREFIX_LENGTH}", "dev", DEVICE)
            self._ip("link", "set", DEVICE, "up")
            return _namespace(), tap
        finally:
            self._enter(self._home)

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *words], check=True)

    @staticmethod
    def _enter(space):
        _check(_libc.setns(space, _NEW_NETWORK), "enter a network namespace")

    def _start_switch(self, taps, seed):
        self._control, theirs = socket.socketpair()
        ports = [{"tap": taps[name], "addresses": addresses} for name, addresses in self.hosts.items()]
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "netlab_switch.py")
        words = [sys.executable, "-B", script, str(theirs.fileno()), str(seed), json.dumps(ports)]
        self._switch = subprocess.Popen(words, pass_fds=[theirs.fileno(), *taps.values()], stdin=subprocess.DEVNULL,
                                        start_new_session=True)
        theirs.close()
        self._answers = self._control.makefile("r")

    def enter(self, host):
        """This thread, and what it starts, belongs to the host from now on."""
        self._enter(self._spaces[host])

    @contextlib.contextmanager
    def inside(self, host):
        """For the time of a with block this thread belongs to the host."""
        before = _namespace()
        self.enter(host)
        try:
            yield
        finally:
            self._enter(before)
            os.close(before)

    def say(self, **request):
        self._control.sendall(json.dumps(request).encode() + b"\n")
        answer = self._answers.readline()
        if not answer:
            raise LabError(f"the switch has ended with code {self._switch.wait()}")
        answer = json.loads(answer)
        if "error" in answer:
            raise LabError(answer["error"])
        return answer

    def shape(self, sender, receiver, *, delay_ms=0, jitter_ms=0, loss_percent=0, cut=False):
        """What happens to frames from one address to another from now on, in this direction alone."""
        self.say(do="rule", pair=[sender, receiver], delay=delay_ms / 1000, jitter=jitter_ms / 1000, loss=loss_percent / 100,
                 cut=cut)

    def shape_both(self, one, other, **rule):
        self.shape(one, other, **rule)
        self.shape(other, one, **rule)

    def cut(self, one, other):
        self.shape_both(one, other, cut=True)

    def heal(self):
        """No rules any more."""
        self.say(do="heal")

    def counts(self):
        """{"sent": frames, "lost": frames}"""
        return self.say(do="counts")
