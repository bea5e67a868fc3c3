# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 2136 sections 2 and 3.4: the header, the zone section, and what a change does."""

import struct

import pytest
from harness import wire as w
from harness.client import udp_socket
from harness.wire import Record

APEX, HOST = "home.arpa", "host.home.arpa"
A, TXT = w.type_number("A"), w.type_number("TXT")
ADDRESS = bytes([192, 0, 2, 1])


def soa(serial, mname="ns.home.arpa."):
    return f"{mname} hostmaster.home.arpa. {serial} 7200 900 1209600 60"


# The header and the zone section


@pytest.mark.parametrize("opcode", [1, 2, 3, 6, 7, 15])
def test_rule_01_other_opcodes_are_not_implemented(ddnsd, opcode):
    wire = w.message(opcode, ([w.question(APEX, "SOA")], [], [], []))
    answer = ddnsd.exchange(wire)
    assert (answer.rcode, answer.opcode) == ("NOTIMP", opcode)


@pytest.mark.parametrize("opcode", [w.QUERY, w.UPDATE, w.NOTIFY])
def test_rule_01_responses_are_dropped_silently(ddnsd, opcode):
    response = w.message(opcode, ([w.question(APEX, "SOA")], [], [], []), flags=0x8000)
    request = w.query(APEX, "SOA")
    with udp_socket(ddnsd.endpoint) as sock:
        sock.send(response)
        sock.send(request)
        assert sock.recv(512)[:2] == request[:2]


@pytest.mark.parametrize("size", range(w.HEADER_SIZE))
def test_less_than_a_header_is_dropped_silently(ddnsd, size):
    request = w.query(APEX, "SOA")
    with udp_socket(ddnsd.endpoint) as sock:
        sock.send(w.query(HOST, "A")[:size])
        sock.send(request)
        assert sock.recv(512)[:2] == request[:2]


@pytest.mark.parametrize(
    "zones",
    [
        [],
        [w.question(APEX, "SOA")] * 2,
        [w.question(APEX, "A")],
        [w.question(APEX, "ANY")],
        [w.question(APEX, "SOA", w.CH)],
        [w.question(APEX, "SOA", w.ANY_CLASS)],
    ],
    ids=["none", "two", "type A", "type ANY", "class CH", "class ANY"],
)
def test_rule_02_a_zone_section_other_than_one_soa_in_is_formerr(ddnsd, zones):
    wire = w.message(w.UPDATE, (zones, [], [w.add(HOST, "A", "192.0.2.1")], []))
    assert ddnsd.ask(wire, key="editor").rcode == "FORMERR"
    assert ddnsd.lookup(HOST, "A") == set()


@pytest.mark.parametrize("zone", ["example.com", "arpa", "host.home.arpa", "."])
def test_rule_02_a_zone_that_is_not_ours_is_notauth(ddnsd, zone):
    answer = ddnsd.update(w.add(HOST, "A", "192.0.2.1"), zone=zone)
    assert answer.rcode == "NOTAUTH"


def test_rule_02_the_zone_name_has_no_case(ddnsd):
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.1"), zone="HOME.arpa")
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}


# The prescan


def raw(rclass, rtype, *, ttl=0, rdata=b"", name=HOST):
    return Record(name, w.type_number(rtype), rclass, ttl, rdata)


META = ["ANY", "AXFR", "MAILA", "MAILB", "OPT", "TKEY"]
META_BUT_ANY = META[1:]

