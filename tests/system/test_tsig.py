# SPDX-License-Identifier: GPL-3.0-or-later
"""RFC 8945: who may speak is decided by TSIG, and what is said back is signed."""

import time

import pytest
from harness import tsig
from harness import wire as w
from harness.client import udp_socket
from harness.tsig import ALGORITHMS, FUDGE_S, make_key

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
HASH_SIZES = {name: hash_function().digest_size for name, (_, hash_function) in ALGORITHMS.items()}
ALL = {"allow": ["zone home.arpa"]}


def flip_last_bit(mac):
    return mac[:-1] + bytes([mac[-1] ^ 1])


def was_applied(server):
    return server.lookup(HOST, "A") == {"192.0.2.1"}


@pytest.fixture
def send(ddnsd):
    """Sign the change with the options given, send it, return the answer and the request's MAC."""

    def send(wire=None, key="editor", **signing):
        signed = tsig.sign(wire or w.update(CHANGE), ddnsd.key(key), **signing)
        return ddnsd.exchange(signed.wire), signed.mac

    return send


@pytest.fixture
def server_with(launch):
    """ddnsd with one key of the algorithm, named as the algorithm."""

    def server_with(algorithm, **options):
        return launch(keys={algorithm: ALL | options}, tsig_keys=[make_key(algorithm, algorithm)])

    return server_with


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_signs_requests_and_answers(server_with, algorithm, tcp):
    server = server_with(algorithm)
    answer = server.must_update(CHANGE, key=algorithm, tcp=tcp)
    assert answer.tsig.algorithm == ALGORITHMS[algorithm][0]
    assert answer.tsig.key_name == algorithm
    assert len(answer.tsig.mac) == HASH_SIZES[algorithm]
    assert was_applied(server)


# Form


def test_rule_21_tsig_before_another_record_is_formerr(ddnsd):
    signed = tsig.sign(w.update(CHANGE), ddnsd.key("editor"))
    wire = tsig.append(signed.wire, w.add("x.home.arpa", "A", "192.0.2.2"))
    assert ddnsd.exchange(wire).rcode == "FORMERR"
    assert not was_applied(ddnsd)


def test_rule_21_two_tsigs_are_formerr(ddnsd):
    once = tsig.sign(w.update(CHANGE), ddnsd.key("editor"))
    twice = tsig.sign(once.wire, ddnsd.key("editor"))
    assert ddnsd.exchange(twice.wire).rcode == "FORMERR"
    assert not was_applied(ddnsd)


@pytest.mark.parametrize("section", [1, 2], ids=["prerequisite", "update"])
def test_rule_21_tsig_in_another_section_is_formerr(ddnsd, section):
    record = w.Record("editor", w.TSIG, w.ANY_CLASS, 0, b"")
    sections = [[w.question(w.ZONE, w.SOA)], [], [CHANGE], []]
    sections[section].append(record)
    wire = w.message(w.UPDATE, sections)
    assert ddnsd.exchange_signed(wire).rcode == "FORMERR"
    assert not was_applied(ddnsd)


def test_rule_21_the_key_is_checked_before_the_time(send):
    answer, _ = send(key="nobody", when=time.time() - 10 * FUDGE_S)
    assert (answer.rcode, answer.tsig.error) == ("NOTAUTH", tsig.BADKEY)


def test_rule_21_the_mac_is_checked_before_the_time(send):
    answer, _ = send(when=time.time() - 10 * FUDGE_S, edit_mac=flip_last_bit)
    assert (answer.rcode, answer.tsig.error) == ("NOTAUTH", tsig.BADSIG)


def test_rule_21_the_time_is_checked_before_the_truncation(send):
    answer, _ = send(when=time.time() - 10 * FUDGE_S, edit_mac=lambda mac: mac[:16])
    assert (answer.rcode, answer.tsig.error) == ("NOTAUTH", tsig.BADTIME)


def test_a_tsig_of_another_class_is_formerr(ddnsd):
    signed = tsig.sign(w.update(CHANGE), ddnsd.key("editor"))
    class_any = w.name_wire("editor") + bytes([0, w.TSIG, 0, w.ANY_CLASS])
    class_in = class_any[:-1] + bytes([w.IN])
    assert signed.wire.count(class_any) == 1
    assert ddnsd.exchange(signed.wire.replace(class_any, class_in)).rcode == "FORMERR"
    assert not was_applied(ddnsd)


# Key and MAC


def assert_unsigned_error(answer, error):
    assert (answer.rcode, answer.tsig.error) == ("NOTAUTH", error)
    assert (answer.tsig.mac, answer.tsig.other) == (b"", b"")


