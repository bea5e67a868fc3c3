# SPDX-License-Identifier: GPL-3.0-or-later
"""The API over TCP: who is let in, what each key sees and may change, keys made and ended there."""

import base64
import contextlib
import http.client
import itertools
import json
import os
import re
import threading

import pytest
from harness.control import Control
from harness.tool import Tool
from harness.tsig import Key, make_key
from harness.waiting import wait_until
from harness.web import Web, basic, bearer

NAMES = "/v1/names"
KEYS = {
    "nas": {"allow": ["self A AAAA TXT", "*.nas.home.arpa A"]},
    "desk": {"allow": ["self A AAAA"]},
    "viewer": {"allow": ["look", "self A"]},
    "boss": {"allow": ["zone home.arpa"], "admin": True},
    "elsewhere": {"allow": ["look"], "from": ["192.0.2.0/24"]},
}


@pytest.fixture
def settings(folder):
    return {
        "keys": KEYS,
        "http": {"metrics": []},
        "made_keys_directory": folder / "made.d",
        "control": {"socket": folder / "control.sock"},
    }


@pytest.fixture
def server(launch, settings):
    return launch(**settings)


def put(web, name, *addresses, **more):
    return web.ask("PUT", f"{NAMES}/{name}", {"addresses": addresses} | more)


def names_at(web, query=""):
    reply = web.get(NAMES + query)
    assert reply.status == 200, reply
    return [name["name"] for name in reply.json["names"]]


def register_some(server):
    assert put(server.web("boss"), "printer", "192.0.2.1").status == 201
    assert put(server.web("desk"), "desk", "192.0.2.2").status == 201
    assert put(server.web("nas"), "nas", "192.0.2.3", "2001:db8::3").status == 201


class Stream:
    """/v1/events over TCP: what has come so far, read beside the test."""

    def __init__(self, web):
        self.text, self.is_over = "", False
        self.connection = web.connect()
        self.connection.request("GET", "/v1/events", headers={"Authorization": basic(web.key)})
        self.answer = self.connection.getresponse()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            while line := self.answer.readline().decode():
                self.text += line
        self.is_over = True

    def wait_for(self, word):
        wait_until(lambda: word in self.text, f"{word} in the stream: {self.text}")

    def wait_for_end(self):
        wait_until(lambda: self.is_over, "the stream has ended")

    def close(self):
        # The reader's file goes with it.
        self.connection.sock and self.connection.sock.close()


# Who is let in


def test_a_key_is_let_in_by_basic_and_bearer(server):
    key = server.key("nas")
    web = server.web(None)
    for value in basic(key), bearer(key), f"Bearer {key.secret}":
        reply = web.get("/v1/status", Authorization=value)
        assert reply.status == 200, value
        assert reply.json["you"] == {"identity": "nas", "admin": False}


@pytest.mark.parametrize(
    "value",
    [
        None,
        basic(make_key("nobody")),
        basic(make_key("nas", version="another")),
        bearer(make_key("nas", version="another")),
        "Basic !!!",
        "Digest nas",
    ],
)
def test_without_a_good_key_there_is_nothing_to_see(server, value):
    headers = {"Authorization": value} if value else {}
    for path in "/v1/status", NAMES, f"{NAMES}/nas", "/v1/events", "/v1/zones", "/v1/keys":
        reply = server.web(None).get(path, **headers)
        if reply.status == 429:
            return
        assert reply.status == 401 and reply.error and reply.hint, path
        # Nothing that a browser would ask a password for, and keep.
        assert reply.headers.get_all("WWW-Authenticate") == ['Bearer realm="ddnsd"']


def test_a_key_may_speak_from_its_networks_only(server):
    reply = server.web("elsewhere").get("/v1/status")
    assert reply.status == 403 and "127.0.0.1" in reply.error and "from" in reply.hint


