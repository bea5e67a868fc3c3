# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API as people and programs use it."""

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import dns.zone
import pytest
from harness import wire as w
from harness.control import Control, connect
from harness.settings import everything_in
from harness.waiting import wait_until

REVERSE = "2.0.192.in-addr.arpa"
DAEMON, BIN, STRANGER = 1, 2, 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root asks as somebody else")


@pytest.fixture
def serve(launch, folder):
    """A function that starts ddnsd with its control socket."""

    def serve(**settings):
        settings.setdefault("zones", {"home.arpa": {}, REVERSE: {}})
        settings.setdefault("leases", {"file": "", "zone": "home.arpa"})
        settings.setdefault("control", {"socket": folder / "control.sock", "mode": "0666"})
        return launch(**settings)

    return serve


@pytest.fixture
def control(folder):
    return Control(folder / "control.sock")


@pytest.fixture
def server(serve, control):
    return serve(
        keys={
            "editor": {"allow": everything_in("home.arpa", REVERSE)},
            "laptop": {"allow": ["self A AAAA"]},
        },
        peers={
            "desk": {"user": "daemon", "allow": ["*.home.arpa A AAAA TXT"]},
            "hook": {"user": "bin", "allow": ["lease"]},
        },
    )


def test_curl_is_all_that_one_needs(server, folder):
    def curl(*arguments):
        command = ["curl", "-sS", "--unix-socket", folder / "control.sock", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    name = json.loads(
        curl("-X", "PUT", "-d", '{"addresses":["192.0.2.7"]}', "http://ddnsd/v1/names/printer")
    )
    assert name["name"] == "printer.home.arpa" and name["owner"] == "@admin"
    assert server.lookup("printer.home.arpa", "A") == {"192.0.2.7"}
    assert curl("-o", "/dev/null", "-w", "%{http_code}", "http://ddnsd/v1/names/nothing") == "404"
    assert curl("http://ddnsd/v1/zones/home.arpa").splitlines()[-1].endswith("192.0.2.7")


def test_what_is_put_is_served_and_survives_kill_9(server, control):
    assert control.put("printer", "192.0.2.7", "2001:db8::7", ttl=30).status == 201
    assert server.lookup("printer.home.arpa", "A") == {"192.0.2.7"}
    assert server.lookup("printer.home.arpa", "AAAA") == {"2001:db8::7"}
    server.kill()
    server.start()
    shown = control.name("printer").json
    assert [(r["type"], r["ttl"], r["data"]) for r in shown["records"]] == [
        ("A", 30, "192.0.2.7"),
        ("AAAA", 30, "2001:db8::7"),
    ]
    assert control.delete("printer", type="A").status == 204
    assert server.lookup("printer.home.arpa", "A") == set()
    assert control.delete("printer").status == 204
    assert server.query("printer.home.arpa", "A").rcode == "NXDOMAIN"


def test_data_come_back_as_they_were_put(server, control):
    records = [
        {"type": "CAA", "data": '0 issue "ca.example.net"'},
        {"type": "HINFO", "data": '"a \\"quoted\\" text" "\\255\\001"'},
        {"type": "MX", "data": "10 mail.example.net."},
        {"type": "SRV", "data": "0 5 631 printer.home.arpa."},
        {"type": "SSHFP", "data": "4 2 " + "AB" * 32},
        {"type": "TXT", "data": '"one" "two"'},
        {"type": "TYPE65280", "data": "\\# 3 00FF10"},
    ]
    reply = control.ask("PUT", "/v1/names/many", {"records": records})
    assert reply.status == 201, reply
    shown = [{"type": r["type"], "data": r["data"]} for r in reply.json["records"]]
    again = control.ask("PUT", "/v1/names/again", {"records": shown})
    assert again.status == 201, again
    assert again.json["records"] == reply.json["records"]
    for record in records:
        (data,) = server.lookup("many.home.arpa", record["type"])
        assert data.lower() == record["data"].lower().replace("\\# 3 00ff10", "\\# 3 00ff10")


def test_keys_and_peers_share_the_names(server, control):
    server.must_update(w.add("laptop.home.arpa", "A", "192.0.2.1"), key="laptop")
    shown = control.name("laptop").json
    assert (shown["owner"], shown["source"]) == ("laptop", "registered")
    assert shown["records"][0]["expires"] is not None
    # An administrator gives it away, and the key has lost it.
    assert control.add("laptop", owner="editor").json["owner"] == "editor"
    refused = server.update(w.add("laptop.home.arpa", "A", "192.0.2.2"), key="laptop")
    assert refused.rcode == "REFUSED"
    (laptop,) = [k for k in control.get("/v1/keys").json["keys"] if k["name"] == "laptop"]
    assert laptop["names"] == 0 and laptop["last_from"] == "127.0.0.1" and laptop["last_used"]


@needs_root
def test_each_user_may_do_what_the_peer_block_says(server, control):
    desk, hook = control.acting_as(DAEMON), control.acting_as(BIN)
    stranger = control.acting_as(STRANGER)
    assert desk.get("/v1/status").json["you"] == {"identity": "@desk", "admin": False}
    assert control.get("/v1/status").json["you"] == {"identity": "@admin", "admin": True}
    assert desk.put("scanner", "192.0.2.8").json["owner"] == "@desk"
    reply = desk.ask("PUT", "/v1/names/mail", {"records": [{"type": "MX", "data": "10 x"}]})
    assert reply.status == 403 and "@desk" in reply.error
    server.must_update(w.add("laptop.home.arpa", "A", "192.0.2.1"), key="laptop")
    reply = desk.put("laptop", "192.0.2.9")
    assert reply.status == 409 and "belongs to laptop" in reply.error
    assert server.lookup("laptop.home.arpa", "A") == {"192.0.2.1"}
    reply = stranger.put("scanner", "192.0.2.9")
    assert reply.status == 403 and "uid 65534 (nobody)" in reply.error
    assert 'peer "NAME"' in reply.hint and "user" in reply.hint
    assert stranger.name("scanner").status == 200
    assert hook.lease("add", "192.0.2.17", name="tv").json["name"] == "tv.home.arpa"
    assert desk.lease("add", "192.0.2.18", name="tv").status == 403
    assert server.lookup("tv.home.arpa", "A") == {"192.0.2.17"}


def test_a_listing_shows_each_name_once(server, control):
    names = {f"h{n}.home.arpa" for n in range(2500)}
    changes = [w.add(name, "A", "192.0.2.1") for name in sorted(names)]
    for start in range(0, len(changes), 500):
        server.must_update(*changes[start : start + 500], tcp=True)
    seen, after = [], ""
    while after is not None:
        page = control.get("/v1/names", limit=1000, after=after, source="registered").json
        seen += [name["name"] for name in page["names"]]
        after = page["next"]
    assert len(seen) == 2500 and set(seen) == names
    assert [n["name"] for n in control.get("/v1/names", match="H249?").json["names"]] == [
        f"h249{n}.home.arpa" for n in range(10)
    ]


def test_many_who_ask_at_once_all_get_their_answer(server, control):
    def put(n):
        name = f"h{n % 10}.home.arpa"
        written = control.put(name, f"192.0.2.{n}").status
        read = control.name(name)
        return written, read.status

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(put, range(200)))
    assert {written for written, _ in replies} <= {200, 201}
    assert sum(written == 201 for written, _ in replies) == 10
    assert {read for _, read in replies} == {200}