BAD_CHANGES = {
    "class CH": (raw(w.CH, "A", ttl=60, rdata=ADDRESS), "FORMERR"),
    "class 2": (raw(2, "A", rdata=ADDRESS), "FORMERR"),
    "outside, IN": (w.add("host.example.com", "A", "192.0.2.1"), "NOTZONE"),
    "outside, ANY": (w.delete_name("host.example.com"), "NOTZONE"),
    "outside, NONE": (w.delete("host.example.com", "A", "192.0.2.1"), "NOTZONE"),
    "outside, the parent": (w.add("arpa", "A", "192.0.2.1"), "NOTZONE"),
    "outside, same end": (w.add("xhome.arpa", "A", "192.0.2.1"), "NOTZONE"),
    "ANY with a TTL": (raw(w.ANY_CLASS, "A", ttl=1), "FORMERR"),
    "ANY with rdata": (raw(w.ANY_CLASS, "A", rdata=ADDRESS), "FORMERR"),
    "ANY ANY with rdata": (raw(w.ANY_CLASS, "ANY", rdata=ADDRESS), "FORMERR"),
    "NONE with a TTL": (raw(w.NONE, "A", ttl=1, rdata=ADDRESS), "FORMERR"),
}
BAD_CHANGES |= {f"IN {t}": (raw(w.IN, t, ttl=60, rdata=ADDRESS), "FORMERR") for t in META}
BAD_CHANGES |= {f"ANY {t}": (raw(w.ANY_CLASS, t), "FORMERR") for t in META_BUT_ANY}
BAD_CHANGES |= {f"NONE {t}": (raw(w.NONE, t, rdata=ADDRESS), "FORMERR") for t in META}


@pytest.mark.parametrize("change, rcode", BAD_CHANGES.values(), ids=BAD_CHANGES)
def test_rule_09_one_bad_change_stops_the_whole_message(ddnsd, change, rcode):
    good = w.add("good.home.arpa", "A", "192.0.2.1")
    answer = ddnsd.exchange_signed(w.update(good, change))
    assert answer.rcode == rcode
    assert ddnsd.lookup("good.home.arpa", "A") == set()


BAD_RDATA = {
    "A of 3": ("A", ADDRESS[:3]),
    "A of 5": ("A", ADDRESS + b"\0"),
    "A of 0": ("A", b""),
    "AAAA of 15": ("AAAA", bytes(15)),
    "AAAA of 17": ("AAAA", bytes(17)),
    "CNAME cut": ("CNAME", b"\x04host\x04ho"),
    "CNAME without end": ("CNAME", b"\x04host"),
    "CNAME with more behind": ("CNAME", b"\x04host\0x"),
    "CNAME label type 01": ("CNAME", b"\x41host\0"),
    "CNAME to itself": ("CNAME", None),
    "PTR with more behind a pointer": ("PTR", b"\x04host\xc0\x0cxx"),
    "NS empty": ("NS", b""),
    "MX without name": ("MX", b"\0\x0a"),
    "MX of 1": ("MX", b"\0"),
    "SRV of 6": ("SRV", bytes(6)),
    "TXT too long a string": ("TXT", b"\x05abc"),
    "TXT second string too long": ("TXT", b"\x03abc\x01"),
    "SOA cut": ("SOA", b"\0\0" + bytes(19)),
    "SOA with more behind": ("SOA", b"\0\0" + bytes(21)),
    "HINFO of one string": ("HINFO", b"\x03abc"),
    "NAPTR cut": ("NAPTR", bytes(5)),
    "SSHFP of 1": ("SSHFP", b"\x01"),
    "LOC of 15": ("LOC", bytes(15)),
}


@pytest.mark.parametrize("rtype, rdata", BAD_RDATA.values(), ids=BAD_RDATA)
def test_rule_09_rdata_that_does_not_parse_is_formerr(ddnsd, rtype, rdata):
    good = w.add("good.home.arpa", "A", "192.0.2.1")
    if rdata is None:
        where_rdata_begins = len(w.update(good)) + len(w.name_wire(HOST)) + 10
        rdata = struct.pack("!H", 0xC000 | where_rdata_begins)
    answer = ddnsd.exchange_signed(w.update(good, raw(w.IN, rtype, ttl=60, rdata=rdata)))
    assert answer.rcode == "FORMERR"
    assert ddnsd.lookup("good.home.arpa", "A") == set()


def test_rule_09_rdata_of_a_deletion_must_parse_too(ddnsd):
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.1"))
    wire = w.update(w.delete_rrset(HOST, "A"), raw(w.NONE, "A", rdata=ADDRESS[:3]))
    assert ddnsd.exchange_signed(wire).rcode == "FORMERR"
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}


def test_rule_09_fewer_records_than_counted_are_formerr(ddnsd):
    wire = w.update(w.add(HOST, "A", "192.0.2.1"))
    wire = wire[:8] + struct.pack("!H", 2) + wire[10:]
    assert ddnsd.exchange(wire).rcode == "FORMERR"


