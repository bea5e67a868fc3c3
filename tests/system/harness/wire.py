# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS messages built by hand, so that a test can send what no library would."""

import itertools
import random
import struct
from typing import NamedTuple

import dns.name
import dns.rdata
import dns.rdatatype

IN, CH, NONE, ANY_CLASS = 1, 3, 254, 255
ANY, SOA, OPT, TSIG = 255, 6, 41, 250
QUERY, NOTIFY, UPDATE = 0, 4, 5
HEADER_SIZE = 12
LEASE_OPTION = 2
ZONE = "home.arpa"

_message_ids = itertools.count(random.randrange(0x10000))


def name_wire(name):
    """The name uncompressed, its case kept."""
    return dns.name.from_text(name).to_wire()


def type_number(rtype):
    return rtype if isinstance(rtype, int) else dns.rdatatype.from_text(rtype)


def _rdata(rtype, text):
    return dns.rdata.from_text("IN", type_number(rtype), text, dns.name.root, relativize=False)


def rdata_wire(rtype, text):
    """Presentation form to wire form; names in it are absolute and never compressed."""
    return _rdata(rtype, text).to_wire()


def rdata_canonical(rtype, text):
    """Presentation form to the wire form of RFC 4034 6.2: names in lower case."""
    return _rdata(rtype, text).to_digestable()


class Record(NamedTuple):
    name: str
    rtype: int
    rclass: int
    ttl: int
    rdata: bytes = b""

    def to_wire(self):
        fixed = struct.pack("!HHIH", self.rtype, self.rclass, self.ttl, len(self.rdata))
        return name_wire(self.name) + fixed + self.rdata


def add(name, rtype, text, ttl=60):
    return Record(name, type_number(rtype), IN, ttl, rdata_wire(rtype, text))


def delete(name, rtype, text):
    return Record(name, type_number(rtype), NONE, 0, rdata_wire(rtype, text))


def delete_rrset(name, rtype):
    return Record(name, type_number(rtype), ANY_CLASS, 0)


def delete_name(name):
    return Record(name, ANY, ANY_CLASS, 0)


def name_in_use(name):
    return Record(name, ANY, ANY_CLASS, 0)


def rrset_exists(name, rtype):
    return Record(name, type_number(rtype), ANY_CLASS, 0)


def name_not_in_use(name):
    return Record(name, ANY, NONE, 0)


def rrset_not_exists(name, rtype):
    return Record(name, type_number(rtype), NONE, 0)


def rrset_equals(name, rtype, text, ttl=0):
    return Record(name, type_number(rtype), IN, ttl, rdata_wire(rtype, text))


def question(name, rtype, rclass=IN):
    return name_wire(name) + struct.pack("!HH", type_number(rtype), rclass)


def edns(size=1232, options=b"", version=0, flags=0):
    """An OPT record; options are (code, length, data) already in wire form."""
    return Record(".", OPT, size, version << 16 | flags, options)


def edns_option(code, data):
    return struct.pack("!HH", code, len(data)) + data


def lease_option(*leases):
    """RFC 9664: one 32-bit lease, or a lease and a key lease."""
    data = b"".join(struct.pack("!I", lease) for lease in leases)
    return edns(options=edns_option(LEASE_OPTION, data))


def message(opcode, sections, *, message_id=None, flags=0):
    """Four sections, each a list of Record or octets, to a message."""
    if message_id is None:
        message_id = next(_message_ids) & 0xFFFF
    header = struct.pack("!HH", message_id, opcode << 11 | flags)
    counts = struct.pack("!4H", *map(len, sections))
    entries = itertools.chain.from_iterable(sections)
    body = b"".join(e if isinstance(e, bytes) else e.to_wire() for e in entries)
    return header + counts + body


def update(*changes, prerequisites=(), zone=ZONE, additional=(), message_id=None):
    sections = [question(zone, SOA)], list(prerequisites), list(changes), list(additional)
    return message(UPDATE, sections, message_id=message_id)


def query(name, rtype, *, rclass=IN, additional=(), message_id=None, flags=0):
    sections = [question(name, rtype, rclass)], [], [], list(additional)
    return message(QUERY, sections, message_id=message_id, flags=flags)
