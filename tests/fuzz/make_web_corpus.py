#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes FOLDER/web/ and FOLDER/login/ anew, for fuzz_web.c and fuzz_login.c, whose heads tell the formats.

usage: make_web_corpus.py FOLDER

FOLDER/api/ is read for what can be asked.
"""
import functools
import json
import pathlib
import sys

FAILS, IN_URLS, REDIRECTS, KEYS_GO, HAS_NO_LEASE, EXPIRES, CHANGES, SLOW = 1, 2, 4, 8, 16, 32, 64, 128
PROXY, LOOKER, STRANGER, MEASURER = range(4)
PUBLISHES, NO_ROOM = 64, 128

# As clients write them (ddclient, inadyn, FritzBox, OpenWrt, UniFi, Synology, ddns-go).
DYNDNS = [
    "/nic/update?hostname=laptop.home.arpa&myip=192.0.2.11",
    "/nic/update?system=dyndns&hostname=laptop.home.arpa&myip=192.0.2.12&wildcard=OFF",
    "/nic/update?hostname=laptop.home.arpa&myip=192.0.2.13,2001:db8::13",
    "/nic/update?hostname=laptop.home.arpa&myip=192.0.2.14&myipv6=2001:db8::14",
    "/nic/update?hostname=laptop.home.arpa&myip=&ip6addr=",
    "/nic/update?hostname=laptop.home.arpa,a.laptop.home.arpa,printer.home.arpa,example.com,,x",
    "/nic/update?hostname=laptop.home.arpa&ip6lanprefix=2001:db8:1::/64",
    "/nic/update?hostname=laptop.home.arpa&offline=YES",
    "/nic/dyndns?action=edit&hostname=laptop.home.arpa",
    "/v3/update?hostname=laptop.home.arpa&myip=300.1.1.1",
    "/update?domains=laptop.home.arpa&ip=192.0.2.15",
    "/dyndns/update?host=laptop.home.arpa&ip=2001%3Adb8%3A%3A15",
    "/v1/update?hostname=laptop.home.arpa&myip=192.0.2.16",
]
LOOKS = ["/v1/status", "/v1/names?limit=2", "/v1/names/laptop.home.arpa", "/v1/zones", "/v1/keys",
         "/v1/leases", "/v1/events", "/v1/zones/home.arpa", "/v1", "/metrics", "/healthz",
         "/healthz/live", "/healthz/ready", "/", "/page.css", "/page.js", "/favicon.ico", "/nothing"]


def settings(flags=0, place=STRANGER, piece=0, reloads=0, others=PROXY):
    """others: where the second and the third client are."""
    return bytes([piece, flags, reloads, place | others << 2 | others << 4])


def ask(target, method="GET", body=None, **headers):
    """One request; a body's length is the harness's to fill in."""
    lines = [f"{method} {target} HTTP/1.1", "Host: ddnsd.home.arpa"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is None:
        return "\r\n".join(lines) + "\r\n\r\n"
    if not isinstance(body, str):
        body = json.dumps(body)
    return "\r\n".join([*lines, "Content-Length: <#>"]) + "\r\n\r\n" + body + "<.>"


def web(*requests, **options):
    return settings(**options) + "".join(requests).encode("latin-1")


def of_dyndns():
    for number, target in enumerate(DYNDNS):
        yield f"dyndns_{number}", web(ask(target, Authorization="<a>"), ask(target, Authorization="<a>"))
    yield "dyndns_admin", web(ask(DYNDNS[5], Authorization="<A>"),
                              ask("/nic/update?hostname=new.home.arpa&myip=2001:db8::1",
                                  Authorization="<B>"),
                              ask("/nic/update?ip6lanprefix=2001:db8:2::/56&hostname=x.home.arpa",
                                  Authorization="<A>"))
    yield "dyndns_nobody", web(*(ask(target) for target in DYNDNS[:3]))
    yield "dyndns_no_grant", web(ask(DYNDNS[0], Authorization="<n>"))
    yield "dyndns_fails", web(ask(DYNDNS[0], Authorization="<a>"), ask(DYNDNS[12], Authorization="<b>"),
                              flags=FAILS)
    yield "dyndns_too_often", web(*(ask(DYNDNS[0][:-1] + str(n), Authorization="<a>")
                                    for n in range(13)), flags=HAS_NO_LEASE)
    yield "in_urls", web(ask(DYNDNS[0] + "&token=<t>"), ask(DYNDNS[1] + "&token=<s>"),
                         ask(DYNDNS[2] + "&username=laptop.home.arpa&password=<s>"),
                         ask(DYNDNS[2] + "&user=laptop.home.arpa&pass=wrong"), flags=IN_URLS)
    yield "in_urls_not", web(ask(DYNDNS[0] + "&token=<t>"))
    form = "hostname=laptop.home.arpa&myip=192.0.2.17&myip=2001%3Adb8%3A%3A17"
    urlencoded = "application/x-www-form-urlencoded"
    yield "form", web(ask("/nic/update", "POST", form, Authorization="<a>", Content_Type=urlencoded),
                      ask("/v1/update", "POST", form, Authorization="<b>", Content_Type=urlencoded))
    wish = {"hostname": ["laptop.home.arpa", "a.laptop.home.arpa"], "myip": "192.0.2.18"}
    yield "json", web(ask("/v1/update", "POST", wish, Authorization="<b>"),
                      ask("/v1/update", "POST", {"domain": "laptop.home.arpa", "ip": ["2001:db8::1"]},
                          Authorization="<a>", Content_Type="application/json"),
                      ask("/v1/update", "POST", "{", Authorization="<a>"))
    yield "pipelined", web(*(ask(target, Authorization="<a>") for target in DYNDNS[:6]), piece=7)


def of_api():
    for name, login, place in [("nobody", None, STRANGER), ("look", None, LOOKER),
                               ("metrics", None, MEASURER), ("laptop", "<b>", STRANGER),
                               ("admin", "<B>", STRANGER)]:
        headers = {"Authorization": login} if login else {}
        yield f"looks_{name}", web(*(ask(target, **headers) for target in LOOKS if "events" not in target),
                                   place=place)
        yield f"events_{name}", web(ask("/v1/events", **headers), place=place, reloads=5)
        yield f"events_expiry_{name}", web(ask("/v1/events", **headers), place=place, reloads=3,
                                           flags=EXPIRES)
    record = {"records": [{"type": "A", "data": "192.0.2.31"}, {"type": "TXT", "data": "\"x\""}]}
    yield "put", web(ask("/v1/names/laptop.home.arpa", "PUT", record, Authorization="<b>"),
                     ask("/v1/names/printer.home.arpa", "PUT", record, Authorization="<b>"),
                     ask("/v1/names/new.home.arpa", "PUT", record, Authorization="<B>"),
                     ask("/v1/names/new.home.arpa", "DELETE", Authorization="<B>"),
                     ask("/v1/names/laptop.home.arpa", "DELETE", Authorization="<b>"))
    key = {"name": "phone", "algorithm": "hmac-sha512", "allow": ["self A AAAA", "look"],
           "from": ["192.0.2.0/24"]}
    yield "keys", web(ask("/v1/keys", "POST", key, Authorization="<B>"),
                      ask("/v1/keys", "POST", key, Authorization="<b>"),
                      ask("/v1/keys/phone", "DELETE", Authorization="<B>"),
                      ask("/v1/keys/admin", "DELETE", Authorization="<B>"),
                      ask("/v1/keys/../x", "DELETE", Authorization="<B>"))
    made = {"name": "phone.home.arpa", "allow": ["self A AAAA", "*.home.arpa", "zone home.arpa", "look"],
            "from": ["2001:db8::/32"]}
    for name, flags in (("", 0), ("_fails", FAILS), ("_keys_go", KEYS_GO)):
        yield f"keys_made{name}", web(
            ask("/v1/keys", "POST", made, Authorization="<B>"),
            ask("/v1/keys", Authorization="<B>"),
            ask("/v1/keys", "POST", made, Authorization="<B>"),
            ask("/nic/update?hostname=phone.home.arpa&myip=192.0.2.41",
                Authorization="Bearer phone.home.arpa:<k>"),
            ask("/v1/names", Authorization="Bearer <k>"),
            ask("/v1/keys/Phone.home.arpa.", "DELETE", Authorization="<B>"),
            ask("/v1/names", Authorization="Bearer <k>"), flags=flags)
    yield "keys_of_one", web(*(ask("/v1/keys", "POST", {"name": f"k{number}", "algorithm": algorithm,
                                                         "allow": ["look"]}, Authorization="<B>")
                               for number, algorithm in enumerate(
                                   ("hmac-sha224", "hmac-sha384", "HMAC-SHA512", "hmac-md5"))))
    yield "reload", web(ask("/v1/reload", "POST", "", Authorization="<B>"),
                        ask("/v1/status", Authorization="<B>"), ask(DYNDNS[0], Authorization="<a>"))
    yield "backup", web(ask("/v1/backup", Authorization="<B>"),
                        ask("/v1/restore", "POST", "SQLite format 3", Authorization="<B>"))


def of_several():
    """Clients that speak in turns, readers that are slow, and reloads between them."""
    event = ask("/v1/events", Authorization="<B>")
    change = "".join(ask(f"/nic/update?hostname=a.laptop.home.arpa&myip=192.0.2.{number}",
                         Authorization="<a>") for number in range(51, 55))
    yield "two", web(event, "<1>", change, "<2>", ask("/v1/names", Authorization="<b>"), "<0>",
                     ask("/metrics"), others=LOOKER)
    half = ask("/v1/update", "POST", {"hostname": "laptop.home.arpa", "myip": "192.0.2.61"},
               Authorization="<a>")
    yield "two_halves", web(half[:60], "<1>", half[:90], "<0>", half[60:], "<1>", half[90:],
                            others=STRANGER)
    yield "two_reload", web(half[:150], "<1>", ask("/v1/reload", "POST", "", Authorization="<B>"),
                            "<0>", half[150:], flags=KEYS_GO)
    made = {"name": "phone", "allow": ["self"]}
    yield "two_keys", web(ask("/v1/keys", "POST", made, Authorization="<B>"), "<1>",
                          ask("/v1/keys/phone", "DELETE", Authorization="<B>"), "<2>",
                          ask("/v1/keys", "POST", made, Authorization="<B>"))
    yield "slow", web(event, "<1>", change, ask("/page.js"), ask("/v1/backup", Authorization="<B>"),
                      change, flags=SLOW)
    for place in (PROXY, LOOKER, STRANGER, MEASURER):
        yield f"changes_{place}", web(
            *(ask(target, X_Forwarded_For="198.51.100.7") for target in ("/v1/names", "/metrics") * 3),
            "<1>", ask(DYNDNS[0] + "&token=<t>"), "<2>", event, flags=CHANGES, place=place, reloads=6,
            piece=50)
    yield "changes_in_url", web(*("GET " + DYNDNS[0] + "&token=<t> HTTP/1.1\r\nHost: pi.example\r\n\r\n"
                                  for _ in range(6)), flags=CHANGES, reloads=7)


def of_api_corpus(folder):
    """What corpus/api/ asks, with keys in the place of peers."""
    logins = {"A": "<B>", "E": "<b>", "H": "<A>"}
    for file in sorted(folder.iterdir()):
        requests = []
        for text in file.read_bytes().decode("latin-1").split("\n%%\n"):
            line, _, body = text.partition("\n")
            flags, method, target = (line.split(" ", 2) + ["", ""])[:3]
            headers = {"Authorization": logins[flag] for flag in flags if flag in logins}
            requests.append(ask(target, method, body if body or method != "GET" else None, **headers))
        yield f"api_{file.name}", web(*requests)


def of_guards():
    yield "cross_site", web(ask(DYNDNS[0], Authorization="<a>", Sec_Fetch_Site="cross-site"),
                            ask("/v1/names", Authorization="<b>", Origin="https://evil.example"),
                            ask("/v1/names", Authorization="<b>", Origin="http://ddnsd.home.arpa"),
                            ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate"))
    other = "GET /v1/names HTTP/1.1\r\nHost: {}\r\n\r\n"
    yield "rebinding", web(*(other.format(host) for host in (
        "evil.example", "192.0.2.1:8053", "[2001:db8::1]:8053", "pi", "pi.local", "x.home.arpa", "")),
        place=LOOKER)
    yield "no_host", web("GET /v1/names HTTP/1.0\r\n\r\n", place=LOOKER)
    yield "forwarded", web(ask("/v1/names", X_Forwarded_For="198.51.100.7"),
                           ask("/v1/names", X_Forwarded_For="10.0.0.1, [2001:db8::7]:80"),
                           ask("/nic/update?hostname=laptop.home.arpa", Authorization="<a>",
                               X_Forwarded_For="192.0.2.19:1234"), place=PROXY)
    yield "redirect", web(ask(DYNDNS[1], Authorization="<a>"), ask("/a%20b/%C3%A4?x=%26&y"),
                          ask("/v1/update", "POST", {"hostname": "x"}), flags=REDIRECTS)
    yield "keys_go", web(*(ask(target, Authorization="<a>") for target in DYNDNS[:4]),
                         flags=KEYS_GO, reloads=9, piece=60)
    wish = {"hostname": "laptop.home.arpa", "myip": "192.0.2.18"}
    for flags in (0, KEYS_GO):
        yield f"keys_change_in_body_{flags}", web(
            *(ask("/v1/update", "POST", wish, Authorization="<b>") for _ in range(3)),
            flags=flags, reloads=1, piece=11)
    yield "keys_change", web(*(ask(target, Authorization="<A>") for target in DYNDNS[:4]),
                             reloads=1, piece=40)
    wrong = ["Basic bGFwdG9wLmhvbWUuYXJwYTp3cm9uZw==", "Bearer wrong", "Basic !", "Bearer", "Digest x"]
    yield "wrong_only", web(*(ask(DYNDNS[0], Authorization=text) for text in wrong))
    yield "wrong", web(*(ask(DYNDNS[0], Authorization=text) for text in wrong * 6),
                       ask(DYNDNS[0], Authorization="<a>"))
    yield "bodies", web(ask("/metrics", "POST", "x" * 10, Authorization="<B>"),
                        "POST /nic/update HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                        "Authorization: <a>\r\n\r\n5\r\nhostn\r\n15\r\name=laptop.home.arpa&\r\n0\r\n\r\n",
                        ask("/nic/update", "PUT", "x", Authorization="<a>"),
                        ask("/v1/update", "POST", "x" * 12000, Authorization="<a>"))
    codings = ["gzip", "x-gzip;q=0", "br, GZIP ; q=0.5", "*", "identity;q=1, *;q=0.000", "gzip;q=", ""]
    yield "codings", web(*(ask("/page.css", Accept_Encoding=text) for text in codings))
    yield "redirect_ends", web(*(ask(DYNDNS[1], Authorization="<a>") for _ in range(4)),
                               flags=REDIRECTS | CHANGES, reloads=5)
    made = {"name": "phone", "allow": ["self"]}
    yield "keys_no_room", settings(place=STRANGER | NO_ROOM) + "".join(
        [ask("/v1/keys", "POST", made, Authorization="<B>"),
         ask("/v1/keys/phone", "DELETE", Authorization="<B>")]).encode()
    yield "publishes", settings(place=STRANGER | PUBLISHES) + "".join(
        [ask("/v1/events", Authorization="<B>"), "<1>", ask("/v1/events", Authorization="<b>"), "<2>",
         ask(DYNDNS[0], Authorization="<a>"), ask("/healthz/ready"), ask("/healthz"),
         ask("/v1/status", Authorization="<b>")]).encode()
    yield "not_changed", web(ask("/page.js", If_None_Match="*"), ask("/", "HEAD"), ask("/", "POST", ""))


NAMES = {"admin": "ABTS", "laptop.home.arpa": "abts"}


def of_logins():
    for name, (basic, bearer, token, secret) in NAMES.items():
        tries = [f"0B{name}:<{secret}>", f"0T<{token}>", f"0T<{secret}>", f"0H<{basic}>",
                 f"0H<{bearer}>", f"0Qtoken=<{token}>", f"0Qtoken=<{secret}>",
                 f"0Qusername={name}&password=<{secret}>", f"0Quser={name}&pass=<{secret}>"]
        yield f"known_{name}", tries
        yield f"elsewhere_{name}", ["1" + line[1:] for line in tries]
        yield f"wrong_{name}", [line + "A" for line in tries] + ["2" + line[1:3] for line in tries]
        yield f"upper_{name}", [f"0B{name.upper()}.:<{secret}>", f"0Hbasic <{token}>",
                                f"0Hbearer  <{token}> ", f"0HBASIC\t<{basic}>"]
        yield f"lockout_{name}", ([f"2B{name}:wrong"] * 30 + tries + ["0+1", f"2B{name}:<{secret}>",
                                  "0+6", f"2B{name}:wrong", "0+7", f"2B{name}:<{secret}>"])
    yield "old", ["0H<n>", "1H<o>", "0T<m>", "0T<r>", "0+6", "0H<n>", "0+5", "0+5", "0H<n>", "2T<r>"]
    yield "many_names", [f"0Bname{number}:guess" for number in range(40)] + ["0T<b>", "0H<a>"]
    yield "two_kinds", ["0Qtoken=<t>&username=admin&password=<S>", "0Qtoken=", "0Qusername=&password=",
                        "0B:", "0B", "0Bnocolon", "0T", "0H", "0HBasic", "0HDigest username=\"x\""]
    yield "odd", ["0Bla\0ptop:<s>", "0B\r:x", "0Badmin:<S>:more", "0B:<S>", "0T:<S>", "0Tadmin:",
                  "0Bxn--\xe4:\xff", "0T" + "x" * 900, "0B" + "x." * 200 + ":<s>", "0Qtoken=%3Ct%3E"]


def main():
    top = pathlib.Path(sys.argv[1])
    of_api_too = functools.partial(of_api_corpus, top / "api")
    for name, makers in (("web", (of_dyndns, of_api, of_several, of_api_too, of_guards)),
                         ("login", (of_logins,))):
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        for maker in makers:
            for file, content in maker():
                if not isinstance(content, bytes):
                    content = "\n".join(content).encode("latin-1")
                (folder / file).write_bytes(content)


if __name__ == "__main__":
    main()
