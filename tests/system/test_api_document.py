# SPDX-License-Identifier: GPL-3.0-or-later
"""conf/openapi.yaml is true: what it says is so, and what is so stands in it."""

import contextlib
import os
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from harness.control import Control
from harness.faults import remount, small_disk
from harness.settings import everything_in
from harness.tsig import make_key
from harness.waiting import wait_until
from harness.web import Web

TOP = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((TOP / "conf/openapi.yaml").read_text())
METHODS = "get", "put", "post", "delete", "patch", "head", "options"
REVERSE = "2.0.192.in-addr.arpa"
STREAMS = 16

# Users that every system has: who asks, and what the configuration lets them do.
ADMIN, EDITOR, HOOK, SLOW, STRANGER = None, 1, 2, 3, 65534
PEERS = {
    "editor": {"user": "daemon", "allow": ["*.home.arpa A AAAA"]},
    "hook": {"user": "bin", "allow": ["lease"]},
    "slow": {"user": "sys", "allow": ["zone home.arpa"], "updates-per-minute": 1},
}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root asks as somebody else")


def follow(node):
    """What a $ref refers to."""
    while "$ref" in node:
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = (DOCUMENT if part == "components" else found)[part]
        node = found
    return node


def check(value, schema):
    resolver = jsonschema.RefResolver("", DOCUMENT)
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)


class Operation:
    def __init__(self, path, method, node):
        self.path, self.method = path, method.upper()
        # What has servers of its own is not on the Unix socket.
        self.is_remote = "servers" in DOCUMENT["paths"][path]
        self.id, self.responses = node["operationId"], node["responses"]
        shared = DOCUMENT["paths"][path].get("parameters", [])
        self.parameters = [follow(p) for p in shared + node.get("parameters", [])]
        self.body = node.get("requestBody")

    def arguments(self):
        return {p["name"] for p in self.parameters if p["in"] == "query"}

    def target(self):
        """Its path with something in the place of each value."""
        return re.sub(r"\{.*\}", "home.arpa", self.path)

    def check_body(self, body):
        (schema,) = self.body["content"].values()
        if schema:
            check(body, schema["schema"])

    def check(self, reply):
        """The answer is one that the document tells of."""
        assert str(reply.status) in self.responses, f"{self.id}: {reply}"
        response = follow(self.responses[str(reply.status)])
        for name, node in response.get("headers", {}).items():
            assert name in reply.headers, f"{self.id} {reply.status} without {name}"
            value = reply.headers[name]
            check(int(value) if value.isdigit() else value, follow(node)["schema"])
        content = response.get("content")
        if content is None:
            assert reply.type is None and reply.body == b""
            return
        assert reply.type in content, f"{self.id} {reply.status}: {reply.type}"
        schema = content[reply.type].get("schema")
        if reply.type == "application/json":
            check(reply.json, schema)
        elif schema:
            check(reply.body.decode(), schema)


OPERATIONS = {
    node["operationId"]: Operation(path, method, node)
    for path, item in DOCUMENT["paths"].items()
    for method, node in item.items()
    if method in METHODS
}
LOCAL = [operation for operation in OPERATIONS.values() if not operation.is_remote]
REMOTE = [operation for operation in OPERATIONS.values() if operation.is_remote]


KEYS = {
    "laptop": {"allow": everything_in("home.arpa"), "from": ["127.0.0.0/8"]},
    "small": {"allow": ["self A"]},
    "elsewhere": {"allow": ["self A"], "from": ["192.0.2.0/24"]},
}


@pytest.fixture
def settings(folder):
    return {
        "zones": {"home.arpa": {}, REVERSE: {}},
        "keys": KEYS,
        "control": {"socket": folder / "control.sock", "mode": "0666"},
        "peers": PEERS,
        "leases": {"file": "", "zone": "home.arpa"},
        "made_keys_directory": folder / "made.d",
        "http": {"metrics": []},
    }


@pytest.fixture
def server(launch, settings):
    return launch(**settings)


@pytest.fixture
def control(server, folder):
    return Control(folder / "control.sock")


