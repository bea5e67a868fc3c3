# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates by URL (rules 45 to 48): the real clients, and the exact requests of routers.

They come from loopback, from where an address has to be given; those that leave it out live in a network of
their own.
"""

import base64
import datetime
import json
import re
import subprocess
import time

import pytest
from harness.faults import failing
from harness.lan import SERVER, SERVER6, open_lan
from harness.waiting import wait_until
from test_durability import FAULTS

NAS, TV, PC = "nas.home.arpa", "tv.home.arpa", "pc.home.arpa"
KEY = "router"
GRANTS = {"allow": ["zone home.arpa A AAAA"]}
TEXT = "text/plain"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def run(*command, timeout=60):
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=timeout, check=False
    )


def secret_file(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
    return path


@pytest.fixture
def start(launch):
    """A function that starts ddnsd with the key of a router."""

    def launch_with(http=None, keys=None, **settings):
        return launch(http=http or {}, keys={KEY: GRANTS} | (keys or {}), **settings)

    return launch_with


@pytest.fixture
def daemon(start):
    return start()


def curl(daemon, target, *options, key=KEY, address="127.0.0.1"):
    """The status, the headers by their lower-case names, and the body."""
    port = daemon.settings.http["port"]
    login = () if key is None else ("-u", f"{key}:{daemon.key(key).secret}")
    result = run("curl", "-sS", "-i", *login, *options, f"http://{address}:{port}{target}")
    assert result.returncode == 0, result.stderr
    head, _, body = result.stdout.partition("\n\n")
    lines = head.splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body


def nic(daemon, query, *arguments, **options):
    """The lines of the answer to an update."""
    status, headers, body = curl(daemon, f"/nic/update?{query}", *arguments, **options)
    assert status == 200, body
    assert headers["content-type"] == TEXT
    assert "transfer-encoding" not in headers
    assert int(headers["content-length"]) == len(body)
    return body.splitlines()


# --- ddclient


def ddclient(folder, daemon, *lines, hosts, address="127.0.0.1", login=KEY, password=None):
    """One run; its output. Its cache lives on in the folder."""
    config = secret_file(
        folder / "ddclient.conf",
        "\n".join(
            [
                "daemon=0",
                "ssl=no",
                "protocol=dyndns2",
                *lines,
                f"server={address}:{daemon.settings.http['port']}",
                f"login={login}",
                f"password={password or daemon.key(login).secret}",
                ",".join(hosts),
                "",
            ]
        ),
    )
    files = "-file", config, "-cache", folder / "ddclient.cache", "-pid", folder / "ddclient.pid"
    result = run("ddclient", "-daemon=0", "-foreground", "-force", "-verbose", "-noquiet", *files)
    return result.stdout + result.stderr


def test_ddclient_sets_several_hosts_in_one_request_and_dnsmasq_answers(
    start, make_dnsmasq, folder
):
    dnsmasq = make_dnsmasq(f"--addn-hosts={folder}/ddnsd.hosts")
    (folder / "ddnsd.hosts").touch()
    dnsmasq.start()
    daemon = start(publish=dnsmasq.publish_options(folder / "ddnsd.hosts"))
    said = ddclient(folder, daemon, "use=cmd, cmd='echo 192.0.2.1'", hosts=[NAS, TV])
    assert f"SUCCESS:  updating {NAS}: good: IP address set to 192.0.2.1" in said
    assert f"SUCCESS:  updating {TV}: good: IP address set to 192.0.2.1" in said
    dnsmasq.wait_for(NAS, "192.0.2.1")
    dnsmasq.wait_for(TV, "192.0.2.1")
    said = ddclient(folder, daemon, "use=cmd, cmd='echo 192.0.2.2'", hosts=[NAS])
    assert f"updating {NAS}: good: IP address set to 192.0.2.2" in said
    dnsmasq.wait_for(NAS, "192.0.2.2")
    assert dnsmasq.addresses(TV) == {"192.0.2.1"}


def test_ddclient_takes_the_same_address_again_for_done(daemon, folder):
    for word in "good", "nochg":
        said = ddclient(folder, daemon, "use=cmd, cmd='echo 192.0.2.1'", hosts=[NAS])
        assert f"updating {NAS}: {word}:" in said
        assert "FAILED" not in said
    # Its cache says so too: without -force it would rest now.
    assert "status=good" in (folder / "ddclient.cache").read_text()


def test_ddclient_understands_why_not(daemon, folder):
    said = ddclient(folder, daemon, "use=cmd, cmd='echo 192.0.2.1'", hosts=["nas.example.net"])
    assert re.search(r"FAILED: *updating nas\.example\.net: nohost:", said)
    said = ddclient(
        folder, daemon, "use=cmd, cmd='echo 192.0.2.1'", hosts=[NAS], password="d3Jvbmc="
    )
    assert re.search(rf"FAILED: *updating {NAS}: authorization failed", said, re.I)
    assert daemon.lookup(NAS, "A") == set()


def address_command(folder, address):
    script = folder / "address"
    script.write_text(f"#!/bin/sh\necho {address}\n")
    script.chmod(0o755)
    return script


def test_ddclient_sets_one_family_and_leaves_the_other_alone(daemon, folder):
    for way, address in ("usev4=cmdv4\ncmdv4", "192.0.2.1"), ("use=cmd\ncmd", "2001:db8::1"):
        option = f"{way}={address_command(folder, address)}"
        assert f"updating {NAS}: good:" in ddclient(folder, daemon, option, hosts=[NAS])
    assert daemon.lookup(NAS, "A") == {"192.0.2.1"}
    assert daemon.lookup(NAS, "AAAA") == {"2001:db8::1"}


def test_ddclient_with_usev6_sends_an_empty_address_and_gets_its_source(start, folder):
    """3.10 knows its IPv6 address, and does not tell it by this protocol."""
    with open_lan():
        daemon = start(http={"addresses": [SERVER], "plain": True})
        nic(daemon, f"hostname={NAS}&myipv6=2001:db8::9", address=SERVER)
        option = f"usev6=cmdv6\ncmdv6={address_command(folder, '2001:db8::1')}"
        said = ddclient(folder, daemon, option, hosts=[NAS], address=SERVER)
        assert f"hostname={NAS}&myip= HTTP/1.1" in said
        assert f"updating {NAS}: good: IP address set to {SERVER}" in said
        assert daemon.lookup(NAS, "A") == {SERVER}
        assert daemon.lookup(NAS, "AAAA") == {"2001:db8::9"}


# --- inadyn


def inadyn(folder, daemon, address, hosts, *lines):
    names = ", ".join(f'"{host}"' for host in hosts)
    config = secret_file(
        folder / "inadyn.conf",
        "\n".join(
            [
                "allow-ipv6 = true",
                "custom ddnsd {",
                f"    username = {KEY}",
                f'    password = "{daemon.key(KEY).secret}"',
                f"    ddns-server = 127.0.0.1:{daemon.settings.http['port']}",
                '    ddns-path = "/nic/update?hostname=%h&myip=%i"',
                f"    hostname = {{ {names} }}",
                "    ssl = false",
                f'    checkip-command = "echo {address}"',
                *lines,
                "}",
                "",
            ]
        ),
    )
    cache = folder / "inadyn"
    cache.mkdir(exist_ok=True)
    return run(
        "inadyn", "-1", "-n", "--force", "--no-pidfile", "-l", "debug", "-f", config,
        f"--cache-dir={cache}",
    )  # fmt: skip


@pytest.mark.parametrize("address, rtype", [("192.0.2.1", "A"), ("2001:db8::1", "AAAA")])
def test_inadyn_speaks_http_1_0_and_escapes_colons(daemon, folder, address, rtype):
    result = inadyn(folder, daemon, address, [NAS, TV])
    said = result.stdout + result.stderr
    assert result.returncode == 0, said
    assert "HTTP/1.0" in said
    for host in NAS, TV:
        assert re.search(rf"Successful alias table update for {host}", said), said
        assert daemon.lookup(host, rtype) == {address}
    result = inadyn(folder, daemon, address, [NAS])
    assert result.returncode == 0
    assert f"nochg {address}" in result.stdout + result.stderr


def test_inadyn_hears_that_it_may_not(daemon, folder):
    result = inadyn(folder, daemon, "192.0.2.1", ["nas.example.net"])
    assert result.returncode != 0
    assert "nohost" in result.stdout + result.stderr


# --- routers, in their own words


def test_openwrt_finds_its_word(daemon):
    """ddns-scripts: grep -i in the whole body; user and password in the URL or by Basic."""
    answer = nic(daemon, f"hostname={NAS}&myip=192.0.2.1")
    assert answer == ["good 192.0.2.1"]
    assert nic(daemon, f"hostname={NAS}&myip=192.0.2.1") == ["nochg 192.0.2.1"]
    for host in "nas.example.net", "nodot":
        assert not re.search("good|nochg", "".join(nic(daemon, f"hostname={host}&myip=192.0.2.1")))
    # IPv6, as it gives it: bare.
    assert nic(daemon, f"hostname={NAS}&myip=2001:db8::1") == ["good 2001:db8::1"]
    assert daemon.lookup(NAS, "A") == {"192.0.2.1"}


def fritzbox(ipv4, ipv6, prefix):
    return (
        f"hostname={NAS}&myip={ipv4}&myipv6={ipv6}&ip6lanprefix={prefix}"
        f"&dualstack={1 if ipv4 and ipv6 else 0}"
    )


def test_fritzbox_renumbers_the_hosts_behind_it(start, make_dnsmasq, folder):
    dnsmasq = make_dnsmasq(f"--addn-hosts={folder}/ddnsd.hosts")
    (folder / "ddnsd.hosts").touch()
    dnsmasq.start()
    ids = {"interface-ids": [f"{TV} ::211:32ff:fe12:3456"]}
    daemon = start(
        keys={KEY: GRANTS | ids},
        publish=dnsmasq.publish_options(folder / "ddnsd.hosts", patience="30s"),
    )
    nic(daemon, f"hostname={PC}&myipv6=2001:db8:1::5")
    query = fritzbox("192.0.2.1", "2001:db8:2::1", "2001:db8:2::/64")
    assert nic(daemon, query) == ["good 192.0.2.1,2001:db8:2::1"]
    dnsmasq.wait_for(PC, "2001:db8:2::5", rtype="AAAA")
    dnsmasq.wait_for(TV, "2001:db8:2:0:211:32ff:fe12:3456", rtype="AAAA")
    dnsmasq.wait_for(NAS, "2001:db8:2::1", rtype="AAAA")
    dnsmasq.wait_for(NAS, "192.0.2.1")
    serial, read = daemon.serial(), dnsmasq.times_read(folder / "ddnsd.hosts")
    assert nic(daemon, query) == ["nochg 192.0.2.1,2001:db8:2::1"]
    assert daemon.serial() == serial
    assert dnsmasq.times_read(folder / "ddnsd.hosts") == read
    daemon.restart()
    assert daemon.lookup(PC, "AAAA") == {"2001:db8:2::5"}


def test_fritzbox_without_ipv6_leaves_it_alone(daemon):
    nic(daemon, fritzbox("192.0.2.1", "2001:db8:2::1", "2001:db8:2::/64"))
    assert nic(daemon, fritzbox("192.0.2.2", "", "")) == ["good 192.0.2.2"]
    assert daemon.lookup(NAS, "AAAA") == {"2001:db8:2::1"}
    # And one whose provider has no IPv4 left.
    answer = nic(daemon, fritzbox("", "2001:db8:3::1", "2001:db8:3::/64"))
    assert answer == ["good 2001:db8:3::1"]
    assert daemon.lookup(NAS, "A") == {"192.0.2.2"}


def test_fritzbox_may_have_its_secret_in_the_url_where_that_is_permitted(start):
    daemon = start(http={"secrets-in-urls": True})
    secret = daemon.key(KEY).secret.replace("+", "%2B")
    query = f"hostname={NAS}&myip=192.0.2.1&username={KEY}&password={secret}"
    assert nic(daemon, query, key=None) == ["good 192.0.2.1"]
    daemon.settings.http["secrets-in-urls"] = False
    daemon.write_config()
    daemon.restart()
    status, headers, body = curl(daemon, f"/nic/update?{query}", key=None)
    assert (status, body) == (401, "badauth\n")
    assert headers["www-authenticate"] == 'basic realm="ddnsd"'
    assert secret not in daemon.log()


def test_unifi_comes_by_inadyns_custom_form(daemon):
    """UniFi's "custom": inadyn with the server field HOST/nic/update?hostname=%h&myip=%i."""
    status, _, body = curl(
        daemon, f"/nic/update?hostname={NAS}&myip=192.0.2.1", "--http1.0", "-A", "inadyn/2.9.1"
    )
    assert (status, body) == (200, "good 192.0.2.1\n")