def test_a_connection_serves_many_requests(server, control):
    request = b"GET /v1/zones HTTP/1.1\r\nHost: ddnsd\r\n\r\n"
    with connect(control.path) as sock:
        sizes = set()
        for _ in range(50):
            sock.sendall(request)
            answer = b""
            while not answer.endswith(b"]}\n"):
                chunk = sock.recv(65536)
                assert chunk, answer
                answer += chunk
            assert answer.startswith(b"HTTP/1.1 200 ")
            sizes.add(len(answer))
    assert len(sizes) == 1


# Zones


def test_a_zone_is_a_file_that_name_servers_load(server, control, folder):
    server.must_update(
        w.add("ns.home.arpa", "A", "192.0.2.53"),
        w.add("a-b.home.arpa", "TXT", '"semi;colon" "quo\\"te" "back\\\\slash" "\\000\\255"'),
        w.add("*.wild.home.arpa", "CNAME", "ns.home.arpa."),
        w.add("sub.home.arpa", "NS", "ns.sub.home.arpa."),
        w.add("ns.sub.home.arpa", "AAAA", "2001:db8::53"),
        w.add("odd.home.arpa", "TYPE65280", "\\# 2 0001"),
        w.add("home.arpa", "MX", "0 ns.home.arpa."),
    )
    reply = control.get("/v1/zones/home.arpa")
    assert (reply.status, reply.type) == (200, "text/dns")
    lines = reply.body.decode().splitlines()
    assert lines[0].split()[:4] == ["home.arpa.", "60", "IN", "SOA"]
    owners = [line.split()[0] for line in lines[1:]]
    # Canonical order (RFC 4034 6.1).
    assert owners == [
        "home.arpa.",
        "home.arpa.",
        "a-b.home.arpa.",
        "ns.home.arpa.",
        "odd.home.arpa.",
        "sub.home.arpa.",
        "ns.sub.home.arpa.",
        "*.wild.home.arpa.",
    ]
    zone = dns.zone.from_text(reply.body.decode(), origin="home.arpa.", relativize=False)
    for line in lines:
        owner, _, _, rtype, data = line.split(None, 4)
        assert data in {d.to_text() for d in zone.get_rdataset(owner, rtype)} or rtype == "TXT"
    assert zone.get_soa().serial == server.serial("home.arpa")
    if shutil.which("named-checkzone"):
        (folder / "zone").write_bytes(reply.body)
        command = ["named-checkzone", "home.arpa", folder / "zone"]
        checked = subprocess.run(command, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout


# Events


def test_every_change_is_told_live(server, control):
    with control.events() as events:
        server.must_update(w.add("laptop.home.arpa", "A", "192.0.2.1"), key="laptop")
        told = events.next_of("change")
        assert told["name"] == "laptop.home.arpa" and told["who"] == "laptop"
        assert (told["before"], told["after"]) == ("", "192.0.2.1")
        assert (told["door"], told["from"]) == ("udp", "127.0.0.1")
        # What changes nothing is not told.
        server.must_update(w.add("laptop.home.arpa", "A", "192.0.2.1"), key="laptop")
        assert control.delete("laptop").status == 204
        told = events.next_of("change")
        assert (told["before"], told["after"]) == ("192.0.2.1", "")
        assert (told["door"], told["from"], told["who"]) == ("unix", None, "@admin")
        control.lease("add", "192.0.2.17", name="tv")
        told = events.next_of("change")
        assert (told["name"], told["who"], told["door"]) == ("tv.home.arpa", "@lease", "unix")


def test_what_expires_is_told(serve, control):
    serve(
        zones={"home.arpa": {"lease-min": "1s"}},
        limits={"quiet": "0s"},
    )
    with control.events() as events:
        assert control.put("guest", "192.0.2.9", lease="1s").status == 201
        assert events.next_of("change")["after"] == "192.0.2.9"
        told = events.next_of("change")
        assert (told["before"], told["after"], told["door"]) == ("192.0.2.9", "", "expiry")
    assert control.name("guest").status == 404


def test_a_publication_is_followed_to_the_answer_of_dnsmasq(serve, control, folder, make_dnsmasq):
    hosts = folder / "hosts"
    hosts.mkdir()
    dnsmasq = make_dnsmasq(f"--addn-hosts={hosts / 'ddnsd.hosts'}")
    server = serve(publish=dnsmasq.publish_options(hosts / "ddnsd.hosts", patience="30s"))
    dnsmasq.start()
    wait_until(
        lambda: control.get("/v1/status").json["publication"]["state"] == "confirmed",
        "the first publication is confirmed",
    )
    with control.events() as events:
        put = control.put("printer", "192.0.2.7").json
        assert put["publication"]["state"] == "waiting"
        written = events.next_of("publication")
        assert written["state"] == "written" and written["confirm_ms"] is None
        confirmed = events.next_of("publication")
        assert confirmed["state"] == "confirmed" and confirmed["problem"] == ""
        assert confirmed["number"] == written["number"]
        assert 0 < confirmed["confirm_ms"] < 5000
    publication = control.name("printer").json["publication"]
    assert publication["state"] == "confirmed"
    assert publication["number"] == confirmed["number"]
    assert control.put("-odd-", "192.0.2.8").status == 201
    shown = control.name("-odd-").json["publication"]
    assert shown["state"] == "not-published" and shown["why"]
    # It cannot be written any more; all at once, as it may be written just now.
    hosts.rename(folder / "gone")
    with control.events() as events:
        assert control.put("printer", "192.0.2.9").status == 200
        failed = events.next_of("publication")
        assert failed["state"] == "failed" and str(hosts) in failed["problem"]
    status = control.get("/v1/status").json["publication"]
    assert status["failures"] >= 1 and str(hosts) in status["problem"]
    assert control.name("printer").json["publication"]["state"] == "waiting"
    assert server.lookup("printer.home.arpa", "A") == {"192.0.2.9"}


# Administration


def test_a_reload_is_asked_for_and_answered(server, control):
    server.settings.keys["box"] = {"allow": ["self A"]}
    server.settings.peers["desk"]["allow"] = ["*.lab.home.arpa A"]
    server.write_config()
    with control.events() as events:
        reply = control.post("/v1/reload")
        assert reply.status == 200
        names = {key["name"] for key in control.get("/v1/keys").json["keys"]}
        assert "box" in names
        # Streams go on.
        server.must_update(w.add("box.home.arpa", "A", "192.0.2.1"), key="box")
        assert events.next_of("change")["who"] == "box"
    server.settings.zones["home.arpa"]["ttl"] = "soon"
    server.write_config()
    reply = control.post("/v1/reload")
    assert reply.status == 400
    assert any("ttl" in line and "ddnsd.conf:" in line for line in reply.json["errors"])
    assert "ttl" in control.get("/v1/status").json["configuration"]["error"]
    assert server.lookup("box.home.arpa", "A") == {"192.0.2.1"}


@needs_root
def test_an_open_connection_follows_a_reload(server, control):
    request = b'PUT /v1/names/x HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n{"addresses":["192.0.2.1"]}'
    with connect(control.path, DAEMON) as sock:
        sock.sendall(request)
        assert sock.recv(65536).startswith(b"HTTP/1.1 201 ")
        del server.settings.peers["desk"]
        server.write_config()
        assert control.post("/v1/reload").status == 200
        sock.sendall(request)
        assert sock.recv(65536).startswith(b"HTTP/1.1 403 ")


def contents(name):
    """What it holds, and whose it is; a lease that was stored ends later (it is stored less often)."""
    records = [(r["type"], r["ttl"], r["data"], bool(r["expires"])) for r in name["records"]]
    return name["owner"], name["source"], records


def test_a_backup_moves_to_another_machine(server, control, folder):
    server.must_update(
        w.add("laptop.home.arpa", "A", "192.0.2.1"), w.add("x.home.arpa", "TXT", "y")
    )
    control.lease("add", "192.0.2.17", name="tv", hardware="02:00:00:00:00:01", expires_in_s=3600)
    before = {name["name"]: name for name in control.get("/v1/names").json["names"]}
    copy = control.get("/v1/backup").body
    server.stop()
    server.settings.top["database"] = folder / "other.db"
    server.write_config()
    server.start()
    control.put("only-here", "192.0.2.9")
    serial = server.serial()
    looked = control.post("/v1/restore?check=1", copy).json
    assert looked["newest"] and "replaced" not in looked
    assert control.name("only-here").status == 200
    reply = control.post("/v1/restore", copy)
    assert reply.status == 200 and reply.json["replaced"] == 1
    after = {name["name"]: name for name in control.get("/v1/names").json["names"]}
    assert set(after) == set(before)
    for name in before:
        if before[name]["source"] != "zone":
            assert contents(after[name]) == contents(before[name])
    assert server.lookup("tv.home.arpa", "A") == {"192.0.2.17"}
    assert server.serial() > serial
    server.kill()
    server.start()
    assert control.name("only-here").status == 404
    assert server.lookup("laptop.home.arpa", "A") == {"192.0.2.1"}


# Hostile callers

NAMES = [
    "%00",
    "a%00b.home.arpa",
    "%",
    "%zz",
    "%e4%f6.home.arpa",
    "%5c",
    "%5c999.home.arpa",
    "..",
    "a..home.arpa",
    "." * 300,
    "a." * 130 + "home.arpa",
    "x" * 64 + ".home.arpa",
    "x" * 4000,
    "%0d%0aX-Header:%20y",
    "%22%3e%3cb%3e",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "*.*.home.arpa",
    "%20.home.arpa",
]
BODIES = [
    b"",
    b"\0",
    b"{",
    b"null",
    b"[" * 100000,
    b'{"addresses":' * 10000,
    b'{"addresses":["192.0.2.1"],"addresses":["192.0.2.2"]}',
    b'{"addresses":["192.0.2.1\\u0000"]}',
    b'{"addresses":["\xff"]}',
    b'{"addresses":[' + b'"192.0.2.1",' * 5000 + b'"192.0.2.1"]}',
    b'{"ttl":1e999}',
    b'{"ttl":99999999999999999999999999}',
    b'{"records":[{"type":"TXT","data":"' + b"x" * 200000 + b'"}]}',
    b'{"records":[{"type":"A","data":"192.0.2.1\\n$INCLUDE /etc/passwd"}]}',
    b'{"records":[{"type":"TXT","data":"$INCLUDE /etc/passwd\\n"}]}',
    b'{"records":[{"type":"A","data":"192.0.2.1"},{"type":"TXT","data":")"}]}',
]


def test_hostile_names_and_bodies_change_nothing(server, control):
    serial = server.serial()
    for name in NAMES:
        for method in "GET", "DELETE":
            reply = control.ask(method, f"/v1/names/{name}")
            assert reply.status in (400, 404), (name, reply)
        reply = control.ask("PUT", f"/v1/names/{name}", {})
        assert 400 <= reply.status < 500, (name, reply)
    for body in BODIES:
        for path in "/v1/names/desk", "/v1/leases", "/v1/restore":
            method = "POST" if path != "/v1/names/desk" else "PUT"
            reply = control.ask(method, path, body)
            assert reply.status in (400, 413, 429), (path, body[:80], reply)
            if reply.type == "application/json":
                assert reply.error
    assert server.serial() == serial
    assert control.get("/v1/names", source="admin").json["names"] == []
    assert server.is_alive()


def test_what_is_no_http_is_turned_away(server, control):
    for octets in (
        b"\1\2\3 \4 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/status HTTP/9.9\r\n\r\n",
        b"PUT /v1/names/desk HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"PUT /v1/names/desk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v1/status HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
    ):
        answer = control.raw(octets)
        assert not answer.startswith(b"HTTP/1.1 2"), (octets[:60], answer[:100])
    assert control.get("/v1/status").status == 200
    assert control.name("desk").status == 404