def test_the_document_is_openapi():
    assert DOCUMENT["openapi"].startswith("3.1.")
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        # What nobody uses describes nothing.
        references = (TOP / "conf/openapi.yaml").read_text().count(f"#/components/schemas/{name}")
        assert references > 0 or name.endswith("Event"), name
    for operation in OPERATIONS.values():
        values = re.findall(r"\{(\w+)\}", operation.path)
        assert [p["name"] for p in operation.parameters if p["in"] == "path"] == values


def test_every_route_of_the_server_stands_in_the_document():
    source = (TOP / "ddnsd/doors/api.c").read_text()
    routes = re.findall(r'^\t\{ "([A-Z]+)", "(/v1/\S*)", api_', source, re.M)
    assert len(routes) > 10
    assert set(routes) == {(o.method, o.path) for o in LOCAL}
    assert len(routes) == len(set(routes))


def test_every_path_knows_the_methods_of_the_document(control):
    for path in {o.path for o in LOCAL}:
        operations = [o for o in LOCAL if o.path == path]
        reply = control.ask("PATCH", operations[0].target())
        assert reply.status == 405
        allowed = set(reply.headers["Allow"].split(", "))
        expected = {o.method for o in operations}
        if "GET" in expected and path != "/v1/events":
            expected.add("HEAD")
        assert allowed == expected, path
        check(reply.json, {"$ref": "#/components/schemas/Error"})


def test_every_path_takes_the_arguments_of_the_document(control):
    for operation in LOCAL:
        for name in sorted(operation.arguments()):
            # Its value may be wrong, but it is known.
            reply = control.ask(operation.method, f"{operation.target()}?{name}=..")
            assert "takes no argument" not in reply.body.decode(), (operation.id, name)
        reply = control.ask(operation.method, f"{operation.target()}?surprise=1")
        assert reply.status == 400 and 'no argument "surprise"' in reply.error, operation.id
        operation.check(reply)


A = {"addresses": ["192.0.2.7"]}
EVERYTHING = {
    "addresses": ["192.0.2.7", "2001:db8::7"],
    "records": [
        {"type": "TXT", "data": '"a \\"text\\""', "ttl": 5},
        {"type": "TYPE65280", "data": "\\# 0"},
    ],
    "ttl": 120,
    "lease": "forever",
    "owner": "laptop",
}
LEASE = {"action": "add", "address": "192.0.2.17", "name": "tv", "expires_in_s": 3600}
EVERYTHING_OF_A_LEASE = {
    "action": "old",
    "server": "kea",
    "address": "2001:db8::17",
    "hardware": "02:00:00:00:00:01",
    "duid": "00:03:00:01:02:00:00:00:00:01",
    "client_id": None,
    "name": "tv",
    "client_name": "The TV",
    "complete": True,
    "domain": "home.arpa",
    "expires_in_s": None,
}
HUGE = b" " * (300 << 10)
DESK = "/v1/names/desk"

