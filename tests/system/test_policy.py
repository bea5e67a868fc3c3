# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may change what: grants, owners, limits, and networks that need no key."""

import time

import pytest
from harness import wire as w
from harness.settings import everything_in
from harness.waiting import wait_until

REVERSE = "2.0.192.in-addr.arpa"
TEXT = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "TXT": '"x"',
    "MX": "10 mail.home.arpa.",
    "PTR": "laptop.home.arpa.",
    "NS": "ns.home.arpa.",
    "SOA": "ns.home.arpa. me.home.arpa. 4000000 7200 900 1209600 60",
    "TYPE65280": "\\# 1 00",
}

GRANTS = [
    # key, grant, name, type, is it allowed
    ("laptop", "self A TXT", "laptop.home.arpa", "A", True),
    ("laptop", "self A TXT", "laptop.home.arpa", "TXT", True),
    ("laptop", "self A TXT", "LAPTOP.Home.arpa", "TXT", True),
    ("laptop", "self A TXT", "laptop.home.arpa", "AAAA", False),
    ("laptop", "self A TXT", "other.home.arpa", "A", False),
    ("laptop", "self A TXT", "x.laptop.home.arpa", "A", False),
    ("laptop", "self A TXT", "home.arpa", "TXT", False),
    ("laptop", "self", "laptop.home.arpa", "MX", True),
    ("laptop", "self PTR", f"laptop.{REVERSE}", "PTR", True),
    ("box.home.arpa", "self A", "box.home.arpa", "A", True),
    ("box.home.arpa", "self A", "box.home.arpa.home.arpa", "A", False),
    ("laptop", "*.self A", "x.laptop.home.arpa", "A", True),
    ("laptop", "*.self A", "y.x.laptop.home.arpa", "A", True),
    ("laptop", "*.self A", "laptop.home.arpa", "A", False),
    ("laptop", "*.self A", "xlaptop.home.arpa", "A", False),
    ("laptop", "printer.home.arpa A", "printer.home.arpa", "A", True),
    ("laptop", "printer.home.arpa A", "x.printer.home.arpa", "A", False),
    ("laptop", "printer.home.arpa A", "laptop.home.arpa", "A", False),
    ("laptop", "*.lab.home.arpa A", "x.lab.home.arpa", "A", True),
    ("laptop", "*.lab.home.arpa A", "y.x.lab.home.arpa", "A", True),
    ("laptop", "*.lab.home.arpa A", "*.lab.home.arpa", "A", True),
    ("laptop", "*.lab.home.arpa A", "lab.home.arpa", "A", False),
    ("laptop", "*.lab.home.arpa A", "xlab.home.arpa", "A", False),
    ("laptop", "zone home.arpa A MX", "home.arpa", "MX", True),
    ("laptop", "zone home.arpa A MX", "y.x.home.arpa", "A", True),
    ("laptop", "zone home.arpa A MX", f"1.{REVERSE}", "PTR", False),
    ("laptop", f"zone {REVERSE} PTR", f"1.{REVERSE}", "PTR", True),
    ("laptop", "self TYPE65280", "laptop.home.arpa", "TYPE65280", True),
    ("laptop", "self TYPE65281", "laptop.home.arpa", "TYPE65280", False),
    ("laptop", "self ANY", "laptop.home.arpa", "TYPE65280", True),
    # SOA and NS need to be named
    ("laptop", "zone home.arpa", "sub.home.arpa", "NS", False),
    ("laptop", "zone home.arpa ANY", "sub.home.arpa", "NS", False),
    ("laptop", "zone home.arpa NS", "sub.home.arpa", "NS", True),
    ("laptop", "zone home.arpa", "home.arpa", "SOA", False),
    ("laptop", "zone home.arpa ANY", "home.arpa", "SOA", False),
    ("laptop", "zone home.arpa SOA", "home.arpa", "SOA", True),
]


def zone_of(name):
    return REVERSE if name.endswith(REVERSE) else w.ZONE


