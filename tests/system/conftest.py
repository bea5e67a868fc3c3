# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a folder, free ports, ddnsd by its settings, dnsmasq, the usual clients."""

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from harness.daemon import Daemon
from harness.dnsmasq import Dnsmasq
from harness.programs import Programs
from harness.settings import Settings

# Below the range from which Linux takes ports of its own accord (32768 and up).
FIRST_PORT, PORTS = 20000, 12000


DAEMONS = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what its ddnsd said."""
    report = (yield).get_result()
    if report.failed:
        for daemon in item.stash.get(DAEMONS, []):
            report.sections.append(("log of ddnsd", daemon.log() if daemon.log_size() else ""))


def _claim(port):
    """A claim to the port that lasts until it is closed; None: another test has it."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0ddnsd-system-{port}")
    except OSError:
        claim.close()
        return None
    return claim


def _is_free(port):
    with contextlib.ExitStack() as stack:
        for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
            sock = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _ports():
    offset = os.getpid() * 131
    while True:
        offset += 1
        yield FIRST_PORT + offset % PORTS


_next_port = _ports()


@pytest.fixture
def free_port():
    """A function that returns another loopback port at each call; nobody else has it in this test.

    What listens there may come late, go and come again, so that being free alone does not do.
    """
    with contextlib.ExitStack() as claims:

        def free_port():
            while True:
                port = next(_next_port)
                claim = _claim(port)
                if claim:
                    claims.enter_context(claim)
                    if _is_free(port):
                        return port

        yield free_port


@pytest.fixture
def folder():
    """A folder that other users may enter, as /run/ddnsd is."""
    path = Path(tempfile.mkdtemp(prefix="ddnsd-system-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def launch(request, folder, free_port):
    """A function that starts ddnsd; its other arguments are those of Settings.

    A second one needs a place of its own: the first would take its configuration for a change.
    """
    daemons = request.node.stash.setdefault(DAEMONS, [])

    def start(*, start=True, environment=None, place=folder, **settings):
        settings.setdefault("database", folder / "ddnsd.db")
        settings.setdefault("keys_directory", "")
        settings.setdefault("made_keys_directory", "")
        if settings.get("http") is not None:
            settings["http"] = {"port": free_port()} | settings["http"]
        daemon = Daemon(place, Settings(free_port(), **settings), environment)
        daemons.append(daemon)
        return daemon.start() if start else daemon

    yield start
    for daemon in daemons:
        if daemon.process:
            daemon.stop()


@pytest.fixture
def ddnsd(launch):
    """ddnsd with the zone home.arpa, which the key "editor" may change as it likes."""
    return launch()


@pytest.fixture
def make_dnsmasq(folder, free_port):
    """A function that makes a dnsmasq, not yet started; stopped at the end."""
    made = []

    def make(*arguments, **options):
        made.append(Dnsmasq(folder, free_port(), *arguments, **options))
        return made[-1]

    yield make
    for dnsmasq in made:
        if dnsmasq.process:
            dnsmasq.stop()


@pytest.fixture
def programs(folder):
    """A function that gives the usual clients, pointed at a ddnsd."""
    return lambda daemon: Programs(folder, daemon.endpoint)
