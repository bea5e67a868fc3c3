# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in a real browser: what people do with it, and what it must never do."""

import gzip
import itertools
import json
import re

import pytest
from harness import wire as w
from harness.browser import Browser, BrowserError
from harness.settings import everything_in
from harness.tsig import Key, make_key
from harness.waiting import least_below, wait_until
from harness.web import Web

PHONE = {"viewport": {"width": 320, "height": 640}}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
LIVE = "document.getElementById('live').classList.contains('is-live')"
ROWS = "[...document.querySelectorAll('#rows tr')].map((row) => row.dataset.name)"
COUNT = "document.querySelectorAll('#rows tr').length"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "[...document.querySelectorAll('dialog[open]')].map((dialog) => dialog.id)"
MANY, HUGE, BURST = 1000, 10000, 1000


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.stop()


@pytest.fixture
def dnsmasq(make_dnsmasq, folder):
    return make_dnsmasq(f"--addn-hosts={folder / 'hosts'}").start()


@pytest.fixture
def serve(launch, folder, free_port, dnsmasq):
    """A function that starts ddnsd with its page, beside a dnsmasq that reads what it publishes."""

    def serve(http=None, **settings):
        port = free_port()
        daemon = launch(
            keys={
                "boss": {"admin": True, "allow": everything_in("home.arpa")},
                "laptop": {"allow": ["self A AAAA TXT"]},
                "editor": {"allow": ["*.home.arpa A AAAA TXT"]},
            },
            http={"port": port} | (http or {}),
            publish=dnsmasq.publish_options(folder / "hosts"),
            made_keys_directory=folder / "made",
            **settings,
        )
        daemon.web = Web(port, make_key("boss"))
        daemon.origin = f"http://127.0.0.1:{port}"
        return daemon

    return serve


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def open_page(browser):
    """A function that opens a browser's page; each is held to its manners at the end."""
    opened = []

    def open_page(server, **options):
        page = browser.open(server.origin, **options).go()
        page.excused = "^$"
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        complaints, violations = page.complaints()
        # A status that a test has asked for is reported too, and a server that is away.
        excused = re.compile(f"^Failed to load resource|net::ERR_|{page.excused}")
        wrong = [c for c in complaints if not excused.search(c["text"])]
        urls = [request["url"] for request in page.requests()]
        page.close()
        assert wrong == [] and violations == []
        assert [url for url in urls if not url.startswith(page.origin + "/")] == []
        for name in "boss", "laptop", "editor":
            assert [url for url in urls if make_key(name).secret in url] == []


def log_in(page, name="boss", secret=None, keep=False):
    page.fill("role=textbox[name='Key name']", name)
    page.fill("#login-secret", secret or make_key(name).secret)
    if keep:
        page.check("role=checkbox[name='Stay logged in until this tab is closed']")
    page.click("#login-form >> role=button[name='Log in']")
    return page


def logged_in(page, name="boss"):
    log_in(page, name).wait_until(LIVE)
    return page


@pytest.fixture
def page(open_page, server):
    return logged_in(open_page(server))


def row(name, rest=""):
    return f'#rows tr[data-name="{name}.home.arpa"]{rest}'


def put(server, name, *addresses, **members):
    answer = server.web.ask("PUT", f"/v1/names/{name}", {"addresses": addresses} | members)
    assert answer.status in (200, 201), answer
    return answer


def confirmed(page, name):
    page.wait_for(row(name, " .confirmed"))


# The files


