# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs and libraries that people point at a server like this one."""

import dns.query
import dns.tsigkeyring
import dns.update
import pytest
from harness import wire as w
from harness.settings import everything_in
from harness.tsig import ALGORITHMS, make_key

HOST = "host.home.arpa"
REVERSE = "2.0.192.in-addr.arpa"


@pytest.fixture
def server(launch):
    zones = {w.ZONE: {}, REVERSE: {}}
    return launch(zones=zones, keys={"editor": {"allow": everything_in(*zones)}})


def assert_done(result):
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("options", [[], ["-v"]], ids=["UDP", "TCP"])
def test_nsupdate_adds_and_deletes(server, programs, options):
    nsupdate, key = programs(server).nsupdate, server.key("editor")
    assert_done(
        nsupdate(
            key,
            "zone home.arpa",
            "prereq nxdomain host.home.arpa",
            "update add host.home.arpa 60 A 192.0.2.1",
            "update add host.home.arpa 60 AAAA 2001:db8::1",
            options=options,
        )
    )
    assert server.lookup(HOST, "A") == {"192.0.2.1"}
    assert server.lookup(HOST, "AAAA") == {"2001:db8::1"}
    assert_done(nsupdate(key, "zone home.arpa", "update delete host.home.arpa", options=options))
    assert server.query(HOST, "A").rcode == "NXDOMAIN"


@pytest.mark.parametrize("name", [HOST, "a.b.c.home.arpa", "home.arpa"])
def test_nsupdate_finds_the_zone_by_itself(server, programs, name):
    result = programs(server).nsupdate(server.key("editor"), f"update add {name} 60 A 192.0.2.1")
    assert_done(result)
    assert server.lookup(name, "A") == {"192.0.2.1"}


def test_nsupdate_finds_a_reverse_zone_by_itself(server, programs):
    name = f"17.{REVERSE}"
    line = f"update add {name} 60 PTR host.home.arpa."
    assert_done(programs(server).nsupdate(server.key("editor"), line))
    assert server.lookup(name, "PTR") == {"host.home.arpa."}


def test_nsupdate_goes_to_tcp_beyond_512_octets(server, programs):
    texts = [f'update add host.home.arpa 60 TXT "{n} {"x" * 200}"' for n in range(20)]
    assert_done(programs(server).nsupdate(server.key("editor"), *texts))
    assert len(server.lookup(HOST, "TXT")) == 20


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_nsupdate_with_each_algorithm(launch, programs, algorithm):
    key = make_key("client", algorithm)
    server = launch(keys={"client": {"allow": ["zone home.arpa"]}}, tsig_keys=[key])
    assert_done(programs(server).nsupdate(key, "update add host.home.arpa 60 A 192.0.2.1"))
    assert server.lookup(HOST, "A") == {"192.0.2.1"}


@pytest.mark.parametrize(
    "line, rcode",
    [
        ("prereq yxdomain missing.home.arpa", "NXDOMAIN"),
        ("prereq nxrrset home.arpa SOA", "YXRRSET"),
        ("prereq yxrrset home.arpa A", "NXRRSET"),
    ],
)
def test_nsupdate_hears_why_it_failed(server, programs, line, rcode):
    change = "update add host.home.arpa 60 A 192.0.2.1"
    result = programs(server).nsupdate(server.key("editor"), "zone home.arpa", line, change)
    assert result.returncode != 0
    assert rcode in result.stderr


def test_nsupdate_with_a_wrong_secret_hears_so(server, programs):
    wrong = make_key("editor", version="2")
    result = programs(server).nsupdate(wrong, "zone home.arpa", "update delete host.home.arpa")
    assert result.returncode != 0
    assert "BADSIG" in result.stderr or "NOTAUTH" in result.stderr


@pytest.mark.parametrize("options", [[], ["-v"]], ids=["UDP", "TCP"])
def test_knsupdate_adds_and_deletes(server, programs, options):
    knsupdate, key = programs(server).knsupdate, server.key("editor")
    add = "update add host.home.arpa. 60 A 192.0.2.1"
    assert_done(knsupdate(key, "zone home.arpa.", add, options=options))
    assert server.lookup(HOST, "A") == {"192.0.2.1"}
    delete = "update delete host.home.arpa. A"
    assert_done(knsupdate(key, "zone home.arpa.", delete, options=options))
    assert server.query(HOST, "A").rcode == "NXDOMAIN"


