# SPDX-License-Identifier: MIT
"""The Python half of secrets_hidden.sh: use every kind of secret over every interface, rightly and
wrongly, and look for each of them where none may be."""

import base64
import glob
import hashlib
import hmac
import json
import os
import sys
import time

from apiclient import by_control, by_tls, quoted, read_answers, speak
from livetest import SERVER4, ok, run, server_pid
from stunclient import SHA256, Client

HTTPS = ("10.77.0.1", 8443)
WORK = os.environ["WORK"]
with open(f"{WORK}/given.json", encoding="ascii") as given:
    GIVEN = json.load(given)  # those of the configuration, by what they are

hidden = dict(GIVEN)  # every secret there is, by what it is
kept = []  # those that the database has to hold
shown = []  # bodies that may hold no secret at all

control = by_control()


def note_answer(answer):
    """An answer that has no reason to hold any secret."""
    shown.append(answer.body)
    return answer


def client_of(name, password, **options):
    return Client(SERVER4, name, password, **options)


def use(name, password):
    """Over the relay, rightly and wrongly; never as a name: those are told to the log."""
    for word in (password, password + "x", password[:-1]):
        for algorithm in (None, SHA256):
            with client_of(name, word, algorithm=algorithm) as client:
                if client.allocate().error == 0:
                    client.refresh(0)


def time_limited(secret):
    name = f"{int(time.time()) + 600}:tom"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(digest).decode()


def spoil(api, secret):
    """A secret in places that are wrong for it, over HTTP."""
    text = json.dumps(secret)
    for body in (
        f'{{"password": {text}',
        f'{{"password" {text}}}',
        f'{{"password": {text}, "password": {text}}}',
        f'{{"password": {text}}} {text}',
        f'{{"name": {text}, "password": [{text}]}}',
        f'{{"secret": [{text}]}}',
        f'{{"secret": {{"a": {text}}}}}',
        f'{{"name": "x", "md5": [{text}]}}',
        f'{{"role": {text}}}',
        f'{{"realm": {text}}}',
        f'{{"tenant": [{text}]}}',
        f'{{"client": {text}}}',
        f'{{"peers": [{text}]}}',
        f'{{"ttl": {text}, "kind": {text}}}',
        f"[{text}]",
        text,
        secret,
        f'{{"a": "\\x{secret}"}}',
        f'{{"a": "\xff{secret}"}}',
    ):
        for path in ("/v1/users", "/v1/secrets", "/v1/credentials", "/v1/keys"):
            answer = api.post(path, body.encode("latin-1"))
            assert answer.status >= 400, (path, body, answer)
            note_answer(answer)
        note_answer(api.patch("/v1/users/ursula", body.encode("latin-1")))
    note_answer(api.post("/turn", form={"service": secret, "key": secret}))
    note_answer(api.get(f"/turn?service=turn&key={quoted(secret)}&ttl={quoted(secret)}"))
    note_answer(api.get(f"/v1/users?limit={quoted(secret)}"))
    note_answer(api.get(f"/v1/users?realm={quoted(secret)}"))
    note_answer(api.get(f"/v1/usage?after={quoted(secret)}"))
    note_answer(api.get(f"/v1/sessions?cursor={quoted(secret)}"))
    for header in (
        f"Bearer {secret}",
        f"Basic {secret}",
        "Basic " + base64.b64encode(f"x:{secret}".encode()).decode(),
        f"Digest {secret}",
        secret,
    ):
        for path in ("/v1/status", "/turn?service=turn"):
            note_answer(api.get(path, headers={"Authorization": header}))
    lines = (
        f"GET /v1/status HTTP/1.1\r\nAuthorization {secret}\r\n\r\n",
        f"{secret} /v1/status HTTP/1.1\r\n\r\n",
        f"GET /turn?key={secret} HTTP/7.7\r\n\r\n",
        f"POST /turn HTTP/1.1\r\nContent-Length: {secret}\r\n\r\n{secret}",
    )
    for line in lines:
        sock = api.make()
        heard = speak(sock, line.encode())
        sock.close()
        shown.extend(body for _, _, body in read_answers(heard or b""))


