# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl: names come from files and go to files; backups; checks; completion."""

import json
import os
import re
import shutil
import stat
import subprocess

import dns.zone
import pytest
from harness.control import Control
from harness.daemon import TOP
from harness.settings import everything_in
from harness.tool import DONE, FAILED, PROGRAM, UNREACHABLE, Tool

HOSTS = """\
127.0.0.1 localhost
127.0.1.1 pi
::1       localhost ip6-localhost ip6-loopback
ff02::1   ip6-allnodes
192.0.2.20 nas nas.home.arpa files   # a box
192.0.2.21 www.example.com
2001:db8::20 NAS
300.1.1.1 bad
192.0.2.22
"""

ZONE = """\
$TTL 300
@ SOA ns hostmaster 1 2 3 4 5
@ NS ns
ns A 192.0.2.30
web 60 CNAME ns
mail MX 10 mx.example.org.
note TXT "a b" "c;d"
caa CAA 0 issue "ca.example.org"
wrong A 1.2.3
$INCLUDE /etc/passwd
last AAAA 2001:db8::99
"""


@pytest.fixture
def server(launch, folder):
    return launch(
        zones={"home.arpa": {}, "2.0.192.in-addr.arpa": {}},
        control={"socket": folder / "control.sock"},
        leases={"file": "", "zone": "home.arpa"},
        keys={"laptop": {"allow": everything_in("home.arpa")}},
    )


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


@pytest.fixture
def control(folder):
    return Control(folder / "control.sock")


def written(path, text):
    path.write_text(text)
    return path


def names(tool, *arguments):
    return [line.split()[0] for line in tool.must("list", *arguments).stdout.splitlines()[1:]]


# Import


def test_a_hosts_file_is_taken_and_what_cannot_be_is_listed(server, tool, folder):
    result = tool.run("import", written(folder / "hosts", HOSTS))
    assert result.returncode == FAILED
    assert "read as a hosts file\n2 new, 0 added to, 6 passed over\n" in result.stdout
    for complaint in (
        "3 things could not be taken",
        '  line 8: "300.1.1.1" is no address\n',
        "  line 9: no name is behind the address 192.0.2.22\n",
        "  line 6: www.example.com: lies in no zone of this daemon",
    ):
        assert complaint in result.stderr, complaint
    assert names(tool) == ["files.home.arpa", "nas.home.arpa"]
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.20"}
    assert server.lookup("nas.home.arpa", "AAAA") == {"2001:db8::20"}


def test_a_dry_run_shows_everything_and_does_nothing(server, tool, folder):
    tool.must("add", "nas", "192.0.2.1")
    path = written(folder / "hosts", "192.0.2.20 nas files\n")
    result = tool.must("import", "--dry-run", path)
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["NAME", "WHAT", "RECORDS"]
    assert rows[1] == ["nas.home.arpa", "adds", "192.0.2.20"]
    assert rows[2] == ["files.home.arpa", "new", "192.0.2.20"]
    assert "would be done: 1 new, 1 added to" in result.stdout
    assert ["nas.home.arpa", "replaces", "192.0.2.20"] in [
        line.split() for line in tool.must("import", "--dry-run", "--replace", path).stdout.splitlines()
    ]
    assert names(tool) == ["nas.home.arpa"]
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.1"}


def test_replacing_drops_what_the_names_had_and_no_other_name(server, tool, folder):
    tool.must("add", "nas", "192.0.2.1")
    tool.must("add", "other", "192.0.2.2")
    path = written(folder / "hosts", "192.0.2.20 nas\n")
    assert "0 new, 1 replaced" in tool.must("import", "--replace", path).stdout
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.20"}
    assert server.lookup("other.home.arpa", "A") == {"192.0.2.2"}


