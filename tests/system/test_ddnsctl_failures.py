# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl: what is wrong is said once, in words that harm no terminal, and to programs as JSON."""

import json
import socket
import threading

import pytest
from harness.tool import DONE, FAILED, UNREACHABLE, USAGE, Tool

ESCAPE = "\x1b[31m"


@pytest.fixture
def server(launch, folder):
    return launch(
        zones={"home.arpa": {}},
        control={"socket": folder / "control.sock"},
        keys={"laptop": {"allow": ["self A AAAA"]}},
    )


class BadHands(threading.Thread):
    """Stands at the control socket in the daemon's place, and answers everything with one JSON."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.body = json.dumps(answer).encode()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(8)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
                connection.sendall(self.body)


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


@pytest.mark.parametrize(
    ("arguments", "code", "fault"),
    [
        (["frobnicate"], USAGE, '"frobnicate"'),
        (["add"], USAGE, "NAME is missing"),
        (["add", "x", "fd00:::9"], USAGE, '"fd00:::9"'),
        (["list", "--source", "nowhere"], FAILED, '"nowhere"'),
        (["show", "nobody"], FAILED, "nobody.home.arpa"),
        (["show", f"x{ESCAPE}"], FAILED, "malformed"),
        (["zone", "example.org"], FAILED, "example.org"),
        (["export", "--zone", "example.org"], FAILED, "example.org"),
        (["import", "/nonexistent"], FAILED, "/nonexistent"),
        (["restore", "/dev/null"], FAILED, "SQLite"),
        (["key", "rotate", "nobody"], FAILED, "no folder of keys"),
    ],
)
def test_a_failure_with_json_is_one_document(server, tool, arguments, code, fault):
    answer = tool.json(*arguments, code=code)
    assert fault in answer["error"]
    assert isinstance(answer["hint"], str)


@pytest.mark.parametrize(
    "arguments", [["status"], ["list"], ["watch"], ["add", "x", "192.0.2.1"], ["reload"]]
)
def test_without_a_daemon_programs_are_told_so_too(tool, arguments):
    assert f"no daemon at {tool.socket}" in tool.json(*arguments, code=UNREACHABLE)["error"]


def test_what_failed_is_shown_without_its_control_characters(server, tool):
    for arguments in ["show", f"x{ESCAPE}"], [f"frob{ESCAPE}"], ["import", f"/nonexistent{ESCAPE}"]:
        result = tool.run(*arguments)
        assert result.returncode in (FAILED, USAGE)
        assert "\x1b" not in result.stderr and result.stderr.startswith("ddnsctl: ")


def test_why_a_request_is_none_is_told(server, tool):
    assert "the daemon at" in tool.run("show", "a\nb").stderr
    assert "answered 400: The path is malformed." in tool.run("show", "a\nb").stderr


def test_a_file_that_is_no_socket_is_called_that(folder):
    path = folder / "file"
    path.write_text("")
    result = Tool(path).run("status")
    assert result.returncode == UNREACHABLE
    assert f"{path} is no socket" in result.stderr


def test_a_folder_is_no_file_to_import(server, tool, folder):
    result = tool.run("import", folder)
    assert result.returncode == FAILED
    assert f"cannot read {folder}: it is a folder" in result.stderr


def test_a_reader_that_has_seen_enough_is_no_failure_to_tell_of(server, tool, folder):
    hosts = folder / "hosts"
    hosts.write_text("".join(f"192.0.2.{i % 250} host-with-a-long-name-{i}\n" for i in range(1500)))
    tool.must("import", hosts)
    writer = tool.start("zone", "home.arpa")
    writer.stdout.close()
    assert writer.stderr.read() == ""
    assert writer.wait(timeout=60) == FAILED


def test_who_waits_for_a_daemon_is_told_why(folder):
    watcher = Tool(folder / "nowhere.sock").start("watch", "--retry")
    try:
        assert "no daemon at" in watcher.stderr.readline()
        assert watcher.poll() is None
    finally:
        watcher.kill()
        watcher.wait()


def test_a_success_says_nothing_of_failures(server, tool):
    assert tool.run("--json", "list").returncode == DONE
    assert "error" not in tool.json("list")


@pytest.mark.parametrize(
    "poison", ["$(touch pwned)", "x;touch pwned", "x\ndhcp-script=/tmp/pwned", "`pwned`"]
)
def test_a_daemon_in_bad_hands_gets_nothing_into_a_shell_or_a_file(tool, folder, poison):
    keys = folder / "keys.d"
    keys.mkdir(mode=0o750)
    answer = {
        "zones": [{"zone": poison}, {"zone": f"{poison}.home.arpa"}, {"zone": "home.arpa"}],
        "configuration": {"file": poison, "keys_directory": f"/{poison}"},
        "publication": {"file": f"/{poison}", "pid_file": poison, "confirm": poison, "mode": poison},
        "dns": {"listen": [poison]},
        "leases": {"file": poison, "zone": poison},
    }
    daemon = BadHands(tool.socket, answer)
    result = tool.must("key", "new", "laptop", "--directory", keys)
    daemon.socket.close()
    assert "pwned" not in result.stdout + result.stderr + (keys / "laptop.conf").read_text()
    assert "zone home.arpa" in result.stdout


def test_a_folder_of_keys_that_others_may_write_is_told_of(tool, folder):
    keys = folder / "keys.d"
    keys.mkdir()
    keys.chmod(0o777)
    assert "others than root may write" in tool.must("key", "new", "a", "--directory", keys).stderr
    keys.chmod(0o750)
    assert "others than root" not in tool.must("key", "new", "b", "--directory", keys).stderr
