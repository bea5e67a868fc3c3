# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 1034 4.3.2, 2308, 6891, 8482: ddnsd answers for its zones, and for nothing else."""

import struct

import pytest
from harness import wire as w

APEX, HOST = "home.arpa", "host.home.arpa"
RECURSION_DESIRED = 0x0100


@pytest.fixture
def server(ddnsd):
    ddnsd.must_update(
        w.add(HOST, "A", "192.0.2.1"),
        w.add(HOST, "AAAA", "2001:db8::1"),
        w.add(HOST, "TXT", '"x"'),
        w.add("alias.home.arpa", "CNAME", "second.home.arpa."),
        w.add("second.home.arpa", "CNAME", HOST + "."),
        w.add("away.home.arpa", "CNAME", "www.example.com."),
        w.add("dangling.home.arpa", "CNAME", "missing.home.arpa."),
        w.add("loop.home.arpa", "CNAME", "pool.home.arpa."),
        w.add("pool.home.arpa", "CNAME", "loop.home.arpa."),
        w.add("*.wild.home.arpa", "A", "192.0.2.7"),
        w.add("*.wild.home.arpa", "TXT", '"wild"'),
        w.add("known.wild.home.arpa", "TXT", '"known"'),
        w.add("*.walias.home.arpa", "CNAME", HOST + "."),
        w.add("a.b.deep.home.arpa", "A", "192.0.2.8"),
        w.add("sub.home.arpa", "NS", "ns.sub.home.arpa."),
        w.add("sub.home.arpa", "NS", "ns.example.com."),
        w.add("ns.sub.home.arpa", "A", "192.0.2.53"),
    )
    return ddnsd


def assert_negative(answer, rcode):
    """RFC 2308: no answer, the SOA in authority, its TTL no more than its minimum."""
    assert answer.rcode == rcode
    assert answer.is_authoritative
    (soa,) = answer.authority(APEX, "SOA")
    (rrset,) = answer.message.authority
    assert rrset.ttl <= int(soa.split()[-1])


def test_rule_36_an_exact_match_is_authoritative(server):
    answer = server.query(HOST, "A")
    assert (answer.rcode, answer.rdatas(HOST, "A")) == ("NOERROR", {"192.0.2.1"})
    assert answer.is_authoritative
    assert answer.answer_types() == ["A"]
    assert server.query(HOST, "AAAA").rdatas(HOST, "AAAA") == {"2001:db8::1"}


def test_rule_36_recursion_is_never_offered(server):
    for name in (HOST, "example.com"):
        answer = server.query(name, "A", flags=RECURSION_DESIRED)
        assert not answer.offers_recursion
        assert struct.unpack_from("!H", answer.wire, 2)[0] & RECURSION_DESIRED, "RD is copied"


@pytest.mark.parametrize("name", ["example.com", "arpa", ".", "xhome.arpa", "home.arpa.example"])
def test_rule_36_other_zones_are_refused(server, name):
    answer = server.query(name, "A")
    assert answer.rcode == "REFUSED"
    assert not answer.is_authoritative
    assert answer.section_counts[1:] == (0, 0, 0)


def test_rule_36_another_class_is_refused(server):
    assert server.query(HOST, "A", rclass=w.CH).rcode == "REFUSED"
    assert server.query("version.bind", "TXT", rclass=w.CH).rcode == "REFUSED"


def test_rule_36_a_type_that_is_not_there_is_nodata_with_soa(server):
    assert_negative(server.query(HOST, "MX"), "NOERROR")


def test_rule_36_a_name_that_is_not_there_is_nxdomain_with_soa(server):
    assert_negative(server.query("missing.home.arpa", "A"), "NXDOMAIN")
    assert_negative(server.query("below.host.home.arpa", "A"), "NXDOMAIN")


@pytest.mark.parametrize("name", ["deep.home.arpa", "b.deep.home.arpa", "wild.home.arpa"])
def test_rule_36_an_empty_non_terminal_is_nodata(server, name):
    assert_negative(server.query(name, "A"), "NOERROR")


def test_rule_36_an_empty_non_terminal_goes_with_the_last_name_below(server):
    server.must_update(w.delete_name("a.b.deep.home.arpa"))
    assert_negative(server.query("deep.home.arpa", "A"), "NXDOMAIN")


