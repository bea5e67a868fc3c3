# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a name: who has it, who may have it next, when it ends, and what is told of it."""

import datetime
import itertools
import os
import re
import sqlite3
import subprocess
import time

import pytest
from harness.control import Control
from harness.dhcp import ddnsctl
from harness.faults import fill, small_disk
from harness.hosts import read_names
from harness.lan import open_lan
from harness.settings import everything_in
from harness.stepped_clock import SteppedClock
from harness.tool import DONE, FAILED, Tool
from harness.waiting import wait_until

REVERSE = "2.0.192.in-addr.arpa"
DESK = "desk.home.arpa"
MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
LEASED, REGISTERED, STATIC = "192.0.2.17", "192.0.2.1", "192.0.2.99"
ALL_NAMES = {"allow": ["zone home.arpa ANY"]}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


class House:
    """ddnsd, a dnsmasq that reads its file, and the tools that people have at hand."""

    def __init__(self, folder, server, dnsmasq, programs):
        self.server, self.dnsmasq = server, dnsmasq
        self.hosts = folder / "hosts" / "ddnsd.hosts"
        self.tool = Tool(folder / "control.sock")
        self.control = Control(folder / "control.sock")
        self.programs = programs(server)

    def nsupdate(self, key, *lines):
        return self.programs.nsupdate(self.server.key(key), *lines)

    def register(self, key, address, name=DESK):
        """As dhclient's script or a person does it: what was there goes."""
        return self.nsupdate(key, f"update delete {name} A", f"update add {name} 60 A {address}")

    def lease(self, action="add", address=LEASED, hardware=MAC, name="desk", **members):
        members.setdefault("expires_in_s", 3600)
        reply = self.control.lease(
            action, address, hardware=hardware, name=name, server="kea", **members
        )
        assert reply.status == 200, reply
        return reply.json

    def add(self, address, *options):
        return self.tool.must("add", "--replace", "desk", address, *options)

    def shown(self, name="desk"):
        return self.tool.must("show", name).stdout

    def owner(self, name="desk"):
        return self.tool.json("show", name)["owner"]

    def wait_for(self, *addresses, name=DESK):
        """ddnsd has it now; dnsmasq as soon as it has read the file."""
        assert self.server.lookup(name, "A") == set(addresses)
        self.dnsmasq.wait_for(name, *addresses)

    def wait_for_none(self, name=DESK):
        assert self.server.query(name, "A").rcode == "NXDOMAIN"
        wait_until(lambda: self.dnsmasq.query(name).rcode == "NXDOMAIN", f"{name} is forgotten")


@pytest.fixture
def house(launch, folder, make_dnsmasq, programs):
    """A function that opens a House; its arguments are those of Settings."""

    def house(*, environment=None, dnsmasq_arguments=None, start=True, **settings):
        hosts = folder / "hosts" / "ddnsd.hosts"
        hosts.parent.mkdir()
        arguments = dnsmasq_arguments or [f"--addn-hosts={hosts}"]
        dnsmasq = make_dnsmasq(*arguments)
        publish = dnsmasq.publish_options(hosts) | {"leases-held-by-reader": False}
        settings["publish"] = publish | settings.get("publish", {})
        settings.setdefault("zones", {"home.arpa": {"lease-min": "1s"}, REVERSE: {}})
        settings.setdefault("control", {"socket": folder / "control.sock", "mode": "0666"})
        settings.setdefault("leases", {"file": "", "zone": "home.arpa"})
        settings.setdefault("limits", {"quiet": "0s"})
        settings.setdefault("keys", {"laptop": ALL_NAMES, "tablet": ALL_NAMES})
        if start:
            dnsmasq.start()
        server = launch(environment=environment, **settings)
        return House(folder, server, dnsmasq, programs)

    return house


# Whose name it is


def test_who_registers_a_name_has_it_before_a_lease(house):
    home = house()
    assert home.lease()["name"] == DESK
    home.wait_for(LEASED)
    assert home.owner() == "@lease"
    assert home.programs.dig("-x", LEASED, "+short").split() == [DESK + "."]
    assert home.register("laptop", REGISTERED).returncode == 0
    home.wait_for(REGISTERED)
    text = home.shown()
    assert "registered, owned by laptop" in text and "until" in text
    # Nothing of the lease is left: neither its address nor its pointer.
    assert home.programs.dig("-x", LEASED, "+short") == ""
    (lease,) = home.control.get("/v1/leases").json["leases"]
    assert lease["name"] is None
    assert lease["why"] == "desk is registered, and a lease never takes a registered name"