def test_wrong_secrets_lock_out_and_the_right_one_is_let_in_after_the_wait(server):
    wrong = Web(server.settings.http["port"], make_key("nas", version="another"))
    right, replies = server.web("nas"), []

    def are_locked_out():
        """The right one has to wait as well: else it could be guessed in the meantime."""
        replies.append(wrong.get("/v1/status"))
        return replies[-1].status == 429 and right.get("/v1/status").status == 429

    wait_until(are_locked_out, "neither is let in")
    assert {reply.status for reply in replies} == {401, 429}
    assert int(replies[-1].headers["Retry-After"]) >= 1
    # Others come in.
    assert server.web("desk").get("/v1/status").status == 200
    wait_until(lambda: right.get("/v1/status").status == 200, "the wait is over")
    assert not any(key.secret in server.log() for key in (wrong.key, right.key))


def test_who_is_known_is_not_kept_out_by_others_at_the_same_address(server):
    """Only who was never let in from there waits for what strangers there do."""
    guesses = itertools.count()

    def is_locked_out():
        wrong = Web(server.settings.http["port"], make_key(f"guess{next(guesses)}"))
        return wrong.get("/v1/status").status == 429 == server.web("desk").get("/v1/status").status

    assert server.web("nas").get("/v1/status").status == 200
    wait_until(is_locked_out, "the address is locked out")
    assert server.web("nas").get("/v1/status").status == 200


def test_a_reload_forgives_who_failed_with_the_keys_before(server):
    wrong = Web(server.settings.http["port"], make_key("nas", version="another"))

    def waits_long():
        reply = wrong.get("/v1/status")
        return reply.status == 429 and int(reply.headers["Retry-After"]) > 5

    wait_until(waits_long, "the name is locked out for more than 5 s")
    server.settings.keys = KEYS | {"nas": {"allow": ["self A"]}}
    seen = server.log_size()
    server.write_config()
    server.wait_for_log("nas.*allow|allow.*nas", seen)
    assert server.web("nas").get("/v1/status").status == 200


# What a key sees


def test_a_key_sees_its_own_names_and_others_are_not_there(server):
    register_some(server)
    nas = server.web("nas")
    assert names_at(nas) == ["nas.home.arpa"]
    assert nas.get(f"{NAMES}/nas").json["owner"] == "nas"
    hidden, missing = nas.get(f"{NAMES}/desk"), nas.get(f"{NAMES}/dosk")
    assert hidden.status == missing.status == 404
    assert hidden.body.replace(b"desk", b"dosk") == missing.body
    for path in "/v1/leases", "/v1/zones/home.arpa", "/v1/keys", "/v1/backup":
        assert nas.get(path).status == 403, path


def test_pages_hold_what_is_seen(server):
    boss, nas = server.web("boss"), server.web("nas")
    for i in range(7):
        put(boss, f"a{i}", "192.0.2.1")
        assert put(nas, f"b{i}.nas.home.arpa", "192.0.2.2").status == 201
    found, after = [], ""
    while after is not None:
        page = nas.get(f"{NAMES}?limit=3&after={after}").json
        assert len(page["names"]) <= 3
        found += [name["name"] for name in page["names"]]
        after = page["next"]
    assert found == [f"b{i}.nas.home.arpa" for i in range(7)]


def test_look_and_admin_see_all(server):
    register_some(server)
    everything = ["home.arpa", "desk.home.arpa", "nas.home.arpa", "printer.home.arpa"]
    for key in "viewer", "boss":
        assert names_at(server.web(key)) == everything
        assert "192.0.2.2" in server.web(key).get("/v1/zones/home.arpa").body.decode()
    assert server.web("viewer").get("/v1/keys").status == 403
    assert len(server.web("boss").get("/v1/keys").json["keys"]) == len(KEYS)


def test_an_address_that_may_look_needs_no_key_to_read(launch, settings):
    settings["http"]["look"] = ["127.0.0.0/8"]
    server = launch(**settings)
    register_some(server)
    guest = server.web(None)
    assert len(names_at(guest)) == 4
    assert put(guest, "desk", "192.0.2.9").status == 401
    assert guest.get("/v1/keys").status == 401
    # A key that is wrong is no guest.
    assert guest.get(NAMES, Authorization="Bearer desk:wrong").status == 401
    status = guest.get("/v1/status").json
    assert status["you"] == {"identity": None, "admin": False}


