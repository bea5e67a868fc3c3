# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl setup: prepared trees of machines, connected and put back byte for byte."""

import json
import os
import shutil
import stat
import subprocess

import pytest
from harness.tool import DONE, FAILED, USAGE, Tool

CONF = """\
zone "home.arpa" { }
zone "2.0.192.in-addr.arpa" { }
listen "dns" { }
control { }
leases { }
"""
SNIPPET = "etc/dnsmasq.d/ddnsd.conf"
RECORD = "etc/ddnsd/setup.json"
HOOK = "/usr/local/lib/ddnsd/dhcp-script"
RANGE = "dhcp-range=192.168.1.10,192.168.1.99,1h\n"


@pytest.fixture
def root(folder):
    path = folder / "root"
    path.mkdir()
    (path / "etc/ddnsd").mkdir(parents=True)
    write(path / "etc/ddnsd/ddnsd.conf", CONF)
    return path


@pytest.fixture
def tool(folder):
    return Tool(folder / "no-daemon.sock")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def debian(root, conf=""):
    write(root / "etc/default/dnsmasq", "")
    write(root / "etc/dnsmasq.conf", conf)
    (root / "etc/dnsmasq.d").mkdir(exist_ok=True)


def install_hook(root):
    write(root / HOOK[1:], "#!/bin/sh\n")


def pihole(root, conf=""):
    write(root / "etc/pihole/pihole.toml", "[misc]\n")
    write(root / "etc/pihole/dnsmasq.conf", conf)
    (root / "etc/dnsmasq.d").mkdir()


def openwrt(root):
    write(root / "etc/openwrt_release", "")
    write(root / "etc/config/dhcp", "config dnsmasq\n")


def networkmanager(root):
    write(root / "etc/NetworkManager/NetworkManager.conf", "[main]\ndns = dnsmasq\n")
    (root / "etc/NetworkManager/dnsmasq.d").mkdir()


def tree(root):
    """Everything there is: modes, links and contents."""
    found = {}
    for place, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(place, name)
            about = os.lstat(path)
            content = None
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(about.st_mode):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, root)] = (about.st_mode, about.st_uid, content)
    return found


def lines(root, path=SNIPPET):
    text = (root / path).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def set_up(tool, root, *arguments):
    return tool.must("--yes", "setup", "--root", root, *arguments)


# Debian


def test_what_is_shown_is_what_is_written_and_nothing_before_yes(tool, root):
    debian(root)
    before = tree(root)
    asked = tool.run("setup", "--root", root)
    assert asked.returncode == FAILED and "--yes" in asked.stderr
    assert tree(root) == before

    done = set_up(tool, root)
    written = (root / SNIPPET).read_text()
    shown = [line[4:] for line in asked.stdout.splitlines() if line.startswith("  + ")]
    assert "\n".join(shown) + "\n" == written
    assert lines(root) == ["addn-hosts=/run/ddnsd/hosts/ddnsd.hosts", "local=/home.arpa/"]
    assert "systemctl restart dnsmasq" in done.stdout
    assert stat.S_IMODE((root / SNIPPET).stat().st_mode) == 0o644


def test_dnsmasq_itself_takes_the_snippet(tool, root):
    debian(root, RANGE)
    install_hook(root)
    set_up(tool, root)
    command = ["dnsmasq", "--test", "-C", root / SNIPPET]
    tested = subprocess.run(command, capture_output=True, text=True)
    assert tested.returncode == 0, tested


def test_undo_puts_everything_back_as_it_was(tool, root):
    debian(root, f"# mine\n{RANGE}dhcp-script=/usr/local/bin/mine # since May\nport=53")
    (root / "etc/dnsmasq.conf").chmod(0o600)
    install_hook(root)
    before = tree(root)
    set_up(tool, root)
    assert tree(root) != before
    tool.must("--yes", "setup", "--root", root, "--undo")
    assert tree(root) == before