def test_a_lease_leaves_a_registered_name_alone_and_says_so_once(house):
    home = house()
    assert home.register("laptop", REGISTERED).returncode == 0
    seen = home.server.log_size()
    told = home.lease()
    assert told["name"] is None and "never takes a registered name" in told["why"]
    for _ in range(3):
        home.lease("old")
    home.wait_for(REGISTERED)
    assert len(home.server.log_lines(f"{LEASED} asks for {DESK}", seen)) == 1


ENDINGS = {
    "nsupdate deletes the name": lambda home: home.nsupdate("laptop", f"update delete {DESK}"),
    "nsupdate deletes its last record": lambda home: home.nsupdate(
        "laptop", f"update delete {DESK} A {REGISTERED}"
    ),
    "ddnsctl deletes the name": lambda home: home.tool.must("del", "desk"),
    "ddnsctl deletes its last record": lambda home: home.tool.must("del", "desk", REGISTERED),
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_the_lease_has_the_name_as_soon_as_its_owner_gives_it_up(house, end):
    home = house()
    assert home.register("laptop", REGISTERED).returncode == 0
    home.lease()
    assert home.server.lookup(DESK, "A") == {REGISTERED}
    end(home)
    home.wait_for(LEASED)
    assert home.owner() == "@lease"
    assert home.programs.dig("-x", LEASED, "+short").split() == [DESK + "."]


def test_the_lease_has_the_name_as_soon_as_the_registration_expires(house):
    home = house()
    registration = "add", "desk", REGISTERED, "--owner", "laptop", "--lease"
    home.tool.must(*registration, "1h")
    home.lease()
    assert home.server.lookup(DESK, "A") == {REGISTERED}
    home.tool.must(*registration, "1s")

    def addresses():
        """Between the two there is no moment without the name."""
        found = home.server.lookup(DESK, "A")
        assert found in ({REGISTERED}, {LEASED})
        return found

    wait_until(lambda: addresses() == {LEASED}, "the lease has the name")
    home.wait_for(LEASED)
    home.server.kill()
    home.server.start()
    home.wait_for(LEASED)


def test_precedence_outlives_kill_9(house):
    home = house()
    home.lease()
    assert home.register("laptop", REGISTERED).returncode == 0
    for _ in range(2):
        home.server.kill()
        home.server.start()
        home.wait_for(REGISTERED)
    assert home.nsupdate("laptop", f"update delete {DESK}").returncode == 0
    home.wait_for(LEASED)
    home.server.kill()
    home.server.start()
    home.wait_for(LEASED)


SOURCES = {
    "lease": lambda home: home.lease(),
    "key": lambda home: home.register("laptop", REGISTERED),
    "admin": lambda home: home.add(STATIC),
}


@pytest.mark.parametrize("order", itertools.permutations(SOURCES), ids=" ".join)
def test_admin_comes_before_registered_before_lease_in_every_order(house, order):
    home = house()
    for number, source in enumerate(order):
        SOURCES[source](home)
        strongest = max(order[: number + 1], key=list(SOURCES).index)
        wanted = {"lease": LEASED, "key": REGISTERED, "admin": STATIC}[strongest]
        home.wait_for(wanted)
    assert "administrator, @admin" in home.shown()
    home.tool.must("del", "desk")
    # Nothing of the registration comes back; the lease was there all the time.
    home.wait_for(LEASED)


def test_a_key_whose_name_an_administrator_took_is_refused_and_the_log_says_why(house):
    home = house(
        keys={"laptop": ALL_NAMES, "boss": {"allow": everything_in("home.arpa"), "admin": True}}
    )
    assert home.register("laptop", REGISTERED).returncode == 0
    home.add(STATIC)
    seen = home.server.log_size()
    refused = home.register("laptop", REGISTERED)
    assert refused.returncode != 0 and "REFUSED" in refused.stderr
    line = home.server.wait_for_log(f"refused .*{DESK} for laptop", seen)
    assert "from 127.0.0.1: the name belongs to @admin" in line
    home.wait_for(STATIC)
    # A key with admin rights is an administrator too, and what it adds becomes its own.
    assert home.register("boss", "192.0.2.98").returncode == 0
    assert home.owner() == "boss" and "administrator, boss" in home.shown()
    assert home.register("laptop", REGISTERED).returncode != 0
    home.server.wait_for_log("the name belongs to boss", seen)
    home.wait_for("192.0.2.98")


# Giving a name to somebody


def test_a_name_given_to_another_key_is_that_keys_to_change(house):
    home = house()
    assert home.register("laptop", REGISTERED).returncode == 0
    before = home.tool.json("show", "desk")
    serial = home.server.serial()
    given = home.tool.must("add", "desk", "--owner", "tablet")
    assert "owned by tablet" in given.stdout
    after = home.tool.json("show", "desk")
    assert (after["owner"], after["created"]) == ("tablet", before["created"])
    ends = [
        datetime.datetime.fromisoformat(n["records"][0]["expires"][:-1]) for n in (before, after)
    ]
    assert abs(ends[1] - ends[0]) <= datetime.timedelta(seconds=1)
    assert home.server.serial() == serial, "what the zone says is the same"
    seen = home.server.log_size()
    for line in f"update add {DESK} 60 A {REGISTERED}", f"update delete {DESK}":
        refused = home.nsupdate("laptop", line)
        assert refused.returncode != 0 and "REFUSED" in refused.stderr
    home.server.wait_for_log(f"{DESK} for laptop.*the name belongs to tablet", seen)
    assert home.register("tablet", "192.0.2.2").returncode == 0
    home.wait_for("192.0.2.2")
    home.server.kill()
    home.server.start()
    assert home.register("laptop", REGISTERED).returncode != 0
    assert home.register("tablet", "192.0.2.3").returncode == 0
    home.wait_for("192.0.2.3")


def test_a_name_that_is_given_away_counts_for_its_new_owner_only(house):
    limited = ALL_NAMES | {"names-per-key": 1}
    home = house(keys={"laptop": limited, "tablet": limited})
    assert home.register("laptop", REGISTERED).returncode == 0
    assert home.register("laptop", "192.0.2.2", "more.home.arpa").returncode != 0
    home.tool.must("add", "desk", "--owner", "tablet")
    assert home.register("laptop", "192.0.2.2", "more.home.arpa").returncode == 0
    assert home.register("tablet", "192.0.2.3", "most.home.arpa").returncode != 0
    listed = home.tool.json("list", "--owner", "tablet")["names"]
    assert [name["name"] for name in listed] == [DESK]


def test_the_name_of_a_lease_cannot_be_given_away(house):
    home = house()
    home.lease()
    refused = home.tool.run("add", "desk", "--owner", "laptop")
    assert refused.returncode == FAILED
    assert f"{DESK} cannot be given to anybody" in refused.stderr and "hint: " in refused.stderr
    assert home.owner() == "@lease"


# Rule 32


@needs_root
def test_rule_32_a_key_and_a_peer_keep_their_hands_off_each_others_names(house, folder):
    home = house(peers={"desk": {"user": "daemon", "allow": ["zone home.arpa ANY"]}})
    command = ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", ddnsctl()]
    command += ["-s", folder / "control.sock"]

    def as_daemon(*arguments):
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60)

    assert home.register("laptop", REGISTERED).returncode == 0
    refused = as_daemon("add", "--replace", "desk", "192.0.2.66")
    assert refused.returncode == FAILED
    assert f"{DESK} belongs to laptop" in refused.stderr
    assert "hint: it is free when its owner deletes it" in refused.stderr
    assert as_daemon("del", "desk").returncode == FAILED
    home.wait_for(REGISTERED)
    assert as_daemon("add", "scanner", "192.0.2.67").returncode == DONE
    seen = home.server.log_size()
    assert home.register("laptop", REGISTERED, "scanner.home.arpa").returncode != 0
    home.server.wait_for_log("scanner.home.arpa for laptop.*the name belongs to @desk", seen)
    # Given up by the one, it is the other's for the asking.
    assert home.nsupdate("laptop", f"update delete {DESK}").returncode == 0
    assert as_daemon("add", "desk", "192.0.2.66").returncode == DONE
    home.wait_for("192.0.2.66")
    assert home.register("laptop", REGISTERED).returncode != 0


