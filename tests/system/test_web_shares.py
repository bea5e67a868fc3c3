# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clients of the HTTP door share: streams of events, and memory for those who read slowly."""

import contextlib
import http.client
import socket

import pytest
from harness.control import Control
from harness.daemon import is_sanitized
from harness.waiting import wait_until
from harness.web import TIMEOUT_S, basic

NAMES = "/v1/names"
LOOPBACK = ["127.0.0.0/8"]
STREAMS, STREAMS_OF_STRANGERS, STREAMS_OF_ONE = 16, 8, 6
# Of each listing, all of which is kept for a reader that takes none of it.
NAMES_LISTED, STRINGS, STRING_OCTETS = 120, 240, 250
ADDRESSES, READERS_EACH = 6, 4
KEPT_KB, WORKING_KB = 32 << 10, 40 << 10
LITTLE = 4096


@pytest.fixture
def settings(folder):
    return {
        "keys": {
            "boss": {"allow": ["zone home.arpa"], "admin": True},
            "viewer": {"allow": ["look"]},
            "guest": {"allow": ["look"]},
        },
        "http": {"look": LOOPBACK},
        "control": {"socket": folder / "control.sock"},
    }


@pytest.fixture
def server(launch, settings):
    return launch(**settings)


@pytest.fixture
def stack():
    with contextlib.ExitStack() as stack:
        yield stack


def begin(stack, server, target, source, key=None):
    """A request from that address, of whose answer the headers are read."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.settings.http["port"], timeout=TIMEOUT_S
    )
    connection.sock = socket.socket()
    stack.callback(connection.sock.close)
    connection.sock.settimeout(TIMEOUT_S)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
    connection.sock.bind((source, 0))
    connection.sock.connect((connection.host, connection.port))
    headers = {"Authorization": basic(server.key(key))} if key else {}
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    stack.callback(answer.close)
    return answer


# --- streams


def stream(stack, server, source, key=None):
    return begin(stack, server, "/v1/events", source, key).status


def test_who_has_no_key_leaves_streams_to_who_has_one(server, stack):
    """From as many addresses as they like; and keys leave some to administrators."""
    sources = [f"127.0.1.{place}" for place in range(1, 5)]
    strangers = [stream(stack, server, source) for source in sources * STREAMS_OF_ONE]
    assert strangers.count(200) == STREAMS_OF_STRANGERS and set(strangers) == {200, 503}
    seen = [stream(stack, server, f"127.0.2.{place}", "viewer") for place in range(1, 9)]
    others = [stream(stack, server, f"127.0.3.{place}", "guest") for place in range(1, 9)]
    assert 200 in seen and set(seen + others) == {200, 503}
    # Whoever is at the same address, or fills what there is.
    for _ in range(STREAMS // 4):
        assert stream(stack, server, sources[0], "boss") == 200


def test_a_key_has_its_share_of_streams(server, stack):
    seen = [stream(stack, server, f"127.0.2.{place}", "viewer") for place in range(1, 9)]
    assert seen.count(200) == STREAMS_OF_ONE and set(seen) == {200, 503}
    assert stream(stack, server, "127.0.2.1", "guest") == 200
    assert stream(stack, server, "127.0.2.1") == 200


# --- readers that are slow


def fill(server):
    """A registry whose listing is about 7 MB, in one page."""
    control = Control(server.settings.control["socket"])
    text = " ".join([f'"{"x" * STRING_OCTETS}"'] * STRINGS)
    for number in range(NAMES_LISTED):
        record = {"type": "TXT", "data": text}
        reply = control.ask("PUT", f"{NAMES}/text{number}", {"records": [record]})
        assert reply.status == 201, reply


def peak_kb(server):
    return int(server.proc_status("VmHWM").split()[0])


def test_readers_that_are_slow_share_what_is_kept_for_them(server, stack):
    fill(server)
    target = f"{NAMES}?limit=1000"
    listing = server.web("boss").get(target)
    assert listing.status == 200 and len(listing.body) > 6 << 20
    memory = peak_kb(server)
    answers = [
        begin(stack, server, target, f"127.0.1.{1 + place % ADDRESSES}")
        for place in range(ADDRESSES * READERS_EACH)
    ]
    statuses = [answer.status for answer in answers]
    assert statuses.count(200) >= 3 and set(statuses) == {200, 503}
    refused = answers[statuses.index(503)]
    assert int(refused.headers["Retry-After"]) >= 1 and b"reading" in refused.read()
    if not is_sanitized():
        assert peak_kb(server) - memory < KEPT_KB + WORKING_KB
    # What is small goes on.
    assert server.web(None).get(f"{NAMES}?limit=1").status == 200
    # An administrator waits for none of them; others, until those have had some time.
    assert server.web("boss").get(target).body == listing.body
    wait_until(lambda: server.web("viewer").get(target).body == listing.body, "its turn comes")
