# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP door in bad hands and bad times: reloads under load, forged headers, floods."""

import base64
import contextlib
import http.client
import itertools
import os
import socket
import ssl
import subprocess
import threading
import time

import pytest
from harness.daemon import is_sanitized
from harness.settings import everything_in
from harness.tsig import Key, make_key
from harness.waiting import wait_until
from harness.web import TIMEOUT_S, basic

NAMES = "/v1/names"
LOOPBACK = ["127.0.0.0/8"]
BUSY_S, BUSY_MOST_S = 4, 120
RELOAD_EVERY_S = 0.05
PATIENCE_S = 0.5
# Of the key that comes and goes: whoever has it is locked out at times.
GUESTS = "127.0.0.3"
FLOOD = 4000
GROWTH_KB = 8 * 1024
LOG_LINES = 60
BROKEN = (OSError, http.client.HTTPException)


# --- reloads under load


class Crowd:
    """Clients of every kind, each a thread that goes on until it is told to stop."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.port = daemon.settings.http["port"]
        self.is_over = threading.Event()
        self.acknowledged = {}
        self.served = dict.fromkeys(("update", "api", "stream", "look", "key", "tls"), 0)
        self.faults = []
        self.threads = [
            threading.Thread(target=self._go_on, args=[client], name=f"h{place}", daemon=True)
            for place, client in enumerate(
                (
                    self.update,
                    self.update,
                    self.change_over_the_api,
                    self.look,
                    self.stream,
                    self.stream,
                    self.make_keys,
                    self.send_slowly,
                    self.shake_half_a_hand,
                    self.ask_much_at_once,
                    self.leave_in_the_middle,
                    self.speak_tls,
                )
            )
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def _go_on(self, client):
        for number in itertools.count():
            if self.is_over.is_set():
                return
            try:
                client(number)
            except BROKEN:
                time.sleep(0.002)
            except Exception as error:  # A thread's own would go unnoticed.
                self.faults.append(error)
                return

    def _connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_S, (source, 0))

    def _basic(self, key):
        return {"Authorization": basic(self.daemon.key(key))}

    def _connection(self, source="127.0.0.1"):
        return http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=PATIENCE_S, source_address=(source, 0)
        )

    def update(self, number):
        # A request that nobody waited for is done late; the next connection has another name.
        host = f"{threading.current_thread().name}-{number}.home.arpa"
        with contextlib.closing(self._connection()) as kept:
            for more in range(20):
                address = f"192.0.{number % 250}.{more + 1}"
                target = f"/nic/update?hostname={host}&myip={address}"
                # What becomes of it is not known until it is answered.
                self.acknowledged.pop(host, None)
                kept.request("GET", target, headers=self._basic("editor"))
                answer = kept.getresponse()
                if answer.read() == f"good {address}\n".encode():
                    self.acknowledged[host] = address
                    self.served["update"] += 1

    def change_over_the_api(self, number):
        host = f"{NAMES}/api{number % 40}.home.arpa"
        body = f'{{"addresses": ["192.0.2.{number % 250 + 1}"]}}'
        with contextlib.closing(self._connection()) as kept:
            kept.request("PUT", host, body, headers=self._basic("editor"))
            kept.getresponse().read()
            kept.request("DELETE", host, headers=self._basic("editor"))
            self.served["api"] += kept.getresponse().status == 204

    def look(self, number):
        targets = (NAMES, "/v1/status", "/metrics", "/healthz", "/", "/v1/zones/home.arpa")
        with contextlib.closing(self._connection()) as kept:
            kept.request("GET", targets[number % len(targets)])
            answer = kept.getresponse()
            answer.read()
            self.served["look"] += answer.status == 200

    def stream(self, number):
        key, source = ("guest", GUESTS) if number % 2 else ("boss", "127.0.0.1")
        with contextlib.closing(self._connection(source)) as kept:
            kept.request("GET", "/v1/events", headers=self._basic(key))
            answer = kept.getresponse()
            while answer.status == 200 and not self.is_over.is_set() and answer.readline():
                self.served["stream"] += 1

    def make_keys(self, number):
        with contextlib.closing(self._connection()) as kept:
            body = f'{{"name": "made{number % 5}", "allow": ["self"]}}'
            kept.request("POST", "/v1/keys", body, headers=self._basic("boss"))
            if number % 3 == 0:
                return
            answer = kept.getresponse()
            answer.read()
            self.served["key"] += answer.status == 201
            kept.request("DELETE", f"/v1/keys/made{number % 5}", headers=self._basic("boss"))
            kept.getresponse().read()

    def send_slowly(self, number):
        request = (
            f"POST /v1/update HTTP/1.1\r\nHost: x\r\nAuthorization: "
            f"{basic(self.daemon.key('guest'))}\r\nContent-Length: 60\r\n\r\n"
        ).encode() + b"hostname=slow.home.arpa&myip=192.0.2.77".ljust(60, b"&")
        with contextlib.closing(self._connect(GUESTS)) as plain:
            for octet in range(0, len(request), 7):
                plain.sendall(request[octet : octet + 7])
                time.sleep(0.005)
            plain.recv(4096)

    def shake_half_a_hand(self, number):
        with contextlib.closing(self._connect()) as plain:
            plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[: number % 12])
            time.sleep(0.07)

    def ask_much_at_once(self, number):
        key = basic(self.daemon.key("guest"))
        request = "".join(
            f"GET /nic/update?hostname=p{n}.home.arpa&myip=192.0.2.{n} HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: {key}\r\n\r\n"
            for n in range(1, 30)
        )
        with contextlib.closing(self._connect(GUESTS)) as plain:
            plain.sendall(request.encode())
            while plain.recv(4096):
                pass

    def leave_in_the_middle(self, number):
        key = basic(self.daemon.key("boss"))
        targets = ("/v1/reload", "/v1/keys", f"{NAMES}/gone.home.arpa", "/v1/backup", "/v1/restore")
        method = "GET" if number % 5 == 3 else "POST"
        body = b'{"addresses": ["192.0.2.9"], "ttl": 60}'
        with contextlib.closing(self._connect()) as plain:
            plain.sendall(
                f"{method} {targets[number % 5]} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) - number % 2]
            )
            time.sleep(0.001 * (number % 7))

    def speak_tls(self, number):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self._connect() as plain, context.wrap_socket(plain) as secure:
            request = f"GET {NAMES} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            if number % 4 == 0:
                request = (
                    "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                    f"{basic(self.daemon.key('boss'))}\r\n\r\n"
                ).encode()
            for _ in range(10):
                secure.sendall(request)
                self.served["tls"] += secure.recv(65536).startswith(b"HTTP/1.1 200")


def replace_config(daemon):
    """At once: what reads it meanwhile finds the one or the other."""
    new = daemon.config_path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(daemon.settings.text())
    os.replace(new, daemon.config_path)


@pytest.fixture
def certificate(folder):
    """The options of a door with TLS."""
    pair = {"tls-cert": folder / "tls.crt", "tls-key": folder / "tls.key"}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-subj", "/CN=localhost", "-days", "30"]
        + ["-out", pair["tls-cert"], "-keyout", pair["tls-key"]],
        check=True,
        capture_output=True,
    )
    return pair


def test_reloads_of_all_there_is_under_load_of_every_kind(launch, folder, free_port, certificate):
    everything = everything_in("home.arpa")
    daemon = launch(
        http={"look": LOOPBACK},
        keys={"editor": {"allow": everything}, "boss": {"allow": everything, "admin": True}},
        control={"socket": folder / "control.sock"},
        made_keys_directory=folder / "made.d",
        limits={"http-connections-per-address": 0, "http-idle": "2s"},
    )
    port, second = daemon.settings.http["port"], free_port()
    doors = [
        {"port": port, "look": LOOPBACK},
        {"port": port, "metrics": []},
        {"port": port} | certificate,
        {"port": second, "redirect-port": port} | certificate,
        {"port": port, "addresses": ["127.0.0.1", "127.0.0.2"], "look": LOOPBACK},
        None,
    ]
    with Crowd(daemon) as crowd:
        begun = time.monotonic()
        for number in itertools.count():
            busy_s = time.monotonic() - begun
            if busy_s > BUSY_MOST_S or (busy_s > BUSY_S and all(crowd.served.values())):
                break
            # The plain one every other time, or nobody would get anywhere.
            daemon.settings.http = doors[number // 4 % len(doors)] if number // 2 % 2 else doors[0]
            daemon.settings.keys.pop("guest", None)
            if number % 3:
                daemon.settings.keys["guest"] = {"allow": [*everything, "look"][: number % 3 + 2]}
            daemon.settings.limits["http-connections"] = 8 if number % 7 == 6 else 64
            replace_config(daemon)
            daemon.hang_up()
            time.sleep(RELOAD_EVERY_S)
        daemon.settings.http = {"port": port}
        replace_config(daemon)
        daemon.hang_up()
    assert not crowd.faults
    assert all(crowd.served.values()), crowd.served

    def is_served():
        # The last reload may still be under way, and the door closed.
        with contextlib.suppress(*BROKEN):
            return daemon.web().get("/v1/status").status == 200

    wait_until(is_served, "it serves")
    for host, address in crowd.acknowledged.items():
        assert daemon.lookup(host, "A") == {address}


def test_zones_come_and_go_while_their_names_are_changed(launch):
    zones = "home.arpa", "lab.example", "den.example"
    daemon = launch(
        zones=dict.fromkeys(zones, {}),
        keys={"editor": {"allow": everything_in(*zones)}},
        http={},
        limits={"http-connections-per-address": 0},
    )
    is_over, answered = threading.Event(), dict.fromkeys(zones, 0)

    def change(place):
        headers = {"Authorization": basic(daemon.key("editor"))}
        with contextlib.closing(daemon.web().connect()) as kept:
            for number in itertools.count():
                if is_over.is_set():
                    return
                zone = zones[number % 3]
                target = f"/nic/update?hostname=h{place}.{zone}&myip=192.0.2.{number % 250}"
                kept.request("GET", target, headers=headers)
                answered[zone] += kept.getresponse().read().startswith(b"good")

    threads = [threading.Thread(target=change, args=[place], daemon=True) for place in range(8)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + BUSY_S
    for number in itertools.count():
        if time.monotonic() > end:
            break
        wanted = [zone for place, zone in enumerate(zones) if not number >> place & 1 or place == 0]
        daemon.settings.zones = dict.fromkeys(wanted, {})
        replace_config(daemon)
        daemon.hang_up()
        time.sleep(RELOAD_EVERY_S)
    is_over.set()
    for thread in threads:
        thread.join()
    assert all(answered.values()), answered
    assert daemon.web().get(NAMES).status == 200


def test_a_door_that_is_taken_away_serves_nobody_who_is_in_still(launch):
    daemon = launch(http={"look": LOOPBACK})
    kept = daemon.web().connect()
    kept.request("GET", NAMES)
    assert b"home.arpa" in kept.getresponse().read()
    daemon.settings.http = None
    replace_config(daemon)
    daemon.hang_up()
    daemon.wait_for_log(r"reload: listen.*http")
    kept.request("GET", NAMES, headers={"Authorization": basic(daemon.key("editor"))})
    answer = kept.getresponse()
    assert answer.status == 503
    assert b"home.arpa" not in answer.read()
    assert answer.getheader("Connection") == "close"


# --- forged headers


def ask_with(daemon, *headers):
    """The answer's status; header lines as they are given, also twice the same."""
    with contextlib.closing(daemon.web(None).connect()) as connection:
        connection.putrequest("GET", NAMES)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status