# Deletion


def test_a_deleted_name_leaves_nothing_behind(house, folder):
    home = house()
    assert home.register("laptop", REGISTERED).returncode == 0
    home.wait_for(REGISTERED)
    wait_until(lambda: DESK in read_names(home.hosts), "it is published")
    serial = home.server.serial()
    home.tool.must("del", "desk")
    assert home.server.serial() == serial + 1
    home.wait_for_none()
    assert "desk" not in home.hosts.read_text()
    missing = home.tool.run("show", "desk")
    assert missing.returncode == FAILED and f"{DESK} is not registered" in missing.stderr
    assert home.tool.must("list").stdout == "no names\n"
    assert home.tool.run("del", "desk").returncode == FAILED
    with sqlite3.connect(f"file:{folder / 'ddnsd.db'}?mode=ro", uri=True) as connection:
        assert connection.execute(
            "SELECT count(*) FROM names WHERE name LIKE 'desk%'"
        ).fetchone() == (0,)
    connection.close()
    # No tombstone: the next one has it at once, and it is as new.
    assert home.register("tablet", "192.0.2.2").returncode == 0
    home.wait_for("192.0.2.2")
    assert home.owner() == "tablet"
    home.server.kill()
    home.server.start()
    home.wait_for("192.0.2.2")


