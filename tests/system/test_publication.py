# SPDX-License-Identifier: GPL-3.0-or-later
"""From the zone to what dnsmasq answers: the hosts file, and how dnsmasq hears of it."""

import ipaddress
import os
import signal
import stat
import subprocess
import time

import pytest
from harness import wire as w
from harness.faults import fill, small_disk
from harness.hosts import read_lines, read_names
from harness.settings import everything_in
from harness.waiting import must_be_quick, wait_until

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
MODES = ["signal", "hostsdir"]
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root starts dnsmasq as another user"
)


@pytest.fixture
def hosts(folder):
    """The hosts file, in a folder of its own."""
    path = folder / "hosts" / "ddnsd.hosts"
    path.parent.mkdir()
    return path


@pytest.fixture
def pair(launch, make_dnsmasq, hosts):
    """A function: dnsmasq and ddnsd, set up for each other in a mode; neither is started."""

    def pair(mode, *, dnsmasq_user="root", publish=(), **settings):
        reads = f"--hostsdir={hosts.parent}" if mode == "hostsdir" else f"--addn-hosts={hosts}"
        dnsmasq = make_dnsmasq(reads, user=dnsmasq_user)
        options = dnsmasq.publish_options(hosts, mode) | dict(publish)
        server = launch(start=False, publish=options, **settings)
        return server, dnsmasq

    return pair


@pytest.fixture(params=MODES)
def patient(pair, request):
    """As running; ddnsd never thinks that dnsmasq is in trouble."""
    server, dnsmasq = pair(request.param, publish={"confirm-timeout": "30s"})
    dnsmasq.start()
    return server.start(), dnsmasq


@pytest.fixture(params=MODES)
def running(pair, request):
    server, dnsmasq = pair(request.param)
    dnsmasq.start()
    return server.start(), dnsmasq


def file_identity(path):
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


# The way of a name


def test_a_name_is_answered_after_nsupdate(running, programs):
    server, dnsmasq = running
    nsupdate, key = programs(server).nsupdate, server.key("editor")
    assert nsupdate(key, "update add host.home.arpa 60 A 192.0.2.1").returncode == 0
    dnsmasq.wait_for(HOST, "192.0.2.1")
    assert nsupdate(key, "update add host.home.arpa 60 AAAA 2001:db8::1").returncode == 0
    dnsmasq.wait_for(HOST, "2001:db8::1", rtype="AAAA")
    dnsmasq.wait_for("1.2.0.192.in-addr.arpa", HOST + ".", rtype="PTR")


def test_a_new_address_takes_the_place_of_the_old(running):
    server, dnsmasq = running
    for n in range(1, 20):
        server.must_update(w.delete_rrset(HOST, "A"), w.add(HOST, "A", f"192.0.2.{n}"))
        dnsmasq.wait_for(HOST, f"192.0.2.{n}")


REVERSE = {"2.0.192.in-addr.arpa": "192.0.2.1", "8.b.d.0.1.0.0.2.ip6.arpa": "2001:db8::1"}


def dig_names_of(dnsmasq, address):
    command = ["dig", "@127.0.0.1", "-p", str(dnsmasq.port), "+short", "-x", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.split()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reverse_zone", REVERSE)
def test_dig_x_gives_the_name_that_the_ptr_record_gives(pair, hosts, mode, reverse_zone):
    zones, address = {w.ZONE: {}, reverse_zone: {}}, REVERSE[reverse_zone]
    rtype = "AAAA" if ":" in address else "A"
    server, dnsmasq = pair(mode, zones=zones, keys={"editor": {"allow": everything_in(*zones)}})
    dnsmasq.start()
    server.start()
    pointer = ipaddress.ip_address(address).reverse_pointer

    def is_answered(name):
        return wait_until(lambda: dig_names_of(dnsmasq, address) == [name + "."], f"-x is {name}")

    def point_to(name):
        changes = w.delete_rrset(pointer, "PTR"), w.add(pointer, "PTR", name + ".")
        server.must_update(*changes, zone=reverse_zone)

    names = ["b.home.arpa", "a.home.arpa", "c.home.arpa"]
    for name in names:
        server.must_update(w.add(name, rtype, address))
    wait_until(lambda: set(names) < set(read_names(hosts)), "all are in the file")
    assert len(read_lines(hosts)) == 1
    point_to("c.home.arpa")
    is_answered("c.home.arpa")
    point_to("B.Home.Arpa")
    is_answered("b.home.arpa")
    server.must_update(w.delete_rrset("b.home.arpa", rtype))
    point_to("a.home.arpa")
    is_answered("a.home.arpa")
    for name in names[1:]:
        assert dnsmasq.addresses(name, rtype) == {address}


def test_without_a_ptr_record_dig_x_gives_the_oldest_name(running):
    server, dnsmasq = running
    server.must_update(w.add("z.home.arpa", "A", "192.0.2.1"))
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second, "the next second has begun")
    server.must_update(w.add("a.home.arpa", "A", "192.0.2.1"))
    dnsmasq.wait_for("a.home.arpa", "192.0.2.1")
    assert dig_names_of(dnsmasq, "192.0.2.1") == ["z.home.arpa."]
    server.must_update(w.delete_name("z.home.arpa"))
    wait_until(lambda: dig_names_of(dnsmasq, "192.0.2.1") == ["a.home.arpa."], "it takes over")


