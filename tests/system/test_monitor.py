# SPDX-License-Identifier: GPL-3.0-or-later
"""/metrics and /healthz as Prometheus and a probe read them, while the chain holds and breaks."""

import shutil
import subprocess
import time

import pytest
from harness import wire as w
from harness.control import Control
from harness.daemon import TOP
from harness.exposition import Exposition, promtool
from harness.faults import failing, remount, small_disk
from harness.tsig import Key, make_key
from harness.waiting import wait_until
from harness.web import Web, bearer, trusting

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
ZONE_LINE = "zone home.arpa ANY SOA NS"
STATES = ("clean", "dirty", "written", "confirmed")


@pytest.fixture
def serve(launch, free_port, folder):
    """A function that starts ddnsd with the HTTP door; returns it and who asks there."""

    def serve(**settings):
        http = {"port": free_port()} | settings.pop("http", {})
        settings.setdefault("control", {"socket": folder / "control.sock"})
        return launch(http=http, **settings), Web(http["port"])

    return serve


@pytest.fixture
def chain(serve, make_dnsmasq, folder):
    """dnsmasq, ddnsd that publishes to it, and who asks; what was there at the start is confirmed."""
    hosts = folder / "hosts" / "ddnsd.hosts"
    hosts.parent.mkdir()
    dnsmasq = make_dnsmasq(f"--addn-hosts={hosts}")
    dnsmasq.start()
    server, web = serve(publish=dnsmasq.publish_options(hosts))
    wait_until(lambda: "dnsmasq answers" in health(web)[1], "the first publication is confirmed")
    return server, web, dnsmasq


@pytest.fixture
def disk(folder):
    """Made before the daemon is, and so taken away after it."""
    with small_disk(folder / "disk") as path:
        yield path


def metrics(web):
    answer = web.get("/metrics")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Exposition(answer.body.decode())


def health(web, path="/healthz"):
    answer = web.get(path)
    assert answer.type == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.body.decode()
    assert text.endswith("\n") and text.count("\n") == 1, text
    return answer.status, text[:-1]


# Metrics


def test_promtool_finds_no_fault_after_a_story_of_all_doors(chain, folder):
    server, web, dnsmasq = chain
    before = metrics(web)
    server.must_update(CHANGE)
    server.must_update(CHANGE)
    server.must_update(w.add("two.home.arpa", "TXT", "a"), tcp=True)
    assert server.update(w.add("x.example.net", "A", "192.0.2.1")).rcode == "NOTZONE"
    key = server.key("editor")
    put = web.acting_as(key).ask("PUT", "/v1/names/web", {"addresses": ["192.0.2.3"]})
    assert put.status == 201, put.body
    control = Control(folder / "control.sock")
    assert control.ask("PUT", "/v1/names/unix", {"addresses": ["192.0.2.4"]}).status == 201
    assert web.acting_as(Key("editor", "d3Jvbmc=")).get("/v1/names").status == 401
    server.query(HOST, "A")
    server.query("nobody.home.arpa", "A")
    dnsmasq.wait_for("unix.home.arpa", "192.0.2.4")
    wait_until(lambda: "dnsmasq answers" in health(web)[1], "all is confirmed")
    after = metrics(web)

    def more(name, **labels):
        return after.sum(name, **labels) - before.sum(name, **labels)

    updates = "ddnsd_updates_total"
    assert more(updates, door="udp", result="accepted", reason="changed") == 1
    assert more(updates, door="udp", result="unchanged", reason="same") == 1
    assert more(updates, door="tcp", result="accepted") == 1
    assert more(updates, door="http", result="accepted") == 1
    assert more(updates, door="unix", result="accepted") == 1
    assert more("ddnsd_dns_malformed_total") == 1
    assert more("ddnsd_logins_failed_total") == 1
    assert more("ddnsd_dns_queries_total", result="answered") == 1
    assert more("ddnsd_dns_queries_total", result="no_name") == 1
    assert after.sum("ddnsd_names") == 4
    assert after.value("ddnsd_records", zone="home.arpa", type="A") == 3
    assert after.value("ddnsd_records", zone="home.arpa", type="TXT") == 1
    assert 1 <= more("ddnsd_commit_duration_seconds_count") <= 4
    assert 1 <= more("ddnsd_publications_total") <= 3
    assert more("ddnsd_change_to_confirmed_seconds_count") >= 1
    assert 0 < more("ddnsd_change_to_confirmed_seconds_sum") < 30
    said = promtool("check", "metrics", text=after.text)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_all_series_are_there_from_the_start(serve):
    first = metrics(serve()[1])
    assert first.value("ddnsd_updates_total", door="https", result="refused", reason="owner") == 0
    assert first.value("ddnsd_dns_bad_signatures_total", error="badtime") == 0
    assert first.value("ddnsd_logins_locked_total") == 0
    assert first.value("ddnsd_change_to_confirmed_seconds_bucket", le="+Inf") == 0
    assert first.value("ddnsd_records", zone="home.arpa", type="AAAA") == 0
    assert [first.value("ddnsd_publication_state", state=state) for state in STATES] == [1, 0, 0, 0]
    assert "ddnsd_tls_certificate_expiry_timestamp_seconds" not in first.samples
    for name, kind in first.kinds.items():
        if kind == "histogram":
            buckets = first.samples[f"{name}_bucket"]
            assert len(buckets) == 19
            assert first.value(f"{name}_count") == first.value(f"{name}_bucket", le="+Inf")


