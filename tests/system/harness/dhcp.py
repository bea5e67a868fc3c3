# SPDX-License-Identifier: GPL-3.0-or-later
"""DHCP for real: the clients and servers people use, and a client that sends what none would."""

import atexit
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

from .lan import BRIDGE, SERVER
from .waiting import wait_until

POOL = "10.77.1.{}"
SUBNET = "10.77.0.0/16"
DISCARD_PORT = 9
LIMIT_S = 60.0
ANSWER_S, TRIES = 0.5, 60  # of the client below


class Program:
    """A program in the foreground, in the namespace that the test is in; its log is a file."""

    def __init__(self, folder, name, command, environment=None):
        self.log_path = folder / f"{name}.log"
        self.command = list(map(str, command))
        self.environment = environment or {}
        self.process = None

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self.environment,
            )
        return self

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for_log(self, text, count=1):
        def is_there():
            assert self.process.poll() is None, f"{self.command[0]} ended:\n{self.log()}"
            return self.log().count(text) >= count

        wait_until(is_there, f"{self.command[0]} says {text!r}", LIMIT_S)
        return self

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.stop(signal.SIGKILL)

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None


# Clients


def shell_script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


UDHCPC_SCRIPT = """\
case $1 in
deconfig) ip address flush dev "$interface" scope global ;;
bound | renew) ip address replace "$ip/16" dev "$interface" ;;
esac
"""

DHCLIENT_SCRIPT = """\
case $reason in
BOUND | RENEW | REBIND | REBOOT)
	ip address replace "$new_ip_address/16" dev "$interface"
	;;
BOUND6 | RENEW6 | REBIND6)
	ip address replace "$new_ip6_address/64" dev "$interface" nodad
	;;
STOP | RELEASE | EXPIRE)
	ip address flush dev "$interface" scope global
	;;
STOP6 | RELEASE6 | EXPIRE6 | DEPREF6)
	ip address del "$old_ip6_address/64" dev "$interface"
	;;
esac
exit 0
"""


class Client:
    """A DHCP client that runs on a machine."""

    def __init__(self, folder, machine):
        self.folder = folder
        self.machine = machine
        self.title = f"{type(self).__name__.lower()}{machine.number}"
        self.program = None

    def launch(self, command):
        self.program = Program(self.folder, self.title, command)
        with self.machine.entered():
            self.program.spawn()
        return self

    def address(self):
        """What the machine has, "" for none."""
        for line in self.machine.addresses().splitlines():
            family, text = line.split()[2:4]
            if family == self.FAMILY and "scope global" in line:
                return text.split("/")[0]
        return ""

    FAMILY = "inet"

    def wait_for_address(self):
        return wait_until(self.address, f"{self.title} has an address", LIMIT_S)

    def meet_server(self):
        """A release is said once, and its address goes at once: ARP must not be in between."""
        with self.machine.entered(), contextlib.suppress(ConnectionRefusedError):
            socket.create_connection((SERVER, DISCARD_PORT), LIMIT_S).close()

    def vanish(self):
        """The machine is gone without a word."""
        self.program.kill()

    def stop(self):
        if self.program:
            self.program.stop()


class Udhcpc(Client):
    def start(self, name=None):
        script = shell_script(self.folder / "udhcpc.script", UDHCPC_SCRIPT)
        command = ["udhcpc", "-f", "-i", "eth0", "-s", script, "-A", "1", "-T", "1", "-t", "10"]
        # In hexadecimal: of text, only the part before a blank would go.
        option = ["-x", f"0x0c:{name.encode().hex()}"] if name else []
        return self.launch(command + option)

    def renew(self):
        """Returns once the lease is longer."""
        before = self.program.log().count(" obtained")
        self.program.send_signal(signal.SIGUSR1)
        self.program.wait_for_log(" obtained", before + 1)

    def release(self):
        self.meet_server()
        self.program.send_signal(signal.SIGUSR2)


class Dhclient(Client):
    def command(self, *options):
        script = shell_script(self.folder / "dhclient.script", DHCLIENT_SCRIPT)
        stem = self.folder / self.title
        return [
            "dhclient",
            *options,
            "-sf",
            script,
            "-cf",
            f"{stem}.conf",
            "-lf",
            f"{stem}.leases",
            "-pf",
            f"{stem}.pid",
            "eth0",
        ]

    def configure(self, text):
        (self.folder / f"{self.title}.conf").write_text("timeout 60; retry 1;\n" + text)

    def start(self, name):
        self.configure(f'send host-name "{name}";\n')
        return self.launch(self.command("-4", "-d"))

    FLAG = "-4"

    def release(self):
        """dhclient -r sends the release and ends the other one."""
        if self.FAMILY == "inet":
            self.meet_server()
        with self.machine.entered():
            command = list(map(str, self.command(self.FLAG, "-r")))
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
        self.program.stop()


class Dhclient6(Dhclient):
    FLAG = "-6"
    FAMILY = "inet6"

    def start(self, name):
        self.configure(f'send fqdn.fqdn "{name}"; send fqdn.encoded on;\n')
        return self.launch(self.command("-6", "-d", "-D", "LL"))