def test_a_zone_file_is_taken_with_all_its_types(server, tool, folder):
    result = tool.run("import", written(folder / "zone", ZONE))
    assert result.returncode == FAILED
    assert "read as a zone file\n6 new, 0 added to, 2 passed over\n" in result.stdout
    assert "  line 9: invalid IPv4 address\n" in result.stderr
    assert "  line 10: $INCLUDE is not followed; import that file by itself\n" in result.stderr
    assert server.lookup("mail.home.arpa", "MX") == {"10 mx.example.org."}
    assert server.lookup("note.home.arpa", "TXT") == {'"a b" "c;d"'}
    assert server.lookup("caa.home.arpa", "CAA") == {'0 issue "ca.example.org"'}
    assert server.lookup("last.home.arpa", "AAAA") == {"2001:db8::99"}
    web = tool.json("show", "web")["records"]
    assert [(r["type"], r["data"], r["ttl"]) for r in web] == [("CNAME", "ns.home.arpa.", 60)]


def test_leases_become_names_that_stay(server, tool, folder):
    path = written(
        folder / "leases",
        "4000000000 02:00:00:00:00:01 192.0.2.50 Phone 01:02:00:00:00:00:01\n"
        "4000000000 02:00:00:00:00:02 192.0.2.51 * *\n",
    )
    result = tool.must("import", path)
    assert "dnsmasq's leases; each becomes a name that no lease ends\n1 new" in result.stdout
    assert tool.json("show", "phone")["source"] == "admin"
    assert tool.json("show", "phone")["records"][0]["expires"] is None


def test_an_import_comes_from_standard_input_and_goes_where_it_is_told(server, tool):
    def from_stdin(text, *arguments):
        return subprocess.run(
            tool.command("import", "-", *arguments), input=text, capture_output=True, text=True, timeout=60
        )

    result = from_stdin("9 PTR nas.home.arpa.\n", "--zone", "2.0.192.in-addr.arpa")
    assert result.returncode == DONE and result.stdout.startswith("standard input: read as a zone file")
    assert server.lookup("9.2.0.192.in-addr.arpa", "PTR") == {"nas.home.arpa."}
    pipe = f"{' '.join(map(str, tool.command('import')))} <(echo 192.0.2.77 piped)"
    assert subprocess.run(["bash", "-c", pipe], capture_output=True, timeout=60).returncode == DONE
    assert server.lookup("piped.home.arpa", "A") == {"192.0.2.77"}
    assert "example.org is no zone" in from_stdin("a A 192.0.2.1\n", "--zone", "example.org").stderr
    # The same text as another format.
    assert from_stdin("192.0.2.1 a\n", "--format", "zone").returncode == FAILED


def test_an_import_for_programs_is_one_document(server, tool, folder):
    path = written(folder / "hosts", HOSTS)
    said = json.loads(tool.run("--json", "import", path).stdout)
    assert (said["format"], said["created"], said["changed"], said["dry_run"]) == ("hosts", 2, 0, False)
    assert [problem["line"] for problem in said["problems"]] == [8, 9]
    assert [(item["line"], item["name"]) for item in said["refused"]] == [(6, "www.example.com")]
    dry = json.loads(tool.run("--json", "import", "--dry-run", path).stdout)
    assert dry["names"]["files.home.arpa"]["body"] == {"addresses": ["192.0.2.20"]}


def test_what_the_daemon_refuses_does_not_stop_the_rest(server, tool, folder):
    tool.must("add", "b", "192.0.2.1")
    path = written(folder / "zone", "$TTL 60\na A 192.0.2.1\nb CNAME a\nc A 192.0.2.3\n")
    result = tool.run("import", path)
    assert result.returncode == FAILED
    assert "2 new, 0 added to" in result.stdout
    assert "  line 3: b.home.arpa: b.home.arpa cannot have a CNAME and other records" in result.stderr
    assert names(tool) == ["a.home.arpa", "b.home.arpa", "c.home.arpa"]


def test_a_missing_file_and_a_missing_daemon_are_told_apart(server, tool, folder):
    assert "cannot read /no/such: not found" in tool.run("import", "/no/such").stderr
    assert f"cannot read {folder}: " in tool.run("import", folder).stderr
    server.stop()
    assert tool.run("import", written(folder / "hosts", "192.0.2.1 a\n")).returncode == UNREACHABLE
    server.start()


# Export


def fill(tool, control):
    tool.must("add", "nas", "192.0.2.20", "2001:db8::20")
    tool.must("add", "nas", "TXT", "a b")
    tool.must("add", "lap", "192.0.2.7", "--owner", "laptop", "--lease", "1d")
    control.lease("add", "192.0.2.50", hardware="02:00:00:00:00:01", name="tv", server="dnsmasq")