@pytest.fixture
def server_with(launch):
    """ddnsd with these keys, a forward and a reverse zone."""

    def server_with(keys, **settings):
        return launch(zones={w.ZONE: {}, REVERSE: {}}, keys=keys, **settings)

    return server_with


@pytest.mark.parametrize("key, grant, name, rtype, is_allowed", GRANTS)
def test_rule_31_a_grant_covers_names_and_types(server_with, key, grant, name, rtype, is_allowed):
    server = server_with({key: {"allow": [grant]}})
    answer = server.update(w.add(name, rtype, TEXT[rtype]), key=key, zone=zone_of(name))
    assert answer.rcode == ("NOERROR" if is_allowed else "REFUSED")


def test_rule_31_a_key_without_grants_may_nothing(server_with):
    server = server_with({"laptop": {"allow": []}})
    for name in ("laptop.home.arpa", "home.arpa"):
        assert server.update(w.add(name, "A", TEXT["A"]), key="laptop").rcode == "REFUSED"
    assert server.update(w.delete_name("laptop.home.arpa"), key="laptop").rcode == "REFUSED"


def test_rule_31_several_grants_add_up(server_with):
    grants = ["self A", "printer.home.arpa TXT"]
    server = server_with({"laptop": {"allow": grants}})
    a, text = w.add("laptop.home.arpa", "A", TEXT["A"]), w.add("printer.home.arpa", "TXT", '"x"')
    assert server.update(a, text, key="laptop").rcode == "NOERROR"
    crossed = w.add("laptop.home.arpa", "TXT", '"x"')
    assert server.update(crossed, key="laptop").rcode == "REFUSED"


def test_rule_31_one_forbidden_change_stops_the_message(server_with):
    server = server_with({"laptop": {"allow": ["self"]}})
    allowed = w.add("laptop.home.arpa", "A", TEXT["A"])
    forbidden = w.add("other.home.arpa", "A", TEXT["A"])
    assert server.update(allowed, forbidden, key="laptop").rcode == "REFUSED"
    assert server.query("laptop.home.arpa", "A").rcode == "NXDOMAIN"


def test_rule_31_deletions_need_the_grant_too(server_with):
    server = server_with({"laptop": {"allow": ["self A"]}, "editor": {"allow": ["zone home.arpa"]}})
    name = "other.home.arpa"
    server.must_update(w.add(name, "A", TEXT["A"]))
    for change in (w.delete_name(name), w.delete_rrset(name, "A"), w.delete(name, "A", TEXT["A"])):
        assert server.update(change, key="laptop").rcode == "REFUSED"
    assert server.lookup(name, "A") == {TEXT["A"]}


def test_rule_31_deleting_a_name_needs_the_grant_for_each_type_it_has(server_with):
    boss = {"allow": everything_in(w.ZONE), "admin": True}
    server = server_with({"laptop": {"allow": ["self A TXT"]}, "boss": boss})
    name = "laptop.home.arpa"
    server.must_update(w.add(name, "A", TEXT["A"]), w.add(name, "TXT", '"x"'), key="laptop")
    server.must_update(w.delete_name(name), key="laptop")
    assert server.query(name, "A").rcode == "NXDOMAIN"
    server.must_update(w.add(name, "A", TEXT["A"]), w.add(name, "MX", TEXT["MX"]), key="boss")
    assert server.update(w.delete_name(name), key="laptop").rcode == "REFUSED"
    assert server.lookup(name, "A") == {TEXT["A"]}


def test_rule_31_a_key_may_be_bound_to_source_networks(server_with):
    server = server_with({"laptop": {"allow": ["self"], "from": ["127.0.0.2", "127.0.1.0/24"]}})
    change = w.add("laptop.home.arpa", "A", TEXT["A"])
    for tcp in (False, True):
        for source in ("127.0.0.1", "127.0.0.3", "127.0.2.1"):
            answer = server.update(change, key="laptop", source=source, tcp=tcp)
            assert answer.rcode == "REFUSED", source
    assert server.query("laptop.home.arpa", "A").rcode == "NXDOMAIN"
    for source in ("127.0.0.2", "127.0.1.77"):
        server.must_update(change, key="laptop", source=source)
    assert server.lookup("laptop.home.arpa", "A") == {TEXT["A"]}


