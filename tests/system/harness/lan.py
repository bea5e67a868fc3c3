# SPDX-License-Identifier: GPL-3.0-or-later
"""A small network of namespaces: a server with a bridge, and machines plugged into it.

No namespace has a name: each is gone with the last process and descriptor that holds it.
"""

import contextlib
import ctypes
import os
import subprocess
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
OWN_NAMESPACE = "/proc/thread-self/ns/net"
SERVER, SERVER6 = "10.77.0.1", "fd77::1"
BRIDGE = "br0"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def run(*command):
    """Run a program to its end; it must succeed."""
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
    return result.stdout


class Namespace:
    """A network namespace of its own, with its loopback up."""

    def __init__(self):
        before = os.open(OWN_NAMESPACE, os.O_RDONLY)
        try:
            _check(_libc.unshare(CLONE_NEWNET), "unshare")
            self.descriptor = os.open(OWN_NAMESPACE, os.O_RDONLY)
            # Without this an IPv6 address is of no use for its first second or two.
            Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
            run("ip", "link", "set", "lo", "up")
        finally:
            _check(_libc.setns(before, CLONE_NEWNET), "setns")
            os.close(before)

    @property
    def path(self):
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @contextlib.contextmanager
    def entered(self):
        """Inside, this thread's new sockets and programs are in the namespace."""
        before = os.open(OWN_NAMESPACE, os.O_RDONLY)
        try:
            _check(_libc.setns(self.descriptor, CLONE_NEWNET), "setns")
            yield self
        finally:
            _check(_libc.setns(before, CLONE_NEWNET), "setns")
            os.close(before)

    def close(self):
        os.close(self.descriptor)


class Machine(Namespace):
    """One that is plugged into the bridge with its eth0."""

    def __init__(self, number):
        super().__init__()
        self.number = number
        self.mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        self.port = f"port{number}"

    def plug_in(self):
        run(
            "ip",
            "link",
            "add",
            self.port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "address",
            self.mac,
            "netns",
            self.path,
        )
        run("ip", "link", "set", self.port, "master", BRIDGE, "up")
        with self.entered():
            run("ip", "link", "set", "eth0", "up")

    def addresses(self):
        with self.entered():
            return run("ip", "-oneline", "address", "show", "dev", "eth0")


class Lan:
    """The server's namespace, which the test is in, and the machines made so far."""

    def __init__(self):
        self.server = Namespace()
        self.machines = []

    def __enter__(self):
        self.visit = self.server.entered()
        self.visit.__enter__()
        run(
            "ip",
            "link",
            "add",
            BRIDGE,
            "type",
            "bridge",
            "forward_delay",
            "0",
            "mcast_snooping",
            "0",
        )
        run("ip", "link", "set", BRIDGE, "up")
        run("ip", "address", "add", f"{SERVER}/16", "dev", BRIDGE)
        run("ip", "address", "add", f"{SERVER6}/64", "dev", BRIDGE, "nodad")
        return self

    def __exit__(self, *failure):
        self.visit.__exit__(*failure)
        for namespace in [*self.machines, self.server]:
            namespace.close()

    def machine(self):
        machine = Machine(len(self.machines) + 1)
        self.machines.append(machine)
        machine.plug_in()
        return machine


def open_lan():
    """A Lan; skips the test where namespaces are not permitted."""
    try:
        return Lan()
    except OSError as error:
        pytest.skip(f"network namespaces are not permitted here: {error}")
