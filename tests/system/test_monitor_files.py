# SPDX-License-Identifier: GPL-3.0-or-later
"""conf/prometheus and conf/grafana: nothing in them asks for what ddnsd does not expose."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from harness.exposition import (
    Exposition,
    grouping_labels,
    labels_asked_for,
    metrics_asked_for,
    promtool,
)
from harness.web import Web

TOP = Path(__file__).resolve().parents[2]
RULES = TOP / "conf/prometheus/ddnsd.rules.yml"
RULES_TEST = TOP / "tests/prometheus/ddnsd.rules.test.yml"
DASHBOARD = json.loads((TOP / "conf/grafana/ddnsd.json").read_text())
SCHEMA = json.loads((TOP / "tests/data/dashboard.schema.json").read_text())

# What Prometheus itself adds, and what is there only with TLS.
FROM_PROMETHEUS = {"up"}
WITH_TLS_ONLY = {"ddnsd_tls_certificate_expiry_timestamp_seconds"}
TARGET_LABELS = {"job", "instance"}
GRID_WIDTH = 24

# For who looks closer: counted up or told apart elsewhere.
UNSHOWN = {"ddnsd_zone_serial", "ddnsd_http_connections_accepted_total", "process_threads"}


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def as_prometheus_sees_it(expression):
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".+")


def dashboard_expressions():
    return [as_prometheus_sees_it(target["expr"]) for p in panels() for target in p["targets"]]


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions():
    return dashboard_expressions() + [rule["expr"] for rule in alerts()]


@pytest.fixture
def exposed(launch, free_port):
    port = free_port()
    launch(http={"port": port})
    return Exposition(Web(port).get("/metrics").body.decode())


# What is asked for is there


def test_every_metric_that_is_asked_for_is_exposed(exposed):
    known = set(exposed.samples) | FROM_PROMETHEUS | WITH_TLS_ONLY
    for expression in expressions():
        asked = metrics_asked_for(expression)
        assert asked, f"asks for nothing: {expression}"
        assert asked <= known, f"{asked - known} in {expression}"


def test_every_label_that_is_asked_for_is_exposed_with_that_value(exposed):
    for expression in expressions():
        names = metrics_asked_for(expression) & set(exposed.samples)
        labels = {label for name in names for label in exposed.label_values(name)}
        assert grouping_labels(expression) <= labels | TARGET_LABELS, expression
        for name, label, operator, value in labels_asked_for(expression):
            if label in TARGET_LABELS or name not in exposed.samples:
                continue
            values = exposed.label_values(name).get(label)
            assert values, f"{name} has no label {label}: {expression}"
            wanted = value.split("|") if operator in ("=~", "!~") else [value]
            assert set(wanted) <= values, f"{label}={value}: {expression}"


def test_legends_name_labels_that_the_expression_leaves(exposed):
    for panel in panels():
        for target in panel["targets"]:
            expression = target["expr"]
            groups = grouping_labels(expression)
            names = metrics_asked_for(as_prometheus_sees_it(expression)) & set(exposed.samples)
            left = groups or TARGET_LABELS.union(*(exposed.label_values(name) for name in names))
            for label in re.findall(r"{{\s*(\w+)\s*}}", target["legendFormat"]):
                assert label in left, f"{label} in the legend of {panel['title']}"


def test_every_metric_of_ours_is_shown_or_watched(exposed):
    """Else it is not worth its place."""
    asked = set().union(*(metrics_asked_for(expression) for expression in expressions()))
    for family, kind in exposed.kinds.items():
        parts = {family} if kind != "histogram" else {f"{family}_bucket", f"{family}_count"}
        if family not in UNSHOWN:
            assert parts & asked, family


# The files are what their readers take


def test_promtool_takes_the_alerts_and_their_stories_come_true():
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0 and "SUCCESS" in checked.stdout, checked.stderr
    tested = promtool("test", "rules", RULES_TEST)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_story_and_says_what_to_do():
    story = RULES_TEST.read_text()
    for rule in alerts():
        assert rule["alert"] in story, f"{rule['alert']} is not tested"
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert "$labels.instance" in rule["annotations"]["summary"]
        assert len(rule["annotations"]["description"]) > 60, rule["alert"]


def test_promtool_parses_every_expression_of_the_dashboard(folder):
    rules = [
        {"record": f"dashboard:expression:{n}", "expr": expression}
        for n, expression in enumerate(dashboard_expressions())
    ]
    path = folder / "dashboard.rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    said = promtool("check", "rules", "--lint=none", path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"{len(rules)} rules found" in said.stdout


def test_the_dashboard_keeps_to_the_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(DASHBOARD, SCHEMA)


def test_the_schema_refuses_what_grafana_would_not_show():
    for spoil in (
        lambda panel: panel.pop("gridPos"),
        lambda panel: panel["targets"][0].pop("expr"),
        lambda panel: panel.update(type="grahp"),
        lambda panel: panel["options"].update(legnd={}),
        lambda panel: panel["fieldConfig"]["defaults"].update(unit=5),
    ):
        spoiled = json.loads(json.dumps(DASHBOARD))
        spoil(next(panel for panel in spoiled["panels"] if panel["type"] == "timeseries"))
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(spoiled, SCHEMA)


def test_panels_have_their_own_number_and_do_not_overlap():
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    taken = {}
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= GRID_WIDTH, panel["title"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"], f"{other} and {panel['title']} overlap"


def test_the_dashboard_asks_the_data_source_that_is_chosen():
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["query"] == "prometheus"
    assert variables["datasource"]["current"]["value"] == "${DS_PROMETHEUS}"
    assert [given["name"] for given in DASHBOARD["__inputs"]] == ["DS_PROMETHEUS"]
    for panel in panels():
        for asked in [panel, *panel["targets"]]:
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references), panel["title"]
    required = {(item["type"], item["id"]) for item in DASHBOARD["__requires"]}
    assert required >= {("panel", panel["type"]) for panel in panels()}