class Dhcpcd(Client):
    """Keeps what it remembers in /var/lib, so it gets a /var/lib and a /run of its own."""

    def start(self, name):
        config = self.folder / f"{self.title}.conf"
        config.write_text(f"hostname {name}\nnooption rapid_commit\nnoarp\nnoipv4ll\n")
        mount = "mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /run && exec dhcpcd"
        command = f'{mount} -4 -B -d -f "$1" --script /bin/true eth0'
        return self.launch(["unshare", "-m", "sh", "-c", command, "sh", config])


# A client of our own

DISCOVER, OFFER, REQUEST, ACK, RELEASE = 1, 2, 3, 5, 7
MAGIC = bytes((99, 130, 83, 99))
HOST_NAME, REQUESTED, KIND, SERVER_ID, CLIENT_ID = 12, 50, 53, 54, 61


def _option(code, value):
    return bytes((code, len(value))) + value


def _options(data):
    """Each option of a message with its value; the last of its kind counts."""
    found = {}
    offset = 240
    while offset < len(data) and data[offset] != 255:
        if data[offset] == 0:
            offset += 1
            continue
        size = data[offset + 1]
        found[data[offset]] = data[offset + 2 : offset + 2 + size]
        offset += 2 + size
    return found


class RawClient:
    """Any number of devices behind one machine, each a MAC, with names of any octets (RFC 2131)."""

    def __init__(self, machine):
        self.ids = itertools.count(os.getpid() << 12 & 0xFFFFF000)
        with machine.entered():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for option, value in (
            (socket.SO_BROADCAST, 1),
            (socket.SO_REUSEADDR, 1),
            (socket.SO_BINDTODEVICE, b"eth0\0"),
        ):
            self.socket.setsockopt(socket.SOL_SOCKET, option, value)
        self.socket.bind(("0.0.0.0", 68))
        self.socket.settimeout(ANSWER_S)

    def close(self):
        self.socket.close()

    def _send(self, kind, mac, options, ciaddr="0.0.0.0"):
        number = next(self.ids) & 0xFFFFFFFF
        chaddr = bytes.fromhex(mac.replace(":", ""))
        head = struct.pack("!4BIHH", 1, 1, 6, 0, number, 0, 0x8000) + socket.inet_aton(ciaddr)
        body = head + bytes(12) + chaddr.ljust(16, b"\0") + bytes(192) + MAGIC
        wire = body + _option(KIND, bytes((kind,))) + options + b"\xff"
        self.socket.sendto(wire, ("255.255.255.255", 67))
        return struct.pack("!I", number)

    def _exchange(self, kind, mac, options):
        """Send until there is an answer: kind, address, server."""
        for _ in range(TRIES):
            number = self._send(kind, mac, options)
            with contextlib.suppress(TimeoutError):
                while True:
                    data = self.socket.recv(2048)
                    found = _options(data)
                    if data[4:8] == number:
                        return found[KIND][0], socket.inet_ntoa(data[16:20]), found.get(SERVER_ID)
        raise AssertionError(f"nobody answers {mac}")

    @staticmethod
    def _named(name):
        return b"" if name is None else _option(HOST_NAME, name)

    def lease(self, mac, name=None):
        """Discover and request; return the address."""
        kind, address, server = self._exchange(DISCOVER, mac, self._named(name))
        assert kind == OFFER
        wanted = _option(REQUESTED, socket.inet_aton(address)) + _option(SERVER_ID, server)
        kind, address, _ = self._exchange(REQUEST, mac, wanted + self._named(name))
        assert kind == ACK, f"{mac} got no lease"
        return address

    def renew(self, mac, address, name=None):
        """As a machine that was rebooted: the server answers to all, not to an address."""
        wanted = _option(REQUESTED, socket.inet_aton(address))
        kind, got, _ = self._exchange(REQUEST, mac, wanted + self._named(name))
        assert kind == ACK and got == address, f"{mac} could not renew {address}"

    def release(self, mac, address):
        self._send(RELEASE, mac, _option(SERVER_ID, socket.inet_aton(SERVER)), ciaddr=address)


def device(number):
    """The MAC of one of the RawClient's devices."""
    return f"02:dd:00:00:{number >> 8:02x}:{number & 255:02x}"


# Servers


def _kea_logger(name):
    output = {"output": "stdout", "flush": True}
    return [{"name": name, "severity": "INFO", "output_options": [output]}]


