# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in a published hosts file."""

import ipaddress

MARKER_NETWORK = ipaddress.ip_network("100::/64")


def read_lines(path):
    """(address, names) for each line but the marker's, in their order."""
    lines = []
    for line in path.read_text().splitlines():
        fields = line.split("#")[0].split()
        if fields and ipaddress.ip_address(fields[0]) not in MARKER_NETWORK:
            lines.append((fields[0], fields[1:]))
    return lines


def read_names(path):
    """Each name with its addresses."""
    names = {}
    for address, line_names in read_lines(path) if path.exists() else []:
        for name in line_names:
            names.setdefault(name, set()).add(address)
    return names
