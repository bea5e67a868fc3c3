# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl: somebody looks at names, changes them, and watches."""

import itertools
import json
import os
import re
import signal
import subprocess
import threading

import pytest
from harness import wire as w
from harness.control import Control
from harness.settings import everything_in
from harness.stepped_clock import SteppedClock
from harness.tool import DONE, FAILED, PROGRAM, UNREACHABLE, USAGE, Tool
from harness.waiting import wait_until

REVERSE = "2.0.192.in-addr.arpa"
DAY_S = 24 * 60 * 60
COMMANDS = (
    "status list show add del watch zone export import key backup restore check reload doctor setup tls help"
).split()

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs programs as somebody else")


@pytest.fixture
def serve(launch, folder):
    """A function that starts ddnsd with its control socket."""

    def serve(**settings):
        settings.setdefault("zones", {"home.arpa": {}, REVERSE: {}})
        settings.setdefault("control", {"socket": folder / "control.sock", "mode": "0666"})
        settings.setdefault("leases", {"file": "", "zone": "home.arpa"})
        settings.setdefault("keys", {"laptop": {"allow": ["self A AAAA"]}})
        settings.setdefault("peers", {"desk": {"user": "daemon", "allow": ["*.home.arpa A AAAA TXT"]}})
        return launch(**settings)

    return serve


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


@pytest.fixture
def control(folder):
    return Control(folder / "control.sock")


@pytest.fixture
def server(serve):
    return serve()


# Help, and what goes wrong before any daemon is asked


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, **options)


def test_without_arguments_the_commands_are_told_and_that_is_no_success():
    result = run()
    assert (result.returncode, result.stdout) == (USAGE, "")
    for command in COMMANDS:
        assert f"\n  {command} " in result.stderr, command
    assert "\n  lease " not in result.stderr, "hooks are not for people"


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["-h"]])
def test_help_goes_to_stdout_and_is_a_success(arguments):
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (DONE, "")
    assert "ddnsctl help COMMAND" in result.stdout


@pytest.mark.parametrize("command", [*COMMANDS, "lease"])
def test_each_command_is_explained(command):
    result = run("help", command)
    assert (result.returncode, result.stderr) == (DONE, "")
    assert f"usage: ddnsctl {command}" in result.stdout
    if command != "lease":
        assert run(command, "--help").stdout == result.stdout


def test_the_version_is_told():
    assert run("--version").stdout.startswith("ddnsctl 0.")


@pytest.mark.parametrize(
    ("typed", "meant"), [("stauts", "status"), ("lst", "list"), ("delete", "del"), ("ls", "list")]
)
def test_a_slip_of_the_fingers_is_understood(typed, meant):
    for arguments in [typed], ["help", typed]:
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (USAGE, "")
        assert f'there is no command "{typed}"; did you mean "{meant}"?' in result.stderr


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["list", "--zon", "x"], '"--zon"'),
        (["list", "a", "b"], '"b" is too much'),
        (["list", "--zone"], "--zone needs a value"),
        (["list", "--leases", "--zone", "x"], "--leases goes with a pattern only"),
        (["--jason", "list"], '"--jason"'),
        (["-s"], "-s needs the path"),
        (["show"], "NAME is missing"),
        (["add"], "NAME is missing"),
        (["add", "printer"], "An address is missing"),
        (["add", "printer", "192.0.2.300"], '"192.0.2.300" is neither an address nor a type'),
        (["add", "printer", "192.0.2.3", "x"], '"x" is no address'),
        (["add", "printer", "TXT"], "the data of the TXT record are missing"),
        (["add", "printer", "192.0.2.3", "--ttl", "5x"], '--ttl: "5x"'),
        (["add", "printer", "192.0.2.3", "--lease", "long"], '--lease: "long"'),
        (["add", "printer", "--owner", "a", "--ttl", "1"], "--owner alone"),
        (["del", "printer", "1.2.3"], '"1.2.3" is neither'),
        (["export", "--format", "xml"], '"xml"; the formats are hosts, zone and json'),
        (["import", "--format", "xml", "/dev/null"], '"xml"; the formats are hosts, leases, zone'),
        (["import"], "FILE is missing"),
        (["status", "now"], '"now" is too much'),
    ],
)
def test_a_wrong_command_line_is_named_and_nobody_is_asked(arguments, fault, folder):
    result = run(*arguments, env=os.environ | {"DDNSD_SOCKET": str(folder / "no.sock")})
    assert (result.returncode, result.stdout) == (USAGE, "")
    assert fault in result.stderr