def test_each_file_has_its_type_and_is_sent_once_only(server):
    visitor = Web(server.web.port)
    types = {
        "/": "text/html",
        "/page.css": "text/css",
        "/page.js": "text/javascript",
        "/icon.svg": "image/svg+xml",
    }
    weight = weight_gzip = 0
    for path, kind in types.items():
        answer = visitor.get(path)
        assert (answer.status, answer.type) == (200, kind)
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        again = visitor.get(path, **{"If-None-Match": answer.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")
        head = visitor.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["ETag"] == answer.headers["ETag"]
        assert visitor.post(path).status == 405
        small = visitor.get(path, **{"Accept-Encoding": "br, gzip"})
        assert (small.status, small.type) == (200, kind)
        assert small.headers["Content-Encoding"] == "gzip"
        assert small.headers["Vary"] == answer.headers["Vary"] == "Accept-Encoding"
        assert small.headers["ETag"] != answer.headers["ETag"]
        assert gzip.decompress(small.body) == answer.body
        assert visitor.get(path, **{"Accept-Encoding": "gzip;q=0"}).body == answer.body
        weight += len(answer.body)
        weight_gzip += len(small.body)
    assert weight < 60000 and weight_gzip < 20000
    print(f"page weight: {weight} octets, {weight_gzip} compressed")
    assert visitor.get("/nothing.html").status == 404


# Seeing


def test_a_person_logs_in_and_sees_the_names(server, open_page):
    put(server, "printer", "192.0.2.7", "2001:db8::7")
    page = open_page(server)
    assert not page.is_seen("#names") and page.focus() == "input Key name"
    logged_in(page)
    confirmed(page, "printer")
    assert page.text(row("printer", " th")) == "printer.home.arpa"
    for text in "192.0.2.7", "2001:db8::7", "Administrator", "boss", "just now", "Never":
        assert text in page.text(row("printer"))
    health = re.compile(r"dnsmasq answered publication \d+ after [\d.]+ ms\.")
    wait_until(lambda: health.fullmatch(page.text("#health-text")), "all is well")
    page.click("role=button[name='Log out']")
    page.wait_for("#login")
    assert page.evaluate(COUNT) == 0 and "192.0.2.7" not in page.text("body")


def test_a_wrong_secret_is_told_and_lets_nothing_be_seen(server, open_page):
    put(server, "printer", "192.0.2.7")
    page = log_in(open_page(server), secret="bm90IHRoaXMgb25l")
    assert "do not fit together" in page.text("role=alert")
    assert page.evaluate(COUNT) == 0 and page.focus() == "input Secret"
    logged_in(page)
    page.wait_for(row("printer"))


def test_who_is_locked_out_is_told_for_how_long(server, open_page):
    page = open_page(server)
    told = "document.querySelector('#login .error').innerText.includes('Try again in')"

    def is_told():
        log_in(page, secret="bm90IHRoaXMgb25l")
        page.wait_for("#login .error")
        return page.evaluate(told)

    wait_until(is_told, "the page says how long to wait")


def test_a_log_in_lasts_as_long_as_asked_for(server, open_page):
    page = logged_in(open_page(server))
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    page.reload()
    page.wait_for("#login")
    log_in(page, keep=True).wait_until(LIVE)
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [1, 0]
    page.reload()
    page.wait_until(LIVE)
    page.click("role=button[name='Log out']")
    page.wait_for("#login")
    assert page.evaluate("sessionStorage.length") == 0


def test_who_may_look_needs_no_key_but_changes_nothing(serve, open_page):
    server = serve(http={"look": ["127.0.0.0/8"]})
    put(server, "printer", "192.0.2.7")
    page = open_page(server)
    page.wait_for(row("printer"))
    assert not page.is_seen("#add") and not page.is_seen(row("printer", " .doing button"))
    page.click("role=button[name='Log in']")
    page.click("role=button[name='Cancel']")
    assert page.focus() == "button Log in"
    page.click("role=button[name='Log in']")
    logged_in(page)
    page.wait_for(row("printer", " [data-act=delete]"))


def test_a_key_sees_and_changes_its_own_names_only(server, open_page):
    put(server, "printer", "192.0.2.7")
    page = logged_in(open_page(server), "laptop")
    page.wait_for("role=heading[name='No names yet']")
    server.must_update(w.add("laptop.home.arpa", "A", "192.0.2.8"), key="laptop")
    page.wait_for(row("laptop"))
    put(server, "scanner", "192.0.2.9")
    put(server, "laptop", "192.0.2.10", owner="laptop")
    page.wait_for(row("laptop", ":has-text('192.0.2.10')"))
    assert page.evaluate(ROWS) == ["laptop.home.arpa"]
    assert not page.is_seen("#keys-open")
    page.click("#add")
    page.fill("role=textbox[name='Name']", "desk")
    page.fill("role=textbox[name='Addresses']", "192.0.2.11")
    page.click("role=button[name='Save']")
    page.wait_for("#edit .error:has-text('no grant of laptop covers desk')")


def test_what_somebody_else_changes_appears_by_itself(server, programs, page):
    loads = len([r for r in page.requests() if r["type"] == "document"])
    nsupdate = programs(server).nsupdate
    key = make_key("editor")
    assert nsupdate(key, "update add desk.home.arpa 60 A 192.0.2.1").returncode == 0
    confirmed(page, "desk")
    assert re.search(r"editor\s+just now\s+in [67] days", page.text(row("desk")))
    script = "update delete desk.home.arpa A", "update add desk.home.arpa 60 A 192.0.2.2"
    assert nsupdate(key, *script).returncode == 0
    page.wait_for(row("desk", ":has-text('192.0.2.2')"))
    assert nsupdate(key, "update delete desk.home.arpa").returncode == 0
    page.wait_for(row("desk"), "detached")
    assert len([r for r in page.requests() if r["type"] == "document"]) == loads


def test_a_server_that_went_is_told_of_and_found_again(server, page):
    server.kill()
    page.wait_for("#live-text:has-text('Not live')")
    page.wait_for("#health-head:has-text('ddnsd does not answer')")
    server.start()
    put(server, "desk", "192.0.2.1")
    page.click("role=button[name='Try now']")
    page.wait_until(LIVE)
    page.wait_for(row("desk"))
    page.wait_for("#health-head:has-text('All is well')")


def test_a_network_that_is_back_is_used_at_once(page):
    def streams():
        return len([r for r in page.requests() if r["url"].endswith("/v1/events")])

    before = streams()
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until(lambda: streams() > before, "the page asks for a new stream")
    page.wait_until(LIVE)


def hide(page, is_hidden):
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { configurable: true, get: () => "
        f"{json.dumps(is_hidden)} }}); document.dispatchEvent(new Event('visibilitychange'))"
    )


def test_a_hidden_tab_asks_for_nothing_and_misses_nothing(server, page, open_page):
    hidden = logged_in(open_page(server))
    hidden.wait_until(f"{COUNT} === 1")
    hidden.wait_for("#health-head:has-text('All is well')")
    hide(hidden, True)
    before = len(hidden.requests())
    put(server, "desk", "192.0.2.1")
    confirmed(page, "desk")
    put(server, "desk", "192.0.2.2")
    page.wait_for(row("desk", ":has-text('192.0.2.2')"))
    confirmed(page, "desk")
    assert len(hidden.requests()) == before and hidden.evaluate(COUNT) == 1
    hide(hidden, False)
    hidden.wait_for(row("desk", ":has-text('192.0.2.2')"))


def test_a_key_that_was_deleted_is_logged_out(server, page, open_page):
    made = server.web.post("/v1/keys", {"name": "guest", "allow": ["self A", "look"]}).json
    guest = log_in(open_page(server), "guest", made["secret"])
    guest.wait_until(LIVE)
    assert server.web.ask("DELETE", "/v1/keys/guest").status == 204
    guest.wait_for("#login .error:has-text('guest is not accepted any more')")
    assert guest.evaluate(COUNT) == 0
    page.wait_until(LIVE)
    assert not page.is_seen("#login")


def test_dnsmasq_that_died_is_told_of_until_it_is_back(server, dnsmasq, page):
    dnsmasq.kill()
    put(server, "desk", "192.0.2.1")
    page.wait_for("#health.bad #health-head:has-text('dnsmasq does not answer as it should')")
    assert "dnsmasq" in page.text("#health-text")
    assert "Written" in page.text(row("desk")) or "Waiting" in page.text(row("desk"))
    dnsmasq.start()
    put(server, "chair", "192.0.2.2")
    confirmed(page, "desk")
    page.wait_for("#health.good")


def test_searching_and_sorting(server, page):
    for number in (2, 10, 1):
        put(server, f"host{number}", f"10.0.0.{20 - number}")
    page.wait_for(row("host1"))
    page.fill("role=searchbox", "HOST boss")
    page.wait_until(f"{COUNT} === 3")
    assert page.evaluate(ROWS) == [f"host{n}.home.arpa" for n in (1, 2, 10)]
    assert page.text("#count") == "3 of 4 names"
    assert page.evaluate("document.querySelector('[aria-sort]').innerText") == "Name"
    page.click("role=columnheader[name='Addresses'] >> role=button")
    assert page.evaluate(ROWS) == [f"host{n}.home.arpa" for n in (10, 2, 1)]
    page.click("role=columnheader[name='Addresses'] >> role=button")
    assert page.evaluate(ROWS) == [f"host{n}.home.arpa" for n in (1, 2, 10)]
    sorted_by = "document.querySelector('[aria-sort=descending]').dataset.key"
    assert page.evaluate(sorted_by) == "records"
    page.fill("role=searchbox", "10.0.0.10")
    page.wait_until(f"{ROWS}.join() === 'host10.home.arpa'")
    page.fill("role=searchbox", "no such thing")
    page.click("role=button[name='Clear the search']")
    page.wait_until(f"{COUNT} === 4")
    assert "input" in page.focus()


# Changing


def test_a_name_is_added_changed_and_deleted(server, dnsmasq, page):
    page.click("role=button[name='Add a name']")
    page.click("role=button[name='Save']")
    assert "The name is missing" in page.text("#edit .error")
    page.fill("role=textbox[name='Name']", "nas")
    page.fill("role=textbox[name='Addresses']", "192.0.2.5\n2001:db8::5")
    page.click("summary:has-text('More')")
    page.fill("role=textbox[name='Other records']", 'TXT "two words"')
    page.fill("role=textbox[name='TTL in seconds']", "120")
    page.fill("role=textbox[name='Lifetime']", "36h")
    page.click("role=button[name='Save']")
    confirmed(page, "nas")
    assert page.focus() == "button Add a name"
    dnsmasq.wait_for("nas.home.arpa", "192.0.2.5")
    assert server.lookup("nas.home.arpa", "TXT") == {'"two words"'}
    assert "in 1 day" in page.text(row("nas"))

    page.click(row("nas", " [data-act=change]"))
    page.fill("role=textbox[name='Addresses']", "192.0.2.6 300.1.1.1")
    page.click("role=button[name='Save']")
    page.wait_for("#edit .error:has-text('300.1.1.1')")
    page.fill("role=textbox[name='Addresses']", "192.0.2.6")
    page.click("role=button[name='Save']")
    page.wait_for(row("nas", ":has-text('192.0.2.6')"))
    dnsmasq.wait_for("nas.home.arpa", "192.0.2.6")
    assert server.lookup("nas.home.arpa", "AAAA") == set()
    assert server.lookup("nas.home.arpa", "TXT") == {'"two words"'}
    assert server.query("nas.home.arpa", "A").ttl("nas.home.arpa", "A") == 120

    page.click(row("nas", " [data-act=delete]"))
    assert page.focus() == "button Keep it"
    page.click("role=button[name='Keep it']")
    assert page.focus() == "button Delete nas.home.arpa"
    page.click(row("nas", " [data-act=delete]"))
    page.click("#confirm >> role=button[name='Delete']")
    page.wait_for(row("nas"), "detached")
    assert server.lookup("nas.home.arpa", "A") == set()


def test_an_administrators_change_leaves_the_name_to_its_owner(server, page):
    server.must_update(w.add("laptop.home.arpa", "A", "192.0.2.8"), key="laptop")
    page.click(row("laptop", " [data-act=change]"))
    page.fill("role=textbox[name='Addresses']", "192.0.2.9")
    page.click("role=button[name='Save']")
    page.wait_for(row("laptop", ":has-text('192.0.2.9')"))
    name = server.web.get("/v1/names/laptop").json
    assert name["owner"] == "laptop" and name["records"][0]["expires"] is not None


def test_a_new_name_does_not_write_over_one_that_is_there(server, page):
    put(server, "nas", "192.0.2.5")
    page.click("role=button[name='Add a name']")
    page.fill("role=textbox[name='Name']", "nas")
    page.fill("role=textbox[name='Addresses']", "192.0.2.6")
    page.click("role=button[name='Save']")
    page.wait_for("#edit .error:has-text('nas is there already')")
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.5"}


def test_what_others_changed_meanwhile_is_not_written_over_unseen(server, page):
    put(server, "nas", "192.0.2.5")
    page.click(row("nas", " [data-act=change]"))
    put(server, "nas", "192.0.2.6")
    page.fill("role=textbox[name='Addresses']", "192.0.2.7")
    page.click("role=button[name='Save']")
    page.wait_for("#edit .error:has-text('Now it has: A 192.0.2.6.')")
    assert server.lookup("nas.home.arpa", "A") == {"192.0.2.6"}
    assert server.web.ask("DELETE", "/v1/names/nas").status == 204
    page.click("role=button[name='Save']")
    page.wait_for("#edit .error:has-text('Now it has: nothing.')")
    page.click("role=button[name='Save']")
    page.wait_for(row("nas", ":has-text('192.0.2.7')"))


def test_what_is_refused_is_said_and_leaves_the_focus_where_it_can_be_tried_again(page):
    page.click("role=button[name='Add a name']")
    page.fill("role=textbox[name='Addresses']", "192.0.2.5")
    for name in "two words", "m\u00fcller":
        page.fill("role=textbox[name='Name']", name)
        page.click("role=button[name='Save']")
        assert "A name has no blanks" in page.text("#edit .error")
        assert page.focus() == "input Name"
    page.fill("role=textbox[name='Name']", "nas.example.net")
    page.click("role=button[name='Save']")
    page.wait_for("#edit .error:has-text('is in no zone')")
    page.wait_until("document.activeElement !== document.body")
    assert page.focus() == "button Save"


def test_all_addresses_of_a_name_are_seen_where_it_is_changed(server, page):
    put(server, "nas", *[f"192.0.2.{n}" for n in range(1, 7)])
    page.click(row("nas", " [data-act=change]"))
    box = "document.getElementById('edit-addresses')"
    assert page.evaluate(f"{box}.scrollHeight - {box}.clientHeight") == 0


def test_a_key_made_here_works_and_is_shown_once(server, programs, page):
    page.click("role=button[name='Keys']")
    page.click("role=button[name='New key']")
    page.fill("#key-name", "camera")
    page.click("role=button[name='Make the key']")
    secret = page.text("#made output")
    # The stream ended with the reload; the page has it again without a word.
    page.wait_until(LIVE)
    assert "does not answer" not in page.evaluate("document.body.textContent")
    assert "Ready to paste" in page.text("#made")
    page.click("summary:has-text('nsupdate')")
    assert secret in page.text("#made pre")
    page.click("role=button[name='I have it']")
    page.wait_for("#key-list:has-text('camera')")
    page.press("Escape")
    assert page.evaluate(OPEN) == []
    assert secret not in page.call("content")
    key = Key("camera", secret)
    done = programs(server).nsupdate(key, "update add camera.home.arpa 60 A 192.0.2.9")
    assert done.returncode == 0, done
    confirmed(page, "camera")

    page.click("role=button[name='Keys']")
    assert not page.is_seen("role=button[name='Delete key laptop']")
    page.click("role=button[name='Delete key camera']")
    page.click("#confirm >> role=button[name='Delete']")
    page.wait_for("#key-list:has-text('camera')", "detached")
    assert page.evaluate(OPEN) == ["keys"]
    done = programs(server).nsupdate(key, "update add camera.home.arpa 60 A 192.0.2.10")
    assert done.returncode != 0


# What it must never do


def test_hostile_text_is_text(server, page):
    quoted = json.dumps(HOSTILE)
    put(server, "evil", records=[{"type": "TXT", "data": quoted}])
    page.wait_for(row("evil"))
    assert HOSTILE in page.text(row("evil"))
    page.click(row("evil", " [data-act=details]"))
    assert HOSTILE in page.text("#details")
    page.press("Escape")
    page.click(row("evil", " [data-act=delete]"))
    assert HOSTILE in page.text("#confirm-text")
    page.press("Escape")
    made_of_it = "document.querySelectorAll('main img, main script, dialog img').length"
    assert page.evaluate(made_of_it) == 0
    # Nothing in the page could make it more than text.
    page.excused = "requires 'TrustedHTML'"
    with pytest.raises(BrowserError, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")
    told = ["require-trusted-types-for trusted-types-sink"]
    wait_until(lambda: page.evaluate("violations") == told, "the browser tells of the violation")
    page.evaluate("violations.length = 0")


def wait_until_focus(page, where):
    wait_until(lambda: page.focus() == where, f"the focus is on {where}")


def test_by_keyboard_alone(server, open_page):
    put(server, "nas", "192.0.2.5")
    page = open_page(server)
    page.type("boss")
    page.press("Tab")
    page.type(make_key("boss").secret)
    page.press("Enter")
    page.wait_until(LIVE)
    assert page.evaluate("document.activeElement.id") == "names"
    # Then its row stays as it is.
    confirmed(page, "nas")
    while not page.focus().startswith("a "):
        page.press("Shift+Tab")
    assert page.focus() == "a Skip to the content"
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    page.press("Enter")
    order = []
    for _ in range(14):
        page.press("Tab")
        order.append(page.focus())
        assert page.evaluate(ring) == "solid", page.focus()
        if order[-1] == "button Delete nas.home.arpa":
            break
    assert order[:2] == ["input Search names, addresses, owners", "button Add a name"]
    page.press("Enter")
    wait_until_focus(page, "button Keep it")
    assert page.evaluate(OPEN) == ["confirm"]
    page.press("Escape")
    wait_until_focus(page, "button Delete nas.home.arpa")
    page.press("Enter")
    wait_until_focus(page, "button Keep it")
    page.press("Tab")
    assert page.focus() == "button Delete"
    page.press("Enter")
    page.wait_until("document.activeElement.id === 'names'")
    assert not page.is_seen(row("nas"))
    page.press("Tab", 2)
    page.press("Enter")
    page.wait_until(f"{OPEN}.join() === 'edit'")
    page.type("desk")
    page.press("Tab")
    page.type("192.0.2.1")
    page.press("Shift+Tab")
    page.press("Enter")
    page.wait_for(row("desk"))
    assert server.lookup("desk.home.arpa", "A") == {"192.0.2.1"}


def test_focus_stays_when_its_row_is_drawn_again(server, page):
    put(server, "nas", "192.0.2.5")
    page.wait_for(row("nas"))
    page.evaluate(f"document.querySelector('{row('nas', ' [data-act=change]')}').focus()")
    put(server, "nas", "192.0.2.6")
    page.wait_for(row("nas", ":has-text('192.0.2.6')"))
    confirmed(page, "nas")
    assert page.focus() == "button Change nas.home.arpa"


def test_a_phone_needs_no_sideways_scrolling(server, open_page):
    long = "a-name-as-long-as-they-get-" + "x" * 36
    put(server, long, "192.0.2.5", "2001:db8:1111:2222:3333:4444:5555:6666")
    put(server, "evil", records=[{"type": "TXT", "data": json.dumps("y" * 200)}])
    page = open_page(server, **PHONE)
    assert page.evaluate(OVERFLOW) == 0
    logged_in(page)
    page.wait_for(row(long))
    assert page.evaluate(OVERFLOW) == 0
    # Stacked, but a table still for who cannot see it.
    assert page.evaluate("getComputedStyle(document.querySelector('#rows tr')).display") == "grid"
    page.wait_for("role=table >> role=row >> role=rowheader[name=/a-name/]")
    for opener in "#add", row(long, " [data-act=details]"), row("evil", " [data-act=delete]"):
        page.click(opener)
        assert page.evaluate(OVERFLOW) == 0
        dialog = "document.querySelector('dialog[open]')"
        assert page.evaluate(f"{dialog}.scrollWidth - {dialog}.clientWidth") == 0
        page.press("Escape")


def brightness(colour):
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3]))


