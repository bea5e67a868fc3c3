# SPDX-License-Identifier: GPL-3.0-or-later
"""What was acknowledged is there, whatever happened since."""

import hashlib
import os
import random
import re
import signal
import sqlite3

import pytest
from harness import tsig
from harness import wire as w
from harness.faults import failing, fill, remount, small_disk, strace
from harness.load import Writer, acknowledged_changes
from harness.waiting import wait_until

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
SYNCS = ["fdatasync", "fsync"]
WRITES = ["pwrite64", "write", "ftruncate", "fallocate"]
SENDS = ["sendto", "sendmsg", "sendmmsg"]


def names_with_addresses(server, count):
    names = {f"h{n}.home.arpa": f"10.0.{n >> 8}.{n & 255}" for n in range(count)}
    server.must_update(*(w.add(name, "A", address) for name, address in names.items()), tcp=True)
    return names


def missing(server, names):
    return {name for name, address in names.items() if server.lookup(name, "A") != {address}}


def assert_not_behind(server, serial):
    """After a crash the serial may have jumped, never gone back (RFC 1982)."""
    assert (server.serial() - serial) % 2**32 < 2**31, "the serial went back"


def test_names_and_serial_survive_a_restart(ddnsd):
    names = names_with_addresses(ddnsd, 100)
    ddnsd.must_update(w.delete_name("h7.home.arpa"))
    serial = ddnsd.serial()
    ddnsd.restart()
    assert missing(ddnsd, names) == {"h7.home.arpa"}
    assert ddnsd.serial() == serial


def test_a_single_change_survives_kill_9(ddnsd):
    for n in range(5):
        change = w.delete_rrset(HOST, "A"), w.add(HOST, "A", f"192.0.2.{n}")
        ddnsd.must_update(*change)
        serial = ddnsd.serial()
        ddnsd.kill()
        ddnsd.start()
        assert ddnsd.lookup(HOST, "A") == {f"192.0.2.{n}"}
        assert_not_behind(ddnsd, serial)


@pytest.mark.slow
def test_ten_thousand_names_survive_kill_9(ddnsd):
    names = {}
    for block in range(20):
        part = {f"h{n}.b{block}.home.arpa": f"10.2.{n >> 8}.{block}" for n in range(500)}
        ddnsd.must_update(*(w.add(name, "A", part[name]) for name in part), tcp=True)
        names |= part
    serial = ddnsd.serial()
    ddnsd.kill()
    ddnsd.start()
    assert_not_behind(ddnsd, serial)
    assert missing(ddnsd, dict(random.Random(5).sample(sorted(names.items()), 500))) == set()


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "SIGTERM"])
def test_rule_17_no_acknowledged_change_is_lost_under_load(ddnsd, ending):
    writers = []
    for round_number in range(5):
        writers += [Writer(ddnsd, 10 * round_number + n) for n in range(4)]
        enough = acknowledged_changes(writers) + 2000 + 1500 * round_number
        for writer in writers[-4:]:
            writer.start()
        wait_until(lambda: acknowledged_changes(writers) > enough, "enough was written", 120)
        serial = ddnsd.serial()
        if ending == signal.SIGKILL:
            ddnsd.kill()
        else:
            ddnsd.stop()
        for writer in writers:
            writer.join(10)
        ddnsd.start()
        assert_not_behind(ddnsd, serial)
        for writer in writers:
            writer.audit(ddnsd)


def traced_calls(path):
    """Names of the system calls in strace's file, in the order in which they ended."""
    return re.findall(r"(?:^|\s)(?:<\.\.\. )?(\w+)(?:\(| resumed>).* = \d", path.read_text(), re.M)


def test_rule_17_the_answer_is_sent_after_the_sync(ddnsd, folder):
    ddnsd.must_update(w.add("warm.home.arpa", "A", "192.0.2.2"))
    trace = folder / "trace"
    with strace(ddnsd.process.pid, "-o", trace, "-e", "trace=" + ",".join(SYNCS + SENDS)):
        ddnsd.must_update(CHANGE)
    calls = traced_calls(trace)
    kinds = ["sync" if name in SYNCS else "send" for name in calls]
    assert kinds[:1] == ["sync"] and "send" in kinds, calls


