# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks of DHCP servers as these run them, against daemons good and bad."""

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from harness.dhcp import TOP, ddnsctl, install_hook
from harness.waiting import must_be_quick

DONE, REFUSED, UNREACHABLE = 0, 1, 3
MAC, ADDRESS = "02:00:00:00:00:01", "10.77.0.55"
CALL = ["add", MAC, ADDRESS, "desk"]
SHELLS = {"sh": ["/bin/sh"], "busybox": ["/bin/busybox", "sh"]}
OK = b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"name":null,"why":""}'


@pytest.fixture
def door(folder):
    """The socket of the daemon's Unix door; nobody listens there yet."""
    return folder / "control.sock"


class FakeDaemon(threading.Thread):
    """Listens at the door; serve gets each connection, in its turn. bodies: what was sent."""

    def __init__(self, door, serve=None, backlog=16):
        super().__init__(daemon=True)
        self.serve = serve
        self.bodies = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(door))
        self.listener.listen(backlog)
        self.start()

    @staticmethod
    def receive(connection):
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("the hook has given up")
        return data

    def read_request(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.receive(connection)
        head, body = data.split(b"\r\n\r\n", 1)
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < size:
            body += self.receive(connection)
        assert head.startswith(b"POST /v1/leases HTTP/1.0\r\n")
        self.bodies.append(json.loads(body))

    def run(self):
        while self.serve:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                try:
                    self.serve(self, connection)
                except OSError:
                    pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def fake(door):
    """A function that starts a FakeDaemon; closed at the end."""
    made = []

    def start(serve=None, **options):
        made.append(FakeDaemon(door, serve, **options))
        return made[-1]

    yield start
    for daemon in made:
        daemon.close()


def answers(reply):
    def serve(daemon, connection):
        daemon.read_request(connection)
        connection.sendall(reply)

    return serve


def call(command, door, environment=None, **options):
    """Run a hook; bytes as they are. Returns how it ended."""
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DDNSD_SOCKET": str(door)}
    return subprocess.run(
        list(command),
        env=variables | (environment or {}),
        capture_output=True,
        timeout=60,
        **options,
    )


def tell(door, *arguments, environment=None):
    return call([ddnsctl(), "lease", *arguments], door, environment)


# Told, refused, not there


def test_a_lease_is_told(door, fake):
    daemon = fake(answers(OK))
    result = tell(door, "dnsmasq", *CALL, environment={"DNSMASQ_TIME_REMAINING": "120"})
    assert (result.returncode, result.stdout, result.stderr) == (DONE, b"", b"")
    (told,) = daemon.bodies
    assert told["action"] == "add" and told["address"] == ADDRESS and told["hardware"] == MAC
    assert told["name"] == "desk" and told["expires_in_s"] == 120


def test_a_refusal_is_one_line_with_the_mend(door, fake):
    body = b'{"error": "no right\\nto tell", "hint": "write a peer block"}'
    fake(answers(b"HTTP/1.0 403 Forbidden\r\nContent-Type: application/json\r\n\r\n" + body))
    result = tell(door, "dnsmasq", *CALL)
    assert (result.returncode, result.stdout) == (REFUSED, b"")
    assert result.stderr == b"ddnsctl: lease: no right?to tell; write a peer block\n"


def test_an_answer_that_is_no_json_is_one_line(door, fake):
    fake(answers(b"HTTP/1.0 500 Oops\r\n\r\n<html>\n\n"))
    result = tell(door, "dnsmasq", *CALL)
    assert (result.returncode, result.stdout) == (REFUSED, b"")
    assert result.stderr.count(b"\n") == 1 and b"500" in result.stderr


def test_a_daemon_that_is_down_is_told_by_the_exit_code_alone(door):
    result = tell(door, "dnsmasq", *CALL)
    assert (result.returncode, result.stdout, result.stderr) == (UNREACHABLE, b"", b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_user_who_may_not_open_the_socket_is_told_so(door, fake):
    fake(answers(OK))
    door.chmod(0o600)
    result = call([ddnsctl(), "lease", "dnsmasq", *CALL], door, user="nobody", extra_groups=[])
    assert result.returncode == REFUSED
    assert result.stderr.count(b"\n") == 1 and b"nobody" in result.stderr
    assert str(door).encode() in result.stderr


@pytest.mark.parametrize("action", ["init", "arp-add", "arp-del", "tftp", "relay-snoop", "new"])
def test_what_is_no_lease_ends_well_without_a_word(door, fake, action):
    daemon = fake(answers(OK))
    result = tell(door, "dnsmasq", action, MAC, ADDRESS)
    assert (result.returncode, result.stdout, result.stderr) == (DONE, b"", b"")
    assert tell(door, "dnsmasq", *CALL).returncode == DONE
    assert len(daemon.bodies) == 1


def test_a_malformed_address_is_refused_without_being_repeated(door, fake):
    fake(answers(OK))
    result = tell(door, "dnsmasq", "add", MAC, "10.0.0.1\x1b[2J")
    assert result.returncode == REFUSED
    assert result.stderr.count(b"\n") == 1 and b"\x1b" not in result.stderr


# Never longer than a second


def hangs(daemon, connection):
    daemon.read_request(connection)
    connection.recv(1)


def trickles(daemon, connection):
    daemon.read_request(connection)
    for octet in b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000:
        connection.sendall(bytes((octet,)))
        time.sleep(0.05)


def breaks_off(daemon, connection):
    daemon.read_request(connection)
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    connection.recv(1)


def pours(daemon, connection):
    daemon.read_request(connection)
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(1 << 16))


def reads_nothing(_, connection):
    with connection:
        time.sleep(2)


BAD = {serve.__name__: serve for serve in (hangs, trickles, breaks_off, pours, reads_nothing)}


def within_a_second(action, **options):
    """To start ddnsctl is not counted: with a sanitizer, on a busy machine, that alone takes long."""
    return must_be_quick(action, 1.0, beside=lambda: call([ddnsctl(), "--version"], ""), **options)


def ends_in_time(command, door):
    result = within_a_second(lambda: call(command, door))
    assert (result.returncode, result.stdout) == (UNREACHABLE, b"")
    assert result.stderr.count(b"\n") <= 1


@pytest.mark.parametrize("behaviour", BAD)
def test_a_daemon_that_misbehaves_holds_nobody_up(door, fake, folder, behaviour):
    fake(BAD[behaviour])
    ends_in_time([install_hook("dnsmasq/ddnsd-dhcp-script", folder), *CALL], door)


def test_a_daemon_that_does_not_accept_holds_nobody_up(door, fake):
    fake(backlog=16)
    ends_in_time([ddnsctl(), "lease", "dnsmasq", *CALL], door)


def test_a_full_backlog_holds_nobody_up(door, fake):
    fake(backlog=0)
    waiting = []
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        waiting.append(sock)
        try:
            sock.connect(str(door))
        except BlockingIOError:
            break
    ends_in_time([ddnsctl(), "lease", "dnsmasq", *CALL], door)
    for sock in waiting:
        sock.close()


def test_many_leases_in_one_call_share_the_second(door, fake):
    fake(hangs)
    environment = {"LEASES6_SIZE": "8"}
    environment |= {f"LEASES6_AT{n}_ADDRESS": f"fd77::{n}" for n in range(8)}
    result = within_a_second(lambda: tell(door, "kea", "leases6_committed", environment=environment))
    assert result.returncode == UNREACHABLE and result.stderr.count(b"\n") <= 1


def test_a_slow_daemon_is_waited_for(door, fake):
    def slow(daemon, connection):
        daemon.read_request(connection)
        time.sleep(0.3)
        connection.sendall(OK)

    fake(slow)
    within_a_second(
        lambda: tell(door, "dnsmasq", *CALL), is_good=lambda result: result.returncode == DONE
    )


# Hostile names

HOSTILE = [
    "x;touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "a b\tc\nd",
    "-s",
    "--json",
    "'\"\\",
    "*",
    "%n%s",
    "Bob\u2019s iPhone",
    "x" * 255,
]


def hook_calls(folder):
    """Each hook as its server runs it: a function from a name to command and environment."""
    dnsmasq = str(install_hook("dnsmasq/ddnsd-dhcp-script", folder))
    kea = str(install_hook("kea/ddnsd-run-script", folder))
    openwrt = str(install_hook("openwrt/50-ddnsd", folder))

    def by_dnsmasq(shell):
        def make(name):
            return [*shell, dnsmasq, *CALL[:3], name], {"DNSMASQ_SUPPLIED_HOSTNAME": name}

        return make

    def by_kea(name):
        names = {"LEASE4_ADDRESS": ADDRESS, "LEASE4_HWADDR": MAC, "LEASE4_HOSTNAME": name}
        return [kea, "lease4_renew"], names

    def by_openwrt(name):
        command = [*SHELLS["busybox"], "-c", '( . "$1" )', "hotplug-call", openwrt]
        names = {"ACTION": "add", "MACADDR": MAC, "IPADDR": ADDRESS}
        return command, names | {"HOSTNAME": name, "DNSMASQ_SUPPLIED_HOSTNAME": name}

    def by_isc(name):
        arguments = ["commit", ADDRESS, "1:2:0:0:0:0:1", "600", "", name]
        return [ddnsctl(), "lease", "isc-dhcp", *arguments], {}

    calls = {f"dnsmasq-{name}": by_dnsmasq(shell) for name, shell in SHELLS.items()}
    return calls | {"kea": by_kea, "openwrt": by_openwrt, "isc-dhcp": by_isc}


@pytest.mark.parametrize("hook", ["dnsmasq-sh", "dnsmasq-busybox", "kea", "openwrt", "isc-dhcp"])
def test_names_arrive_as_they_are_and_do_nothing(door, fake, folder, hook):
    daemon = fake(answers(OK))
    make = hook_calls(folder)[hook]
    for name in HOSTILE:
        command, environment = make(name)
        result = call(command, door, environment, cwd=folder)
        assert (result.returncode, result.stdout, result.stderr) == (DONE, b"", b""), name
        assert daemon.bodies[-1]["client_name"] == name
        assert daemon.bodies[-1]["address"] == ADDRESS
    assert len(daemon.bodies) == len(HOSTILE)
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_octets_that_are_no_utf_8_are_replaced(door, fake, folder, shell):
    daemon = fake(answers(OK))
    script = install_hook("dnsmasq/ddnsd-dhcp-script", folder)
    environment = {"DNSMASQ_SUPPLIED_HOSTNAME": b"Caf\xe9 \xff" + b"y" * 400}
    result = call([*shell, script, "add", MAC, ADDRESS, b"caf\xe9"], door, environment)
    assert result.returncode == DONE, result.stderr
    (told,) = daemon.bodies
    assert told["name"] == "caf\ufffd"
    assert told["client_name"].startswith("Caf\ufffd \ufffdyyy")
    assert len(told["client_name"].encode()) == 255


# The script that was there before

NEXT = """#!/usr/bin/python3 -EsS
import json, os, sys
seen = {
    "arguments": [os.fsencode(a).decode("latin-1") for a in sys.argv[1:]],
    "environment": {k.decode("latin-1"): v.decode("latin-1") for k, v in os.environb.items()},
    "stdin": sys.stdin.buffer.read().decode("latin-1"),
}
with open(os.path.join(os.path.dirname(sys.argv[0]), "seen"), "w") as file:
    json.dump(seen, file)
print("from the next one")
sys.exit(7)
"""


@pytest.fixture
def chained(folder):
    """Our script, with another one behind it."""
    path = folder / "dhcp-script.next"
    path.write_text(NEXT)
    path.chmod(0o755)
    return install_hook("dnsmasq/ddnsd-dhcp-script", folder)


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
@pytest.mark.parametrize("is_up", [True, False], ids=["up", "down"])
def test_the_next_script_gets_everything_as_dnsmasq_gave_it(
    door, fake, folder, chained, shell, is_up
):
    daemon = fake(answers(OK)) if is_up else None
    environment = {"DNSMASQ_SUPPLIED_HOSTNAME": b"x;\xff\n$(id)", "next": "one", "ddnsctl": "two"}
    arguments = ["add", MAC, ADDRESS, b"a b\xfe*"]
    result = call([*shell, chained, *arguments], door, environment, input=b"for the next")
    assert (result.returncode, result.stdout) == (7, b"from the next one\n")
    seen = json.loads((folder / "seen").read_text())
    assert seen["arguments"] == ["add", MAC, ADDRESS, "a b\xfe*"]
    assert seen["stdin"] == "for the next"
    assert seen["environment"]["DNSMASQ_SUPPLIED_HOSTNAME"] == "x;\xff\n$(id)"
    assert seen["environment"]["next"] == "one" and seen["environment"]["ddnsctl"] == "two"
    assert seen["environment"]["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin"
    if daemon:
        assert len(daemon.bodies) == 1


def test_at_init_only_the_next_script_speaks(door, folder, chained):
    result = call([chained, "init"], door, stdin=subprocess.DEVNULL)
    assert result.stdout == b"from the next one\n"
    (folder / "dhcp-script.next").chmod(0o644)
    result = call([chained, "init"], door, stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stdout, result.stderr) == (DONE, b"", b"")


def test_the_script_is_one_exec_away_from_ddnsctl(door, fake, folder):
    """dnsmasq waits for one process, not for a chain of them."""
    script = install_hook("dnsmasq/ddnsd-dhcp-script", folder)
    pids = []

    def serve(daemon, connection):
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        pids.append(int.from_bytes(credentials[:4], "little"))
        answers(OK)(daemon, connection)

    fake(serve)
    environment = {"PATH": "/usr/bin:/bin", "DDNSD_SOCKET": str(door)}
    process = subprocess.Popen([script, *CALL], env=environment)
    assert process.wait(60) == DONE
    assert pids == [process.pid]


# Examples


@pytest.mark.parametrize(
    "program, file",
    [
        ("kea-dhcp4", "kea-dhcp4-run-script.conf"),
        ("kea-dhcp4", "kea-dhcp4-ddns.conf"),
        ("kea-dhcp-ddns", "kea-dhcp-ddns.conf"),
    ],
)
def test_keas_examples_are_taken_by_kea(folder, program, file):
    (library,) = Path("/usr/lib").glob("*/kea/hooks/libdhcp_run_script.so")
    text = (TOP / "hooks/kea" / file).read_text()
    text = text.replace("/usr/lib/kea/hooks/libdhcp_run_script.so", str(library))
    script = install_hook("kea/ddnsd-run-script", folder)
    text = text.replace("/usr/local/lib/ddnsd/kea-run-script", str(script))
    (folder / file).write_text(text)
    places = {"KEA_LOCKFILE_DIR": str(folder), "KEA_PIDFILE_DIR": str(folder)}
    result = subprocess.run(
        [program, "-t", folder / file], env=os.environ | places, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