def test_light_and_dark(server, open_page):
    ground = "getComputedStyle(document.body).backgroundColor"
    text = "getComputedStyle(document.body).color"
    light = open_page(server, colorScheme="light")
    dark = open_page(server, colorScheme="dark")
    assert brightness(light.evaluate(ground)) > 700 > 150 > brightness(light.evaluate(text))
    assert brightness(dark.evaluate(ground)) < 150 < 600 < brightness(dark.evaluate(text))


def test_no_motion_for_who_wants_none(server, open_page):
    page = logged_in(open_page(server, reducedMotion="reduce"))
    put(server, "nas", "192.0.2.5")
    page.wait_for(row("nas", ".new"))
    animations = "document.getAnimations().length"
    assert page.evaluate(animations) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_nothing_stands_in_the_way_of_assistive_technology(server, open_page, scheme, width):
    put(server, "nas", "192.0.2.5", "2001:db8::5")
    page = open_page(server, colorScheme=scheme, viewport={"width": width, "height": 1500})

    def check(where):
        result = page.axe()
        found = {
            (rule["id"], str(node["target"]), str([one["message"] for one in node["any"]]))
            for kind in ("violations", "incomplete")
            for rule in result[kind]
            for node in rule["nodes"]
        }
        # Of one dialog over another axe cannot tell the ground; these hints are those of "edit".
        unknown = {one for one in found if where == "key" and "partially overlaps" in one[2]}
        assert found == unknown, where

    check("log-in")
    log_in(page, secret="bm90IHRoaXMgb25l")
    page.wait_for("#login .error")
    check("wrong secret")
    logged_in(page)
    confirmed(page, "nas")
    # The colour of a row that has just come fades.
    page.wait_until("document.getAnimations().length === 0")
    check("names")
    headings = "[...document.querySelectorAll('h1, h2, h3')].filter((h) => h.checkVisibility())"
    levels = page.evaluate(headings + ".map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:]))
    for opener, dialog in (
        ("#add", "edit"),
        (row("nas", " [data-act=details]"), "details"),
        (row("nas", " [data-act=delete]"), "confirm"),
        ("#keys-open", "keys"),
        ("#key-new", "key"),
    ):
        page.click(opener)
        assert page.evaluate(OPEN)[-1] == dialog
        if dialog == "keys":
            page.wait_for("#key-list strong")
        page.wait_until("document.getAnimations().length === 0")
        check(dialog)
        if dialog != "keys":
            page.press("Escape")


# How much it takes

FIRST_NAME = """new Promise((done) => {
    const rows = document.getElementById("rows");
    const look = () => rows.firstElementChild && done(performance.now());
    new MutationObserver(look).observe(rows, { childList: true });
    look();
})"""


def fill(server, count):
    for start in range(0, count, 200):
        changes = [
            w.add(f"host{n}.home.arpa", "A", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
            for n in range(start, min(start + 200, count))
        ]
        server.must_update(*changes, key="boss", tcp=True)


LOADED = """performance.getEntriesByType("navigation")
    .concat(performance.getEntriesByType("resource"))
    .map((entry) => [new URL(entry.name).pathname, entry.decodedBodySize])"""
ENCODED = """performance.getEntriesByType("navigation")
    .concat(performance.getEntriesByType("resource"))
    .map((entry) => new URL(entry.name).pathname.startsWith("/v1/") ? 0 : entry.encodedBodySize)"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def test_a_thousand_names_are_there_at_once(server, open_page):
    fill(server, MANY)
    page = open_page(server)
    paint_ms = page.wait_until(PAINTED)
    loaded = dict(page.evaluate(LOADED))
    weight = sum(size for path, size in loaded.items() if not path.startswith("/v1/"))
    # The form that the browser asks for is the small one.
    assert sum(page.evaluate(ENCODED)) < 20000
    log_in(page, keep=True).wait_until(LIVE)

    def first_ms_of_a_visit():
        page.reload()
        return page.evaluate(FIRST_NAME)

    first_ms = least_below(5000, first_ms_of_a_visit)
    page.wait_until(LIVE)
    names = sum(size for path, size in page.evaluate(LOADED) if path == "/v1/names")
    print(
        f"{MANY} names: {weight} octets of page, first paint after {paint_ms:.0f} ms; "
        f"{names} octets of names, the first are there after {first_ms:.0f} ms"
    )
    assert 50000 < weight < 60000 and first_ms < 5000
    assert page.text("#count") == "1,001 names"


@pytest.mark.slow
def test_ten_thousand_names_stay_usable(server, open_page):
    fill(server, HUGE)
    page = logged_in(open_page(server))
    page.wait_until("document.getElementById('count').textContent === '10,001 names'")
    assert page.evaluate(COUNT) <= 400
    page.evaluate("document.getElementById('more').scrollIntoView()")
    page.wait_until(f"{COUNT} >= 400")

    def search_ms():
        return page.evaluate(
            """(() => {
                const search = document.getElementById("search");
                search.value = "host9999";
                const start = performance.now();
                search.dispatchEvent(new Event("input"));
                return performance.now() - start;
            })()"""
        )

    took = least_below(2000, search_ms)
    assert page.evaluate(ROWS) == ["host9999.home.arpa"]
    print(f"{HUGE} names: a search takes {took:.0f} ms")
    assert took < 2000
    put(server, "host9999", "192.0.2.1")
    page.wait_for(row("host9999", ":has-text('192.0.2.1')"))


LONGEST_FRAME = """globalThis.longest = 0;
(() => {
    let last = performance.now();
    requestAnimationFrame(function frame(now) {
        longest = Math.max(longest, now - last);
        last = now;
        requestAnimationFrame(frame);
    });
})()"""


def test_a_burst_of_changes_leaves_the_page_usable(server, page):
    before = len(page.requests())
    page.evaluate(LONGEST_FRAME)
    turns = itertools.count(1)

    def longest_frame_ms():
        turn = next(turns)
        page.evaluate("longest = 0")
        for number in range(BURST):
            name = f"host{number}.home.arpa"
            change = w.delete_rrset(name, "A"), w.add(name, "A", f"192.0.2.{turn}")
            server.must_update(*change, key="boss")
        page.wait_until(f"document.getElementById('count').textContent === '{BURST + 1:,} names'")
        page.wait_for(row("host1", f":has-text('192.0.2.{turn}')"))
        page.wait_until("document.querySelectorAll('#rows .confirmed').length >= 199")
        return page.evaluate("longest")

    longest = least_below(2000, longest_frame_ms)
    asked = (len(page.requests()) - before) / (next(turns) - 1)
    print(f"{BURST} changes: {asked:.0f} requests, no frame took longer than {longest:.0f} ms")
    assert asked < BURST and longest < 2000