def test_synology_fills_its_template_in(daemon):
    """The query of a customized provider: hostname=__HOSTNAME__&myip=__MYIP__, log-in by Basic."""
    port = daemon.settings.http["port"]
    secret = daemon.key(KEY).secret.replace("/", "%2F").replace("+", "%2B")
    url = f"http://{KEY}:{secret}@127.0.0.1:{port}/nic/update?hostname={NAS}&myip=192.0.2.1"
    assert run("curl", "-sS", url).stdout == "good 192.0.2.1\n"
    # DSM takes these of the answers for its own.
    assert nic(daemon, f"hostname={NAS}&myip=192.0.2.1")[0].split()[0] == "nochg"


@pytest.mark.parametrize(
    "path", ["/nic/update", "/nic/dyndns", "/v3/update", "/update", "/dyndns/update"]
)
def test_paths_that_routers_hard_code(daemon, path):
    assert curl(daemon, f"{path}?hostname={NAS}&myip=192.0.2.1")[2] == "good 192.0.2.1\n"


@pytest.mark.parametrize(
    "query, options",
    {
        # DynDNS2 in the manuals of OPNsense, pfSense and DD-WRT: all arguments of Dyn, most without a meaning.
        "dyn": (
            "system=dyndns&hostname={}&myip=192.0.2.1&wildcard=OFF&mx=&backmx=NO&offline=NO",
            ("--http1.0", "-A", "pfSense/2.7 phpDynDNS"),
        ),
        # RouterOS: /tool fetch url=... user=... password=... http-method=get; POST without a body, too.
        "mikrotik": ("hostname={}&myip=192.0.2.1", ("-A", "Mikrotik/7.x Fetch")),
        "mikrotik-post": ("hostname={}&myip=192.0.2.1", ("-X", "POST", "-H", "Content-Length: 0")),
        # busybox wget of asuswrt scripts and of ESP boards: HTTP/1.1, to be closed, nothing accepted.
        "wget": ("myip=192.0.2.1&hostname={}", ("-H", "Connection: close", "-H", "Accept:")),
        # What a UI escapes that needs no escape.
        "escaped": ("hostname={}&myip=192%2E0%2E2%2E1&url=&host_id=", ()),
    }.values(),
    ids=["dyn", "mikrotik", "mikrotik-post", "wget", "escaped"],
)
def test_other_routers_and_scripts_find_their_word(daemon, query, options):
    for word in "good", "nochg":
        assert nic(daemon, query.format(NAS), *options) == [f"{word} 192.0.2.1"]
    assert daemon.lookup(NAS, "A") == {"192.0.2.1"}


