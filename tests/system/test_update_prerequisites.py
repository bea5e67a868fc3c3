# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 2136 section 3.2: what a client may demand before its change is made."""

import pytest
from harness import wire as w
from harness.wire import Record

HOST, OTHER = "host.home.arpa", "other.home.arpa"
WITNESS = w.add("witness.home.arpa", "A", "192.0.2.99")


@pytest.fixture
def server(ddnsd):
    """host has two addresses and a text; below.deep exists, so deep is an empty non-terminal."""
    ddnsd.must_update(
        w.add(HOST, "A", "192.0.2.1"),
        w.add(HOST, "A", "192.0.2.2"),
        w.add(HOST, "TXT", '"hello"'),
        w.add("below.deep.home.arpa", "A", "192.0.2.3"),
        w.add("*.wild.home.arpa", "A", "192.0.2.4"),
    )
    return ddnsd


def outcome(server, *prerequisites):
    """The RCODE; on anything but NOERROR the change must not have been made."""
    answer = server.update(WITNESS, prerequisites=prerequisites)
    was_made = server.lookup(WITNESS.name, "A") == {"192.0.2.99"}
    assert was_made == (answer.rcode == "NOERROR")
    return answer.rcode


def test_rule_04_any_any_prerequisite_on_a_present_name_holds(server):
    assert outcome(server, w.name_in_use(HOST)) == "NOERROR"


def test_rule_04_any_any_prerequisite_on_a_missing_name_is_nxdomain(server):
    assert outcome(server, w.name_in_use(OTHER)) == "NXDOMAIN"


def test_rule_04_any_type_prerequisite_on_a_present_rrset_holds(server):
    assert outcome(server, w.rrset_exists(HOST, "TXT")) == "NOERROR"


def test_rule_04_any_type_prerequisite_on_a_missing_rrset_is_nxrrset(server):
    assert outcome(server, w.rrset_exists(HOST, "AAAA")) == "NXRRSET"


def test_rule_04_any_type_prerequisite_on_a_missing_name_is_nxrrset(server):
    assert outcome(server, w.rrset_exists(OTHER, "A")) == "NXRRSET"


def test_rule_05_none_any_prerequisite_on_a_missing_name_holds(server):
    assert outcome(server, w.name_not_in_use(OTHER)) == "NOERROR"


def test_rule_05_none_any_prerequisite_on_a_present_name_is_yxdomain(server):
    assert outcome(server, w.name_not_in_use(HOST)) == "YXDOMAIN"


def test_rule_05_none_type_prerequisite_on_a_missing_rrset_holds(server):
    assert outcome(server, w.rrset_not_exists(HOST, "AAAA")) == "NOERROR"


def test_rule_05_none_type_prerequisite_on_a_present_rrset_is_yxrrset(server):
    assert outcome(server, w.rrset_not_exists(HOST, "A")) == "YXRRSET"


@pytest.mark.parametrize("rclass", [w.ANY_CLASS, w.NONE])
def test_rules_04_and_05_a_prerequisite_with_rdata_is_formerr(server, rclass):
    record = Record(HOST, w.type_number("A"), rclass, 0, bytes([192, 0, 2, 1]))
    assert outcome(server, record) == "FORMERR"


@pytest.mark.parametrize("rclass", [w.IN, w.ANY_CLASS, w.NONE])
def test_rule_03_a_prerequisite_with_a_ttl_is_formerr(server, rclass):
    rdata = bytes([192, 0, 2, 1]) if rclass == w.IN else b""
    assert outcome(server, Record(HOST, w.type_number("A"), rclass, 1, rdata)) == "FORMERR"


@pytest.mark.parametrize(
    "record",
    [
        w.name_in_use("host.example.com"),
        w.name_not_in_use("host.example.com"),
        w.rrset_equals("host.example.com", "A", "192.0.2.1"),
        w.name_in_use("arpa"),
        w.name_not_in_use("xhome.arpa"),
    ],
)
def test_rule_03_a_prerequisite_outside_the_zone_is_notzone(server, record):
    assert outcome(server, record) == "NOTZONE"


def test_rule_06_the_whole_rrset_in_any_order_holds(server):
    second_first = [w.rrset_equals(HOST, "A", f"192.0.2.{n}") for n in (2, 1)]
    assert outcome(server, *second_first) == "NOERROR"


