# SPDX-License-Identifier: GPL-3.0-or-later
"""A running ddnsd: started, spoken to, read (its log, its /proc), stopped and judged."""

import atexit
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import tsig
from . import wire as w
from .client import Connection, exchange_tcp, exchange_udp
from .settings import Settings
from .waiting import LIMIT_S, wait_until
from .web import Web

TOP = Path(__file__).resolve().parents[3]


def reachable_copy(program):
    """A copy that every user may run: the checkout may lie in a folder that is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="ddnsd-program-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    return shutil.copy(program, folder / "ddnsd")


PROGRAM = reachable_copy(os.environ.get("DDNSD", TOP / "build/release/bin/ddnsd"))
START_LIMIT_S = 60.0
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:")


def is_sanitized():
    return b"__asan_init" in Path(PROGRAM).read_bytes()


class Daemon:
    def __init__(self, folder, settings: Settings, environment=None):
        self.folder = folder
        self.settings = settings
        self.environment = environment or {}
        self.config_path = folder / "ddnsd.conf"
        self.log_path = folder / "ddnsd.log"
        self.process = None
        self.write_config()

    # Life

    def write_config(self):
        self.config_path.touch(mode=0o600)
        self.config_path.write_text(self.settings.text())

    def spawn(self, *arguments, user=None):
        command = [PROGRAM, "-c", str(self.config_path), *arguments]
        environment = os.environ | self.environment
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                user=user,
                group=user and pwd.getpwuid(user).pw_gid,
                extra_groups=None if user is None else [],
            )

    def start(self, *arguments, user=None):
        seen = self.log_size()
        self.spawn(*arguments, user=user)

        def is_ready():
            status = self.process.poll()
            assert status is None, f"ddnsd ended with status {status}:\n{self.log(seen)}"
            return re.search(r"ready:", self.log(seen))

        wait_until(is_ready, "ddnsd says ready", START_LIMIT_S)
        return self

    def stop(self):
        """SIGTERM: it must end well, and a sanitizer must have found nothing."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(START_LIMIT_S)
        self.process = None
        assert status == 0, f"ddnsd ended with status {status}:\n{self.log()}"
        self.check_sanitizers()

    def kill(self):
        self.process.kill()
        self.process.wait(START_LIMIT_S)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def wait_for_exit(self):
        status = self.process.wait(START_LIMIT_S)
        self.process = None
        return status

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def is_alive(self):
        return self.process.poll() is None

    # Log and process

    def log_size(self):
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def log(self, since=0):
        return self.log_path.read_bytes()[since:].decode(errors="replace")

    def log_lines(self, pattern, since=0):
        return [line for line in self.log(since).splitlines() if re.search(pattern, line, re.I)]

    def wait_for_log(self, pattern, since=0, limit=LIMIT_S):
        what = f"a log line matches {pattern!r} in {self.log_path}"
        return wait_until(lambda: self.log_lines(pattern, since), what, limit)[0]

    def check_sanitizers(self):
        assert not SANITIZER_REPORT.search(self.log()), self.log()

    def proc_status(self, field):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return re.search(rf"^{field}:[ \t]*(.*)$", text, re.M)[1]

    def cpu_s(self):
        """What it has computed so far: other than time itself, nothing that a busy machine adds to."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def resident_kb(self):
        return int(self.proc_status("VmRSS").split()[0])

    # Talking to it

    @property
    def endpoint(self):
        return self.settings.addresses[0], self.settings.port

    def key(self, name):
        return self.settings.tsig_key(name)

    def web(self, key="editor", tls=None, address="127.0.0.1"):
        """The HTTP door, with that key; None: without one."""
        return Web(self.settings.http["port"], key and self.key(key), tls, address)

    def exchange(self, wire, *, tcp=False, source=None):
        """Send octets as they are, return the answer."""
        return (exchange_tcp if tcp else exchange_udp)(wire, self.endpoint, source)

    def connect(self, source=None):
        return Connection(self.endpoint, source)

    def exchange_signed(self, wire, *, key="editor", tcp=False, **signing):
        """Sign and send octets that may be answered before the signature is looked at."""
        return self.exchange(tsig.sign(wire, self.key(key), **signing).wire, tcp=tcp)

    def ask(self, wire, *, key=None, **transport):
        """Send a request; a signed one must get an answer whose signature is right.

        Only FORMERR may come unsigned: what does not parse has no signature to check.
        """
        if key is None:
            answer = self.exchange(wire, **transport)
            assert answer.tsig is None, "an unsigned request got a signed answer"
            return answer
        signed = tsig.sign(wire, self.key(key))
        answer = self.exchange(signed.wire, **transport)
        if answer.tsig is None:
            assert answer.rcode == "FORMERR", f"a signed request, an unsigned answer: {answer}"
            return answer
        assert answer.tsig.verifies(self.key(key), signed.mac), f"bad signature: {answer}"
        return answer

    def update(self, *changes, key="editor", tcp=False, source=None, **message):
        wire = w.update(*changes, **message)
        return self.ask(wire, key=key, tcp=tcp, source=source)

    def must_update(self, *changes, **options):
        answer = self.update(*changes, **options)
        assert answer.rcode == "NOERROR", answer
        return answer

    def query(self, name, rtype, *, tcp=False, key=None, **message):
        return self.ask(w.query(name, rtype, **message), tcp=tcp, key=key)

    def lookup(self, name, rtype):
        """The rdata at exactly this name and type, in presentation form."""
        return self.query(name, rtype, tcp=True).rdatas(name, rtype)

    def serial(self, zone=w.ZONE):
        (soa,) = self.lookup(zone, "SOA")
        return int(soa.split()[2])