# --- ddns-go, on the path with true statuses


def ddns_go(daemon, method, target, body=None, headers=None):
    reply = daemon.web(key=KEY).ask(method, target, body, headers)
    return reply.status, reply.json


@pytest.mark.parametrize("way", ["get", "form", "json"])
def test_ddns_go_in_its_three_ways(daemon, way):
    requests = {
        "get": ("GET", f"/v1/update?hostname={NAS}&myip=192.0.2.1"),
        "form": ("POST", "/v1/update", f"hostname={NAS}&myip=192.0.2.1", FORM),
        "json": ("POST", "/v1/update", {"hostname": NAS, "myip": "192.0.2.1"}),
    }
    for word in "good", "nochg":
        status, answer = ddns_go(daemon, *requests[way])
        assert status == 200
        assert answer == {"results": [{"host": NAS, "result": word, "addresses": ["192.0.2.1"]}]}
    assert daemon.lookup(NAS, "A") == {"192.0.2.1"}


def test_ddns_go_is_told_by_the_status_alone(start):
    daemon = start(keys={"other": {"allow": ["*.home.arpa A"]}})
    assert nic(daemon, f"hostname={PC}&myip=192.0.2.9", key="other") == ["good 192.0.2.9"]
    for code, query in [
        (400, "myip=192.0.2.1"),
        (400, f"hostname={NAS}&myip=nowhere"),
        (400, f"hostname={NAS}"),
        (404, "hostname=nas.example.net&myip=192.0.2.1"),
        (409, f"hostname={PC}&myip=192.0.2.1"),
    ]:
        status, answer = ddns_go(daemon, "GET", f"/v1/update?{query}")
        assert status == code, query
        assert answer["error"]
        assert answer["hint"]
    status, _, body = curl(daemon, f"/v1/update?hostname={TV}&myip=2001:db8::1", key="other")
    assert status == 403
    assert "AAAA" in json.loads(body)["hint"]
    status, headers, body = curl(daemon, f"/v1/update?hostname={NAS}&myip=192.0.2.1", key=None)
    assert status == 401
    assert headers["www-authenticate"].startswith("bearer")
    assert json.loads(body)["error"]