def test_rule_22_an_unknown_key_is_badkey_unsigned(ddnsd, send):
    answer, _ = send(key="nobody")
    assert_unsigned_error(answer, tsig.BADKEY)
    assert answer.tsig.key_name == "nobody"
    assert not was_applied(ddnsd)


def test_rule_22_another_algorithm_than_the_keys_is_badkey_unsigned(ddnsd):
    other = ddnsd.key("editor")._replace(algorithm="hmac-sha512")
    answer = ddnsd.exchange(tsig.sign(w.update(CHANGE), other).wire)
    assert_unsigned_error(answer, tsig.BADKEY)
    assert not was_applied(ddnsd)


def test_rule_22_an_unknown_algorithm_is_badkey_unsigned(ddnsd, send):
    answer, _ = send(algorithm_name="hmac-sha999")
    assert_unsigned_error(answer, tsig.BADKEY)
    assert not was_applied(ddnsd)


def test_rule_22_the_log_names_the_algorithm_used_and_the_keys(ddnsd):
    other = ddnsd.key("editor")._replace(algorithm="hmac-md5")
    ddnsd.exchange(tsig.sign(w.update(CHANGE), other).wire)
    line = ddnsd.wait_for_log(r"editor.*hmac-md5")
    assert "hmac-sha256" in line


def test_rule_23_a_wrong_mac_is_badsig_unsigned(ddnsd, send):
    answer, _ = send(edit_mac=flip_last_bit)
    assert_unsigned_error(answer, tsig.BADSIG)
    assert not was_applied(ddnsd)


def test_rule_23_a_changed_message_is_badsig(ddnsd):
    signed = tsig.sign(w.update(CHANGE), ddnsd.key("editor"))
    changed = signed.wire.replace(bytes([192, 0, 2, 1]), bytes([192, 0, 2, 9]))
    assert_unsigned_error(ddnsd.exchange(changed), tsig.BADSIG)
    assert ddnsd.query(HOST, "A").rcode == "NXDOMAIN"


def test_rule_23_another_secret_is_badsig(ddnsd):
    answer = ddnsd.exchange(tsig.sign(w.update(CHANGE), make_key("editor", version="2")).wire)
    assert_unsigned_error(answer, tsig.BADSIG)
    assert not was_applied(ddnsd)


# Truncation


