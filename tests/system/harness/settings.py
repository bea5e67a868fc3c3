# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsd.conf written from Python values."""

from .tsig import make_key


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(_value(item) for item in value) + "}"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def options_text(options, indent=""):
    return "".join(f"{indent}{name} = {_value(value)}\n" for name, value in options.items())


def section_text(title, options):
    return f"{title} {{\n{options_text(options, '    ')}}}\n"


def key_text(key, **options):
    """A key block for a tsig.Key; weak algorithms get their explicit yes."""
    values = {"algorithm": key.algorithm, "secret": key.secret}
    if key.algorithm in ("hmac-md5", "hmac-sha1"):
        values["allow-weak"] = True
    return section_text(f'key "{key.name}"', values | options)


def everything_in(*zones):
    """Grants for every type of every name of the zones, SOA and NS too."""
    return [f"zone {zone} ANY SOA NS" for zone in zones]


class Settings:
    """One ddnsd.conf: dictionaries of options for each section.

    keys: name -> options; the secret follows from the name, or comes from tsig_keys.
    peers: name -> options. control, leases, http: options; None leaves the block out, {} takes the
    defaults.
    """

    def __init__(self, port, *, zones=None, keys=None, tsig_keys=(), **sections):
        self.port = port
        self.addresses = sections.pop("addresses", ["127.0.0.1"])
        self.zones = {"home.arpa": {}} if zones is None else zones
        self.keys = {"editor": {"allow": everything_in(*self.zones)}} if keys is None else keys
        self.tsig_keys = {key.name: key for key in tsig_keys}
        self.networks = sections.pop("networks", {})
        self.control = sections.pop("control", None)
        self.peers = sections.pop("peers", {})
        self.leases = sections.pop("leases", None)
        self.http = sections.pop("http", None)
        self.publish = {"mode": "none"} | sections.pop("publish", {})
        self.limits = {"updates-per-minute": 0, "names-per-key": 0} | sections.pop("limits", {})
        self.top = sections
        self.top.setdefault("made_keys_directory", "")

    def tsig_key(self, name):
        return self.tsig_keys.get(name) or make_key(name)

    def text(self):
        listen = {"addresses": self.addresses, "port": self.port}
        parts = [options_text({k.replace("_", "-"): v for k, v in self.top.items()})]
        parts += [section_text(f'zone "{name}"', options) for name, options in self.zones.items()]
        parts.append(section_text('listen "dns"', listen))
        parts.append(section_text("publish", self.publish))
        parts.append(section_text("limits", self.limits))
        parts += [key_text(self.tsig_key(name), **opts) for name, opts in self.keys.items()]
        parts += [section_text(f'network "{net}"', opts) for net, opts in self.networks.items()]
        if self.http is not None:
            parts.append(section_text('listen "http"', self.http))
        if self.control is not None:
            parts.append(section_text("control", self.control))
        parts += [section_text(f'peer "{name}"', opts) for name, opts in self.peers.items()]
        if self.leases is not None:
            parts.append(section_text("leases", self.leases))
        return "".join(parts)
