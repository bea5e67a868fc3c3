# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer taken apart: header, sections, and the TSIG that is or is not at its end."""

import functools
import struct

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from . import wire as w
from .tsig import TsigRecord


def _record_starts(wire):
    """Where each record behind the question section begins."""
    questions, *counts = struct.unpack_from("!4H", wire, 4)
    offset = w.HEADER_SIZE
    for _ in range(questions):
        offset += dns.name.from_wire(wire, offset)[1] + 4
    starts = []
    for _ in range(sum(counts)):
        starts.append(offset)
        offset += dns.name.from_wire(wire, offset)[1] + 8
        offset += 2 + struct.unpack_from("!H", wire, offset)[0]
    if offset != len(wire):
        raise AssertionError(f"{len(wire) - offset} octets behind the last record")
    return starts


def _opt_ttl(wire, start):
    """The TTL field of the OPT record that begins here; None for any other record."""
    name, used = dns.name.from_wire(wire, start)
    rtype, _, ttl = struct.unpack_from("!HHI", wire, start + used)
    return ttl if rtype == w.OPT and name == dns.name.root else None


def _parse_tsig(wire, start):
    key_name, used = dns.name.from_wire(wire, start)
    offset = start + used
    rtype = struct.unpack_from("!H", wire, offset)[0]
    if rtype != w.TSIG:
        return None
    algorithm, used = dns.name.from_wire(wire, offset + 10)
    offset += 10 + used
    high, low, fudge, mac_size = struct.unpack_from("!HIHH", wire, offset)
    mac = wire[offset + 10 : offset + 10 + mac_size]
    offset += 10 + mac_size
    original_id, error, other_size = struct.unpack_from("!3H", wire, offset)
    other = wire[offset + 6 : offset + 6 + other_size]
    count = struct.unpack_from("!H", wire, 10)[0] - 1
    return TsigRecord(
        key_name=str(key_name).rstrip("."),
        algorithm=str(algorithm).rstrip("."),
        when=high << 32 | low,
        fudge=fudge,
        mac=mac,
        original_id=original_id,
        error=error,
        other=other,
        unsigned_wire=wire[:10] + struct.pack("!H", count) + wire[12:start],
    )


class Answer:
    def __init__(self, wire):
        self.wire = wire
        self.id, flags = struct.unpack_from("!HH", wire)
        self.is_response = bool(flags & 0x8000)
        self.opcode = flags >> 11 & 0xF
        self.is_authoritative = bool(flags & 0x0400)
        self.is_truncated = bool(flags & 0x0200)
        self.offers_recursion = bool(flags & 0x0080)
        starts = _record_starts(wire)
        self.tsig = _parse_tsig(wire, starts[-1]) if starts else None
        opts = [ttl for ttl in (_opt_ttl(wire, start) for start in starts) if ttl is not None]
        self.opt_count = len(opts)
        extended = opts[0] >> 24 << 4 if opts else 0
        self.rcode = dns.rcode.to_text(dns.rcode.Rcode(extended | flags & 0xF))

    @functools.cached_property
    def message(self):
        """The message without its TSIG, as dnspython sees it."""
        return dns.message.from_wire(self.tsig.unsigned_wire if self.tsig else self.wire)

    def __repr__(self):
        return f"<{self.rcode} {self.wire.hex()} {self.tsig}>"

    @property
    def section_counts(self):
        """Records in the question, answer, authority and additional sections; TSIG counts."""
        return struct.unpack_from("!4H", self.wire, 4)

    def lease(self):
        """The numbers of the Update Lease option; None without one."""
        for option in self.message.options:
            if option.otype == w.LEASE_OPTION:
                data = option.to_wire()
                return struct.unpack(f"!{len(data) // 4}I", data)
        return None

    def _rrset(self, section, name, rtype):
        wanted = dns.name.from_text(name), w.type_number(rtype)
        for rrset in section:
            if (rrset.name, rrset.rdtype) == wanted:
                return rrset
        return None

    def rdatas(self, name, rtype):
        """The answer section's rdata of this RRset, in presentation form."""
        rrset = self._rrset(self.message.answer, name, rtype)
        return {rdata.to_text() for rdata in rrset} if rrset else set()

    def ttl(self, name, rtype):
        return self._rrset(self.message.answer, name, rtype).ttl

    def authority(self, name, rtype):
        """The authority section's rdata of this RRset, in presentation form."""
        rrset = self._rrset(self.message.authority, name, rtype)
        return {rdata.to_text() for rdata in rrset} if rrset else set()

    def additional(self, name, rtype):
        rrset = self._rrset(self.message.additional, name, rtype)
        return {rdata.to_text() for rdata in rrset} if rrset else set()

    def answer_types(self):
        return [dns.rdatatype.to_text(rrset.rdtype) for rrset in self.message.answer]
