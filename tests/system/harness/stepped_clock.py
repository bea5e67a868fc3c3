# SPDX-License-Identifier: GPL-3.0-or-later
"""A wall clock that a test sets for one program, without touching the machine's."""

import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from .daemon import is_sanitized

SOURCE = Path(__file__).with_name("stepped_clock.c")


class SteppedClock:
    """environment is the program's. step() sets ddnsd's clock and tells it as the kernel does."""

    def __init__(self, folder, offset_s=0):
        compiler = shutil.which("cc")
        if not compiler:
            pytest.skip("there is no C compiler")
        if is_sanitized():
            pytest.skip("nothing can be loaded before a sanitizer's library")
        library = folder / "stepped_clock.so"
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE]
        subprocess.run(command, check=True, capture_output=True)
        self.path, self.fifo = folder / "clock", folder / "clock.fifo"
        os.mkfifo(self.fifo)
        self._set(offset_s)
        self.environment = {
            "LD_PRELOAD": str(library),
            "STEPPED_CLOCK": str(self.path),
            "STEPPED_CLOCK_FIFO": str(self.fifo),
        }

    def _set(self, offset_s):
        self.offset_s = offset_s
        # In place: it is mapped.
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("=q", offset_s))

    def move(self, by_s):
        """For programs that do not want to be told."""
        self._set(self.offset_s + by_s)

    def step(self, by_s):
        self.move(by_s)
        descriptor = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        os.write(descriptor, struct.pack("=Q", 1))
        os.close(descriptor)

    def now(self):
        """What ddnsd takes for the time."""
        return time.time() + self.offset_s