def test_an_export_as_hosts_is_a_hosts_file(server, tool, control):
    fill(tool, control)
    lines = tool.must("export").stdout.splitlines()
    assert sorted(lines) == [
        "192.0.2.20\tnas.home.arpa",
        "192.0.2.50\ttv.home.arpa",
        "192.0.2.7\tlap.home.arpa",
        "2001:db8::20\tnas.home.arpa",
    ]
    assert tool.must("export", "--zone", "2.0.192.in-addr.arpa").stdout == ""


def test_an_export_as_zone_file_is_one(server, tool, control):
    fill(tool, control)
    text = tool.must("export", "--format", "zone", "--zone", "home.arpa").stdout
    zone = dns.zone.from_text(text, "home.arpa.", relativize=False)
    assert zone.get_rdataset("nas.home.arpa.", "TXT").to_text().endswith('"a b"')
    assert "2.0.192.in-addr.arpa." in tool.must("export", "--format", "zone").stdout


@pytest.mark.parametrize("how", ["zone", "json", "hosts"])
def test_what_was_exported_can_be_imported(server, tool, control, folder, how):
    fill(tool, control)
    before = tool.json("list", "--zone", "home.arpa")["names"]
    path = written(folder / "export", tool.must("export", "--format", how).stdout)
    for name in "nas", "lap":
        tool.must("del", name)
    tool.must("import", path)
    after = tool.json("list", "--zone", "home.arpa")["names"]
    assert [name["name"] for name in after] == [name["name"] for name in before]
    wanted = {"A", "AAAA"} if how == "hosts" else {"A", "AAAA", "TXT"}
    for was, now in zip(before, after):
        if was["source"] != "zone":
            assert {r["data"] for r in now["records"]} == {
                r["data"] for r in was["records"] if r["type"] in wanted
            }
    lap = tool.json("show", "lap")
    if how == "json":
        assert lap["owner"] == "laptop" and lap["records"][0]["expires"] is not None
    else:
        assert lap["owner"] == "@admin"


# Backups


def test_a_backup_goes_back(server, tool, folder):
    tool.must("add", "nas", "192.0.2.20")
    path = folder / "copy"
    assert tool.must("backup", path).stdout.startswith(f"{path}: ")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tool.must("del", "nas")
    tool.must("add", "new", "192.0.2.1")
    asked = tool.run("restore", path)
    assert asked.returncode == FAILED
    assert re.search(rf"{path} holds [0-9]+ names?, the newest of today ", asked.stdout)
    assert "take the place of the 1 name that the daemon has now" in asked.stdout
    assert "nothing was changed; answer y, or say --yes" in asked.stderr
    assert names(tool) == ["new.home.arpa"]
    assert "restored: " in tool.must("restore", path, "--yes").stdout
    assert names(tool) == ["nas.home.arpa"]
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.20"}


def test_a_backup_overwrites_only_when_told_to(server, tool, folder):
    path = written(folder / "copy", "precious")
    refused = tool.run("backup", path)
    assert refused.returncode == FAILED and "is there already" in refused.stderr
    assert path.read_text() == "precious"
    tool.must("backup", "--force", path)
    assert path.read_bytes().startswith(b"SQLite format 3\0")
    assert sorted(entry.name for entry in folder.iterdir() if "copy" in entry.name) == ["copy"]
    assert "is no file" in tool.run("backup", "--force", folder).stderr
    assert tool.run("backup", folder / "no" / "copy").returncode == FAILED


def test_a_backup_to_standard_output_is_the_same_database(server, tool, folder):
    tool.must("add", "nas", "192.0.2.20")
    result = subprocess.run(tool.command("backup", "-"), capture_output=True, timeout=60)
    assert result.returncode == DONE and result.stdout.startswith(b"SQLite format 3\0")
    tool.must("del", "nas")
    restored = subprocess.run(
        tool.command("restore", "-", "--yes"), input=result.stdout, capture_output=True, timeout=60
    )
    assert restored.returncode == DONE
    assert names(tool) == ["nas.home.arpa"]