def test_a_refresh_writes_nothing(ddnsd, folder):
    ddnsd.must_update(CHANGE)
    trace = folder / "trace"
    with strace(ddnsd.process.pid, "-o", trace, "-e", "trace=" + ",".join(SYNCS + WRITES)):
        for _ in range(10):
            ddnsd.must_update(CHANGE)
    calls = traced_calls(trace)
    assert not set(calls) & {*SYNCS, "pwrite64", "ftruncate", "fallocate"}


# Disks


def update_until_failure(server, limit=3000):
    """Changes until one fails; returns what was acknowledged."""
    names = {}
    for n in range(limit):
        name, address = f"f{n}.home.arpa", f"10.1.{n >> 8}.{n & 255}"
        padding = w.add(name, "TXT", '"' + "x" * 250 + '"')
        answer = server.update(w.add(name, "A", address), padding)
        if answer.rcode != "NOERROR":
            assert answer.rcode == "SERVFAIL"
            assert server.query(name, "A").rcode == "NXDOMAIN", "nothing of it remains"
            return names
        names[name] = address
    raise AssertionError(f"{limit} updates were acknowledged on a full disk")


def wait_until_updates_work(server):
    change = w.add("works.home.arpa", "A", "192.0.2.7"), w.delete_name("works.home.arpa")
    wait_until(lambda: server.update(*change[:1]).rcode == "NOERROR", "updates work again")
    server.must_update(change[1])


@pytest.fixture
def disk(folder):
    with small_disk(folder / "disk") as path:
        yield path


@pytest.fixture
def server_on_disk(disk, launch):
    return launch(database=disk / "ddnsd.db")


def test_a_full_disk_costs_updates_only_and_mends_by_itself(disk, server_on_disk):
    server = server_on_disk
    server.must_update(CHANGE)
    filler, seen = fill(disk), server.log_size()
    kept = update_until_failure(server)
    large = [w.add(f"more{n}.home.arpa", "TXT", '"' + "x" * 250 + '"') for n in range(100)]
    for _ in range(20):
        assert server.update(*large, tcp=True).rcode == "SERVFAIL"
    assert server.lookup(HOST, "A") == {"192.0.2.1"}
    server.must_update(CHANGE)
    server.wait_for_log(r"error.*(full|space|room)", seen)
    assert len(server.log_lines(r"error", seen)) < 10
    filler.unlink()
    wait_until_updates_work(server)
    names = names_with_addresses(server, 50)
    server.kill()
    server.start()
    assert missing(server, names | kept | {HOST: "192.0.2.1"}) == set()


def test_a_read_only_disk_costs_updates_only_and_mends_by_itself(disk, server_on_disk):
    server = server_on_disk
    server.must_update(CHANGE)
    server.stop()
    remount(disk, "ro")
    seen = server.log_size()
    server.start()
    assert server.lookup(HOST, "A") == {"192.0.2.1"}
    assert server.update(w.add("more.home.arpa", "A", "192.0.2.3")).rcode == "SERVFAIL"
    server.wait_for_log(r"(error|warning).*read.only", seen)
    remount(disk, "rw")
    wait_until_updates_work(server)
    server.must_update(w.add("more.home.arpa", "A", "192.0.2.3"))
    server.restart()
    assert server.lookup("more.home.arpa", "A") == {"192.0.2.3"}
    assert server.lookup(HOST, "A") == {"192.0.2.1"}


FAULTS = {
    "sync EIO": (SYNCS, "EIO"),
    "sync ENOSPC": (SYNCS, "ENOSPC"),
    "write ENOSPC": (["pwrite64"], "ENOSPC"),
    "write EROFS": (["pwrite64"], "EROFS"),
    "write EIO": (["pwrite64"], "EIO"),
}


