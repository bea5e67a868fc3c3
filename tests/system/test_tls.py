# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: who gets in, certificates that are made, replaced and broken, and clients that only hold on."""

import contextlib
import hashlib
import http.client
import os
import pwd
import re
import shutil
import socket
import ssl
import stat
import subprocess
import time
from pathlib import Path

import pytest
from harness.daemon import PROGRAM
from harness.tool import FAILED, USAGE, Tool
from harness.waiting import wait_until
from harness.web import TIMEOUT_S

NAMES = "/v1/names"
LOOPBACK = ["127.0.0.0/8", "::1"]
NOBODY = "nobody"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it changes users")


class Certificate:
    """A folder with server.crt and server.key, made by ddnsctl."""

    def __init__(self, folder, name="localhost"):
        self.folder = folder
        self.make(name)

    def make(self, *names):
        arguments = [word for name in names for word in ("--name", name)]
        Tool("/nowhere").must("tls", "self-signed", "--force", *arguments, self.folder)
        return self

    @property
    def certificate(self):
        return self.folder / "server.crt"

    @property
    def key(self):
        return self.folder / "server.key"

    @property
    def options(self):
        return {"tls-cert": self.certificate, "tls-key": self.key}


def fingerprint_of_file(path):
    der = ssl.PEM_cert_to_DER_cert(Path(path).read_text())
    return hashlib.sha256(der).hexdigest()


