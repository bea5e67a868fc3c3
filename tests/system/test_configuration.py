# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, and what -n says about good and bad configurations."""

import os
import re
import subprocess

import pytest
from harness.daemon import PROGRAM, TOP
from harness.settings import key_text, section_text
from harness.tsig import make_key

SECRET = make_key("example").secret
MINIMAL = """\
zone "home.arpa" { }
listen "dns" { port = 5300 }
"""
FULL = """\
user = "nobody"
group = "nogroup"
log = "syslog"
database = "/var/lib/ddnsd/ddnsd.db"
keys-directory = ""
zone "home.arpa" {
    lease = "forever"
    lease-min = "90"
    lease-max = "4w"
    ttl = "60s"
    nameserver = "box.home.arpa"
    contact = "me.home.arpa"
}
zone "1.168.192.in-addr.arpa" { lease = "1h" }
zone "8.b.d.0.1.0.0.2.ip6.arpa" { }
listen "dns" {
    addresses = {"0.0.0.0", "::"}
    port = 2136
}
publish {
    mode = "hostsdir"
    file = "/run/ddnsd/hosts/ddnsd.hosts"
    pid-file = "/run/dnsmasq/dnsmasq.pid"
    confirm = "[::1]:53"
    confirm-timeout = "5s"
    short-names = false
    leases-held-by-reader = false
}
leases {
    file = "/var/lib/misc/dnsmasq.leases"
    zone = "home.arpa"
    ttl = "5m"
    pins = {"02:00:00:00:00:01 printer", "02:00:00:00:00:02 printer"}
    ignore = {"localhost", "android-*", "02:00:00:00:00:03"}
    nameless = "dhcp-%a"
    remember = "52w"
}
control {
    socket = "/run/ddnsd/control.sock"
    group = "nogroup"
    mode = "0600"
}
peer "everybody" {
    user = "nobody"
    group = "nogroup"
    admin = false
    allow = {"lease", "*.lab.home.arpa A AAAA"}
    updates-per-minute = 0
    names-per-key = 10
}
limits {
    updates-per-minute = 0
    names-per-key = 64
    addresses-per-name = 16
    names = 100000
    tcp-connections = 64
    tcp-idle = "10s"
    quiet = "2m"
}
network "192.168.1.0/24" {
    allow = {"*.home.arpa A AAAA"}
    udp = true
    any-address = true
}
network "fd00::/8" { allow = {"zone home.arpa AAAA"} }
""" + key_text(
    make_key("laptop"),
    **{
        "secret-old": SECRET,
        "secret-old-until": "2030-01-01T00:00:00Z",
        "admin": True,
        "allow-truncated": True,
        "allow": ["self A AAAA TXT", "*.self", "x.home.arpa", "*.lab.home.arpa ANY NS TYPE65280"],
        "from": ["192.168.1.0/24", "2001:db8::/32", "192.0.2.1"],
        "updates-per-minute": 10,
        "names-per-key": -1,
    },
)


def run(*arguments, **options):
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


@pytest.fixture
def check(folder):
    """Writes a configuration, runs ddnsd -n on it."""
    path = folder / "ddnsd.conf"

    def check(text, mode=0o600):
        path.touch()
        path.chmod(mode)
        path.write_text(f'keys-directory = "{folder}/keys.d"\n' + text)
        return run("-n", "-c", path)

    check.path = path
    return check


def assert_good(result):
    assert (result.returncode, result.stdout.strip()) == (0, "configuration OK"), result.stderr


def key_block(**options):
    return key_text(make_key("laptop"), **{"allow": ["self"]} | options)


@pytest.mark.parametrize("text", [MINIMAL, FULL], ids=["the least", "every option"])
def test_a_good_configuration_is_ok(check, text):
    text = text.replace('keys-directory = ""\n', "")
    assert_good(check(text))


def test_a_configuration_without_a_key_is_ok_with_a_warning(check):
    result = check(MINIMAL)
    assert_good(result)
    assert "key" in result.stderr


