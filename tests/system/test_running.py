# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsd as a service: readiness, watchdog, the journal, its user, and what it keeps to itself."""

import contextlib
import os
import pwd
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from harness import tsig
from harness import wire as w
from harness.hosts import read_names
from harness.tsig import make_key
from harness.waiting import wait_until

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
O_CLOEXEC = 0o2000000
CAP_KILL = 1 << 5
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root becomes another user, or looks into ddnsd"
)


# The service manager


class Manager:
    """The socket of a service manager, and what was said to it."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.lines = []

    def _read(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.socket.recv(4096, socket.MSG_DONTWAIT).decode()
                self.lines += data.splitlines()

    def count(self, line):
        self._read()
        return self.lines.count(line)

    def wait_for(self, line, count=1):
        wait_until(lambda: self.count(line) >= count, f"{line} was said {count} times")


@pytest.fixture
def manager(folder):
    manager = Manager(str(folder / "notify"))
    yield manager
    manager.socket.close()


def test_the_manager_hears_of_readiness_reload_and_stop(launch, manager, folder):
    hosts = folder / "ddnsd.hosts"
    publish = {"mode": "hostsdir", "file": hosts, "confirm": ""}
    server = launch(publish=publish, environment={"NOTIFY_SOCKET": str(folder / "notify")})
    assert hosts.exists(), "published before it is ready"
    manager.wait_for("READY=1")
    assert manager.count("RELOADING=1") == 0
    server.hang_up()
    manager.wait_for("READY=1", 2)
    assert manager.count("RELOADING=1") == 1
    assert any(re.fullmatch(r"MONOTONIC_USEC=\d+", line) for line in manager.lines)
    assert manager.lines.index("RELOADING=1") > manager.lines.index("READY=1")
    assert manager.count("STOPPING=1") == 0
    server.stop()
    assert manager.count("STOPPING=1") == 1


def test_a_failed_reload_still_ends(launch, manager, folder):
    server = launch(environment={"NOTIFY_SOCKET": str(folder / "notify")})
    server.config_path.write_text("nonsense {\n")
    manager.wait_for("READY=1", 2)
    server.hang_up()
    manager.wait_for("READY=1", 3)
    assert server.lookup(w.ZONE, "SOA")


def test_the_managers_socket_may_be_abstract(launch):
    name = f"ddnsd-test-{os.getpid()}"
    manager = Manager(f"\0{name}")
    launch(environment={"NOTIFY_SOCKET": f"@{name}"})
    manager.wait_for("READY=1")
    manager.socket.close()


def test_the_watchdog_is_fed(launch, manager, folder):
    notify = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "400000"}
    launch(environment=notify)
    manager.wait_for("WATCHDOG=1", 4)


def test_without_a_watchdog_nothing_is_sent(launch, manager, folder):
    server = launch(environment={"NOTIFY_SOCKET": str(folder / "notify")})
    server.must_update(CHANGE)
    server.stop()
    assert manager.count("WATCHDOG=1") == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_with_clients_connected(ddnsd, ending):
    with ddnsd.connect() as connection:
        connection.socket.send(b"\0\x40half")
        ddnsd.process.send_signal(ending)
        assert ddnsd.wait_for_exit() == 0


# The log


def test_the_journal_gets_levels(launch, folder):
    log = folder / "ddnsd.log"
    log.touch()
    status = log.stat()
    journal = f"{status.st_dev}:{status.st_ino}"
    server = launch(environment={"JOURNAL_STREAM": journal})
    server.update(CHANGE, key=None)
    server.wait_for_log(r"^<[4-6]>.*refused")
    assert all(re.match(r"<[3-7]>", line) for line in server.log().splitlines())


def test_without_the_journal_levels_are_words(ddnsd):
    assert all(
        re.match(r"ddnsd: (error|warning|notice|info|debug): ", line)
        for line in ddnsd.log().splitlines()
    )


def test_verbose_says_more(launch, folder):
    publish = {"mode": "hostsdir", "file": folder / "ddnsd.hosts", "confirm": ""}
    server = launch(publish=publish)
    server.must_update(CHANGE)
    server.stop()
    assert not server.log_lines(r"debug: ")
    server.start("-v")
    server.must_update(w.add(HOST, "A", "192.0.2.2"))
    server.wait_for_log(r"debug: ")


def test_no_secret_is_ever_logged_or_shown(launch):
    server = launch(start=False)
    server.start("-v")
    secret = server.key("editor").secret
    server.must_update(CHANGE)
    for key in (make_key("editor", version="2"), make_key("editor", "hmac-sha512"), make_key("x")):
        server.exchange(tsig.sign(w.update(CHANGE), key).wire)
    server.exchange_signed(w.update(CHANGE), when=1000)
    server.hang_up()
    assert secret not in Path(f"/proc/{server.process.pid}/cmdline").read_text()
    server.stop()
    assert secret not in server.log()


# Privileges


def assert_powerless(server, uid):
    user = pwd.getpwuid(uid)
    assert server.proc_status("Uid").split() == [str(uid)] * 4
    assert server.proc_status("Gid").split() == [str(user.pw_gid)] * 4
    assert set(server.proc_status("Groups").split()) <= {str(user.pw_gid)}
    assert server.proc_status("NoNewPrivs") == "1"
    for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(server.proc_status(which), 16) & ~CAP_KILL == 0, which


def own(path, uid):
    path.mkdir()
    os.chown(path, uid, pwd.getpwuid(uid).pw_gid)
    return path


NOBODY = pwd.getpwnam("nobody").pw_uid


@needs_root
def test_root_becomes_the_user_that_is_configured(launch, make_dnsmasq, folder):
    state, run = own(folder / "state", NOBODY), own(folder / "run", NOBODY)
    hosts = run / "ddnsd.hosts"
    dnsmasq = make_dnsmasq(f"--addn-hosts={hosts}").start()
    server = launch(
        user="nobody", database=state / "ddnsd.db", publish=dnsmasq.publish_options(hosts)
    )
    assert_powerless(server, NOBODY)
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    assert hosts.stat().st_uid == (state / "ddnsd.db").stat().st_uid == NOBODY


@needs_root
def test_a_low_port_is_bound_before_root_is_given_up(launch, folder):
    database = own(folder / "state", NOBODY) / "ddnsd.db"
    server = launch(start=False, user="nobody", addresses=["127.83.1.9"], database=database)
    server.settings.port = 853
    server.write_config()
    server.start()
    assert_powerless(server, NOBODY)
    server.must_update(CHANGE, tcp=True)


@needs_root
def test_it_runs_without_any_privilege_on_a_high_port(launch, folder):
    run = own(folder / "run", NOBODY)
    hosts = run / "ddnsd.hosts"
    publish = {"mode": "hostsdir", "file": hosts, "confirm": ""}
    server = launch(start=False, database=run / "ddnsd.db", publish=publish)
    os.chown(server.config_path, NOBODY, -1)
    server.start(user=NOBODY)
    assert_powerless(server, NOBODY)
    server.must_update(CHANGE)
    wait_until(lambda: HOST in read_names(hosts), "the name is published")


def test_no_new_privileges_also_without_a_user(ddnsd):
    assert ddnsd.proc_status("NoNewPrivs") == "1"


def test_an_unknown_user_is_named(launch):
    server = launch(start=False, user="no-such-user-here")
    server.spawn()
    assert server.wait_for_exit() == 1
    server.wait_for_log("no-such-user-here")


@needs_root
def test_every_descriptor_is_closed_on_exec(ddnsd):
    ddnsd.must_update(CHANGE)
    with ddnsd.connect() as connection:
        connection.send(w.query(w.ZONE, "SOA"))
        connection.receive()
        folder = Path(f"/proc/{ddnsd.process.pid}/fdinfo")
        descriptors = [path for path in folder.iterdir() if int(path.name) > 2]
        assert len(descriptors) > 4
        for path in descriptors:
            flags = int(re.search(r"^flags:\s*(\d+)", path.read_text(), re.M)[1], 8)
            assert flags & O_CLOEXEC, os.readlink(path.parent.parent / "fd" / path.name)


def test_the_database_is_not_for_everybody_to_read(ddnsd):
    ddnsd.must_update(CHANGE)
    for path in ddnsd.folder.glob("ddnsd.db*"):
        assert path.stat().st_mode & 0o007 == 0, path


def test_it_does_not_wake_up_while_idle(launch, make_dnsmasq, folder):
    hosts = folder / "ddnsd.hosts"
    dnsmasq = make_dnsmasq(f"--addn-hosts={hosts}").start()
    server = launch(publish=dnsmasq.publish_options(hosts))
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    last = {"switches": None, "since": 0.0}

    def has_slept():
        switches = server.proc_status("voluntary_ctxt_switches")
        if switches != last["switches"]:
            last.update(switches=switches, since=time.monotonic())
        return time.monotonic() - last["since"] > 2.5

    wait_until(has_slept, "it has slept for two and a half seconds")