def test_a_deleted_name_is_nxdomain(running):
    server, dnsmasq = running
    server.must_update(CHANGE, w.add("stays.home.arpa", "A", "192.0.2.2"))
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.must_update(w.delete_name(HOST))
    wait_until(lambda: dnsmasq.query(HOST).rcode == "NXDOMAIN", "the name is NXDOMAIN")
    assert dnsmasq.addresses("stays.home.arpa") == {"192.0.2.2"}


def test_rule_34_an_expired_name_is_published_no_longer(pair):
    zones = {w.ZONE: {"lease-min": "1s"}}
    server, dnsmasq = pair("signal", zones=zones, limits={"quiet": "0s"})
    dnsmasq.start()
    server.start()
    server.must_update(CHANGE, additional=[w.lease_option(3600)])
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.must_update(CHANGE, additional=[w.lease_option(1)])
    wait_until(lambda: dnsmasq.query(HOST).rcode == "NXDOMAIN", "the expired name is gone")


def test_dnsmasq_answers_while_ddnsd_is_stopped(running, hosts):
    server, dnsmasq = running
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.stop()
    assert HOST in read_names(hosts)
    assert dnsmasq.addresses(HOST) == {"192.0.2.1"}
    dnsmasq.stop()
    dnsmasq.start()
    assert dnsmasq.addresses(HOST) == {"192.0.2.1"}


def test_dnsmasq_answers_while_ddnsd_is_dead(running):
    server, dnsmasq = running
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.kill()
    assert dnsmasq.addresses(HOST) == {"192.0.2.1"}


def test_the_file_is_written_before_ddnsd_says_ready(pair, hosts):
    server, dnsmasq = pair("signal")
    dnsmasq.start()
    server.start().must_update(CHANGE)
    server.stop()
    hosts.unlink()
    server.start()
    assert read_names(hosts)[HOST] == {"192.0.2.1"}


# What stands in the file


@pytest.fixture
def publishing(launch, hosts):
    """ddnsd that writes the file, with nobody who reads it."""

    def publishing(**settings):
        publish = {"mode": "hostsdir", "file": hosts, "confirm": ""}
        return launch(publish=publish | settings.pop("publish", {}), **settings)

    return publishing


def wait_for_names(hosts, expected):
    wait_until(lambda: read_names(hosts) == expected, f"the file has {expected}")


def test_one_line_an_address_with_the_full_and_the_short_name(publishing, hosts):
    server = publishing()
    server.must_update(CHANGE, w.add(HOST, "AAAA", "2001:db8::1"), w.add(HOST, "A", "192.0.2.2"))
    wait_until(lambda: HOST in read_names(hosts), "the name is in the file")
    expected = {"192.0.2.1", "192.0.2.2", "2001:db8::1"}
    assert {address for address, _ in read_lines(hosts)} == expected
    assert all(names == [HOST, "host"] for _, names in read_lines(hosts))


def test_short_names_can_be_left_out(publishing, hosts):
    publishing(publish={"short-names": False}).must_update(CHANGE)
    wait_for_names(hosts, {HOST: {"192.0.2.1"}})


