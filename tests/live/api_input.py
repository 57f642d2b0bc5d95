# SPDX-License-Identifier: MIT
"""The Python half of api_input.sh: names, bodies, headers and connections that somebody sends by
mistake or malice. Whatever it is, it is refused as a 4xx or taken for what it is; nothing hangs,
ends, or gets out of its place in the log, the metrics or the database."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time

from apiclient import PATIENCE, by_control, by_tcp, quoted, read_answers, speak, tcp_socket
from livetest import ok, run, server_pid, skip

api = by_control()  # main puts a key over TCP in its place

# What clients may be called, hard as it is on who prints it.
HARD = {
    "quotes": "a\"b'c`d",
    "a line break": "a\nlevel=error msg=forged",
    "CR LF": "a\r\nSet-Cookie: x=1\r\n\r\nbody",
    "%s": "%s%n%x%p" * 8,
    "percent": "%41%00%2e%2E",
    "colons": "a:b::c",
    "slashes": "a/b//c",
    "dots": "..",
    "dots and slashes": "../../etc/passwd",
    "spaces": "  a  ",
    "SQL": "x'); DROP TABLE item; --",
    "LIKE": "%_%",
    "JSON": '","role":"admin","x":"',
    "a label": 'x"} 1\nturnpike_forged{a="b',
    "braces": "{a=\"b\"}",
    "backslashes": "\\\\a\\n\\",
    "DEL and controls": "\x7f\x01\x1b[31mred",
    "C1": "\u0085\u009b31m",
    "line separators": "a\u2028b\u2029c",
    "right to left": "\u202eevil\u202c",
    "a BOM": "\ufeffbom",
    "four bytes": "\U0001f600",
    "combining": "e\u0301",
    "508 bytes": "n" * 508,
    "508 bytes of two": "é" * 254,
    "plus and ampersand": "a+b&c=d;e#f?g",
    "a wildcard": "*",
    "a glob": "user*?[a-z]",
    "null": "null",
    "a number": "12345",
    "an hour": "1700000000",
    "a user hash": "a" * 64,
}

# What looks like the name of an issued credential; as the name of a user, at most.
ALIKE = {
    "a ticket": "tp1.abcdef.1999999999-3600.abcdefghijklm..bob",
    "half a ticket": "tp1.",
    "a random one": "tpr.abcdefghijklm.bob",
    "a time and a name": "1999999999:bob",
    "a name and a time": "bob:1999999999",
}


def is_refused(answer, *codes):
    return answer.status in codes and answer.is_problem()


def log_text():
    with open(os.environ["SERVER_LOG"], "rb") as log:
        return log.read()


def names():
    """Names of users, hard ones"""
    for what, name in {**HARD, **ALIKE}.items():
        path = f"/v1/users/{quoted(name)}"
        made = api.post("/v1/users", {"name": name, "password": "secret"})
        if made.status == 400 and made.is_problem():
            ok(
                api.get(path).status == 404,
                f"a user called by {what}: refused, and not there",
                made,
            )
            continue
        shown = api.get(path)
        listed = [each["name"] for page in api.pages("/v1/users", "users", 3) for each in page]
        revoked = api.post("/v1/revocations", {"user": name})
        lifted = api.delete(f"/v1/revocations/user/{quoted(name)}")
        changed = api.patch(path, {"tenant": "t"})
        gone = api.delete(path)
        ok(
            (made.status, shown.status, shown["name"]) == (201, 200, name)
            and listed.count(name) == 1
            and (revoked.status, lifted.status) == (201, 204)
            and (changed.status, gone.status) == (200, 204)
            and api.get(path).status == 404,
            f"a user called by {what}: added, shown, listed, revoked, changed, removed",
            *(made, shown, listed, revoked, lifted, changed, gone),
        )


def owners():
    """Owners of credentials, hard ones"""
    for what, name in {**HARD, **ALIKE}.items():
        short = len(name.encode()) < 400
        for kind in ("signed", "random"):
            answer = api.post("/v1/credentials", {"user": name, "kind": kind})
            ok(
                (answer.status == 201 and answer["username"].endswith("." + name))
                if short
                else is_refused(answer, 400),
                f"{kind}, owner {what}: {'issued' if short else '400'}",
                answer,
            )
        answer = api.get(f"/turn?service=turn&username={quoted(name)}")
        ok(
            (answer.status == 200 and answer["username"].endswith("." + name))
            if short
            else is_refused(answer, 400),
            f"/turn, owner {what}",
            answer,
        )


def too_long():
    """Names of 509 bytes and more, and with NUL"""
    for what, name in {
        "509 bytes": "n" * 509,
        "510 bytes of two": "é" * 255,
        "60,000 bytes": "n" * 60000,
        "a NUL": "a\0b",
        "nothing but NUL": "\0",
    }.items():
        for path, member in (
            ("/v1/users", "name"),
            ("/v1/credentials", "user"),
            ("/v1/revocations", "user"),
        ):
            body = {member: name, "password": "x"} if member == "name" else {member: name}
            answer = api.post(path, body)
            ok(is_refused(answer, 400), f"POST {path} with {what}: 400", answer)
        if len(name) < 2000:
            for method in ("GET", "PATCH", "DELETE"):
                body = {} if method == "PATCH" else None
                answer = api.ask(method, f"/v1/users/{quoted(name)}", body)
                ok(
                    is_refused(answer, 400, 404),
                    f"{method} /v1/users/ with {what}: refused",
                    answer,
                )
    for raw in (
        *("%", "%z", "%0", "%zz", "a%", "%%%", "%u0041", "%ff%fe", "%c0%af", "%ed%a0%80"),
        *("%2e%2e", "%2e%2e%2f", "..", "%00", "%0d%0aX:%20y", "a" * 1025, "%61" * 1025),
        *("a" * 8000, "."),
    ):
        answer = api.get(f"/v1/users/{raw}")
        ok(
            400 <= answer.status < 500 and answer.status != 405,
            f"GET /v1/users/{raw[:20]}: refused",
            answer,
        )


def labels():
    """Tenants, realms and keys' labels"""
    for what, text in {**HARD, "33 letters": "a" * 33, "a NUL": "a\0b", "nothing": ""}.items():
        if text.isalnum() and text.isascii() and len(text) <= 32 or not text:
            continue
        for path, body in (
            ("/v1/credentials", {"tenant": text}),
            ("/v1/users", {"name": "n", "password": "x", "tenant": text}),
            ("/v1/keys", {"role": "read", "tenant": text}),
            ("/v1/revocations", {"tenant": text}),
        ):
            answer = api.post(path, body)
            ok(is_refused(answer, 400), f"{path}: a tenant of {what}: 400", answer)
        answer = api.post("/v1/credentials", {"realm": text})
        ok(is_refused(answer, 400, 404), f"a realm of {what}: refused", answer)
        answer = api.get(f"/v1/users?realm={quoted(text)}")
        ok(is_refused(answer, 400, 404), "and in the URL", answer)
        answer = api.post("/v1/keys", {"role": "read", "realm": text})
        ok(is_refused(answer, 400, 404), "and of a key", answer)
        answer = api.post("/v1/keys", {"role": "read", "label": text})
        listed = api.get("/v1/keys")["keys"]
        found = [each["id"] for each in listed if each["label"] == text]
        if answer.status == 201:
            ok(found == [answer["id"]], f"a label of {what} is told as it was given", listed)
            api.delete(f"/v1/keys/{answer['id']}")
        else:
            ok(is_refused(answer, 400) and not found, f"a label of {what}: refused", answer)


