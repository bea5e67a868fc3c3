#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes FOLDER/tls/, FOLDER/tls_files/ and FOLDER/sockets/ anew, for fuzz_tls.c, fuzz_tls_files.c and
fuzz_sockets.c, whose heads tell the formats.

usage: make_tls_corpus.py FOLDER

Certificates are made by openssl, and differ from run to run.
"""
import pathlib
import subprocess
import sys
import tempfile

SEPARATOR = b"\n%%\n"

# fuzz_tls.c
OLDER, DIVERTS, NARROW, INATTENTIVE, FROM_ONE, STOPS, LOSES, PASSES = (1 << bit for bit in range(8))

# fuzz_tls_files.c
TEXT, CERTIFICATE, PKCS8, SEC1, PKCS1, LOCKED, MANY = range(7)
KEY, SECOND = 8, 16

# fuzz_sockets.c
ALL4, LOOPBACK4, ONE4, ALL6, LOOPBACK6 = (1 << bit for bit in range(5))
FOR_GOOD, DENIED = 64, 128
NONE = 3


def get(path, kind="s"):
    return f"{kind}GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"


def steps(flags, *all_steps):
    octets = [step if isinstance(step, bytes) else step.encode() for step in all_steps]
    return bytes([flags]) + SEPARATOR.join(octets)


def of_tls():
    echo = "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    yield "ask", steps(0, get("/"), get("/w"), get("/n"), get("/b"), "s" + echo)
    yield "ask_older", steps(OLDER, get("/"), get("/w"), get("/b"), "s" + echo)
    yield "stream", steps(0, get("/s"), "u", "sx", get("/"), "b")
    yield "stream_ends", steps(0, get("/s"), "x", "1", get("/s"), "c")
    yield "streams", steps(0, get("/s"), "1", get("/s"), "2", get("/s"), "0", "c")
    yield "half_handshake", steps(0, "h.", "1", "h...", "0", "p")
    yield "half_handshake_goes", steps(0, "h.", "c", "1", "h.", "e")
    yield "garbage", steps(0, b"r" + bytes(range(0x16, 0x80)))
    yield "garbage_later", steps(0, get("/s"), "rgarbage in the place of a record", "a")
    yield "hello", steps(0, b"r\x16\x03\x01\0\x10" + b"x" * 16, "e")
    yield "hello_large", steps(0, b"r\x16\x03\x01\xff\xff\1\0\xff\xff" + b"x" * 2000, "p")
    yield "diverted", steps(DIVERTS, get("/", "r"), "1", get("/"), "0", "c")
    yield "diverted_not", steps(0, get("/", "r"), "e")
    yield "narrow", steps(NARROW, get("/b"), get("/b"), get("/"))
    yield "narrow_late", steps(NARROW | INATTENTIVE, "h", "h", "h", "a", "h", "h", get("/b"), "a", "a", "p", "a")
    yield "narrow_goes", steps(NARROW | INATTENTIVE, get("/b"), "p", "c")
    yield "renewed", steps(0, "h.", "l", "1", get("/"), "0", get("/"), "l", "c")
    yield "forgotten", steps(0, get("/"), "f", get("/w"), "e")
    yield "silent", steps(0, "a", "p")
    yield "good_bye", steps(0, get("/b"), "b", "1", get("/w"), "b", "e")
    yield "wait_and_go", steps(0, get("/w?late=1"), "c")
    yield "goes_while_waiting", steps(DIVERTS, get("/w?late", "r"), "c", "1", get("/w?late"), "c")
    large = (get("/b"), "1", get("/b"))
    yield "large_answers", steps(NARROW | INATTENTIVE | FROM_ONE, *large, "2", "p", get("/b"), "0", "a", "c")
    yield "large_answers_elsewhere", steps(NARROW | INATTENTIVE, *large, "p", "2", get("/b"))
    yield "large_stream", steps(NARROW | INATTENTIVE, get("/s?large"), "1", get("/"))
    yield "one_too_many", steps(FROM_ONE, get("/"), "1", get("/s"), "2", get("/"))
    yield "no_room", steps(FROM_ONE, get("/w?late"), "1", get("/w?late"), "2", get("/"))
    yield "stops", steps(STOPS, get("/w?late"), "1", get("/s"), "2", "h.")
    yield "stops_plain", steps(STOPS | DIVERTS, get("/w?late", "r"), "1", get("/s", "r"), "2", get("/b", "r"))
    yield "loses", steps(LOSES, get("/w?late"), "1", "s" + echo[:-3], "2", get("/"), "f", "1", "s" + echo[-3:],
                         "2", get("/"))
    yield "passes", steps(PASSES, get("/"), "1", get("/") + get("/", "") + get("/w", ""), "2", get("/b"))


def openssl(folder, *arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder).stdout


class Pair:
    """A certificate that signs itself, and its key, as DER."""

    def __init__(self, folder, name, algorithm, subject="/CN=pi.home.arpa", names=""):
        self.folder, self.name = folder, name
        arguments = ["-addext", f"subjectAltName={names}"] if names else []
        openssl(folder, "req", "-x509", "-newkey", *algorithm, "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.crt", "-days", "3650", "-subj", subject, *arguments)
        self.certificate = openssl(folder, "x509", "-in", f"{name}.crt", "-outform", "DER")
        self.key = openssl(folder, "pkcs8", "-topk8", "-nocrypt", "-in", f"{name}.key", "-outform", "DER")

    def old_key(self, command, *arguments):
        return openssl(self.folder, command, "-in", f"{self.name}.key", *arguments)


def file(*pieces):
    return SEPARATOR.join(bytes([head]) + octets for head, octets in pieces)


def of_tls_files():
    p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = "DNS:pi.home.arpa,IP:192.0.2.1,IP:2001:db8::1,URI:http://x,email:a@b"
    many = ",".join([f"DNS:n{i}.{'y' * 40}.home.arpa" for i in range(12)] +
                    [f"IP:192.0.2.{i}" for i in range(5)] + ["otherName:1.2.3.4;UTF8:a@b", "RID:1.2.3"])
    with tempfile.TemporaryDirectory() as folder:
        ec = Pair(folder, "ec", p256, names=names)
        other = Pair(folder, "other", p256, names=names)
        ed = Pair(folder, "ed", ["ed25519"])
        rsa = Pair(folder, "rsa", ["rsa:2048"])
        named = Pair(folder, "named", p256, names=many)
        unnamed = Pair(folder, "unnamed", p256, subject="/O=somebody")
        own, key = (CERTIFICATE, ec.certificate), (PKCS8 | KEY, ec.key)
        sec1 = ec.old_key("ec", "-outform", "DER")
        yield "pair", file(own, key)
        yield "pair_sec1", file(own, (SEC1 | KEY, sec1))
        yield "pair_rsa", file((CERTIFICATE, rsa.certificate),
                               (PKCS1 | KEY, rsa.old_key("rsa", "-outform", "DER", "-traditional")))
        yield "pair_ed25519", file((CERTIFICATE, ed.certificate), (PKCS8 | KEY, ed.key))
        for name, pair in (("common_name", ed), ("many_names", named), ("no_name", unnamed)):
            yield name, file((CERTIFICATE, pair.certificate), (PKCS8 | KEY, pair.key))
        issuers = [(CERTIFICATE, pair.certificate) for pair in (other, rsa)]
        yield "chain", file(own, *issuers, key)
        yield "chain_wrong_order", file(*issuers, own, key)
        yield "chain_many", file(own, (MANY, ed.certificate), key)
        yield "mismatched", file(own, (PKCS8 | KEY, other.key))
        yield "renewed", file(own, key, (CERTIFICATE | SECOND, other.certificate),
                              (PKCS8 | KEY | SECOND, other.key))
        yield "half_renewed", file(own, key, (CERTIFICATE | SECOND, other.certificate))
        yield "same_other_form", file(own, key, (SEC1 | KEY | SECOND, sec1))
        yield "truncated_later", file(own, key, (CERTIFICATE | SECOND, ec.certificate[:200]))
        yield "truncated_key_later", file(own, key, (PKCS8 | KEY | SECOND, ec.key[:60]))
        yield "swapped", file((CERTIFICATE | KEY, ec.certificate), (PKCS8, ec.key))
        yield "both_in_each", file((PKCS8, ec.key), own, (CERTIFICATE | KEY, ec.certificate), key)
        locked = openssl(folder, "pkcs8", "-topk8", "-in", "ec.key", "-passout", "pass:x", "-outform", "DER")
        yield "locked", file(own, (LOCKED | KEY, locked))
        yield "locked_old", file(own, (TEXT | KEY, ec.old_key("ec", "-aes128", "-passout", "pass:x")))
        text = openssl(folder, "x509", "-in", "ec.crt").replace(b"\n", b"\r\n")
        yield "text", file((TEXT, b"# a comment\r\n" + text + b"behind it"), key)
        yield "no_pem", file((TEXT, b"hello"), (TEXT | KEY, b"hello"))
        yield "no_key", file(own, (TEXT | KEY, b"-----BEGIN PRIVATE KEY-----\n"))


def reload(addresses, port=0, redirect=NONE, security=0, fails=0):
    return bytes([addresses, port | redirect << 2 | security << 4, fails])


def of_sockets():
    secure = {"port": 1, "redirect": 2, "security": 1}
    both, few = LOOPBACK4 | LOOPBACK6, LOOPBACK4 | ONE4
    for name, reloads in {
            "plain_to_tls": [reload(both), reload(both, **secure), reload(both, **{**secure, "security": 2}),
                             reload(both)],
            "wildcards": [reload(few), reload(ALL4), reload(both), reload(ALL4 | ALL6), reload(both)],
            "fails": [reload(few | LOOPBACK6), reload(ALL4 | ALL6, fails=1), reload(ALL4 | ALL6, fails=2),
                      reload(ALL4, fails=3), reload(few, 1, fails=2)],
            "fails_for_good": [reload(few | LOOPBACK6), reload(ALL4 | ALL6, fails=1 | FOR_GOOD),
                               reload(LOOPBACK4), reload(ALL4, fails=2 | FOR_GOOD), reload(few)],
            "denied": [reload(few, 2), reload(few, fails=1 | DENIED), reload(ALL4, 2, fails=1 | DENIED),
                       reload(LOOPBACK4)],
            "broken": [reload(LOOPBACK4, **{**secure, "security": 3}), reload(LOOPBACK4, **secure),
                       reload(few, **{**secure, "security": 3}), reload(LOOPBACK4)],
            "ports_swapped": [reload(both, **secure), reload(both, 2, 1, 1), reload(both, 2), reload(0),
                              reload(both, 2, 1, 2)],
            "away": [reload(LOOPBACK4), reload(0), reload(0), reload(ALL4 | ALL6, **secure), reload(0)],
    }.items():
        yield name, b"".join(reloads)


def main():
    top = pathlib.Path(sys.argv[1])
    for name, maker in (("tls", of_tls), ("tls_files", of_tls_files), ("sockets", of_sockets)):
        folder = top / name
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, content in maker():
            (folder / file_name).write_bytes(content)


if __name__ == "__main__":
    main()
