"""Holds one thread still, as a debugger does, until its process ends; the process's other threads go on. Needs root.

    python3 -m harness.freeze_thread TID        # prints "frozen" as soon as it stands
"""
import ctypes
import os
import sys

_SEIZE, _INTERRUPT = 0x4206, 0x4207
_ALL_THREADS = 0x40000000  # __WALL
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def main():
    thread = int(sys.argv[1])
    for request in (_SEIZE, _INTERRUPT):
        if _libc.ptrace(request, thread, None, None) != 0:
            print(f"can't hold thread {thread}: {os.strerror(ctypes.get_errno())}", file=sys.stderr)
            return 1
    _, status = os.waitpid(thread, _ALL_THREADS)
    print("frozen", flush=True)
    # Its parent hears of its end only after we have.
    while os.WIFSTOPPED(status):
        _, status = os.waitpid(thread, _ALL_THREADS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