def anybody(minimum=None, maximum=None):
    """A context that trusts everybody: the certificate is looked at apart."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if minimum is not None:
        context.minimum_version = minimum
    if maximum is not None:
        context.maximum_version = maximum
    return context


@contextlib.contextmanager
def connected(port, context=None, address="127.0.0.1", source=None):
    source = source and (source, 0)
    with socket.create_connection((address, port), TIMEOUT_S, source_address=source) as plain:
        with (context or anybody()).wrap_socket(plain, server_hostname="localhost") as secure:
            yield secure


def fingerprint_shown(port):
    with connected(port) as secure:
        return hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest()


def is_shown(port, certificate):
    return fingerprint_shown(port) == fingerprint_of_file(certificate.certificate)


def names_through(secure):
    """One request on a connection that is there."""
    secure.sendall(f"GET {NAMES} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = http.client.HTTPResponse(secure)
    answer.begin()
    answer.read()
    return answer.status


@pytest.fixture
def certificate(folder):
    return Certificate(folder / "tls")


@pytest.fixture
def secure(launch, certificate):
    """A daemon with TLS, whom anybody on loopback may look at; and its port."""

    def start(limits=None, **options):
        daemon = launch(
            http={"look": LOOPBACK} | certificate.options | options,
            limits=limits or {},
        )
        return daemon, daemon.settings.http["port"]

    return start


# --- who gets in


def test_the_api_is_served_with_a_certificate_that_clients_can_check(secure, certificate):
    daemon, _ = secure()
    context = ssl.create_default_context(cafile=str(certificate.certificate))
    reply = daemon.web(tls=context, address="localhost").get(NAMES)
    assert reply.status == 200
    assert daemon.log_lines(r"https://127\.0\.0\.1:")


def test_curl_trusts_it_when_told_to(secure, certificate):
    _, port = secure()
    command = ["curl", "-sS", "--max-time", "20", f"https://localhost:{port}{NAMES}"]
    told = subprocess.run(
        [*command, "--cacert", str(certificate.certificate)], capture_output=True, text=True
    )
    assert told.returncode == 0 and '"names"' in told.stdout, told
    untold = subprocess.run(command, capture_output=True, text=True)
    assert untold.returncode == 60, untold


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_today_are_served(secure, version):
    _, port = secure()
    with connected(port, anybody(version, version)) as session:
        assert names_through(session) == 200
        assert "ECDHE" in session.cipher()[0] or session.version() == "TLSv1.3"


@pytest.mark.parametrize(
    "arguments",
    [
        ["-tls1"],
        ["-tls1_1"],
        ["-tls1_2", "-cipher", "AES128-SHA:AES256-SHA:AES128-GCM-SHA256"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256"],
    ],
    ids=["TLS 1.0", "TLS 1.1", "no forward secrecy", "CBC"],
)
def test_what_is_old_is_refused(secure, arguments):
    _, port = secure()
    result = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *arguments]
        # Or openssl would not even try.
        + (["-cipher", "ALL:@SECLEVEL=0"] if "-cipher" not in arguments else []),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert result.returncode != 0
    assert "BEGIN CERTIFICATE" not in result.stdout
    # So the client has tried, and it was not openssl that refused.
    assert re.search("alert|unexpected eof", result.stderr), result.stderr


def test_what_is_neither_tls_nor_http_is_not_answered(secure):
    _, port = secure(limits={"http-idle": "1s"})
    for octets in b"\0" * 40, b"\x80\x2e\x01\x00\x02" * 9, b"SSH-2.0-x\r\n\r\n":
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as sock:
            # It may be closed as soon as it is seen.
            with contextlib.suppress(OSError):
                sock.sendall(octets)
                sock.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                answer = sock.makefile("rb").read()
        assert b" 200 " not in answer


# --- where it listens


def test_without_a_certificate_only_loopback_is_served_and_the_log_says_why(launch):
    daemon = launch(http={"addresses": ["0.0.0.0"], "look": LOOPBACK})
    assert daemon.web().get(NAMES).status == 200
    with pytest.raises(ConnectionRefusedError):
        daemon.web(address="127.0.0.2").get(NAMES)
    assert daemon.log_lines(r"warning: .*in the clear.*tls-cert")


def test_with_a_certificate_every_address_is_served(launch, certificate):
    daemon = launch(
        http={"addresses": ["0.0.0.0"], "look": LOOPBACK} | certificate.options,
    )
    assert daemon.web(tls=anybody(), address="127.0.0.2").get(NAMES).status == 200
    assert not daemon.log_lines(r"warning: .*in the clear")


def test_plain_http_is_led_to_the_tls_port_with_method_and_arguments(secure, free_port):
    redirect = free_port()
    _, port = secure(**{"redirect-port": redirect})
    connection = http.client.HTTPConnection("127.0.0.1", redirect, timeout=TIMEOUT_S)
    host = {"Host": f"localhost:{redirect}"}
    connection.request("POST", f"{NAMES}?a=b", body=b"x" * 100, headers=host)
    answer = connection.getresponse()
    assert answer.status == 308
    assert answer.getheader("Location") == f"https://localhost:{port}{NAMES}?a=b"
    connection.close()


def test_plain_http_to_the_tls_port_itself_is_led_to_https(secure):
    """What people type first is http://."""
    _, port = secure()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
    answer = connection.getresponse()
    assert answer.status == 308
    assert answer.getheader("Location") == f"https://localhost:{port}/"
    connection.close()


def test_a_check_warns_of_a_certificate_that_cannot_be_used(launch, certificate):
    """It may come later than the configuration: that is no error."""
    daemon = launch(start=False, http=certificate.options)

    def check():
        command = [PROGRAM, "-n", "-c", daemon.config_path]
        result = subprocess.run(command, capture_output=True, text=True)
        assert (result.returncode, result.stdout) == (0, "configuration OK\n")
        return result.stderr

    assert "certificate" not in check()
    certificate.certificate.unlink()
    said = check()
    assert str(certificate.certificate) in said and "nobody is served" in said


# --- certificates that change


def test_a_certificate_replaced_by_rename_is_shown_and_old_connections_live(secure, certificate):
    _, port = secure()
    with connected(port) as old:
        assert names_through(old) == 200
        before = fingerprint_shown(port)
        certificate.make("localhost")
        wait_until(lambda: is_shown(port, certificate), "the new certificate is shown")
        assert fingerprint_shown(port) != before
        assert names_through(old) == 200