def test_what_a_client_says_before_its_proxy_is_not_believed(launch):
    """Some proxies add to the header's line, others add a line of their own behind it."""
    name, friend, stranger = "X-Forwarded-For", "192.0.2.7", "198.51.100.9"
    daemon = launch(http={"proxies": LOOPBACK, "look": ["192.0.2.0/24"]})
    assert ask_with(daemon, (name, friend)) == 200
    assert ask_with(daemon, (name, f"{friend}, {stranger}")) == 401
    assert ask_with(daemon, (name, friend), (name, stranger)) == 401
    assert ask_with(daemon, (name, stranger), (name, friend)) == 200
    assert ask_with(daemon, (name, f"::ffff:{friend}")) == 200


@pytest.mark.parametrize("unnamed", ["unknown", "", "fe80::1%eth0", "192.0.2.7,"])
def test_whom_a_proxy_does_not_name_has_not_the_rights_of_its_address(launch, unnamed):
    everything = everything_in("home.arpa")
    daemon = launch(
        http={"proxies": LOOPBACK, "look": LOOPBACK, "metrics": LOOPBACK},
        keys={"editor": {"allow": everything}, "local": {"allow": everything, "from": LOOPBACK}},
    )
    name = "X-Forwarded-For"
    assert ask_with(daemon) == 200
    assert ask_with(daemon, (name, unnamed)) == 401
    assert daemon.web(None).get("/metrics", **{name: unnamed}).status == 401
    assert daemon.web("local").get(NAMES, **{name: unnamed}).status == 403
    update = "/nic/update?hostname=a.home.arpa"
    assert daemon.web().get(update, **{name: unnamed}).body == b"dnserr\n"
    assert daemon.web().get(f"{update}&myip=192.0.2.1", **{name: unnamed}).status == 200
    assert daemon.log_lines("somebody behind 127.0.0.1")