# What changes do


def test_rule_10_changes_are_made_in_their_order(ddnsd):
    ddnsd.must_update(
        w.add(HOST, "A", "192.0.2.1"),
        w.delete_name(HOST),
        w.add(HOST, "A", "192.0.2.2"),
        w.add(HOST, "A", "192.0.2.3"),
        w.delete(HOST, "A", "192.0.2.2"),
    )
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.3"}


def test_rule_11_adding_what_is_there_changes_nothing(ddnsd):
    change = w.add(HOST, "A", "192.0.2.1")
    ddnsd.must_update(change)
    before = ddnsd.serial()
    ddnsd.must_update(change)
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}
    assert ddnsd.serial() == before


def test_rule_11_another_ttl_moves_the_whole_rrset(ddnsd):
    ddnsd.must_update(*(w.add(HOST, "A", f"192.0.2.{n}", ttl=50) for n in (1, 2)))
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.3", ttl=40))
    answer = ddnsd.query(HOST, "A")
    assert answer.ttl(HOST, "A") == 40
    assert answer.rdatas(HOST, "A") == {f"192.0.2.{n}" for n in (1, 2, 3)}
    before = ddnsd.serial()
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.2", ttl=30))
    assert ddnsd.query(HOST, "A").ttl(HOST, "A") == 30
    assert ddnsd.serial() == before + 1


def test_rule_12_a_cname_beside_other_data_is_ignored(ddnsd):
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.1"))
    before = ddnsd.serial()
    ddnsd.must_update(w.add(HOST, "CNAME", "other.home.arpa."))
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}
    assert ddnsd.lookup(HOST, "CNAME") == set()
    assert ddnsd.serial() == before


def test_rule_12_other_data_beside_a_cname_is_ignored(ddnsd):
    ddnsd.must_update(w.add(HOST, "CNAME", "other.home.arpa."))
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.1"), w.add(HOST, "TXT", '"x"'))
    assert ddnsd.lookup(HOST, "CNAME") == {"other.home.arpa."}
    assert ddnsd.query(HOST, "TXT").answer_types() == ["CNAME"]


def test_rule_12_a_cname_over_a_cname_replaces_it(ddnsd):
    ddnsd.must_update(w.add(HOST, "CNAME", "one.home.arpa."))
    ddnsd.must_update(w.add(HOST, "CNAME", "two.home.arpa."))
    assert ddnsd.lookup(HOST, "CNAME") == {"two.home.arpa."}


def test_rule_12_a_cname_at_the_apex_is_ignored(ddnsd):
    ddnsd.must_update(w.add(APEX, "CNAME", "other.home.arpa."))
    assert ddnsd.lookup(APEX, "CNAME") == set()
    assert ddnsd.lookup(APEX, "SOA")


@pytest.mark.parametrize("step", [1, 1000, 2**31 - 1], ids=["next", "far", "farthest"])
def test_rule_13_a_soa_with_a_higher_serial_replaces(ddnsd, step):
    serial = (ddnsd.serial() + step) % 2**32
    ddnsd.must_update(w.add(APEX, "SOA", soa(serial, "primary.home.arpa.")))
    (text,) = ddnsd.lookup(APEX, "SOA")
    assert text.startswith("primary.home.arpa.")
    assert (ddnsd.serial() - serial) % 2**32 <= 1


@pytest.mark.parametrize("step", [0, -1, 2**31 + 1], ids=["same", "before", "before by wrapping"])
def test_rule_13_a_soa_with_no_higher_serial_is_ignored(ddnsd, step):
    before = ddnsd.lookup(APEX, "SOA")
    serial = (ddnsd.serial() + step) % 2**32
    ddnsd.must_update(w.add(APEX, "SOA", soa(serial, "primary.home.arpa.")))
    assert ddnsd.lookup(APEX, "SOA") == before


def test_rule_13_a_soa_below_the_apex_is_ignored(ddnsd):
    before = ddnsd.serial()
    ddnsd.must_update(w.add(HOST, "SOA", soa(before + 1)))
    assert ddnsd.query(HOST, "SOA").rcode == "NXDOMAIN"
    assert ddnsd.serial() == before


