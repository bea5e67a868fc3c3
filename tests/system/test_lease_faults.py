# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases when things go wrong: their file, the hook's daemon, the disk, the database, the clock."""

import datetime
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import wire as w
from harness.control import Control
from harness.daemon import is_sanitized
from harness.dhcp import ddnsctl, install_hook
from harness.faults import failing, fill, small_disk
from harness.hosts import read_names
from harness.stepped_clock import SteppedClock
from harness.tool import DONE, FAILED, UNREACHABLE
from harness.waiting import TRIES, wait_until
from test_durability import SYNCS
from test_hooks import within_a_second

HOUR_S = 3600
LOOK_AGAIN_S = 1.0  # a lease that is missing from the file ends at the second look
CHUNK = 4096
# Of computing, between a question and its answer.
BLOCKED_MOST_S = 20 if is_sanitized() else 5
REVERSE = "10.in-addr.arpa"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


def seconds(iso):
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def address(n):
    return f"10.77.{n >> 8}.{n & 255}"


def hardware(n):
    return f"02:00:00:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"


def line(n, name=None, ends_in=HOUR_S, now=None):
    ends = int((now or time.time()) + ends_in) if ends_in else 0
    return f"{ends} {hardware(n)} {address(n)} {name or f'h{n}'} 01:{hardware(n)}\n"


def lines(numbers, **options):
    return "".join(line(n, **options) for n in numbers)


class LeaseFile:
    """Written as dnsmasq does: the same file, emptied, then a piece at a time."""

    def __init__(self, path):
        self.path = path

    def write(self, text, pieces=(), between=None):
        """pieces: where else than every 4 KB a piece ends. between: called after each."""
        octets = text.encode() if isinstance(text, str) else text
        ends = sorted({*pieces, *range(CHUNK, len(octets), CHUNK), len(octets)})
        with open(self.path, "r+b" if self.path.exists() else "wb", buffering=0) as file:
            file.truncate(0)
            for start, end in zip([0, *ends], ends):
                if between:
                    between()
                file.write(octets[start:end])

    def remove(self):
        self.path.unlink()