TYPES = (None, True, 0, -1, 1.5, 1 << 53, "", "x", "\ufffe", [], ["x"], {}, {"a": 1}, [[]])

# Values that are right, of every member.
RIGHT = {
    ("/v1/credentials", "user"): (str,),
    ("/v1/credentials", "realm"): ("",),
    ("/v1/credentials", "ttl"): (),
    ("/v1/credentials", "tenant"): ("", "x"),
    ("/v1/credentials", "kind"): (),
    ("/v1/credentials", "not_before"): (0,),
    ("/v1/credentials", "allocations"): (0,),
    ("/v1/credentials", "bandwidth"): (0,),
    ("/v1/credentials", "peers"): ([],),
    ("/v1/credentials", "client"): ("",),
    ("/v1/users", "name"): ("x", "\ufffe"),
    ("/v1/users", "password"): (str,),
    ("/v1/users", "md5"): (),
    ("/v1/users", "sha256"): (),
    ("/v1/users", "tenant"): ("", "x"),
    ("/v1/users", "allocations"): (0,),
    ("/v1/users", "bandwidth"): (0,),
    ("/v1/users", "peers"): ([],),
    ("/v1/users", "client"): ("",),
    ("/v1/users", "realm"): ("",),
    ("/v1/revocations", "user"): ("x", "\ufffe"),
    ("/v1/revocations", "tenant"): ("x",),
    ("/v1/revocations", "credential"): (),
    ("/v1/revocations", "realm"): ("",),
    ("/v1/secrets", "secret"): (),
    ("/v1/secrets", "realm"): ("",),
    ("/v1/keys", "role"): (),
    ("/v1/keys", "label"): ("", "x", "\ufffe"),
    ("/v1/keys", "tenant"): ("", "x"),
    ("/v1/keys", "realm"): ("",),
    ("/v1/keys", "rate"): (0,),
}