def test_rule_36_a_cname_chain_is_followed_inside_the_zone(server):
    answer = server.query("alias.home.arpa", "A")
    assert answer.rcode == "NOERROR"
    assert answer.answer_types() == ["CNAME", "CNAME", "A"]
    assert answer.rdatas("alias.home.arpa", "CNAME") == {"second.home.arpa."}
    assert answer.rdatas(HOST, "A") == {"192.0.2.1"}


def test_rule_36_a_cname_is_an_answer_to_itself(server):
    answer = server.query("alias.home.arpa", "CNAME")
    assert answer.answer_types() == ["CNAME"]


def test_rule_36_a_cname_that_leaves_the_zone_ends_there(server):
    answer = server.query("away.home.arpa", "A")
    assert (answer.rcode, answer.answer_types()) == ("NOERROR", ["CNAME"])


def test_rule_36_a_cname_to_a_missing_name_is_nxdomain(server):
    """RFC 2308 section 2.1: the RCODE is that of the chain's end."""
    answer = server.query("dangling.home.arpa", "A")
    assert (answer.rcode, answer.answer_types()) == ("NXDOMAIN", ["CNAME"])
    assert answer.authority(APEX, "SOA")


def test_rule_36_a_cname_to_a_missing_type_is_nodata(server):
    answer = server.query("alias.home.arpa", "MX")
    assert (answer.rcode, answer.answer_types()) == ("NOERROR", ["CNAME", "CNAME"])
    assert answer.authority(APEX, "SOA")


def test_rule_36_a_cname_loop_ends(server):
    answer = server.query("loop.home.arpa", "A")
    assert set(answer.answer_types()) == {"CNAME"}
    assert len(answer.answer_types()) <= 16
    assert server.query(HOST, "A").rcode == "NOERROR"


def test_rule_36_a_wildcard_answers_in_the_name_of_the_question(server):
    answer = server.query("any.wild.home.arpa", "A")
    assert answer.rdatas("any.wild.home.arpa", "A") == {"192.0.2.7"}
    assert answer.is_authoritative
    deeper = server.query("x.y.wild.home.arpa", "TXT")
    assert deeper.rdatas("x.y.wild.home.arpa", "TXT") == {'"wild"'}
    assert_negative(server.query("any.wild.home.arpa", "MX"), "NOERROR")


def test_rule_36_a_wildcard_gives_way_to_names_that_exist(server):
    assert_negative(server.query("known.wild.home.arpa", "A"), "NOERROR")
    assert_negative(server.query("x.known.wild.home.arpa", "A"), "NXDOMAIN")


def test_rule_36_the_wildcard_itself_can_be_asked_for(server):
    answer = server.query("*.wild.home.arpa", "A")
    assert answer.rdatas("*.wild.home.arpa", "A") == {"192.0.2.7"}


def test_rule_36_a_wildcard_cname_is_followed(server):
    answer = server.query("any.walias.home.arpa", "A")
    assert answer.rdatas("any.walias.home.arpa", "CNAME") == {HOST + "."}
    assert answer.rdatas(HOST, "A") == {"192.0.2.1"}


@pytest.mark.parametrize(
    "name, rtype",
    [("sub.home.arpa", "A"), ("x.sub.home.arpa", "TXT"), ("ns.sub.home.arpa", "A")],
)
def test_rule_36_below_a_delegation_there_is_a_referral(server, name, rtype):
    answer = server.query(name, rtype)
    assert (answer.rcode, answer.is_authoritative) == ("NOERROR", False)
    assert answer.answer_types() == []
    assert answer.authority("sub.home.arpa", "NS") == {"ns.sub.home.arpa.", "ns.example.com."}
    assert answer.additional("ns.sub.home.arpa", "A") == {"192.0.2.53"}


def test_rule_36_the_apex_has_soa_and_ns(launch):
    server = launch(zones={APEX: {"nameserver": "box.home.arpa", "contact": "me.home.arpa"}})
    (soa,) = server.lookup(APEX, "SOA")
    assert soa.startswith("box.home.arpa. me.home.arpa. ")
    assert server.lookup(APEX, "NS") == {"box.home.arpa."}


def test_rule_36_the_apex_names_have_defaults(ddnsd):
    (soa,) = ddnsd.lookup(APEX, "SOA")
    assert soa.startswith("ns.home.arpa. hostmaster.home.arpa. ")
    assert ddnsd.lookup(APEX, "NS") == {"ns.home.arpa."}