# Expiry, and when nothing expires


def expires_s(name):
    """The end of its records; None for never."""
    ends = [record["expires"] for record in name["records"] if record["expires"]]
    return (
        datetime.datetime.fromisoformat(ends[0].replace("Z", "+00:00")).timestamp()
        if ends
        else None
    )


def test_an_expired_name_is_gone_everywhere_and_free(house):
    zones = {"home.arpa": {"lease": "100s", "lease-min": "1s"}, REVERSE: {}}
    home = house(zones=zones)
    assert home.register("laptop", REGISTERED).returncode == 0
    home.dnsmasq.wait_for(DESK, REGISTERED)
    assert re.search(r"until .*\(in (1 min )?\d+ s\), unless it is refreshed", home.shown())
    seen = home.server.log_size()
    zones["home.arpa"]["lease"] = "1s"
    home.server.write_config()
    assert home.control.post("/v1/reload").status == 200
    assert home.register("laptop", REGISTERED).returncode == 0
    wait_until(lambda: home.server.query(DESK, "A").rcode == "NXDOMAIN", "it has expired")
    home.wait_for_none()
    home.server.wait_for_log(f"lease: {DESK} expired", seen)
    assert home.tool.run("show", "desk").returncode == FAILED
    assert home.register("tablet", "192.0.2.2").returncode == 0
    assert home.owner() == "tablet"


def has_name(home, name):
    return home.server.query(name, "A").rcode == "NOERROR"


def test_rule_35_in_the_quiet_time_after_a_start_neither_names_nor_leases_end(house):
    home = house(limits={"quiet": "1h"})
    home.tool.must("add", "guest", "192.0.2.9", "--lease", "1s", "--owner", "laptop")
    home.lease(expires_in_s=1)
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() > begun + 2.5, "their time is over, in whole seconds too")
    assert has_name(home, "guest.home.arpa") and has_name(home, DESK)
    assert "(over), unless it is refreshed" in home.shown("guest")
    assert 3000 < quiet_s(home) <= 3600
    home.server.settings.limits["quiet"] = "1s"
    home.server.write_config()
    home.server.restart()
    for name in "guest.home.arpa", DESK:
        wait_until(lambda: not has_name(home, name), f"{name} has ended")
        home.wait_for_none(name)
    assert home.control.get("/v1/leases").json["leases"] == []


def quiet_s(home):
    return home.control.get("/v1/status").json["quiet_s"]


def set_quiet(home, length):
    """From the next step on."""
    home.server.settings.limits["quiet"] = length
    home.server.write_config()
    assert home.control.post("/v1/reload").status == 200


DAY_S = 86400


@pytest.mark.parametrize(
    "step_s", [DAY_S, pytest.param(-DAY_S, marks=pytest.mark.slow)], ids=["forward", "back"]
)
def test_rule_35_in_the_quiet_time_after_a_clock_step_neither_names_nor_leases_end(
    house, folder, step_s
):
    clock = SteppedClock(folder)
    home = house(environment=clock.environment, limits={"quiet": "1h"})
    set_quiet(home, "2h")
    home.tool.must("add", "guest", "192.0.2.9", "--lease", "1s", "--owner", "laptop")
    home.tool.must("add", "host", "192.0.2.10", "--lease", "1h", "--owner", "laptop")
    home.lease(expires_in_s=1)
    seen, stepped = home.server.log_size(), time.monotonic()
    clock.step(step_s)
    # Both clocks are read in whole seconds.
    about = "|".join(str(step_s + off) for off in (-1, 0, 1))
    home.server.wait_for_log(rf"clock: .* set by ({about}) s: nothing expires for 7200 s", seen)
    assert 3600 < quiet_s(home) <= 7200
    wait_until(lambda: time.monotonic() > stepped + 2.5, "their time is over")
    assert has_name(home, "guest.home.arpa") and has_name(home, DESK)
    set_quiet(home, "1s")
    clock.step(100)
    for name in "guest.home.arpa", DESK:
        wait_until(lambda: not has_name(home, name), f"{name} has ended")
    # A length of time is a length of time: an hour is left, by whatever clock.
    left = expires_s(home.tool.json("show", "host")) - clock.now()
    assert (3500 < left < 3700) if step_s > 0 else left > 3500
    assert has_name(home, "host.home.arpa")


