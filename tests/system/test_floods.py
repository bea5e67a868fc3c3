# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that nobody should send: ddnsd stays up, bounded, quiet, and at others' service."""

import contextlib
import random
import socket
import threading

import pytest
from harness import tsig
from harness import wire as w
from harness.client import udp_socket
from harness.daemon import is_sanitized
from harness.tsig import make_key
from harness.waiting import wait_until

HOST = "host.home.arpa"
GROWTH_KB = 16 * 1024
LOG_LINES = 60


@pytest.fixture
def bounded(ddnsd):
    """ddnsd, whose memory and log must not grow with what comes in."""
    assert_serves(ddnsd)
    memory, seen = ddnsd.resident_kb(), ddnsd.log_size()
    yield ddnsd
    assert_serves(ddnsd)
    assert len(ddnsd.log(seen).splitlines()) < LOG_LINES
    if not is_sanitized():
        assert ddnsd.resident_kb() - memory < GROWTH_KB


def assert_serves(server):
    server.must_update(w.delete_name(HOST), tcp=True)
    server.must_update(w.add(HOST, "A", "192.0.2.1"), tcp=True)
    assert server.query(HOST, "A", tcp=True).rdatas(HOST, "A") == {"192.0.2.1"}


def send_all(server, wires):
    """Send datagrams; after every hundred wait until the server has come that far."""
    barrier = w.query(w.ZONE, "SOA", message_id=1)
    with udp_socket(server.endpoint) as sock, udp_socket(server.endpoint) as asking:
        for n, wire in enumerate(wires):
            with contextlib.suppress(ConnectionRefusedError):
                sock.send(wire)
            if n % 100 == 99:
                asking.send(barrier)
                asking.recv(65535)


def mutated(wire, source):
    """The message with octets changed, cut out, doubled, or with its end cut off."""
    octets = bytearray(wire)
    for _ in range(source.randint(1, 4)):
        kind, place = source.randrange(4), source.randrange(len(octets))
        if kind == 0:
            octets[place] = source.randrange(256)
        elif kind == 1:
            octets[place] = source.choice([0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF])
        elif kind == 2:
            octets[place:place] = octets[place : place + source.randint(1, 20)]
        else:
            del octets[place : place + source.randint(1, 20)]
        if len(octets) < 2:
            break
    return bytes(octets)


def seeds(server):
    """Valid messages of each kind, the updates signed."""
    key = server.key("editor")
    changes = [w.add("m.home.arpa", "A", "192.0.2.9"), w.add("m.home.arpa", "TXT", '"x" "y"')]
    update = w.update(
        *changes,
        w.delete_rrset("m.home.arpa", "A"),
        w.delete("m.home.arpa", "MX", "10 mail.home.arpa."),
        prerequisites=[w.name_not_in_use("m.home.arpa"), w.rrset_exists(HOST, "A")],
        additional=[w.lease_option(3600)],
    )
    query = w.query(HOST, "ANY", additional=[w.edns()])
    return [update, tsig.sign(update, key).wire, query, tsig.sign(query, key).wire]


def test_random_octets_are_survived(bounded):
    source = random.Random(1)
    send_all(bounded, (source.randbytes(source.randint(0, 600)) for _ in range(3000)))


def test_mutated_messages_are_survived(bounded):
    source, valid = random.Random(2), seeds(bounded)
    send_all(bounded, (mutated(source.choice(valid), source) for _ in range(6000)))


def test_mutated_messages_under_a_right_signature_are_survived(bounded):
    """Who has a key may still send nonsense: past the signature the parser is on its own."""
    source, key, valid = random.Random(3), bounded.key("editor"), seeds(bounded)
    unsigned = valid[::2]
    wires = (mutated(source.choice(unsigned), source) for _ in range(4000))
    send_all(bounded, (tsig.sign(wire, key).wire for wire in wires if len(wire) >= w.HEADER_SIZE))


def test_mutated_messages_over_tcp_are_survived(bounded):
    source, valid = random.Random(4), seeds(bounded)
    for _ in range(200):
        with bounded.connect() as connection, contextlib.suppress(OSError):
            connection.send(*(mutated(source.choice(valid), source) for _ in range(5)))
            connection.socket.shutdown(socket.SHUT_WR)
            while connection.socket.recv(65535):
                pass


class Flood(threading.Thread):
    """Sends the same datagrams over and over, as fast as it can, until it is told to stop."""

    def __init__(self, server, wires):
        super().__init__(daemon=True)
        self.socket = udp_socket(server.endpoint)
        self.wires = wires
        self.sent = 0
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            for wire in self.wires:
                with contextlib.suppress(OSError):
                    self.socket.send(wire)
            self.sent += len(self.wires)

    def stop(self):
        self.is_over.set()
        self.join()
        self.socket.close()


CHANGE = w.add("flood.home.arpa", "A", "192.0.2.66")


def bad_signatures():
    return [
        tsig.sign(w.update(CHANGE), make_key("editor", version=str(n))).wire for n in range(100)
    ]


FLOODS = {
    "unsigned": lambda: [w.update(CHANGE) for _ in range(100)],
    "bad signatures": bad_signatures,
    "unknown keys": lambda: [
        tsig.sign(w.update(CHANGE), make_key(f"k{n}")).wire for n in range(100)
    ],
    "malformed": lambda: [w.update(CHANGE)[:-n] for n in range(1, 20)],
    "foreign zones": lambda: [w.update(CHANGE, zone=f"z{n}.example") for n in range(100)],
    "foreign queries": lambda: [w.query(f"z{n}.example", "A") for n in range(100)],
}


@pytest.mark.parametrize("make_wires", FLOODS.values(), ids=FLOODS)
def test_a_good_client_is_served_during_a_flood(bounded, make_wires):
    flood = Flood(bounded, make_wires())
    flood.start()
    try:
        wait_until(lambda: flood.sent > 1000, "the flood has begun")
        for n in range(30):
            bounded.must_update(w.add(f"good{n}.home.arpa", "A", "192.0.2.1"), tcp=True)
        wait_until(lambda: flood.sent > 10_000, "the flood was one", 30)
    finally:
        flood.stop()
    assert bounded.query("flood.home.arpa", "A", tcp=True).rcode == "NXDOMAIN"
    assert bounded.lookup("good29.home.arpa", "A") == {"192.0.2.1"}


def test_floods_leave_a_line_in_the_log(ddnsd):
    seen = ddnsd.log_size()
    send_all(ddnsd, bad_signatures() * 3)
    line = ddnsd.wait_for_log(r"editor", seen)
    assert "127.0.0.1" in line
    assert len(ddnsd.log(seen).splitlines()) < LOG_LINES


def test_what_a_stranger_writes_cannot_forge_a_line(ddnsd):
    seen = ddnsd.log_size()
    name = "x\\010ddnsd: error: forged\\010"
    ddnsd.exchange(tsig.sign(w.update(CHANGE), make_key(name)).wire)
    ddnsd.wait_for_log("forged", seen)
    assert not ddnsd.log_lines(r"^(<\d>)?ddnsd: error: forged", seen)
