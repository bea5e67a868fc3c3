# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of DHCP leases: dnsmasq, ddnsd and real clients, from the lease to the answer."""

import contextlib
import itertools
import os
import re
import signal
import time

import pytest
from harness import wire as w
from harness.daemon import is_sanitized
from harness.dhcp import (
    Dhclient,
    Dhclient6,
    Dhcpcd,
    RawClient,
    Udhcpc,
    ask,
    device,
    install_hook,
    reverse_name,
)
from harness.hosts import read_lines, read_names
from harness.lan import open_lan
from harness.stepped_clock import SteppedClock
from harness.waiting import must_be_quick, wait_until

POOL = "10.77.1.1,10.77.2.250,255.255.0.0,2m"
POOL6 = "fd77::100,fd77::1ff,64,2m"
DESK, DESK2 = "desk.home.arpa", "desk-2.home.arpa"
WAYS = {"both": (True, True), "hook": (True, False), "file": (False, True)}
FAR = 3600


class Site:
    """A network whose server runs dnsmasq for DHCP and DNS, and ddnsd beside it."""

    def __init__(self, folder, lan, stack, way):
        self.folder, self.lan, self.stack, self.way = folder, lan, stack, way
        self.hosts = folder / "hosts" / "ddnsd.hosts"
        self.hosts.parent.mkdir()
        self.lease_file = folder / "dnsmasq.leases"
        self.door = folder / "control.sock"
        self.server = self.dnsmasq = self.clients = None

    # Clients

    def client(self, kind, machine=None):
        client = kind(self.folder, machine or self.lan.machine())
        self.stack.callback(client.stop)
        return client

    def devices(self):
        if not self.clients:
            self.clients = RawClient(self.lan.machine())
            self.stack.callback(self.clients.close)
        return self.clients

    # What is known

    def knows(self, name, *addresses, rtype="A"):
        what = f"ddnsd has {name} {rtype} {addresses}"
        wait_until(lambda: self.server.lookup(name, rtype) == set(addresses), what)

    def both_know(self, name, *addresses, rtype="A"):
        self.knows(name, *addresses, rtype=rtype)
        self.dnsmasq.wait_for(name, *addresses, rtype=rtype)

    def nobody_knows(self, name):
        wait_until(lambda: self.server.query(name, "A").rcode == "NXDOMAIN", f"no {name}")
        wait_until(lambda: self.dnsmasq.query(name).rcode == "NXDOMAIN", f"no {name}")

    def publication(self):
        return ask(self.door, "/v1/status")["publication"]["number"]

    def leases(self):
        return {lease["address"]: lease for lease in ask(self.door, "/v1/leases")["leases"]}

    def names(self):
        return {address: lease["name"] for address, lease in self.leases().items()}


@pytest.fixture
def site_of(folder, monkeypatch, launch, make_dnsmasq):
    """A function that opens a Site: by hook, by the lease file, or by both."""
    with contextlib.ExitStack() as stack:
        lan = stack.enter_context(open_lan())

        def open_site(way="both", *, arguments=(), leases=(), clock=None, **settings):
            has_hook, has_file = WAYS[way]
            site = Site(folder, lan, stack, way)
            monkeypatch.setenv("DDNSD_SOCKET", str(site.door))
            options = [
                "--interface=br0",
                f"--dhcp-range={POOL}",
                f"--dhcp-range={POOL6}",
                f"--dhcp-leasefile={site.lease_file}",
                f"--addn-hosts={site.hosts}",
                "--domain=home.arpa",
                "--dhcp-authoritative",
                "--no-ping",
                *arguments,
            ]
            if has_hook:
                script = install_hook("dnsmasq/ddnsd-dhcp-script", folder)
                options.append(f"--dhcp-script={script}")
            site.dnsmasq = make_dnsmasq(*options, environment=clock and clock.environment)
            settings.setdefault("control", {"socket": site.door})
            site.server = launch(
                publish=site.dnsmasq.publish_options(site.hosts, patience="30s"),
                leases={"file": site.lease_file if has_file else ""} | dict(leases),
                limits={"quiet": "0s"},
                **settings,
            )
            site.dnsmasq.start()
            return site

        yield open_site


@pytest.fixture(params=WAYS)
def site(site_of, request):
    return site_of(request.param)