def test_a_configuration_of_leases_alone_is_ok_without_a_warning(check):
    result = check(MINIMAL + "leases { }\n")
    assert_good(result)
    assert result.stderr == ""


@pytest.mark.parametrize(
    "text, word",
    [
        ('control { mode = "0666" }\n', "every user"),
        ('peer "root" { user = "root" allow = {"lease"} }\n', "control { }"),
        ('control { }\npeer "root" { user = "root" }\n', "allows nothing"),
    ],
    ids=["a socket for all", "peers without a socket", "a peer without rights"],
)
def test_what_the_control_socket_lacks_or_gives_away_is_warned_of(check, text, word):
    result = check(MINIMAL + key_block() + text)
    assert_good(result)
    assert re.search(rf"^warning: {re.escape(str(check.path))}:\d+: .*{word}", result.stderr, re.M)


WEAK = 'key "weak" { algorithm = "hmac-%s" secret = "' + SECRET + '" allow = {"self"} }\n'

# What is written (its offence on the last line), and words that the message must hold.
BAD = {
    "unknown option": ("limits {\nnames-per-kee = 5\n}\n", ["names-per-kee"]),
    "unknown section": ("publisher { }\n", ["publisher"]),
    "unknown option at the top": ('databas = "x"\n', ["databas"]),
    "double key": (key_block() + key_block(), ["laptop", "twice|already|double|second"]),
    "bad base64": (key_block(secret="not base64!"), ["secret", "base64"]),
    "short secret": (key_block(secret="c2hvcnQ="), ["secret", "128 bits"]),
    "short old secret": (key_block(**{"secret-old": "c2hvcnQ="}), ["secret-old", "128 bits"]),
    "no secret": ('key "laptop" { allow = {"self"} }\n', ["laptop", "secret"]),
    "hmac-md5": (WEAK % "md5", ["hmac-md5", "allow-weak"]),
    "hmac-sha1": (WEAK % "sha1", ["hmac-sha1", "allow-weak"]),
    "unknown algorithm": (WEAK % "sha3", ["hmac-sha3", "hmac-sha256"]),
    "grant without pattern": (key_block(allow=[""]), ["allow"]),
    "grant of a bad type": (key_block(allow=["self NOTATYPE"]), ["NOTATYPE"]),
    "grant of a bad name": (key_block(allow=["a..b A"]), ["a\\.\\.b"]),
    "bad source": (key_block(**{"from": ["192.168.1.0/33"]}), ["192.168.1.0/33"]),
    "bad source address": (key_block(**{"from": ["lan"]}), ["lan"]),
    "bad key name": (key_text(make_key("a..b")), ["a\\.\\.b"]),
    "double zone": ('zone "HOME.arpa" { }\n', ["home.arpa"]),
    "zone below a zone": ('zone "lab.home.arpa" { }\n', ["lab.home.arpa", "home.arpa"]),
    "zone above a zone": ('zone "arpa" { }\n', ["arpa"]),
    "zone .local": ('zone "local" { }\n', ["local", "6762|mDNS|multicast"]),
    "zone below .local": ('zone "lan.local" { }\n', ["local", "6762|mDNS|multicast"]),
    "bad zone name": ('zone "a..b" { }\n', ["a\\.\\.b"]),
    "bad duration": ('zone "x.test" { lease = "7 parsecs" }\n', ["7 parsecs", "s|m|h|d|w"]),
    "empty duration": ('zone "x.test" { lease-min = "" }\n', ["lease-min"]),
    "huge duration": ('zone "x.test" { lease-max = "99999999999999999999d" }\n', ["lease-max"]),
    "least above most": ('zone "x.test" { lease-min = "2d" lease-max = "1d" }\n', ["lease-min"]),
    "bad mode": ('publish { mode = "signals" }\n', ["signals", "hostsdir"]),
    "relative file": ('publish { file = "hosts" }\n', ["hosts"]),
    "command mode without command": ('publish { mode = "command" }\n', ["command"]),
    "relative command": ('publish { mode = "command" command = "x" }\n', ["command"]),
    "bad confirm": ('publish { confirm = "localhost" }\n', ["localhost"]),
    "confirm without port": ('publish { confirm = "127.0.0.1" }\n', ["127.0.0.1"]),
    "port 0": ('listen "dns" { port = 0 }\n', ["port"]),
    "port too high": ('listen "dns" { port = 65536 }\n', ["port"]),
    "bad address": ('listen "dns" { addresses = {"192.0.2.300"} }\n', ["192.0.2.300"]),
    "unknown listen": ('listen "ftp" { }\n', ["ftp", "dns"]),
    "wildcard and address": (
        'listen "dns" { addresses = {"0.0.0.0", "127.0.0.1"} }\n',
        ["0\\.0\\.0\\.0.*127\\.0\\.0\\.1"],
    ),
    "unknown user": ('user = "no-such-user"\n', ["no-such-user", "useradd"]),
    "unknown group": ('user = "root" group = "no-such-group"\n', ["no-such-group", "groupadd"]),
    "group without user": ('group = "root"\n', ["user"]),
    "negative limit": ("limits { names = -5 }\n", ["names", "-5"]),
    "limit that is no number": ("limits { names = many }\n", ["names.*many"]),
    "bad log": ('log = "printer"\n', ["printer", "syslog"]),
    "bad network": ('network "192.168.1.0/99" { }\n', ["192.168.1.0/99"]),
    "relative socket": ('control { socket = "control.sock" }\n', ["socket", "control.sock"]),
    "long socket": (f'control {{ socket = "/{"s" * 107}" }}\n', ["socket", "108", "107"]),
    "socket of an unknown group": (
        'control { group = "no-such-group" }\n',
        ["no-such-group", "groupadd"],
    ),
    "mode of a program": ('control { mode = "0755" }\n', ["0755", "0660"]),
    "peer who is nobody": ('peer "anna" { allow = {"lease"} }\n', ["anna", "user.*group"]),
    "peer of a taken title": ('peer "lease" { user = "root" }\n', ["lease", "another"]),
    "unknown peer": ('peer "anna" { user = "no-such-user" }\n', ["no-such-user", "useradd"]),
    "peer with self": (
        'peer "anna" { user = "root" allow = {"self"} }\n',
        ["self", "peer", "zone NAME"],
    ),
    "leases in no zone": ('leases { zone = "lan" }\n', ["lan", "home.arpa"]),
    "pin without a name": (
        'leases { pins = {"02:00:00:00:00:01"} }\n',
        ["02:00:00:00:00:01", "name"],
    ),
    "pin of a bad name": ('leases { pins = {"02:00:00:00:00:01 a_b"} }\n', ["a_b", "letters"]),
    "bad pattern": ('leases { ignore = {"my phone"} }\n', ["my phone", "letters"]),
    "one name for all": ('leases { nameless = "dhcp" }\n', ["dhcp", "%a", "%m"]),
    "name that is too long": (f'leases {{ nameless = "{"x" * 25}%a" }}\n', ["%a", "63"]),
    "bad time": (
        key_block(**{"secret-old": SECRET, "secret-old-until": "tomorrow"}),
        ["tomorrow", "2026-12-01T00:00:00Z"],
    ),
    "end of no secret": (
        key_block(**{"secret-old-until": "2030-01-01T00:00:00Z"}),
        ["secret-old"],
    ),
    "syntax": ("limits {\n", []),
    "secret unquoted": ("key laptop {\nsecret = }\n", []),
}