@pytest.mark.parametrize("command", ["status", "list", "reload", "watch"])
def test_no_daemon_is_said_with_what_mends_it(command, tool):
    result = tool.run(command)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert f"no daemon at {tool.socket}; start it (systemctl start ddnsd)" in result.stderr


@needs_root
def test_who_may_not_connect_is_told_which_group_may(serve, folder, tool):
    serve(control={"socket": folder / "control.sock", "mode": "0600"})
    copy = folder / "ddnsctl"
    copy.write_bytes(open(PROGRAM, "rb").read())
    copy.chmod(0o755)
    result = subprocess.run(
        [copy, "-s", tool.socket, "status"],
        user="nobody", group="nogroup", extra_groups=[], capture_output=True, text=True, timeout=60,
    )
    assert result.returncode == UNREACHABLE
    assert "no permission" in result.stderr and "control block" in result.stderr


def test_the_socket_may_come_from_the_environment(server, tool):
    result = run("zone", env=os.environ | {"DDNSD_SOCKET": str(tool.socket)})
    assert result.returncode == DONE and "home.arpa" in result.stdout


# Looking


def test_status_tells_the_whole_chain(server, tool, control):
    control.put("printer", "192.0.2.9")
    text = tool.must("status").stdout
    assert f"process {server.process.pid} as" in text
    assert f"updates at    127.0.0.1:{server.settings.port}" in text
    assert "home.arpa, 1 name, serial " in text and f"{REVERSE} (reverse), 0 names" in text
    assert "names         1: 1 by admin, 0 registered, 0 of leases" in text
    assert 'none is wanted (publish mode "none")' in text
    assert "problem" not in text


def test_status_for_programs_is_the_daemons_own(server, tool, control):
    said, asked = tool.json("status"), control.get("/v1/status").json
    for member in "time", "uptime_s", "quiet_s":
        said.pop(member), asked.pop(member)
    assert said == asked


def test_status_tells_of_the_http_door_and_of_a_certificate_that_ends_soon(launch, folder):
    tool = Tool(folder / "control.sock")
    tool.must("tls", "self-signed", "--days", 70, folder / "tls")
    tls = {"tls-cert": folder / "tls/server.crt", "tls-key": folder / "tls/server.key"}
    server = launch(control={"socket": tool.socket}, http={"addresses": ["127.0.0.1", "::1"]} | tls)
    port = server.settings.http["port"]
    text = tool.must("status").stdout
    assert f"HTTP at       https://127.0.0.1:{port}, https://[::1]:{port}\n" in text
    assert "certificate" not in text
    for days, what in (60, r"ends .*\(in 9 d"), (120, "ended 20"):
        (folder / str(days)).mkdir()
        clock = SteppedClock(folder / str(days), days * DAY_S)
        later = tool.must("status", env=os.environ | clock.environment).stdout
        assert re.search(rf"^ +its certificate {what}", later, re.M), later


def test_status_says_nothing_of_a_door_that_is_not_there(server, tool):
    assert "HTTP" not in tool.must("status").stdout
    assert tool.json("status")["http"] == {"listen": [], "tls_until": None, "problem": ""}


def test_status_says_why_the_http_door_is_closed_and_when_it_is_open_again(launch, folder):
    tool = Tool(folder / "control.sock")
    tls = {"tls-cert": folder / "tls/server.crt", "tls-key": folder / "tls/server.key"}
    launch(control={"socket": tool.socket}, http={"addresses": ["127.0.0.1"]} | tls)
    result = tool.must("status")
    assert re.match(r"problem  http: .*server\.(crt|key).*nobody is served over HTTP", result.stdout)
    assert tool.json("status")["http"]["listen"] == []
    tool.must("tls", "self-signed", folder / "tls")
    tool.must("reload")
    status = tool.json("status")["http"]
    assert len(status["listen"]) == 1 and status["problem"] == "" and status["tls_until"]


def test_a_problem_stands_before_everything_else(server, tool):
    server.config_path.write_text(server.settings.text() + "nonsense = 1\n")
    refused = tool.run("reload")
    assert refused.returncode == FAILED
    assert 'ddnsd.conf:' in refused.stderr and '"nonsense"' in refused.stderr
    result = tool.must("status")
    assert result.stdout.startswith("problem  configuration: ") and '"nonsense"' in result.stdout


