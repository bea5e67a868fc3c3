# SPDX-License-Identifier: GPL-3.0-or-later
"""The control door when things go wrong: disks, crashes, crowds, bad manners, the socket file."""

import contextlib
import grp
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import wire as w
from harness.control import Control, connect
from harness.daemon import is_sanitized
from harness.dhcp import ddnsctl
from harness.faults import failing, fill, remount, small_disk, strace
from harness.load import Writer, acknowledged_changes
from harness.tool import DONE, FAILED, UNREACHABLE, Tool
from harness.waiting import must_be_quick, wait_until
from test_durability import FAULTS, SYNCS

DESK = "desk.home.arpa"
CONNECTIONS_MAX = 64
NOBODY = 12345
GROUP = "daemon"
BODY = b'{"addresses":["192.0.2.1"]}'

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root asks as somebody else")


@pytest.fixture
def serve(launch, folder):
    """A function that starts ddnsd with its control socket."""

    def serve(**settings):
        settings.setdefault("control", {"socket": folder / "control.sock", "mode": "0666"})
        settings.setdefault("leases", {"file": "", "zone": "home.arpa"})
        return launch(**settings)

    return serve


@pytest.fixture
def control(folder):
    return Control(folder / "control.sock")


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


@pytest.fixture
def server(serve):
    return serve()


def tell_lease(control, number=17, action="add", **members):
    return control.lease(
        action,
        f"192.0.{number >> 8}.{number & 255}",
        hardware=f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}",
        name=f"tv{number}",
        expires_in_s=3600,
        server="kea",
        **members,
    )


def records(control, name):
    reply = control.name(name)
    return {r["data"] for r in reply.json["records"]} if reply.status == 200 else None


def works(control):
    """Has the database recovered?"""
    return control.put("probe", "192.0.2.250").status in (200, 201)


# Disks