@pytest.mark.parametrize("text, words", BAD.values(), ids=BAD)
def test_a_bad_configuration_is_named_by_file_and_line(check, text, words):
    base = MINIMAL.splitlines(True)[0] if text.startswith('listen "dns"') else MINIMAL
    result = check(base + text)
    assert result.returncode == 1, result.stdout
    assert result.stdout == ""
    pattern = rf"^{re.escape(str(check.path))}:(\d+): (.+)$"
    errors = re.findall(pattern, result.stderr, re.M)
    assert errors, result.stderr
    first = base.count("\n") + 2
    last = first + text.count("\n")
    assert any(first <= int(line) <= last for line, _ in errors), result.stderr
    messages = "\n".join(message for _, message in errors)
    for word in words:
        assert re.search(word, messages, re.I), result.stderr


def test_rule_44_local_is_refused_with_the_reason(check):
    result = check(MINIMAL.replace("home.arpa", "local"))
    assert result.returncode == 1
    assert re.search("6762|multicast|mDNS", result.stderr)


def test_rule_44_the_configuration_that_is_shipped_is_good_and_serves_home_arpa(folder):
    shipped = (TOP / "conf" / "ddnsd.conf").read_text()
    assert re.search(r'^zone "home\.arpa"', shipped, re.M)
    path = folder / "ddnsd.conf"
    path.write_text(shipped)
    assert_good(run("-n", "-c", path))