def test_the_process_is_told_as_the_kernel_tells_it(serve):
    server, web = serve()
    seen = metrics(web)
    assert seen.value("process_resident_memory_bytes") == pytest.approx(
        server.resident_kb() * 1024, rel=0.2
    )
    assert 1 <= seen.value("process_open_fds") < seen.value("process_max_fds")
    assert 0 <= time.time() - seen.value("process_start_time_seconds") < 60
    # The same at the next look, though it is computed anew.
    again = metrics(web)
    assert again.value("process_start_time_seconds") == seen.value("process_start_time_seconds")
    assert again.value("process_cpu_seconds_total") >= seen.value("process_cpu_seconds_total")


def test_the_metrics_are_for_keys_that_may_look_and_networks_that_are_named(serve):
    keys = {
        "editor": {"allow": [ZONE_LINE]},
        "prometheus": {"allow": ["look"]},
        "boss": {"admin": True},
    }
    _, web = serve(keys=keys, http={"metrics": []})
    refused = web.get("/metrics")
    assert refused.status == 401 and b"ddnsd_" not in refused.body
    challenges = " ".join(refused.headers.get_all("WWW-Authenticate"))
    assert "Bearer" in challenges and "Basic" in challenges
    assert web.acting_as(make_key("editor")).get("/metrics").status == 403
    for name in "prometheus", "boss":
        metrics(web.acting_as(make_key(name)))
    assert web.get("/metrics", Authorization=bearer(make_key("prometheus"))).status == 200
    assert web.acting_as(make_key("boss")).ask("HEAD", "/metrics").body == b""
    assert web.acting_as(make_key("boss")).post("/metrics").status == 405


def test_loopback_reads_the_metrics_unless_told_otherwise(serve):
    metrics(serve()[1])


