# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal of a given width, in which a program runs and a person answers its questions."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import termios
import time

LIMIT_S = 60.0


def run_in_terminal(command, *, columns=80, environment=None, answers=()):
    """Return (what the terminal shows, exit status). answers: (what is waited for, what is typed)."""
    variables = {"TERM": "xterm", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]} | (environment or {})
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in 0, 1, 2:
                os.dup2(slave, fd)
            os.closerange(3, 256)
            os.execve(command[0], list(map(str, command)), variables)
        os._exit(127)
    os.close(slave)
    shown, waiting, deadline = b"", list(answers), time.monotonic() + LIMIT_S
    with contextlib.suppress(OSError):
        while select.select([master], [], [], max(0.0, deadline - time.monotonic()))[0]:
            octets = os.read(master, 65536)
            if not octets:
                break
            shown += octets
            if waiting and waiting[0][0].encode() in shown:
                os.write(master, waiting.pop(0)[1].encode())
    os.close(master)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert time.monotonic() < deadline, f"still running after {LIMIT_S:g} s:\n{shown!r}"
    assert not waiting, f"{waiting[0][0]!r} was never asked:\n{shown!r}"
    return shown.decode().replace("\r\n", "\n"), status
