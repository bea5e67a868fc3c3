# SPDX-License-Identifier: GPL-3.0-or-later
"""TSIG (RFC 8945) from the standard library alone, so that server and test share no code."""

import base64
import hashlib
import hmac
import struct
import time
from typing import NamedTuple

from .wire import ANY_CLASS, TSIG, Record, name_wire

BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22
FUDGE_S = 300
ALGORITHMS = {
    "hmac-md5": ("hmac-md5.sig-alg.reg.int", hashlib.md5),
    "hmac-sha1": ("hmac-sha1", hashlib.sha1),
    "hmac-sha224": ("hmac-sha224", hashlib.sha224),
    "hmac-sha256": ("hmac-sha256", hashlib.sha256),
    "hmac-sha384": ("hmac-sha384", hashlib.sha384),
    "hmac-sha512": ("hmac-sha512", hashlib.sha512),
}


class Key(NamedTuple):
    name: str
    secret: str
    algorithm: str = "hmac-sha256"

    def digest(self, data):
        hash_function = ALGORITHMS[self.algorithm][1]
        return hmac.new(base64.b64decode(self.secret), data, hash_function).digest()


class Signed(NamedTuple):
    wire: bytes
    mac: bytes


def make_key(name, algorithm="hmac-sha256", version=""):
    """A key whose secret follows from its name; version gives it another secret."""
    secret = hashlib.sha512(f"{name} {version}".encode()).digest()
    return Key(name, base64.b64encode(secret).decode(), algorithm)


def _canonical(name):
    return name_wire(name.lower())


def _time_wire(seconds):
    return struct.pack("!Q", seconds)[2:]


def _prefixed(octets):
    return struct.pack("!H", len(octets)) + octets


def _variables(key, algorithm, timers, error, other):
    fixed = struct.pack("!HI", ANY_CLASS, 0)
    tail = struct.pack("!H", error) + _prefixed(other)
    return _canonical(key.name) + fixed + _canonical(algorithm) + timers + tail


def append(wire, record):
    """The message with one more record in its additional section."""
    count = struct.unpack_from("!H", wire, 10)[0] + 1
    return wire[:10] + struct.pack("!H", count) + wire[12:] + record.to_wire()


def sign(wire, key, *, when=None, fudge=FUDGE_S, edit_mac=None, sent_id=None, **names):
    """Sign a request.

    edit_mac changes the MAC before it is put in; sent_id replaces the header's ID after
    signing, as Kea D2 does; names: key_name and algorithm_name as they are sent.
    """
    algorithm = names.get("algorithm_name", ALGORITHMS[key.algorithm][0])
    seconds = int(time.time()) if when is None else int(when)
    timers = _time_wire(seconds) + struct.pack("!H", fudge)
    mac = key.digest(wire + _variables(key, algorithm, timers, 0, b""))
    if edit_mac:
        mac = edit_mac(mac)
    original_id = wire[:2]
    rdata = name_wire(algorithm) + timers + _prefixed(mac) + original_id + bytes(4)
    record = Record(names.get("key_name", key.name), TSIG, ANY_CLASS, 0, rdata)
    signed = append(wire, record)
    if sent_id is not None:
        signed = struct.pack("!H", sent_id) + signed[2:]
    return Signed(signed, mac)


class TsigRecord(NamedTuple):
    """A TSIG record as found in an answer, with the message as it was before it was added."""

    key_name: str
    algorithm: str
    when: int
    fudge: int
    mac: bytes
    original_id: int
    error: int
    other: bytes
    unsigned_wire: bytes

    def _timers(self):
        return _time_wire(self.when) + struct.pack("!H", self.fudge)

    def _matches(self, key, data):
        return self.mac != b"" and hmac.compare_digest(key.digest(data)[: len(self.mac)], self.mac)

    def verifies(self, key, request_mac):
        """Does this sign an answer to the request whose MAC is given?"""
        variables = _variables(key, self.algorithm, self._timers(), self.error, self.other)
        return self._matches(key, _prefixed(request_mac) + self.unsigned_wire + variables)

    def continues(self, key, prior_mac):
        """Does this sign a later message of the stream whose last MAC is given?"""
        return self._matches(key, _prefixed(prior_mac) + self.unsigned_wire + self._timers())
