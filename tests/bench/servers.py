# SPDX-License-Identifier: GPL-3.0-or-later
"""The name servers under test: how each is configured to be durable, started and stopped.

Every start happens in a folder of its own, on loopback, on a high port, without a word from
the system's own configuration. Nothing here measures anything.
"""

import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time

ZONE = "bench.test"
TTL = 60
START_LIMIT_S = 60
PDNS_SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"


class BenchError(Exception):
    """What was wanted did not happen; the text says what and where to look."""


def host_name(index, names):
    """The same names that load and answer use: all with the same number of digits."""
    return f"host{index:0{len(str(names - 1))}d}"


def settled_address(index):
    """The address that message_settled_address() in message.h gives."""
    value = 0x0A000000 | ((index + 1) & 0x7FFFFF)
    return socket.inet_ntoa(struct.pack("!I", value))


def free_port():
    """A port on loopback that is free for UDP and TCP just now."""
    for port in range(20530, 30000):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind(("127.0.0.1", port))
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
                tcp.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue
    raise BenchError("no free port from 20530 to 30000")


def query_message(name, record_type):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return struct.pack("!6H", 0x6264, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(
        "!HH", record_type, 1)


def wait_for_answer(port, name, record_type, is_alive, limit_s=START_LIMIT_S):
    """Asks until a NOERROR answer with a record comes. Returns the moment that was."""
    message = query_message(name, record_type)
    end = time.monotonic() + limit_s
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        udp.settimeout(0.1)
        while time.monotonic() < end:
            try:
                udp.send(message)
                answer = udp.recv(4096)
                now = time.monotonic()
                if len(answer) >= 12 and answer[3] & 15 == 0 and answer[6:8] != b"\0\0":
                    return now
            except TimeoutError:
                pass
            except ConnectionRefusedError:
                pass
            if not is_alive():
                raise BenchError(f"it ended before it answered for {name}")
            # As long as a fast server's whole start may be, a nap must be far shorter.
            time.sleep(0.0002)
    raise BenchError(f"no answer for {name} within {limit_s} s")


class Process:
    """One started program, bound to a core, its output in a log file."""

    def __init__(self, arguments, core, log, environment=None):
        self.log = log
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {core})
        try:
            with open(log, "ab") as out:
                self.begin = time.monotonic()
                self.popen = subprocess.Popen(
                    arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                    env={**os.environ, **(environment or {})})
        finally:
            os.sched_setaffinity(0, before)

    @property
    def pid(self):
        return self.popen.pid

    def is_alive(self):
        return self.popen.poll() is None

    def stop(self):
        if self.is_alive():
            self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class Server:
    """What all servers share. A subclass writes the configuration and knows the command line."""

    name = ""
    program = ""
    # Whether the zone's names come from a file that is written before the start.
    has_zone_file = True
    is_name_server = True

    def __init__(self, bench, names):
        self.bench = bench
        self.names = names
        self.folder = os.path.join(bench.work, self.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, mode=0o700)
        self.port = free_port()
        self.log = os.path.join(bench.work, f"{self.name}.log")
        self.process = None
        self.configure()

    @classmethod
    def find(cls, bench):
        """The program's path, or None when it is not installed."""
        return shutil.which(cls.program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(self.path(name), 0o600)

    def write_zone_file(self):
        lines = [f"$TTL {TTL}", f"@ IN SOA ns hostmaster 1 3600 600 604800 {TTL}", "@ IN NS ns",
                 "ns IN A 127.0.0.1"]
        lines += [f"{host_name(i, self.names)} IN A {settled_address(i)}"
                  for i in range(self.names)]
        self.write("zone", "\n".join(lines) + "\n")

    def configure(self):
        raise NotImplementedError

    def arguments(self):
        raise NotImplementedError

    def start(self, environment=None):
        """Starts it, waits until it answers and fills the zone. Returns self."""
        self.process = Process(self.arguments(), self.bench.server_core, self.log, environment)
        try:
            self.wait_until_ready()
            if not self.has_zone_file:
                self.bench.load(self, "setup", names=self.names)
            if self.is_name_server:
                self.wait_for_last_name()
        except BenchError as error:
            self.stop()
            raise BenchError(f"{self.name}: {error}; see {self.log}") from error
        except BaseException:
            self.stop()
            raise
        return self

    def wait_until_ready(self):
        wait_for_answer(self.port, ZONE, 6, self.process.is_alive)

    def wait_for_last_name(self):
        """Returns the moment at which the last of the names was answered."""
        name = f"{host_name(self.names - 1, self.names)}.{ZONE}"
        return wait_for_answer(self.port, name, 1, self.process.is_alive)

    def start_time(self):
        """Seconds from the start to the first answer, with all names there before."""
        self.process = Process(self.arguments(), self.bench.server_core, self.log)
        return self.wait_for_last_name() - self.process.begin

    def stop(self):
        if self.process is not None:
            self.process.stop()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Ddnsd(Server):
    name = "ddnsd"
    program = "ddnsd"
    has_zone_file = False

    # What the publishing scenarios change.
    publish = 'mode = "none"'

    @classmethod
    def find(cls, bench):
        return bench.ddnsd if os.access(bench.ddnsd, os.X_OK) else None

    def configure(self):
        self.write("ddnsd.conf", f"""database = "{self.path('ddnsd.db')}"
keys-directory = ""
zone "{ZONE}" {{
    ttl = "{TTL}s"
}}
listen "dns" {{
    addresses = {{"127.0.0.1"}}
    port = {self.port}
}}
publish {{
    {self.publish}
}}
limits {{
    updates-per-minute = 0
    names-per-key = 0
    names = 200000
}}
key "{self.bench.key_name}" {{
    algorithm = "hmac-sha256"
    secret = "{self.bench.secret}"
    allow = {{"zone {ZONE} A AAAA"}}
}}
""")

    def arguments(self):
        return [self.bench.ddnsd, "-c", self.path("ddnsd.conf")]


class PublishingDdnsd(Ddnsd):
    """ddnsd in front of a dnsmasq of its own."""

    def __init__(self, bench, names, mode):
        folder = os.path.join(bench.work, "dnsmasq")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder, mode=0o700)
        self.dnsmasq_folder = folder
        # As shipped, the file lies in /run, which is memory: nothing there has to be synced.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else bench.work
        self.hosts_folder = tempfile.mkdtemp(prefix="ddnsd-bench-", dir=memory)
        os.chmod(self.hosts_folder, 0o755)
        self.mode = mode
        self.dnsmasq = None
        self.dnsmasq_port = 0
        super().__init__(bench, names)

    def configure(self):
        hosts = os.path.join(self.hosts_folder, "ddnsd.hosts")
        pid_file = os.path.join(self.dnsmasq_folder, "dnsmasq.pid")
        while self.dnsmasq_port in (0, self.port):
            self.dnsmasq_port = free_port() if self.dnsmasq_port == 0 else self.dnsmasq_port + 1
        self.publish = "\n    ".join([
            f'mode = "{self.mode}"', f'file = "{hosts}"', f'pid-file = "{pid_file}"',
            f'confirm = "127.0.0.1:{self.dnsmasq_port}"'])
        super().configure()
        source = f"addn-hosts={hosts}" if self.mode == "signal" else (
            f"hostsdir={self.hosts_folder}")
        user = "user=root\ngroup=root\n" if os.geteuid() == 0 else ""
        with open(os.path.join(self.dnsmasq_folder, "dnsmasq.conf"), "w",
                  encoding="ascii") as out:
            out.write(f"""port={self.dnsmasq_port}
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
local=/{ZONE}/
pid-file={pid_file}
log-facility={os.path.join(self.dnsmasq_folder, 'dnsmasq.log')}
{user}{source}
""")

    def start(self, environment=None):
        try:
            self.start_dnsmasq()
            super().start(environment)
            name = f"{host_name(self.names - 1, self.names)}.{ZONE}"
            wait_for_answer(self.dnsmasq_port, name, 1, self.dnsmasq.is_alive)
        except BaseException:
            self.stop()
            raise
        return self

    def start_dnsmasq(self):
        program = shutil.which("dnsmasq", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if program is None:
            raise BenchError("dnsmasq is not installed")
        conf = os.path.join(self.dnsmasq_folder, "dnsmasq.conf")
        self.dnsmasq = Process([program, "-k", f"--conf-file={conf}"], self.bench.server_core,
                               os.path.join(self.bench.work, "dnsmasq.log"))
        end = time.monotonic() + START_LIMIT_S
        while not os.path.exists(os.path.join(self.dnsmasq_folder, "dnsmasq.pid")):
            if time.monotonic() > end or not self.dnsmasq.is_alive():
                raise BenchError(f"dnsmasq does not start; see {self.bench.work}/dnsmasq.log")
            time.sleep(0.01)

    def stop(self):
        super().stop()
        if self.dnsmasq is not None:
            self.dnsmasq.stop()
            self.dnsmasq = None
        shutil.rmtree(self.hosts_folder, ignore_errors=True)


class Limit(Server):
    """The ceiling; see limit.c."""

    name = "limit"
    program = "limit"
    has_zone_file = True
    is_name_server = False

    @classmethod
    def find(cls, bench):
        return bench.tool("limit")

    def configure(self):
        pass

    def arguments(self):
        return [self.bench.tool("limit"), "-k", self.bench.key_file, "-P", str(self.port)]

    def wait_until_ready(self):
        """It answers nothing that is unsigned: a bound socket is all there is to see."""
        end = time.monotonic() + START_LIMIT_S
        while self.process.is_alive() and time.monotonic() < end:
            with open("/proc/net/udp", encoding="ascii") as table:
                if f":{self.port:04X} " in table.read():
                    return
            time.sleep(0.005)
        raise BenchError("its socket does not appear")


class SegmentingLimit(Limit):
    """The same, its answers sent with UDP segmentation offload."""

    name = "limit-g"

    def arguments(self):
        return super().arguments() + ["-g"]


class Named(Server):
    """BIND: its journal is synced on every update by default."""

    name = "named"
    program = "named"

    def configure(self):
        self.write_zone_file()
        self.write("named.conf", f"""options {{
    directory "{self.folder}";
    listen-on port {self.port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    lock-file none;
    session-keyfile none;
    recursion no;
    notify no;
    dnssec-validation no;
    empty-zones-enable no;
    allow-transfer {{ none; }};
}};
controls {{ }};
logging {{
    category default {{ null; }};
}};
key "{self.bench.key_name}" {{
    algorithm hmac-sha256;
    secret "{self.bench.secret}";
}};
zone "{ZONE}" {{
    type primary;
    file "zone";
    allow-update {{ key "{self.bench.key_name}"; }};
}};
""")

    def arguments(self):
        return [self.find(self.bench), "-f", "-4", "-n", "1", "-c", self.path("named.conf")]


class Knot(Server):
    """Knot: its journal is the store (robust is its durable mode); the zone file is left alone."""

    name = "knotd"
    program = "knotd"

    def configure(self):
        self.write_zone_file()
        self.write("knot.conf", f"""server:
    rundir: "{self.folder}"
    listen: 127.0.0.1@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "{self.folder}"
    journal-db-mode: robust
key:
  - id: {self.bench.key_name}
    algorithm: hmac-sha256
    secret: {self.bench.secret}
acl:
  - id: update
    key: {self.bench.key_name}
    action: update
zone:
  - domain: {ZONE}
    storage: "{self.folder}"
    file: zone
    zonefile-sync: -1
    acl: update
""")

    def arguments(self):
        return [self.find(self.bench), "-c", self.path("knot.conf")]


class PowerDns(Server):
    """PowerDNS on SQLite, which its backend opens in WAL mode; synchronous=FULL is SQLite's own."""

    name = "pdns"
    program = "pdns_server"

    @classmethod
    def find(cls, bench):
        return super().find(bench) if os.path.exists(PDNS_SCHEMA) else None

    def fill_database(self):
        records = [(ZONE, "SOA", f"ns.{ZONE} hostmaster.{ZONE} 1 3600 600 604800 {TTL}"),
                   (ZONE, "NS", f"ns.{ZONE}"), (f"ns.{ZONE}", "A", "127.0.0.1")]
        records += [(f"{host_name(i, self.names)}.{ZONE}", "A", settled_address(i))
                    for i in range(self.names)]
        with open(PDNS_SCHEMA, encoding="ascii") as schema:
            script = schema.read()
        database = sqlite3.connect(self.path("pdns.db"))
        database.executescript(script)
        database.execute("INSERT INTO domains(id, name, type) VALUES (1, ?, 'MASTER')", (ZONE,))
        database.executemany(
            "INSERT INTO records(domain_id, name, type, content, ttl, prio, auth) "
            f"VALUES (1, ?, ?, ?, {TTL}, 0, 1)", records)
        database.execute("INSERT INTO tsigkeys(name, algorithm, secret) VALUES (?, ?, ?)",
                         (self.bench.key_name, "hmac-sha256", self.bench.secret))
        database.executemany(
            "INSERT INTO domainmetadata(domain_id, kind, content) VALUES (1, ?, ?)",
            [("TSIG-ALLOW-DNSUPDATE", self.bench.key_name),
             ("ALLOW-DNSUPDATE-FROM", "127.0.0.0/8")])
        database.commit()
        database.close()

    def configure(self):
        self.fill_database()
        self.write("pdns.conf", f"""launch=gsqlite3
gsqlite3-database={self.path('pdns.db')}
local-address=127.0.0.1
local-port={self.port}
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
receiver-threads=1
distributor-threads=1
socket-dir={self.folder}
daemon=no
guardian=no
disable-syslog=yes
loglevel=3
log-dns-details=no
version-string=anonymous
security-poll-suffix=
""")

    def arguments(self):
        return [self.find(self.bench), f"--config-dir={self.folder}"]


SERVERS = [Ddnsd, Named, Knot, PowerDns, Limit, SegmentingLimit]