# The life of a lease


@pytest.mark.parametrize("kind", [Udhcpc, Dhclient, Dhcpcd])
def test_a_new_lease_is_a_name_at_once(site, kind):
    address = site.client(kind).start("Desk").wait_for_address()
    site.both_know(DESK, address)
    site.dnsmasq.wait_for("desk", address)
    # dnsmasq answers it by itself: a line of ours would pin it.
    assert read_lines(site.hosts) == []
    (lease,) = site.leases().values()
    assert lease["name"] == DESK and not lease["published"]


def test_a_renewal_changes_nothing(site):
    client = site.client(Udhcpc).start("desk")
    address = client.wait_for_address()
    site.both_know(DESK, address)
    serial, number = site.server.serial(), site.publication()
    ends = site.leases()[address]["expires"]

    def is_longer():
        client.renew()
        return site.leases()[address]["expires"] > ends

    # Times have whole seconds. A hook alone hears of no renewal.
    if site.way != "hook":
        wait_until(is_longer, "the lease ends later")
    else:
        client.renew()
    assert (site.server.serial(), site.publication()) == (serial, number)
    assert site.server.lookup(DESK, "A") == {address}


def test_a_client_that_renames_itself(site):
    client = site.client(Udhcpc).start("desk")
    address = client.wait_for_address()
    site.both_know(DESK, address)
    client.vanish()
    site.client(Udhcpc, client.machine).start("table").wait_for_address()
    site.both_know("table.home.arpa", address)
    site.nobody_knows(DESK)


@pytest.mark.parametrize("kind", [Udhcpc, Dhclient])
def test_a_release_takes_the_name_away(site, kind):
    client = site.client(kind).start("desk")
    site.both_know(DESK, client.wait_for_address())
    client.release()
    site.nobody_knows(DESK)
    assert site.leases() == {}


def test_a_lease_ends_though_its_dnsmasq_is_dead(site_of):
    # A hook that is late would give it the time that it had at first.
    site = site_of("file")
    address = site.devices().lease(device(1), b"desk")
    site.both_know(DESK, address)
    site.dnsmasq.kill()
    line = f"{int(time.time()) + 2} {device(1)} {address} desk *\n"
    site.lease_file.write_text(line)
    wait_until(lambda: site.server.query(DESK, "A").rcode == "NXDOMAIN", f"no {DESK}")


def test_a_client_that_vanishes_loses_its_name_when_the_lease_ends(site_of, folder):
    """By dnsmasq's clock, with which two minutes are soon over."""
    clock = SteppedClock(folder)
    site = site_of("both", clock=clock)
    clients = site.devices()
    gone = clients.lease(device(1), b"desk")
    site.both_know(DESK, gone)
    there = clients.lease(device(2), b"desk")
    site.both_know(DESK2, there)
    for passed_s in 70, 55:
        assert site.server.lookup(DESK, "A") == {gone}
        clock.move(passed_s)
        # Whoever asks for an address has dnsmasq look which leases are over.
        clients.renew(device(2), there, b"desk")
    wait_until(lambda: site.server.query(DESK, "A").rcode == "NXDOMAIN", "the lease has ended")
    wait_until(lambda: site.dnsmasq.query(DESK).rcode == "NXDOMAIN", "dnsmasq says so too")
    site.both_know(DESK2, there)


# Two devices, one name


def assert_numbered(site, first, second):
    site.both_know(DESK, first)
    site.both_know(DESK2, second)


def test_the_second_with_a_name_gets_a_number_and_keeps_it(site):
    one, two = site.client(Udhcpc).start("desk"), site.client(Udhcpc)
    first = one.wait_for_address()
    site.both_know(DESK, first)
    second = two.start("desk").wait_for_address()
    assert_numbered(site, first, second)
    serial = site.server.serial()
    for _ in range(3):
        one.renew()
        two.renew()
        assert_numbered(site, first, second)
    assert site.server.serial() == serial, "a name flipped"
    number = site.publication()
    for _ in range(3):
        two.renew()
        one.renew()
    assert_numbered(site, first, second)
    assert site.publication() == number, "renewals publish"


