# SPDX-License-Identifier: GPL-3.0-or-later
"""Every record type travels in wire form: in, out, across a restart, and away again."""

import pytest
from harness import wire as w
from harness.settings import everything_in

HOST = "host.home.arpa"
REVERSE_4, REVERSE_6 = "2.0.192.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"

RECORDS = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "PTR": "host.home.arpa.",
    "TXT": '"one" "two with \\"quotes\\"" ""',
    "SRV": "10 20 8080 host.home.arpa.",
    "MX": "10 Mail.Home.arpa.",
    "NS": "ns.host.home.arpa.",
    "DHCID": "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    "CAA": '0 issue "ca.example"',
    "TYPE65280": "\\# 4 0a000001",
    "TYPE65281": "\\# 0",
    "SSHFP": "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789",
    "TLSA": "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "NAPTR": '100 10 "u" "E2U+sip" "!^.*$!sip:info@home.arpa!" .',
    "HINFO": '"PC" "Linux"',
    "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m",
    "RP": "admin.home.arpa. text.home.arpa.",
    "AFSDB": "1 afs.home.arpa.",
    "URI": '10 1 "https://home.arpa/"',
    "SVCB": '1 host.home.arpa. alpn="h2" port="8443"',
    "HTTPS": "0 other.home.arpa.",
    "SMIMEA": "3 0 1 0123456789abcdef",
    "OPENPGPKEY": "AAECAwQFBgc=",
    "EUI48": "00-00-5e-00-53-2a",
    "SPF": '"v=spf1 -all"',
    "APL": "1:192.168.32.0/21 !1:192.168.38.0/28",
    "CERT": "PGP 0 0 AAECAwQFBgc=",
    "KX": "10 kx.home.arpa.",
}
SINGLE = {"CNAME": "Other.home.arpa."}


def stored(server, name, rtype):
    """The rdata served, in wire form with its names in lower case."""
    answer = server.query(name, rtype, tcp=True)
    rrsets = answer.message.answer + answer.message.authority
    return {
        rdata.to_digestable() for r in rrsets if r.rdtype == w.type_number(rtype) for rdata in r
    }


def expected(rtype, text):
    return {w.rdata_canonical(rtype, text)}


@pytest.mark.parametrize("rtype", RECORDS | SINGLE)
def test_a_record_of_any_type_is_added_served_compared_and_deleted(ddnsd, rtype):
    text = (RECORDS | SINGLE)[rtype]
    change = w.add(HOST, rtype, text)
    ddnsd.must_update(change)
    assert stored(ddnsd, HOST, rtype) == expected(rtype, text)
    serial = ddnsd.serial()
    ddnsd.must_update(change, prerequisites=[w.rrset_equals(HOST, rtype, text)])
    assert ddnsd.serial() == serial, "adding it again changes nothing"
    ddnsd.must_update(w.delete(HOST, rtype, text))
    assert ddnsd.query(HOST, rtype).rcode == "NXDOMAIN"


def test_records_of_all_types_live_at_one_name_and_survive_a_restart(ddnsd):
    records = {rtype: text for rtype, text in RECORDS.items() if rtype != "NS"}
    ddnsd.must_update(*(w.add(HOST, rtype, text) for rtype, text in records.items()), tcp=True)
    ddnsd.restart()
    for rtype, text in records.items():
        assert stored(ddnsd, HOST, rtype) == expected(rtype, text), rtype


def test_an_rrset_of_many_large_records_survives_a_restart(ddnsd):
    texts = {f'"{n:03} {"x" * 250}"' for n in range(100)}
    ddnsd.must_update(*(w.add(HOST, "TXT", text) for text in texts), tcp=True)
    ddnsd.restart()
    assert ddnsd.lookup(HOST, "TXT") == texts


def test_a_name_takes_no_more_than_an_answer_can_carry(ddnsd):
    """A message has at most 65,535 octets (RFC 1035 4.2.2)."""

    def fill(part):
        texts = [w.add(HOST, "TXT", f'"{part} {n:03} {"x" * 245}"') for n in range(150)]
        return ddnsd.update(*texts, tcp=True).rcode

    assert fill(1) == "NOERROR"
    assert fill(2) == "REFUSED"
    answer = ddnsd.query(HOST, "TXT", tcp=True)
    assert (answer.is_truncated, len(answer.rdatas(HOST, "TXT"))) == (False, 150)


def test_rdata_may_hold_any_octets(ddnsd):
    rdata = bytes([255]) + bytes(range(255))
    record = w.Record(HOST, w.type_number("TXT"), w.IN, 60, rdata)
    ddnsd.must_update(record)
    ddnsd.restart()
    assert stored(ddnsd, HOST, "TXT") == {rdata}


def test_owner_names_may_hold_any_octets(ddnsd):
    name = "a\\000b\\.c\\032d\\255.home.arpa"
    ddnsd.must_update(w.add(name, "A", "192.0.2.1"))
    ddnsd.restart()
    assert ddnsd.lookup(name, "A") == {"192.0.2.1"}


def test_reverse_zones_hold_ptr_records(launch):
    zones = {"home.arpa": {}, REVERSE_4: {}, REVERSE_6: {}}
    server = launch(zones=zones, keys={"editor": {"allow": everything_in(*zones)}})
    pointers = {
        f"17.{REVERSE_4}": REVERSE_4,
        f"1.{'0.' * 23}{REVERSE_6}": REVERSE_6,
    }
    for name, zone in pointers.items():
        server.must_update(w.add(name, "PTR", HOST + "."), zone=zone)
    server.restart()
    for name, zone in pointers.items():
        assert server.lookup(name, "PTR") == {HOST + "."}
        server.must_update(w.delete_rrset(name, "PTR"), zone=zone)
        assert server.query(name, "PTR").rcode == "NXDOMAIN"


def test_each_zone_has_its_own_serial(launch):
    zones = {"home.arpa": {}, REVERSE_4: {}}
    server = launch(zones=zones, keys={"editor": {"allow": everything_in(*zones)}})
    forward, reverse = server.serial(), server.serial(REVERSE_4)
    server.must_update(w.add(f"1.{REVERSE_4}", "PTR", HOST + "."), zone=REVERSE_4)
    assert (server.serial(), server.serial(REVERSE_4)) == (forward, reverse + 1)
