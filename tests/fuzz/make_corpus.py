#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes corpus/message/ anew: real conversations for fuzz_message.c, whose head tells the format.

usage: make_corpus.py FOLDER
"""
import pathlib
import struct
import sys
import time
from unittest import mock

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update

ZONE = "home.arpa"
REVERSE = "2.0.192.in-addr.arpa"
WALL_S = 1753000000
LONG_LABEL = "a-name-that-is-as-long-as-the-longest-label-there-may-ever-be"
LONG_ZONE = ".".join([LONG_LABEL] * 3 + ["example"])
SECRETS = {
    "admin": b"the administrator's, 32 octets..",
    "laptop.home.arpa": b"that of the laptop, 32 octets...",
}

UDP, FAIL, TWICE, GO_ON = 1, 32, 64, 128
NOBODY, ADMIN, LAPTOP, LONG = (number << 3 for number in range(4))
BLOCK, BLOCK_77, OUTSIDE, LOOPBACK = (number << 1 for number in range(4))
# Indices of fuzz_message.c's table of times.
AT_ONCE, AFTER_100_S, AFTER_301_S, AFTER_2_H = 0, 3, 5, 7

LEASE = 2


def step(message, flags=ADMIN, passes=AT_ONCE):
    """One message of a conversation."""
    wire = message if isinstance(message, bytes) else message.to_wire(max_size=65535)
    return struct.pack("!BBH", flags, passes, len(wire)) + wire


def update(*calls, zone=ZONE, lease=None, payload=1232):
    """An update; each call is (method, *arguments) of dnspython's UpdateMessage."""
    message = dns.update.UpdateMessage(zone)
    message.id = 4711
    for method, *arguments in calls:
        getattr(message, method)(*arguments)
    if lease is not None:
        option = dns.edns.GenericOption(LEASE, struct.pack(f"!{len(lease)}I", *lease))
        message.use_edns(0, payload=payload, options=[option])
    return message


def add(name, rdtype, rdata, ttl=300):
    return ("add", name, ttl, rdtype, rdata)


def query(name, rdtype, edns=True, **options):
    message = dns.message.make_query(name, rdtype, use_edns=0 if edns else None, **options)
    message.id = 815
    message.flags &= ~dns.flags.RD
    return message


def signed(message, key, algorithm=dns.tsig.HMAC_SHA256, **options):
    """The message as the client itself signs it, at the time at which the world begins."""
    keyring = {dns.name.from_text(key): dns.tsig.Key(key, SECRETS[key], algorithm)}
    message.use_tsig(keyring, keyname=dns.name.from_text(key), algorithm=algorithm, **options)
    return message


def with_counts(wire, *counts):
    return wire[:4] + struct.pack("!4H", *counts) + wire[12:]


def dhcp_add(name, address, dhcid):
    """RFC 4703 5.3.1 and 5.3.2: the first try, then the one that knows its own mark."""
    first = update(("absent", name), add(name, "A", address), add(name, "DHCID", dhcid))
    second = update(("present", name), ("present", name, "DHCID", dhcid),
                    ("delete", name, "A"), add(name, "A", address))
    return step(first) + step(second)


def dhcp_remove(name, address, dhcid):
    """RFC 4703 5.5."""
    first = update(("present", name, "DHCID", dhcid), ("delete", name, "A", address))
    second = update(("present", name, "DHCID", dhcid), ("absent", name, "A"),
                    ("absent", name, "AAAA"), ("delete", name))
    return step(first) + step(second)


DHCID = "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="