def test_undo_asks_first(tool, root):
    debian(root)
    set_up(tool, root)
    during = tree(root)
    refused = tool.run("setup", "--root", root, "--undo")
    assert refused.returncode == FAILED and "--yes" in refused.stderr
    assert tree(root) == during


def test_undo_of_nothing_says_so(tool, root):
    debian(root)
    refused = tool.run("--yes", "setup", "--root", root, "--undo")
    assert refused.returncode == FAILED and "done nothing" in refused.stderr


@pytest.mark.parametrize("fault", ["owner", "mode", "link"])
def test_undo_trusts_no_record_that_others_may_write(tool, root, fault):
    """Whoever could write it would have root write any file."""
    if fault == "owner" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    debian(root)
    tool.must("--yes", "setup", "--root", root)
    record = root / RECORD
    if fault == "owner":
        os.chown(record, 65534, 65534)
    elif fault == "mode":
        record.chmod(0o620)
    else:
        record.rename(root / "elsewhere")
        record.symlink_to(root / "elsewhere")
    before = tree(root)
    refused = tool.run("--yes", "setup", "--root", root, "--undo")
    assert refused.returncode == FAILED and "not trusted" in refused.stderr
    assert tree(root) == before


@pytest.mark.parametrize("changed", [SNIPPET, "etc/dnsmasq.conf", "etc/ddnsd/dhcp-script.next"])
def test_undo_refuses_where_somebody_changed_a_file_since(tool, root, changed):
    debian(root, RANGE + "dhcp-script=/usr/local/bin/mine\n")
    install_hook(root)
    set_up(tool, root)
    if (root / changed).is_symlink():
        (root / changed).unlink()
        (root / changed).symlink_to("/bin/other")
    else:
        with open(root / changed, "a") as file:
            file.write("# by hand\n")
    during = tree(root)
    refused = tool.run("--yes", "setup", "--root", root, "--undo")
    assert refused.returncode == FAILED
    assert f"/{changed} was changed" in refused.stderr
    assert tree(root) == during


def test_undo_is_fine_with_a_file_that_was_removed_by_hand(tool, root):
    debian(root)
    before = tree(root)
    set_up(tool, root)
    (root / SNIPPET).unlink()
    tool.must("--yes", "setup", "--root", root, "--undo")
    assert tree(root) == before


def test_a_second_setup_changes_nothing(tool, root):
    debian(root)
    set_up(tool, root)
    during = tree(root)
    again = tool.run("--yes", "setup", "--root", root)
    assert again.returncode == FAILED and "--undo" in again.stderr
    assert tree(root) == during


def test_lines_that_are_there_already_are_not_repeated(tool, root):
    debian(root, "addn-hosts=/run/ddnsd/hosts/ddnsd.hosts\n")
    write(root / "etc/dnsmasq.d/zone.conf", "local=/home.arpa/\n")
    before = tree(root)
    done = set_up(tool, root)
    assert "has everything already" in done.stdout
    assert tree(root) == before


def test_settings_of_ddnsd_decide_what_is_written(tool, root):
    debian(root)
    conf = CONF + 'publish { mode = "hostsdir" file = "/srv/names/all" }\nzone "lab.example" { }\n'
    write(root / "etc/ddnsd/ddnsd.conf", conf)
    set_up(tool, root)
    assert lines(root) == ["hostsdir=/srv/names", "local=/home.arpa/", "local=/lab.example/"]


@pytest.mark.parametrize(
    "line",
    [
        "address=/home.arpa/192.0.2.1",
        "server=/home.arpa/192.0.2.53",
    ],
)
def test_a_conflicting_line_is_named_and_nothing_is_changed(tool, root, line):
    debian(root, "# one\n# two\n")
    write(root / "etc/dnsmasq.d/mine.conf", f"# mine\n{line}\n")
    before = tree(root)
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED
    assert "/etc/dnsmasq.d/mine.conf:2" in refused.stderr and line in refused.stderr
    assert tree(root) == before