@pytest.mark.parametrize("syscalls, error", FAULTS.values(), ids=FAULTS)
def test_rule_10_a_change_that_cannot_be_stored_is_servfail_and_undone(ddnsd, syscalls, error):
    ddnsd.must_update(CHANGE)
    serial = ddnsd.serial()
    seen = ddnsd.log_size()
    with failing(ddnsd.process.pid, syscalls, error):
        changes = [
            (w.add(HOST, "A", "192.0.2.2"), w.add("other.home.arpa", "A", "192.0.2.3")),
            (w.delete_name(HOST),),
            (w.delete_rrset(HOST, "A"), w.add(HOST, "AAAA", "2001:db8::1")),
        ]
        for change in changes:
            assert ddnsd.update(*change).rcode == "SERVFAIL"
        assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}
        assert ddnsd.query("other.home.arpa", "A").rcode == "NXDOMAIN"
        assert ddnsd.serial() == serial
    ddnsd.wait_for_log("error", seen)
    wait_until_updates_work(ddnsd)
    names = names_with_addresses(ddnsd, 10)
    ddnsd.kill()
    ddnsd.start()
    assert missing(ddnsd, names | {HOST: "192.0.2.1"}) == set()


def test_rule_20_a_retry_of_what_could_not_be_stored_is_applied(ddnsd):
    request = tsig.sign(w.update(CHANGE), ddnsd.key("editor")).wire
    with failing(ddnsd.process.pid, SYNCS, "EIO"):
        assert ddnsd.exchange(request).rcode == "SERVFAIL"
    wait_until(lambda: ddnsd.exchange(request).rcode == "NOERROR", "the retry is applied")
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}


# Databases that are not as they should be


@pytest.fixture
def stopped(ddnsd):
    """ddnsd, stopped, with 300 names in its database; the path of that; the names."""
    names = names_with_addresses(ddnsd, 300)
    ddnsd.stop()
    return ddnsd, ddnsd.folder / "ddnsd.db", names


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept_aside(path):
    return [digest(damaged) for damaged in path.parent.glob(f"{path.name}.damaged*")]


def test_a_file_that_is_no_database_is_kept_aside(stopped):
    server, path, _ = stopped
    path.write_bytes(os.urandom(50_000))
    damaged, seen = digest(path), server.log_size()
    server.start()
    assert damaged in kept_aside(path)
    server.wait_for_log(rf"(error|warning).*damaged.*{path}|(error|warning).*{path}.*damaged", seen)
    server.must_update(CHANGE)
    server.restart()
    assert server.lookup(HOST, "A") == {"192.0.2.1"}


def test_a_database_with_a_damaged_page_gives_back_what_can_be_read(stopped):
    server, path, names = stopped
    content = bytearray(path.read_bytes())
    middle = len(content) * 3 // 4 // 1024 * 1024
    content[middle : middle + 1024] = os.urandom(1024)
    path.write_bytes(content)
    damaged, seen = digest(path), server.log_size()
    server.start()
    assert damaged in kept_aside(path)
    server.wait_for_log(r"(error|warning).*damaged", seen)
    assert 0 < len(missing(server, names)) < len(names)
    names_again = names_with_addresses(server, 300)
    server.restart()
    assert missing(server, names_again) == set()


def test_a_database_cut_short_is_kept_aside(stopped):
    server, path, _ = stopped
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    damaged = digest(path)
    server.start()
    assert damaged in kept_aside(path)
    server.must_update(CHANGE)


def test_an_empty_file_is_a_new_database(stopped):
    server, path, _ = stopped
    path.write_bytes(b"")
    server.start()
    server.must_update(CHANGE)


def test_a_database_of_before_there_were_leases_is_upgraded(stopped):
    server, path, names = stopped
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("DROP TABLE facts")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    server.start()
    assert missing(server, names) == set()
    server.must_update(CHANGE)
    server.kill()
    server.start()
    assert missing(server, names | {HOST: "192.0.2.1"}) == set()
    assert kept_aside(path) == []
    server.stop()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM facts").fetchone() == (0,)
    connection.close()


def test_a_newer_schema_is_refused_and_left_alone(stopped):
    server, path, _ = stopped
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before, seen = digest(path), server.log_size()
    server.spawn()
    assert server.wait_for_exit() == 1
    server.wait_for_log(rf"error.*{path}.*newer", seen)
    assert digest(path) == before
    assert kept_aside(path) == []


def test_a_database_folder_that_is_missing_is_named(launch, folder):
    server = launch(start=False, database=folder / "missing" / "ddnsd.db")
    server.spawn()
    assert server.wait_for_exit() == 1
    server.wait_for_log(rf"error.*{folder}/missing")
