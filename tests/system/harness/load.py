# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that change names as fast as they can, and remember what they were promised."""

import random
import threading

from . import tsig
from . import wire as w

NAMES = 8


class Writer(threading.Thread):
    """Changes its own names over one TCP connection, several messages in one write.

    sent and acknowledged hold the last number that was sent for a name, and the last that
    was answered NOERROR.
    """

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.connection = server.connect()
        self.key = server.key("editor")
        self.names = [f"n{n}.writer{number}.home.arpa" for n in range(NAMES)]
        self.sent = {}
        self.acknowledged = {}
        self.random = random.Random(number)

    def _change(self, name, number, message_id):
        self.sent[name] = number
        octets = number.to_bytes(3, "big")
        wire = w.update(
            w.delete_name(name),
            w.add(name, "A", "10." + ".".join(map(str, octets))),
            w.add(name, "TXT", f'"{number}"'),
            message_id=message_id,
        )
        return tsig.sign(wire, self.key).wire

    def run(self):
        number = 0
        try:
            while True:
                number += 1
                batch = self.random.sample(range(NAMES), self.random.randint(1, NAMES))
                self.connection.send(*(self._change(self.names[i], number, i) for i in batch))
                for _ in batch:
                    answer = self.connection.receive()
                    if answer.rcode == "NOERROR":
                        self.acknowledged[self.names[answer.id]] = number
        except OSError:
            self.connection.socket.close()

    def audit(self, server):
        """Each name holds what was last acknowledged, or something that was sent later."""
        for name in self.names:
            least, most = self.acknowledged.get(name, 0), self.sent.get(name, 0)
            texts, addresses = server.lookup(name, "TXT"), server.lookup(name, "A")
            assert len(texts) == len(addresses) <= 1, f"half a change of {name}"
            found = int(texts.pop().strip('"')) if texts else 0
            assert least <= found <= most, f"{name}: {found} is not in {least}..{most}"
            high, middle, low = map(int, addresses.pop().split(".")[1:]) if found else (0, 0, 0)
            assert high << 16 | middle << 8 | low == found, f"half a change of {name}"


def acknowledged_changes(writers):
    return sum(sum(writer.acknowledged.values()) for writer in writers)
