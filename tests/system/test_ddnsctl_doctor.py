# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl doctor: a person asks what is wrong, with a real dnsmasq, and each thing that may be."""

import json
import os
import re
import signal
import socket
import threading
import time

import dns.message
import dns.rdataclass
import dns.rrset
import pytest
from harness import hosts
from harness.control import Control
from harness.stepped_clock import SteppedClock
from harness.tool import FAILED, Tool
from harness.waiting import wait_until
from test_ddnsctl_failures import BadHands


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


@pytest.fixture
def control(folder):
    return Control(folder / "control.sock")


@pytest.fixture
def hosts_file(folder):
    (folder / "hosts").mkdir()
    return folder / "hosts" / "ddnsd.hosts"


class Clinic:
    """A ddnsd and a dnsmasq that may be ill; what the doctor says of them."""

    def __init__(self, tool, launch, make_dnsmasq, folder, hosts_file):
        self.tool, self.launch, self.make_dnsmasq = tool, launch, make_dnsmasq
        self.folder, self.hosts_file = folder, hosts_file
        self.ddnsd = self.dnsmasq = self.found = None

    def open(self, *arguments, mode="signal", publish=None, local="/home.arpa/", **settings):
        if mode == "signal" and not any("addn-hosts" in a or "hostsdir" in a for a in arguments):
            arguments = (f"--addn-hosts={self.hosts_file}", *arguments)
        self.dnsmasq = self.make_dnsmasq(*arguments, local=local)
        self.dnsmasq.start()
        options = self.dnsmasq.publish_options(self.hosts_file, mode) | (publish or {})
        control = {"socket": self.folder / "control.sock"}
        self.ddnsd = self.launch(publish=options, control=control, **settings)
        return self

    def findings(self):
        """Examined once: a trial that fails takes its five seconds."""
        if self.found is None:
            self.found = self.examine()
        return self.found

    def examine(self):
        result = self.tool.run("--json", "doctor")
        found = json.loads(result.stdout)
        is_faulty = any(finding["result"] == "fault" for finding in found)
        assert result.returncode == (FAILED if is_faulty else 0), result
        return found

    def of(self, check, result=None):
        found = [finding for finding in self.findings() if finding["check"] == check]
        return [finding for finding in found if result in (None, finding["result"])]

    def fault(self, check, pattern):
        """The one fault of that kind; it says what to type."""
        found = [f for f in self.of(check, "fault") if re.search(pattern, f["text"])]
        assert len(found) == 1, self.findings()
        assert found[0]["mend"]
        return found[0]

    def warning(self, check, pattern):
        found = [f for f in self.of(check, "warning") if re.search(pattern, f["text"])]
        assert len(found) == 1, self.findings()
        return found[0]


@pytest.fixture
def clinic(tool, launch, make_dnsmasq, folder, hosts_file):
    return Clinic(tool, launch, make_dnsmasq, folder, hosts_file)


# Health


def test_a_healthy_machine_has_no_fault_and_the_trial_leaves_nothing(clinic, control, hosts_file):
    clinic.open()
    clinic.ddnsd.wait_for_log("dnsmasq answers publication")
    found = clinic.findings()
    results = {finding["check"]: finding["result"] for finding in found}
    assert "fault" not in results.values(), [f for f in found if f["result"] != "ok"]
    for check in "daemon", "configuration", "files", "dnsmasq", "reads-file", "hosts-file", "zone":
        assert results[check] == "ok", found
    (trial,) = [finding for finding in found if finding["check"] == "trial"]
    assert trial["result"] == "ok"
    assert float(re.search(r"after ([\d.]+) ms", trial["text"])[1]) < 5000
    assert control.get("/v1/names", match="ddnsd-doctor-*").json["names"] == []
    wait_until(lambda: not hosts.read_names(hosts_file), "the test name is gone")