def test_a_name_is_added_shown_listed_and_deleted(server, tool):
    added = tool.must("add", "printer", "192.0.2.9", "2001:db8::9").stdout
    assert added == "printer.home.arpa: 192.0.2.9, 2001:db8::9, owned by @admin\n"
    text = tool.must("add", "text", "TXT", "hello").stdout
    assert text == 'text.home.arpa: TXT "hello", owned by @admin\n'
    tool.must("del", "text")
    tool.must("add", "printer", "TXT", "second floor", 'x"y')
    shown = tool.must("show", "printer").stdout
    assert shown.startswith("printer.home.arpa in zone home.arpa\n")
    for words in (
        "A     192.0.2.9", '"second floor" "x\\"y"', "AAAA  2001:db8::9", "administrator, @admin",
        "since      today", "until      it is deleted", "published",
    ):
        assert words in shown, words
    listed = tool.must("list").stdout.splitlines()
    assert listed[0].split() == ["NAME", "ADDRESSES", "SOURCE", "OWNER", "EXPIRES"]
    assert [line.split() for line in listed[1:]] == [
        ["printer.home.arpa", "192.0.2.9", "2001:db8::9", "admin", "@admin"]
    ]
    tool.must("del", "printer", "2001:db8::9")
    tool.must("del", "printer", "TXT", "second floor", 'x"y')
    assert server.lookup("printer.home.arpa", "A") == {"192.0.2.9"}
    assert server.lookup("printer.home.arpa", "AAAA") == set()
    assert tool.must("del", "printer").stdout == "printer: deleted\n"
    assert tool.must("list").stdout == "no names\n"
    assert tool.run("show", "printer").returncode == FAILED


def test_adding_goes_on_top_and_replacing_takes_away(server, tool):
    tool.must("add", "nas", "192.0.2.1")
    tool.must("add", "nas", "192.0.2.2", "--ttl", "5m")
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.1", "192.0.2.2"}
    tool.must("add", "--replace", "nas", "192.0.2.3", "--lease", "1d")
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.3"}
    assert "in 23 h" in tool.must("show", "nas").stdout or "in 1 d" in tool.must("show", "nas").stdout


def test_all_types_can_be_added_as_in_a_zone_file(server, tool):
    for name, rtype, *data in (
        ("www", "CNAME", "web"),
        ("_sip._tcp.home.arpa", "SRV", "1", "2", "5060", "pbx.example.org."),
        ("a", "TYPE65280", "\\#", "2", "00ff"),
        ("long", "TXT", "x" * 300),
    ):
        tool.must("add", name, rtype, *data)
    assert server.lookup("www.home.arpa", "CNAME") == {"web.home.arpa."}
    assert server.lookup("_sip._tcp.home.arpa", "SRV") == {"1 2 5060 pbx.example.org."}
    assert server.lookup("long.home.arpa", "TXT") == {f'"{"x" * 255}" "{"x" * 45}"'}
    assert "(CNAME)" in tool.must("list", "www").stdout


def test_what_the_daemon_refuses_is_said_with_its_hint(server, tool):
    result = tool.run("add", "www", "MX", "mail")
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert result.stderr.startswith("ddnsctl: ") and "\n  hint: " in result.stderr
    refused = tool.json("show", "nobody", code=FAILED)
    assert refused["error"] == "nobody.home.arpa is not registered" and refused["hint"]


def test_a_name_is_given_to_a_key(server, tool):
    tool.must("add", "laptop", "192.0.2.7", "--owner", "laptop", "--lease", "1h")
    assert tool.json("show", "laptop")["owner"] == "laptop"
    assert "registered, owned by laptop" in tool.must("show", "laptop").stdout
    tool.must("add", "other", "192.0.2.8")
    before = tool.json("show", "other")["records"]
    tool.must("add", "other", "--owner", "laptop")
    after = tool.json("show", "other")
    assert (after["owner"], after["records"]) == ("laptop", before)
    listed = tool.json("list", "--owner", "laptop")["names"]
    assert [name["name"] for name in listed] == ["laptop.home.arpa", "other.home.arpa"]
    assert tool.run("add", "other", "--owner", "stranger").returncode == FAILED


@needs_root
def test_a_peer_changes_what_it_is_granted_and_no_more(server, folder):
    copy = folder / "ddnsctl"
    copy.write_bytes(open(PROGRAM, "rb").read())
    copy.chmod(0o755)

    def as_daemon(*arguments):
        return subprocess.run(
            [copy, "-s", folder / "control.sock", *arguments],
            user="daemon", extra_groups=[], capture_output=True, text=True, timeout=60,
        )

    assert as_daemon("add", "desk", "192.0.2.5").returncode == DONE
    refused = as_daemon("add", "desk", "MX", "10 mail.example.org.")
    assert refused.returncode == FAILED and "@desk" in refused.stderr
    assert as_daemon("reload").returncode == FAILED
    assert "\nyou           @desk\n" in as_daemon("status").stdout