def test_rule_14_deleting_the_apex_name_keeps_soa_and_ns(ddnsd):
    ddnsd.must_update(w.add(APEX, "TXT", '"x"'), w.add(APEX, "MX", "10 mail.home.arpa."))
    nameservers = ddnsd.lookup(APEX, "NS")
    assert nameservers
    ddnsd.must_update(w.delete_name(APEX))
    assert ddnsd.lookup(APEX, "TXT") == ddnsd.lookup(APEX, "MX") == set()
    assert ddnsd.lookup(APEX, "NS") == nameservers
    assert ddnsd.lookup(APEX, "SOA")


@pytest.mark.parametrize("rtype", ["SOA", "NS"])
def test_rule_14_deleting_the_apex_soa_or_ns_rrset_is_ignored(ddnsd, rtype):
    before = ddnsd.lookup(APEX, rtype)
    ddnsd.must_update(w.delete_rrset(APEX, rtype))
    assert ddnsd.lookup(APEX, rtype) == before != set()


def test_rule_15_the_soa_is_never_deleted(ddnsd):
    (before,) = ddnsd.lookup(APEX, "SOA")
    ddnsd.must_update(w.delete(APEX, "SOA", before))
    assert ddnsd.lookup(APEX, "SOA") == {before}


def test_rule_15_the_last_apex_ns_is_never_deleted(ddnsd):
    (first,) = ddnsd.lookup(APEX, "NS")
    second = "ns2.example."
    ddnsd.must_update(w.add(APEX, "NS", second))
    ddnsd.must_update(w.delete(APEX, "NS", first))
    assert ddnsd.lookup(APEX, "NS") == {second}
    ddnsd.must_update(w.delete(APEX, "NS", second))
    assert ddnsd.lookup(APEX, "NS") == {second}


def test_rule_15_two_apex_ns_deleted_in_one_message_leave_one(ddnsd):
    (first,) = ddnsd.lookup(APEX, "NS")
    ddnsd.must_update(w.add(APEX, "NS", "ns2.example."))
    ddnsd.must_update(w.delete(APEX, "NS", first), w.delete(APEX, "NS", "ns2.example."))
    assert ddnsd.lookup(APEX, "NS") == {"ns2.example."}


@pytest.mark.parametrize(
    "change",
    [
        w.delete_name("missing.home.arpa"),
        w.delete_rrset("missing.home.arpa", "A"),
        w.delete("missing.home.arpa", "A", "192.0.2.1"),
        w.delete_rrset(HOST, "AAAA"),
        w.delete(HOST, "A", "192.0.2.9"),
    ],
)
def test_rule_16_deleting_what_is_not_there_is_no_error(ddnsd, change):
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.1"))
    before = ddnsd.serial()
    ddnsd.must_update(change)
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1"}
    assert ddnsd.serial() == before


def test_each_kind_of_deletion_takes_what_it_names(ddnsd):
    def fill():
        ddnsd.must_update(
            w.delete_name(HOST),
            w.add(HOST, "A", "192.0.2.1"),
            w.add(HOST, "A", "192.0.2.2"),
            w.add(HOST, "TXT", '"x"'),
        )

    fill()
    ddnsd.must_update(w.delete(HOST, "A", "192.0.2.1"))
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.2"}
    assert ddnsd.lookup(HOST, "TXT") == {'"x"'}
    fill()
    ddnsd.must_update(w.delete_rrset(HOST, "A"))
    assert ddnsd.query(HOST, "A").rcode == "NOERROR"
    assert ddnsd.lookup(HOST, "A") == set()
    assert ddnsd.lookup(HOST, "TXT") == {'"x"'}
    fill()
    ddnsd.must_update(w.delete_name(HOST))
    assert ddnsd.query(HOST, "A").rcode == "NXDOMAIN"


def test_rule_18_the_serial_rises_once_a_message(ddnsd):
    before = ddnsd.serial()
    ddnsd.must_update(*(w.add(f"h{n}.home.arpa", "A", f"192.0.2.{n}") for n in range(20)))
    assert ddnsd.serial() == before + 1
    ddnsd.must_update(w.delete_name("h3.home.arpa"))
    assert ddnsd.serial() == before + 2