def test_the_end_of_the_trial_is_waited_for_before_the_publication_is_judged(clinic, folder):
    script = folder / "tell"
    script.write_text(f"#!/bin/sh\nsleep 0.3\nkill -HUP $(cat {folder}/dnsmasq.pid)\n")
    script.chmod(0o755)
    clinic.open(
        f"--addn-hosts={clinic.hosts_file}", mode="command", publish={"command": script}
    )
    clinic.ddnsd.wait_for_log("dnsmasq answers publication")
    assert clinic.of("trial", "ok"), clinic.findings()
    assert [f["result"] for f in clinic.of("publication")] == ["ok"], clinic.findings()


def test_people_read_one_line_a_finding_and_what_to_do(clinic, tool):
    clinic.open(local="")
    result = tool.run("doctor")
    assert re.search(r"^ok +dnsmasq +dnsmasq runs as process \d+, version 2\.\d\d$", result.stdout, re.M)
    assert re.search(r"^warning +zone .*\n +to do: local=/home\.arpa/", result.stdout, re.M)
    assert re.search(r"^\d+ faults?, \d+ warnings?\.$", result.stdout, re.M)
    assert "\x1b" not in result.stdout


def test_the_version_is_dnsmasqs_own(clinic):
    clinic.open()
    (found,) = clinic.of("dnsmasq", "ok")
    assert f"process {clinic.dnsmasq.process.pid}, version 2." in found["text"]


# The daemon


def test_a_daemon_that_does_not_answer_is_a_fault(tool, folder):
    result = tool.run("--json", "doctor")
    assert result.returncode == FAILED
    (daemon,) = [f for f in json.loads(result.stdout) if f["check"] == "daemon"]
    assert daemon["result"] == "fault" and daemon["mend"]


def test_a_configuration_that_is_broken_is_told_with_file_and_line(clinic):
    clinic.open()
    with open(clinic.ddnsd.config_path, "a") as file:
        file.write("nonsense = 1\n")
    clinic.ddnsd.wait_for_log("nonsense")
    fault = clinic.fault("configuration", "nonsense")
    assert re.search(rf"{clinic.ddnsd.config_path}:\d+", fault["text"])


def test_key_files_that_everybody_may_read_are_a_fault(clinic, folder):
    keys = folder / "keys.d"
    keys.mkdir(mode=0o750)
    clinic.open(keys_directory=keys, keys={})
    clinic.tool.must("key", "new", "laptop")
    (keys / "laptop.conf").chmod(0o644)
    fault = clinic.fault("files", "laptop.conf")
    assert fault["mend"] == f"chmod 640 {keys}/laptop.conf"


# dnsmasq


def test_a_dnsmasq_that_does_not_run_is_a_fault(clinic):
    clinic.open()
    clinic.dnsmasq.kill()
    # Another test's dnsmasq may run on this machine; the pid file is then what is wrong.
    fault = clinic.fault("dnsmasq", "neither dnsmasq|does not hold the number")
    assert fault["mend"]
    clinic.fault("trial", "nobody answered")


def test_a_hosts_file_that_dnsmasq_does_not_read_is_a_fault(clinic, folder):
    clinic.open("--addn-hosts=/etc/hosts")
    clinic.ddnsd.wait_for_log("does not know publication")
    fault = clinic.fault("reads-file", "does not read")
    assert f"addn-hosts={clinic.hosts_file}" in fault["mend"]
    clinic.fault("trial", "did not answer it")
    clinic.fault("publication", str(clinic.hosts_file))


def test_the_configuration_is_followed_through_files_and_folders(clinic, folder):
    (folder / "d").mkdir()
    (folder / "d" / "a.conf").write_text(f"# ours\naddn-hosts={clinic.hosts_file}\n")
    (folder / "d" / "b.conf.dpkg-old").write_text("addn-hosts=/nowhere\n")
    (folder / "main").write_text(f"conf-dir={folder}/d,*.conf\n")
    clinic.open(f"--conf-dir={folder}/d,*.conf", f"--conf-file={folder}/main", mode="none")
    clinic.ddnsd.stop()
    options = clinic.dnsmasq.publish_options(clinic.hosts_file)
    clinic.launch(publish=options, control={"socket": folder / "control.sock"})
    (found,) = clinic.of("reads-file")
    assert found["result"] == "ok" and f"({folder}/d/a.conf:2)" in found["text"]