# --- secrets in the wrong place


@pytest.mark.parametrize("secret", [None, "abcdefghijklmnopqrstuvwxyzABCDEF"], ids=["usual", "letters"])
def test_a_secret_in_the_place_of_the_name_is_not_logged(launch, secret):
    key = make_key("editor") if secret is None else Key("editor", secret)
    daemon = launch(start=False, http={}, tsig_keys=[key]).start("-v")
    for credentials in (f"{key.secret}:editor", key.secret, f"{key.secret}:{key.secret}"):
        value = "Basic " + base64.b64encode(credentials.encode()).decode()
        for _ in range(6):
            assert daemon.web(None).get(NAMES, Authorization=value).status in (401, 429)
    assert daemon.log_lines("gave a secret where the name belongs")
    assert daemon.log_lines("is not heard for")
    assert key.secret.lower() not in daemon.log().lower()


# --- floods


def send_many(port, request):
    """One after the other, on as many connections as that takes."""
    left = FLOOD
    while left > 0:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as plain:
            with contextlib.suppress(OSError):
                plain.sendall(request * 50)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(65536):
                    pass
        left -= 50


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /v1/names HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bm9ib2R5:bm9ib2R5\r\n\r\n",
        "GET /v1/names HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n",
        "GET /v1/names HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /nic/update?token=x&hostname=a.home.arpa HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /nic/update HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX: " + "x" * 9000 + "\r\n\r\n",
    ],
    ids=["wrong key", "cross site", "host", "url", "chunked", "health", "malformed", "large"],
)
def test_what_strangers_send_grows_neither_the_log_nor_the_memory(launch, request_text):
    daemon = launch(http={"look": LOOPBACK})
    port = daemon.settings.http["port"]
    send_many(port, request_text.encode())
    memory, seen = daemon.resident_kb(), daemon.log_size()
    send_many(port, request_text.encode())
    assert daemon.web(None).get("/healthz/live").status == 200
    assert len(daemon.log(seen).splitlines()) < LOG_LINES
    if not is_sanitized():
        assert daemon.resident_kb() - memory < GROWTH_KB