def gather():
    """Every kind of secret is made and used"""
    use("alice", GIVEN["password"])
    use("bob", GIVEN["password in a file"])
    for each in ("secret", "secret in a file"):
        use(*time_limited(GIVEN[each]))
    admin = control.new_key("admin", label="of the test")
    hidden["key"] = admin.key
    hidden["key, the half that opens"] = admin.key.rpartition("_")[2]
    hidden["key of another role"] = control.new_key("issue").key
    api = by_tls(HTTPS, os.environ["AUTHORITY"], os.environ["NAME"], admin.key)
    for which, way in (("HTTPS", api), ("the control socket", control)):
        password = hidden[f"password over {which}"] = f"over-{len(hidden)}-Pq7vZ3sD"
        name = f"user-{len(hidden)}"
        note_answer(way.post("/v1/users", {"name": name, "password": password}))
        use(name, password)
        password = hidden[f"new password over {which}"] = f"new-{len(hidden)}-Xw9bN4kJ"
        note_answer(way.patch(f"/v1/users/{name}", {"password": password}))
        use(name, password)
        again = note_answer(way.post("/v1/users", {"name": name, "password": password}))
        assert again.status == 409, again
        given = hidden[f"secret over {which}"] = f"given-{len(hidden)}-Hm2cL8tRpQ"
        note_answer(way.post("/v1/secrets", {"secret": given}))
        note_answer(way.post("/v1/secrets", {"secret": given}))
        use(*time_limited(given))
        made = way.post("/v1/secrets")
        hidden[f"secret made over {which}"] = made["secret"]
        kept.extend([given, made["secret"]])
        for kind in ("signed", "random"):
            issued = way.post("/v1/credentials", {"kind": kind, "user": "ann"})
            hidden[f"{kind} credential over {which}"] = issued["password"]
            use(issued["username"], issued["password"])
            note_answer(way.delete(f"/v1/credentials/{issued['id']}"))
            use(issued["username"], issued["password"])
    rest = api.with_key(None).get(f"/turn?service=turn&username=ann&key={quoted(admin.key)}")
    hidden["credential of /turn"] = rest["password"]
    use(rest["username"], rest["password"])
    note_answer(api.post("/v1/users", {"name": "ursula", "md5": hidden_md5()}))
    hidden["MD5 key"] = hidden_md5()
    kept.append(hidden_md5())
    for secret in list(hidden.values()):
        for way in (api, api.with_key(None), control):
            # Its own key is right where it is: then nothing is spoilt.
            if secret != admin.key:
                spoil_at(way, secret)
    for path in (
        *("/v1/users?limit=1000", "/v1/users/ursula", "/v1/secrets", "/v1/keys", "/v1/sessions"),
        *("/v1/status", "/v1/usage?limit=1000", "/metrics", "/readyz", "/v1/revocations"),
    ):
        for way in (api, control):
            answer = note_answer(way.get(path))
            assert answer.status == 200, answer
    ok(len(shown) > 1000, f"{len(hidden)} secrets are used, {len(shown)} answers kept")


def spoil_at(way, secret):
    if way.key is None and way is not control:
        answer = way.post("/v1/users", {"name": "x", "password": secret})
        assert answer.status == 401, answer
        note_answer(answer)
        note_answer(way.get("/v1/status", headers={"Authorization": f"Bearer {secret}x"}))
        return
    spoil(way, secret)


def hidden_md5():
    return hashlib.md5(b"ursula:north.gov:hidden").hexdigest()


def is_clean(where, data, but=()):
    """Whether none of the secrets, nor base64 or hex of one, is in some bytes."""
    found = []
    for what, secret in hidden.items():
        if secret in but:
            continue
        plain = secret.encode()
        shapes = (plain, plain.hex().encode(), base64.b64encode(plain)[: len(plain)])
        if any(shape in data for shape in shapes):
            found.append(what)
    return ok(not found, f"{where}: none of them", *found)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def search():
    """None of them is anywhere else"""
    log = read(os.environ["SERVER_LOG"])
    lines = [line for line in log.split(b"\n") if b"msg=managed" in line]
    ok(len(lines) > 100, f"the log has {len(lines)} records of the interface, at level debug")
    is_clean("the log and stderr", log)
    is_clean("answers of HTTP that have no reason to hold one", b"\n".join(shown))
    for name in ("check.out", "redis.out", "broken.out"):
        is_clean(f"--check, {name}", read(f"{WORK}/{name}"))
    pid = server_pid()
    is_clean("cmdline", read(f"/proc/{pid}/cmdline"))
    is_clean("environ", read(f"/proc/{pid}/environ"))
    for name in glob.glob(f"{WORK}/state/turnpike.db*"):
        is_clean(f"the database, {os.path.basename(name)}", read(name), kept)


def undumpable():
    """The process leaves no core, and no other process of its user may look into it"""
    pid = server_pid()
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        uid = [line.split()[1] for line in status if line.startswith("Uid:")][0]
    owners = {os.stat(f"/proc/{pid}/{each}").st_uid for each in ("environ", "maps", "mem")}
    ok(
        uid != "0" and owners == {0},
        "is not dumpable: what /proc has of it belongs to root, it runs as nobody",
        uid,
        owners,
    )


if __name__ == "__main__":
    run(gather, search, undumpable)
    sys.exit(0)