BESIDE = {
    "/v1/users": {"name": "n", "password": "p"},
    "/v1/keys": {"role": "read"},
}
FOR_REALM = {"/v1/revocations": {"user": "x"}, "/v1/secrets": {"secret": "of sixteen or more"}}


def may_be(path, member, value):
    right = RIGHT[path, member]
    if str in right and isinstance(value, str):
        return True
    return any(type(value) is type(each) and value == each for each in right)


def types():
    """Every member with every type of value"""
    for path, member in RIGHT:
        wrong = []
        for value in TYPES:
            body = dict(BESIDE.get(path, {}))
            if member == "realm":
                body.update(FOR_REALM.get(path, {}))
            if member in ("md5", "sha256"):
                body.pop("password", None)
            body[member] = value
            answer = api.post(path, body)
            good = answer.status in (201, 409) or member == "password" and answer.status == 400
            if not (good if may_be(path, member, value) else is_refused(answer, 400, 404)):
                wrong.append((value, answer))
            if answer.status == 201 and path == "/v1/users":
                api.delete(f"/v1/users/{quoted(answer['name'])}")
            if answer.status == 201 and path == "/v1/keys":
                api.delete(f"/v1/keys/{answer['id']}")
        ok(not wrong, f"POST {path}, {member}: wrong types and values are 400", *wrong)


