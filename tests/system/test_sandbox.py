# SPDX-License-Identifier: GPL-3.0-or-later
"""The system call filter of the systemd unit: ddnsd has to do with what it leaves."""

import ctypes
import os
import re
import struct
import subprocess
from pathlib import Path

import pytest
from harness.control import Control
from harness.daemon import PROGRAM, is_sanitized
from harness.tsig import make_key
from harness.waiting import wait_until
from harness.web import Web, trusting
from test_tls import Certificate

UNIT = Path(__file__).parents[2] / "conf/systemd/ddnsd.service"
NUMBERS = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
NOBODY = 65534
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_NUMBER, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, DENY_EPERM = 0x7FFF0000, 0x00050001


def members(name):
    """The system calls of a set as "@system-service", by systemd's own word."""
    text = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    ).stdout
    calls = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= members(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed_numbers():
    """What the unit's SystemCallFilter lines leave, as numbers of this machine."""
    allowed = set()
    for line in UNIT.read_text().splitlines():
        if line.startswith("SystemCallFilter="):
            value = line.split("=", 1)[1]
            for word in value.lstrip("~").split():
                calls = members(word) if word.startswith("@") else {word}
                allowed = allowed - calls if value.startswith("~") else allowed | calls
    assert "capset" not in allowed
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", NUMBERS.read_text()))
    return sorted(int(numbers[call]) for call in allowed if call in numbers)


def filter_program(numbers):
    """A classic BPF program: these calls are allowed, all others get EPERM."""
    instruction = struct.Struct("HBBI").pack
    code = instruction(LOAD_NUMBER, 0, 0, 0)
    for number in numbers:
        code += instruction(IF_EQUAL, 0, 1, number) + instruction(RETURN, 0, 0, ALLOW)
    return code + instruction(RETURN, 0, 0, DENY_EPERM)


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def confine(code):
    """Becomes nobody, behind the filter; for use between fork and exec."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code)
    program = Filter(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))

    def enter():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)) == 0

    return enter


def try_the_http_door(web):
    """TLS, the password, a change, the figures of the process, and a key that is written and read."""
    update = web.get("/nic/update?hostname=tv.home.arpa&myip=192.0.2.8")
    assert update.body == b"good 192.0.2.8\n"
    metrics = web.get("/metrics").body.decode()
    for figure in "open_fds", "max_fds", "resident_memory_bytes", "cpu_seconds_total":
        assert re.search(rf"^process_{figure} [0-9.e+]+$", metrics, re.M), figure
    assert web.get("/healthz").status == 200
    assert web.get("/").status == 200
    made = web.post("/v1/keys", {"name": "tablet", "allow": ["self A"]})
    assert made.status == 201
    assert "tablet" in [key["name"] for key in web.get("/v1/keys").json["keys"]]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.skipif(not NUMBERS.exists(), reason="knows the numbers of x86-64 only")
@pytest.mark.skipif(is_sanitized(), reason="the sanitizers need more calls")
def test_ddnsd_runs_behind_the_filter_of_its_unit(folder, free_port):
    os.chown(folder, NOBODY, NOBODY)
    tls = Certificate(folder / "tls")
    os.chown(tls.key, NOBODY, NOBODY)
    key, http_port = make_key("admin"), free_port()
    settings = folder / "ddnsd.conf"
    settings.write_text(
        f'database = "{folder}/ddnsd.db"\n'
        'keys-directory = ""\n'
        f'made-keys-directory = "{folder}/keys.d"\n'
        'zone "home.arpa" { }\n'
        f'listen "dns" {{ addresses = {{"127.0.0.1"}} port = {free_port()} }}\n'
        f'listen "http" {{ addresses = {{"127.0.0.1"}} port = {http_port}'
        f' tls-cert = "{tls.certificate}" tls-key = "{tls.key}" }}\n'
        f'key "admin" {{ secret = "{key.secret}" admin = true allow = {{"zone home.arpa"}} }}\n'
        f'control {{ socket = "{folder}/control.sock" }}\n'
        f'leases {{ file = "{folder}/leases" }}\n'
        f'publish {{ mode = "hostsdir" file = "{folder}/ddnsd.hosts" confirm = "" }}\n'
    )
    settings.chmod(0o640)
    os.chown(settings, NOBODY, NOBODY)
    log_path = folder / "log"
    with open(log_path, "wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "-c", settings],
            stdin=subprocess.DEVNULL,
            stderr=log,
            preexec_fn=confine(filter_program(allowed_numbers())),
        )
    try:

        def is_ready():
            assert process.poll() is None, log_path.read_text()
            return "ready:" in log_path.read_text()

        wait_until(is_ready, "ddnsd is ready behind the filter")
        control = Control(folder / "control.sock")
        answer = control.ask("PUT", "/v1/names/nas", {"addresses": ["192.0.2.7"]})
        assert answer.status == 201
        wait_until(
            lambda: "192.0.2.7 nas.home.arpa" in (folder / "ddnsd.hosts").read_text(),
            "the name is published",
        )
        assert control.get("/v1/backup").status == 200
        assert control.post("/v1/reload").status == 200
        try_the_http_door(Web(http_port, key, trusting(tls.certificate)))
    finally:
        process.terminate()
        assert process.wait(60) == 0