@pytest.mark.parametrize("way", ["both", "hook"])
def test_a_number_is_kept_while_its_device_is_away(site_of, way):
    # A lease file alone does not tell what a device asked for once its name is in the hosts file.
    site = site_of(way)
    clients = site.devices()
    first = clients.lease(device(1), b"desk")
    site.both_know(DESK, first)
    second = clients.lease(device(2), b"desk")
    assert_numbered(site, first, second)
    clients.release(device(2), second)
    site.nobody_knows(DESK2)
    third = clients.lease(device(3), b"desk")
    site.both_know("desk-3.home.arpa", third)
    site.both_know(DESK2, clients.lease(device(2), b"desk"))
    site.both_know(DESK, first)


# Names beside the lease's own


def test_an_alias_leaves_the_lease_its_name(site):
    client = site.client(Udhcpc).start("desk")
    address = client.wait_for_address()
    site.both_know(DESK, address)
    site.server.must_update(w.add("printer.home.arpa", "A", address))
    site.both_know("printer.home.arpa", address)
    for _ in range(2):
        site.both_know(DESK, address)
        site.dnsmasq.wait_for(reverse_name(address), DESK + ".", rtype="PTR")
        client.renew()
    assert site.lease_file.read_text().split()[3] == "desk"


def test_a_lease_with_an_alias_renames_itself(site):
    client = site.client(Udhcpc).start("desk")
    address = client.wait_for_address()
    site.both_know(DESK, address)
    site.server.must_update(w.add("printer.home.arpa", "A", address))
    site.both_know("printer.home.arpa", address)
    client.vanish()
    again = site.client(Udhcpc, client.machine).start("table")
    again.wait_for_address()
    # The lease file tells only of the name that dnsmasq has pinned: without a hook, a new name
    # shows once the alias is gone.
    if site.way != "file":
        site.both_know("table.home.arpa", address)
        site.nobody_knows(DESK)
    site.both_know("printer.home.arpa", address)


def test_a_lease_never_takes_a_registered_name(site):
    site.server.must_update(w.add(DESK, "A", "192.0.2.1"))
    site.both_know(DESK, "192.0.2.1")
    address = site.client(Udhcpc).start("desk").wait_for_address()
    wait_until(lambda: address in site.leases(), "the lease is known")
    site.both_know(DESK, "192.0.2.1")
    lease = site.leases()[address]
    assert lease["name"] is None and "registered" in lease["why"]
    site.server.must_update(w.delete_name(DESK))
    site.both_know(DESK, address)


def test_pins_and_nameless_leases_are_published(site_of):
    pins = [f"{device(1)} printer"]
    site = site_of(leases={"pins": pins, "nameless": "dhcp-%a"})
    clients = site.devices()
    pinned, nameless = clients.lease(device(1), b"BRW0123"), clients.lease(device(2))
    site.both_know("printer.home.arpa", pinned)
    site.both_know(f"dhcp-{nameless.replace('.', '-')}.home.arpa", nameless)


def test_names_that_dnsmasq_drops_are_cleaned_and_published(site_of):
    site = site_of("hook")
    client = site.client(Udhcpc).start("Bob's iPhone")
    address = client.wait_for_address()
    site.both_know("bobs-iphone.home.arpa", address)
    for _ in range(2):
        client.renew()
        site.both_know("bobs-iphone.home.arpa", address)
    client.release()
    site.nobody_knows("bobs-iphone.home.arpa")


def test_ipv4_and_ipv6_of_a_machine_share_the_name(site):
    client6 = site.client(Dhclient6).start("desk")
    address6 = client6.wait_for_address()
    site.both_know(DESK, address6, rtype="AAAA")
    client = site.client(Udhcpc, client6.machine).start("desk")
    address = client.wait_for_address()
    site.both_know(DESK, address)
    site.both_know(DESK, address6, rtype="AAAA")
    client6.release()
    site.both_know(DESK, rtype="AAAA")
    site.both_know(DESK, address)


# Restarts, and what nobody told


ORDERS = ["d", "m", "dm", "md", "D+M", "M+D", "DM+m+d", "MD+d+m", "K"]