class Site:
    def __init__(self, folder, launch, **settings):
        self.folder = folder
        self.door = folder / "control.sock"
        self.control = Control(self.door)
        self.file = LeaseFile(folder / "dnsmasq.leases")
        settings.setdefault("control", {"socket": self.door})
        settings.setdefault("limits", {"quiet": "0s"})
        settings["leases"] = {"file": self.file.path} | settings.get("leases", {})
        self.server = launch(**settings)

    def leases(self):
        return {lease["address"]: lease for lease in self.control.get("/v1/leases").json["leases"]}

    def problem(self):
        return self.control.get("/v1/status").json["leases"]["error"]

    def names(self):
        """Each lease's label, with its address as DNS has it."""
        page = self.control.get("/v1/names", source="lease", limit=1000).json
        assert page["next"] is None
        return {
            name["name"].removesuffix(".home.arpa"): {r["data"] for r in name["records"]}
            for name in page["names"]
        }

    def has(self, n):
        return self.server.lookup(f"h{n}.home.arpa", "A") == {address(n)}

    def wait_for(self, *numbers):
        wanted = {f"h{n}": {address(n)} for n in numbers}
        wait_until(lambda: self.names() == wanted, f"the leases' names are {sorted(wanted)}")

    def hook(self, action, n, *, name=None, **environment):
        """As dnsmasq calls it. Returns how it ended."""
        command = [ddnsctl(), "lease", "dnsmasq", action, hardware(n), address(n), name or f"h{n}"]
        variables = {
            "PATH": os.environ["PATH"],
            "DDNSD_SOCKET": str(self.door),
            "DNSMASQ_TIME_REMAINING": str(HOUR_S),
        }
        return subprocess.run(
            command,
            env=variables | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def quick_hook(self, code, *arguments, **options):
        """It ends with this exit code, and never after more than a second."""
        return within_a_second(
            lambda: self.hook(*arguments, **options),
            is_good=lambda result: result.returncode == code,
        )

    def must_hook(self, *arguments, **options):
        self.quick_hook(DONE, *arguments, **options)


@pytest.fixture
def site(folder, launch):
    """A function that opens a Site; its arguments are those of Settings."""
    return lambda **settings: Site(folder, launch, **settings)


# The file


def test_leases_given_while_ddnsd_was_down_are_known_when_it_is_ready(site):
    home = site()
    home.file.write(lines(range(1, 4)))
    home.wait_for(1, 2, 3)
    for ending in home.server.stop, home.server.kill:
        ending()
        home.file.write(lines(range(2, 6)))
        home.server.start()
        # New ones at once; what is gone goes at the second look.
        assert all(home.has(n) for n in (2, 3, 4, 5))
        home.wait_for(2, 3, 4, 5)
        home.file.write(lines(range(1, 4)))
        home.wait_for(1, 2, 3)


def test_a_file_that_is_being_rewritten_costs_no_name(site):
    """A slow card: a reader sees the file empty, with a few lines, and cut off in a line."""
    home = site()
    numbers = range(1, 31)
    text = lines(numbers)
    home.file.write(text)
    home.wait_for(*numbers)

    def write_slowly(pieces):
        """False: it took so long that what is missing may go."""
        begun, serial = time.monotonic(), home.server.serial()

        def is_in_time():
            return time.monotonic() < begun + 0.8 * LOOK_AGAIN_S

        def look():
            """Long enough for a reading of what is there."""
            looked = time.monotonic()
            while time.monotonic() < looked + 0.1:
                are_there = home.has(1) and home.has(15) and home.has(30)
                assert are_there or not is_in_time()

        home.file.write(text, pieces, between=look)
        was_in_time = is_in_time()
        home.wait_for(*numbers)
        assert not was_in_time or home.server.serial() == serial
        return was_in_time

    ends = [n + 1 for n, character in enumerate(text) if character == "\n"]
    for pieces in [ends[4], ends[19], ends[24] + 20], [20, ends[9] + 40]:
        assert any(write_slowly(pieces) for _ in range(TRIES)), "never fast enough to tell"


def test_a_file_cut_off_in_a_line_is_read_when_it_is_whole(site):
    home = site()
    home.file.write(lines([1, 2, 3]))
    home.wait_for(1, 2, 3)
    whole = lines([1, 2, 3, 4])
    home.file.write(whole[: len(whole) // 2 - 20])
    serial = home.server.serial()
    begun = time.monotonic()

    def is_all_there():
        assert all(home.has(n) for n in (1, 2, 3))
        return time.monotonic() > begun + 1.5 * LOOK_AGAIN_S

    wait_until(is_all_there, "none has gone for a while")
    assert home.server.serial() == serial
    home.file.write(whole)
    home.wait_for(1, 2, 3, 4)


@pytest.mark.slow
def test_a_dnsmasq_that_died_while_it_wrote_is_believed_in_the_end(site):
    home = site()
    home.file.write(lines([1, 2, 3]))
    home.wait_for(1, 2, 3)
    whole = lines([1, 2, 3])
    home.file.write(whole[: len(whole) - 60])
    home.wait_for(1, 2)
    home.file.write(whole)
    home.wait_for(1, 2, 3)


def test_a_file_that_is_replaced_or_removed_and_made_again_is_followed(site, folder):
    home = site()
    home.file.write(lines([1, 2]))
    home.wait_for(1, 2)
    new = folder / "new"
    new.write_text(lines([2, 3]))
    new.rename(home.file.path)
    home.wait_for(2, 3)
    home.file.remove()
    home.file.write(lines([3, 4]))
    home.wait_for(3, 4)
    # In the file that is there now, too, each change is seen.
    home.file.write(lines([4, 5]))
    home.wait_for(4, 5)


def test_a_file_that_is_deleted_ends_no_lease_before_its_time(site):
    home = site()
    home.file.write(lines([1]) + line(2, ends_in=4))
    home.wait_for(1, 2)
    home.file.remove()
    home.wait_for(1)
    home.server.restart()
    assert home.has(1)
    assert home.problem() in ("", None), "dnsmasq makes it with the first lease"


def test_a_file_in_a_folder_that_comes_later_is_found(site, folder):
    later = folder / "later"
    home = site(leases={"file": later / "dnsmasq.leases"})
    assert str(later) in home.problem() or home.problem() == ""
    later.mkdir()
    home.file.path = later / "dnsmasq.leases"
    home.file.write(lines([1]))
    home.server.hang_up()
    home.wait_for(1)
    assert home.problem() == ""


@needs_root
def test_a_file_that_may_not_be_read_is_named_with_the_mend(launch, folder):
    run = folder / "run"
    run.mkdir()
    os.chown(run, 65534, 65534)
    home = Site(
        folder,
        lambda **settings: launch(start=False, **settings),
        database=run / "ddnsd.db",
        control={"socket": run / "control.sock"},
    )
    home.door = run / "control.sock"
    home.control = Control(home.door)
    home.file.write(lines([1]))
    home.file.path.chmod(0o600)
    os.chown(home.server.config_path, 65534, -1)
    home.server.start(user=65534)
    problem = home.problem()
    assert problem.startswith(f"{home.file.path} cannot be read: ")
    assert "let ddnsd's user read it (chmod o+r)" in problem
    assert home.server.log_lines(f"warning: leases: {home.file.path} cannot be read")
    seen = home.server.log_size()
    home.file.path.chmod(0o644)
    home.wait_for(1)
    home.server.wait_for_log("can be read again", seen)
    assert home.problem() == ""
    # What was known stays known while it cannot be read.
    home.file.path.chmod(0o600)
    home.file.write(lines([2]))
    wait_until(home.problem, "it is noticed")
    assert home.has(1)


GARBAGE = {
    "octets": random.Random(7).randbytes(20000) + b"\n",
    "zeros": bytes(8192),
    "another file": b"127.0.0.1 localhost\n::1 localhost ip6-localhost\n" * 50,
}


@pytest.mark.parametrize(
    "content",
    # What ends in no line's end may still be under way.
    [pytest.param(c, marks=[pytest.mark.slow] * (c[-1:] != b"\n")) for c in GARBAGE.values()],
    ids=GARBAGE,
)
def test_a_file_of_garbage_is_named_and_costs_no_name(site, content):
    home = site()
    home.file.write(lines([1, 2]))
    home.wait_for(1, 2)
    home.file.write(content)
    wait_until(home.problem, "it is noticed")
    assert str(home.file.path) in home.problem()
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() > begun + 1.5 * LOOK_AGAIN_S, "a second look was had")
    assert home.has(1) and home.has(2)
    home.file.write(lines([2, 3]))
    home.wait_for(2, 3)
    assert home.problem() == ""


def test_lines_that_make_no_sense_cost_only_themselves(site):
    home = site()
    odd = [
        "not a lease at all\n",
        f"{2**70} {hardware(9)} {address(9)} h9 *\n",
        f"99999999999 zz:zz {address(9)} h9 *\n",
        f"99999999999 {hardware(9)} 10.77.999.1 h9 *\n",
        "x" * 5000 + "\n",
        "\n",
        "duid 00:01:00:01:2a:2a:2a:2a:02:00:00:00:00:01\n",
    ]
    home.file.write(line(1) + "".join(odd) + line(2) + "\0\0\0\n" + line(3))
    home.wait_for(1, 2, 3)
    home.file.write(line(1) + "".join(odd) + line(3))
    home.wait_for(1, 3)


# Many


def served_until(server, condition, limit):
    """Ask DNS without a pause until the condition holds; how much it computed before one answer."""
    longest, is_over, failures = 0.0, threading.Event(), []

    def ask():
        nonlocal longest
        try:
            while not is_over.is_set():
                begun_s = server.cpu_s()
                # Over UDP: a connection may be taken for idle by a machine that has no time for it.
                assert server.query(w.ZONE, "SOA").rcode == "NOERROR"
                longest = max(longest, server.cpu_s() - begun_s)
        except Exception as failure:
            failures.append(failure)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        wait_until(condition, "all are known", limit)
    finally:
        is_over.set()
        thread.join(60)
    assert failures == []
    return longest


def count_leases(home):
    return home.control.get("/v1/status").json["leases"]["named"]


def test_twenty_thousand_leases_are_read_while_dns_goes_on(site):
    home = site(zones={"home.arpa": {}, REVERSE: {}})
    text = lines(range(20000))
    begun_s = home.server.cpu_s()
    home.file.write(text)
    longest = served_until(home.server, lambda: count_leases(home) == 20000, 240)
    took_s = home.server.cpu_s() - begun_s
    assert took_s < 4 * BLOCKED_MOST_S, f"{took_s:.1f} s"
    assert longest < BLOCKED_MOST_S, f"a query waited {longest:.1f} s"
    assert home.has(19999)
    # Again, and nothing new in it.
    serial = home.server.serial()
    begun = time.monotonic()
    home.file.write(text)
    longest = served_until(home.server, lambda: time.monotonic() > begun + 1.5, 60)
    assert longest < BLOCKED_MOST_S, f"a query waited {longest:.1f} s"
    assert home.server.serial() == serial


def test_a_thousand_devices_of_one_name_hold_nobody_up(site):
    """As many as a dnsmasq gives leases to if nobody says more."""
    home = site()
    home.file.write(lines(range(1000), name="android"))
    longest = served_until(home.server, lambda: count_leases(home) >= 999, 240)
    assert longest < BLOCKED_MOST_S, f"a query waited {longest:.1f} s"
    assert home.server.lookup("android.home.arpa", "A") and home.server.lookup(
        "android-999.home.arpa", "A"
    )


def tell(home, n, server):
    return home.control.lease(
        "add", address(n), hardware=hardware(n), name=f"h{n}", expires_in_s=HOUR_S, server=server
    )


COPY = """#!/bin/sh
n=0
while [ -e "{folder}/copy$n" ]; do n=$((n + 1)); done
cp "$1" "{folder}/copy$n"
"""


def test_the_first_hosts_file_after_a_restart_has_all_thousand_leases(site, folder):
    program = folder / "program"
    program.write_text(COPY.format(folder=folder))
    program.chmod(0o755)
    hosts = folder / "ddnsd.hosts"
    publish = {
        "mode": "command",
        "command": program,
        "file": hosts,
        "confirm": "",
        "leases-held-by-reader": False,
    }
    home = site(publish=publish, leases={"file": ""})
    with ThreadPoolExecutor(16) as pool:
        for reply in pool.map(lambda n: tell(home, n, "kea"), range(1000)):
            assert reply.status == 200
    wait_until(lambda: len(read_names(hosts)) == 2000, "all are published")
    home.server.kill()
    hosts.unlink()
    for copy in folder.glob("copy*"):
        copy.unlink()
    home.server.start()
    wait_until((folder / "copy0").exists, "the program was run")
    wait_until(lambda: len(read_names(folder / "copy0")) == 2000, "the first file has them all")
    assert home.server.lookup("h999.home.arpa", "A") == {address(999)}


# The hook


def test_a_ddnsd_that_stands_still_holds_no_hook_up_and_hears_it_later(site, folder):
    home = site(leases={"file": ""})
    home.must_hook("add", 1)
    home.server.process.send_signal(signal.SIGSTOP)
    try:
        home.quick_hook(UNREACHABLE, "add", 2)
        script = install_hook("dnsmasq/ddnsd-dhcp-script", folder)
        call = [script, "add", hardware(3), address(3), "h3"]
        variables = {"PATH": os.environ["PATH"], "DDNSD_SOCKET": str(home.door)}
        within_a_second(lambda: subprocess.run(call, env=variables, timeout=60))
    finally:
        home.server.process.send_signal(signal.SIGCONT)
    # Nothing stands still for good.
    home.must_hook("add", 4)
    assert home.has(1) and home.has(4)


def test_a_hundred_hooks_at_once_at_a_ddnsd_that_stands_still_are_back_in_time(site):
    home = site(leases={"file": ""})
    home.server.process.send_signal(signal.SIGSTOP)
    ended = []
    try:
        threads = [
            threading.Thread(target=lambda n=n: ended.append(home.hook("add", n)))
            for n in range(100)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        home.server.process.send_signal(signal.SIGCONT)
    # So many programs at once start late; each is back before ddnsd goes on.
    assert [result.returncode for result in ended] == [UNREACHABLE] * 100
    home.must_hook("add", 1)


def test_without_a_socket_the_hook_is_back_at_once(site):
    home = site()
    home.server.stop()
    result = home.quick_hook(UNREACHABLE, "add", 1)
    assert (result.stdout, result.stderr) == ("", "")


def test_what_a_hook_was_told_yes_to_outlives_kill_9(site):
    home = site(leases={"file": ""})
    for n in range(8):
        home.must_hook("add", n)
        home.server.kill()
        home.server.start()
        assert home.has(n)
        if n % 2:
            home.must_hook("del", n)
            home.server.kill()
            home.server.start()
            assert not home.has(n)
    home.wait_for(0, 2, 4, 6)


@pytest.fixture
def disk(folder):
    """Asked for before what uses it, it is unmounted behind that."""
    with small_disk(folder / "disk") as path:
        yield path


def test_a_full_disk_is_told_to_the_hook_and_healed_by_the_file(disk, site):
    home = site(database=disk / "ddnsd.db")
    home.file.write(lines([1]))
    home.wait_for(1)
    filler = fill(disk)
    number = iter(range(1000, 20000))
    full = "the disk takes no more"
    wait_until(lambda: tell(home, next(number), "dnsmasq").status != 200, full, 120)
    result = wait_until(
        lambda: (told := home.hook("add", next(number))).returncode == FAILED and told, full, 120
    )
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert result.stderr.startswith(
        "ddnsctl: lease: the disk of the database is full; nothing was changed"
    )
    assert result.stderr.count("\n") == 1
    assert home.has(1)
    last = next(number) - 1
    home.file.write(lines([1, last]))
    filler.unlink()
    # Nobody calls again: what could not be stored is read from the file again.
    wait_until(lambda: home.has(1) and home.has(last), "the file heals it")
    home.server.kill()
    home.server.start()
    assert home.has(1) and home.has(last)


@pytest.mark.slow
def test_leases_that_could_not_be_stored_are_read_again(site):
    home = site()
    home.file.write(lines([1]))
    home.wait_for(1)
    seen = home.server.log_size()
    with failing(home.server.process.pid, SYNCS, "EIO"):
        home.file.write(lines([1, 2]))
        home.server.wait_for_log("error: store:", seen)
        assert home.has(1) and not home.has(2)
    wait_until(lambda: home.has(2), "it is read again")
    home.server.kill()
    home.file.remove()
    home.server.start()
    assert home.has(1) and home.has(2)


# The database


def tell_many(home, count):
    for n in range(count):
        assert tell(home, n, "dnsmasq").status == 200
    home.server.stop()


def page_of(path, needle):
    """Where the first page begins that holds the octets."""
    return path.read_bytes().index(needle) // 1024 * 1024


def test_a_damaged_page_of_leases_costs_those_on_it_until_the_file_is_read(site):
    home = site(leases={"file": ""})
    home.server.must_update(w.add("host.home.arpa", "A", "192.0.2.1"))
    tell_many(home, 300)
    path = home.folder / "ddnsd.db"
    content = bytearray(path.read_bytes())
    start = page_of(path, address(150).encode())
    assert start > 0
    content[start : start + 1024] = os.urandom(1024)
    path.write_bytes(content)
    seen = home.server.log_size()
    home.server.start()
    home.server.wait_for_log("(error|warning).*damaged", seen)
    known = len(home.leases())
    assert 100 < known < 300
    assert home.server.lookup("host.home.arpa", "A") == {"192.0.2.1"}
    home.server.settings.leases["file"] = home.file.path
    home.file.write(lines(range(300)))
    home.server.write_config()
    wait_until(lambda: len(home.names()) == 300, "the file heals the rest")


@pytest.mark.parametrize("kind", ["garbage", "cut", "gone"])
def test_a_database_that_is_lost_is_made_up_for_by_the_file(site, kind):
    home = site()
    home.file.write(lines(range(50)))
    home.wait_for(*range(50))
    home.server.stop()
    path = home.folder / "ddnsd.db"
    if kind == "garbage":
        path.write_bytes(os.urandom(30000))
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    else:
        path.unlink()
    home.server.start()
    assert all(home.has(n) for n in range(50))


FACTS = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '{"hardware": 7}',
    '{"until": "x"}',
    "x" * 100000,
    '{"label": "' + "y" * 300 + '"}',
]


def test_facts_that_make_no_sense_are_left_out_and_named(site):
    home = site(leases={"file": ""})
    tell_many(home, 20)
    with sqlite3.connect(home.folder / "ddnsd.db") as connection:
        keys = [
            row[0]
            for row in connection.execute("SELECT key FROM facts WHERE kind = 'lease' ORDER BY key")
        ]
        for key, value in zip(keys, FACTS):
            connection.execute(
                "UPDATE facts SET value = ? WHERE kind = 'lease' AND key = ?", (value, key)
            )
        connection.execute(
            "INSERT INTO facts (kind, key, value) VALUES ('lease', 'no address', '{}')"
        )
        connection.execute("INSERT INTO facts (kind, key, value) VALUES ('device', '\x01', 'null')")
    connection.close()
    home.server.start()
    spoilt = set(keys[: len(FACTS)])
    assert set(home.leases()) == {address(n) for n in range(20)} - spoilt
    assert home.server.log_lines(
        "store: what is stored of the lease no address is damaged and left out"
    )
    for n in range(20):
        home.must_hook("old", n)
    home.wait_for(*range(20))


# The clock


@pytest.mark.parametrize("offset_s", [10 * HOUR_S, -10 * HOUR_S], ids=["ahead", "behind"])
def test_a_file_read_before_the_clock_was_right_is_right_once_it_is(launch, folder, offset_s):
    """A machine without a battery clock; dnsmasq wrote the file before the reboot."""
    clock = SteppedClock(folder, offset_s)
    LeaseFile(folder / "dnsmasq.leases").write(line(1, ends_in=HOUR_S) + line(2, ends_in=None))
    home = Site(folder, launch, environment=clock.environment)
    clock.step(-offset_s)
    home.server.wait_for_log("clock: ")
    home.wait_for(1, 2)

    def left_s():
        """By ddnsd's own time, which never goes back behind what is stored."""
        now = home.control.get("/v1/status").json["time"]
        return seconds(home.leases()[address(1)]["expires"]) - seconds(now)

    wait_until(lambda: abs(left_s() - HOUR_S) < 60, "it ends when dnsmasq says")