def test_lists_are_narrowed(server, tool, control):
    control.put("printer", "192.0.2.9")
    control.put("phone", "192.0.2.10")
    control.put("9.2.0.192.in-addr.arpa", records=[{"type": "PTR", "data": "printer.home.arpa."}])
    control.lease("add", "192.0.2.50", hardware="02:00:00:00:00:01", name="tv", server="dnsmasq")

    def names(*arguments):
        return [line.split()[0] for line in tool.must("list", *arguments).stdout.splitlines()[1:]]

    assert names("ph*") == ["phone.home.arpa"]
    assert names("printer") == ["printer.home.arpa"]
    assert names("--zone", REVERSE, "--source", "admin") == ["9.2.0.192.in-addr.arpa"]
    assert names("--source", "lease", "--zone", "home.arpa") == ["tv.home.arpa"]
    assert names("--zone", "home.arpa") == ["phone.home.arpa", "printer.home.arpa", "tv.home.arpa"]
    assert tool.must("list", "nothing").stdout == "no names that fit\n"
    assert tool.run("list", "--source", "moon").returncode == FAILED


def test_leases_are_listed_and_hostile_names_steer_no_terminal(server, tool, control):
    control.lease(
        "add", "192.0.2.50", hardware="02:00:00:00:00:01", server="dnsmasq",
        client_name="Bob's\x1b[31m\niPhone", expires_in_s=3600,
    )
    control.lease("add", "192.0.2.51", hardware="02:00:00:00:00:02", server="dnsmasq")
    lines = tool.must("list", "--leases").stdout.splitlines()
    assert lines[0].split() == ["ADDRESS", "DEVICE", "NAME", "ASKED", "FOR", "EXPIRES", "NOTE"]
    assert len(lines) == 3
    assert lines[1].startswith("192.0.2.50  02:00:00:00:00:01  bobs")
    assert "Bob's\\x1b[31m\\x0aiPhone" in lines[1]
    assert lines[2].split()[:3] == ["192.0.2.51", "02:00:00:00:00:02", "never"]
    assert "the device gives no name" in lines[2]
    assert len(tool.must("list", "--leases", "192.0.2.51").stdout.splitlines()) == 2
    assert len(tool.json("list", "--leases", "02:00:*:01")["leases"]) == 1
    name = tool.json("list", "--leases")["leases"][0]["name"]
    shown = tool.must("show", name).stdout
    assert "a DHCP lease; a registration may take it over" in shown
    assert "192.0.2.50 of 02:00:00:00:00:01, which calls itself \"Bob's\\x1b[31m\\x0aiPhone\"" in shown
    refused = tool.run("del", name)
    assert refused.returncode == FAILED and "hint:" in refused.stderr


def test_more_names_than_a_page_come_together(server, tool, folder):
    hosts = folder / "hosts"
    hosts.write_text("".join(f"10.0.{n // 250}.{n % 250} host{n}\n" for n in range(1203)))
    tool.must("import", hosts)
    # For programs the zones themselves are among them.
    assert len(tool.json("list")["names"]) == 1203 + 2
    assert len(tool.must("list").stdout.splitlines()) == 1204


def test_zones_are_listed_and_written_as_files(server, tool):
    tool.must("add", "printer", "192.0.2.9")
    lines = [line.split() for line in tool.must("zone").stdout.splitlines()]
    assert lines[0] == ["ZONE", "NAMES", "SERIAL", "KIND"]
    assert lines[1][:2] == ["home.arpa", "1"] and lines[1][3] == "forward"
    assert lines[2][0] == REVERSE and lines[2][3] == "reverse"
    text = tool.must("zone", "home.arpa").stdout
    assert "\tSOA\t" in text.splitlines()[0] and "printer.home.arpa.\t60\tIN\tA\t192.0.2.9\n" in text
    assert tool.json("zone", "home.arpa") == {"zone": "home.arpa", "text": text}
    assert tool.run("zone", "example.org").returncode == FAILED


def test_a_reload_tells_what_changed(server, tool):
    assert tool.must("reload").stdout == "nothing has changed\n"
    server.settings.keys["tablet"] = {"allow": ["self A"]}
    server.write_config()
    # The file is watched too: whoever comes first tells of it.
    told = tool.must("reload").stdout
    assert "tablet" in told or server.wait_for_log("tablet")
    assert tool.must("reload").stdout == "nothing has changed\n"


# Standard output that takes no more