def test_paths_are_for_administrators(server, folder):
    for key in "nas", "viewer":
        reply = server.web(key).get("/v1/status")
        assert str(folder) not in reply.body.decode()
        assert reply.json["pid"] == 0 and reply.json["user"] == ""
    status = server.web("boss").get("/v1/status").json
    assert status["pid"] == server.process.pid
    assert status["configuration"]["made_keys_directory"] == str(folder / "made.d")


# What a key may change


def test_a_key_changes_what_its_grants_cover(server):
    register_some(server)
    nas = server.web("nas")
    assert put(nas, "nas", "192.0.2.7").status == 200
    assert put(nas, "cam.nas.home.arpa", "192.0.2.8").status == 201
    for method in "PUT", "POST", "DELETE":
        body = None if method == "DELETE" else {"addresses": ["192.0.2.9"]}
        refused = nas.ask(method, f"{NAMES}/desk", body)
        assert refused.status == 403 and "no grant of nas covers desk" in refused.error
        assert 'allow = {"desk.home.arpa A AAAA"}' in refused.hint
        pattern = rf"refused {method} of desk\.home\.arpa for nas from 127\.0\.0\.1: no grant"
        assert len(server.log_lines(pattern)) == 1, method
    assert put(nas, "nas", "192.0.2.7", owner="desk").status == 403
    assert nas.ask("DELETE", f"{NAMES}/nas").status == 204
    assert server.web("boss").get(f"{NAMES}/desk").json["records"][0]["data"] == "192.0.2.2"
    for path in "/v1/reload", "/v1/keys", "/v1/restore":
        refused = nas.post(path, {})
        assert refused.status == 403 and "peer" not in refused.hint, path


def test_refusals_all_day_are_few_lines_in_the_log(server):
    nas = server.web("nas")
    for number in range(12):
        assert put(nas, f"x{number}", "192.0.2.9").status == 403
    assert len(server.log_lines("refused PUT of x")) == 5


def test_an_admin_key_does_what_root_does(server):
    boss = server.web("boss")
    assert put(boss, "desk", "192.0.2.2", owner="desk").status == 201
    assert server.web("desk").get(f"{NAMES}/desk").json["owner"] == "desk"
    copy = boss.get("/v1/backup")
    assert copy.status == 200 and copy.body.startswith(b"SQLite format 3")
    assert boss.ask("DELETE", f"{NAMES}/desk").status == 204
    assert boss.post("/v1/restore", copy.body).status == 200
    assert boss.get(f"{NAMES}/desk").status == 200
    assert boss.post("/v1/reload").json == {"changes": [], "problems": []}


# Browsers, and what is too large


def test_no_answer_is_for_other_sites(server):
    register_some(server)
    web = server.web("boss")
    for method, path in [
        ("GET", NAMES),
        ("GET", "/v1/nonsense"),
        ("OPTIONS", NAMES),
        ("OPTIONS", f"{NAMES}/nas"),
        ("PUT", f"{NAMES}/nas"),
    ]:
        for headers in {}, {"Origin": "https://example.net"}, {"Sec-Fetch-Site": "cross-site"}:
            reply = web.ask(method, path, headers=headers)
            assert not [name for name in reply.headers if name.lower().startswith("access-")]
            if headers:
                assert reply.status == 403, (method, path)
            elif method == "OPTIONS":
                assert reply.status == 405
    assert web.get(NAMES).headers["Cache-Control"] == "no-store"
    # What it was to change has not changed.
    assert len(web.get(f"{NAMES}/nas").json["records"]) == 2


def announce(web, size):
    """The answer to a body of that size, which never comes."""
    connection = web.connect()
    connection.putrequest("PUT", f"{NAMES}/nas")
    if web.key is not None:
        connection.putheader("Authorization", basic(web.key))
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


def test_what_is_too_large_is_refused(server):
    for key, size in ("boss", 300 << 10), ("nas", 300 << 10), (None, 20 << 10):
        assert announce(server.web(key), size) == 413
    assert server.web("nas").get(NAMES, Stuff="x" * 20000).status == 431
    assert put(server.web("nas"), "nas", "192.0.2.3").status == 201


