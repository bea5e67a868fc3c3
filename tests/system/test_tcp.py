# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 7766: many requests on a connection, and connections that behave badly."""

import contextlib
import resource
import socket
import time

import pytest
from harness import tsig
from harness import wire as w
from harness.client import TIMEOUT_S, framed
from harness.waiting import must_be_quick, wait_until

HOST = "host.home.arpa"


def assert_serves(server):
    server.must_update(w.add(HOST, "A", "192.0.2.1"), tcp=True)
    assert server.query(HOST, "A", tcp=True).rdatas(HOST, "A") == {"192.0.2.1"}


def test_rule_39_several_requests_in_one_write_are_all_answered(ddnsd):
    key = ddnsd.key("editor")
    names = [f"h{n}.home.arpa" for n in range(50)]
    changes = [tsig.sign(w.update(w.add(name, "A", "192.0.2.1")), key) for name in names]
    macs = {signed.wire[:2]: signed.mac for signed in changes}
    with ddnsd.connect() as connection:
        connection.send(*(signed.wire for signed in changes))
        for _ in changes:
            answer = connection.receive()
            assert answer.rcode == "NOERROR"
            assert answer.tsig.verifies(key, macs.pop(answer.wire[:2]))
        connection.send(*(w.query(name, "A") for name in names))
        found = [connection.receive() for _ in names]
    assert macs == {}
    assert sum(len(answer.message.answer) for answer in found) == len(names)


def test_rule_39_a_connection_lives_through_bad_requests(ddnsd):
    with ddnsd.connect() as connection:
        connection.send(w.query("example.com", "A"), w.update(w.add(HOST, "A", "192.0.2.1")))
        connection.send(w.query(w.ZONE, "SOA"))
        rcodes = sorted(connection.receive().rcode for _ in range(3))
    assert rcodes == ["NOERROR", "REFUSED", "REFUSED"]


def test_rule_39_a_message_may_come_octet_by_octet(ddnsd):
    signed = tsig.sign(w.update(w.add(HOST, "A", "192.0.2.1")), ddnsd.key("editor"))
    with ddnsd.connect() as connection:
        for octet in framed(signed.wire):
            connection.socket.send(bytes([octet]))
        assert connection.receive().rcode == "NOERROR"


def test_rule_39_a_client_that_has_said_all_still_gets_its_answers(ddnsd):
    with ddnsd.connect() as connection:
        connection.send(*[w.query(w.ZONE, "SOA")] * 10)
        connection.socket.shutdown(socket.SHUT_WR)
        assert [connection.receive().rcode for _ in range(10)] == ["NOERROR"] * 10


def test_rule_39_the_largest_message_is_taken(ddnsd):
    texts = {f"h{n}.home.arpa": f'"{n:03} {"x" * 250}"' for n in range(220)}
    wire = w.update(*(w.add(name, "TXT", text) for name, text in texts.items()))
    assert 60_000 < len(wire) < 65_000
    assert ddnsd.ask(wire, key="editor", tcp=True).rcode == "NOERROR"
    assert {name: ddnsd.lookup(name, "TXT") for name in texts} == {n: {t} for n, t in texts.items()}


def test_rule_39_a_slow_reader_gets_all_its_answers(ddnsd):
    """Far more answers than the kernel's buffers hold are wanted before the first is read."""
    texts = [w.add(HOST, "TXT", f'"{n:03} {"x" * 250}"') for n in range(100)]
    ddnsd.must_update(*texts, tcp=True)
    with ddnsd.connect() as connection:
        connection.socket.setblocking(False)
        request = framed(w.query(HOST, "TXT"))
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < 500 * len(request):
                sent += connection.socket.send(request)
        connection.socket.settimeout(TIMEOUT_S)
        assert_serves_beside(ddnsd)
        for _ in range(sent // len(request)):
            assert connection.receive().section_counts[1] == len(texts)


def assert_serves_beside(server):
    server.must_update(w.add("beside.home.arpa", "A", "192.0.2.1"), tcp=True)


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\x40", b"\0\x40half a message"])
def test_rule_39_an_idle_connection_is_closed(launch, sent):
    server = launch(limits={"tcp-idle": "1s"})

    def is_closed():
        begun = time.monotonic()
        with server.connect() as connection:
            connection.socket.send(sent)
            connection.wait_until_closed()
        assert time.monotonic() - begun > 0.5

    must_be_quick(is_closed, 4)


def test_rule_39_a_connection_in_use_is_not_idle(launch):
    # Long enough for the busy one to be so on a machine that has much else to do.
    server = launch(limits={"tcp-idle": "3s"})
    with server.connect() as idle, server.connect() as busy:

        def idle_is_closed():
            busy.send(w.query(w.ZONE, "SOA"))
            assert busy.receive().rcode == "NOERROR"
            return idle.is_closed()

        wait_until(idle_is_closed, "the idle connection is closed")
        busy.send(w.query(w.ZONE, "SOA"))
        assert busy.receive().rcode == "NOERROR"


def test_rule_39_a_trickle_does_not_hold_a_connection_for_ever(launch):
    """A message must be whole within the idle time, however busily its octets come."""
    server = launch(limits={"tcp-idle": "1s"})
    with server.connect() as connection:
        connection.socket.send(b"\xff\xff")

        def is_closed():
            try:
                connection.socket.send(b"x")
            except (ConnectionResetError, BrokenPipeError):
                return True
            return False

        wait_until(is_closed, "the trickling connection is closed")


@pytest.mark.parametrize("started", [b"", b"\0\x40half"], ids=["idle", "half a message"])
def test_rule_39_a_good_client_is_served_while_idle_connections_fill_the_limit(ddnsd, started):
    with contextlib.ExitStack() as held:
        for _ in range(64):
            connection = held.enter_context(ddnsd.connect())
            connection.socket.send(started)
        assert_serves(ddnsd)
        assert_serves(ddnsd)


def test_rule_39_connections_beyond_the_limit_do_not_pile_up(launch):
    server = launch(limits={"tcp-connections": 4})
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(server.connect()) for _ in range(40)]
        assert_serves(server)

        def closed():
            return sum(connection.is_closed() for connection in connections)

        wait_until(lambda: closed() >= 36, "all but four connections are closed")


def test_rule_39_running_out_of_descriptors_is_survived(launch):
    server = launch(limits={"tcp-connections": 1000})
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, before[1]))
    with contextlib.ExitStack() as held:
        for _ in range(100):
            held.enter_context(server.connect())
        server.must_update(w.add("udp.home.arpa", "A", "192.0.2.1"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert_serves(server)


def test_connections_that_are_reset_do_no_harm(ddnsd):
    linger_0 = b"\1\0\0\0\0\0\0\0"
    for _ in range(50):
        with ddnsd.connect() as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_0)
            connection.send(*[w.query(w.ZONE, "SOA")] * 5)
    assert_serves(ddnsd)