def test_a_folder_of_hosts_conflicts_with_hostsdir(tool, root):
    debian(root, "addn-hosts=/etc/more\n")
    (root / "etc/more").mkdir()
    write(root / "etc/ddnsd/ddnsd.conf", CONF + 'publish { mode = "hostsdir" }\n')
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED and "/etc/dnsmasq.conf:1" in refused.stderr


def test_a_folder_that_dnsmasq_does_not_read_is_told(tool, root):
    debian(root)
    (root / "etc/default/dnsmasq").unlink()
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED and "conf-dir=/etc/dnsmasq.d" in refused.stderr
    write(root / "etc/dnsmasq.conf", "conf-dir=/etc/dnsmasq.d/,*.conf\n")
    set_up(tool, root)


def test_a_foreign_file_in_our_place_is_left_alone(tool, root):
    debian(root)
    write(root / SNIPPET, "# somebody's\n")
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED and "is there already" in refused.stderr
    assert (root / SNIPPET).read_text() == "# somebody's\n"


# Leases


def test_where_leases_are_given_the_hook_and_the_domain_are_written(tool, root):
    debian(root, RANGE)
    install_hook(root)
    set_up(tool, root)
    assert lines(root)[2:] == ["domain=home.arpa", f"dhcp-script={HOOK}"]


def test_where_none_are_given_there_is_no_hook(tool, root):
    debian(root)
    install_hook(root)
    set_up(tool, root)
    assert not any("dhcp-script" in line for line in lines(root))


def test_a_script_that_was_there_is_called_by_ours(tool, root):
    debian(root, f"{RANGE}\tdhcp-script=/usr/local/bin/mine\n")
    install_hook(root)
    set_up(tool, root)
    assert os.readlink(root / "etc/ddnsd/dhcp-script.next") == "/usr/local/bin/mine"
    assert lines(root, "etc/dnsmasq.conf") == [RANGE.strip()]
    assert f"dhcp-script={HOOK}" in lines(root)


def test_a_second_script_in_the_chain_is_not_overwritten(tool, root):
    debian(root, f"{RANGE}dhcp-script=/usr/local/bin/mine\n")
    install_hook(root)
    write(root / "etc/ddnsd/dhcp-script.next", "#!/bin/sh\n")
    before = tree(root)
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED
    assert "dhcp-script.next is there already" in refused.stderr
    assert tree(root) == before


def test_another_domain_stays_and_is_told(tool, root):
    debian(root, RANGE + "domain=lan\n")
    done = set_up(tool, root)
    assert "domain=lan stays" in done.stdout
    assert not any(line.startswith("domain=") for line in lines(root))


def test_what_ddnsd_needs_for_leases_is_told(tool, root):
    debian(root, RANGE + "dhcp-leasefile=/srv/leases\n")
    done = set_up(tool, root)
    assert 'leases { file = "/srv/leases" }' in done.stdout
    write(root / "etc/ddnsd/ddnsd.conf", CONF.replace("leases { }", ""))
    tool.must("--yes", "setup", "--root", root, "--undo")
    assert "needs: control { } and leases { }" in set_up(tool, root).stdout


# Failures


def test_a_step_that_fails_takes_back_the_ones_before(tool, root):
    debian(root, f"{RANGE}dhcp-script=/usr/local/bin/mine\n")
    install_hook(root)
    # The snippet comes last, and its folder is not there.
    write(root / "etc/dnsmasq.conf", (root / "etc/dnsmasq.conf").read_text())
    (root / "etc/dnsmasq.d").rmdir()
    before = tree(root)
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED and "cannot be written" in refused.stderr
    assert tree(root) == before


def test_a_damaged_record_is_told_and_nothing_is_changed(tool, root):
    debian(root)
    set_up(tool, root)
    write(root / RECORD, '{"actions": [{"action": "write", "path": "etc/passwd"}]}')
    during = tree(root)
    refused = tool.run("--yes", "setup", "--root", root, "--undo")
    assert refused.returncode == FAILED and "damaged" in refused.stderr
    assert tree(root) == during