def test_dig_shows_what_is_there(server, programs):
    server.must_update(w.add(HOST, "A", "192.0.2.1"), w.add(HOST, "TXT", '"hello"'))
    clients = programs(server)
    key_file = clients.bind_key_file(server.key("editor"))
    assert clients.dig("+short", HOST) == "192.0.2.1\n"
    assert clients.dig("+short", "+tcp", HOST, "TXT") == '"hello"\n'
    signed = clients.dig("-k", key_file, HOST)
    assert "192.0.2.1" in signed
    assert "verify failure" not in signed and "Couldn't verify" not in signed
    assert "status: NXDOMAIN" in clients.dig("missing.home.arpa")
    assert "status: REFUSED" in clients.dig("example.com")


def test_kdig_shows_what_is_there(server, programs):
    server.must_update(w.add(HOST, "AAAA", "2001:db8::1"))
    clients = programs(server)
    assert clients.kdig("+short", HOST, "AAAA") == "2001:db8::1\n"
    key_file = clients.knot_key_file(server.key("editor"))
    signed = clients.kdig("-k", key_file, "+tcp", HOST, "AAAA")
    assert "2001:db8::1" in signed
    assert "WARNING" not in signed


def test_dnspython_replaces(server):
    key = server.key("editor")
    keyring = dns.tsigkeyring.from_text({key.name: key.secret})
    host, port = server.endpoint
    for transport in (dns.query.udp, dns.query.tcp):
        for address in ("192.0.2.1", "192.0.2.2"):
            message = dns.update.Update("home.arpa", keyring=keyring)
            message.replace("host", 60, "A", address)
            assert transport(message, host, port=port, timeout=30).rcode() == 0
            assert server.lookup(HOST, "A") == {address}


def test_kea_signs_and_then_changes_the_id(server):
    """RFC 4703: the add that Kea D2 sends first, and the one after it was told YXDOMAIN."""
    dhcid = "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="
    records = [w.add(HOST, "A", "192.0.2.1"), w.add(HOST, "DHCID", dhcid)]
    first = w.update(*records, prerequisites=[w.name_not_in_use(HOST)])
    assert server.exchange_signed(first, sent_id=0x0101).rcode == "NOERROR"
    again = w.update(*records, prerequisites=[w.name_not_in_use(HOST)])
    assert server.exchange_signed(again, sent_id=0x0202).rcode == "YXDOMAIN"
    guarded = w.update(
        w.delete_rrset(HOST, "A"),
        w.add(HOST, "A", "192.0.2.2"),
        prerequisites=[w.name_in_use(HOST), w.rrset_equals(HOST, "DHCID", dhcid)],
    )
    answer = server.exchange_signed(guarded, sent_id=0x0303)
    assert (answer.rcode, answer.id) == ("NOERROR", 0x0303)
    assert server.lookup(HOST, "A") == {"192.0.2.2"}


def test_external_dns_deletes_record_by_record_over_tcp(server):
    records = [("A", "192.0.2.1"), ("A", "192.0.2.2"), ("TXT", '"heritage=external-dns"')]
    server.must_update(*(w.add(HOST, *record) for record in records), tcp=True)
    server.must_update(*(w.delete(HOST, *record) for record in records), tcp=True)
    assert server.query(HOST, "A").rcode == "NXDOMAIN"


def test_certbot_climbs_from_the_full_name_to_the_zone(server):
    """It asks for the SOA over TCP, label by label, until an answer is authoritative and has one."""
    labels = "_acme-challenge.host.home.arpa".split(".")
    for first in range(len(labels)):
        name = ".".join(labels[first:])
        answer = server.query(name, "SOA", tcp=True)
        assert answer.is_authoritative
        if answer.rdatas(name, "SOA"):
            break
    assert name == "home.arpa"


def test_lego_asks_with_edns_4096(server):
    answer = server.query(w.ZONE, "SOA", additional=[w.edns(4096)])
    assert answer.rdatas(w.ZONE, "SOA")


def test_dnsmasq_forwards_to_ddnsd_what_a_hosts_file_cannot_say(server, make_dnsmasq, folder):
    hosts = folder / "hosts"
    hosts.write_text("192.0.2.1 host.home.arpa\n")
    dnsmasq = make_dnsmasq(
        f"--addn-hosts={hosts}", f"--server=/home.arpa/127.0.0.1#{server.settings.port}", local=""
    ).start()
    server.must_update(w.add(HOST, "TXT", '"hello"'), w.add("srv.home.arpa", "A", "192.0.2.9"))
    dnsmasq.wait_for(HOST, "192.0.2.1")
    dnsmasq.wait_for(HOST, '"hello"', rtype="TXT")
    dnsmasq.wait_for("srv.home.arpa", "192.0.2.9")
    assert dnsmasq.query("home.arpa", "SOA").rdatas("home.arpa", "SOA")
    assert dnsmasq.query("missing.home.arpa").rcode == "NXDOMAIN"