def test_rule_18_a_refused_or_failed_message_leaves_the_serial(ddnsd):
    before = ddnsd.serial()
    change = w.add(HOST, "A", "192.0.2.1")
    assert ddnsd.update(change, prerequisites=[w.name_in_use(HOST)]).rcode == "NXDOMAIN"
    assert ddnsd.update(change, key=None).rcode == "REFUSED"
    assert ddnsd.serial() == before


def test_rule_18_a_query_never_sees_half_a_message(ddnsd):
    """Both texts change together; questions are under way all the while."""

    def write(n):
        texts = [w.add(HOST, "TXT", f'"{side} {n}"') for side in ("left", "right")]
        ddnsd.must_update(w.delete_rrset(HOST, "TXT"), *texts)

    write(0)
    with ddnsd.connect() as connection:
        for n in range(1, 200):
            connection.send(*[w.query(HOST, "TXT") for _ in range(3)])
            write(n)
            for _ in range(3):
                texts = connection.receive().rdatas(HOST, "TXT")
                assert texts in ({f'"left {m}"', f'"right {m}"'} for m in (n - 1, n))


def test_rule_19_the_answer_copies_id_and_opcode_and_no_more_than_the_zone(ddnsd):
    wire = w.update(w.add(HOST, "A", "192.0.2.1"), message_id=0xBEEF)
    answer = ddnsd.ask(wire, key="editor")
    assert (answer.id, answer.opcode, answer.is_response) == (0xBEEF, w.UPDATE, True)
    zone, *others = answer.section_counts
    assert zone <= 1
    assert others == [0, 0, 1], "nothing but the TSIG"


def test_compressed_names_are_understood(ddnsd):
    """RFC 2136 messages may point into the zone section, in owner names and in rdata."""
    pointer_to_zone = b"\xc0\x0c"
    fixed = struct.pack("!HHIH", w.type_number("CNAME"), w.IN, 60, 7)
    record = b"\x05alias" + pointer_to_zone + fixed + b"\x04host" + pointer_to_zone
    wire = w.message(w.UPDATE, ([w.question(APEX, "SOA")], [], [record], []))
    assert ddnsd.ask(wire, key="editor").rcode == "NOERROR"
    assert ddnsd.lookup("alias.home.arpa", "CNAME") == {"host.home.arpa."}


def test_names_that_differ_in_case_are_one_name(ddnsd):
    ddnsd.must_update(w.add("Host.Home.Arpa", "A", "192.0.2.1"))
    ddnsd.must_update(w.add("hOST.hOME.aRPA", "A", "192.0.2.2"))
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.1", "192.0.2.2"}
    ddnsd.must_update(w.delete("HOST.home.arpa", "A", "192.0.2.1"))
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.2"}


def test_the_longest_name_and_a_name_one_octet_longer(ddnsd):
    label = "a" * 63
    longest = f"{label}.{label}.{label}.{'b' * (255 - 3 * 64 - 11 - 1)}.home.arpa"
    assert len(w.name_wire(longest)) == 255
    ddnsd.must_update(w.add(longest, "A", "192.0.2.1"))
    assert ddnsd.lookup(longest, "A") == {"192.0.2.1"}
    fixed = struct.pack("!HHIH", A, w.IN, 60, 4) + ADDRESS
    too_long = w.name_wire(longest)[: -len(w.name_wire(APEX))]
    too_long += b"\x01c" + w.name_wire(APEX) + fixed
    wire = w.message(w.UPDATE, ([w.question(APEX, "SOA")], [], [too_long], []))
    assert ddnsd.exchange_signed(wire).rcode == "FORMERR"


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_updates_are_taken_on_every_address_and_transport(launch, address, tcp):
    server = launch(addresses=["127.0.0.1", "127.0.0.2", "::1"])
    server.settings.addresses = [address]
    server.must_update(w.add(HOST, "A", "192.0.2.1"), tcp=tcp)
    assert server.query(HOST, "A", tcp=tcp).rdatas(HOST, "A") == {"192.0.2.1"}
