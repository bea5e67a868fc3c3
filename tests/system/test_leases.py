# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 9664: names are held for a time, asked for or given, and then go."""

import time

import pytest
from harness import wire as w
from harness.settings import everything_in
from harness.waiting import wait_until

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
DAY_S = 86400
ZONE_OPTIONS = {"lease": "1h", "lease-min": "10m", "lease-max": "2h"}


@pytest.fixture
def leasing(launch):
    """ddnsd whose zone gives leases of 10 minutes to 2 hours."""
    return launch(zones={w.ZONE: ZONE_OPTIONS})


@pytest.fixture
def fast(launch):
    """ddnsd whose leases end after a second, without a quiet time."""

    def fast(quiet="0s", **settings):
        zones = {w.ZONE: {"lease": "1h", "lease-min": "1s"}}
        limits = {"quiet": quiet} | settings.pop("limits", {})
        return launch(zones=zones, limits=limits, **settings)

    return fast


def ask_lease(server, *leases, **options):
    return server.must_update(CHANGE, additional=[w.lease_option(*leases)], **options).lease()


def is_gone(server, name=HOST):
    return server.query(name, "A").rcode == "NXDOMAIN"


@pytest.mark.parametrize(
    "asked, granted",
    [(3600, 3600), (600, 600), (7200, 7200), (1, 600), (10 * DAY_S, 7200), (2**32 - 1, 7200)],
)
def test_rule_33_the_granted_lease_comes_back_within_the_zones_bounds(leasing, asked, granted):
    assert ask_lease(leasing, asked) == (granted,)
    assert ask_lease(leasing, asked, tcp=True) == (granted,)


def test_rule_33_a_lease_with_a_key_lease_gets_both_back(leasing):
    granted = ask_lease(leasing, 3600, 7200)
    assert len(granted) == 2
    assert granted[0] == 3600


@pytest.mark.parametrize("size", [0, 1, 3, 5, 7, 9, 12])
def test_rule_33_another_length_is_formerr(leasing, size):
    option = w.edns(options=w.edns_option(w.LEASE_OPTION, bytes(size)))
    answer = leasing.exchange_signed(w.update(CHANGE, additional=[option]))
    assert answer.rcode == "FORMERR"
    assert is_gone(leasing)


def test_rule_33_who_asks_for_no_lease_is_told_none(leasing):
    assert leasing.must_update(CHANGE).lease() is None
    assert leasing.must_update(CHANGE, additional=[w.edns()]).lease() is None


def test_rule_33_an_unsigned_client_gets_its_lease_too(launch):
    server = launch(
        zones={w.ZONE: ZONE_OPTIONS}, networks={"127.0.0.0/8": {"allow": ["*.home.arpa A"]}}
    )
    wire = w.update(w.add(HOST, "A", "127.0.0.1"), additional=[w.lease_option(1800)])
    assert server.ask(wire, tcp=True).lease() == (1800,)


def test_rule_34_an_expired_name_is_not_served_and_removed_once(fast):
    server = fast()
    serial = server.serial()
    ask_lease(server, 1)
    server.must_update(w.add("stays.home.arpa", "A", "192.0.2.2"))
    wait_until(lambda: is_gone(server), "the name has expired")
    wait_until(lambda: server.serial() == serial + 3, "the removal is a change of the zone")
    server.restart()
    assert is_gone(server)
    assert server.serial() == serial + 3
    assert server.lookup("stays.home.arpa", "A") == {"192.0.2.2"}


def test_rule_34_prerequisites_do_not_see_an_expired_name(fast):
    server = fast()
    ask_lease(server, 1)
    wait_until(lambda: is_gone(server), "the name has expired")
    assert server.update(prerequisites=[w.name_in_use(HOST)]).rcode == "NXDOMAIN"
    server.must_update(CHANGE, prerequisites=[w.name_not_in_use(HOST)])
    assert server.lookup(HOST, "A") == {"192.0.2.1"}