@pytest.mark.parametrize(
    "addresses",
    [["192.0.2.1"], ["192.0.2.1", "192.0.2.9"], ["192.0.2.1", "192.0.2.2", "192.0.2.3"]],
    ids=["one too few", "another one", "one too many"],
)
def test_rule_06_an_rrset_that_differs_is_nxrrset(server, addresses):
    records = [w.rrset_equals(HOST, "A", address) for address in addresses]
    assert outcome(server, *records) == "NXRRSET"


def test_rule_06_each_name_and_type_is_compared_by_itself(server):
    addresses = [w.rrset_equals(HOST, "A", f"192.0.2.{n}") for n in (1, 2)]
    text = w.rrset_equals(HOST, "TXT", '"hello"')
    below = w.rrset_equals("below.deep.home.arpa", "A", "192.0.2.3")
    assert outcome(server, addresses[0], below, text, addresses[1]) == "NOERROR"
    wrong_text = w.rrset_equals(HOST, "TXT", '"goodbye"')
    assert outcome_of_failure(server, addresses[0], wrong_text, addresses[1]) == "NXRRSET"


def outcome_of_failure(server, *prerequisites):
    """Like outcome(), where the witness stands already."""
    server.must_update(w.delete_name(WITNESS.name))
    return outcome(server, *prerequisites)


def test_rule_06_names_in_rdata_are_compared_without_case(server):
    server.must_update(w.add("alias.home.arpa", "CNAME", "Host.Home.arpa."))
    record = w.rrset_equals("ALIAS.home.arpa", "CNAME", "hOST.hOME.aRPA.")
    assert outcome(server, record) == "NOERROR"


def test_rule_06_an_rrset_of_a_missing_name_is_nxrrset(server):
    assert outcome(server, w.rrset_equals(OTHER, "A", "192.0.2.1")) == "NXRRSET"


@pytest.mark.parametrize("rclass", [w.CH, 2, 4, 65280])
def test_rule_06_any_other_class_is_formerr(server, rclass):
    record = Record(HOST, w.type_number("A"), rclass, 0, bytes([192, 0, 2, 1]))
    assert outcome(server, record) == "FORMERR"


def test_rule_07_an_empty_non_terminal_is_not_in_use(server):
    assert outcome(server, w.name_in_use("deep.home.arpa")) == "NXDOMAIN"
    assert outcome(server, w.name_not_in_use("deep.home.arpa")) == "NOERROR"


def test_rule_07_wildcards_synthesise_nothing_for_prerequisites(server):
    assert outcome(server, w.name_in_use("x.wild.home.arpa")) == "NXDOMAIN"
    assert outcome(server, w.rrset_exists("x.wild.home.arpa", "A")) == "NXRRSET"
    equals = w.rrset_equals("x.wild.home.arpa", "A", "192.0.2.4")
    assert outcome(server, equals) == "NXRRSET"
    assert outcome(server, w.name_not_in_use("x.wild.home.arpa")) == "NOERROR"


def test_names_in_prerequisites_match_without_case(server):
    assert outcome(server, w.name_in_use("HOST.Home.ARPA")) == "NOERROR"


def test_every_prerequisite_must_hold(server):
    fails_last = [w.name_in_use(HOST), w.rrset_exists(HOST, "A"), w.name_not_in_use(HOST)]
    assert outcome(server, *fails_last) == "YXDOMAIN"


def test_prerequisites_without_changes_are_a_question(server):
    before = server.serial()
    assert server.update(prerequisites=[w.name_in_use(HOST)]).rcode == "NOERROR"
    assert server.update(prerequisites=[w.name_in_use(OTHER)]).rcode == "NXDOMAIN"
    assert server.serial() == before


PROBES = [w.name_in_use(HOST), w.name_in_use(OTHER), w.rrset_exists(HOST, "AAAA")]


@pytest.mark.parametrize("probe", PROBES, ids=["holds", "NXDOMAIN", "NXRRSET"])
def test_rule_08_prerequisites_tell_a_stranger_nothing(launch, probe):
    keys = {
        "editor": {"allow": ["zone home.arpa"]},
        "guest": {"allow": ["self A"]},
    }
    server = launch(keys=keys)
    server.must_update(w.add(HOST, "A", "192.0.2.1"))
    change = w.add(OTHER, "A", "192.0.2.9")
    assert server.update(change, prerequisites=[probe], key="guest").rcode == "REFUSED"
    assert server.update(change, prerequisites=[probe], key=None).rcode == "REFUSED"
    assert server.update(prerequisites=[probe], key=None).rcode == "REFUSED"