# Events


def test_a_stream_tells_what_its_key_sees(server):
    own, all_of_it = Stream(server.web("nas")), Stream(server.web("viewer"))
    register_some(server)
    assert server.web("boss").ask("DELETE", f"{NAMES}/nas").status == 204
    for stream in own, all_of_it:
        stream.wait_for('"before":"192.0.2.3, 2001:db8::3","after":""')
    assert "desk" in all_of_it.text and "printer" in all_of_it.text
    assert "desk" not in own.text and "printer" not in own.text
    own.close()
    all_of_it.close()


def test_a_reload_ends_streams_and_lets_in_who_is_allowed_now(server):
    stream = Stream(server.web("desk"))
    connection = server.web("desk").connect()
    headers = {"Authorization": basic(server.key("desk"))}
    connection.request("GET", NAMES, headers=headers)
    assert connection.getresponse().read()
    server.settings.keys = {name: KEYS[name] for name in KEYS if name != "desk"}
    server.write_config()
    server.hang_up()
    stream.wait_for_end()
    stream.close()
    # The connection stays, and who it speaks for is gone.
    connection.request("GET", NAMES, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 401 and answer.read()
    connection.close()
    assert server.web("nas").get(NAMES).status == 200


# Keys made over the API


def nsupdate(programs, key, name, address):
    lines = "zone home.arpa", f"update add {name} 60 A {address}"
    return programs.nsupdate(key, *lines)


def make(server, name, allow=("self A AAAA",), **more):
    reply = server.web("boss").post("/v1/keys", {"name": name, "allow": allow} | more)
    assert reply.status == 201, reply
    return Key(name, reply.json["secret"], reply.json["algorithm"])


@pytest.mark.parametrize(
    ("algorithm", "octets"), [("hmac-sha256", 32), ("hmac-sha512", 64), ("hmac-sha224", 28)]
)
def test_a_key_that_was_made_is_good_at_once(server, folder, programs, algorithm, octets):
    key = make(server, "tv", algorithm=algorithm)
    assert len(base64.b64decode(key.secret)) == octets
    done = nsupdate(programs(server), key, "tv.home.arpa", "192.0.2.5")
    assert done.returncode == 0, done.stderr
    web = server.web(None).acting_as(key)
    assert names_at(web) == ["tv.home.arpa"]
    assert put(web, "tv", "192.0.2.6").status == 200
    assert put(web, "nas", "192.0.2.6").status == 403
    path = folder / "made.d/tv.conf"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert re.search(r"tv was made by boss, from 127\.0\.0\.1", server.log())
    assert key.secret not in server.log()
    listed = {entry["name"]: entry for entry in server.web("boss").get("/v1/keys").json["keys"]}
    assert listed["tv"]["made"] and not listed["nas"]["made"]
    assert listed["tv"]["allow"] == ["self A AAAA"] and not listed["tv"]["admin"]
    assert key.secret not in json.dumps(listed)


def test_a_key_that_was_made_outlives_a_restart_and_ends_with_its_deletion(server, programs):
    key = make(server, "tv", allow=["self A", "look"], **{"from": ["127.0.0.0/8"]})
    server.stop()
    server.start()
    web = server.web(None).acting_as(key)
    put(server.web("boss"), "printer", "192.0.2.1")
    assert "printer.home.arpa" in names_at(web)
    stream = Stream(web)
    reply = server.web("boss").ask("DELETE", "/v1/keys/TV")
    assert reply.status == 204
    stream.wait_for_end()
    stream.close()
    assert web.get(NAMES).status == 401
    assert "BADKEY" in nsupdate(programs(server), key, "tv.home.arpa", "192.0.2.5").stderr
    assert server.web("boss").ask("DELETE", "/v1/keys/tv").status == 404
    # The name may be used again, for another secret.
    assert make(server, "tv").secret != key.secret


def test_keys_of_the_administrator_are_not_ended_here(server):
    refused = server.web("boss").ask("DELETE", "/v1/keys/nas")
    assert refused.status == 409 and "ddnsctl key revoke nas" in refused.hint
    assert server.web("nas").get(NAMES).status == 200


def test_while_the_configuration_has_errors_no_key_is_made(server, folder):
    text = server.config_path.read_text()
    server.config_path.write_text(text + "nonsense = 1\n")
    refused = server.web("boss").post("/v1/keys", {"name": "tv", "allow": ["self A"]})
    assert refused.status == 409 and any("nonsense" in line for line in refused.json["errors"])
    assert list((folder / "made.d").iterdir()) == []
    server.config_path.write_text(text)
    assert make(server, "tv")


def test_a_folder_that_cannot_be_made_is_told(launch, settings, folder):
    server = launch(**settings | {"made_keys_directory": folder / "missing/made.d"})
    refused = server.web("boss").post("/v1/keys", {"name": "tv", "allow": ["self A"]})
    assert refused.status == 503 and int(refused.headers["Retry-After"]) > 0
    assert "made-keys-directory" in refused.hint and str(folder / "missing") in refused.hint
    (folder / "missing").mkdir()
    assert make(server, "tv")


def test_a_server_that_makes_no_keys_says_so(launch, settings):
    server = launch(**settings | {"made_keys_directory": ""})
    refused = server.web("boss").post("/v1/keys", {"name": "tv", "allow": ["self A"]})
    assert refused.status == 403 and "ddnsctl key new" in refused.hint


# The key tool


@pytest.fixture
def tool(server, folder):
    return Tool(folder / "control.sock")


def test_the_tool_lists_rotates_and_revokes_what_was_made(server, tool, folder):
    key = make(server, "tv")
    listed = {entry["name"]: entry for entry in tool.json("key", "list")["keys"]}
    assert listed["tv"]["made"] and not listed["nas"]["made"]
    row = next(line for line in tool.must("key", "list").stdout.splitlines() if "tv" in line)
    assert "ddnsd" in row
    before = (folder / "made.d/tv.conf").stat()
    rotated = tool.json("key", "rotate", "tv")
    after = (folder / "made.d/tv.conf").stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (
        before.st_uid,
        before.st_gid,
        before.st_mode,
    )
    web = server.web(None)
    for secret in key.secret, rotated["secret"]:
        assert web.acting_as(Key("tv", secret, key.algorithm)).get(NAMES).status == 200
    assert tool.json("--yes", "key", "revoke", "TV")["taken"] is True
    assert web.acting_as(key).get(NAMES).status == 401


def test_the_tool_follows_no_link_that_the_daemon_could_have_made(server, tool, folder):
    make(server, "tv")
    path, other = folder / "made.d/tv.conf", folder / "shadow"
    path.rename(other)
    path.symlink_to(other)
    content = other.read_bytes()
    for verb in "rotate", "revoke":
        refused = tool.run("--yes", "key", verb, "tv")
        assert refused.returncode != 0 and "no plain file" in refused.stderr
    path.unlink()
    os.link(other, path)
    for verb in "rotate", "revoke":
        refused = tool.run("--yes", "key", verb, "tv")
        assert refused.returncode != 0 and "no plain file" in refused.stderr
    assert other.read_bytes() == content and path.exists()


def test_a_name_that_was_made_is_not_made_again_by_the_tool(launch, settings, folder):
    (folder / "keys.d").mkdir(mode=0o750)
    server = launch(**settings | {"keys_directory": folder / "keys.d"})
    tool = Tool(folder / "control.sock")
    make(server, "tv")
    refused = tool.run("key", "new", "tv")
    assert refused.returncode != 0 and "made.d/tv.conf" in refused.stderr
    assert list((folder / "keys.d").iterdir()) == []
    # And the other way round.
    tool.must("key", "new", "pc")
    refused = server.web("boss").post("/v1/keys", {"name": "PC", "allow": ["self A"]})
    assert refused.status == 409
    assert Control(folder / "control.sock").ask("DELETE", "/v1/keys/pc").status == 409
