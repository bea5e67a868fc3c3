# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl key: a person makes, changes and ends the keys of clients that are real programs."""

import configparser
import json
import os
import re
import shutil
import stat
import subprocess

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest
from harness.control import Control
from harness.tool import FAILED, USAGE, Tool
from harness.waiting import wait_until

SECRET = re.compile(r"[A-Za-z0-9+/]{22,}={0,2}")


@pytest.fixture
def keys(folder):
    path = folder / "keys.d"
    path.mkdir(mode=0o750)
    return path


@pytest.fixture
def live(launch, folder, keys):
    """A ddnsd with a folder of keys and a control socket."""
    return launch(
        zones={"home.arpa": {}, "2.0.192.in-addr.arpa": {}},
        keys={},
        keys_directory=keys,
        control={"socket": folder / "control.sock"},
    )


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


@pytest.fixture
def control(folder):
    return Control(folder / "control.sock")


def secret_of(path, option="secret"):
    return re.search(rf'^\s*{option} = "(.*)"$', path.read_text(), re.M)[1]


def run_shell(script, folder):
    return subprocess.run(
        ["sh", "-eu"], input=script, capture_output=True, text=True, timeout=60, cwd=folder
    )


# New keys


def test_what_is_printed_for_nsupdate_registers_the_machine(live, tool, keys, folder):
    result = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    assert "The daemon has taken it" in result.stderr
    secret = secret_of(keys / "laptop.conf")
    assert result.stdout.count(secret) == 1
    assert secret not in result.stderr

    ran = run_shell(result.stdout, folder)
    assert ran.returncode == 0, ran
    assert live.lookup("laptop.home.arpa", "A") == {"127.0.0.1"}
    assert stat.S_IMODE((folder / "laptop.key").stat().st_mode) == 0o600


def test_the_file_is_for_root_and_the_group_of_its_folder(live, tool, keys):
    os.chown(keys, 0, 12345)
    tool.must("key", "new", "laptop", preexec_fn=lambda: os.umask(0))
    about = (keys / "laptop.conf").stat()
    assert (stat.S_IMODE(about.st_mode), about.st_uid, about.st_gid) == (0o640, 0, 12345)
    assert os.listdir(keys) == ["laptop.conf"]


def test_grants_networks_and_rights_are_as_asked_for(live, tool):
    arguments = ["--allow", "self AAAA", "--allow=*.lab.home.arpa TXT", "--from", "127.0.0.0/8"]
    made = tool.json("key", "new", "boss", "--admin", "--algorithm", "hmac-sha512", *arguments)
    assert made["taken"] is True
    (listed,) = tool.json("key", "list")["keys"]
    assert listed["name"] == "boss"
    assert listed["algorithm"] == "hmac-sha512"
    assert listed["allow"] == ["self AAAA", "*.lab.home.arpa TXT"]
    assert listed["from"] == ["127.0.0.0/8"]
    assert listed["admin"] is True
    assert len(made["secret"]) == 88


def test_an_admin_key_that_changes_its_own_name_only_is_told_so(live, tool):
    news = tool.must("key", "new", "boss", "--admin").stderr
    (note,) = [line for line in news.splitlines() if "own name" in line]
    assert 'administrates' in note and '--allow "zone home.arpa"' in note
    for arguments in ["chief", "--admin", "--allow", "zone home.arpa"], ["laptop"]:
        assert "administrates" not in tool.must("key", "new", *arguments).stderr


def test_a_key_that_is_there_is_never_replaced(live, tool, keys):
    tool.must("key", "new", "laptop")
    before = (keys / "laptop.conf").read_text()
    again = tool.run("key", "new", "laptop")
    assert again.returncode == FAILED
    assert "is there already" in again.stderr and "rotate" in again.stderr
    assert again.stdout == ""
    assert (keys / "laptop.conf").read_text() == before