def test_the_log_says_who_was_refused_what(server_with):
    server = server_with({"laptop": {"allow": ["self A"]}})
    server.update(w.add("other.home.arpa", "AAAA", TEXT["AAAA"]), key="laptop")
    line = server.wait_for_log(r"refused")
    for part in ("laptop", "other.home.arpa", "127.0.0.1"):
        assert part in line


def test_the_wire_says_only_refused(server_with):
    server = server_with({"laptop": {"allow": ["self A"]}})
    answer = server.update(w.add("other.home.arpa", "A", TEXT["A"]), key="laptop")
    assert answer.rcode == "REFUSED"
    assert answer.section_counts[1:] == (0, 0, 1), "nothing but the TSIG"
    assert answer.tsig.error == 0


# First come, first served

NAME = "shared.home.arpa"


@pytest.fixture
def rivals(server_with):
    """Three keys whose grants cover all: first, second, and an administrator's."""
    keys = {
        "first": {"allow": ["zone home.arpa"]},
        "second": {"allow": ["zone home.arpa"]},
        "boss": {"allow": ["zone home.arpa"], "admin": True},
    }
    server = server_with(keys)
    server.must_update(w.add(NAME, "A", "192.0.2.1"), key="first")
    return server


def assert_belongs_to(server, owner, others):
    for change in (
        w.add(NAME, "TXT", '"mine"'),
        w.delete_rrset(NAME, "TXT"),
        w.delete_name(NAME),
    ):
        for other in others:
            assert server.update(change, key=other).rcode == "REFUSED"
    assert server.query(NAME, "A").rcode == "NOERROR"
    server.must_update(w.add(NAME, "TXT", '"mine"'), key=owner)


def test_rule_32_a_name_belongs_to_who_registered_it(rivals):
    assert_belongs_to(rivals, "first", ["second"])


def test_rule_32_a_name_keeps_its_owner_across_a_restart(rivals):
    rivals.restart()
    assert_belongs_to(rivals, "first", ["second"])


def test_rule_32_a_deleted_name_is_free_again(rivals):
    rivals.must_update(w.delete_name(NAME), key="first")
    rivals.must_update(w.add(NAME, "A", "192.0.2.2"), key="second")
    assert_belongs_to(rivals, "second", ["first"])


def test_rule_32_a_name_whose_last_record_is_deleted_is_free_again(rivals):
    rivals.must_update(w.delete(NAME, "A", "192.0.2.1"), key="first")
    rivals.must_update(w.add(NAME, "A", "192.0.2.2"), key="second")
    assert_belongs_to(rivals, "second", ["first"])


def test_rule_32_an_administrator_takes_a_name_over(rivals):
    rivals.must_update(w.add(NAME, "A", "192.0.2.9"), key="boss")
    assert_belongs_to(rivals, "boss", ["first", "second"])


def test_rule_32_one_foreign_name_stops_the_message(rivals):
    mine, foreign = w.add("own.home.arpa", "A", "192.0.2.2"), w.add(NAME, "A", "192.0.2.2")
    assert rivals.update(mine, foreign, key="second").rcode == "REFUSED"
    assert rivals.query("own.home.arpa", "A").rcode == "NXDOMAIN"


def test_rule_32_reading_a_foreign_name_in_a_prerequisite_is_no_change(rivals):
    change = w.add("own.home.arpa", "A", "192.0.2.2")
    rivals.must_update(change, prerequisites=[w.name_in_use(NAME)], key="second")


# Limits


def refused_count(answers):
    rcodes = [answer.rcode for answer in answers]
    assert set(rcodes) <= {"NOERROR", "REFUSED"}
    return rcodes.count("REFUSED")


def add_hosts(server, numbers, key="editor"):
    return [server.update(w.add(f"h{n}.home.arpa", "A", f"192.0.2.{n}"), key=key) for n in numbers]