def test_rule_36_answers_are_in_the_case_of_the_question(server):
    request = w.query("HoSt.HoMe.ArPa", "A")
    answer = server.exchange(request)
    question = request[w.HEADER_SIZE :]
    assert answer.wire[w.HEADER_SIZE : w.HEADER_SIZE + len(question)] == question
    (rrset,) = answer.message.answer
    assert rrset.name.to_text() == "HoSt.HoMe.ArPa."


def test_rule_36_the_closest_zone_answers(launch):
    zones = {"home.arpa": {}, "168.192.in-addr.arpa": {}}
    server = launch(zones=zones)
    assert server.query("1.1.168.192.in-addr.arpa", "PTR").authority("168.192.in-addr.arpa", "SOA")
    assert server.query("1.169.192.in-addr.arpa", "PTR").rcode == "REFUSED"


def test_rule_37_any_gets_one_rrset(server):
    answer = server.query(HOST, "ANY")
    assert answer.rcode == "NOERROR"
    assert len(answer.answer_types()) == 1
    assert_negative(server.query("missing.home.arpa", "ANY"), "NXDOMAIN")


def fill(server, name, size):
    texts = [w.add(name, "TXT", f'"{n:02} {"x" * 96}"') for n in range(size // 112)]
    server.must_update(*texts, tcp=True)


@pytest.mark.parametrize(
    "size, additional, limit",
    [
        (1200, [], 512),
        (1200, [w.edns(1000)], 1000),
        (2000, [w.edns(4096)], 1232),
        (1200, [w.edns(100)], 512),
    ],
    ids=["no EDNS", "EDNS 1000", "EDNS 4096", "EDNS 100 means 512"],
)
def test_rule_37_udp_answers_fit_or_say_tc(ddnsd, size, additional, limit):
    fill(ddnsd, HOST, size)
    answer = ddnsd.query(HOST, "TXT", additional=additional)
    assert len(answer.wire) <= limit
    assert answer.is_truncated
    whole = ddnsd.query(HOST, "TXT", additional=additional, tcp=True)
    assert not whole.is_truncated
    assert len(whole.rdatas(HOST, "TXT")) == size // 112


def test_rule_37_an_answer_that_fits_the_edns_size_is_whole(ddnsd):
    fill(ddnsd, HOST, 1000)
    answer = ddnsd.query(HOST, "TXT", additional=[w.edns(1232)])
    assert len(answer.wire) > 512
    assert not answer.is_truncated
    assert len(answer.rdatas(HOST, "TXT")) == 1000 // 112


@pytest.mark.parametrize("version", [1, 255])
def test_rule_38_another_edns_version_is_badvers(ddnsd, version):
    answer = ddnsd.query(APEX, "SOA", additional=[w.edns(version=version)])
    assert answer.rcode == "BADVERS"
    assert answer.opt_count == 1
    assert answer.section_counts[1] == 0


def test_rule_38_badvers_also_stops_an_update(ddnsd):
    wire = w.update(w.add(HOST, "A", "192.0.2.1"), additional=[w.edns(version=1)])
    answer = ddnsd.exchange_signed(wire)
    assert answer.rcode == "BADVERS"
    assert ddnsd.query(HOST, "A").rcode == "NXDOMAIN"


def test_rule_38_opt_only_for_who_sent_one(ddnsd):
    change = w.add(HOST, "A", "192.0.2.1")
    assert ddnsd.query(APEX, "SOA").opt_count == 0
    assert ddnsd.query(APEX, "SOA", additional=[w.edns()]).opt_count == 1
    assert ddnsd.query("example.com", "A", additional=[w.edns()]).opt_count == 1
    assert ddnsd.update(change).opt_count == 0
    assert ddnsd.update(change, additional=[w.edns()]).opt_count == 1


def test_rule_38_unknown_options_and_flags_are_ignored(ddnsd):
    options = w.edns_option(10, bytes(8)) + w.edns_option(65001, b"x")
    answer = ddnsd.query(APEX, "SOA", additional=[w.edns(options=options, flags=0x8000)])
    assert (answer.rcode, answer.opt_count) == ("NOERROR", 1)


def test_rule_38_two_opts_are_formerr(ddnsd):
    assert ddnsd.query(APEX, "SOA", additional=[w.edns(), w.edns()]).rcode == "FORMERR"


@pytest.mark.parametrize("count", [0, 2])
def test_a_query_has_one_question(ddnsd, count):
    questions = [w.question(APEX, "SOA")] * count
    answer = ddnsd.exchange(w.message(w.QUERY, (questions, [], [], [])))
    assert answer.rcode == "FORMERR"
