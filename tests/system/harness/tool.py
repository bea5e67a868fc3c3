# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl as a person runs it: arguments in, what it prints and its exit status out."""

import json
import os
import signal
import subprocess
from pathlib import Path

from .daemon import TOP

PROGRAM = str(Path(os.environ.get("DDNSD", TOP / "build/release/bin/ddnsd")).with_name("ddnsctl"))

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


class Tool:
    def __init__(self, socket):
        self.socket = socket

    def command(self, *arguments):
        return [PROGRAM, "-s", str(self.socket), *map(str, arguments)]

    def run(self, *arguments, **options):
        """No terminal: whatever it would ask is answered no."""
        return subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )

    def must(self, *arguments, **options):
        result = self.run(*arguments, **options)
        assert result.returncode == DONE, f"{arguments}: {result}"
        return result

    def json(self, *arguments, code=DONE):
        result = self.run("--json", *arguments)
        assert result.returncode == code, f"{arguments}: {result}"
        return json.loads(result.stdout)

    def start(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
