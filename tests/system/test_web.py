# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP door over TCP: where it listens, who is let in without a key, and what browsers may do."""

import contextlib
import http.client
import os
import shutil
import socket

import pytest
from harness import wire as w
from harness.control import Control
from harness.settings import everything_in
from harness.waiting import wait_until
from harness.web import TIMEOUT_S, basic

HOST = "host.home.arpa"
NAMES = "/v1/names"
LOOPBACK = ["127.0.0.0/8", "::1"]


def raw(port, request, address="127.0.0.1"):
    """What comes back for these octets, to the end of the connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(TIMEOUT_S)
        sock.connect((address, port))
        sock.sendall(request)
        with sock.makefile("rb") as answer:
            return answer.read()


def names_at(web, **headers):
    reply = web.get(NAMES, **headers)
    assert reply.status == 200, reply.body
    return [name["name"] for name in reply.json["names"]]


def is_open(port, address="127.0.0.1"):
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection((address, port), TIMEOUT_S).close()
        return True
    return False


def rewrite(daemon, **http_options):
    daemon.settings.http = http_options or None
    daemon.write_config()


# --- where it listens


def test_it_listens_on_each_address_and_says_so(launch):
    addresses = ["127.0.0.1", "127.0.0.2", "::1"]
    daemon = launch(http={"addresses": addresses})
    for address in addresses:
        assert names_at(daemon.web(address=address)) == ["home.arpa"]
    port = daemon.settings.http["port"]
    assert daemon.log_lines(rf"ready: .*, http://127\.0\.0\.1:{port} and more")


def test_without_its_block_there_is_no_such_door(launch):
    daemon = launch()
    assert "http://" not in daemon.log()


def test_http_1_0_without_a_host_is_answered_and_ended(launch):
    daemon = launch(http={})
    request = f"GET {NAMES} HTTP/1.0\r\nAuthorization: {basic(daemon.key('editor'))}\r\n\r\n"
    answer = raw(daemon.settings.http["port"], request.encode())
    assert answer.startswith(b"HTTP/1.0 200 ") or answer.startswith(b"HTTP/1.1 200 ")
    assert b"Transfer-Encoding" not in answer


def test_a_port_that_is_taken_ends_the_start_with_the_reason(folder, launch, free_port):
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        daemon = launch(http={"port": port}, start=False)
        daemon.spawn()
        assert daemon.wait_for_exit() == 1
    assert daemon.log_lines(rf"cannot listen on TCP 127\.0\.0\.1:{port}: Address already in use")


def test_a_reload_brings_the_door_moves_it_and_takes_it_away(launch, free_port):
    daemon = launch()
    first, second = free_port(), free_port()
    rewrite(daemon, port=first)
    wait_until(lambda: is_open(first), "the door is there")
    kept = daemon.web().connect()
    kept.request("GET", NAMES, headers={"Authorization": basic(daemon.key("editor"))})
    assert kept.getresponse().read()
    rewrite(daemon, port=second)
    wait_until(lambda: is_open(second) and not is_open(first), "the door has moved")
    # Whoever is in stays.
    kept.request("GET", NAMES, headers={"Authorization": basic(daemon.key("editor"))})
    assert kept.getresponse().status == 200
    rewrite(daemon)
    wait_until(lambda: not is_open(second), "the door is gone")
    assert daemon.is_alive()


def test_who_asks_for_a_reload_hears_what_failed(launch, free_port, folder):
    control = {"socket": folder / "control.sock"}
    daemon = launch(http={}, control=control)
    taken = free_port()
    rewrite(daemon, port=taken)
    with socket.create_server(("127.0.0.1", taken)):
        reply = Control(folder / "control.sock").post("/v1/reload")
    assert reply.status == 200
    (problem,) = reply.json["problems"]
    assert f"127.0.0.1:{taken}: Address already in use" in problem
    assert "listening for HTTP on all else as before" in problem


def test_a_reload_goes_from_one_address_to_all_of_them_and_back(launch):
    """Each stands in the way of the other."""
    daemon = launch(http={})
    port = daemon.settings.http["port"]
    rewrite(daemon, port=port, plain=True, addresses=["0.0.0.0"])
    wait_until(lambda: is_open(port, "127.0.0.2"), "the door is on all addresses")
    rewrite(daemon, port=port, addresses=["127.0.0.1"])
    wait_until(lambda: not is_open(port, "127.0.0.2"), "the door is on one address")
    assert names_at(daemon.web()) == ["home.arpa"]


def test_a_port_that_could_not_be_had_again_is_not_given_up(launch, folder):
    """Once ddnsd is no longer root it cannot open ports below 1024."""
    store = folder / "store"
    store.mkdir()
    shutil.chown(store, "nobody")
    port = next(port for port in range(300 + os.getpid() % 500, 1024) if not is_open(port))
    options = {"user": "nobody", "database": store / "ddnsd.db", "http": {"port": port}}
    daemon = launch(start=False, **options)
    shutil.chown(daemon.config_path, group="nogroup")
    daemon.config_path.chmod(0o640)
    daemon.start()
    rewrite(daemon, port=port, plain=True, addresses=["0.0.0.0"])
    daemon.wait_for_log(rf"0\.0\.0\.0:{port}: Permission denied.*on all else as before")
    daemon.settings.http = {"port": port}
    assert names_at(daemon.web()) == ["home.arpa"]


def test_a_reload_to_a_port_that_is_taken_leaves_the_door_where_it_is(launch, free_port):
    daemon = launch(http={})
    before, taken = daemon.settings.http["port"], free_port()
    with socket.create_server(("127.0.0.1", taken)):
        rewrite(daemon, port=taken)
        daemon.wait_for_log(rf"127\.0\.0\.1:{taken}: Address already in use.*as before")
    daemon.settings.http = {"port": before}
    assert names_at(daemon.web()) == ["home.arpa"]


# --- who looks without a key


def test_nobody_looks_without_a_key_by_default(launch):
    reply = launch(http={}).web(None).get(NAMES)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_network_may_look_and_change_nothing(launch):
    daemon = launch(http={"look": LOOPBACK})
    daemon.must_update(w.add(HOST, "A", "192.0.2.1"))
    stranger = daemon.web(None)
    assert HOST in names_at(stranger)
    assert stranger.ask("DELETE", f"{NAMES}/{HOST}").status == 401
    assert stranger.ask("PUT", f"{NAMES}/{HOST}", {"addresses": ["192.0.2.2"]}).status == 401
    assert stranger.get("/v1/keys").status == 401
    assert daemon.lookup(HOST, "A") == {"192.0.2.1"}


def test_another_network_may_not(launch):
    daemon = launch(http={"addresses": ["127.0.0.1", "::1"], "look": ["::1"]})
    assert daemon.web(None, address="::1").get(NAMES).status == 200
    assert daemon.web(None).get(NAMES).status == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]:1", "pi", "pi.local", "PI.home.arpa:80"])
def test_the_names_of_this_server_let_a_network_look(launch, host):
    daemon = launch(http={"look": LOOPBACK})
    assert daemon.web(None).get(NAMES, Host=host).status == 200


def test_a_name_that_a_stranger_leads_here_does_not(launch):
    """DNS rebinding: a page of evil.example would read what its visitor may."""
    daemon = launch(http={"look": LOOPBACK, "hosts": ["ddns.example.net"]})
    assert daemon.web(None).get(NAMES, Host="evil.example").status == 401
    assert daemon.log_lines(r'host "evil\.example".*`hosts`')
    assert daemon.web(None).get(NAMES, Host="ddns.example.net:8053").status == 200
    # With a key it does not matter: no browser sends that by itself.
    assert daemon.web().get(NAMES, Host="evil.example").status == 200


# --- browsers


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_makes_no_request(launch, headers):
    daemon = launch(http={"look": LOOPBACK})
    for target in NAMES, f"/nic/update?hostname={HOST}&myip=192.0.2.1", "/metrics":
        assert daemon.web().get(target, **headers).status == 403
    reply = daemon.web().ask("PUT", f"{NAMES}/{HOST}", {"addresses": ["192.0.2.1"]}, headers)
    assert reply.status == 403
    assert not daemon.lookup(HOST, "A")
    assert daemon.log_lines("page of another site")


def test_a_link_may_lead_to_the_page(launch):
    assert launch(http={}).web(None).get("/", **{"Sec-Fetch-Site": "cross-site"}).status == 200


def test_our_own_page_makes_requests(launch):
    daemon = launch(http={})
    host = f"127.0.0.1:{daemon.settings.http['port']}"
    own = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{host}"}
    reply = daemon.web().ask("PUT", f"{NAMES}/{HOST}", {"addresses": ["192.0.2.1"]}, own)
    assert reply.status == 201


@pytest.mark.parametrize("target", ["/", "/v1/status", "/nic/update", "/metrics", "/healthz", "/x"])
def test_every_answer_keeps_browsers_careful(launch, target):
    reply = launch(http={}).web().get(target)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] in ("no-store", "no-cache")
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_a_key_in_the_url_is_not_looked_at_unless_that_is_allowed(launch):
    daemon = launch(http={})
    key = daemon.key("editor")
    secret = key.secret.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    target = f"/nic/update?hostname={HOST}&myip=192.0.2.1&username={key.name}&password={secret}"
    assert daemon.web(None).get(target).status == 401
    assert daemon.log_lines("secrets-in-urls")
    rewrite(daemon, **daemon.settings.http, **{"secrets-in-urls": True})
    wait_until(lambda: daemon.web(None).get(target).status == 200, "it is allowed now")
    # Only for updates by URL: nothing else is called by devices that know no better.
    target = f"{NAMES}?username={key.name}&password={secret}"
    assert daemon.web(None).get(target).status == 401
    assert key.secret not in daemon.log()
    assert secret not in daemon.log()


# --- reloads


def test_a_key_that_is_gone_is_out_at_once(launch):
    keys = {"editor": {"allow": everything_in("home.arpa")}, "guest": {"allow": ["look"]}}
    daemon = launch(http={}, keys=keys)
    kept = daemon.web("guest").connect()
    headers = {"Authorization": basic(daemon.key("guest"))}
    kept.request("GET", NAMES, headers=headers)
    answer = kept.getresponse()
    assert answer.status == 200
    answer.read()
    stream = daemon.web("guest").connect()
    stream.request("GET", "/v1/events", headers=headers)
    events = stream.getresponse()
    assert events.status == 200
    del daemon.settings.keys["guest"]
    daemon.write_config()
    daemon.wait_for_log("key guest: removed")
    # The stream ends, and who stays connected is asked again.
    with contextlib.suppress(http.client.IncompleteRead, ConnectionResetError):
        while events.readline():
            pass
    kept.request("GET", NAMES, headers=headers)
    assert kept.getresponse().status == 401


def test_requests_of_others_go_on_while_one_key_after_the_other_changes(launch):
    daemon = launch(http={}, limits={"updates-per-minute": 0})
    kept = daemon.web().connect()
    headers = {"Authorization": basic(daemon.key("editor"))}
    for number in range(5):
        daemon.settings.keys[f"extra{number}"] = {"allow": ["self"]}
        daemon.write_config()
        daemon.wait_for_log(f"key extra{number}: added")
        kept.request("GET", f"/nic/update?hostname={HOST}&myip=192.0.2.{number}", headers=headers)
        assert kept.getresponse().read() == f"good 192.0.2.{number}\n".encode()


@pytest.mark.parametrize(("proxies", "count"), [([], 2), (["127.0.0.1"], 5)], ids=["client", "proxy"])
def test_a_proxy_that_many_speak_through_has_no_share_of_one(launch, proxies, count):
    daemon = launch(http={"proxies": proxies}, limits={"http-connections-per-address": 2})
    kept = [daemon.web().connect() for _ in range(5)]

    def is_served(connection):
        with contextlib.suppress(http.client.HTTPException, ConnectionError):
            connection.request("GET", "/healthz/live")
            answer = connection.getresponse()
            return answer.status == 200 and bool(answer.read())
        return False

    for connection in kept:
        assert is_served(connection)
        connection.auto_open = False
    # Whoever came last has pushed the others out.
    assert [is_served(connection) for connection in kept] == [False] * (5 - count) + [True] * count