# operation, status, who asks, target, body
CALLS = [
    ("getStatus", 200, STRANGER, "/v1/status", None),
    ("getStatus", 400, ADMIN, "/v1/status?x", None),
    # names
    ("putName", 201, ADMIN, DESK, EVERYTHING),
    ("putName", 200, ADMIN, DESK, A),
    ("putName", 201, EDITOR, "/v1/names/mine.home.arpa.", A | {"lease": 3600}),
    ("putName", 400, ADMIN, DESK, {}),
    ("putName", 400, ADMIN, DESK, "{"),
    ("putName", 400, ADMIN, "/v1/names/%zz", A),
    ("putName", 403, STRANGER, DESK, A),
    ("putName", 403, EDITOR, "/v1/names/x", A | {"lease": "forever"}),
    ("putName", 404, ADMIN, "/v1/names/desk.example.net", A),
    ("putName", 409, EDITOR, DESK, A),
    ("putName", 409, ADMIN, "/v1/names/home.arpa", A),
    ("putName", 413, ADMIN, DESK, HUGE),
    ("putName", 201, SLOW, "/v1/names/slow", A),
    ("putName", 429, SLOW, "/v1/names/slow", A),
    ("postName", 200, ADMIN, DESK, EVERYTHING),
    ("postName", 200, ADMIN, DESK, {"owner": "@editor"}),
    ("postName", 201, EDITOR, "/v1/names/new", A | {"lease": "1h"}),
    (
        "postName",
        200,
        ADMIN,
        "/v1/names/home.arpa",
        {"records": [{"type": "TXT", "data": "hello"}]},
    ),
    ("postName", 400, ADMIN, DESK, {"adresses": []}),
    ("postName", 403, HOOK, DESK, A),
    ("postName", 404, ADMIN, "/v1/names/nobody", {"owner": "@editor"}),
    ("postName", 409, ADMIN, DESK, {"records": [{"type": "CNAME", "data": "new"}]}),
    ("postName", 413, ADMIN, DESK, HUGE),
    ("postName", 429, SLOW, "/v1/names/slow", A),
    ("getName", 200, STRANGER, DESK, None),
    ("getName", 200, STRANGER, "/v1/names/home.arpa", None),
    ("getName", 400, STRANGER, "/v1/names/a..b", None),
    ("getName", 404, STRANGER, "/v1/names/nobody", None),
    # leases
    ("postLease", 200, HOOK, "/v1/leases", LEASE),
    ("postLease", 200, ADMIN, "/v1/leases", EVERYTHING_OF_A_LEASE),
    ("postLease", 400, HOOK, "/v1/leases", LEASE | {"action": "renew"}),
    ("postLease", 403, EDITOR, "/v1/leases", LEASE),
    ("postLease", 413, HOOK, "/v1/leases", HUGE),
    ("listLeases", 200, STRANGER, "/v1/leases", None),
    ("listLeases", 400, ADMIN, "/v1/leases?x", None),
    ("getName", 200, STRANGER, "/v1/names/tv", None),
    ("listNames", 200, STRANGER, "/v1/names", None),
    (
        "listNames",
        200,
        STRANGER,
        "/v1/names?limit=1&match=*&source=admin&owner=laptop&zone=home.arpa",
        None,
    ),
    ("listNames", 200, STRANGER, "/v1/names?after=mine.home.arpa", None),
    ("listNames", 400, ADMIN, "/v1/names?limit=0", None),
    # deleting
    ("deleteName", 204, EDITOR, DESK + "?type=A&data=192.0.2.7", None),
    ("deleteName", 400, ADMIN, DESK + "?data=192.0.2.7", None),
    ("deleteName", 403, HOOK, DESK, None),
    ("deleteName", 404, ADMIN, "/v1/names/nobody", None),
    ("deleteName", 409, ADMIN, "/v1/names/tv", None),
    ("deleteName", 429, SLOW, "/v1/names/slow", None),
    ("deleteName", 204, ADMIN, DESK, None),
    # zones
    ("listZones", 200, STRANGER, "/v1/zones", None),
    ("listZones", 400, ADMIN, "/v1/zones?x", None),
    ("getZone", 200, STRANGER, "/v1/zones/home.arpa", None),
    ("getZone", 400, ADMIN, "/v1/zones/home.arpa?x", None),
    ("getZone", 404, ADMIN, "/v1/zones/example.net", None),
    ("getEvents", 400, ADMIN, "/v1/events?x", None),
    # administration
    ("listKeys", 200, ADMIN, "/v1/keys", None),
    ("listKeys", 400, ADMIN, "/v1/keys?x", None),
    ("listKeys", 403, STRANGER, "/v1/keys", None),
    ("postKey", 201, ADMIN, "/v1/keys", {"name": "tv", "allow": ["self A", "look"]}),
    ("postKey", 400, ADMIN, "/v1/keys", {"name": "/", "allow": ["self A"]}),
    ("postKey", 403, EDITOR, "/v1/keys", {"name": "pc", "allow": ["self A"]}),
    ("postKey", 409, ADMIN, "/v1/keys", {"name": "tv", "allow": ["self A"]}),
    ("postKey", 413, ADMIN, "/v1/keys", HUGE),
    ("deleteKey", 400, ADMIN, "/v1/keys/-", None),
    ("deleteKey", 403, EDITOR, "/v1/keys/tv", None),
    ("deleteKey", 404, ADMIN, "/v1/keys/nobody", None),
    ("deleteKey", 409, ADMIN, "/v1/keys/laptop", None),
    ("deleteKey", 204, ADMIN, "/v1/keys/tv", None),
    ("postReload", 200, ADMIN, "/v1/reload", None),
    ("postReload", 403, EDITOR, "/v1/reload", None),
    ("getBackup", 200, ADMIN, "/v1/backup", None),
    ("getBackup", 400, ADMIN, "/v1/backup?x", None),
    ("getBackup", 403, EDITOR, "/v1/backup", None),
    ("postRestore", 400, ADMIN, "/v1/restore", b"SQLite format 3"),
    ("postRestore", 403, EDITOR, "/v1/restore", b"x"),
    # What is large is taken from administrators only.
    ("postRestore", 413, EDITOR, "/v1/restore", HUGE),
]