def test_only_addresses_of_forward_zones_are_published(publishing, hosts):
    zones = {w.ZONE: {}, "2.0.192.in-addr.arpa": {}}
    server = publishing(zones=zones, keys={"editor": {"allow": everything_in(*zones)}})
    pointer = w.add("1.2.0.192.in-addr.arpa", "PTR", HOST + ".")
    server.must_update(pointer, zone="2.0.192.in-addr.arpa")
    server.must_update(w.add("alias.home.arpa", "CNAME", HOST + "."))
    server.must_update(w.add("text.home.arpa", "TXT", '"x"'))
    server.must_update(CHANGE)
    wait_for_names(hosts, {HOST: {"192.0.2.1"}, "host": {"192.0.2.1"}})


def test_nobody_becomes_localhost(publishing, hosts):
    server = publishing()
    server.must_update(w.add("localhost.home.arpa", "A", "192.0.2.66"), CHANGE)
    wait_until(lambda: HOST in read_names(hosts), "the publication is written")
    assert "localhost" not in read_names(hosts)


def test_a_short_name_is_for_names_directly_below_the_zone(publishing, hosts):
    publishing().must_update(w.add("a.lab.home.arpa", "A", "192.0.2.1"))
    wait_for_names(hosts, {"a.lab.home.arpa": {"192.0.2.1"}})


GOOD_NAMES = ["a", "3com", "1", "x--y", "a" * 63, "deep.er", "MixedCase"]
BAD_NAMES = {
    "under_score": "under_score",
    "hyphen first": "-host",
    "hyphen last": "host-",
    "space": "two\\032words",
    "NUL": "nul\\000byte",
    "dot in a label": "dot\\.ted",
    "newline": "x\\010192.0.2.66\\032router",
    "wildcard": "*",
    "hash": "host\\035",
    "not ASCII": "k\\195\\188che",
    "bad label above": "x.under_score",
}


@pytest.mark.parametrize("label", GOOD_NAMES)
def test_rule_43_a_host_name_is_published(publishing, hosts, label):
    name = f"{label}.home.arpa"
    publishing().must_update(w.add(name, "A", "192.0.2.1"))
    wait_until(lambda: name.lower() in {n.lower() for n in read_names(hosts)}, "it is published")


@pytest.mark.parametrize("label", BAD_NAMES.values(), ids=BAD_NAMES)
def test_rule_43_what_is_no_host_name_stays_in_the_zone_only(publishing, hosts, label):
    name = f"{label}.home.arpa"
    server = publishing()
    before = server.log_size()
    server.must_update(w.add(name, "A", "192.0.2.66"), CHANGE)
    wait_for_names(hosts, {HOST: {"192.0.2.1"}, "host": {"192.0.2.1"}})
    assert server.lookup(name, "A") == {"192.0.2.66"}
    assert len(server.log_lines(r"not published", before)) == 1
    server.must_update(w.add(HOST, "A", "192.0.2.2"))
    wait_until(lambda: len(read_names(hosts)[HOST]) == 2, "the next publication is written")
    assert len(server.log_lines(r"not published", before)) == 1, "one line, not one a publication"


def test_rule_43_a_name_too_long_for_a_host_stays_in_the_zone_only(publishing, hosts):
    label = "a" * 63
    fits = f"{label}.{label}.{label}.{'b' * 51}.home.arpa"
    assert len(fits) == 253
    server = publishing()
    server.must_update(w.add(fits, "A", "192.0.2.1"))
    wait_until(lambda: fits in read_names(hosts), "253 characters are published")


def test_the_file_is_readable_by_all_and_nothing_is_left_beside_it(publishing, hosts):
    old_mask = os.umask(0o077)
    try:
        server = publishing()
    finally:
        os.umask(old_mask)
    server.must_update(CHANGE)
    wait_until(lambda: HOST in read_names(hosts), "the name is in the file")
    assert stat.S_IMODE(hosts.stat().st_mode) == 0o644
    wait_until(lambda: os.listdir(hosts.parent) == [hosts.name], "no temporary file is left")


# Identical content