def test_a_hosts_file_that_dnsmasqs_user_cannot_read_is_a_fault(clinic, folder, make_dnsmasq):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    dnsmasq = make_dnsmasq(f"--addn-hosts={clinic.hosts_file}", user="nobody")
    dnsmasq.start()
    (folder / "hosts").chmod(0o700)
    options = dnsmasq.publish_options(clinic.hosts_file)
    clinic.launch(publish=options, control={"socket": folder / "control.sock"})
    fault = clinic.fault("hosts-file", "cannot read")
    assert fault["mend"] == f"chmod o+rx {folder}/hosts"


def test_a_zone_that_leaks_to_the_provider_is_a_warning(clinic):
    clinic.open(local="")
    warning = clinic.warning("zone", "home.arpa is not kept here")
    assert "local=/home.arpa/" in warning["mend"]


def test_forwarding_to_the_wrong_port_is_a_fault(clinic):
    clinic.open("--server=/home.arpa/127.0.0.1#9", local="")
    fault = clinic.fault("zone", "listens on port")
    assert f"#{clinic.ddnsd.settings.port}" in fault["mend"]


def test_rebind_protection_that_eats_our_answers_is_a_fault(clinic):
    clinic.open("--server=/home.arpa/127.0.0.1#2136", "--stop-dns-rebind", local="")
    fault = clinic.fault("zone", "stop-dns-rebind")
    assert "rebind-domain-ok=/home.arpa/" in fault["mend"]


def test_a_pid_file_of_somebody_else_is_a_fault(clinic, folder):
    other = folder / "other.pid"
    other.write_text(f"{os.getpid()}\n")
    clinic.open(publish={"pid-file": other})
    fault = clinic.fault("dnsmasq", "does not hold the number of a dnsmasq")
    assert "pid-file" in fault["mend"]


# What hurts


def test_a_folder_of_hosts_beside_hostsdir_is_a_fault(clinic, folder):
    (folder / "more").mkdir()
    (folder / "more" / "x").write_text("192.0.2.1 x.example\n")
    clinic.open(f"--hostsdir={folder}/hosts", f"--addn-hosts={folder}/more", mode="hostsdir")
    clinic.fault("danger", "wipes names")


def test_files_that_dnsmasq_reads_though_nobody_meant_it_are_told(clinic, folder):
    for name in "ddnsd.hosts.tmp", ".ddnsd.hosts.tmp", "ddnsd.hosts~", "x.swp":
        (folder / "hosts" / name).write_text("")
    clinic.open(f"--hostsdir={folder}/hosts", mode="hostsdir")
    warning = clinic.warning("danger", "these too")
    assert sorted(warning["text"].rpartition(":")[2].split()) == ["ddnsd.hosts.tmp", "x.swp"]


def test_a_folder_made_after_dnsmasq_started_is_a_fault(clinic, folder):
    clinic.open(f"--hostsdir={folder}/hosts", mode="hostsdir")
    clinic.ddnsd.stop()
    started = time.time()
    # The clock of files has to be seconds ahead of dnsmasq's start.
    wait_until(lambda: time.time() > started + 3.1, "three seconds have passed")
    os.rename(folder / "hosts", folder / "gone")
    (folder / "hosts").mkdir()
    clinic.launch(
        publish=clinic.dnsmasq.publish_options(clinic.hosts_file, "hostsdir"),
        control={"socket": folder / "control.sock"},
    )
    clinic.fault("danger", "made after dnsmasq started")