def test_names_per_key_are_limited(launch):
    server = launch(limits={"names-per-key": 3})
    assert refused_count(add_hosts(server, range(3))) == 0
    assert refused_count(add_hosts(server, [3])) == 1
    server.wait_for_log(r"editor.*names|names.*editor")
    assert refused_count(add_hosts(server, [0, 1, 2])) == 0, "what it has may be refreshed"
    server.must_update(w.delete_name("h0.home.arpa"))
    assert refused_count(add_hosts(server, [3])) == 0


def test_names_per_key_count_within_one_message(launch):
    server = launch(limits={"names-per-key": 3})
    changes = [w.add(f"h{n}.home.arpa", "A", "192.0.2.1") for n in range(4)]
    assert server.update(*changes).rcode == "REFUSED"
    assert server.query("h0.home.arpa", "A").rcode == "NXDOMAIN"


def test_a_key_may_have_its_own_limit_of_names(launch):
    keys = {
        "editor": {"allow": ["zone home.arpa"], "names-per-key": 1},
        "other": {"allow": ["zone home.arpa"]},
        "free": {"allow": ["zone home.arpa"], "names-per-key": 0},
    }
    server = launch(keys=keys, limits={"names-per-key": 2})
    assert refused_count(add_hosts(server, range(0, 4))) == 3
    assert refused_count(add_hosts(server, range(10, 14), key="other")) == 2
    assert refused_count(add_hosts(server, range(20, 24), key="free")) == 0


def test_names_in_all_are_limited(launch):
    server = launch(limits={"names": 10})
    answers = add_hosts(server, range(20))
    assert 9 <= refused_count(answers) <= 11, "the apex may count as a name"
    assert [a.rcode for a in answers] == sorted(a.rcode for a in answers)


def test_addresses_per_name_are_limited_both_families_together(launch):
    server = launch(limits={"addresses-per-name": 3})
    name = "host.home.arpa"
    server.must_update(w.add(name, "A", "192.0.2.1"), w.add(name, "A", "192.0.2.2"))
    server.must_update(w.add(name, "AAAA", "2001:db8::1"))
    for rtype in ("A", "AAAA"):
        text = "192.0.2.3" if rtype == "A" else "2001:db8::3"
        assert server.update(w.add(name, rtype, text)).rcode == "REFUSED"
    server.must_update(w.add(name, "TXT", '"x"'), w.add(name, "A", "192.0.2.2"))
    replacement = [w.add(name, "A", f"192.0.2.{n}") for n in (7, 8)]
    server.must_update(w.delete_rrset(name, "A"), *replacement)
    assert server.lookup(name, "A") == {"192.0.2.7", "192.0.2.8"}


def test_updates_a_minute_are_a_token_bucket(launch):
    keys = {"editor": {"allow": ["zone home.arpa"]}, "other": {"allow": ["zone home.arpa"]}}
    server = launch(keys=keys, limits={"updates-per-minute": 5})
    before, begun = server.log_size(), time.monotonic()
    assert refused_count(add_hosts(server, range(5))) == 0
    refused = refused_count(add_hosts(server, range(5, 55)))
    # Twelve seconds give one more.
    assert 50 - (time.monotonic() - begun) // 12 <= refused <= 50
    assert refused_count(add_hosts(server, range(60, 65), key="other")) == 0, "each has its own"
    assert server.query("h1.home.arpa", "A").rcode == "NOERROR", "queries are not limited"
    server.wait_for_log(r"editor.*minute|minute.*editor", before)
    assert len(server.log_lines("editor", before)) < 20, "a flood does not fill the log"


def test_the_token_bucket_fills_again(launch):
    server = launch(limits={"updates-per-minute": 60})
    wait_until(lambda: refused_count(add_hosts(server, [1])) == 1, "the bucket is empty")
    wait_until(lambda: refused_count(add_hosts(server, [1])) == 0, "an update is accepted again")


def test_a_key_may_have_its_own_updates_a_minute(launch):
    keys = {
        "editor": {"allow": ["zone home.arpa"], "updates-per-minute": 2},
        "free": {"allow": ["zone home.arpa"], "updates-per-minute": 0},
    }
    server = launch(keys=keys, limits={"updates-per-minute": 4})
    assert refused_count(add_hosts(server, range(6))) == 4
    assert refused_count(add_hosts(server, range(10, 30), key="free")) == 0