TYPES = {
    "a": ("A", "192.0.2.99"),
    "aaaa": ("AAAA", "2001:db8::99"),
    "caa": ("CAA", '0 issue "ca.example"'),
    "cname": ("CNAME", "printer.home.arpa."),
    "dhcid": ("DHCID", DHCID),
    "ds": ("DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
    "hinfo": ("HINFO", '"x86" "linux"'),
    "https": ("HTTPS", '1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.9'),
    "loc": ("LOC", "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"),
    "mx": ("MX", "10 printer.home.arpa."),
    "naptr": ("NAPTR", '100 50 "s" "http+N2L" "" www.home.arpa.'),
    "rp": ("RP", "me.home.arpa. me.home.arpa."),
    "srv": ("SRV", "0 5 631 printer.home.arpa."),
    "sshfp": ("SSHFP", "4 2 " + "ab" * 32),
    "tlsa": ("TLSA", "3 1 1 " + "cd" * 32),
    "txt": ("TXT", '"first text" "second \\"quoted\\" \\010 text"'),
    "unknown": ("TYPE65280", r"\# 4 deadbeef"),
    "uri": ("URI", '10 1 "http://home.arpa/"'),
}


def of_types():
    for label, (rdtype, rdata) in TYPES.items():
        yield f"type_{label}", (
            step(update(add("new", rdtype, rdata)))
            + step(query("new.home.arpa", rdtype), NOBODY | OUTSIDE | UDP)
            + step(update(("present", "new", rdtype, rdata), ("delete", "new", rdtype, rdata)),
                   ADMIN | FAIL)
            + step(update(("delete", "new", rdtype))))


def of_updates():
    yield "add_own_name", step(update(add("laptop", "A", "192.0.2.11")), LAPTOP | UDP)
    yield "add_name_of_another", step(update(add("printer", "A", "192.0.2.11")), LAPTOP)
    yield "refresh", step(update(add("laptop", "A", "192.0.2.10", 60)), LAPTOP | TWICE)
    yield "replace", step(update(("delete", "laptop", "A"), add("laptop", "A", "192.0.2.12")),
                          LAPTOP | TWICE)
    yield "delete_name", step(update(("delete", "laptop")), LAPTOP)
    yield "delete_rrset", step(update(("delete", "printer", "A")))
    yield "delete_one", step(update(("delete", "printer", "A", "192.0.2.20")))
    yield "delete_apex", step(update(("delete", "@"), ("delete", "@", "NS"), ("delete", "@", "SOA"),
                                     ("delete", "@", "NS", "ns.home.arpa.")))
    yield "apex_ns", (step(update(add("@", "NS", "ns2.home.arpa.")))
                      + step(update(("delete", "@", "NS", "ns.home.arpa."),
                                    ("delete", "@", "NS", "ns2.home.arpa.")), ADMIN | FAIL))
    soa = "ns.home.arpa. me.home.arpa. {} 1 2 3 4"
    yield "apex_soa", (step(update(add("@", "SOA", soa.format(1753000999))))
                       + step(update(add("@", "SOA", soa.format(4)), add("@", "TXT", "x")))
                       + step(update(add("x", "SOA", soa.format(5)))))
    yield "cname_rules", (step(update(add("www", "A", "192.0.2.1"), add("printer", "CNAME", "www")))
                          + step(update(add("www", "CNAME", "laptop.home.arpa."))))
    yield "other_ttl", step(update(add("printer", "A", "192.0.2.21", 1000)))
    yield "reverse", step(update(("delete", "10", "PTR"),
                                 add("10", "PTR", "desk.home.arpa."), zone=REVERSE))
    yield "zones", (step(update(zone="example.com")) + step(update(zone="sub.home.arpa"))
                    + step(update(add("a.b.c", "A", "192.0.2.4")), NOBODY | BLOCK))
    yield "outside_zone", step(update(add("host.example.com.", "A", "192.0.2.1")))
    yield "takeover", (step(update(add("laptop", "A", "192.0.2.31")))
                       + step(update(add("laptop", "A", "192.0.2.32")), LAPTOP))
    yield "network_own_address", step(update(add("mine", "A", "192.0.2.77")), NOBODY | BLOCK_77)
    yield "network_other_address", step(update(add("mine", "A", "192.0.2.7")), NOBODY | BLOCK)
    yield "network_udp", (step(update(add("mine", "AAAA", "2001:db8::5")), NOBODY | LOOPBACK | UDP)
                          + step(update(("delete", "mine")), NOBODY | BLOCK))
    yield "stranger", step(update(("delete", "printer")), NOBODY | OUTSIDE | UDP)
    yield "over_addresses", step(update(*(add("laptop", "A", f"192.0.2.{n}") for n in range(9))),
                                 LAPTOP)
    yield "over_names", step(update(*(add(f"n{n}.laptop", "A", "192.0.2.9") for n in range(5))),
                             LAPTOP)
    yield "over_all_names", step(update(*(add(f"n{n}", "A", "192.0.2.9") for n in range(30))))
    yield "over_rate", step(update(("delete", "laptop", "TXT")), LAPTOP | UDP) * 12
    yield "wildcard_and_odd_names", step(update(
        add("*.new", "TXT", "any"), add(r"a\000b", "A", "192.0.2.1"), add("-x", "A", "192.0.2.2"),
        add(r"new\010line", "A", "192.0.2.3"), add("UPPER", "A", "192.0.2.4"),
        add("ddnsd-publication", "AAAA", "100::7"), add("localhost", "A", "127.0.0.1"),
        add(".".join(["x" * 63] * 3), "A", "192.0.2.5")))


def of_prerequisites():
    yield "all_prerequisites", step(update(
        ("present", "printer"), ("absent", "nobody"), ("present", "printer", "A"),
        ("absent", "printer", "TXT"), ("present", "printer", "A", "192.0.2.20"),
        add("printer", "TXT", "holds")))
    yield "yxdomain", step(update(("absent", "printer"), add("printer", "A", "192.0.2.1")))
    yield "nxdomain", step(update(("present", "nobody"), add("nobody", "A", "192.0.2.1")))
    yield "yxrrset", step(update(("absent", "printer", "A")))
    yield "nxrrset", step(update(("present", "printer", "TXT")))
    yield "exact_set", step(update(
        *(("present", "printer", "A", f"192.0.2.{n}") for n in (20, 21, 20)),
        ("present", "www", "CNAME", "printer.home.arpa.")))
    desk = ("desk", "192.0.2.40", DHCID)
    yield "dhcp", dhcp_add(*desk) * 2 + dhcp_remove(*desk)


def of_leases():
    yield "lease_4", step(update(add("laptop", "A", "192.0.2.10"), lease=[1800]), LAPTOP | UDP)
    yield "lease_8", step(update(add("laptop", "A", "192.0.2.10"), lease=[10, 999999]),
                          LAPTOP | UDP | TWICE | FAIL)
    yield "lease_odd", step(update(add("laptop", "A", "192.0.2.10"), lease=[1, 2, 3]), LAPTOP)
    yield "lease_ends", (step(update(add("laptop", "A", "192.0.2.10"), lease=[60]), LAPTOP)
                         + step(query("laptop.home.arpa", "A"), NOBODY | UDP, AFTER_301_S)
                         + step(update(add("laptop", "TXT", "back")), LAPTOP | FAIL, AFTER_2_H)
                         + step(query("laptop.home.arpa", "ANY"), NOBODY))
    yield "lease_taken_over", (step(query("home.arpa", "SOA"), NOBODY, AFTER_2_H)
                               + step(update(add("host.deep", "A", "192.0.2.77")),
                                      NOBODY | BLOCK_77, AFTER_2_H))
    yield "admin_lease", step(update(add("new", "A", "192.0.2.9"), lease=[0]), ADMIN, AFTER_100_S)


def of_queries():
    names = ["home.arpa", "laptop.home.arpa", "WwW.hOmE.aRpA", "x.wild.home.arpa",
             "nobody.home.arpa", "a.sub.home.arpa", "deep.home.arpa", "example.com",
             "10.2.0.192.in-addr.arpa", "."]
    for number, name in enumerate(names):
        yield f"query_{number}", b"".join(
            step(query(name, rdtype, edns=rdtype != "A"), NOBODY | OUTSIDE | transport)
            for rdtype, transport in [("A", UDP), ("ANY", 0), ("SOA", UDP), ("NS", 0), ("DS", UDP)])
    yield "query_transfer", step(query("home.arpa", "AXFR"), ADMIN)
    yield "query_chaos", step(query("version.bind", "TXT", rdclass="CH"), NOBODY)
    yield "query_signed", step(query("home.arpa", "SOA", edns=False), LAPTOP | UDP)
    texts = " ".join(f'"{"t" * 250}"' for _ in range(8))
    yield "query_large", (step(update(add("big", "TXT", texts)))
                          + step(query("big.home.arpa", "TXT"), NOBODY | UDP)
                          + step(query("big.home.arpa", "TXT", edns=False), LAPTOP | UDP)
                          + step(query("big.home.arpa", "TXT"), LAPTOP))
    loop = update(add("one", "CNAME", "two"), add("two", "CNAME", "one"))
    yield "query_loop", step(loop) + step(query("one.home.arpa", "A"), NOBODY)
    change = update(add("new", "A", "192.0.2.9"))
    yield "query_waits", (step(change, ADMIN | GO_ON)
                          + step(query("new.home.arpa", "A"), NOBODY | UDP | GO_ON)
                          + step(query("new.home.arpa", "A"), LAPTOP | FAIL))


def of_headers():
    asks = query("home.arpa", "SOA")
    notify = dns.message.make_query("home.arpa", "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    notify.id = 99
    status = dns.message.make_query("home.arpa", "SOA")
    status.set_opcode(dns.opcode.STATUS)
    status.id = 99
    version = dns.message.make_query("home.arpa", "SOA", use_edns=1)
    version.id = 99
    wire = asks.to_wire()
    yield "notify", step(notify, NOBODY | UDP) + step(notify, ADMIN)
    yield "opcode_status", step(status, NOBODY | UDP)
    yield "edns_version_1", step(version, LAPTOP | UDP)
    yield "a_response", step(wire[:2] + b"\x80" + wire[3:], NOBODY)
    yield "cut_header", step(wire[:11], NOBODY | UDP) + step(b"", NOBODY)
    yield "cut_question", step(wire[:20], NOBODY | UDP) + step(wire[:20], ADMIN)
    yield "no_question", step(with_counts(wire, 0, 0, 0, 1), NOBODY)
    yield "two_questions", step(with_counts(wire, 2, 0, 0, 1), NOBODY)
    yield "many_records", step(with_counts(wire, 1, 65535, 65535, 65535), ADMIN)
    yield "pointer_loop", step(struct.pack("!6H", 7, 0x2800, 1, 0, 1, 0)
                               + b"\4home\4arpa\0" + struct.pack("!2H", 6, 1)
                               + struct.pack("!H2HIH", 0xc01b, 1, 1, 60, 4) + bytes(4), ADMIN)
    yield "compressed_rdata", step(struct.pack("!6H", 7, 0x2800, 1, 0, 1, 0)
                                   + b"\4home\4arpa\0" + struct.pack("!2H", 6, 1)
                                   + b"\4mail\xc0\x0c" + struct.pack("!2HIH", 15, 1, 60, 4)
                                   + b"\0\12\xc0\x0c", ADMIN)


def of_signatures():
    asks = update(add("new", "A", "192.0.2.9"))
    yield "own_tsig", step(signed(asks, "admin"), NOBODY | OUTSIDE | TWICE)
    yield "own_tsig_late", step(signed(update(), "admin"), NOBODY, AFTER_301_S)
    yield "own_tsig_other_id", step(signed(query("home.arpa", "SOA"), "laptop.home.arpa",
                                           original_id=1), NOBODY | UDP)
    yield "own_tsig_sha512", step(signed(update(), "admin", dns.tsig.HMAC_SHA512), NOBODY)
    yield "two_tsigs", step(signed(update(), "admin"), ADMIN)
    yield "bad_mac", step(signed(update(), "admin").to_wire()[:-9] + bytes(9), NOBODY | UDP)
    yield "short_mac", step(update(add("laptop", "A", "192.0.2.1")), LONG | UDP)
    longest = ".".join(["q" * 63, "r" * 63, "s" * 63, "t" * 50, ZONE])
    yield "long_key_name", (step(query(longest, "A", payload=512), LONG | UDP)
                            + step(query(longest, "A", edns=False), LONG | UDP)
                            + step(query("home.arpa", "NS", payload=512), LONG | UDP))
    yield "long_key_name_fails", (step(update(add("one", "A", "192.0.2.9")), ADMIN | GO_ON)
                                  + step(update(lease=[600, 600], zone=LONG_ZONE, payload=512),
                                         LONG | UDP | FAIL))
    yield "turn_fails", (step(update(add("one", "A", "192.0.2.9")), ADMIN | GO_ON | UDP)
                         + step(update(add("laptop", "A", "192.0.2.9"), lease=[600]),
                                LAPTOP | GO_ON | TWICE)
                         + step(update(("delete", "printer")), ADMIN | FAIL)
                         + step(update(add("one", "A", "192.0.2.9"))))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    makers = (of_types, of_updates, of_prerequisites, of_leases, of_queries, of_headers,
              of_signatures)
    with mock.patch.object(time, "time", lambda: WALL_S):
        for maker in makers:
            for name, conversation in maker():
                (folder / name).write_bytes(conversation)


if __name__ == "__main__":
    main()
