# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGHUP and inotify: the new configuration is taken when it is good, and only then."""

import contextlib
import os
import socket

import pytest
from harness import tsig
from harness import wire as w
from harness.client import exchange_tcp, udp_socket
from harness.hosts import read_names
from harness.settings import key_text
from harness.tsig import make_key
from harness.waiting import wait_until

HOST = "host.home.arpa"
CHANGE = w.add(HOST, "A", "192.0.2.1")
ALL = {"allow": ["zone home.arpa"]}
NEW_KEY = make_key("new")


def write_in_place(path, text):
    path.write_text(text)


def rename_over(path, text):
    """What vim, sed -i and most others do."""
    temporary = path.with_name(f".{path.name}.swp")
    temporary.touch(mode=0o600)
    temporary.write_text(text)
    temporary.rename(path)


def move_away_and_write(path, text):
    """What emacs does at the first save: the old file becomes the backup."""
    path.rename(path.with_name(f"{path.name}~"))
    path.touch(mode=0o600)
    path.write_text(text)


EDITORS = [write_in_place, rename_over, move_away_and_write]


def rcode_for(server, key, change=CHANGE):
    """The RCODE that an update signed with this key gets."""
    return server.exchange(tsig.sign(w.update(change), key).wire).rcode


def wait_until_known(server, key):
    wait_until(lambda: rcode_for(server, key) == "NOERROR", f"the key {key.name} is taken")


def wait_until_unknown(server, key):
    wait_until(lambda: rcode_for(server, key) == "NOTAUTH", f"the key {key.name} is refused")


@pytest.fixture
def keys(folder):
    path = folder / "keys.d"
    path.mkdir()
    return path


@pytest.fixture
def server(launch, keys):
    return launch(keys_directory=keys, keys={"editor": ALL | {"admin": True}})


def with_new_key(server):
    return server.settings.text() + key_text(NEW_KEY, allow=["zone home.arpa"], admin=True)


@pytest.mark.parametrize("edit", EDITORS)
def test_a_changed_configuration_is_noticed(server, edit):
    seen = server.log_size()
    edit(server.config_path, with_new_key(server))
    wait_until_known(server, NEW_KEY)
    server.wait_for_log(r"key.*\bnew\b.*added", seen)
    edit(server.config_path, server.settings.text())
    wait_until_unknown(server, NEW_KEY)
    server.wait_for_log(r"key.*\bnew\b.*removed", seen)


def test_sighup_reloads(server):
    seen = server.log_size()
    server.hang_up()
    server.wait_for_log(r"nothing|no change|unchanged", seen)
    assert rcode_for(server, server.key("editor")) == "NOERROR"


@pytest.mark.parametrize("edit", EDITORS)
def test_a_bad_configuration_leaves_the_running_one_alone(server, edit):
    seen = server.log_size()
    bad = with_new_key(server) + "names-per-kee = 1\n"
    edit(server.config_path, bad)
    line = server.wait_for_log(rf"{server.config_path}:\d+: .*names-per-kee", seen)
    assert f":{bad.count(chr(10))}:" in line
    assert rcode_for(server, NEW_KEY) == "NOTAUTH"
    assert rcode_for(server, server.key("editor")) == "NOERROR"
    edit(server.config_path, with_new_key(server))
    wait_until_known(server, NEW_KEY)


def test_a_configuration_that_is_gone_leaves_the_running_one_alone(server):
    text = with_new_key(server)
    seen = server.log_size()
    server.config_path.unlink()
    server.hang_up()
    server.wait_for_log(rf"error.*{server.config_path}", seen)
    assert rcode_for(server, server.key("editor")) == "NOERROR"
    write_in_place(server.config_path, text)
    server.config_path.chmod(0o600)
    wait_until_known(server, NEW_KEY)


# Key files


@pytest.mark.parametrize("edit", [write_in_place, rename_over])
def test_a_key_file_is_noticed_when_it_comes_and_when_it_goes(server, keys, edit):
    path = keys / "new.conf"
    path.touch(mode=0o600)
    edit(path, key_text(NEW_KEY, allow=["zone home.arpa"], admin=True))
    wait_until_known(server, NEW_KEY)
    path.unlink()
    wait_until_unknown(server, NEW_KEY)


def test_a_key_file_moved_away_takes_its_key_with_it(server, keys, folder):
    path = keys / "new.conf"
    path.touch(mode=0o600)
    path.write_text(key_text(NEW_KEY, allow=["zone home.arpa"], admin=True))
    wait_until_known(server, NEW_KEY)
    path.rename(folder / "elsewhere")
    wait_until_unknown(server, NEW_KEY)


def test_a_key_folder_that_is_made_later_is_noticed(launch, folder):
    keys = folder / "later.d"
    server = launch(keys_directory=keys, keys={})
    keys.mkdir()
    path = keys / "new.conf"
    path.touch(mode=0o600)
    path.write_text(key_text(NEW_KEY, allow=["zone home.arpa"]))
    server.hang_up()
    wait_until_known(server, NEW_KEY)


def test_a_bad_key_file_leaves_the_running_keys_alone(server, keys):
    good, bad = keys / "new.conf", keys / "bad.conf"
    for path in (good, bad):
        path.touch(mode=0o600)
    seen = server.log_size()
    bad.write_text('key "bad" { secret = "!" }\n')
    server.wait_for_log(rf"{bad}:1: .*base64", seen)
    good.write_text(key_text(NEW_KEY, allow=["zone home.arpa"], admin=True))
    bad.unlink()
    wait_until_known(server, NEW_KEY)