def test_identical_content_is_neither_written_nor_signalled(patient, hosts):
    server, dnsmasq = patient
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.restart()
    identity, reads = file_identity(hosts), dnsmasq.times_read(hosts)
    server.must_update(CHANGE)
    server.must_update(w.add(HOST, "TXT", '"not in a hosts file"'))
    server.must_update(w.add("x.home.arpa", "A", "192.0.2.9"), w.delete_name("x.home.arpa"))
    server.restart()
    assert dnsmasq.addresses(HOST) == {"192.0.2.1"}
    assert file_identity(hosts) == identity
    assert dnsmasq.times_read(hosts) == reads


def test_one_change_is_one_reload(patient, hosts):
    server, dnsmasq = patient
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    reads = dnsmasq.times_read(hosts)
    server.must_update(w.add("second.home.arpa", "A", "192.0.2.2"))
    dnsmasq.wait_for("second.home.arpa", "192.0.2.2")
    server.stop()
    assert dnsmasq.addresses(HOST) == {"192.0.2.1"}
    assert dnsmasq.times_read(hosts) == reads + 1


@pytest.mark.slow
def test_under_load_the_last_value_arrives_and_reloads_are_fewer_than_changes(patient, hosts):
    server, dnsmasq = patient
    names = [f"h{n}.home.arpa" for n in range(80)]
    for value in range(1, 6):
        for name in names:
            server.must_update(w.delete_rrset(name, "A"), w.add(name, "A", f"192.0.2.{value}"))
    for name in names:
        dnsmasq.wait_for(name, "192.0.2.5")
    assert dnsmasq.times_read(hosts) < 5 * len(names) / 2


# A dnsmasq that is not as it should be


@pytest.mark.parametrize("mode", MODES)
def test_a_dnsmasq_that_starts_later_has_the_names(pair, mode):
    server, dnsmasq = pair(mode)
    server.start().must_update(CHANGE)
    assert "is dnsmasq running" in server.wait_for_log(rf"error.*127.0.0.1:{dnsmasq.port}")
    dnsmasq.start()
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.must_update(w.add("next.home.arpa", "A", "192.0.2.2"))
    dnsmasq.wait_for("next.home.arpa", "192.0.2.2")


def test_a_missing_pid_file_is_named_where_nobody_is_asked(pair):
    server, dnsmasq = pair("signal", publish={"confirm": ""})
    server.start().must_update(CHANGE)
    assert "is dnsmasq running" in server.wait_for_log(rf"error.*{dnsmasq.pid_file}")


def test_where_nobody_is_asked_a_restart_signals_dnsmasq_once(pair, hosts):
    server, dnsmasq = pair("signal", publish={"confirm": ""})
    dnsmasq.start()
    server.start().must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.stop()
    identity, reads = file_identity(hosts), dnsmasq.times_read(hosts)
    server.start()
    wait_until(lambda: dnsmasq.times_read(hosts) > reads, "dnsmasq has read the file again")
    server.stop()
    assert dnsmasq.times_read(hosts) == reads + 1
    assert file_identity(hosts) == identity


def test_another_cause_is_told_of_and_the_mend_is_noticed(pair, hosts):
    server, dnsmasq = pair("signal")
    dnsmasq.start()
    pid_file, pid = dnsmasq.pid_file, dnsmasq.process.pid
    pid_file.unlink()
    server.start().must_update(CHANGE)
    server.wait_for_log(rf"error.*there is no {pid_file}")
    pid_file.write_text("1\n")
    server.wait_for_log(rf"error.*{pid_file} names process 1,")
    seen, reads = server.log_size(), dnsmasq.times_read(hosts)
    pid_file.write_text(f"{pid}\n")
    server.wait_for_log(r"dnsmasq answers publication", seen)
    assert dnsmasq.addresses(HOST) == {"192.0.2.1"}
    assert dnsmasq.times_read(hosts) == reads + 1


def test_a_restarted_dnsmasq_is_found_again(running):
    server, dnsmasq = running
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    dnsmasq.stop()
    dnsmasq.start()
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.must_update(w.add("next.home.arpa", "A", "192.0.2.2"))
    dnsmasq.wait_for("next.home.arpa", "192.0.2.2")