def test_rules_32_and_34_an_expired_name_is_free_again(fast):
    all_names = {"allow": ["zone home.arpa"]}
    server = fast(keys={"first": all_names, "second": all_names})
    ask_lease(server, 3600, key="first")
    assert server.update(CHANGE, key="second").rcode == "REFUSED"
    ask_lease(server, 1, key="first")
    wait_until(lambda: is_gone(server), "the name has expired")
    server.must_update(CHANGE, key="second")


def test_rule_34_an_expired_name_counts_no_longer(fast):
    server = fast(limits={"names-per-key": 1})
    ask_lease(server, 3600)
    other = w.add("other.home.arpa", "A", "192.0.2.2")
    assert server.update(other).rcode == "REFUSED"
    ask_lease(server, 1)
    wait_until(lambda: server.update(other).rcode == "NOERROR", "there is room for another name")
    assert is_gone(server)


@pytest.mark.slow
def test_a_refresh_prolongs_the_lease(fast):
    server = fast()
    ask_lease(server, 1)
    ask_lease(server, 3600)
    start = time.monotonic()
    wait_until(lambda: time.monotonic() > start + 2.5, "the first lease would have ended")
    assert not is_gone(server)
    ask_lease(server, 1)
    wait_until(lambda: is_gone(server), "the name has expired")


def test_a_refresh_changes_neither_serial_nor_answer(fast):
    server = fast()
    ask_lease(server, 1000)
    serial = server.serial()
    ask_lease(server, 2000)
    ask_lease(server, 1000)
    assert server.serial() == serial


@pytest.mark.slow
def test_a_lease_survives_a_restart_and_ends_afterwards(fast):
    server = fast()
    ask_lease(server, 3600)
    short = "short.home.arpa"
    server.must_update(w.add(short, "A", "192.0.2.2"), additional=[w.lease_option(2)])
    server.restart()
    wait_until(lambda: is_gone(server, short), "the short lease has ended")
    server.restart()
    assert not is_gone(server) and is_gone(server, short)


def test_each_name_has_its_own_lease(fast):
    server = fast()
    ask_lease(server, 1)
    other = w.add("other.home.arpa", "A", "192.0.2.2")
    server.must_update(other, additional=[w.lease_option(3600)])
    wait_until(lambda: is_gone(server), "the short lease has ended")
    assert not is_gone(server, "other.home.arpa")


def test_a_zone_may_lease_for_ever(launch):
    zones = {w.ZONE: {"lease": "forever", "lease-min": "1s"}}
    server = launch(zones=zones, limits={"quiet": "0s"})
    server.must_update(w.add("stays.home.arpa", "A", "192.0.2.2"))
    ask_lease(server, 1)
    wait_until(lambda: is_gone(server), "the short lease has ended")
    assert not is_gone(server, "stays.home.arpa")


def test_an_administrators_names_have_no_lease_unless_asked_for(launch):
    zones = {w.ZONE: {"lease": "1s", "lease-min": "1s"}}
    keys = {name: {"allow": everything_in(w.ZONE)} for name in ("boss", "guest")}
    keys["boss"]["admin"] = True
    server = launch(zones=zones, keys=keys, limits={"quiet": "0s"})
    server.must_update(w.add("static.home.arpa", "A", "192.0.2.2"), key="boss")
    server.must_update(CHANGE, key="guest")
    wait_until(lambda: is_gone(server), "the guest's name has expired")
    assert not is_gone(server, "static.home.arpa")
    ask_lease(server, 1, key="boss")
    wait_until(lambda: is_gone(server), "the administrator's leased name has expired")


@pytest.mark.slow
def test_rule_35_nothing_expires_in_the_quiet_time_after_a_start(fast):
    """Times are whole seconds, so that the quiet time may be up to one shorter."""
    start = time.monotonic()
    server = fast(quiet="3s")
    ask_lease(server, 1)
    wait_until(lambda: is_gone(server), "the name has expired")
    assert time.monotonic() - start >= 2
    ask_lease(server, 1)
    server.stop()
    start = time.monotonic()
    server.start()
    wait_until(lambda: is_gone(server), "the name has expired")
    assert time.monotonic() - start >= 2