def test_a_key_is_rotated_by_way_of_two_secrets(server, keys):
    path, next_key = keys / "new.conf", make_key("new", version="2")
    grants = {"allow": ["zone home.arpa"], "admin": True}
    rename_over(path, key_text(NEW_KEY, **grants))
    wait_until_known(server, NEW_KEY)
    rename_over(path, key_text(next_key, **grants, **{"secret-old": NEW_KEY.secret}))
    wait_until_known(server, next_key)
    assert rcode_for(server, NEW_KEY) == "NOERROR", "the old secret is good for a while"
    signed = tsig.sign(w.update(CHANGE), NEW_KEY)
    assert server.exchange(signed.wire).tsig.verifies(NEW_KEY, signed.mac)
    rename_over(path, key_text(next_key, **grants))
    wait_until_unknown(server, NEW_KEY)
    assert rcode_for(server, next_key) == "NOERROR"


# Other options


def test_limits_and_grants_take_effect(server):
    other = w.add("other.home.arpa", "A", "192.0.2.2")
    assert rcode_for(server, server.key("editor")) == "NOERROR"
    server.settings.keys["editor"] = {"allow": ["host.home.arpa"]}
    rename_over(server.config_path, server.settings.text())
    wait_until(lambda: rcode_for(server, server.key("editor"), other) == "REFUSED", "refused")
    assert rcode_for(server, server.key("editor")) == "NOERROR"


def test_a_zone_is_added(server):
    server.settings.zones["x.test"] = {}
    rename_over(server.config_path, server.settings.text())
    wait_until(lambda: server.query("x.test", "SOA").rcode == "NOERROR", "the zone is served")
    assert server.query(w.ZONE, "SOA").rcode == "NOERROR"


def test_a_removed_zone_is_refused_and_comes_back_with_its_names(server):
    server.must_update(CHANGE)
    zones = server.settings.zones
    server.settings.zones = {"x.test": {}}
    rename_over(server.config_path, server.settings.text())
    wait_until(lambda: server.query(HOST, "A").rcode == "REFUSED", "the zone is gone")
    server.settings.zones = zones
    rename_over(server.config_path, server.settings.text())
    wait_until(lambda: server.lookup(HOST, "A") == {"192.0.2.1"}, "the name is back")


def test_the_hosts_file_moves(server, folder):
    server.must_update(CHANGE)
    hosts = folder / "new.hosts"
    server.settings.publish = {"mode": "hostsdir", "file": hosts, "confirm": ""}
    rename_over(server.config_path, server.settings.text())
    wait_until(lambda: HOST in read_names(hosts), "the names are in the new file")


def soa_rcode(port):
    with contextlib.suppress(ConnectionRefusedError):
        return exchange_tcp(w.query(w.ZONE, "SOA"), ("127.0.0.1", port)).rcode
    return "closed"


def test_the_door_moves_to_another_port(server, free_port):
    old, new = server.settings.port, free_port()
    server.settings.port = new
    rename_over(server.config_path, server.settings.text())
    wait_until(lambda: soa_rcode(new) == "NOERROR", "the new port is open")
    wait_until(lambda: soa_rcode(old) == "closed", "the old port is closed")
    server.must_update(CHANGE)


def test_a_port_that_is_taken_leaves_the_running_door_open(server, free_port):
    old, taken = server.settings.port, free_port()
    with socket.create_server(("127.0.0.1", taken)):
        seen = server.log_size()
        server.settings.port = taken
        rename_over(server.config_path, server.settings.text())
        server.wait_for_log(rf"error.*{taken}", seen)
        assert soa_rcode(old) == "NOERROR"


def test_what_needs_a_restart_says_so(server, folder):
    server.settings.top["database"] = folder / "other.db"
    seen = server.log_size()
    rename_over(server.config_path, server.settings.text())
    server.wait_for_log(r"database.*next start", seen)
    assert rcode_for(server, server.key("editor")) == "NOERROR"
    assert not os.path.exists(folder / "other.db")


def test_names_and_connections_live_through_a_reload(server):
    server.must_update(CHANGE)
    with server.connect() as connection:
        rename_over(server.config_path, with_new_key(server))
        wait_until_known(server, NEW_KEY)
        connection.send(w.query(HOST, "A"))
        assert connection.receive().rdatas(HOST, "A") == {"192.0.2.1"}


def doors_at(server, address):
    """Over which transports the server answers there."""
    question, endpoint = w.query("home.arpa", "SOA"), (address, server.settings.port)
    answered = set()
    # A datagram that comes when the door moves is lost.
    with contextlib.suppress(OSError), udp_socket(endpoint, timeout=1) as sock:
        sock.send(question)
        sock.recv(65535)
        answered.add("UDP")
    with contextlib.suppress(OSError):
        exchange_tcp(question, endpoint)
        answered.add("TCP")
    return answered


def test_all_addresses_take_the_place_of_one_and_back(launch):
    """For the kernel each stands in the way of the other."""
    server = launch()
    both = {"UDP", "TCP"}
    for addresses, elsewhere in (["0.0.0.0"], both), (["127.0.0.1"], set()):
        server.settings.addresses = addresses
        server.write_config()
        wait_until(
            lambda expected=elsewhere: doors_at(server, "127.0.0.2") == expected,
            f"ddnsd listens on {addresses}",
        )
        assert doors_at(server, "127.0.0.1") == both
    assert not server.log_lines("error")


def test_no_secret_is_logged_by_a_reload(server):
    rename_over(server.config_path, with_new_key(server))
    wait_until_known(server, NEW_KEY)
    assert NEW_KEY.secret not in server.log()