# --- addresses


def test_who_leaves_the_address_out_gets_the_one_it_comes_from(start):
    with open_lan() as lan:
        daemon = start(http={"addresses": [SERVER, SERVER6], "plain": True})
        machine = lan.machine()
        with machine.entered():
            run("ip", "address", "add", "10.77.3.4/16", "dev", "eth0")
            run("ip", "address", "add", "fd77::34/64", "dev", "eth0", "nodad")
            for query in f"hostname={NAS}", f"hostname={NAS}&myip=", f"hostname={NAS}&ipv6=":
                (line,) = nic(daemon, query, address=SERVER)
                assert line.split()[1] == "10.77.3.4"
            assert nic(daemon, f"hostname={NAS}", address=f"[{SERVER6}]") == ["good fd77::34"]
        assert daemon.lookup(NAS, "A") == {"10.77.3.4"}
        assert daemon.lookup(NAS, "AAAA") == {"fd77::34"}


def test_loopback_is_nobodys_address_and_nothing_is_deleted(daemon):
    nic(daemon, f"hostname={NAS}&myip=192.0.2.1")
    assert nic(daemon, f"hostname={NAS}&myip=") == ["dnserr"]
    assert daemon.lookup(NAS, "A") == {"192.0.2.1"}
    assert daemon.wait_for_log(rf"{NAS} .*from 127\.0\.0\.1: .*give myip=ADDRESS")


