# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that fail: a small file system of our own, and system calls that strace makes fail."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from .waiting import wait_until


@contextlib.contextmanager
def small_disk(path, size="4m"):
    """A tmpfs mounted at path; skips the test where mounting is not possible."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", path]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        pytest.skip(f"no file system can be mounted: {result.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def remount(path, option):
    subprocess.run(["mount", "-o", f"remount,{option}", path], check=True)


def fill(path):
    """Write until the disk is full; return the file that took the room."""
    filler = path / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def _tracer(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^TracerPid:\s*(\d+)", text, re.M)[1])


@contextlib.contextmanager
def strace(pid, *options):
    """strace attached to the process; skips the test where that is not possible."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    command = ["strace", "-f", "-p", str(pid), *map(str, options)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def is_attached():
        if tracer.poll() is not None:
            pytest.skip(f"strace cannot attach: {tracer.stderr.read().strip()}")
        return _tracer(pid) == tracer.pid

    try:
        wait_until(is_attached, "strace is attached")
        yield
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=60)
    if os.path.exists(f"/proc/{pid}"):
        wait_until(lambda: _tracer(pid) == 0, "strace is detached")


def failing(pid, syscalls, error):
    """While this is open each of these system calls of the process fails with the error."""
    names = ",".join(syscalls)
    return strace(pid, "-o", "/dev/null", "-e", f"inject={names}:error={error}")
