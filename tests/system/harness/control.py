# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API over its Unix socket, as any user of this machine; streams of events."""

import contextlib
import http.client
import json
import os
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, urlencode

TIMEOUT_S = 30.0


@contextlib.contextmanager
def acting_as(uid):
    """The kernel tells the other end who connects: this process, with this effective user."""
    if uid is None:
        yield
        return
    before = os.geteuid()
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(before)


def connect(path, uid=None):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(TIMEOUT_S)
    try:
        with acting_as(uid):
            sock.connect(str(path))
    except OSError:
        sock.close()
        raise
    return sock


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, uid):
        super().__init__("ddnsd", timeout=TIMEOUT_S)
        self.path, self.uid = path, uid

    def connect(self):
        self.sock = connect(self.path, self.uid)


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def type(self):
        return self.headers.get_content_type() if "Content-Type" in self.headers else None

    @property
    def json(self):
        assert self.type == "application/json", f"{self.status} {self.type}: {self.body!r}"
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def hint(self):
        return self.json["hint"]


@dataclass
class Event:
    kind: str
    data: dict


class Events:
    """An open stream. Waits for one event at a time, with a limit."""

    def __init__(self, path, uid):
        self.socket = connect(path, uid)
        self.socket.sendall(b"GET /v1/events HTTP/1.1\r\nHost: ddnsd\r\n\r\n")
        self.answer = http.client.HTTPResponse(self.socket)
        self.answer.begin()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.getheader("Content-Type") == "text/event-stream"
        # Each is there when the next begins.
        self.lines = []
        assert self._block() == [": ddnsd"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.answer.close()
        self.socket.close()

    def _block(self):
        lines = []
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream has ended"
            if line == "\n":
                return lines
            lines.append(line.rstrip("\n"))

    def next(self):
        while True:
            block = self._block()
            fields = dict(
                re.fullmatch(r"(\w+): (.*)", line).groups() for line in block if line[0] != ":"
            )
            if fields:
                return Event(fields["event"], json.loads(fields["data"]))

    def next_of(self, kind):
        while True:
            event = self.next()
            if event.kind == kind:
                return event.data


class Control:
    """Asks as the user that runs the tests, or as another one."""

    def __init__(self, path, uid=None):
        self.path, self.uid = path, uid

    def acting_as(self, uid):
        return Control(self.path, uid)

    def ask(self, method, target, body=None, headers=None):
        """body: octets and texts as they are, anything else as JSON."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection = _Connection(self.path, self.uid)
        with contextlib.closing(connection):
            # What is too large is answered before it has all been sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())

    def raw(self, octets):
        """Send octets as they are; everything that comes back until the other end closes."""
        with connect(self.path, self.uid) as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(octets)
                sock.shutdown(socket.SHUT_WR)
            data = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := sock.recv(65536):
                    data += chunk
        return data

    def get(self, path, **arguments):
        return self.ask("GET", path + ("?" + urlencode(arguments) if arguments else ""))

    def post(self, path, body=None):
        return self.ask("POST", path, body)

    def _name(self, method, name, body=None, **arguments):
        path = f"/v1/names/{quote(name, safe='')}"
        return self.ask(method, path + ("?" + urlencode(arguments) if arguments else ""), body)

    def name(self, name):
        return self._name("GET", name)

    def put(self, name, *addresses, **members):
        return self._name("PUT", name, {"addresses": addresses} | members)

    def add(self, name, *addresses, **members):
        return self._name("POST", name, ({"addresses": addresses} if addresses else {}) | members)

    def delete(self, name, **arguments):
        return self._name("DELETE", name, **arguments)

    def lease(self, action, address, **members):
        return self.post("/v1/leases", {"action": action, "address": address} | members)

    def events(self):
        return Events(self.path, self.uid)