def test_all_errors_are_told_at_once(check):
    bad = 'zone "local" { }\nlimits { names = -5 }\npublish { mode = "x" }\n' + key_block(
        secret="!"
    )
    result = check(MINIMAL + bad)
    assert result.returncode == 1
    for word in ("local", "names", "mode", "base64"):
        assert word in result.stderr


@pytest.mark.parametrize(
    "text, word",
    [(MINIMAL.splitlines()[1], "zone"), (MINIMAL.splitlines()[0], "listen")],
    ids=["no zone", "no listen"],
)
def test_what_is_required_is_asked_for(check, text, word):
    result = check(text + "\n")
    assert result.returncode == 1
    assert word in result.stderr


def test_no_secret_is_shown_in_an_error(check):
    secret = "not-base64-but-secret!"
    result = check(MINIMAL + key_block(secret=secret) + key_block(allow=["self NOTATYPE"]))
    assert result.returncode == 1
    assert secret not in result.stderr + result.stdout
    assert make_key("laptop").secret not in result.stderr + result.stdout


# Key files


@pytest.fixture
def keys(folder):
    path = folder / "keys.d"
    path.mkdir()
    return path


def write_key_file(path, text, mode=0o640):
    path.touch()
    path.chmod(mode)
    path.write_text(text)
    return path


def test_keys_come_from_the_key_folder(check, keys):
    write_key_file(keys / "laptop.conf", key_block())
    write_key_file(keys / "README", "not read\n")
    write_key_file(keys / "laptop.conf~", "not read\n")
    result = check(MINIMAL)
    assert_good(result)
    assert result.stderr == "", "with a key there is nothing to warn of"


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o646])
def test_a_key_file_that_everybody_may_read_is_an_error(check, keys, mode):
    path = write_key_file(keys / "laptop.conf", key_block(), mode)
    result = check(MINIMAL)
    assert result.returncode == 1
    assert str(path) in result.stderr
    assert re.search("chmod|0?640|everybody|world|others", result.stderr)


def test_a_main_file_with_keys_that_everybody_may_read_is_an_error(check):
    result = check(MINIMAL + key_block(), mode=0o644)
    assert result.returncode == 1
    assert str(check.path) in result.stderr


def test_a_main_file_without_keys_may_be_read_by_all(check):
    assert_good(check(MINIMAL, mode=0o644))


def test_errors_in_a_key_file_name_it(check, keys):
    path = write_key_file(keys / "laptop.conf", "\n\n" + key_block(secret="!"))
    result = check(MINIMAL)
    assert result.returncode == 1
    line = re.search(rf"^{re.escape(str(path))}:(\d+): ", result.stderr, re.M)
    assert int(line[1]) >= 3


def test_a_key_in_two_files_is_an_error(check, keys):
    write_key_file(keys / "one.conf", key_block())
    write_key_file(keys / "two.conf", key_block())
    result = check(MINIMAL)
    assert result.returncode == 1
    assert "laptop" in result.stderr