def test_the_end_of_the_certificate_is_told(serve, folder):
    certificate, key = folder / "pi.pem", folder / "pi.key"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    make += ["-nodes", "-subj", "/CN=pi", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "30"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    _, web = serve(http={"tls-cert": certificate, "tls-key": key})
    web.tls = trusting(certificate)
    left_s = metrics(web).value("ddnsd_tls_certificate_expiry_timestamp_seconds") - time.time()
    assert 29 * 86400 < left_s <= 30 * 86400 + 60


def test_prometheus_reads_its_configuration(folder):
    """The example, as somebody copies it."""
    shutil.copy(TOP / "conf/prometheus/ddnsd.yml", folder)
    said = promtool("check", "config", "--syntax-only", folder / "ddnsd.yml")
    assert said.returncode == 0, said.stderr


# Health


def test_the_chain_is_well_and_says_by_what(chain):
    _, web, _ = chain
    number = int(metrics(web).value("ddnsd_publication_number"))
    assert health(web) == (200, f"ok: dnsmasq answers publication {number}")
    assert health(web, "/healthz/ready") == health(web)
    assert health(web, "/healthz/live") == (200, "ok: ddnsd runs")
    assert metrics(web).value("ddnsd_ready") == 1


def test_a_change_that_dnsmasq_does_not_answer_is_not_well_until_it_does(chain):
    server, web, dnsmasq = chain
    dnsmasq.kill()
    server.must_update(CHANGE)
    wait_until(lambda: health(web)[0] == 503, "the missing answer is told of")
    assert health(web) == (503, "failing: dnsmasq does not answer what was published")
    seen = metrics(web)
    assert seen.value("ddnsd_publication_failing") == 1 and seen.value("ddnsd_ready") == 0
    assert seen.value("ddnsd_publication_number") > seen.value("ddnsd_publication_confirmed_number")
    # The loop goes on, and a restart of ddnsd would mend nothing.
    assert health(web, "/healthz/live")[0] == 200
    dnsmasq.start()
    wait_until(lambda: health(web)[0] == 200, "dnsmasq answers again")
    assert metrics(web).value("ddnsd_publication_failing") == 0


def test_a_dnsmasq_that_goes_is_missed_though_nothing_changes(chain):
    _, web, dnsmasq = chain
    dnsmasq.kill()
    gone_at = time.monotonic()
    looks = []

    def is_missed():
        began = time.monotonic()
        looks.append((began - gone_at, health(web)[0]))
        return looks[-1][1] == 503

    wait_until(is_missed, "a probe finds that nobody answers")
    # An answer of dnsmasq's holds five seconds; the first look behind them hears the truth.
    assert not [look for look in looks if look[0] > 5 and look[1] == 200], looks
    dnsmasq.start()
    wait_until(lambda: health(web)[0] == 200, "dnsmasq answers again")


def test_details_are_for_who_may_see_all(chain):
    server, web, dnsmasq = chain
    dnsmasq.kill()
    server.must_update(CHANGE)
    wait_until(lambda: health(web)[0] == 503, "the missing answer is told of")
    where = f"127.0.0.1:{dnsmasq.port}"
    assert where not in health(web)[1]
    server.settings.keys["boss"] = {"admin": True}
    server.write_config()
    server.hang_up()
    boss = web.acting_as(make_key("boss"))
    wait_until(lambda: where in boss.get("/healthz").body.decode(), "an administrator hears more")


def test_a_database_that_cannot_be_written_is_not_well_until_it_can(serve):
    server, web = serve()
    server.must_update(CHANGE)
    assert health(web)[0] == 200
    with failing(server.process.pid, ["fdatasync", "fsync", "pwrite64"], "EIO"):
        assert server.update(w.add("two.home.arpa", "A", "192.0.2.2")).rcode == "SERVFAIL"
        assert health(web) == (503, "failing: the database could not be written at the last change")
        seen = metrics(web)
        assert seen.value("ddnsd_store_failing") == 1 and seen.value("ddnsd_ready") == 0
        assert seen.value("ddnsd_updates_total", door="udp", result="failed", reason="store") == 1
        assert seen.value("ddnsd_updates_total", door="udp", result="accepted", reason="changed") == 1
        assert seen.sum("ddnsd_names") == 1
    server.must_update(w.add("two.home.arpa", "A", "192.0.2.2"))
    assert health(web)[0] == 200
    assert metrics(web).value("ddnsd_commit_failures_total") == 1


def test_a_database_that_is_read_only_from_the_start_is_not_well(disk, serve):
    server, web = serve(database=disk / "ddnsd.db")
    server.stop()
    remount(disk, "ro")
    server.start()
    assert health(web) == (503, "failing: the database is read-only")
    assert metrics(web).value("ddnsd_store_failing") == 1
    remount(disk, "rw")
    server.must_update(CHANGE)
    assert health(web)[0] == 200


def test_a_hosts_file_that_cannot_be_written_is_not_well(serve, folder):
    _, web = serve(publish={"mode": "hostsdir", "file": folder / "missing" / "hosts", "confirm": ""})
    assert health(web) == (503, "failing: the hosts file cannot be written")
    (folder / "missing").mkdir()
    wait_until(lambda: health(web)[0] == 200, "it is written again")
    assert "is not asked" in health(web)[1]


def test_without_publication_it_is_well_and_says_so(serve):
    status, text = health(serve()[1])
    assert status == 200 and 'mode "none"' in text