def test_a_dnsmasq_that_was_killed_is_missed_and_found_again(running):
    server, dnsmasq = running
    server.must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    dnsmasq.kill()
    seen = server.log_size()
    server.must_update(w.add("next.home.arpa", "A", "192.0.2.2"))
    server.wait_for_log(r"error.*dnsmasq", seen)
    dnsmasq.start()
    dnsmasq.wait_for("next.home.arpa", "192.0.2.2")


@needs_root
def test_a_dnsmasq_that_cannot_read_the_file_is_named_as_the_cause(pair, hosts):
    server, dnsmasq = pair("signal", dnsmasq_user="nobody")
    hosts.parent.chmod(0o700)
    dnsmasq.start()
    server.start().must_update(CHANGE)
    line = server.wait_for_log(r"error.*keeps other users out")
    assert str(hosts) in line
    seen = server.log_size()
    hosts.parent.chmod(0o755)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.wait_for_log(r"dnsmasq answers publication", seen)


def test_a_dnsmasq_that_reads_another_file_is_noticed(pair, make_dnsmasq, hosts, folder):
    server, _ = pair("signal")
    other = make_dnsmasq(f"--addn-hosts={folder / 'other.hosts'}").start()
    server.settings.publish |= {"confirm": f"127.0.0.1:{other.port}", "pid-file": other.pid_file}
    server.write_config()
    server.start().must_update(CHANGE)
    line = server.wait_for_log(r"error.*addn-hosts")
    assert str(hosts) in line


@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_port_to_confirm_is_named_as_the_cause(pair, free_port, mode):
    server, dnsmasq = pair(mode)
    wrong = f"127.0.0.1:{free_port()}"
    server.settings.publish["confirm"] = wrong
    server.write_config()
    dnsmasq.start()
    server.start().must_update(CHANGE)
    dnsmasq.wait_for(HOST, "192.0.2.1")
    server.wait_for_log(rf"error.*{wrong}.*confirm")


@pytest.mark.parametrize("confirm", [True, False], ids=["asked", "not asked"])
def test_a_stale_pid_file_signals_nobody(pair, confirm):
    server, dnsmasq = pair("signal", publish={} if confirm else {"confirm": ""})
    dnsmasq.start()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        try:
            dnsmasq.pid_file.write_text(f"{innocent.pid}\n")
            server.start().must_update(CHANGE)
            line = server.wait_for_log(rf"error.*{innocent.pid}")
            assert "sleep" in line and str(dnsmasq.pid_file) in line
            dnsmasq.pid_file.write_text(f"{dnsmasq.process.pid}\n")
            server.must_update(w.add("next.home.arpa", "A", "192.0.2.2"))
            dnsmasq.wait_for("next.home.arpa", "192.0.2.2")
            assert innocent.poll() is None
        finally:
            innocent.kill()


@pytest.mark.parametrize("content", ["", "garbage\n", "1\n", "99999999999999999999\n"])
def test_a_bad_pid_file_is_named_and_mended(pair, content):
    server, dnsmasq = pair("signal")
    dnsmasq.start()
    dnsmasq.pid_file.write_text(content)
    server.start().must_update(CHANGE)
    server.wait_for_log(rf"error.*{dnsmasq.pid_file}")
    dnsmasq.pid_file.write_text(f"{dnsmasq.process.pid}\n")
    dnsmasq.wait_for(HOST, "192.0.2.1")


def test_pihole_is_signalled_too(pair, folder):
    program = folder / "pihole-FTL"
    program.symlink_to("/bin/sleep")
    server, dnsmasq = pair("signal")
    # Who runs the tests (nohup) may ignore SIGHUP, and programs inherit that.
    heed = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)}
    with subprocess.Popen([program, "60"], **heed) as pihole:
        try:
            dnsmasq.pid_file.write_text(f"{pihole.pid}\n")
            server.start().must_update(CHANGE)
            wait_until(lambda: pihole.poll() == -1, "the process has got SIGHUP")
        finally:
            pihole.kill()


def test_a_folder_that_cannot_be_written_costs_publications_not_updates(publishing, hosts):
    server = publishing()
    hosts.unlink()
    hosts.parent.rmdir()
    seen = server.log_size()
    server.must_update(CHANGE)
    server.wait_for_log(rf"error.*{hosts.parent}", seen)
    assert server.lookup(HOST, "A") == {"192.0.2.1"}
    hosts.parent.mkdir()
    wait_until(lambda: HOST in read_names(hosts), "it was tried again")