def test_the_record_is_for_its_owner_only(tool, root):
    debian(root)
    set_up(tool, root)
    assert stat.S_IMODE((root / RECORD).stat().st_mode) == 0o600


# Other machines


def test_pihole_gets_the_file_and_the_command_that_has_it_read(tool, root):
    pihole(root, "pid-file=/run/pihole-FTL.pid\n")
    done = set_up(tool, root)
    assert lines(root) == ["addn-hosts=/run/ddnsd/hosts/ddnsd.hosts", "local=/home.arpa/"]
    assert "pihole-FTL --config misc.etc_dnsmasq_d true" in done.stdout
    assert 'pid-file = "/run/pihole-FTL.pid"' in done.stdout
    assert "systemctl restart pihole-FTL" in done.stdout


def test_networkmanagers_dnsmasq_is_found_by_its_setting(tool, root):
    networkmanager(root)
    done = set_up(tool, root)
    path = "etc/NetworkManager/dnsmasq.d/ddnsd.conf"
    assert "local=/home.arpa/" in lines(root, path)
    assert 'pid-file = "/run/NetworkManager/dnsmasq.pid"' in done.stdout
    (root / "etc/NetworkManager/NetworkManager.conf").write_text("[main]\n# dns=dnsmasq\n")
    tool.must("--yes", "setup", "--root", root, "--undo")
    assert tool.run("--yes", "setup", "--root", root).returncode == FAILED


def test_openwrt_is_shown_commands_and_nothing_is_written(tool, root):
    openwrt(root)
    before = tree(root)
    done = set_up(tool, root)
    assert "uci add_list dhcp.@dnsmasq[0].server='/home.arpa/'" in done.stdout
    assert "50-ddnsd" in done.stdout and "not tested" in done.stdout
    assert tree(root) == before


def test_a_machine_without_dnsmasq_is_told(tool, root):
    refused = tool.run("--yes", "setup", "--root", root)
    assert refused.returncode == FAILED and "no dnsmasq is found" in refused.stderr
    assert tool.run("setup", "--root", root, "--for", "windows").returncode == USAGE


def test_programs_read_what_was_done(tool, root):
    debian(root)
    shown = json.loads(tool.run("--json", "setup", "--root", root).stdout)
    assert shown["done"] is False
    done = tool.json("--yes", "setup", "--root", root)
    assert done["platform"] == "debian" and done["done"] is True
    (action,) = done["actions"]
    assert action["action"] == "write" and action["path"] == "/" + SNIPPET
    assert done["commands"] == ["systemctl restart dnsmasq"]


# All of it


def test_a_machine_that_was_set_up_works(tool, root, folder, launch, make_dnsmasq):
    """The snippet, read by a real dnsmasq, publishes what a real ddnsd registers."""
    hosts = folder / "hosts"
    hosts.mkdir()
    debian(root)
    publish = f'publish {{ file = "{hosts}/ddnsd.hosts" }}\n'
    write(root / "etc/ddnsd/ddnsd.conf", CONF + publish)
    set_up(tool, root)
    dnsmasq = make_dnsmasq(f"--conf-dir={root}/etc/dnsmasq.d", local="")
    dnsmasq.start()
    options = dnsmasq.publish_options(hosts / "ddnsd.hosts")
    launch(publish=options, control={"socket": folder / "control.sock"})
    live = Tool(folder / "control.sock")
    live.must("add", "printer", "192.0.2.9")
    dnsmasq.wait_for("printer.home.arpa", "192.0.2.9")
    result = live.run("--json", "doctor")
    faults = [f for f in json.loads(result.stdout) if f["result"] == "fault"]
    assert result.returncode == DONE and not faults, faults
    shutil.rmtree(root)