def test_a_full_disk_is_noticed(server, tool):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            tool.command("list"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert result.returncode == FAILED
    assert "cannot write to standard output: No space left on device" in result.stderr


def test_a_closed_pipe_is_noticed(server, tool):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        tool.command("list"), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (FAILED, "")


# Watching


class Watcher:
    """A running "ddnsctl watch", and the lines it has written."""

    def __init__(self, tool, control, *arguments):
        self.control = control
        self.process = tool.start(*arguments)
        self.lines = []
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def wait_until_it_watches(self, name="probe"):
        """Nothing tells that it is connected but what it sees."""
        count = itertools.cycle(range(1, 250))

        def is_seen():
            self.control.put(name, f"192.0.2.{next(count)}")
            return any(name in line for line in list(self.lines))

        wait_until(is_seen, "the watcher sees a change")
        return self

    def wait_for(self, *words):
        def found():
            return [line for line in list(self.lines) if all(word in line for word in words)]

        return wait_until(found, f"a line with {words}")[0]

    def end(self, number=None):
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self.thread.join()
        return code


@pytest.fixture
def watch(tool, control):
    """A function that starts a watcher; what still runs at the end is ended."""
    watchers = []

    def start(*arguments):
        watchers.append(Watcher(tool, control, *arguments))
        return watchers[-1]

    yield start
    for watcher in watchers:
        watcher.process.kill()
        watcher.process.wait()
        watcher.thread.join()
        watcher.process.stdout.close()
        watcher.process.stderr.close()


def test_changes_are_seen_as_they_happen(server, control, watch):
    watcher = watch("watch").wait_until_it_watches()
    control.put("printer", "192.0.2.9")
    control.put("printer", "192.0.2.10")
    control.delete("printer")
    assert watcher.wait_for("printer.home.arpa  nothing -> 192.0.2.9  by @admin (unix)")
    assert watcher.wait_for("printer.home.arpa  192.0.2.9 -> 192.0.2.10")
    assert watcher.wait_for("printer.home.arpa  192.0.2.10 -> nothing")
    assert watcher.end(signal.SIGINT) == DONE


def test_what_dnsmasq_answers_is_seen_too(serve, make_dnsmasq, folder, control, watch):
    hosts = folder / "hosts" / "ddnsd.hosts"
    hosts.parent.mkdir()
    dnsmasq = make_dnsmasq(f"--addn-hosts={hosts.parent}")
    hosts.touch()
    dnsmasq.start()
    serve(publish=dnsmasq.publish_options(hosts))
    watcher = watch("watch", "printer").wait_until_it_watches("printer")
    line = watcher.wait_for("published; dnsmasq answered publication ", " after ", " ms")
    assert line.endswith(" ms\n")
    shown = wait_until(
        lambda: (text := Tool(folder / "control.sock").must("show", "printer").stdout)
        and "dnsmasq answered publication" in text and text,
        "show tells that it is confirmed",
    )
    assert " ms\n" in shown
    text = Tool(folder / "control.sock").must("add", "my_printer", "192.0.2.9").stdout
    assert "  not published: a hosts file takes letters, digits and inner hyphens only\n" in text


def test_a_watcher_of_some_names_hears_of_no_others(server, control, watch):
    watcher = watch("watch", "--json", "probe*").wait_until_it_watches()
    control.put("printer", "192.0.2.9")
    control.put("probe-last", "192.0.2.10")
    watcher.wait_for("probe-last")
    events = [json.loads(line) for line in watcher.lines]
    assert {event["event"] for event in events} == {"change"}
    assert not [event for event in events if event["name"].startswith("printer")]
    assert set(events[0]) == {"event", "time", "name", "before", "after", "who", "door", "from"}


def test_an_update_by_dns_is_seen_with_its_key_and_source(serve, control, watch):
    server = serve(keys={"editor": {"allow": everything_in("home.arpa")}})
    watcher = watch("watch").wait_until_it_watches()
    server.must_update(w.add("host.home.arpa", "A", "192.0.2.77"))
    assert watcher.wait_for("host.home.arpa  nothing -> 192.0.2.77  by editor (udp from 127.0.0.1")


def test_watching_ends_with_the_daemon(server, tool, watch):
    watcher = watch("watch").wait_until_it_watches()
    server.stop()
    assert watcher.end() == UNREACHABLE
    assert f"the daemon at {tool.socket} ended" in watcher.process.stderr.read()


def test_watching_goes_on_with_the_next_daemon_when_that_is_wanted(server, watch):
    watcher = watch("watch", "--retry").wait_until_it_watches()
    server.restart()
    watcher.wait_until_it_watches("again")
    assert watcher.end(signal.SIGINT) == DONE