def test_a_small_step_of_the_clock_is_no_reason_to_be_quiet(house, folder):
    clock = SteppedClock(folder)
    home = house(environment=clock.environment)
    set_quiet(home, "1h")
    home.tool.must("add", "guest", "192.0.2.9", "--lease", "1s", "--owner", "laptop")
    clock.step(30)
    assert quiet_s(home) == 0
    wait_until(lambda: not has_name(home, "guest.home.arpa"), "it has ended")
    clock.step(100)
    wait_until(lambda: quiet_s(home) > 3500, "a large step is one")


def test_leases_reported_before_the_clock_was_right_live_through_the_next_restart(house, folder):
    """A machine without a battery clock: DHCP begins before NTP does."""
    clock = SteppedClock(folder, offset_s=-10 * 3600)
    home = house(environment=clock.environment)
    home.lease()
    home.tool.must("add", "host", "192.0.2.10", "--lease", "1h", "--owner", "laptop")
    clock.step(10 * 3600)
    home.server.wait_for_log("clock: ")
    # The next change stores what the step has made wrong.
    home.tool.must("add", "other", "192.0.2.11")
    home.server.restart()
    assert has_name(home, "host.home.arpa")
    assert has_name(home, DESK), "the lease has most of its hour left"


# What is told of it


def published(home, name="desk"):
    """The sentence behind "published"."""
    (line,) = re.findall(r"^  published  (.*)$", home.shown(name), re.M)
    return line


def test_show_tells_when_dnsmasq_answered_and_after_how_long(house):
    home = house()
    assert home.register("laptop", REGISTERED).returncode == 0
    text = wait_until(
        lambda: (line := published(home)).startswith("dnsmasq answered") and line, "it is confirmed"
    )
    number, took = re.fullmatch(
        r"dnsmasq answered publication (\d+) after (\d+\.\d) ms", text
    ).groups()
    assert int(number) > 0 and 0 < float(took) < 5000
    whole = home.shown()
    for words in ("A     192.0.2.1", "registered, owned by laptop", "since      today"):
        assert words in whole, whole
    assert re.search(r"until .*\(in [67] d\), unless it is refreshed", whole)
    told = home.tool.json("show", "desk")["publication"]
    assert (told["state"], told["number"], told["why"]) == ("confirmed", int(number), "")


NEVER = {
    "a name that is no host": (
        ("odd_name", REGISTERED),
        "a hosts file takes letters, digits and inner",
    ),
    "TXT only": (
        ("note", "TXT", "hello"),
        "it has no address, and a hosts file holds addresses only",
    ),
    "CNAME": (("www", "CNAME", "desk"), "it has no address, and a hosts file holds addresses only"),
    "a pointer": ((f"7.{REVERSE}", "PTR", "desk.home.arpa."), "it is in a reverse zone"),
}


@pytest.mark.parametrize("what, why", NEVER.values(), ids=NEVER)
def test_show_tells_why_a_name_is_never_published(house, what, why):
    home = house()
    home.tool.must("add", *what)
    assert published(home, what[0]).startswith(f"not published: {why}")
    # It becomes fit, or not: dnsmasq never hears of it.
    home.add(REGISTERED)
    home.wait_for(REGISTERED)
    assert set(read_names(home.hosts)) == {DESK, "desk"}


def test_show_tells_that_nothing_is_published_by_configuration(house):
    home = house(publish={"mode": "none"})
    home.add(REGISTERED)
    assert published(home) == (
        'not published: publish mode is "none": dnsmasq has to forward the zone to ddnsd'
    )
    home.lease(name="tv")
    assert published(home, "tv").startswith('not published: publish mode is "none"')