def test_a_key_file_under_another_name_is_warned_of(check, keys):
    write_key_file(keys / "laptop", key_block())
    result = check(MINIMAL)
    assert_good(result)
    assert f'warning: {keys}: "laptop" is not read, only NAME.conf files are\n' in result.stderr


def test_the_key_file_of_a_client_is_refused_with_our_own_form(check, keys):
    client = f'key "laptop" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n'
    path = write_key_file(keys / "laptop.conf", client)
    result = check(MINIMAL)
    assert result.returncode == 1
    assert f"{path}:2: " in result.stderr
    assert 'algorithm = "hmac-sha256"' in result.stderr
    assert SECRET not in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_a_key_file_that_ddnsd_may_not_read_is_told_with_the_mend(check, keys):
    path = write_key_file(keys / "laptop.conf", key_block(), mode=0o600)
    check(MINIMAL, mode=0o644)
    check.path.chmod(0o644)
    result = run("-n", "-c", check.path, user="nobody", group="nogroup", extra_groups=[])
    assert result.returncode == 1
    mend = f"run: chown root:nogroup {path} && chmod 640 {path}\n"
    assert result.stderr.endswith(f"permission denied for the user \"nobody\"; {mend}")
    subprocess.run(["chown", "root:nogroup", path], check=True)
    path.chmod(0o640)
    assert_good(run("-n", "-c", check.path, user="nobody", group="nogroup", extra_groups=[]))


def test_a_key_file_holds_keys_only(check, keys):
    path = write_key_file(keys / "laptop.conf", key_block() + section_text("limits", {"names": 1}))
    result = check(MINIMAL)
    assert result.returncode == 1
    assert re.search(rf"{re.escape(str(path))}:\d+: .*limits", result.stderr)


# The command line


def test_version(check):
    result = run("--version")
    assert result.returncode == 0
    assert re.match(r"ddnsd \d+\.\d+", result.stdout)


def test_help_names_every_option(check):
    result = run("--help")
    assert result.returncode == 0
    for option in ("-c", "-n", "-v", "--version", "--help"):
        assert option in result.stdout


@pytest.mark.parametrize("arguments", [["-x"], ["--bogus"], ["-c"], ["surplus"]])
def test_a_wrong_command_line_exits_2_with_the_usage(arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert "usage" in result.stderr.lower()


@pytest.mark.parametrize("arguments", [["-n"], []], ids=["-n", "running"])
def test_a_configuration_that_is_not_there_is_named(folder, arguments):
    result = run(*arguments, "-c", folder / "missing.conf")
    assert result.returncode == 1
    assert "missing.conf" in result.stderr


def test_a_bad_configuration_does_not_start(launch):
    server = launch(start=False, limits={"names": -5})
    server.spawn()
    assert server.wait_for_exit() == 1
    server.wait_for_log(rf"{server.config_path}:\d+: .*names")


def test_a_command_that_is_not_there_is_warned_of(check):
    result = check(MINIMAL + 'publish { mode = "command" command = "/nowhere/tell" }\n')
    assert_good(result)
    assert re.search(rf"^warning: {check.path}:4: .*/nowhere/tell.*not found", result.stderr, re.M)


@pytest.fixture
def other(folder):
    path = folder / "other"
    path.mkdir()
    return path


def test_an_address_in_use_is_named(launch, other):
    first = launch()
    second = launch(start=False, place=other, database=other / "ddnsd.db")
    second.settings.port = first.settings.port
    second.write_config()
    seen = second.log_size()
    second.spawn()
    assert second.wait_for_exit() == 1
    second.wait_for_log(rf"127\.0\.0\.1.*{first.settings.port}", seen)


def test_a_database_in_use_is_named(launch, other):
    first = launch()
    second = launch(start=False, place=other)
    seen = second.log_size()
    second.spawn()
    assert second.wait_for_exit() == 1
    second.wait_for_log(str(first.folder / "ddnsd.db"), seen)