def test_a_certificate_replaced_as_certbot_does_is_shown(launch, folder):
    archive, live = folder / "archive", folder / "live"
    live.mkdir()
    versions = []
    for number in 1, 2:
        archive_folder = folder / f"made-{number}"
        made = Certificate(archive_folder)
        archive.mkdir(exist_ok=True)
        shutil.copy(made.certificate, archive / f"fullchain{number}.pem")
        shutil.copy(made.key, archive / f"privkey{number}.pem")
        versions.append(fingerprint_of_file(made.certificate))

    def point_to(number):
        for name in "privkey", "fullchain":
            link = live / f"{name}.pem"
            link.unlink(missing_ok=True)
            link.symlink_to(f"../archive/{name}{number}.pem")

    point_to(1)
    options = {"tls-cert": live / "fullchain.pem", "tls-key": live / "privkey.pem"}
    daemon = launch(http={"look": LOOPBACK} | options)
    port = daemon.settings.http["port"]
    assert fingerprint_shown(port) == versions[0]
    point_to(2)
    wait_until(lambda: fingerprint_shown(port) == versions[1], "the renewed certificate is shown")


def test_a_broken_certificate_changes_nothing_and_is_told(secure, certificate):
    daemon, port = secure()
    before = fingerprint_shown(port)
    for text, what in (
        ("nonsense", r"error: .*server\.key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", r"error: .*server\.key"),
    ):
        seen = daemon.log_size()
        certificate.key.write_text(text)
        daemon.wait_for_log(what, seen)
        assert fingerprint_shown(port) == before
    certificate.make("localhost")
    wait_until(lambda: is_shown(port, certificate), "the new certificate is shown")


def test_a_key_of_another_certificate_is_told(secure, certificate, folder):
    daemon, port = secure()
    other = Certificate(folder / "other")
    before = fingerprint_shown(port)
    certificate.key.write_bytes(other.key.read_bytes())
    line = daemon.wait_for_log(r"error: .*does not belong to the certificate")
    assert "server.key" in line and "server.crt" in line
    assert fingerprint_shown(port) == before


@pytest.mark.parametrize("kind", ["ed448", "rsa:512"])
def test_a_key_that_no_client_takes_is_told_and_the_old_one_stays(secure, certificate, kind):
    daemon, port = secure()
    before = fingerprint_shown(port)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", kind, "-nodes", "-subj", "/CN=localhost"]
        + ["-keyout", certificate.key, "-out", certificate.certificate],
        check=True,
        capture_output=True,
    )
    daemon.wait_for_log(r"error: .*server\.key: the key is of a kind.* EC P-256")
    assert fingerprint_shown(port) == before


def test_a_key_with_a_password_is_told_at_the_start(launch, certificate):
    locked = certificate.folder / "locked.key"
    subprocess.run(
        ["openssl", "pkey", "-in", certificate.key, "-out", locked]
        + ["-aes256", "-passout", "pass:secret"],
        check=True,
    )
    locked.rename(certificate.key)
    daemon = launch(http=certificate.options)
    assert daemon.log_lines(r"error: .*server\.key.*password.*openssl pkey")
    with pytest.raises(ConnectionRefusedError):
        daemon.web(tls=anybody()).get(NAMES)


@needs_root
def test_a_key_that_the_user_may_not_read_is_told_and_taken_once_it_may(
    launch, certificate, folder
):
    account = pwd.getpwnam(NOBODY)
    data = folder / "data"
    data.mkdir()
    os.chown(data, account.pw_uid, account.pw_gid)
    folder.chmod(0o755)
    certificate.key.chmod(0o600)
    daemon = launch(
        http={"look": LOOPBACK} | certificate.options,
        user=NOBODY,
        database=data / "ddnsd.db",
    )
    assert daemon.log_lines(r"error: .*server\.key.*may not read")
    seen = daemon.log_size()
    os.chown(daemon.config_path, account.pw_uid, 0)
    os.chown(certificate.key, 0, account.pw_gid)
    certificate.key.chmod(0o640)
    port = daemon.settings.http["port"]

    def is_served():
        with contextlib.suppress(OSError):
            return is_shown(port, certificate)

    wait_until(is_served, f"served: {daemon.log(seen)}")