@pytest.mark.parametrize("name", ["a/b", "../x", ".hidden", "a b", 'a"b', ""])
def test_a_name_that_can_be_no_file_is_refused(tool, keys, name):
    refused = tool.run("key", "new", name, "--directory", keys)
    assert refused.returncode == USAGE, refused
    assert os.listdir(keys) == []


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--allow", 'self" secret = "x'], "--allow"),
        (["--from", "192.0.2.1/24"], "--from"),
        (["--for", "bind"], "nsupdate"),
        (["--algorithm", "hmac-sha3"], "hmac-sha256"),
        (["--allow"], "value"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_allowed(tool, keys, arguments, word):
    refused = tool.run("key", "new", "laptop", "--directory", keys, *arguments)
    assert refused.returncode == USAGE, refused
    assert word in refused.stderr
    assert os.listdir(keys) == []


def test_a_key_that_the_daemon_refuses_is_taken_away_again(live, tool, keys):
    """The types of a grant are the daemon's to judge."""
    refused = tool.run("key", "new", "laptop", "--allow", "self NONSENSE")
    assert refused.returncode == FAILED
    assert "NONSENSE" in refused.stderr and "removed again" in refused.stderr
    assert os.listdir(keys) == []


def test_a_name_outside_the_zones_is_told(live, tool):
    made = tool.must("key", "new", "laptop.example.org")
    assert "laptop.example.org.home.arpa" in made.stderr
    made = tool.must("key", "new", "nas", "--allow", "nas.example.org A")
    assert "none of the daemon's zones" in made.stderr


def test_a_daemon_that_is_down_takes_the_key_when_it_starts(launch, tool, folder, keys):
    made = tool.must("key", "new", "laptop", "--directory", keys, "--server", "127.0.0.1")
    assert "does not run" in made.stderr
    launch(keys={}, keys_directory=keys, control={"socket": folder / "control.sock"})
    assert [key["name"] for key in tool.json("key", "list")["keys"]] == ["laptop"]


def test_a_folder_that_is_missing_is_told_with_the_command_that_makes_it(tool, folder):
    refused = tool.run("key", "new", "laptop", "--directory", folder / "none")
    assert refused.returncode == FAILED
    assert "install -d" in refused.stderr


# Other clients


def test_kea_takes_its_configuration_and_what_it_sends_is_granted(live, tool, keys, folder):
    if not shutil.which("kea-dhcp-ddns"):
        pytest.skip("kea-dhcp-ddns is not installed")
    made = tool.must("key", "new", "kea", "--for", "kea", "--server", "127.0.0.1")
    path = folder / "kea-dhcp-ddns.conf"
    path.write_text(made.stdout)
    checked = subprocess.run(["kea-dhcp-ddns", "-t", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked

    # Kea's comments are not JSON's.
    text = "".join(line for line in made.stdout.splitlines(True) if not line.startswith("//"))
    ddns = json.loads(text)["DhcpDdns"]
    (key,) = ddns["tsig-keys"]
    assert key == {
        "name": "kea",
        "algorithm": "HMAC-SHA256",
        "secret": secret_of(keys / "kea.conf"),
    }
    (forward,) = ddns["forward-ddns"]["ddns-domains"]
    (reverse,) = ddns["reverse-ddns"]["ddns-domains"]
    assert forward["name"] == "home.arpa." and reverse["name"] == "2.0.192.in-addr.arpa."
    assert forward["dns-servers"] == [{"ip-address": "127.0.0.1", "port": live.settings.port}]

    ring = dns.tsigkeyring.from_text({key["name"]: key["secret"]})
    update = dns.update.Update("home.arpa", keyring=ring, keyalgorithm="hmac-sha256")
    update.add("desk", 60, "A", "192.0.2.7")
    update.add("desk", 60, "DHCID", "AAABEjRWeJCrze8=")
    answer = dns.query.udp(update, *live.endpoint[:1], port=live.endpoint[1], timeout=30)
    assert answer.rcode() == dns.rcode.NOERROR


def test_certbots_credentials_write_the_challenge_and_nothing_else(live, tool):
    made = tool.must("key", "new", "www", "--for", "certbot", "--server", "127.0.0.1")
    parser = configparser.ConfigParser()
    parser.read_string("[certbot]\n" + made.stdout)
    values = {key.removeprefix("dns_rfc2136_"): value for key, value in parser["certbot"].items()}
    assert values["algorithm"] == "HMAC-SHA256"
    ring = dns.tsigkeyring.from_text({values["name"]: values["secret"]})
    where = values["server"], int(values["port"])

    def send(name, rtype, data):
        update = dns.update.Update("home.arpa", keyring=ring, keyalgorithm="hmac-sha256")
        update.add(name, 120, rtype, data)
        return dns.query.tcp(update, where[0], port=where[1], timeout=30).rcode()

    assert send("_acme-challenge.www", "TXT", "token") == dns.rcode.NOERROR
    assert send("www", "A", "192.0.2.1") == dns.rcode.REFUSED
    assert send("_acme-challenge", "TXT", "token") == dns.rcode.REFUSED


def test_the_line_for_ddclient_is_what_nsupdate_signs_with(live, tool, folder, programs):
    made = tool.must("key", "new", "pi", "--for", "ddclient", "--server", "127.0.0.1")
    key_line = re.search(r"^#\s+(key .*)$", made.stdout, re.M)[1]
    settings = dict(re.findall(r"^(\w+)=(.*)$", made.stdout, re.M))
    assert settings["protocol"] == "nsupdate" and settings["zone"] == "home.arpa"
    host, port = settings["server"].split(":")
    (folder / "dd.key").write_text(key_line)
    # As ddclient's nic_nsupdate_update() writes it.
    script = (
        f"server {host} {port}\nzone {settings['zone']}.\n"
        f"update delete pi.home.arpa. A\nupdate add pi.home.arpa. {settings['ttl']} A 192.0.2.9\n"
        "send\n"
    )
    command = ["nsupdate", "-k", str(folder / "dd.key")]
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran
    assert live.lookup("pi.home.arpa", "A") == {"192.0.2.9"}


def test_openwrts_update_script_gets_the_port(live, tool, folder):
    """The sed of the snippet, on the line that ddns-scripts has."""
    made = tool.must("key", "new", "router", "--for", "openwrt", "--server", "127.0.0.1")
    original = folder / "update_nsupdate.sh"
    original.write_text("cat >$DATFILE <<-EOF\nserver $dns_server\nkey $username $password\nEOF\n")
    sed = made.stdout[made.stdout.index("sed ") : made.stdout.index("uci batch")]
    sed = sed.replace("/usr/lib/ddns/", f"{folder}/")
    assert run_shell(sed, folder).returncode == 0
    lines = (folder / "update_ddnsd.sh").read_text().splitlines()
    assert lines[1] == f"server $dns_server {live.settings.port}"
    assert "username='hmac-sha256:router'" in made.stdout


def test_the_agents_script_registers_the_addresses_of_this_machine(live, tool, folder):
    made = tool.must("key", "new", "box", "--for", "agent", "--server", "127.0.0.1")
    blocks = dict(re.findall(r">(/\S+?)\)? <<'END'\n(.*?\n)END\n", made.stdout, re.S))
    (folder / "key").write_text(blocks["/etc/ddns-register/key"])
    # Addresses as a machine of its own would have them.
    ip = folder / "ip"
    ip.write_text(
        "#!/bin/sh\ncase $* in *-4*) echo '2: eth0    inet 192.0.2.20/24 brd 192.0.2.255 "
        "scope global eth0'; ;; *) echo '2: eth0    inet6 2001:db8::20/64 scope global '; ;; esac\n"
    )
    ip.chmod(0o755)
    script = blocks["/usr/local/sbin/ddns-register"].replace("/etc/ddns-register", str(folder))
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = ["sh", "-eu"]
    ran = subprocess.run(
        command, input=script, capture_output=True, text=True, timeout=60, env=environment
    )
    assert ran.returncode == 0, ran
    assert live.lookup("box.home.arpa", "A") == {"192.0.2.20"}
    assert live.lookup("box.home.arpa", "AAAA") == {"2001:db8::20"}


def test_external_dns_is_told_what_does_not_work(live, tool, keys):
    made = tool.must("key", "new", "k8s", "--for", "external-dns", "--server", "127.0.0.1")
    arguments = re.findall(r"^  - (--\S+)$", made.stdout, re.M)
    assert f"--rfc2136-port={live.settings.port}" in arguments
    assert "--rfc2136-tsig-secret-alg=hmac-sha256" in arguments
    assert not any("axfr" in argument for argument in arguments)
    assert "ddnsd gives none" in made.stdout
    assert not any(secret_of(keys / "k8s.conf") in argument for argument in arguments)


# Clients that speak HTTP


@pytest.fixture
def served(launch, folder, keys):
    """A function that starts a ddnsd with an HTTP door."""

    def start(**http):
        control = {"socket": folder / "control.sock"}
        return launch(keys={}, keys_directory=keys, control=control, http=http)

    return start


@pytest.fixture
def certificate(tool, folder):
    tool.must("tls", "self-signed", "--name", "localhost", "--name", "127.0.0.1", folder / "tls")
    return {"tls-cert": folder / "tls/server.crt", "tls-key": folder / "tls/server.key"}


def make_for(tool, client, *arguments, server="127.0.0.1"):
    return tool.must("key", "new", "pi", "--for", client, "--server", server, *arguments)


def with_address(text, address="192.0.2.7"):
    """The machine of the test has loopback addresses only."""
    return re.sub(r"^address=.*$", f"address={address}", text, flags=re.M)


def run(*command, **options):
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False, **options
    )


def write_secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def test_the_lines_for_curl_register_the_machine(served, tool, folder):
    live = served()
    made = make_for(tool, "curl")
    assert "Note: the secret" not in made.stderr
    ran = run_shell(with_address(made.stdout), folder)
    assert ran.returncode == 0, ran
    assert json.loads(ran.stdout)["results"][0]["result"] == "good"
    assert live.lookup("pi.home.arpa", "A") == {"192.0.2.7"}
    assert stat.S_IMODE((folder / "pi.curl").stat().st_mode) == 0o600
    ran = run_shell(with_address(made.stdout, "nowhere"), folder)
    assert ran.returncode != 0
    # And the answer says why.
    assert json.loads(ran.stdout)["hint"]


def test_the_lines_for_curl_trust_the_certificate_that_they_name(
    served, tool, folder, certificate
):
    live = served(**certificate)
    made = make_for(tool, "curl", server="localhost")
    text = with_address(made.stdout)
    ran = run_shell(text, folder)
    assert ran.returncode != 0 and "certificate" in ran.stderr
    (path,) = re.findall(r"copy (\S+) from the server", text)
    (line,) = re.findall(r"(echo 'cacert = .*)$", text, re.M)
    text = text.replace("\naddress=", f"\n{line.replace('/path/to/server.crt', path)}\naddress=")
    ran = run_shell(text, folder)
    assert ran.returncode == 0, ran
    assert live.lookup("pi.home.arpa", "A") == {"192.0.2.7"}


@pytest.mark.parametrize("is_secure", [False, True], ids=["HTTP", "HTTPS"])
def test_ddclients_configuration_for_http_works(served, tool, folder, certificate, is_secure):
    if not shutil.which("ddclient"):
        pytest.skip("ddclient is not installed")
    live = served(**(certificate if is_secure else {}))
    text = make_for(tool, "ddclient-http").stdout
    text = text.replace("use=if, if=eth0", "use=cmd, cmd='echo 192.0.2.7'")
    text = re.sub(r"^#ssl_ca_file=.*", f"ssl_ca_file={certificate['tls-cert']}", text, flags=re.M)
    config = write_secret(folder / "ddclient.conf", text)
    files = "-file", config, "-cache", folder / "ddclient.cache", "-pid", folder / "ddclient.pid"
    ran = run("ddclient", "-daemon=0", "-foreground", "-force", "-verbose", "-noquiet", *files)
    said = ran.stdout + ran.stderr
    assert "SUCCESS:  updating pi.home.arpa: good" in said, said
    assert live.lookup("pi.home.arpa", "A") == {"192.0.2.7"}


@pytest.mark.parametrize("is_secure", [False, True], ids=["HTTP", "HTTPS"])
def test_inadyns_configuration_works(served, tool, folder, certificate, is_secure):
    if not shutil.which("inadyn"):
        pytest.skip("inadyn is not installed")
    live = served(**(certificate if is_secure else {}))
    text = make_for(tool, "inadyn", server="localhost").stdout
    text = text.replace("iface = eth0\n", "")
    text = text.replace("\n}", '\n    checkip-command = "echo 192.0.2.7"\n}')
    text = text.replace(
        "#ca-trust-file = /etc/ssl/certs/ddnsd.crt", f"ca-trust-file = {certificate['tls-cert']}"
    )
    config = write_secret(folder / "inadyn.conf", text)
    cache = folder / "inadyn"
    cache.mkdir()
    options = "-1", "-n", "--force", "--no-pidfile", "-l", "debug"
    ran = run("inadyn", *options, "-f", config, f"--cache-dir={cache}")
    assert ran.returncode == 0, ran
    assert live.lookup("pi.home.arpa", "A") == {"192.0.2.7"}


def fill_in(template, values):
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template


# What each of them writes in the place of its placeholders.
FILLED = {
    "openwrt-http": (
        r"update_url='(.*)'",
        {"[USERNAME]": "pi", "[PASSWORD]": "SECRET", "[DOMAIN]": "pi.home.arpa", "[IP]": "192.0.2.7"},
    ),
    "synology": (
        r"Query URL: +(.*)",
        {
            "__USERNAME__": "pi",
            "__PASSWORD__": "SECRET",
            "__HOSTNAME__": "pi.home.arpa",
            "__MYIP__": "192.0.2.7",
        },
    ),
    "ddns-go": (r"URL: +(.*)", {"#{domain}": "pi.home.arpa", "#{ip}": "192.0.2.7"}),
    "fritzbox": (
        r"Update-URL: +(.*)",
        {
            "<domain>": "pi.home.arpa",
            "<ipaddr>": "192.0.2.7",
            "<ip6addr>": "2001:db8::7",
            "<ip6lanprefix>": "2001:db8::/64",
            "<dualstack>": "1",
        },
    ),
    "unifi": (r"Server: +(.*)", {"%h": "pi.home.arpa", "%i": "192.0.2.7"}),
}


@pytest.mark.parametrize("client", FILLED)
def test_the_url_of_a_router_sets_its_name_once_filled_in(served, tool, folder, keys, client):
    live = served()
    made = make_for(tool, client)
    secret = secret_of(keys / "pi.conf")
    assert made.stdout.count(secret) == 1 and secret not in made.stderr
    pattern, values = FILLED[client]
    (url,) = re.findall(pattern, made.stdout)
    url = fill_in(url, {name: secret if value == "SECRET" else value for name, value in values.items()})
    login = () if "@" in url else ("-u", f"pi:{secret}")
    ran = run("curl", "-fsS", *login, url)
    assert ran.returncode == 0, ran
    assert "good" in ran.stdout
    assert live.lookup("pi.home.arpa", "A") == {"192.0.2.7"}


def test_promtool_takes_the_scrape_configuration_and_its_key_reads_and_changes_nothing(
    served, tool, folder, keys
):
    live = served(metrics=[])
    made = make_for(tool, "prometheus")
    assert "may change: nothing.\nIt may read all names.\n" in made.stderr
    assert "in none of the daemon's zones" not in made.stderr
    if shutil.which("promtool"):
        config = write_secret(folder / "prometheus.yml", made.stdout)
        checked = run("promtool", "check", "config", config)
        assert checked.returncode == 0, checked
    (host,) = re.findall(r"targets: \[\"(.*)\"\]", made.stdout)
    (user,) = re.findall(r"username: \"(.*)\"", made.stdout)
    (password,) = re.findall(r"password: \"(.*)\"", made.stdout)
    assert password == secret_of(keys / "pi.conf")
    login = "-u", f"{user}:{password}"
    ran = run("curl", "-fsS", *login, f"http://{host}/metrics")
    assert ran.returncode == 0 and "# TYPE ddnsd_" in ran.stdout, ran
    assert run("curl", "-fsS", f"http://{host}/metrics").returncode != 0
    update = f"http://{host}/v1/update?hostname=pi.home.arpa&myip=192.0.2.7"
    assert run("curl", "-fsS", *login, update).returncode != 0
    assert live.lookup("pi.home.arpa", "A") == set()


def test_without_an_http_door_the_block_that_is_missing_is_told_and_is_right(live, tool, folder):
    made = make_for(tool, "inadyn", server="192.0.2.1")
    assert "ddns-server = 192.0.2.1:8053\n" in made.stdout
    (block,) = re.findall(r"Note: .* write into \S+ddnsd\.conf: (listen .* }) \(", made.stderr)
    folder_of_tls = folder / "tls"
    tool.must("tls", "self-signed", folder_of_tls)
    block = block.replace("/etc/ddnsd/tls", str(folder_of_tls)).replace("tls-cert", "port = 1 tls-cert")
    live.config_path.write_text(live.settings.text() + block + "\n")
    checked = tool.must("check", live.config_path)
    assert "configuration OK" in checked.stdout + checked.stderr


def test_a_secret_that_would_cross_the_network_readable_is_told(served, tool):
    served(plain=True)
    made = make_for(tool, "curl", server="192.0.2.1")
    assert "crosses the network readable" in made.stderr and "tls-cert" in made.stderr
    assert "HTTP is served on loopback alone" in made.stderr
    rotated = tool.must("key", "rotate", "pi", "--for", "curl", "--server", "192.0.2.1")
    assert "crosses the network readable" in rotated.stderr
    assert "Note" not in tool.must("key", "new", "tv", "--for", "curl", "--server", "127.0.0.1").stderr


def test_the_door_is_known_from_the_file_when_the_daemon_is_down(served, tool, keys, certificate):
    live = served(**certificate)
    before = make_for(tool, "curl").stdout
    arguments = "key", "rotate", "pi", "--for", "curl", "--server", "127.0.0.1"
    assert f"https://127.0.0.1:{live.settings.http['port']}/v1/update?" in before
    after = tool.must(*arguments).stdout
    assert SECRET.sub("", before) == SECRET.sub("", after)


# Rotation


def test_after_a_rotation_both_secrets_are_taken(live, tool, keys, folder, programs):
    def register(script, address):
        script = re.sub(r"^address=.*$", f"address={address}", script, flags=re.M)
        return run_shell(script, folder).returncode

    first = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    second = tool.must("key", "rotate", "laptop", "--overlap", "7d", "--server", "127.0.0.1")
    assert "The daemon has taken it" in second.stderr
    assert secret_of(keys / "laptop.conf", "secret-old") in first.stdout
    assert register(second.stdout, "192.0.2.1") == 0
    assert register(first.stdout, "192.0.2.2") == 0
    assert live.lookup("laptop.home.arpa", "A") == {"192.0.2.2"}
    (listed,) = tool.json("key", "list")["keys"]
    assert listed["has_old_secret"] is True
    assert listed["old_secret_until"] == secret_of(keys / "laptop.conf", "secret-old-until")


def test_after_the_overlap_the_old_secret_is_refused(live, tool, folder):
    first = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    tool.must("key", "rotate", "laptop", "--overlap", "1s")

    def is_refused():
        return run_shell(first.stdout, folder).returncode != 0

    wait_until(is_refused, "the old secret has ended", 10)


def test_a_rotation_keeps_every_other_byte(live, tool, keys):
    path = keys / "laptop.conf"
    tool.must("key", "new", "laptop")
    before = b"# Ada's, since May\r\n" + path.read_bytes() + b"\n\n# last word"
    path.write_bytes(before)
    path.chmod(0o600)
    tool.must("key", "rotate", "laptop")
    after = path.read_bytes()
    assert after != before

    def others(text):
        return [line for line in text.split(b"\n") if b"secret" not in line]

    assert others(after) == others(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_rotation_asks_before_it_ends_the_first_secret(live, tool, keys):
    tool.must("key", "new", "laptop")
    tool.must("key", "rotate", "laptop")
    before = (keys / "laptop.conf").read_text()
    refused = tool.run("key", "rotate", "laptop")
    assert refused.returncode == FAILED and "--yes" in refused.stderr
    assert (keys / "laptop.conf").read_text() == before
    tool.must("--yes", "key", "rotate", "laptop")
    assert (keys / "laptop.conf").read_text() != before


def test_a_file_that_is_not_understood_stays_as_it_is(tool, keys):
    text = 'key "laptop" {\n    secret "c2VjcmV0c2VjcmV0c2VjcmV0";\n}\n'
    (keys / "laptop.conf").write_text(text)
    refused = tool.run("key", "rotate", "laptop", "--directory", keys)
    assert refused.returncode == FAILED
    assert "line 2" in refused.stderr and "c2Vj" not in refused.stderr
    assert (keys / "laptop.conf").read_text() == text


# Ends


def test_revoking_tells_what_becomes_of_the_names(live, tool, keys, folder, control):
    made = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    assert run_shell(made.stdout, folder).returncode == 0
    refused = tool.run("key", "revoke", "laptop")
    assert refused.returncode == FAILED and "--yes" in refused.stderr
    assert (keys / "laptop.conf").exists()

    ended = tool.must("--yes", "key", "revoke", "laptop")
    assert re.search(r"laptop\.home\.arpa stays until its lease ends", ended.stderr)
    assert "The daemon has taken it" in ended.stderr
    assert not (keys / "laptop.conf").exists()
    assert control.name("laptop").status == 200
    assert run_shell(made.stdout, folder).returncode != 0


def test_revoking_with_its_names_deletes_them(live, tool, folder, control):
    made = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    assert run_shell(made.stdout, folder).returncode == 0
    ended = tool.json("--yes", "key", "revoke", "laptop", "--names")
    assert ended["names"] == ["laptop.home.arpa"] and ended["deleted"] == 1
    assert control.name("laptop").status == 404


def test_a_key_among_others_leaves_them_in_their_file(live, tool, keys):
    tool.must("key", "new", "one")
    tool.must("key", "new", "two")
    both = (keys / "one.conf").read_text() + (keys / "two.conf").read_text()
    (keys / "two.conf").unlink()
    (keys / "one.conf").write_text(both)
    tool.must("--yes", "key", "revoke", "one")
    assert [key["name"] for key in tool.json("key", "list")["keys"]] == ["two"]


def test_a_key_that_is_not_there_is_told(live, tool):
    for verb in "revoke", "rotate":
        refused = tool.run("--yes", "key", verb, "nobody")
        assert refused.returncode == FAILED
        assert "nobody" in refused.stderr and "key list" in refused.stderr


# Lists


def test_the_list_tells_the_last_use_and_never_a_secret(live, tool, keys, folder):
    made = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    tool.must("key", "new", "idle")
    assert run_shell(made.stdout, folder).returncode == 0
    listed = {key["name"]: key for key in tool.json("key", "list")["keys"]}
    assert listed["laptop"]["names"] == 1 and "127.0.0.1" in listed["laptop"]["last_from"]
    assert listed["idle"]["last_used"] is None
    table = tool.must("key", "list").stdout
    assert "never" in table and "127.0.0.1" in table
    for text in table, json.dumps(listed):
        assert secret_of(keys / "laptop.conf") not in text


def test_the_list_comes_from_the_files_when_the_daemon_is_down(live, tool, keys):
    tool.must("key", "new", "laptop", "--allow", "self A")
    tool.must("key", "rotate", "laptop")
    live.stop()
    listed = tool.must("--json", "key", "list", "--directory", keys)
    (key,) = json.loads(listed.stdout)["keys"]
    assert key["name"] == "laptop" and key["allow"] == ["self A"]
    assert key["last_used"] is None and key["has_old_secret"] is True
    assert secret_of(keys / "laptop.conf") not in listed.stdout + listed.stderr


def test_no_secret_is_in_any_argument_or_message(live, tool, keys):
    """Whoever looks at the processes, or at what is told, sees none."""
    made = tool.must("key", "new", "laptop", "--server", "127.0.0.1")
    rotated = tool.must("key", "rotate", "laptop")
    secrets = {secret_of(keys / "laptop.conf"), secret_of(keys / "laptop.conf", "secret-old")}
    for text in made.stderr, rotated.stderr, live.log():
        assert not any(secret in text for secret in secrets)
        assert not SECRET.search(text.replace("/", " "))