# What no test can bring about in reasonable time, or at all.
OUT_OF_REACH = {
    ("getBackup", 503),  # a disk that cannot be read, whose database is read nonetheless
    # Many who read large answers slowly: test_web_shares.py.
    ("listNames", 503),
    ("getName", 503),
    ("listLeases", 503),
    ("getZone", 503),
    ("listKeys", 503),
}


class Caller:
    def __init__(self, control):
        self.control = control
        self.covered = set()

    def call_over(self, web, operation, status):
        reply = web.ask(operation.method, operation.target())
        assert reply.status == status, f"{operation.id}: {reply}"
        self.take(operation, reply)

    def take(self, operation, reply):
        operation.check(reply)
        self.covered.add((operation.id, reply.status))

    def call(self, id, status, who, target, body):
        operation = OPERATIONS[id]
        reply = self.control.acting_as(who).ask(operation.method, target, body)
        assert reply.status == status, f"{id} {target} {body}: {reply}"
        operation.check(reply)
        if status < 300 and operation.body and body is not None:
            operation.check_body(body)
        self.covered.add((id, status))
        return reply


def open_all_streams(caller):
    with contextlib.ExitStack() as stack:
        for _ in range(STREAMS):
            stack.enter_context(caller.control.events())
        caller.call("getEvents", 503, STRANGER, "/v1/events", None)
    caller.covered.add(("getEvents", 200))


def break_the_configuration(caller, server):
    text = server.config_path.read_text()
    server.config_path.write_text(text + "nonsense = 1\n")
    reply = caller.call("postReload", 400, ADMIN, "/v1/reload", None)
    assert any("nonsense" in line for line in reply.json["errors"])
    wish = {"name": "pc", "allow": ["self A"]}
    reply = caller.call("postKey", 409, ADMIN, "/v1/keys", wish)
    assert any("nonsense" in line for line in reply.json["errors"])
    server.config_path.write_text(text)


def without_a_key(caller, server):
    """Over TCP: no key, one that may not look there, one too many wrong ones."""
    for operation in LOCAL:
        caller.call_over(server.web(None), operation, 401)
        caller.call_over(server.web("elsewhere"), operation, 403)
    wrong = Web(server.settings.http["port"], make_key("wrong"))

    def refusal(operation):
        """None until it is locked out: the first wait may end, and a late reload forgives."""
        reply = wrong.ask(operation.method, operation.target())
        return reply if reply.status == 429 else None

    for operation in LOCAL:
        caller.take(operation, wait_until(lambda op=operation: refusal(op), "it is locked out"))


@needs_root
def test_every_operation_answers_as_the_document_says(launch, folder, settings):
    with small_disk(folder / "disk") as disk, contextlib.ExitStack() as stack:
        settings |= {"database": disk / "ddnsd.db", "made_keys_directory": disk / "made.d"}
        server = launch(**settings)
        stack.callback(server.stop)
        caller = Caller(Control(folder / "control.sock"))
        for arguments in CALLS:
            caller.call(*arguments)
        break_the_configuration(caller, server)
        copy = caller.control.get("/v1/backup").body
        caller.call("postRestore", 200, ADMIN, "/v1/restore?check=1", copy)
        caller.call("postRestore", 200, ADMIN, "/v1/restore", copy)
        open_all_streams(caller)
        without_a_key(caller, server)
        caller.call("postKey", 201, ADMIN, "/v1/keys", {"name": "pc", "allow": ["self A"]})
        server.stop()
        remount(disk, "ro")
        server.start()
        caller.call("putName", 503, ADMIN, "/v1/names/a", A)
        caller.call("postName", 503, ADMIN, "/v1/names/a", A)
        caller.call("deleteName", 503, ADMIN, "/v1/names/new", None)
        caller.call("postLease", 503, HOOK, "/v1/leases", LEASE | {"address": "192.0.2.18"})
        caller.call("postRestore", 503, ADMIN, "/v1/restore", copy)
        caller.call("postKey", 503, ADMIN, "/v1/keys", {"name": "new", "allow": ["self A"]})
        caller.call("deleteKey", 503, ADMIN, "/v1/keys/pc", None)
        assert caller.call("getStatus", 200, STRANGER, "/v1/status", None).json["database"]["error"]
        caller.call("getName", 404, STRANGER, "/v1/names/a", None)
    documented = {(o.id, int(status)) for o in LOCAL for status in o.responses}
    assert caller.covered == documented - OUT_OF_REACH