def test_a_hosts_folder_closed_to_dnsmasq_is_a_fault(clinic, folder, make_dnsmasq):
    """dnsmasq 2.90 dies of it at the next signal."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    (folder / "more").mkdir()
    dnsmasq = make_dnsmasq(
        f"--addn-hosts={clinic.hosts_file}", f"--addn-hosts={folder}/more", user="nobody"
    )
    dnsmasq.start()
    options = dnsmasq.publish_options(clinic.hosts_file)
    ddnsd = clinic.launch(publish=options, control={"socket": folder / "control.sock"})
    ddnsd.wait_for_log("dnsmasq answers publication")
    (folder / "more").chmod(0o700)
    found = Tool(folder / "control.sock").run("--json", "doctor")
    faults = [f for f in json.loads(found.stdout) if f["result"] == "fault"]
    assert any(f["check"] == "danger" and str(folder / "more") in f["text"] for f in faults), faults
    assert f"chmod o+rx {folder}/more" in [f["mend"] for f in faults]


class FakeVersion(threading.Thread):
    """Answers version.bind as another dnsmasq would, and nothing else."""

    def __init__(self, port, version):
        super().__init__(daemon=True)
        self.version = version
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.start()

    def run(self):
        while True:
            wire, sender = self.socket.recvfrom(4096)
            query = dns.message.from_wire(wire)
            if query.question[0].rdclass != dns.rdataclass.CHAOS:
                continue
            answer = dns.message.make_response(query)
            name = query.question[0].name
            answer.answer.append(dns.rrset.from_text(name, 0, "CH", "TXT", f'"{self.version}"'))
            self.socket.sendto(answer.to_wire(), sender)


@pytest.mark.parametrize(
    "version, what",
    [
        ("dnsmasq-2.85", "names that are gone stay"),
        ("dnsmasq-2.89", "crashes"),
        ("dnsmasq-pi-hole-v2.91", None),
    ],
)
def test_hostsdir_with_a_dnsmasq_too_old_for_it_is_a_fault(
    clinic, folder, free_port, version, what
):
    port = free_port()
    FakeVersion(port, version)
    publish = {"confirm": f"127.0.0.1:{port}"}
    clinic.open(f"--hostsdir={folder}/hosts", mode="hostsdir", publish=publish)
    faults = [f["text"] for f in clinic.of("danger", "fault")]
    assert len(faults) == (what is not None)
    assert what is None or what in faults[0]


def test_a_dnsmasq_that_hides_its_version_is_asked_by_its_program(clinic):
    clinic.open("--no-ident")
    (found,) = clinic.of("dnsmasq", "ok")
    assert re.search(r"version 2\.\d\d$", found["text"])


def test_a_suffix_that_gives_our_names_another_is_a_warning(clinic):
    clinic.open("--expand-hosts", "--domain=example.org")
    clinic.warning("danger", "example.org")


# DHCP


@pytest.fixture
def dhcp(free_port):
    """The options of a dnsmasq that gives leases, on ports of its own."""
    ports = f"--dhcp-alternate-port={free_port()},{free_port()}"
    return "--dhcp-range=127.0.0.10,127.0.0.20", ports


def test_another_lease_file_than_ddnsds_is_a_fault(clinic, folder, dhcp):
    ours, its = folder / "ours", folder / "its"
    ours.touch()
    clinic.open(*dhcp, f"--dhcp-leasefile={its}", "--domain=home.arpa", leases={"file": ours})
    fault = clinic.fault("dhcp", "keeps its leases in")
    assert str(its) in fault["mend"]


def test_another_domain_than_the_leases_zone_is_a_warning(clinic, folder, dhcp):
    its = folder / "its"
    clinic.open(*dhcp, f"--dhcp-leasefile={its}", "--domain=lan", leases={"file": its})
    clinic.warning("dhcp", "below lan")


def test_a_lease_script_that_is_not_ours_is_a_warning(clinic, folder, dhcp):
    its = folder / "its"
    options = f"--dhcp-leasefile={its}", "--dhcp-script=/bin/true", "--domain=home.arpa"
    clinic.open(*dhcp, *options, leases={"file": its})
    warning = clinic.warning("dhcp", "/bin/true is not ours")
    assert "ddnsctl setup" in warning["mend"]


# The HTTP door


@pytest.fixture
def certificate(tool, folder):
    def make(*arguments):
        tool.must("tls", "self-signed", *arguments, folder / "tls")
        return {"tls-cert": folder / "tls/server.crt", "tls-key": folder / "tls/server.key"}

    return make


def test_without_an_http_door_nothing_is_said_of_it(clinic):
    clinic.open()
    assert not clinic.of("http") and not clinic.of("certificate")


def test_a_healthy_http_door_is_told_with_its_certificate(clinic, certificate):
    clinic.open(http={"addresses": ["127.0.0.1", "::1"]} | certificate("--days", 100))
    port = clinic.ddnsd.settings.http["port"]
    (found,) = clinic.of("http")
    assert found["result"] == "ok"
    assert found["text"] == f"answers at https://127.0.0.1:{port} and more"
    (found,) = clinic.of("certificate")
    assert (found["result"], found["text"]) == ("ok", "good for 99 days")


def test_an_http_door_that_is_held_back_is_a_warning_with_its_mend(clinic):
    clinic.open(http={"addresses": ["0.0.0.0"]})
    warning = clinic.warning("http", "loopback alone, as there is no certificate")
    assert "ddnsctl tls self-signed" in warning["mend"]
    assert str(clinic.ddnsd.config_path) in warning["mend"]


def test_a_certificate_that_cannot_be_read_is_a_fault(clinic, folder):
    tls = {"tls-cert": folder / "tls/server.crt", "tls-key": folder / "tls/server.key"}
    clinic.open(http=tls)
    assert "ddnsctl reload" in clinic.fault("http", "nobody is served over HTTP")["mend"]


def test_a_certificate_that_ends_is_told_in_time(clinic, tool, certificate, folder):
    clinic.open(http=certificate("--days", 10))
    clinic.warning("certificate", r"server\.crt ends at 20\S+, in 9 days")
    clock = SteppedClock(folder, 11 * 24 * 60 * 60)
    late = tool.run("--json", "doctor", env=os.environ | clock.environment)
    found = [f for f in json.loads(late.stdout) if f["check"] == "certificate"]
    assert [f["result"] for f in found] == ["fault"]
    assert "ended at 20" in found[0]["text"] and "--force" in found[0]["mend"]


def test_a_key_of_the_certificate_that_everybody_may_read_is_a_fault(clinic, certificate):
    tls = certificate()
    tls["tls-key"].chmod(0o644)
    clinic.open(http=tls)
    fault = clinic.fault("files", "everybody may read the secrets in .*server.key")
    assert "chmod 640" in fault["mend"]


def test_names_that_whoever_connects_may_read_are_a_warning(clinic):
    clinic.open(http={"look": ["0.0.0.0/0"]})
    warning = clinic.warning("http", "without a key")
    assert "look = " in warning["mend"]


def test_an_http_door_that_a_firewall_closes_is_a_fault(tool, folder, free_port):
    status = {
        "version": "1",
        "http": {"listen": [f"http://127.0.0.1:{free_port()}"], "tls_until": None, "problem": ""},
    }
    bad = BadHands(tool.socket, status)
    result = tool.run("--json", "doctor")
    bad.socket.close()
    (found,) = [f for f in json.loads(result.stdout) if f["check"] == "http"]
    assert found["result"] == "fault" and "nobody answers at http://127.0.0.1:" in found["text"]


# Keys


def test_keys_that_were_never_used_are_told(clinic):
    clinic.open(keys={"laptop": {"allow": ["self A"]}, "nas": {"allow": ["self A"]}})
    clinic.warning("keys", "2 keys were never used: .*laptop")


# Interruption


def test_an_interrupted_trial_leaves_no_name_behind(clinic, control, tool):
    """dnsmasq reads another file, so the trial waits its five seconds: time for a Ctrl-C."""
    clinic.open("--addn-hosts=/etc/hosts")
    doctor = tool.start("doctor")

    def has_name():
        return control.get("/v1/names", match="ddnsd-doctor-*").json["names"]

    wait_until(has_name, "the test name is registered")
    doctor.send_signal(signal.SIGINT)
    output, _ = doctor.communicate(timeout=60)
    assert doctor.returncode == -signal.SIGINT
    assert not has_name()
    assert "interrupted" in output