def test_the_log_says_why_a_host_was_refused_and_what_to_do(start):
    daemon = start(keys={"other": {"allow": ["*.home.arpa A"]}})
    nic(daemon, f"hostname={PC}&myip=192.0.2.9", key="other")
    nic(daemon, f"hostname=nas.example.net,nodot,{PC}&myip=192.0.2.1")
    nic(daemon, f"hostname={TV}&myip=2001:db8::1", key="other")
    for pattern in (
        r"refused nas\.example\.net for router from 127\.0\.0\.1: in no zone .*; ddnsctl zone",
        r"refused nodot for router .*: not a full domain name; give it with its zone",
        rf"refused .* of {PC} for router .*: the name belongs to other",
        rf"refused .* AAAA of {TV} for other .*: no grant covers this name and type",
    ):
        assert len(daemon.log_lines(pattern)) == 1, pattern


def test_what_no_grant_covers_is_logged_as_it_was_asked_for(start):
    daemon = start(keys={"other": {"allow": ["self A AAAA"]}})
    asked = {
        "myip=192.0.2.1,2001:db8::1": f"addition of A of {NAS}",
        "myip=2001:db8::1": f"addition of AAAA of {NAS}",
        "ip6lanprefix=2001:db8::/64": f"addition of AAAA of {TV}",
        "offline=YES": f"deletion of A of {PC}",
    }
    for query, what in asked.items():
        name = what.split()[-1]
        assert nic(daemon, f"hostname={name}&{query}", key="other") == ["nohost"]
        pattern = rf"refused the {what} for other from 127\.0\.0\.1: no grant covers this"
        assert len(daemon.log_lines(pattern)) == 1, what
    assert not daemon.log_lines(rf"deletion of \w+ of ({NAS}|{TV})")


def test_offline_deletes(daemon):
    nic(daemon, f"hostname={NAS}&myip=192.0.2.1,2001:db8::1")
    assert nic(daemon, f"hostname={NAS}&offline=YES") == ["good"]
    assert daemon.lookup(NAS, "A") == daemon.lookup(NAS, "AAAA") == set()


def test_what_was_answered_survives_a_kill(daemon):
    assert nic(daemon, f"hostname={NAS},{TV}&myip=192.0.2.1") == ["good 192.0.2.1"] * 2
    daemon.kill()
    daemon.start()
    assert daemon.lookup(NAS, "A") == daemon.lookup(TV, "A") == {"192.0.2.1"}