def bodies():
    """Bodies that are no JSON object, or too odd a one"""
    deep = b"[" * 10000 + b"]" * 10000
    for what, body in {
        "cut off": b'{"user":"a',
        "cut off behind a colon": b'{"user":',
        "a comma too much": b'{"user":"a",}',
        "two objects": b'{"user":"a"}{"user":"b"}',
        "rubbish behind it": b'{"user":"a"} x',
        "an array": b"[]",
        "a text": b'"x"',
        "a number": b"5",
        "null": b"null",
        "nothing but space": b"  \n ",
        "single quotes": b"{'user':'a'}",
        "a comment": b'{"user":"a" /* b */}',
        "nested 10,000 deep": b'{"user":' + deep + b"}",
        "objects nested 10,000 deep": b'{"a":' * 10000 + b"1" + b"}" * 10000,
        "an unknown member that deep": b'{"x":' + b"[" * 1000 + b"]" * 1000 + b"}",
        "a member twice": b'{"user":"a","user":"b"}',
        "a member twice, spelled otherwise": b'{"user":"a","\\u0075ser":"b"}',
        "a number out of range": b'{"ttl":1e999}',
        "a number beyond 64 bits": b'{"ttl":99999999999999999999999999}',
        "a negative one": b'{"ttl":-99999999999999999999999999}',
        "a zero in front": b'{"ttl":0600}',
        "NaN": b'{"ttl":NaN}',
        "Infinity": b'{"ttl":Infinity}',
        "hex": b'{"ttl":0x10}',
        "invalid UTF-8": b'{"user":"\xff\xfe"}',
        "overlong UTF-8": b'{"user":"\xc0\xaf"}',
        "a surrogate in UTF-8": b'{"user":"\xed\xa0\x80"}',
        "half a surrogate": b'{"user":"\\ud800"}',
        "a raw control": b'{"user":"a\nb"}',
        "an escaped NUL": b'{"user":"a\\u0000b"}',
        "a NUL in a name": b'{"us\\u0000er":"a"}',
        "a raw NUL": b'{"user":"a\0b"}',
        "a raw NUL behind it": b'{"user":"a"}\0',
        "a BOM": b'\xef\xbb\xbf{"user":"a"}',
        "UTF-16": '{"user":"a"}'.encode("utf-16"),
        "a bad escape": b'{"user":"\\x41"}',
        "an unknown member": b'{"usr":"a"}',
        "an empty member": b'{"":"a"}',
        "a form": b"user=a",
        "20,000 members": b"{" + b",".join(b'"%d":0' % n for n in range(5000)) + b"}",
    }.items():
        answer = api.post("/v1/credentials", body)
        ok(is_refused(answer, 400), f"a body of {what}: 400", answer)
        if b"user" in body or b"ttl" in body:
            quotes = [each for each in (b"99999", b"0x10", b"usr\\\"") if each in answer.body]
            ok(not quotes, "and is not quoted", answer)
    answer = api.post("/v1/credentials", b'{"user":"' + b"\\u00e9" * 10 + b'"}')
    ok(answer.status == 201 and answer["username"].endswith("é" * 10), "escapes are read", answer)
    for what, body in {
        "no form": b"%zz&=&&;;%",
        "a NUL": b"service=turn&username=a%00b",
        "invalid UTF-8": b"service=turn&username=%ff%fe",
        "much": b"&".join(b"a%d=%d" % (n, n) for n in range(5000)),
        "JSON": b'{"service":"turn"}',
        "a raw NUL": b"service=turn\0&username=x",
    }.items():
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = api.post("/turn", body, headers=form)
        ok(
            is_refused(answer, 400) or (what in ("a NUL", "a raw NUL") and answer.status == 200),
            f"a form of {what}: 400",
            answer,
        )


