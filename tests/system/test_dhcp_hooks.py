# SPDX-License-Identifier: GPL-3.0-or-later
"""Kea and ISC dhcpd tell ddnsd of their leases by their hooks, with real clients."""

import contextlib
from pathlib import Path

import pytest
from harness.dhcp import (
    TOP,
    Dhclient,
    IscDhcpd,
    Kea,
    RawClient,
    Udhcpc,
    ask,
    ddnsctl,
    device,
    install_hook,
    shell_script,
)
from harness.hosts import read_names
from harness.lan import open_lan
from harness.waiting import wait_until

DESK, DESK2 = "desk.home.arpa", "desk-2.home.arpa"
SHORT_LEASE_S = 4


class Site:
    def __init__(self, folder, lan, stack, launch):
        self.folder, self.lan, self.stack = folder, lan, stack
        self.door = folder / "control.sock"
        self.hosts = folder / "hosts" / "ddnsd.hosts"
        self.hosts.parent.mkdir()
        self.server = launch(
            control={"socket": self.door},
            leases={"file": ""},
            publish={
                "mode": "hostsdir",
                "file": self.hosts,
                "confirm": "",
                "leases-held-by-reader": False,
            },
            limits={"quiet": "0s"},
        )

    def client(self, kind):
        client = kind(self.folder, self.lan.machine())
        self.stack.callback(client.stop)
        return client

    def devices(self):
        clients = RawClient(self.lan.machine())
        self.stack.callback(clients.close)
        return clients

    def knows(self, name, *addresses):
        def is_so():
            published = read_names(self.hosts).get(name, set())
            return self.server.lookup(name, "A") == set(addresses) == published

        wait_until(is_so, f"{name} is known and published at {addresses}")

    def leases(self):
        return {lease["address"]: lease for lease in ask(self.door, "/v1/leases")["leases"]}

    def start(self, lifetime=120):
        raise NotImplementedError


class KeaSite(Site):
    NAME = "kea"

    def start(self, lifetime=120, wrapper=None):
        (library,) = Path("/usr/lib").glob("*/kea/hooks/libdhcp_run_script.so")
        script = install_hook("kea/ddnsd-run-script", self.folder, self.door)
        if wrapper:
            script = shell_script(
                self.folder / "wrapper", wrapper.format(folder=self.folder, script=script)
            )
        parameters = {"name": str(script), "sync": False}
        kea = Kea(self.folder)
        self.stack.callback(kea.stop)
        hooks = [{"library": str(library), "parameters": parameters}]
        kea.start_dhcp4(lifetime=lifetime, hooks=hooks)


class IscSite(Site):
    NAME = "isc-dhcp"

    def start(self, lifetime=120):
        text = (TOP / "hooks/isc-dhcp/ddnsd.conf").read_text()
        dhcpd = IscDhcpd(self.folder)
        self.stack.callback(dhcpd.stop)
        dhcpd.start(text.replace("/usr/local/sbin/ddnsctl", ddnsctl()), lifetime)


@pytest.fixture(params=[KeaSite, IscSite], ids=["kea", "isc-dhcpd"])
def site(request, folder, monkeypatch):
    with open_lan() as lan, contextlib.ExitStack() as stack:
        site = request.param(folder, lan, stack, request.getfixturevalue("launch"))
        monkeypatch.setenv("DDNSD_SOCKET", str(site.door))
        yield site


def test_a_lease_is_named_renewed_and_released(site):
    site.start()
    client = site.client(Udhcpc).start("desk")
    address = client.wait_for_address()
    site.knows(DESK, address)
    lease = site.leases()[address]
    assert lease["server"] == site.NAME and lease["hardware"] == client.machine.mac
    assert lease["client_name"] == "desk" and lease["name"] == DESK and lease["published"]
    serial = site.server.serial()
    client.renew()
    site.knows(DESK, address)
    assert site.server.serial() == serial
    client.release()
    site.knows(DESK)


# A script of Kea's that waits in a renewal until the release is told of.
LATE_RENEWAL = """\
case $1 in
lease4_renew)
	echo $$ >'{folder}/renewal.new' && mv '{folder}/renewal.new' '{folder}/renewal'
	until [ -e '{folder}/released' ]; do sleep 0.02; done
	;;
lease4_release)
	'{script}' "$@"
	exec touch '{folder}/released'
	;;
esac
exec '{script}' "$@"
"""


def has_ended(process):
    """Gone, or waiting to be reaped."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_renewal_that_a_release_overtakes_changes_nothing(folder, launch):
    """Kea does not wait for its scripts."""
    with open_lan() as lan, contextlib.ExitStack() as stack:
        site = KeaSite(folder, lan, stack, launch)
        site.start(wrapper=LATE_RENEWAL)
        client = site.client(Udhcpc).start("desk")
        site.knows(DESK, client.wait_for_address())
        client.renew()
        renewal = folder / "renewal"
        wait_until(renewal.exists, "the script of the renewal runs")
        client.release()
        wait_until(lambda: has_ended(renewal.read_text().strip()), "the renewal is told of")
        site.knows(DESK)
        assert site.leases() == {}


def test_a_lease_that_ends_loses_its_name(site):
    site.start(lifetime=SHORT_LEASE_S)
    client = site.client(Dhclient).start("desk")
    address = client.wait_for_address()
    site.knows(DESK, address)
    client.vanish()
    site.knows(DESK)
    assert site.leases() == {}


def test_the_second_with_a_name_gets_a_number(site):
    site.start()
    clients = site.devices()
    first = clients.lease(device(1), b"desk")
    site.knows(DESK, first)
    second = clients.lease(device(2), b"desk")
    site.knows(DESK2, second)
    for number, address in (1, first), (2, second), (1, first):
        clients.renew(device(number), address, b"desk")
    site.knows(DESK, first)
    site.knows(DESK2, second)


def test_a_device_that_renames_itself(site):
    site.start()
    clients = site.devices()
    address = clients.lease(device(1), b"desk")
    site.knows(DESK, address)
    clients.renew(device(1), address, b"table")
    site.knows("table.home.arpa", address)
    site.knows(DESK)


def test_names_of_any_octets(site):
    site.start()
    clients = site.devices()
    # One octet in a place is what Kea, which cleans names by itself, makes the same of.
    names = {b"x;reboot": "x-reboot", b"$(id)": "id", b"\xff\n\xfe": None, b"a b": "a-b"}
    addresses = {
        clients.lease(device(number), name): label and f"{label}.home.arpa"
        for number, (name, label) in enumerate(names.items())
    }

    def is_so():
        return {address: lease["name"] for address, lease in site.leases().items()} == addresses

    wait_until(is_so, f"names are {addresses}")


def test_a_daemon_that_is_down_does_not_keep_clients_waiting(site):
    site.start()
    site.server.stop()
    client = site.client(Udhcpc).start("desk")
    address = client.wait_for_address()
    site.server.start()
    client.renew()
    site.knows(DESK, address)