def test_what_is_no_backup_is_refused_before_anything_is_asked(server, tool, folder):
    tool.must("add", "nas", "192.0.2.20")
    refused = tool.run("restore", "--yes", written(folder / "copy", "SQLite format 3\0" + "x" * 5000))
    assert refused.returncode == FAILED and refused.stdout == ""
    assert names(tool) == ["nas.home.arpa"]


# Checking


def test_a_configuration_is_checked_by_the_ddnsd_beside(server, tool):
    assert tool.must("check", server.config_path).stdout == "configuration OK\n"
    assert tool.json("check", server.config_path) == {"ok": True, "errors": []}
    server.config_path.write_text(server.settings.text() + "nonsense = 1\n")
    wrong = tool.run("check", server.config_path)
    assert wrong.returncode == FAILED and '"nonsense"' in wrong.stderr
    said = tool.json("check", server.config_path, code=FAILED)
    assert not said["ok"] and '"nonsense"' in said["errors"][0]


def test_without_a_ddnsd_nothing_is_checked(folder):
    alone = folder / "alone"
    alone.mkdir()
    copy = shutil.copy(PROGRAM, alone / "ddnsctl")
    result = subprocess.run(
        [copy, "check"], env={"PATH": str(alone)}, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == FAILED
    assert "there is no ddnsd beside ddnsctl, nor in PATH" in result.stderr


# Completion


def complete(folder, *words):
    script = (
        f". '{TOP}/conf/bash-completion/ddnsctl'; COMP_WORDS=(ddnsctl \"$@\"); COMP_CWORD=$#; "
        '_ddnsctl; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = os.environ | {
        "PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}",
        "DDNSD_SOCKET": str(folder / "control.sock"),
    }
    result = subprocess.run(
        ["bash", "-c", script, "bash", *words], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split()


def test_names_zones_and_keys_are_completed_from_the_daemon(server, tool, folder):
    tool.must("add", "printer", "192.0.2.9")
    tool.must("add", "phone", "192.0.2.10")
    assert complete(folder, "show", "p") == ["phone.home.arpa", "printer.home.arpa"]
    assert complete(folder, "--json", "del", "pr") == ["printer.home.arpa"]
    assert complete(folder, "list", "--zone", "home.arpa", "ph") == ["phone.home.arpa"]
    assert complete(folder, "list", "--zone", "") == ["home.arpa", "2.0.192.in-addr.arpa"]
    assert complete(folder, "add", "printer", "--owner", "") == ["laptop"]
    assert complete(folder, "-s", "/no/such", "show", "p") == []


def test_commands_and_options_are_completed_without_a_daemon(folder):
    assert complete(folder, "st") == ["status"]
    assert complete(folder, "import", "--f") == ["--format"]
    assert complete(folder, "import", "--format", "") == ["hosts", "zone", "json", "leases"]
    assert complete(folder, "key", "r") == ["rotate", "revoke"]
    assert complete(folder, "show", "p") == []
    every = complete(folder, "")
    listed = subprocess.run([PROGRAM, "help"], capture_output=True, text=True, timeout=60).stdout
    assert set(every) == {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and
                          line.split()[0].isalpha()}


def test_each_option_that_is_explained_is_completed(folder):
    for command in "list add watch export import backup setup key".split():
        text = subprocess.run([PROGRAM, "help", command], capture_output=True, text=True, timeout=60).stdout
        explained = {word.strip("[],") for word in text.split() if word.strip("[],").startswith("--")}
        assert explained <= set(complete(folder, command, "--")), command


def test_the_manual_tells_of_each_command_and_option():
    manual = (TOP / "ddnsd/man/ddnsctl.1").read_text()
    listed = subprocess.run([PROGRAM, "help"], capture_output=True, text=True, timeout=60).stdout
    commands = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
    for command in filter(str.isalpha, commands):
        assert f"\n.It Cm {command}" in manual or f"\n.Cm {command}\n" in manual, command
        text = subprocess.run([PROGRAM, "help", command], capture_output=True, text=True, timeout=60).stdout
        for word in text.split():
            option = word.strip("[],")
            if option.startswith("--") and command not in ("help", "key"):
                assert f"Fl -{option[2:]}" in manual, f"{command} {option}"
