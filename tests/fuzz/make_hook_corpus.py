#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes corpus/hook/ anew: calls of hooks for fuzz_hook.c, whose head tells the format.

usage: make_hook_corpus.py FOLDER LOG...

Each LOG holds recorded calls of dnsmasq's dhcp-script.
"""
import pathlib
import re
import sys

KEA = """HOSTNAME=desk.home.arpa. HWADDR=02:00:00:00:00:01 HWADDR_TYPE={type} STATE=default
 CLIENT_ID=01:02:00:00:00:00:01 VALID_LIFETIME=4000 SUBNET_ID=1 CLTT=1795345715""".split()
OTHERS = {
    "isc-commit": [
        "isc-dhcp",
        "commit",
        "10.77.1.1",
        "1:2:0:0:0:0:1",
        "600",
        "1:2:0:0:0:0:1",
        "desk",
    ],
    "isc-raw": [
        "isc-dhcp",
        "commit",
        "10.77.1.2",
        "6:2:dd:0:0:0:1",
        "4294967295",
        "",
        "x;\xff\n'$(x)",
    ],
    "isc-release": ["isc-dhcp", "release", "10.77.1.1"],
    "isc-expiry": ["isc-dhcp", "expiry", "10.77.1.1"],
    "openwrt": [
        "openwrt",
        "--",
        "ACTION=add",
        "MACADDR=02:00:00:00:00:01",
        "IPADDR=10.77.0.55",
        "HOSTNAME=desk",
        "DNSMASQ_LEASE_EXPIRES=1795327720",
        "DNSMASQ_SUPPLIED_HOSTNAME=d\xe9sk",
    ],
    "openwrt-old": [
        "openwrt",
        "--",
        "ACTION=remove",
        "MACADDR=02:00:00:00:00:01",
        "IPADDR=10.77.0.55",
    ],
    "dnsmasq-infinite": [
        "dnsmasq",
        "add",
        "20-00:01",
        "10.77.0.9",
        "--",
        "DNSMASQ_LEASE_EXPIRES=0",
    ],
    "dnsmasq-length": ["dnsmasq", "old", "", "10.77.0.9", "--", "DNSMASQ_LEASE_LENGTH=4294967295"],
}


def kea_fields(prefix, address, hardware_type="1"):
    texts = [f"{prefix}_ADDRESS={address}"]
    return texts + [f"{prefix}_{entry.format(type=hardware_type)}" for entry in KEA]


def kea_calls():
    for point in "lease4_renew", "lease4_release", "lease4_expire", "lease4_select":
        yield point, ["kea", point, "--", *kea_fields("LEASE4", "10.77.1.1")]
    for point in "lease6_renew", "lease6_expire":
        duid = "LEASE6_DUID=00:03:00:01:02:00:00:00:00:01"
        yield point, [
            "kea",
            point,
            "--",
            duid,
            "LEASE6_TYPE=IA_NA",
            *kea_fields("LEASE6", "fd77::5"),
        ]
    moved = ["LEASES4_SIZE=2", "DELETED_LEASES4_SIZE=1"]
    for number in range(2):
        moved += kea_fields(f"LEASES4_AT{number}", f"10.77.1.{number}", "6")
    moved += kea_fields("DELETED_LEASES4_AT0", "10.77.1.7")
    yield "leases4_committed", ["kea", "leases4_committed", "--", *moved]


def recorded_calls(path):
    for number, call in enumerate(path.read_text().split("===")[1:]):
        arguments = re.findall(r"^ argv\[[1-9]\]=\[(.*)\]$", call, re.M)
        variables = re.findall(r"^ (DNSMASQ_.*)$", call, re.M)
        yield f"{path.stem}-{number:02}", ["dnsmasq", *arguments, "--", *variables]


def main():
    folder = pathlib.Path(sys.argv[1])
    calls = OTHERS | dict(kea_calls())
    for log in sys.argv[2:]:
        calls |= dict(recorded_calls(pathlib.Path(log)))
    for name, fields in calls.items():
        (folder / name).write_bytes("\0".join(fields).encode("latin-1"))


main()