def test_show_tells_that_dnsmasq_does_not_run_and_then_that_it_does(house):
    home = house(start=False, publish={"confirm-timeout": "1s"})
    home.add(REGISTERED)
    line = wait_until(
        lambda: "nobody answers" in published(home) and published(home), "it is noticed"
    )
    assert re.match(
        rf"written as publication \d+: nobody answers at 127.0.0.1:{home.dnsmasq.port}: "
        "is dnsmasq running",
        line,
    )
    home.dnsmasq.start()
    wait_until(lambda: published(home).startswith("dnsmasq answered"), "it is confirmed")


def test_show_tells_that_dnsmasq_reads_another_file(house, folder):
    other = folder / "other.hosts"
    other.touch()
    home = house(dnsmasq_arguments=[f"--addn-hosts={other}"])
    home.add(REGISTERED)
    line = wait_until(lambda: "addn-hosts" in published(home) and published(home), "it is noticed")
    assert f"its configuration needs addn-hosts={home.hosts}; restart dnsmasq then" in line
    assert line.startswith("written as publication ")


@pytest.fixture
def disk(folder):
    """Asked for before what uses it, it is unmounted behind that."""
    with small_disk(folder / "disk") as path:
        yield path


def test_show_tells_that_the_disk_of_the_hosts_file_is_full(disk, house):
    home = house(
        publish={"file": disk / "ddnsd.hosts"},
        dnsmasq_arguments=[f"--addn-hosts={disk / 'ddnsd.hosts'}"],
    )
    home.add(REGISTERED)
    home.wait_for(REGISTERED)
    filler = fill(disk)
    home.add(STATIC)
    line = wait_until(
        lambda: "cannot be written" in published(home) and published(home), "it is noticed"
    )
    assert line.startswith(f"waits to be written: {disk / 'ddnsd.hosts'} cannot be written: ")
    assert re.search(r"full|space", line)
    assert home.server.lookup(DESK, "A") == {STATIC}
    assert home.dnsmasq.addresses(DESK) == {REGISTERED}, "the old one goes on"
    filler.unlink()
    wait_until(lambda: published(home).startswith("dnsmasq answered"), "it mends by itself")
    home.wait_for(STATIC)


def test_show_tells_of_the_lease_that_a_registered_name_stands_on(house):
    """Somebody looks up why the laptop's name leads to that address, and whose it is."""
    home = house()
    home.lease(name="kitchen", client_name="Kitchen")
    assert home.register("laptop", LEASED).returncode == 0
    text = home.shown()
    assert "registered, owned by laptop" in text
    assert f'{LEASED} of {MAC}, which calls itself "Kitchen"' in text
    assert "given by kea today" in text and re.search(r"ends .*\(in 5\d m|ends .*\(in 1 h", text)


# With a dnsmasq that holds leases


@needs_root
def test_a_dnsmasq_that_holds_the_lease_answers_it_once_the_registration_expired(
    launch, folder, make_dnsmasq, programs
):
    leases, hosts = folder / "dnsmasq.leases", folder / "hosts" / "ddnsd.hosts"
    hosts.parent.mkdir()
    address = "10.77.1.5"
    leases.write_text(f"{int(time.time()) + 3600} {MAC} {address} desk *\n")
    with open_lan():
        dnsmasq = make_dnsmasq(
            "--interface=br0",
            "--dhcp-range=10.77.1.1,10.77.1.250,255.255.0.0,1h",
            f"--dhcp-leasefile={leases}",
            f"--addn-hosts={hosts}",
            "--domain=home.arpa",
        ).start()
        server = launch(
            zones={"home.arpa": {"lease-min": "1s"}},
            publish=dnsmasq.publish_options(hosts),
            leases={"file": leases},
            limits={"quiet": "0s"},
            control={"socket": folder / "control.sock"},
        )
        home = House(folder, server, dnsmasq, programs)
        home.wait_for(address)
        assert published(home) == "dnsmasq gives it itself, from its leases"
        assert "a DHCP lease; a registration may take it over" in home.shown()
        assert read_names(hosts) == {}
        registration = "add", "desk", "192.0.2.1", "--owner", "editor", "--lease"
        home.tool.must(*registration, "1h")
        home.wait_for("192.0.2.1")
        assert "desk is registered" in home.tool.json("list", "--leases")["leases"][0]["why"]
        home.tool.must(*registration, "1s")
        wait_until(lambda: server.lookup(DESK, "A") == {address}, "the lease has its name again")
        home.wait_for(address)
        assert published(home) == "dnsmasq gives it itself, from its leases"
        server.stop()
        dnsmasq.stop()