def shortest(algorithm):
    return max(10, HASH_SIZES[algorithm] // 2)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rule_24_a_mac_that_is_too_short_is_formerr(server_with, algorithm):
    server = server_with(algorithm, **{"allow-truncated": True})
    for size in (1, shortest(algorithm) - 1):
        cut = {"key": algorithm, "edit_mac": lambda mac: mac[:size]}
        assert server.exchange_signed(w.update(CHANGE), **cut).rcode == "FORMERR"
    assert not was_applied(server)


@pytest.mark.parametrize("extra", [1, 100])
def test_rule_24_a_mac_longer_than_the_hash_is_formerr(ddnsd, send, extra):
    answer, _ = send(edit_mac=lambda mac: mac + bytes(extra))
    assert answer.rcode == "FORMERR"
    assert not was_applied(ddnsd)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rule_24_a_truncated_mac_is_accepted_where_the_key_allows_it(server_with, algorithm):
    server = server_with(algorithm, **{"allow-truncated": True})
    key = server.key(algorithm)
    for size in (shortest(algorithm), HASH_SIZES[algorithm] - 1):
        signed = tsig.sign(w.update(CHANGE), key, edit_mac=lambda mac: mac[:size])
        answer = server.exchange(signed.wire)
        assert answer.rcode == "NOERROR"
        assert answer.tsig.verifies(key, signed.mac)
    assert was_applied(server)


def test_rule_24_a_wrong_truncated_mac_is_badsig(server_with):
    server = server_with("hmac-sha256", **{"allow-truncated": True})
    wrong = server.exchange_signed(
        w.update(CHANGE), key="hmac-sha256", edit_mac=lambda mac: flip_last_bit(mac[:16])
    )
    assert_unsigned_error(wrong, tsig.BADSIG)


def test_rules_24_and_29_a_truncated_mac_that_is_not_allowed_is_badtrunc_signed(ddnsd, send):
    answer, mac = send(edit_mac=lambda mac: mac[:16])
    assert (answer.rcode, answer.tsig.error) == ("NOTAUTH", tsig.BADTRUNC)
    assert len(answer.tsig.mac) >= 16
    assert answer.tsig.verifies(ddnsd.key("editor"), mac)
    assert not was_applied(ddnsd)


# Time


@pytest.mark.parametrize(
    "skew", [-FUDGE_S - 60, FUDGE_S + 60, -(10**9)], ids=["old", "new", "1995"]
)
def test_rule_25_outside_the_fudge_is_badtime_with_the_servers_time(ddnsd, send, skew):
    when = int(time.time()) + skew
    answer, mac = send(when=when)
    assert (answer.rcode, answer.tsig.error) == ("NOTAUTH", tsig.BADTIME)
    assert (answer.tsig.when, answer.tsig.fudge) == (when, FUDGE_S)
    assert len(answer.tsig.other) == 6
    assert abs(int.from_bytes(answer.tsig.other, "big") - time.time()) < 5
    assert answer.tsig.verifies(ddnsd.key("editor"), mac)
    assert not was_applied(ddnsd)


def test_rule_25_a_client_corrects_itself_by_the_servers_time(ddnsd, send):
    """A machine without a clock of its own: it thinks that it is 1970."""
    answer, _ = send(when=1000)
    correction = int.from_bytes(answer.tsig.other, "big") - answer.tsig.when
    assert send(when=1000 + correction)[0].rcode == "NOERROR"
    assert was_applied(ddnsd)


@pytest.mark.parametrize("skew", [-FUDGE_S + 30, FUDGE_S - 30])
def test_rule_25_within_the_fudge_is_accepted(ddnsd, send, skew):
    answer, mac = send(when=time.time() + skew)
    assert answer.rcode == "NOERROR"
    assert answer.tsig.verifies(ddnsd.key("editor"), mac)
    assert abs(answer.tsig.when - time.time()) < 5


def test_rule_25_the_fudge_is_the_clients(send):
    assert send(when=time.time() - 60, fudge=30)[0].tsig.error == tsig.BADTIME
    assert send(when=time.time() - 3600, fudge=7200)[0].rcode == "NOERROR"


# What is digested


def test_rule_26_the_original_id_is_put_back_before_the_check(ddnsd, send):
    """Kea D2 changes the message ID after signing."""
    answer, mac = send(w.update(CHANGE, message_id=0x1111), sent_id=0x2222)
    assert answer.rcode == "NOERROR"
    assert answer.id == 0x2222
    original = answer.tsig.original_id.to_bytes(2, "big")
    restored = answer.tsig._replace(unsigned_wire=original + answer.tsig.unsigned_wire[2:])
    assert restored.verifies(ddnsd.key("editor"), mac)
    assert was_applied(ddnsd)


def test_rule_26_names_are_digested_in_lower_case(ddnsd, send):
    answer, mac = send(key_name="EdItOr", algorithm_name="HMAC-SHA256")
    assert answer.rcode == "NOERROR"
    assert answer.tsig.verifies(ddnsd.key("editor"), mac)
    assert was_applied(ddnsd)


# Answers


def test_rule_27_an_unsigned_request_gets_an_unsigned_answer(ddnsd):
    assert ddnsd.exchange(w.query(w.ZONE, "SOA")).tsig is None
    assert ddnsd.exchange(w.update(CHANGE)).tsig is None


def test_rule_27_signed_queries_get_signed_answers(ddnsd):
    for name in (w.ZONE, "missing.home.arpa", "example.com"):
        assert ddnsd.query(name, "SOA", key="editor").tsig


@pytest.mark.parametrize(
    "rcode, message",
    {
        "NXDOMAIN": {"prerequisites": [w.name_in_use("missing.home.arpa")]},
        "NOTAUTH": {"zone": "example.com"},
        "NOTZONE": {"prerequisites": [w.name_in_use("example.com")]},
    }.items(),
)
def test_rule_27_failures_of_a_signed_request_are_signed(ddnsd, rcode, message):
    answer = ddnsd.update(CHANGE, **message)
    assert answer.rcode == rcode
    assert answer.tsig.error == 0


def test_rule_27_a_refusal_of_a_signed_request_is_signed(launch):
    server = launch(keys={"guest": {"allow": ["self A"]}})
    answer = server.update(CHANGE, key="guest")
    assert answer.rcode == "REFUSED"
    assert answer.tsig.error == 0


def test_rule_27_an_answer_that_does_not_fit_is_question_tsig_and_tc(ddnsd):
    texts = [w.add(HOST, "TXT", f'"{n} {"x" * 200}"') for n in range(10)]
    ddnsd.must_update(*texts, tcp=True)
    answer = ddnsd.query(HOST, "TXT", key="editor")
    assert answer.is_truncated
    assert len(answer.wire) <= 512
    assert answer.section_counts == (1, 0, 0, 1)
    assert len(ddnsd.query(HOST, "TXT", key="editor", tcp=True).rdatas(HOST, "TXT")) == 10


def test_rule_28_every_message_of_a_transfer_is_signed(ddnsd):
    """Where transfers are refused, the refusal is the one message, and signed."""
    key = ddnsd.key("editor")
    ddnsd.must_update(CHANGE)
    signed = tsig.sign(w.query(w.ZONE, "AXFR"), key)
    with ddnsd.connect() as connection:
        connection.send(signed.wire)
        answer = connection.receive()
        assert answer.tsig.verifies(key, signed.mac)
        soas = answer.answer_types().count("SOA")
        while answer.rcode == "NOERROR" and soas < 2:
            prior = answer.tsig.mac
            answer = connection.receive()
            assert answer.tsig.continues(key, prior)
            soas += answer.answer_types().count("SOA")
    assert answer.rcode in ("NOERROR", "REFUSED", "NOTIMP")


def test_rule_29_nothing_is_signed_for_who_does_not_have_the_key(ddnsd):
    """An answer signed without a full check would sign what a stranger chose."""
    for edit in (flip_last_bit, lambda mac: mac[:4], lambda mac: mac + b"\0", lambda mac: b""):
        for wire in (
            w.update(CHANGE),
            w.query(w.ZONE, "SOA"),
            w.update(CHANGE, zone="example.com"),
        ):
            answer = ddnsd.exchange_signed(wire, edit_mac=edit)
            assert answer.tsig is None or answer.tsig.mac == b""
            assert answer.rcode in ("NOTAUTH", "FORMERR")


# Replay


def test_rule_30_a_replayed_message_is_not_applied_again(ddnsd):
    key = ddnsd.key("editor")
    old = tsig.sign(w.update(w.delete_rrset(HOST, "A"), CHANGE), key)
    assert ddnsd.exchange(old.wire).rcode == "NOERROR"
    ddnsd.must_update(w.delete_rrset(HOST, "A"), w.add(HOST, "A", "192.0.2.2"))
    serial = ddnsd.serial()
    for tcp in (False, True):
        assert ddnsd.exchange(old.wire, tcp=tcp).rcode == "NOERROR"
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.2"}
    assert ddnsd.serial() == serial


def test_rules_20_and_30_a_repeat_gets_the_answer_of_the_first_signed_afresh(ddnsd):
    """A retry after a lost answer: the prerequisite held for the first, it need not hold again."""
    key = ddnsd.key("editor")
    request = tsig.sign(w.update(CHANGE, prerequisites=[w.name_not_in_use(HOST)]), key)
    first = ddnsd.exchange(request.wire)
    serial = ddnsd.serial()
    second = ddnsd.exchange(request.wire)
    assert first.rcode == second.rcode == "NOERROR"
    assert second.tsig.verifies(key, request.mac)
    assert ddnsd.serial() == serial


def test_rules_20_and_30_a_repeated_failure_is_the_same_failure(ddnsd):
    key = ddnsd.key("editor")
    request = tsig.sign(w.update(CHANGE, prerequisites=[w.name_in_use(HOST)]), key)
    assert ddnsd.exchange(request.wire).rcode == "NXDOMAIN"
    ddnsd.must_update(w.add(HOST, "A", "192.0.2.7"))
    repeat = ddnsd.exchange(request.wire)
    assert repeat.rcode == "NXDOMAIN"
    assert repeat.tsig.verifies(key, request.mac)
    assert ddnsd.lookup(HOST, "A") == {"192.0.2.7"}


def test_rule_20_the_same_message_twice_in_one_batch_has_the_effect_of_one(ddnsd):
    before = ddnsd.serial()
    wire = tsig.sign(w.update(CHANGE), ddnsd.key("editor")).wire
    with ddnsd.connect() as connection:
        connection.send(wire, wire, wire)
        assert [connection.receive().rcode for _ in range(3)] == ["NOERROR"] * 3
    assert ddnsd.serial() == before + 1


@pytest.mark.slow
def test_rule_30_sixty_thousand_messages_later_a_replay_is_still_known(ddnsd):
    key = ddnsd.key("editor")
    old = tsig.sign(w.update(w.add("old.home.arpa", "A", "192.0.2.1")), key)
    assert ddnsd.exchange(old.wire).rcode == "NOERROR"
    ddnsd.must_update(w.delete_name("old.home.arpa"))
    window = 64
    with udp_socket(ddnsd.endpoint) as sock:
        for message_id in range(60_000):
            sock.send(tsig.sign(w.update(CHANGE, message_id=message_id), key).wire)
            if message_id >= window:
                sock.recv(512)
        for _ in range(window):
            sock.recv(512)
    assert ddnsd.exchange(old.wire).rcode == "NOERROR"
    assert ddnsd.query("old.home.arpa", "A").rcode == "NXDOMAIN"
