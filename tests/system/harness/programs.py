# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients people use: nsupdate, dig, knsupdate, kdig. Secrets go by key file, never argv."""

import subprocess


def _run(command, text=None):
    return subprocess.run(
        list(map(str, command)), input=text, capture_output=True, text=True, timeout=60
    )


def _secret_file(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return path


class Programs:
    def __init__(self, folder, endpoint):
        self.folder = folder
        self.address, self.port = endpoint

    def bind_key_file(self, key):
        text = f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};\n'
        return _secret_file(self.folder / f"{key.name}.bind-key", text)

    def knot_key_file(self, key):
        text = f"{key.algorithm}:{key.name}:{key.secret}\n"
        return _secret_file(self.folder / f"{key.name}.knot-key", text)

    def nsupdate(self, key, *lines, options=()):
        script = "\n".join([f"server {self.address} {self.port}", *lines, "send", ""])
        return _run(["nsupdate", "-k", self.bind_key_file(key), *options], script)

    def knsupdate(self, key, *lines, options=()):
        script = "\n".join([f"server {self.address} {self.port}", *lines, "send", ""])
        return _run(["knsupdate", "-k", self.knot_key_file(key), *options], script)

    def dig(self, *arguments):
        return _run(["dig", f"@{self.address}", "-p", self.port, *arguments]).stdout

    def kdig(self, *arguments):
        return _run(["kdig", f"@{self.address}", "-p", self.port, *arguments]).stdout