def test_a_full_disk_costs_publications_not_updates(folder, launch):
    with small_disk(folder / "small") as disk:
        hosts = disk / "ddnsd.hosts"
        server = launch(publish={"mode": "hostsdir", "file": hosts, "confirm": ""})
        filler, seen = fill(disk), server.log_size()
        names = [f"h{n}.home.arpa" for n in range(300)]
        server.must_update(*(w.add(name, "A", "192.0.2.1") for name in names), tcp=True)
        server.wait_for_log(rf"error.*{hosts}", seen)
        assert names[0] not in read_names(hosts), "the old file stays, whole"
        filler.unlink()
        wait_until(lambda: set(names) < set(read_names(hosts)), "it was tried again")
        server.stop()


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(publishing, hosts, folder):
    victim = folder / "victim"
    victim.write_text("precious")
    (hosts.parent / f".{hosts.name}.tmp").symlink_to(victim)
    publishing().must_update(CHANGE)
    wait_until(lambda: HOST in read_names(hosts), "the name is in the file")
    assert victim.read_text() == "precious"
    assert not hosts.is_symlink()


def test_dnsmasq_may_be_asked_over_ipv6(pair):
    server, dnsmasq = pair("signal")
    dnsmasq.command.append("--listen-address=::1")
    server.settings.publish["confirm"] = f"[::1]:{dnsmasq.port}"
    server.write_config()
    dnsmasq.start()
    server.start()
    server.wait_for_log(r"dnsmasq answers publication")


def test_too_many_names_for_a_hostsdir_are_warned_of(publishing):
    server = publishing()
    for part in range(2):
        numbers = range(600 * part, 600 * part + 600)
        server.must_update(*(w.add(f"h{n}.home.arpa", "A", "192.0.2.1") for n in numbers), tcp=True)
    assert "signal" in server.wait_for_log(r"warning.*names.*hostsdir")


# The other modes


def write_program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_command_mode_runs_the_program_with_the_file(publishing, hosts, folder):
    heard = folder / "heard"
    line = f'printf "%s\\n" "$#" "$1" >> {heard}; grep -c host.home.arpa "$1" >> {heard}'
    program = write_program(folder / "a program; with $(odd) name", line)
    server = publishing(publish={"mode": "command", "command": program})

    def has_run():
        return heard.exists() and heard.read_text().count("\n") == 3

    wait_until(has_run, "the program ran at the start")
    heard.unlink()
    server.must_update(CHANGE)
    wait_until(has_run, "the program ran")
    assert heard.read_text() == f"1\n{hosts}\n1\n"


def test_command_mode_says_when_the_program_fails(publishing, folder):
    program = write_program(folder / "fails", "exit 3")
    server = publishing(publish={"mode": "command", "command": program})
    server.must_update(CHANGE)
    line = server.wait_for_log(rf"error.*{program}")
    assert f"publish command {program} ended with exit status 3; it is run again" in line


def test_command_mode_runs_the_program_again_after_a_restart(publishing, folder):
    heard = folder / "heard"
    program = write_program(folder / "program", f"echo run >> {heard}")
    server = publishing(publish={"mode": "command", "command": program})
    wait_until(heard.exists, "the program ran at the start")
    server.stop()
    server.start()
    wait_until(lambda: heard.read_text() == "run\nrun\n", "it ran once more")


def test_command_mode_does_not_wait_for_a_slow_program(publishing, folder):
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    program = write_program(folder / "waits", f"read line < {fifo}")
    server = publishing(publish={"mode": "command", "command": program})

    def update():
        for n in range(20):
            server.must_update(w.add(HOST, "A", f"192.0.2.{n}"), w.delete_rrset(HOST, "A"))

    must_be_quick(update, 5)
    descriptor = os.open(fifo, os.O_RDWR)
    os.write(descriptor, b"go\n" * 100)
    server.stop()
    os.close(descriptor)


def test_mode_none_writes_nothing(publishing, hosts):
    server = publishing(publish={"mode": "none"})
    server.must_update(CHANGE)
    server.stop()
    assert not hosts.exists()