def restart(site, order):
    """d, m: ddnsd, dnsmasq is restarted. Else stop (capitals) and start ("+") one by one."""
    for step in re.findall(r"\+[dm]|[dmDMK]", order):
        if step in "dm":
            part = site.server if step == "d" else site.dnsmasq
            part.stop()
            part.start()
        elif step in "DM":
            (site.server if step == "D" else site.dnsmasq).stop()
        elif step == "K":
            site.server.kill()
            site.dnsmasq.kill()
        else:
            (site.server if step == "+d" else site.dnsmasq).start()
    for part in site.server, site.dnsmasq:
        if part.process is None:
            part.start()


@pytest.mark.parametrize(
    "way, order",
    [("both", order) for order in ORDERS]
    + [("hook", order) for order in ("d", "m", "dm", "D+M", "K")]
    + [("file", order) for order in ("d", "m", "D+M", "M+D", "K")],
)
def test_all_is_right_after_restarts(site_of, way, order):
    site = site_of(way)
    clients = site.devices()
    # dnsmasq keeps no name with a blank in it, so the lease file has none.
    phone = b"bobs-iphone" if way == "file" else b"Bob's iPhone"
    names = [b"desk", b"desk", phone, None]
    addresses = [clients.lease(device(0), names[0])]
    site.both_know(DESK, addresses[0])
    addresses += [clients.lease(device(i), names[i]) for i in range(1, len(names))]
    assert_numbered(site, *addresses[:2])
    site.server.must_update(w.add("printer.home.arpa", "A", addresses[0]))

    def check():
        assert_numbered(site, *addresses[:2])
        site.both_know("bobs-iphone.home.arpa", addresses[2])
        site.both_know("printer.home.arpa", addresses[0])
        labels = [DESK, DESK2, "bobs-iphone.home.arpa", None]
        wait_until(lambda: site.names() == dict(zip(addresses, labels)), "each has its name")

    check()
    restart(site, order)
    check()
    for number, name in enumerate(names):
        clients.renew(device(number), addresses[number], name)
    check()


@pytest.mark.parametrize("way", ["both", "file"])
def test_what_happened_while_ddnsd_was_down_is_made_up_for(site_of, way):
    site = site_of(way)
    clients = site.devices()
    stays = clients.lease(device(1), b"stays")
    leaves = clients.lease(device(2), b"leaves")
    renames = clients.lease(device(3), b"renames")
    for name, address in ("stays", stays), ("leaves", leaves), ("renames", renames):
        site.both_know(f"{name}.home.arpa", address)
    site.server.stop()
    clients.release(device(2), leaves)
    clients.renew(device(3), renames, b"renamed")
    comes = clients.lease(device(4), b"comes")
    site.dnsmasq.wait_for("renamed.home.arpa", renames)
    site.server.start()
    site.both_know("stays.home.arpa", stays)
    site.both_know("renamed.home.arpa", renames)
    site.both_know("comes.home.arpa", comes)
    site.nobody_knows("leaves.home.arpa")
    site.nobody_knows("renames.home.arpa")


def test_a_hook_alone_makes_up_at_dnsmasqs_next_start(site_of):
    site = site_of("hook")
    site.server.stop()
    address = site.devices().lease(device(1), b"desk")
    site.dnsmasq.wait_for(DESK, address)
    site.server.start()
    site.dnsmasq.stop()
    site.dnsmasq.start()
    site.both_know(DESK, address)


# Hostile names

HOSTILE = {
    b"x;touch /x/a": "x-touch-x-a",
    b"Bob's iPhone": "bobs-iphone",
    b"under_score": "under-score",
    b"-hyphens-": "hyphens",
    b"two words": "two-words",
    b"new\nline 10.0.0.1 router": "new-line-10",
    "Caf\u00e9".encode(): "xn--caf-dma",
    b"lamp.evil.example": "lamp",
    b"a" * 200: "a" * 63,
    b"$(reboot)": "reboot",
    b"#comment": "comment",
    b"\xff\xfe\xfd": None,
    b"*": None,
    b"...": None,
    b"localhost": None,
    b"wpad": None,
    b"!": None,
}


