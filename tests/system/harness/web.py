# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP door over TCP, plain or TLS, spoken to with a key or without."""

import base64
import http.client
import json
import ssl

from .control import Reply

TIMEOUT_S = 30.0


def basic(key):
    """For a tsig.Key: the header's value."""
    return "Basic " + base64.b64encode(f"{key.name}:{key.secret}".encode()).decode()


def bearer(key):
    return f"Bearer {key.name}:{key.secret}"


def trusting(certificate):
    """A context that takes this certificate for true, whatever it is called there."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    return context


class Web:
    """Each request is a connection of its own; connect() gives one that stays."""

    def __init__(self, port, key=None, tls=None, address="127.0.0.1"):
        self.port, self.key, self.tls, self.address = port, key, tls, address

    def acting_as(self, key):
        return Web(self.port, key, self.tls, self.address)

    def connect(self):
        if self.tls is not None:
            return http.client.HTTPSConnection(
                self.address, self.port, timeout=TIMEOUT_S, context=self.tls
            )
        return http.client.HTTPConnection(self.address, self.port, timeout=TIMEOUT_S)

    def ask(self, method, target, body=None, headers=None):
        """body: octets and texts as they are, anything else as JSON."""
        headers = dict(headers or {})
        if self.key is not None:
            headers.setdefault("Authorization", basic(self.key))
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.ask("GET", target, headers=headers)

    def post(self, target, body=None, **headers):
        return self.ask("POST", target, body, headers)
