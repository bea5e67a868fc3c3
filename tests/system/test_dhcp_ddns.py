# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP servers that write DNS themselves: Kea's D2 and ISC dhcpd, with real clients (rule 40)."""

import contextlib

import pytest
from harness.dhcp import Dhclient, IscDhcpd, Kea, Udhcpc, reverse_name
from harness.lan import open_lan
from harness.waiting import wait_until

ZONE, REVERSE = "home.arpa", "77.10.in-addr.arpa"
DESK = "desk.home.arpa"
SHORT_LEASE_S = 4
D2_PORT = 20001  # of the namespace, in which nobody else is


class Site:
    """ddnsd, and what starts the DHCP server that writes into it; clients by their kind."""

    def __init__(self, folder, lan, stack, server):
        self.folder, self.lan, self.stack, self.server = folder, lan, stack, server

    def client(self, kind, name):
        client = kind(self.folder, self.lan.machine())
        self.stack.callback(client.stop)
        return client.start(name)

    def start_dhcp(self, lifetime=120):
        raise NotImplementedError

    def wait_for(self, name, *addresses):
        what = f"ddnsd has {name} at {addresses}"
        wait_until(lambda: self.server.lookup(name, "A") == set(addresses), what)

    def wait_for_pointer(self, address, *names):
        pointer = reverse_name(address)
        what = f"ddnsd has {pointer} to {names}"
        wanted = {f"{name}." for name in names}
        wait_until(lambda: self.server.lookup(pointer, "PTR") == wanted, what)


class KeaSite(Site):
    WRITTEN = "DHCP_DDNS_ADD_SUCCEEDED"
    REMOVES_FIRST = True  # at a renewal, and then adds all anew

    def start_dhcp(self, lifetime=120):
        kea = Kea(self.folder)
        self.stack.callback(kea.stop)
        key = self.server.key("dhcp-server")
        self.writer = kea.start_d2(D2_PORT, key, ZONE, REVERSE, self.server.endpoint)
        kea.start_dhcp4(d2_port=D2_PORT, lifetime=lifetime)


# The server asks port 53 of whatever address "primary" gives.
DHCPD_DDNS = """
ddns-updates on;
ddns-update-style standard;
update-optimization off;
ddns-domainname "home.arpa.";
ddns-rev-domainname "in-addr.arpa.";
ignore client-updates;
key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }}
zone home.arpa. {{ primary 127.0.0.1; key "{name}"; }}
zone 77.10.in-addr.arpa. {{ primary 127.0.0.1; key "{name}"; }}
"""


class IscSite(Site):
    WRITTEN = "Added reverse map"
    REMOVES_FIRST = False

    def start_dhcp(self, lifetime=120):
        dhcpd = IscDhcpd(self.folder)
        self.stack.callback(dhcpd.stop)
        key = self.server.key("dhcp-server")
        self.writer = dhcpd.start(DHCPD_DDNS.format(name=key.name, secret=key.secret), lifetime)


@pytest.fixture(params=[KeaSite, IscSite], ids=["kea", "isc-dhcpd"])
def site(request, folder):
    with open_lan() as lan, contextlib.ExitStack() as stack:
        launch = request.getfixturevalue("launch")
        zones = {ZONE: {}, REVERSE: {}}
        # What hooks/*/README.md tells people to grant.
        grants = [f"zone {ZONE} A AAAA DHCID", f"zone {REVERSE} PTR DHCID"]
        keys = {"dhcp-server": {"allow": grants}}
        server = launch(start=False, zones=zones, keys=keys)
        server.settings.port = 53
        server.write_config()
        server.start()
        yield request.param(folder, lan, stack, server)


def test_a_lease_writes_address_pointer_and_dhcid(site):
    site.start_dhcp()
    client = site.client(Udhcpc, "desk")
    address = client.wait_for_address()
    site.wait_for(DESK, address)
    site.wait_for_pointer(address, DESK)
    assert len(site.server.lookup(DESK, "DHCID")) == 1


def test_a_renewal_leaves_all_as_it_is(site):
    site.start_dhcp()
    client = site.client(Udhcpc, "desk")
    address = client.wait_for_address()
    site.wait_for_pointer(address, DESK)
    site.writer.wait_for_log(site.WRITTEN)
    serial, dhcid = site.server.serial(), site.server.lookup(DESK, "DHCID")
    written = site.writer.log().count(site.WRITTEN)
    client.renew()
    site.writer.wait_for_log(site.WRITTEN, written + 1)
    # A client that was answered late has asked twice.
    site.wait_for(DESK, address)
    wait_until(lambda: site.server.lookup(DESK, "DHCID") == dhcid, "the DHCID is the same")
    assert site.REMOVES_FIRST or site.server.serial() == serial


def test_a_release_takes_everything_away(site):
    site.start_dhcp()
    client = site.client(Dhclient, "desk")
    address = client.wait_for_address()
    site.wait_for(DESK, address)
    site.wait_for_pointer(address, DESK)
    client.release()
    wait_until(lambda: site.server.query(DESK, "A").rcode == "NXDOMAIN", f"{DESK} is gone")
    site.wait_for_pointer(address)


def test_a_lease_that_ends_takes_everything_away(site):
    site.start_dhcp(lifetime=SHORT_LEASE_S)
    client = site.client(Udhcpc, "desk")
    address = client.wait_for_address()
    site.wait_for(DESK, address)
    client.vanish()
    wait_until(lambda: site.server.query(DESK, "A").rcode == "NXDOMAIN", f"{DESK} is gone", 60)
    site.wait_for_pointer(address)


def test_the_second_client_with_a_name_does_not_get_it(site):
    site.start_dhcp()
    first = site.client(Udhcpc, "desk").wait_for_address()
    site.wait_for(DESK, first)
    site.client(Udhcpc, "desk").wait_for_address()
    third = site.client(Udhcpc, "chair").wait_for_address()
    # Updates go out in the order of the leases: once the third is there, the second was refused.
    site.wait_for("chair.home.arpa", third)
    assert site.server.lookup(DESK, "A") == {first}


def test_a_client_that_comes_back_under_a_new_name_takes_its_address_along(site):
    site.start_dhcp()
    client = site.client(Udhcpc, "desk")
    address = client.wait_for_address()
    site.wait_for(DESK, address)
    client.vanish()
    again = Udhcpc(site.folder, client.machine)
    site.stack.callback(again.stop)
    again.start("table")
    site.wait_for("table.home.arpa", address)
    site.wait_for(DESK)
    site.wait_for_pointer(address, "table.home.arpa")