class Kea:
    """kea-dhcp4, and kea-dhcp-ddns beside it when keys and zones are given."""

    def __init__(self, folder):
        self.folder = folder
        self.programs = []

    def _start(self, program, config, ready):
        path = self.folder / f"{program}.conf"
        path.write_text(json.dumps(config))
        places = {"KEA_LOCKFILE_DIR": str(self.folder), "KEA_PIDFILE_DIR": str(self.folder)}
        running = Program(self.folder, program, [program, "-c", path], places).spawn()
        self.programs.append(running)
        return running.wait_for_log(ready)

    def start_d2(self, port, key, forward, reverse, dns):
        """D2 listens on port; forward and reverse are zones at dns = (address, port)."""
        server = {"ip-address": dns[0], "port": dns[1]}

        def domains(zone):
            entry = {"name": f"{zone}.", "key-name": key.name, "dns-servers": [server]}
            return {"ddns-domains": [entry]}

        tsig = {"name": key.name, "algorithm": key.algorithm.upper(), "secret": key.secret}
        config = {
            "ip-address": "127.0.0.1",
            "port": port,
            "dns-server-timeout": 2000,
            "tsig-keys": [tsig],
            "forward-ddns": domains(forward),
            "reverse-ddns": domains(reverse),
            "loggers": _kea_logger("kea-dhcp-ddns"),
        }
        return self._start("kea-dhcp-ddns", {"DhcpDdns": config}, "DHCP_DDNS_STARTED")

    def start_dhcp4(self, *, d2_port=None, suffix="home.arpa", lifetime=120, hooks=()):
        config = {
            "interfaces-config": {"interfaces": [BRIDGE]},
            "lease-database": {
                "type": "memfile",
                "name": str(self.folder / "kea-leases4.csv"),
                "lfc-interval": 0,
            },
            "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 1},
            "valid-lifetime": lifetime,
            "subnet4": [
                {
                    "id": 1,
                    "subnet": SUBNET,
                    "pools": [{"pool": f"{POOL.format(1)} - {POOL.format(200)}"}],
                }
            ],
            "hostname-char-set": "[^A-Za-z0-9.-]",
            "hostname-char-replacement": "-",
            "hooks-libraries": list(hooks),
            "loggers": _kea_logger("kea-dhcp4"),
        }
        if d2_port:
            config |= {
                "dhcp-ddns": {
                    "enable-updates": True,
                    "server-ip": "127.0.0.1",
                    "server-port": d2_port,
                },
                "ddns-override-no-update": True,
                "ddns-override-client-update": True,
                "ddns-update-on-renew": True,
                "ddns-qualifying-suffix": suffix,
            }
        return self._start("kea-dhcp4", {"Dhcp4": config}, "DHCP4_STARTED")

    def stop(self):
        for program in reversed(self.programs):
            program.stop()


DHCPD_SUBNET = f"""
authoritative;
subnet 10.77.0.0 netmask 255.255.0.0 {{
    range {POOL.format(1)} {POOL.format(200)};
}}
"""


class IscDhcpd:
    def __init__(self, folder):
        self.folder = folder
        self.program = None

    def start(self, text, lifetime=120):
        config = self.folder / "dhcpd.conf"
        times = f"default-lease-time {lifetime}; max-lease-time {lifetime}; min-lease-time 1;\n"
        config.write_text(times + "ping-check off;\n" + text + DHCPD_SUBNET)
        leases = self.folder / "dhcpd.leases"
        leases.touch()
        command = [
            "dhcpd",
            "-4",
            "-f",
            "-d",
            "-cf",
            config,
            "-lf",
            leases,
            "-pf",
            self.folder / "dhcpd.pid",
            "--no-pid",
            BRIDGE,
        ]
        if Path("/sys/kernel/security/apparmor").exists():
            # The profile of the distribution lets dhcpd read its own places only.
            command = ["aa-exec", "-p", "unconfined", "--", *command]
        self.program = Program(self.folder, "dhcpd", command).spawn()
        return self.program.wait_for_log("Server starting service")

    def stop(self):
        if self.program:
            self.program.stop()


def reverse_name(address):
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


# Hooks

TOP = Path(__file__).resolve().parents[3]


def ddnsctl():
    """A copy that every user may run, made once."""
    if not ddnsctl.path:
        beside = Path(os.environ.get("DDNSD", TOP / "build/release/bin/ddnsd")).with_name("ddnsctl")
        folder = Path(tempfile.mkdtemp(prefix="ddnsctl-program-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        ddnsctl.path = str(shutil.copy(beside, folder / "ddnsctl"))
    return ddnsctl.path


ddnsctl.path = None


def install_hook(name, folder, door=None):
    """hooks/NAME as "make install" installs it, with folder for /etc/ddnsd; returns its path.

    door: the daemon's socket, for servers that give their hooks no environment.
    """
    program = f"{ddnsctl()} -s {door}" if door else ddnsctl()
    text = (TOP / "hooks" / name).read_text()
    text = text.replace("/usr/local/sbin/ddnsctl", program).replace("/etc/ddnsd", str(folder))
    path = folder / Path(name).name
    path.write_text(text)
    path.chmod(0o755)
    return path


# The daemon's view


def ask(door, path):
    """GET from the daemon's Unix door; the JSON it answers."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT_S)
        sock.connect(str(door))
        sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        with sock.makefile("rb") as file:
            head, body = file.read().split(b"\r\n\r\n", 1)
    assert head.split()[1] == b"200", head
    return json.loads(body)