def head_of(method="POST", path="/v1/credentials", **headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {api.key}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def statuses(data, seconds=PATIENCE):
    """The statuses of what comes back for bytes until the server closes; None when it does not."""
    with tcp_socket() as sock:
        heard = speak(sock, data, seconds)
    if heard is None:
        return None
    return [status for status, _, _ in read_answers(heard)] if heard[:5] == b"HTTP/" else []


def is_bad(data, description, closes=True):
    """Whether bytes get a 4xx or 501 at most, and the connection ends in time."""
    found = statuses(data)
    ok(
        found is not None and all(400 <= each < 500 or each == 501 for each in found),
        description,
        found,
        data[:80],
    )


def framing():
    """Requests that are none, or whose length is in doubt"""
    is_bad(head_of(Content_Length="-1", Connection="close") + b"{}", "Content-Length: -1")
    is_bad(head_of(Content_Length="x", Connection="close") + b"{}", "Content-Length: x")
    is_bad(head_of(Content_Length="1e3", Connection="close") + b"{}", "Content-Length: 1e3")
    is_bad(head_of(Content_Length=str(1 << 63)), "Content-Length: 2 to the 63rd")
    is_bad(head_of(Content_Length=str((1 << 64) + 2)), "Content-Length: 2 to the 64th and 2")
    is_bad(head_of(Content_Length=str(1 << 40)), "Content-Length: a terabyte: refused at once")
    is_bad(
        head_of(Content_Length=str(10 << 20)) + b"x" * (10 << 20),
        "a body of 10 MB",
    )
    chunked = {"Transfer_Encoding": "chunked", "Content_Type": "application/json"}
    closing = {**chunked, "Connection": "close"}
    good = b"".join(b"%x\r\n%s\r\n" % (1, bytes([byte])) for byte in b'{"user":"a"}') + b"0\r\n\r\n"
    found = statuses(head_of(**closing) + good)
    ok(found == [201], "a body in chunks of one byte", found)
    is_bad(head_of(**closing) + b"zz\r\n{}\r\n0\r\n\r\n", "a chunk of length zz")
    is_bad(head_of(**closing) + b"-5\r\n{}\r\n0\r\n\r\n", "a chunk of length -5")
    is_bad(head_of(**closing) + b"ffffffffffffffff\r\n{}", "a chunk of 2 to the 64th")
    is_bad(head_of(**closing) + b"fffffff\r\n" + b"x" * 300000, "a chunk of 256 MB")
    endless = b"".join(b"4000\r\n" + b"x" * 0x4000 + b"\r\n" for _ in range(64))
    is_bad(head_of(**closing) + endless, "chunks without end")
    is_bad(
        head_of("GET", "/v1/status", X="y" * 20000),
        "a header of 20,000 bytes",
    )
    is_bad(
        head_of("GET", "/v1/status", **{f"X{n}": "y" for n in range(3000)}),
        "3,000 headers",
    )
    is_bad(b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "a path of 100,000 bytes")
    is_bad(b"GET /" + b"a" * 100000, "a line without end")
    is_bad(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "a header without a colon")
    is_bad(b"GET / HTTP/1.1\r\n: x\r\n\r\n", "a header without a name")
    is_bad(b"GET / HTTP/9.9\r\nConnection: close\r\n\r\n", "HTTP/9.9")
    is_bad(b"GET / FTP/1.1\r\n\r\n", "FTP/1.1")
    is_bad(b"GET /\r\n\r\n", "HTTP/0.9")
    is_bad(b"GET\r\n\r\n", "a method alone")
    is_bad(b"\r\n\r\n\r\n\r\n", "empty lines")
    is_bad(b"\0" * 1000 + b"\r\n\r\n", "NULs")
    is_bad(os.urandom(3000) + b"\r\n\r\n", "random bytes")
    is_bad(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500), "a ClientHello")
    is_bad(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the preface of HTTP/2")
    is_bad(b"GET http://[bad/ HTTP/1.1\r\nConnection: close\r\n\r\n", "a URI that is none")
    is_bad(b"GET / HTTP/1.1\r\nHost: x\0y\r\nConnection: close\r\n\r\n", "a NUL in a header")
    for method in ("BREW", "get", "PROPFIND", "TRACE", "CONNECT", "PUT", "M-SEARCH", "X" * 300):
        is_bad(head_of(method, "/v1/status", Connection="close"), f"method {method[:10]}")
    # A request may not be smuggled behind another.
    inner = b"DELETE /v1/users/victim HTTP/1.1\r\nHost: x\r\n\r\n"
    both = head_of(Content_Length=str(len(inner)), **chunked) + b"0\r\n\r\n" + inner
    found = statuses(both)
    ok(
        found is not None and len(found) <= 2,
        "Content-Length and chunks at once: one meaning, and no hang",
        found,
    )
    two = head_of(Content_Length="2").replace(b"\r\n\r\n", b"\r\nContent-Length: 50\r\n\r\n")
    found = statuses(two + b"{}")
    ok(
        found is not None and len(found) <= 1,
        "two lengths at once: no hang",
        found,
    )


def patience():
    """Who is slow, or says nothing, is shown out, and nobody waits for him"""
    begun = time.monotonic()
    silent = tcp_socket()
    half = tcp_socket()
    half.sendall(b"GET /v1/sta")
    short = tcp_socket()
    short.sendall(head_of(Content_Length="100", Content_Type="application/json") + b"{")
    answer = api.get("/v1/status")
    ok(answer.status == 200, "beside them everything goes on", answer)
    body = b'{"user":"slow"}'
    with tcp_socket() as slow:
        slow.sendall(
            head_of(
                Content_Length=str(len(body)), Content_Type="application/json", Connection="close"
            )
        )
        for byte in body:
            time.sleep(1)
            slow.sendall(bytes([byte]))
        heard = speak(slow, b"")
    ok(
        heard is not None and b" 201 " in heard.split(b"\r\n")[0],
        "a body that comes a byte a second is read while it comes",
        heard,
    )
    for what, sock in {
        "says nothing": silent,
        "stops in its line": half,
        "stops in its body": short,
    }.items():
        left = max(begun + 3 * PATIENCE - time.monotonic(), 1)
        heard = speak(sock, b"", left)
        ok(heard is not None and b" 2" not in heard[:12], f"who {what} is shown out", heard)
        sock.close()


def crowd():
    """200 idle connections beside a working one"""
    idle = [tcp_socket() for _ in range(200)]
    answers = [api.get("/v1/status").status for _ in range(20)]
    ok(answers == [200] * 20, "200 idle connections: answered as ever", answers)
    for sock in idle:
        sock.close()
    results = []

    def hammer():
        for number in range(25):
            results.append(api.post("/v1/credentials", {"user": f"u{number}"}).status)

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ok(results == [201] * 200, "200 requests by eight at a time", sorted(set(results)))


def reset():
    """Who goes in the middle"""
    linger = b"\1\0\0\0\0\0\0\0"
    for data in (
        b"",
        b"POST /v1/cred",
        head_of(Content_Length="20") + b"{",
        head_of(Content_Length="2", Content_Type="application/json") + b"{}",
        head_of("GET", "/v1/users") * 50,
        head_of("GET", "/metrics") * 50,
    ):
        for _ in range(10):
            with tcp_socket() as sock:
                sock.sendall(data)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    ok(api.get("/v1/status").status == 200, "resets in any state do no harm")


# ---- where it may have got out of its place


def is_logfmt(line):
    return line.startswith(b"time=") and b" level=" in line and b" msg=" in line


def is_json_record(line):
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return isinstance(record, dict) and {"time", "level", "msg"} <= set(record)


def log():
    """One record, one line"""
    is_record = is_logfmt if os.environ["FORMAT"] == "logfmt" else is_json_record
    text = log_text()
    odd = [line for line in text.splitlines(keepends=True) if not is_record(line.rstrip(b"\n"))]
    odd += [line for line in text.split(b"\n")[:-1] if not is_record(line)]
    ok(not odd, f"every line of the log is a record, as {os.environ['FORMAT']}", *odd[:5])
    bad = sorted({byte for byte in text if byte < 32 and byte != 10 or byte == 127})
    ok(not bad, "without control characters", bad)
    forged = [line for line in text.split(b"\n") if line.startswith(b"level=error msg=forged")]
    ok(not forged and b"managed" in text, "and nothing is forged", forged)


def metrics():
    """/metrics is what Prometheus reads"""
    text = api.get("/metrics").body
    ok(b"forged" not in text, "no name of a client is in it")
    try:
        done = subprocess.run(
            ["promtool", "check", "metrics"],
            input=text,
            capture_output=True,
            timeout=30,
            check=False,
        )
    except FileNotFoundError:
        skip("promtool finds no fault", "promtool is not installed")
        return
    ok(
        done.returncode == 0 and not done.stderr.strip(),
        "promtool finds no fault",
        done.stdout,
        done.stderr,
    )


def database():
    """The database holds what was meant to be in it"""
    with contextlib.closing(sqlite3.connect(f"file:{os.environ['STORE']}?mode=ro", uri=True)) as db:
        whole = db.execute("PRAGMA integrity_check").fetchone()
        tables = db.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        values = db.execute("SELECT kind, realm, name, value FROM item").fetchall()
    ok(whole == ("ok",), "it is whole", whole)
    ok({("item",), ("usage",)} <= set(tables), "its tables are there", tables)
    odd = []
    for kind, realm, name, value in values:
        try:
            if not isinstance(json.loads(value), dict):
                raise ValueError
        except ValueError:
            odd.append((kind, realm, name, value))
    ok(values and not odd, "each value is an object of JSON", *odd[:5])
    realms = {realm for _, realm, _, _ in values}
    ok(realms <= {"", b"", "north.gov", b"north.gov"}, "in realms that there are", realms)


def alive():
    """The server is there, and every answer was as it must be"""
    os.kill(server_pid(), 0)
    answer = api.get("/v1/status")
    ok(answer.status == 200, "it serves", answer)
    ok(
        not api.faults,
        "every answer was no-store and every error a problem",
        *sorted(set(map(str, api.faults)))[:20],
    )


def main():
    global api
    api = by_tcp(by_control().new_key("admin").key)
    if sys.argv[1:] == ["names"]:
        run(names, too_long, log, metrics, alive)
        return
    run(
        *(names, owners, too_long, labels, types, bodies),
        *(framing, patience, crowd, reset, log, metrics, database, alive),
    )


if __name__ == "__main__":
    main()