# Networks

NETWORK = "127.0.0.0/24"
HOST = "host.home.arpa"
OWN, FOREIGN = w.add(HOST, "A", "127.0.0.5"), w.add(HOST, "A", "127.0.0.6")
BY_TCP = {"key": None, "tcp": True, "source": "127.0.0.5"}
BY_UDP = {"key": None, "tcp": False, "source": "127.0.0.5"}


@pytest.fixture
def open_server(launch):
    def open_server(**options):
        return launch(networks={NETWORK: {"allow": ["*.home.arpa A AAAA"]} | options})

    return open_server


def test_rule_31_without_a_network_block_unsigned_updates_are_refused(ddnsd):
    assert ddnsd.update(OWN, **BY_TCP).rcode == "REFUSED"
    assert ddnsd.update(OWN, **BY_UDP).rcode == "REFUSED"
    assert ddnsd.query(HOST, "A").rcode == "NXDOMAIN"


def test_rule_31_a_network_may_register_its_own_address_over_tcp(open_server):
    server = open_server()
    assert server.update(OWN, **BY_TCP).rcode == "NOERROR"
    assert server.lookup(HOST, "A") == {"127.0.0.5"}


def test_rule_31_a_network_may_not_register_another_address(open_server):
    server = open_server()
    assert server.update(FOREIGN, **BY_TCP).rcode == "REFUSED"
    assert server.update(OWN, FOREIGN, **BY_TCP).rcode == "REFUSED"
    assert server.update(w.add(HOST, "AAAA", "::1"), **BY_TCP).rcode == "REFUSED"
    assert server.query(HOST, "A").rcode == "NXDOMAIN"


def test_rule_31_a_forged_datagram_changes_nothing(open_server):
    server = open_server()
    assert server.update(OWN, **BY_UDP).rcode == "REFUSED"
    assert server.query(HOST, "A").rcode == "NXDOMAIN"


def test_rule_31_a_network_may_speak_udp_where_the_administrator_says_so(open_server):
    server = open_server(udp=True)
    assert server.update(OWN, **BY_UDP).rcode == "NOERROR"
    assert server.update(FOREIGN, **BY_UDP).rcode == "REFUSED"
    assert server.lookup(HOST, "A") == {"127.0.0.5"}


def test_rule_31_a_network_may_register_any_address_where_the_administrator_says_so(open_server):
    server = open_server(**{"any-address": True})
    assert server.update(FOREIGN, **BY_TCP).rcode == "NOERROR"
    assert server.update(FOREIGN, **BY_UDP).rcode == "REFUSED"


def test_rule_31_a_networks_grants_bind_it(open_server):
    server = open_server()
    for change in (w.add(HOST, "TXT", '"x"'), w.add("home.arpa", "A", "127.0.0.5")):
        assert server.update(change, **BY_TCP).rcode == "REFUSED"


def test_rule_31_senders_outside_the_network_are_refused(open_server):
    server = open_server(udp=True, **{"any-address": True})
    for tcp in (False, True):
        answer = server.update(OWN, key=None, tcp=tcp, source="127.0.1.5")
        assert answer.rcode == "REFUSED"


def test_rule_32_a_network_may_not_touch_a_keys_name(open_server):
    server = open_server()
    server.must_update(w.add(HOST, "A", "192.0.2.1"))
    for change in (OWN, w.delete_name(HOST), w.delete_rrset(HOST, "A")):
        assert server.update(change, **BY_TCP).rcode == "REFUSED"
    assert server.lookup(HOST, "A") == {"192.0.2.1"}


def test_rule_31_ipv6_senders_are_known_by_their_network(launch):
    server = launch(addresses=["::1"], networks={"::1/128": {"allow": ["*.home.arpa AAAA"]}})
    answer = server.update(w.add(HOST, "AAAA", "::1"), key=None, tcp=True)
    assert answer.rcode == "NOERROR"
    assert server.lookup(HOST, "AAAA") == {"::1"}
