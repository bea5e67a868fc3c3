# SPDX-License-Identifier: GPL-3.0-or-later
"""ddnsctl on a terminal: colour, width, questions."""

import re

import pytest
from harness.terminal import run_in_terminal
from harness.tool import DONE, FAILED, USAGE, Tool

LONG = "a-name-that-is-longer-than-a-narrow-terminal.home.arpa"
COLOUR = "\x1b["


@pytest.fixture
def server(launch, folder):
    return launch(control={"socket": folder / "control.sock"})


@pytest.fixture
def tool(folder):
    return Tool(folder / "control.sock")


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def widths(text):
    return [len(line) for line in plain(text).splitlines()]


def test_a_table_fits_the_terminal_and_a_pipe_has_all(server, tool):
    tool.must("add", LONG, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5")
    for columns in 60, 50:
        shown, status = run_in_terminal(tool.command("list"), columns=columns)
        assert status == DONE
        assert max(widths(shown)) == columns
        assert "…" in shown and LONG not in shown
    wide, _ = run_in_terminal(tool.command("list"), columns=200)
    assert LONG in wide and "…" not in wide
    assert LONG in tool.must("list").stdout and "…" not in tool.must("list").stdout


def test_columns_in_the_environment_count_more_than_the_terminal(server, tool):
    tool.must("add", LONG, "192.0.2.1")
    shown, _ = run_in_terminal(tool.command("list"), columns=200, environment={"COLUMNS": "50"})
    assert max(widths(shown)) == 50
    # Nonsense is no width.
    shown, _ = run_in_terminal(tool.command("list"), columns=60, environment={"COLUMNS": "x"})
    assert max(widths(shown)) == 60


def test_a_terminal_without_utf8_gets_ascii(server, tool):
    tool.must("add", LONG, "192.0.2.1")
    shown, _ = run_in_terminal(tool.command("list"), columns=50, environment={"LC_ALL": "C"})
    assert ">" in shown and shown.isascii()


@pytest.mark.parametrize("command", [["status"], ["list"], ["zone"]])
def test_there_is_colour_on_a_terminal_only(server, tool, command):
    tool.must("add", "nas", "192.0.2.1")
    coloured, _ = run_in_terminal(tool.command(*command))
    assert COLOUR in coloured
    for environment in {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}:
        shown, _ = run_in_terminal(tool.command(*command), environment=environment)
        assert COLOUR not in shown, environment
    assert COLOUR not in tool.must(*command).stdout
    # An empty NO_COLOR asks for nothing.
    assert COLOUR in run_in_terminal(tool.command(*command), environment={"NO_COLOR": ""})[0]


def test_json_on_a_terminal_is_indented(server, tool):
    shown, status = run_in_terminal(tool.command("--json", "zone"))
    assert status == DONE and '{\n  "zones": [\n' in shown
    assert tool.must("--json", "zone").stdout.count("\n") == 1


@pytest.mark.parametrize(("typed", "is_restored"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_restore_asks_on_the_terminal(server, tool, folder, typed, is_restored):
    tool.must("add", "nas", "192.0.2.1")
    tool.must("backup", folder / "copy")
    tool.must("del", "nas")
    shown, status = run_in_terminal(
        tool.command("restore", folder / "copy"), answers=[("Restore? [y/N]", typed)]
    )
    assert status == (DONE if is_restored else FAILED), shown
    assert (tool.run("show", "nas").returncode == DONE) == is_restored


def test_a_database_is_nothing_for_a_terminal(server, tool):
    shown, status = run_in_terminal(tool.command("backup", "-"))
    assert status == USAGE and "nothing for a terminal" in shown and "SQLite" not in shown