@pytest.mark.parametrize("syscalls, error", FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_stored_is_said_and_did_not_happen(server, control, tool, syscalls, error):
    assert control.put("desk", "192.0.2.1").status == 201
    assert tell_lease(control).status == 200
    serial = server.serial()
    with failing(server.process.pid, syscalls, error):
        replies = [
            control.put("desk", "192.0.2.2"),
            control.put("new", "192.0.2.3"),
            control.add("desk", "192.0.2.4"),
            control.delete("desk"),
            tell_lease(control, 18),
            tell_lease(control, 17, "del"),
        ]
        for reply in replies:
            assert reply.status == 503, reply
            assert int(reply.headers["Retry-After"]) > 0
            assert reply.error and "nothing was changed" in reply.hint
        refused = tool.run("add", "new", "192.0.2.3")
        assert (refused.returncode, refused.stdout) == (FAILED, "")
        assert refused.stderr.startswith(
            f"ddnsctl: {replies[0].error}\n  hint: nothing was changed"
        )
        # Looking goes on, and what it shows is what was acknowledged.
        assert records(control, "desk") == {"192.0.2.1"}
        assert control.name("new").status == 404 and control.name("tv18").status == 404
        assert records(control, "tv17") == {"192.0.0.17"}
        assert server.lookup(DESK, "A") == {"192.0.2.1"} and server.serial() == serial
        assert len(control.get("/v1/leases").json["leases"]) == 1
        assert control.get("/v1/status").json["database"]["error"]
        assert "problem" in tool.must("status").stdout
    wait_until(lambda: works(control), "changes are stored again")
    assert control.get("/v1/status").json["database"]["error"] in ("", None)
    assert control.put("desk", "192.0.2.2").status == 200
    assert tell_lease(control, 18).status == 200
    server.kill()
    server.start()
    assert records(control, "desk") == {"192.0.2.2"} and records(control, "tv18") == {"192.0.0.18"}
    assert control.name("new").status == 404


@pytest.fixture
def disk(folder):
    with small_disk(folder / "disk") as path:
        yield path


def test_a_full_disk_is_named_by_ddnsctl_and_heals_by_itself(disk, serve, control, tool):
    server = serve(database=disk / "ddnsd.db")
    tool.must("add", "desk", "192.0.2.1")
    filler = fill(disk)

    def is_full():
        """The write-ahead log may have room left for a while."""
        note = {"records": [{"type": "TXT", "data": f'"{os.urandom(120).hex()}"'}]}
        return control.add("note", **note).status not in (200, 201)

    def first_refused():
        said = tool.run("add", "note", "TXT", os.urandom(120).hex())
        return said if said.returncode != DONE else None

    wait_until(is_full, "the disk takes no more", 120)
    said = wait_until(first_refused, "the disk takes no more", 120)
    assert said.returncode == FAILED
    assert said.stderr.startswith("ddnsctl: the disk of the database is full\n  hint: ")
    assert server.lookup(DESK, "A") == {"192.0.2.1"}
    assert "desk" in tool.must("list").stdout
    assert tool.must("backup", "--force", disk.parent / "copy").returncode == DONE
    filler.unlink()
    wait_until(lambda: tool.run("add", "desk", "192.0.2.2").returncode == DONE, "it heals")
    server.kill()
    server.start()
    assert server.lookup(DESK, "A") == {"192.0.2.1", "192.0.2.2"}
    server.stop()


def test_a_read_only_disk_is_named_by_ddnsctl_and_heals_by_itself(disk, serve, tool):
    server = serve(database=disk / "ddnsd.db")
    tool.must("add", "desk", "192.0.2.1")
    server.stop()
    remount(disk, "ro")
    server.start()
    said = tool.run("add", "desk", "192.0.2.2")
    assert said.returncode == FAILED and "the database is read-only" in said.stderr
    assert "192.0.2.1" in tool.must("show", "desk").stdout
    remount(disk, "rw")
    wait_until(lambda: tool.run("add", "desk", "192.0.2.2").returncode == DONE, "it heals")
    server.restart()
    assert server.lookup(DESK, "A") == {"192.0.2.1", "192.0.2.2"}
    server.stop()


# Acknowledged means durable


def test_what_was_acknowledged_outlives_a_kill_9_that_follows_at_once(server, control):
    for n in range(5):
        assert control.put("desk", f"192.0.2.{n}").status in (200, 201)
        server.kill()
        server.start()
        assert records(control, "desk") == {f"192.0.2.{n}"}
        assert tell_lease(control, n).status == 200
        server.kill()
        server.start()
        assert records(control, f"tv{n}") == {f"192.0.0.{n}"}
        assert control.delete("desk").status == 204
        server.kill()
        server.start()
        assert control.name("desk").status == 404
        assert tell_lease(control, n, "del").status == 200
        server.kill()
        server.start()
        assert control.name(f"tv{n}").status == 404


class ApiWriter(threading.Thread):
    """Changes names and leases of its own, and remembers the last number sent and answered."""

    NAMES = 4

    def __init__(self, control, number):
        super().__init__(daemon=True)
        self.control, self.number = control, number
        self.sent, self.answered = {}, {}

    def change(self, n, count):
        """Even numbers are there with that address, odd ones are deleted."""
        if n == 0:
            action = "add" if count % 2 == 0 else "del"
            address = (
                f"10.{100 + self.number}.{count >> 8 & 255}.{count & 255}"
                if action == "add"
                else self.leased
            )
            self.leased = address
            return self.control.lease(
                action,
                address,
                hardware=f"02:00:00:00:01:{self.number:02x}",
                name=f"l{self.number}",
                expires_in_s=3600,
                server="kea",
            )
        if count % 2 == 0:
            return self.control.put(f"n{n}-{self.number}", f"10.1.{count >> 8}.{count & 255}")
        return self.control.delete(f"n{n}-{self.number}")

    def run(self):
        count = 0
        with contextlib.suppress(OSError):
            while True:
                for n in range(self.NAMES):
                    self.sent[n] = count
                    assert self.change(n, count).status in (200, 201, 204)
                    self.answered[n] = count
                count += 1

    def audit(self):
        for n in range(self.NAMES):
            if n not in self.answered:
                continue
            name = f"n{n}-{self.number}" if n else f"l{self.number}"
            found = records(self.control, name)
            may_be = set()
            for count in range(self.answered[n], self.sent[n] + 1):
                prefix = f"10.{100 + self.number}" if n == 0 else "10.1"
                there = count % 2 == 0
                may_be.add(f"{prefix}.{count >> 8}.{count & 255}" if there else None)
            assert (found and len(found) == 1 and found <= may_be) or (
                not found and None in may_be
            ), (
                name,
                found,
                may_be,
            )


@pytest.mark.parametrize("rounds", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_no_acknowledged_change_is_lost_when_it_is_killed_at_work(server, control, rounds):
    number = 0
    for _ in range(rounds):
        writers = [ApiWriter(control, number + n) for n in range(6)]
        number += 6
        for writer in writers:
            writer.start()
        wait_until(lambda: all(w.answered.get(1, 0) > 20 for w in writers), "all have written", 120)
        server.kill()
        for writer in writers:
            writer.join(30)
        server.start()
        for writer in writers:
            writer.audit()


# Crowds


def test_two_hundred_ddnsctl_at_once_are_all_served(server, control, tool):
    started = [
        subprocess.Popen(
            tool.command("add", f"h{n}", f"10.0.0.{n}"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(200)
    ]
    ended = [(process.communicate(timeout=60), process.returncode) for process in started]
    assert [entry for entry in ended if entry[1] != DONE] == []
    for n in range(200):
        assert records(control, f"h{n}") == {f"10.0.0.{n}"}


def test_two_hundred_who_are_slow_to_speak_are_served_or_told_to_come_again(server, control):
    """All have connected before the first says a word: more than there is room for."""
    socks = []
    for _ in range(200):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.connect(str(control.path))
        except BlockingIOError:
            sock.close()
            continue
        socks.append(sock)
    served = 0
    for sock in socks:
        sock.settimeout(60)
        with sock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(b"GET /v1/zones HTTP/1.0\r\n\r\n")
            served += sock.recv(65536).startswith(b"HTTP/1.1 200")
    assert served >= CONNECTIONS_MAX
    assert control.get("/v1/zones").status == 200


# Bad manners


def assert_serves(server, control):
    """DNS and the door, both within their usual time."""
    must_be_quick(lambda: use_all_doors(server, control), 8)


def use_all_doors(server, control):
    server.must_update(w.add("served.home.arpa", "A", "192.0.2.200"))
    assert server.lookup("served.home.arpa", "A") == {"192.0.2.200"}
    server.must_update(w.delete_name("served.home.arpa"), tcp=True)
    assert control.put("served", "192.0.2.201").status == 201
    assert control.delete("served").status == 204


def says_nothing(sock):
    pass


def says_half_a_line(sock):
    sock.sendall(b"GET /v1/sta")


def hangs_in_the_body(sock):
    sock.sendall(b"PUT /v1/names/half HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n" + BODY[:9])


HOLDERS = {hold.__name__: hold for hold in (says_nothing, says_half_a_line, hangs_in_the_body)}


@pytest.mark.parametrize("hold", HOLDERS.values(), ids=HOLDERS)
def test_who_holds_all_connections_keeps_nobody_out(server, control, hold):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(control.path)) for _ in range(CONNECTIONS_MAX)]
        for sock in held:
            hold(sock)
        assert_serves(server, control)
        # A newcomer takes the place of the one that was idle longest.
        assert is_closed(held[0]) and not is_closed(held[-1])
    assert control.name("half").status == 404
    assert_serves(server, control)


def is_closed(sock):
    """Has the other end closed it? Does not wait."""
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def sends_an_octet_at_a_time(sock):
    sock.settimeout(0.5)
    for octet in b"PUT /v1/names/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n" + BODY:
        sock.send(bytes((octet,)))
        with contextlib.suppress(TimeoutError):
            assert sock.recv(1) == b""
            return


@pytest.mark.slow
def test_connections_that_do_not_come_to_the_point_are_closed(server, control):
    def seconds_until_closed(hold):
        begun = time.monotonic()
        with connect(control.path) as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                hold(sock)
                sock.settimeout(60)
                assert sock.recv(1) == b""
        return time.monotonic() - begun

    holders = [*HOLDERS.values(), sends_an_octet_at_a_time]
    with ThreadPoolExecutor(len(holders)) as pool:
        took = list(pool.map(seconds_until_closed, holders))
    assert all(8 < seconds < 14 for seconds in took), took
    assert control.name("slow").status == 404
    assert_serves(server, control)


def slow_card(pid):
    """Each sync takes 20 ms."""
    return strace(pid, "-o", "/dev/null", "-e", "inject=fdatasync:delay_enter=20000")


def test_who_leaves_while_waiting_for_the_commit_harms_nobody(server, control):
    request = b"PUT /v1/names/gone%d HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n" + BODY
    with slow_card(server.process.pid):
        for n in range(20):
            with connect(control.path) as sock:
                sock.sendall(request % n)
        assert control.put("stays", "192.0.2.1").status == 201
    assert_serves(server, control)
    # Heard or not, what is seen once stays.
    seen = {f"gone{n}": records(control, f"gone{n}") for n in range(20)}
    assert set(map(frozenset, filter(None, seen.values()))) <= {frozenset({"192.0.2.1"})}
    server.kill()
    server.start()
    assert {name: records(control, name) for name in seen} == seen
    assert records(control, "stays") == {"192.0.2.1"}


def test_a_stream_whose_reader_stops_is_closed_and_costs_the_others_nothing(server, control):
    text = ["x" * 250 + str(n) for n in range(15)]
    memory = server.resident_kb()
    seen = server.log_size()
    with control.events() as reading, control.events() as stopped:

        def has_ended():
            for n in range(40):
                data = [{"type": "TXT", "data": f'"{n % 2}{line}"'} for line in text]
                assert control.ask("PUT", "/v1/names/long", {"records": data}).status in (200, 201)
                assert reading.next_of("change")["name"] == "long.home.arpa"
            return server.log_lines(
                "the reader of a stream over unix is too far behind; closed", seen
            )

        wait_until(has_ended, "the one that stopped is closed", 240)
        assert control.put("desk", "192.0.2.1").status == 201
        assert reading.next_of("change")["name"] == DESK
        with pytest.raises((AssertionError, OSError)):
            while True:
                stopped.next()
    if not is_sanitized():
        assert server.resident_kb() - memory < 16 * 1024
    assert_serves(server, control)


def test_more_streams_than_there_are_places_are_turned_away_with_a_reason(server, control, tool):
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(control.events())
        reply = control.get("/v1/events")
        assert reply.status == 503 and reply.error == "too many event streams"
        watching = tool.run("watch")
        assert watching.returncode == FAILED and "too many event streams" in watching.stderr
        assert_serves(server, control)

    def has_room():
        try:
            control.events().close()
        except AssertionError:
            return False
        return True

    wait_until(has_room, "there is room again")


# The socket file


def second(folder, launch, **settings):
    """Another ddnsd, of its own folder, that wants the same socket."""
    other = folder / "other"
    other.mkdir(exist_ok=True)
    return launch(start=False, place=other, database=other / "ddnsd.db", **settings)


def test_a_second_ddnsd_is_refused_and_the_first_serves_on(server, control, launch, folder):
    other = second(folder, launch, control={"socket": control.path})
    other.spawn()
    assert other.wait_for_exit() == 1
    (line,) = other.log_lines("error")
    assert f"another program (another ddnsd?) listens on the control socket {control.path}" in line
    assert "stop it, or set another `socket` in `control`" in line
    assert control.get("/v1/status").json["pid"] == server.process.pid


def test_a_second_ddnsd_is_refused_also_while_the_first_is_stopped_dead(
    server, control, launch, folder
):
    """Its backlog is full, and it accepts nobody."""
    server.process.send_signal(signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock = stack.enter_context(
                    socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                )
                sock.connect(str(control.path))
        other = second(folder, launch, control={"socket": control.path})
        other.spawn()
        assert other.wait_for_exit() == 1
        assert other.log_lines("error.*listens on the control socket")
    server.process.send_signal(signal.SIGCONT)

    def is_back():
        """Until its backlog is worked off nobody can connect."""
        with contextlib.suppress(BlockingIOError):
            return control.get("/v1/status").json["pid"] == server.process.pid

    wait_until(is_back, "the first one serves on")


def test_what_a_killed_ddnsd_left_is_taken_over(server, control, tool):
    assert control.put("desk", "192.0.2.1").status == 201
    server.kill()
    assert stat.S_ISSOCK(control.path.lstat().st_mode)
    gone = tool.run("status")
    assert gone.returncode == UNREACHABLE and f"no daemon at {control.path}" in gone.stderr
    server.start()
    assert records(control, "desk") == {"192.0.2.1"}
    server.stop()
    assert not control.path.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link to a file", "link to nothing"])
def test_what_is_no_socket_is_left_alone_and_named(serve, launch, control, folder, kind):
    precious = folder / "precious"
    precious.write_text("precious")
    if kind == "file":
        shutil.copy(precious, control.path)
    elif kind == "folder":
        control.path.mkdir()
    else:
        control.path.symlink_to(precious if kind == "link to a file" else folder / "nothing")
    before = control.path.lstat()
    server = serve(start=False)
    server.spawn()
    assert server.wait_for_exit() == 1
    (line,) = server.log_lines("error")
    assert f"{control.path} is there already and is no socket: move it away, or set another" in line
    assert control.path.lstat().st_ino == before.st_ino and precious.read_text() == "precious"
    assert not (folder / "nothing").exists()


BAD_PLACES = {
    "missing folder": (
        {"socket": "{folder}/missing/control.sock"},
        "the folder of the control socket {folder}/missing/control.sock is not there: make it "
        "(systemd-tmpfiles --create), or set another `socket`",
    ),
    "a file for a folder": (
        {"socket": "{folder}/ddnsd.conf/control.sock"},
        "{folder}/ddnsd.conf/control.sock",
    ),
    "unknown group": (
        {"socket": "{folder}/control.sock", "group": "no-such-group"},
        "no-such-group",
    ),
}


@pytest.mark.parametrize("options, words", BAD_PLACES.values(), ids=BAD_PLACES)
def test_a_place_that_cannot_be_had_is_named_at_the_start(serve, folder, options, words):
    server = serve(start=False, control={k: v.format(folder=folder) for k, v in options.items()})
    server.spawn()
    assert server.wait_for_exit() == 1
    assert any(words.format(folder=folder) in line for line in server.log_lines("error"))


@needs_root
def test_a_folder_that_may_not_be_written_is_named_at_the_start(serve, folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o755)
    state = folder / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    server = serve(
        start=False, control={"socket": closed / "control.sock"}, database=state / "ddnsd.db"
    )
    os.chown(server.config_path, 65534, -1)
    server.spawn(user=65534)
    assert server.wait_for_exit() == 1
    line = server.wait_for_log("error")
    assert f"{closed}/control.sock" in line and re.search("ermission", line)


def test_a_socket_that_somebody_removed_is_made_anew_by_a_reload(server, control, tool):
    control.path.unlink()
    gone = tool.run("list")
    assert gone.returncode == UNREACHABLE
    assert f"no daemon at {control.path}; start it" in gone.stderr
    server.must_update(w.add(DESK, "A", "192.0.2.1"))
    server.hang_up()
    wait_until(control.path.exists, "the socket is there again")
    assert "desk" in tool.must("list").stdout
    # Who has put something else there is not robbed of it.
    control.path.unlink()
    control.path.write_text("mine")
    seen = server.log_size()
    server.hang_up()
    server.wait_for_log(
        "is there already and is no socket.*the control socket stays as it is", seen
    )
    server.stop()
    assert control.path.read_text() == "mine"


def test_the_socket_moves_and_changes_its_mode_by_a_reload(server, control, folder):
    other = Control(folder / "moved.sock")
    with connect(control.path) as early:
        server.settings.control = {"socket": other.path, "mode": "0600"}
        server.write_config()
        assert "control" in " ".join(control.post("/v1/reload").json["changes"])
        assert stat.S_IMODE(other.path.stat().st_mode) == 0o600
        assert not control.path.exists()
        # Who was inside stays inside.
        early.sendall(b"GET /v1/zones HTTP/1.0\r\n\r\n")
        assert early.recv(65536).startswith(b"HTTP/1.1 200")
    server.settings.control = {"socket": other.path, "mode": "0666"}
    server.write_config()
    assert other.post("/v1/reload").status == 200
    assert stat.S_IMODE(other.path.stat().st_mode) == 0o666
    server.settings.control = None
    server.write_config()
    assert other.post("/v1/reload").status == 200
    wait_until(lambda: not other.path.exists(), "without the block there is no socket")
    server.must_update(w.add(DESK, "A", "192.0.2.1"))


# Who may


class Person:
    """Runs ddnsctl as a user with these groups; no name in the user database is needed."""

    def __init__(self, folder, uid, gid, groups=()):
        ids = [f"--reuid={uid}", f"--regid={gid}"]
        ids.append(f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups")
        self.command = ["setpriv", *ids, ddnsctl(), "-s", str(folder / "control.sock")]

    def run(self, *arguments, **options):
        return subprocess.run(
            [*self.command, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            **{"text": True} | options,
        )


@pytest.fixture
def group_id():
    return grp.getgrnam(GROUP).gr_gid


@pytest.fixture
def guarded(serve, folder):
    """ddnsd whose socket is for a group; in it only the user "bin" has more than eyes."""
    return serve(
        control={"socket": folder / "control.sock", "group": GROUP, "mode": "0660"},
        peers={
            "desk": {"user": "bin", "allow": ["*.lab.home.arpa A AAAA"]},
            "hook": {"user": "sys", "allow": ["lease"]},
            "boss": {"user": "games", "admin": True, "allow": ["zone home.arpa ANY"]},
            "crew": {"group": "mail", "allow": ["crew.home.arpa A"]},
        },
    )


@needs_root
def test_the_socket_has_the_mode_and_the_group_of_the_configuration(guarded, folder, group_id):
    status = (folder / "control.sock").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, group_id)


@needs_root
def test_who_is_not_in_the_group_does_not_get_in(guarded, folder, group_id):
    outside = Person(folder, NOBODY, NOBODY).run("status")
    assert outside.returncode == UNREACHABLE
    assert (
        f"no permission for {folder}/control.sock; use sudo, or see group and mode"
        in outside.stderr
    )
    hook = Person(folder, NOBODY, NOBODY).run(
        "lease", "dnsmasq", "add", "02:00:00:00:00:01", "192.0.2.5", "tv"
    )
    assert hook.returncode == FAILED and "may not open" in hook.stderr
    for groups in [group_id], [7, group_id, 4242]:
        assert Person(folder, NOBODY, NOBODY, groups).run("status").returncode == DONE
    assert Person(folder, NOBODY, group_id).run("status").returncode == DONE


@needs_root
def test_who_is_in_the_group_looks_and_changes_nothing(guarded, control, folder, group_id):
    control.put("desk", "192.0.2.1")
    person = Person(folder, NOBODY, NOBODY, [group_id])
    serial = guarded.serial()
    for looking in ("list",), ("show", "desk"), ("zone", "home.arpa"), ("list", "--leases"):
        assert person.run(*looking).returncode == DONE, looking
    for changing in (
        ("add", "mine", "192.0.2.66"),
        ("add", "--replace", "desk", "192.0.2.66"),
        ("del", "desk"),
        ("lease", "dnsmasq", "add", "02:00:00:00:00:01", "192.0.2.5", "tv"),
        ("reload",),
        ("backup", "-"),
        ("key", "list"),
    ):
        refused = person.run(*changing)
        assert refused.returncode == FAILED, changing
        if changing[0] != "key":
            assert (
                "uid 12345 may look, and change nothing: no peer block covers it" in refused.stderr
            )
            assert 'peer "NAME"' in refused.stderr
    assert guarded.wait_for_log(
        "api: refused PUT .* for uid 12345|api: refused POST .* for uid 12345"
    )
    assert guarded.serial() == serial and guarded.lookup(DESK, "A") == {"192.0.2.1"}
    assert (
        "may look, not change (no peer block in ddnsd.conf names you)"
        in person.run("status").stdout
    )


@needs_root
def test_a_peer_moves_within_its_grants(guarded, folder, group_id):
    desk = Person(folder, "bin", "bin", [group_id])
    assert desk.run("add", "x.lab.home.arpa", "192.0.2.5").returncode == DONE
    for arguments in (
        ("add", "x.home.arpa", "192.0.2.5"),
        ("add", "x.lab.home.arpa", "TXT", "note"),
        ("add", "x.lab.home.arpa", "--owner", "editor"),
        ("lease", "dnsmasq", "add", "02:00:00:00:00:01", "192.0.2.5", "tv"),
        ("reload",),
        ("backup", "-"),
    ):
        refused = desk.run(*arguments)
        assert refused.returncode == FAILED and "@desk" in refused.stderr, (arguments, refused)
    assert guarded.lookup("x.lab.home.arpa", "A") == {"192.0.2.5"}
    assert desk.run("del", "x.lab.home.arpa").returncode == DONE
    crew = Person(folder, NOBODY, NOBODY, [group_id, grp.getgrnam("mail").gr_gid])
    assert crew.run("add", "crew", "192.0.2.6").returncode == DONE
    assert crew.run("add", "other", "192.0.2.6").returncode == FAILED


@needs_root
def test_a_hooks_peer_tells_of_leases_and_does_nothing_else(guarded, folder, group_id):
    hook = Person(folder, "sys", "sys", [group_id])
    call = "lease", "dnsmasq", "add", "02:00:00:00:00:01", "192.0.2.5", "tv"
    assert hook.run(*call).returncode == DONE
    wait_until(lambda: guarded.lookup("tv.home.arpa", "A") == {"192.0.2.5"}, "the lease has a name")
    for arguments in (
        ("add", "tv", "192.0.2.6"),
        ("add", "x", "192.0.2.5"),
        ("reload",),
        ("backup", "-"),
    ):
        refused = hook.run(*arguments)
        assert refused.returncode == FAILED and "@hook" in refused.stderr
    assert guarded.lookup("tv.home.arpa", "A") == {"192.0.2.5"}


@needs_root
def test_a_peer_with_admin_rights_does_everything(guarded, folder, group_id, control):
    boss = Person(folder, "games", "games", [group_id])
    guarded.must_update(w.add(DESK, "A", "192.0.2.1"))
    assert boss.run("add", "--replace", "desk", "192.0.2.2").returncode == DONE
    assert control.name("desk").json["owner"] == "@boss"
    assert boss.run("add", "desk", "--owner", "editor").returncode == DONE
    assert boss.run("reload").returncode == DONE
    assert boss.run("backup", "-", text=False).stdout.startswith(b"SQLite format 3")


@needs_root
def test_a_reload_gives_and_takes_rights_on_open_connections(serve, control):
    server = serve(peers={"one": {"user": "bin", "allow": ["lease", "*.home.arpa A"]}})
    lease = b'{"action":"add","address":"192.0.2.5","hardware":"02:00:00:00:00:01","name":"tv"}'

    def ask(sock, target, body):
        head = b"%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (target, len(body))
        sock.sendall(head + body)
        return int(sock.recv(65536).split()[1])

    def may(sock):
        return ask(sock, b"PUT /v1/names/y", BODY) < 300, ask(sock, b"POST /v1/leases", lease) < 300

    with connect(control.path, 2) as one, connect(control.path, NOBODY) as other:
        assert (may(one), may(other)) == ((True, True), (False, False))
        server.settings.peers = {
            "one": {"user": "bin", "allow": ["*.home.arpa A"]},
            "other": {"user": "man", "allow": ["lease"]},
        }
        server.write_config()
        assert control.post("/v1/reload").status == 200
        assert (may(one), may(other)) == ((True, False), (False, False))
        server.settings.peers = {"crew": {"group": "root", "allow": ["lease"]}}
        server.write_config()
        assert control.post("/v1/reload").status == 200
        # Effective users change in these tests, their group stays that of the tests.
        assert (may(one), may(other)) == ((False, True), (False, True))


# Reloads, copies


def test_a_reload_disturbs_neither_waiting_requests_nor_streams(server, control):
    stop = threading.Event()
    statuses = []

    def put(n):
        while not stop.is_set():
            statuses.append(control.put(f"h{n}", f"192.0.2.{len(statuses) % 250}").status)

    with control.events() as events, ThreadPoolExecutor(8) as pool:
        done = [pool.submit(put, n) for n in range(8)]
        try:
            for n in range(10):
                server.settings.keys[f"key{n}"] = {"allow": ["self A"]}
                server.write_config()
                reply = control.post("/v1/reload")
                assert reply.status == 200 and isinstance(reply.json["changes"], list)
                assert any(k["name"] == f"key{n}" for k in control.get("/v1/keys").json["keys"])
        finally:
            stop.set()
        for future in done:
            future.result(30)
        assert control.put("last", "192.0.2.1").status == 201
        wait_until(
            lambda: events.next_of("change")["name"] == "last.home.arpa", "the stream went on"
        )
    assert set(statuses) <= {200, 201} and len(statuses) > 100


ERRORS = {
    "ttl": ('zone "home.arpa" {{\n    ttl = "soon"\n}}\n', 2, "ttl"),
    "unknown option": ("{text}nonsense = 1\n", -1, "nonsense"),
    "broken block": ('{text}key "x" {{\n', -1, ""),
}


@pytest.mark.parametrize("text, line, words", ERRORS.values(), ids=ERRORS)
def test_errors_of_the_configuration_come_back_with_file_and_line(
    server, control, tool, text, line, words
):
    before = control.get("/v1/status").json
    good = server.settings.text()
    bad = text.format(text=good)
    server.config_path.write_text(bad)
    reply = control.post("/v1/reload")
    assert reply.status == 400 and "the running one stays" in reply.error
    place = f"{server.config_path}:{line if line > 0 else ''}"
    assert any(
        error.startswith(place) and words in error for error in reply.json["errors"]
    ), reply.json
    shown = tool.run("reload")
    assert shown.returncode == FAILED and place in shown.stderr
    assert control.get("/v1/status").json["zones"] == before["zones"]
    assert place in control.get("/v1/status").json["configuration"]["error"]
    server.must_update(w.add(DESK, "A", "192.0.2.1"))
    server.config_path.write_text(good)
    assert control.post("/v1/reload").status == 200
    assert not control.get("/v1/status").json["configuration"]["error"]


def snapshot(writers, member):
    return [dict(getattr(writer, member)) for writer in writers]


def test_a_copy_that_is_taken_while_everybody_writes_is_whole(server, control):
    writers = [Writer(server, n) for n in range(3)]
    for writer in writers:
        writer.start()
    try:
        wait_until(lambda: acknowledged_changes(writers) > 500, "there is something to copy", 120)
        for _ in range(5):
            least = snapshot(writers, "acknowledged")
            reply = control.get("/v1/backup")
            most = snapshot(writers, "sent")
            assert reply.status == 200 and reply.body.startswith(b"SQLite format 3\0")
            assert server.lookup("home.arpa", "SOA")
    finally:
        for writer in writers:
            writer.connection.socket.shutdown(socket.SHUT_RDWR)
    for writer in writers:
        writer.join(10)
    assert control.put("later", "192.0.2.1").status == 201
    serial = server.serial()
    restored = control.post("/v1/restore", reply.body)
    assert restored.status == 200
    for writer, acknowledged, sent in zip(writers, least, most):
        writer.acknowledged, writer.sent = acknowledged, sent
        writer.audit(server)
    assert control.name("later").status == 404
    assert 0 < (server.serial() - serial) % 2**32 < 2**31, "the serial goes up"
    server.kill()
    server.start()
    for writer in writers:
        writer.audit(server)


def test_a_copy_may_be_put_back_while_everybody_writes(server, control):
    assert control.put("desk", "192.0.2.1").status == 201
    copy = control.get("/v1/backup").body
    assert control.put("later", "192.0.2.2").status == 201
    writers = [Writer(server, n) for n in range(3)]
    for writer in writers:
        writer.start()
    try:
        wait_until(lambda: acknowledged_changes(writers) > 200, "all write", 120)
        with control.events():
            for _ in range(5):
                before = acknowledged_changes(writers)
                reply = control.post("/v1/restore", copy)
                assert reply.status == 200 and reply.json["names"] == 1
                assert server.lookup(DESK, "A") == {"192.0.2.1"}
                wait_until(lambda: acknowledged_changes(writers) > before, "they write on", 120)
        assert control.name("later").status == 404
    finally:
        for writer in writers:
            writer.connection.socket.shutdown(socket.SHUT_RDWR)
    for writer in writers:
        writer.join(10)

    def listed():
        page = control.get("/v1/names", limit=1000, source="registered").json
        return {n["name"]: {r["data"] for r in n["records"]} for n in page["names"]}

    # What they had sent before they stopped is still being worked off.
    names = wait_until(lambda: (names := listed()) == listed() and names, "all is quiet")
    serial = server.serial()
    server.kill()
    server.start()
    assert listed() == names
    assert (server.serial() - serial) % 2**32 < 2**31


def newer(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()


def foreign(path):
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def damaged(path):
    content = bytearray(path.read_bytes())
    content[2048:4096] = b"\xa5" * 2048
    path.write_bytes(content)


BAD_COPIES = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100]),
    "one page short": lambda path: path.write_bytes(path.read_bytes()[:-1024]),
    "damaged": damaged,
    "newer": newer,
    "foreign": foreign,
    "no database": lambda path: path.write_bytes(os.urandom(20000)),
}


@pytest.mark.parametrize("spoil", BAD_COPIES.values(), ids=BAD_COPIES)
def test_a_copy_that_is_not_sound_is_refused_and_changes_nothing(
    server, control, tool, folder, spoil
):
    for n in range(50):
        assert control.put(f"h{n}", f"192.0.2.{n}").status == 201
    path = folder / "copy"
    path.write_bytes(control.get("/v1/backup").body)
    spoil(path)
    assert control.put("later", "192.0.2.2").status == 201
    serial = server.serial()
    for target in "/v1/restore?check=1", "/v1/restore":
        reply = control.post(target, path.read_bytes())
        assert reply.status == 400 and "nothing was changed" in reply.hint, reply
        assert len(reply.error) > 10
    refused = tool.run("restore", "--yes", path)
    assert refused.returncode == FAILED and refused.stderr.startswith("ddnsctl: ")
    assert server.serial() == serial
    assert server.lookup("later.home.arpa", "A") == {"192.0.2.2"}
    assert server.lookup("h49.home.arpa", "A") == {"192.0.2.49"}
    assert control.put("later", "192.0.2.3").status == 200
    server.kill()
    server.start()
    assert server.lookup("later.home.arpa", "A") == {"192.0.2.3"}


def test_a_copy_that_cannot_be_stored_changes_nothing(server, control):
    assert control.put("desk", "192.0.2.1").status == 201
    copy = control.get("/v1/backup").body
    assert control.put("later", "192.0.2.2").status == 201
    with failing(server.process.pid, SYNCS, "ENOSPC"):
        reply = control.post("/v1/restore", copy)
        assert reply.status == 503 and reply.hint
        assert records(control, "later") == {"192.0.2.2"}
    wait_until(lambda: works(control), "changes are stored again")
    assert records(control, "later") == {"192.0.2.2"}
    server.kill()
    server.start()
    assert records(control, "later") == {"192.0.2.2"} and records(control, "desk") == {"192.0.2.1"}