def test_events_are_what_the_document_says(server, control):
    with control.events() as events:
        assert control.put("desk", "192.0.2.7").status == 201
        change = events.next_of("change")
    check(change, {"$ref": "#/components/schemas/ChangeEvent"})
    assert change["name"] == "desk.home.arpa" and change["after"] == "192.0.2.7"


def test_examples_of_the_document_work(control):
    for operation in LOCAL:
        for content in (operation.body or {"content": {}})["content"].values():
            if "example" not in content:
                continue
            operation.check_body(content["example"])
            target = operation.path.replace("{name}", "desk")
            reply = control.ask(operation.method, target, content["example"])
            assert reply.status in (200, 201), reply
            operation.check(reply)


NAS = {"hostname": "small.home.arpa", "myip": ["192.0.2.9"]}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# operation, status, key, target, body, headers
REMOTE_CALLS = [
    ("getUpdate", 200, "small", "/v1/update?hostname=small.home.arpa&myip=192.0.2.9", None, {}),
    ("getUpdate", 400, "small", "/v1/update?myip=192.0.2.9", None, {}),
    ("getUpdate", 401, None, "/v1/update", None, {}),
    ("getUpdate", 403, "small", "/v1/update?hostname=desk.home.arpa&myip=192.0.2.9", None, {}),
    ("getUpdate", 404, "small", "/v1/update?hostname=a.example.net&myip=192.0.2.9", None, {}),
    ("postUpdate", 200, "small", "/v1/update", NAS, {}),
    ("postUpdate", 200, "small", "/v1/update", "hostname=small.home.arpa&myip=192.0.2.9", FORM),
    ("postUpdate", 400, "small", "/v1/update", NAS | {"myip": ["nowhere"]}, {}),
    ("postUpdate", 401, None, "/v1/update", NAS, {}),
    ("postUpdate", 403, "elsewhere", "/v1/update", NAS, {}),
    ("postUpdate", 413, "small", "/v1/update", HUGE, {}),
    ("getNicUpdate", 200, "small", "/nic/update?hostname=small.home.arpa&myip=192.0.2.9", None, {}),
    ("getNicUpdate", 401, None, "/nic/update", None, {}),
    ("postNicUpdate", 200, "small", "/nic/update", "hostname=small.home.arpa", FORM),
    ("postNicUpdate", 401, None, "/nic/update", "", FORM),
    ("getMetrics", 200, "laptop", "/metrics", None, {}),
    ("getMetrics", 401, None, "/metrics", None, {}),
    ("getMetrics", 403, "small", "/metrics", None, {}),
    ("getHealth", 200, None, "/healthz", None, {}),
    ("getReady", 200, None, "/healthz/ready", None, {}),
    ("getLive", 200, None, "/healthz/live", None, {}),
]


def test_what_is_over_tcp_alone_is_as_the_document_says(launch, settings):
    settings["keys"] = KEYS | {"laptop": {"allow": ["look"]}}
    server = launch(**settings)
    for id, status, key, target, body, headers in REMOTE_CALLS:
        operation = OPERATIONS[id]
        reply = server.web(key).ask(operation.method, target, body, headers)
        assert reply.status == status, f"{id} {target}: {reply}"
        operation.check(reply)
        assert Control(settings["control"]["socket"]).ask("GET", operation.path).status == 404
    assert {id for id, *_ in REMOTE_CALLS} == {operation.id for operation in REMOTE}