def test_chains_and_rsa_keys_of_an_authority_are_served(launch, folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    ca, chain = folder / "ca.pem", folder / "fullchain.pem"
    # An authority, a request, and what it signs.
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Home CA"),
        *("-keyout", folder / "ca.key", "-out", ca),
    )
    openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", folder / "leaf.key", "-out", folder / "leaf.csr"),
    )
    openssl(
        *("x509", "-req", "-in", folder / "leaf.csr", "-CA", ca, "-CAkey", folder / "ca.key"),
        *("-CAcreateserial", "-copy_extensions", "copy", "-out", folder / "leaf.pem"),
    )
    chain.write_text((folder / "leaf.pem").read_text() + ca.read_text())
    daemon = launch(
        http={"look": LOOPBACK, "tls-cert": chain, "tls-key": folder / "leaf.key"},
    )
    context = ssl.create_default_context(cafile=str(ca))
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        context.minimum_version = context.maximum_version = version
        assert daemon.web(tls=context, address="localhost").get(NAMES).status == 200


# --- clients that only hold on


def is_ended(sock):
    sock.setblocking(False)
    try:
        return sock.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def client_hello():
    """The first flight of a handshake, as octets."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = anybody().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def test_a_handshake_that_stops_half_way_ends_and_costs_nothing_meanwhile(secure):
    daemon, port = secure(limits={"http-idle": "4s"})
    with contextlib.ExitStack() as stack:
        socks, begun = [], time.monotonic()
        for octets in client_hello(), client_hello()[:40], b"":
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), TIMEOUT_S))
            sock.sendall(octets)
            socks.append(sock)
        assert socks[0].recv(1) == b"\x16"
        before_s = daemon.cpu_s()
        for sock in socks:
            wait_until(lambda sock=sock: is_ended(sock), "it is closed")
        assert time.monotonic() - begun > 1
        assert daemon.cpu_s() - before_s < 0.5


def test_a_header_a_moment_does_not_keep_a_request_open(secure):
    _, port = secure()
    with connected(port) as session:
        session.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        session.setblocking(False)

        def has_ended():
            try:
                session.sendall(b"X-A: b\r\n")
                return session.recv(1) == b""
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            except OSError:
                return True

        # Answered or closed: by size, number or time, whichever comes first.
        wait_until(has_ended, "the request is ended", 60)


def test_many_connections_of_one_address_do_not_keep_another_out(launch, certificate):
    daemon = launch(
        http={"addresses": ["127.0.0.1"], "look": LOOPBACK} | certificate.options,
        limits={"http-connections": 64, "http-connections-per-address": 16},
    )
    port = daemon.settings.http["port"]
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(connected(port, source="127.0.0.2"))
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), TIMEOUT_S))
            for _ in range(200)
        ]
        wait_until(lambda: sum(map(is_ended, held)) >= 200 - 16, "most of them are closed")
        assert names_through(other) == 200
        with connected(port, source="127.0.0.3") as newcomer:
            assert names_through(newcomer) == 200
        # Who has its share may still come in, at its own cost.
        with connected(port) as one_more:
            assert names_through(one_more) == 200
    assert daemon.is_alive()


def test_events_come_over_tls_until_the_client_says_goodbye(secure):
    daemon, port = secure()
    with connected(port) as stream:
        stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        assert answer.status == 200
        web = daemon.web(tls=anybody())
        body = {"records": [{"type": "A", "data": "192.0.2.9"}]}
        reply = web.ask("PUT", f"{NAMES}/tv.home.arpa", body)
        assert reply.status in (200, 201), reply.body
        seen = b""
        while b"tv.home.arpa" not in seen:
            seen += answer.readline()
        # A proper end is answered with one.
        with contextlib.suppress(ssl.SSLError, OSError):
            stream.unwrap()


# --- ddnsctl tls


def test_a_self_signed_certificate_is_described_with_what_to_do(folder):
    tool = Tool("/nowhere")
    result = tool.must(
        "tls", "self-signed", "--name", "pi.home.arpa", "--name", "192.0.2.1", folder / "t"
    )
    assert f'tls-cert = "{folder}/t/server.crt"' in result.stdout
    assert f'tls-key = "{folder}/t/server.key"' in result.stdout
    assert "curl --cacert" in result.stdout
    printed = result.stdout.replace(":", "").lower()
    assert fingerprint_of_file(folder / "t/server.crt") in printed
    assert stat.S_IMODE((folder / "t/server.key").stat().st_mode) in (0o600, 0o640)
    text = subprocess.run(
        ["openssl", "x509", "-in", folder / "t/server.crt", "-noout", "-text"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for part in (
        "DNS:pi.home.arpa, IP Address:192.0.2.1",
        "CA:FALSE",
        "TLS Web Server Auth",
        "prime256v1",
    ):
        assert part in text
    seen = tool.json("tls", "show", folder / "t/server.crt")
    assert seen["names"] == ["pi.home.arpa", "192.0.2.1"]
    assert seen["fingerprint"].replace(":", "").lower() in printed
    assert seen["chain"] == 1


def test_a_certificate_that_is_there_is_not_replaced_unasked(certificate):
    before = certificate.certificate.read_bytes(), certificate.key.read_bytes()
    tool = Tool("/nowhere")
    result = tool.run("tls", "self-signed", certificate.folder)
    assert result.returncode == FAILED
    assert "server.crt is there already; --force" in result.stderr
    assert before == (certificate.certificate.read_bytes(), certificate.key.read_bytes())
    assert sorted(path.name for path in certificate.folder.iterdir()) == [
        "server.crt",
        "server.key",
    ]
    tool.must("tls", "self-signed", "--force", certificate.folder)
    assert certificate.key.read_bytes() != before[1]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["none"],
        ["self-signed", "--name", "a b"],
        ["self-signed", "--days", "0"],
        ["show", "a", "b"],
    ],
)
def test_what_makes_no_sense_is_a_matter_of_usage(arguments):
    result = Tool("/nowhere").run("tls", *arguments)
    assert result.returncode == USAGE
    assert "usage: ddnsctl tls" in result.stderr


def test_show_says_what_is_wrong_with_a_pair(certificate, folder):
    tool = Tool("/nowhere")
    other = Certificate(folder / "other")
    result = tool.run("tls", "show", "--key", other.key, certificate.certificate)
    assert result.returncode == FAILED
    assert "does not belong to this certificate" in result.stdout
    certificate.key.unlink()
    result = tool.run("tls", "show", certificate.certificate)
    assert result.returncode == FAILED
    assert "server.key: cannot be read: not found" in result.stdout


def test_the_names_of_a_certificate_come_from_the_daemons_first_zone(launch, folder):
    socket_path = folder / "control.sock"
    launch(zones={"lab.example": {}}, control={"socket": socket_path})
    made = Tool(socket_path).json("tls", "self-signed", folder / "t")
    assert f"{socket.gethostname().split('.')[0]}.lab.example".lower() in made["names"]


def test_what_runs_on_this_machine_finds_its_loopback_names_in_the_certificate(launch, folder):
    made = Tool("/nowhere").json("tls", "self-signed", folder / "t")
    # What clients elsewhere use comes first: it is shown to people.
    assert made["names"][0] not in ("localhost", "127.0.0.1", "::1")
    assert made["names"][-3:] == ["localhost", "127.0.0.1", "::1"]
    daemon = launch(http={"tls-cert": made["certificate"], "tls-key": made["key"]})
    for host in "localhost", "127.0.0.1":
        url = f"https://{host}:{daemon.settings.http['port']}/healthz"
        ran = subprocess.run(
            ["curl", "-sS", "--cacert", made["certificate"], url], capture_output=True, text=True
        )
        assert (ran.returncode, ran.stdout[:2]) == (0, "ok"), ran
