# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets: one question over UDP, and connections over TCP that a test can misuse."""

import socket
import struct

from .answer import Answer

TIMEOUT_S = 30.0


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def udp_socket(endpoint, source=None, timeout=TIMEOUT_S):
    sock = socket.socket(_family(endpoint[0]), socket.SOCK_DGRAM)
    sock.settimeout(timeout)
    if source:
        sock.bind((source, 0))
    sock.connect(endpoint)
    return sock


def exchange_udp(wire, endpoint, source=None):
    with udp_socket(endpoint, source) as sock:
        sock.send(wire)
        return Answer(sock.recv(65535))


def framed(wire):
    return struct.pack("!H", len(wire)) + wire


class Connection:
    """A TCP connection to a DNS server."""

    def __init__(self, endpoint, source=None):
        self.socket = socket.socket(_family(endpoint[0]), socket.SOCK_STREAM)
        self.socket.settimeout(TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *wires):
        """All messages in one write."""
        self.socket.sendall(b"".join(map(framed, wires)))

    def _receive_exactly(self, size):
        data = b""
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError(f"closed after {len(data)} of {size} octets")
            data += chunk
        return data

    def receive(self):
        size = struct.unpack("!H", self._receive_exactly(2))[0]
        return Answer(self._receive_exactly(size))

    def is_closed(self):
        """Has the server closed it? Does not wait; the server must not have sent anything."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(TIMEOUT_S)

    def wait_until_closed(self):
        """Until the server closes the connection; it must send nothing before."""
        try:
            data = self.socket.recv(1)
        except ConnectionResetError:
            data = b""
        assert data == b"", "the server sent something instead of closing"


def exchange_tcp(wire, endpoint, source=None):
    with Connection(endpoint, source) as connection:
        connection.send(wire)
        return connection.receive()