@pytest.mark.parametrize(
    "option, days", [({}, 45), ({"dyndns-lease": "zone"}, 7), ({"dyndns-lease": "forever"}, None)]
)
def test_a_name_lives_as_long_as_clients_need_that_come_rarely(start, option, days):
    daemon = start(http=option)
    nic(daemon, f"hostname={NAS}&myip=192.0.2.1")
    (record,) = daemon.web(key=KEY).get(f"/v1/names/{NAS}").json["records"]
    if days is None:
        assert record["expires"] is None
        return
    ends = datetime.datetime.fromisoformat(record["expires"])
    left = ends - datetime.datetime.now(datetime.timezone.utc)
    assert abs(left - datetime.timedelta(days=days)) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize("syscalls, error", FAULTS.values(), ids=FAULTS)
def test_a_dead_disk_is_911_for_what_is_new_and_nothing_for_what_is_known(daemon, syscalls, error):
    assert nic(daemon, f"hostname={NAS}&myip=192.0.2.1") == ["good 192.0.2.1"]
    with failing(daemon.process.pid, syscalls, error):
        assert nic(daemon, f"hostname={NAS},{TV},nodot&myip=192.0.2.2") == ["911", "911", "notfqdn"]
        assert nic(daemon, f"hostname={NAS}&myip=192.0.2.1") == ["nochg 192.0.2.1"]
        status, headers, body = curl(daemon, f"/v1/update?hostname={TV}&myip=192.0.2.2")
        assert status == 503
        assert int(headers["retry-after"]) > 0
        assert not re.search("good|nochg", body)
        assert daemon.lookup(NAS, "A") == {"192.0.2.1"}
        assert daemon.lookup(TV, "A") == set()
    wait_until(
        lambda: nic(daemon, f"hostname={TV}&myip=192.0.2.3")[0].endswith(" 192.0.2.3"),
        "changes are stored again",
    )


# --- abuse


def wrong_login(daemon, name=KEY):
    text = base64.b64encode(f"{name}:d3JvbmcgYXMgd3JvbmcgY2FuIGJl".encode()).decode()
    return "-H", f"Authorization: Basic {text}"


def test_who_tries_secrets_is_locked_out_and_nobody_else_is(daemon):
    target = f"/nic/update?hostname={NAS}&myip=192.0.2.1"
    wrong = wrong_login(daemon)

    def attempt(*options, key=None):
        status, headers, body = curl(daemon, target, *options, key=key)
        return status, body, headers.get("retry-after")

    assert attempt(*wrong) == (401, "badauth\n", None)

    def are_locked_out():
        """The right secret has to wait too, from there; how long is said."""
        locked = attempt(*wrong)[1] == "abuse\n" and attempt(key=KEY)
        return locked if locked and locked[1] == "abuse\n" else None

    status, _, wait = wait_until(are_locked_out, "the lock-out")
    assert status == 200 and 1 <= int(wait) <= 900
    assert attempt("--interface", "127.0.0.9", key=KEY)[1] == "good 192.0.2.1\n"
    wait_until(lambda: attempt(key=KEY)[1] == "nochg 192.0.2.1\n", "the wait is over", 60)


def test_more_updates_than_a_key_may_make_are_abuse_until_the_minute_is_over(start):
    daemon = start(keys={KEY: GRANTS | {"updates-per-minute": 2}})
    begun = time.monotonic()

    def is_half_a_minute(text):
        """Of which some has passed already."""
        return 30 - (time.monotonic() - begun) - 1 < int(text) <= 30

    # However many hosts come in one request, it is one.
    assert nic(daemon, f"hostname={NAS},{TV},{PC}&myip=192.0.2.1") == ["good 192.0.2.1"] * 3
    assert nic(daemon, f"hostname={NAS}&myip=192.0.2.1") == ["nochg 192.0.2.1"]
    status, headers, body = curl(daemon, f"/nic/update?hostname={NAS},{TV}&myip=192.0.2.2")
    assert (status, body) == (200, "abuse\nabuse\n")
    assert is_half_a_minute(headers["retry-after"])
    status, headers, _ = curl(daemon, f"/v1/update?hostname={NAS}&myip=192.0.2.2")
    assert status == 429
    assert is_half_a_minute(headers["retry-after"])
    assert daemon.lookup(NAS, "A") == {"192.0.2.1"}


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_change_nothing(daemon, method):
    reply = daemon.web(key=KEY).ask(method, f"/nic/update?hostname={NAS}&myip=192.0.2.1")
    assert reply.status == 405
    assert daemon.lookup(NAS, "A") == set()


def test_a_body_that_is_too_large_is_413(daemon):
    reply = daemon.web(key=KEY).post("/nic/update", "hostname=" + "a" * 20000)
    assert reply.status == 413