@pytest.mark.parametrize("way", ["both", "hook"])
def test_names_of_any_octets_become_host_names_or_nothing(site_of, way):
    site = site_of(way)
    clients = site.devices()
    addresses = {}
    for number, name in enumerate(HOSTILE):
        addresses[name] = clients.lease(device(number), name)
    for name, label in HOSTILE.items():
        if label:
            site.both_know(f"{label}.home.arpa", addresses[name])
    wanted = {
        addresses[name]: f"{label}.home.arpa" if label else None for name, label in HOSTILE.items()
    }
    wait_until(lambda: site.names() == wanted, "each has its name, or none")
    labels = set(filter(None, HOSTILE.values()))
    for name in read_names(site.hosts):
        assert name.removesuffix(".home.arpa") in labels
    assert not os.path.exists("/x/a")


# The hook's place


def test_many_leases_and_a_hangup_start_no_storm(site_of, folder):
    # With a sanitizer each call takes long to start.
    most = 60 if is_sanitized() else 250
    calls = folder / "calls"
    (folder / "dhcp-script.next").write_text(f'#!/bin/sh\necho "$1" "$3" >>{calls}\n')
    (folder / "dhcp-script.next").chmod(0o755)
    site = site_of("both", arguments=["--dhcp-lease-max=1000"])
    clients = site.devices()
    names = [b"desk", b"desk", *(b"n%d" % n for n in range(2, most))]
    addresses = [clients.lease(device(0), names[0])]
    # Of two that come at the same time either is the first.
    site.both_know(DESK, addresses[0])
    addresses += [clients.lease(device(n), names[n]) for n in range(1, most)]
    assert_numbered(site, *addresses[:2])
    wait_until(lambda: len(site.leases()) == most, "all leases are known", 120)

    told = 0

    def calls_after_a_hangup():
        """dnsmasq calls for the newest lease first: when it has for the oldest, it is done."""
        nonlocal told
        oldest = f"old {addresses[0]}\n"
        before = calls.read_text().count(oldest)
        os.kill(site.dnsmasq.process.pid, signal.SIGHUP)
        wait_until(lambda: calls.read_text().count(oldest) > before, "all are told", 120)
        had, told = told, len(calls.read_text().splitlines())
        return told - had

    def is_calm():
        """One call a lease each time, and nothing comes of them."""
        before = site.publication(), site.server.serial()
        counts = calls_after_a_hangup(), calls_after_a_hangup()
        return counts == (most, most) and (site.publication(), site.server.serial()) == before

    wait_until(lambda: calls.read_text().count("add ") == most, "the hook was told all", 120)
    calls_after_a_hangup()
    # A call that tells of a lease's new name may still be under way at first.
    assert is_calm() or is_calm()


def test_a_daemon_that_hangs_holds_up_neither_leases_nor_answers(site_of):
    site = site_of("hook")
    clients = site.devices()
    desk = clients.lease(device(1), b"desk")
    site.both_know(DESK, desk)
    site.server.process.send_signal(signal.SIGSTOP)
    try:
        numbers = itertools.count(2)

        def lease():
            number = next(numbers)
            name, address = f"n{number}.home.arpa", clients.lease(device(number), b"n%d" % number)
            site.dnsmasq.wait_for(name, address)
            site.dnsmasq.wait_for(DESK, desk)
            return name, address

        name, address = must_be_quick(lease, 1)
    finally:
        site.server.process.send_signal(signal.SIGCONT)
    # Where the hook has given up before, dnsmasq calls it again.
    os.kill(site.dnsmasq.process.pid, signal.SIGHUP)
    site.both_know(name, address)


@pytest.mark.skipif(os.geteuid() != 0, reason="dhcp-scriptuser is root's to use")
@pytest.mark.parametrize("may", [True, False], ids=["peer", "stranger"])
def test_the_script_runs_as_somebody_else(site_of, folder, may):
    peers = {"dnsmasq": {"user": "nobody", "allow": ["lease"]}} if may else {}
    control = {"socket": folder / "control.sock", "mode": "0666"}
    script_user = ["--dhcp-scriptuser=nobody"]
    site = site_of("hook", arguments=script_user, control=control, peers=peers)
    address = site.devices().lease(device(1), b"desk")
    if may:
        site.knows(DESK, address)
        return
    log = site.dnsmasq.log_path
    wait_until(lambda: "ddnsctl: lease: " in log.read_text(), "dnsmasq's log says why")
    assert "peer" in re.search("ddnsctl: lease: .*", log.read_text())[0]
    assert site.leases() == {}
