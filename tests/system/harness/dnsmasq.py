# SPDX-License-Identifier: GPL-3.0-or-later
"""A private dnsmasq that reads the hosts file under test and nothing else."""

import os
import subprocess

from . import wire as w
from .client import exchange_udp
from .waiting import LIMIT_S, wait_until


class Dnsmasq:
    def __init__(self, folder, port, *arguments, user="root", local="/home.arpa/", environment=None):
        self.port = port
        self.pid_file = folder / "dnsmasq.pid"
        self.log_path = folder / "dnsmasq.log"
        self.process = None
        self.environment = environment or {}
        self.command = [
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            f"--port={port}",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            "--log-facility=-",
            f"--pid-file={self.pid_file}",
            *arguments,
        ]
        if local:
            self.command.append(f"--local={local}")
        if os.geteuid() == 0:
            self.command.append(f"--user={user}")

    def publish_options(self, hosts, mode="signal", patience="1s"):
        """The options of ddnsd's publish section that lead to this dnsmasq.

        patience: how long ddnsd waits until it takes a dnsmasq that is silent for one in trouble, and
        does more than publish; a busy machine can keep it silent for a second.
        """
        return {
            "mode": mode,
            "file": hosts,
            "pid-file": self.pid_file,
            "confirm": f"127.0.0.1:{self.port}",
            "confirm-timeout": patience,
        }

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )

        def is_running():
            assert self.process.poll() is None, self.log_path.read_text()
            pid = self.pid_file.read_text().strip() if self.pid_file.exists() else ""
            return pid == str(self.process.pid)

        wait_until(is_running, "dnsmasq has written its pid file")
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(LIMIT_S)
        self.process = None

    def kill(self):
        """SIGKILL: the pid file stays behind."""
        self.process.kill()
        self.process.wait(LIMIT_S)
        self.process = None

    def query(self, name, rtype="A"):
        return exchange_udp(w.query(name, rtype, flags=0x0100), ("127.0.0.1", self.port))

    def addresses(self, name, rtype="A"):
        return self.query(name, rtype).rdatas(name, rtype)

    def wait_for(self, name, *addresses, rtype="A"):
        what = f"dnsmasq answers {name} {rtype} {set(addresses)}"
        wait_until(lambda: self.addresses(name, rtype) == set(addresses), what)

    def times_read(self, path):
        """How often this dnsmasq has read the hosts file, as its log tells."""
        return self.log_path.read_text().count(f"read {path}")
