# SPDX-License-Identifier: MIT
"""cluster.py — the client's side of cluster.sh."""

import base64
import functools
import hashlib
import hmac
import signal
import sys
import threading
import time

from livetest import CLIENT4, EchoPeer, eventually, note, ok, run
from nodes import Node, Redis, Session, cut, eventually_in, login, mend, milliseconds, note_log

ROUNDS = 5
CUT_SECONDS = float(sys.argv[1])
SHORT_CUTS = (1.2, 1.6, 2.0, 2.4, 2.8, 3.2, 3.6, 4.0, 4.4)  # ends at other moments of an attempt
PROMPT = 1.0  # what takes effect on another node does so within this

peer = EchoPeer(CLIENT4)
redis = Redis()
a = b = None


def begin():
    """the nodes start"""
    global a, b  # pylint: disable=global-statement
    redis.start()
    a = Node("a", "redis://10.77.0.5:6379/0", 'usage-interval = "10s"').start()
    b = Node("b", "redis://10.77.0.5:6379/0", 'usage-interval = "10s"').start()
    seen = eventually(
        lambda: {n["name"] for n in a.want("GET", "/v1/status")["nodes"]} == {"a", "b"}, 10
    )
    ok(seen, "each node knows of the other")


def issued():
    """credentials of A at B"""
    for kind in "signed", "random":
        _, user, password = a.issue(user="carol", kind=kind)
        with_session = Session(b, peer, user, password)
        relays = with_session.code == 0 and with_session.lives()
        ok(relays, f"a {kind} credential that A issued relays at B", with_session.code)
        with_session.close()
    _, user, _ = a.issue(user="carol")
    ok(login(b, user, "wrong")[0] == 401, "with another password it does not")
    _, user, password = a.issue(user="carol", tenant="acme", allocations=1)
    first, second = Session(a, peer, user, password), Session(b, peer, user, password)
    ok(
        (first.code, second.code) == (0, 486),
        "a credential for one allocation at a time: one over both nodes",
        first.code,
        second.code,
    )
    first.close()


def users():
    """users of A at B"""
    status, answer = a.http("POST", "/v1/users", {"name": "dora", "password": "explorer"})
    ok(status == 201, "a user is added at A", status, answer)
    ok(login(b, "dora", "explorer")[0] == 0, "and logs in at B")
    ok(login(b, "dora", "map")[0] == 401, "with her password only")
    ok(login(b, "nobody", "explorer")[0] == 401, "who is nobody does not")
    a.want("POST", "/v1/users", {"name": "nobody", "password": "explorer"})
    took = eventually_in(b, "nobody", "explorer", 5)
    ok(took is not None and took < PROMPT, "added, she is served at B at once", took)
    a.want("PATCH", "/v1/users/dora", {"password": "swiper"})
    took = eventually_in(b, "dora", "swiper", 5)
    ok(took is not None and took < PROMPT, "a new password holds at B at once", took)
    ok(login(b, "dora", "explorer")[0] == 401, "and the old one no more")
    status, _ = b.http("POST", "/v1/users", {"name": "dora", "password": "twice"})
    ok(status == 409, "added again at B she is refused", status)


def ends_at_b(description, user, password, order):
    """A live session at B ends by what is ordered at A: how long that takes."""
    session = Session(b, peer, user, password)
    if session.code != 0 or not session.lives():
        raise AssertionError(f"{description}: no session at B, {session.code}")
    began = []

    def give_order():
        time.sleep(0.1)
        began.append(time.monotonic())
        order()

    thread = threading.Thread(target=give_order)
    thread.start()
    since = session.silent_since(6)
    thread.join()
    session.close()
    return None if since is None else max(since - began[0], 0.0)


def prompt(description, times):
    note(f"{description}: {milliseconds(times)}")
    in_time = all(t is not None and t < PROMPT for t in times)
    ok(in_time, f"{description}: within a second", milliseconds(times))


def revoke(**what):
    a.want("POST", "/v1/revocations", what)


def revocations():
    """revoked at A"""
    by_id, by_user, by_tenant, random, removed = [], [], [], [], []
    for i in range(ROUNDS):
        ident, user, password = a.issue(user=f"eve{i}")
        by_id.append(ends_at_b("id", user, password, lambda i=ident: revoke(credential=i)))
        if i == 0:
            ok(login(b, user, password)[0] == 401, "a revoked credential is refused at B")
        _, user, password = a.issue(user=f"fay{i}")
        by_user.append(ends_at_b("user", user, password, lambda i=i: revoke(user=f"fay{i}")))
        if i == 0:
            _, user, password = a.issue(user="fay0")
            ok(login(b, user, password)[0] == 0, "one issued after the revocation is good")
        _, user, password = a.issue(user=f"gus{i}", tenant=f"corp{i}")
        by_tenant.append(
            ends_at_b("tenant", user, password, lambda i=i: revoke(tenant=f"corp{i}"))
        )
        ident, user, password = a.issue(user=f"hal{i}", kind="random")
        random.append(
            ends_at_b(
                "random", user, password, lambda i=ident: a.want("DELETE", f"/v1/credentials/{i}")
            )
        )
        a.want("POST", "/v1/users", {"name": f"ivy{i}", "password": "poison"})
        removed.append(
            ends_at_b(
                "removed", f"ivy{i}", "poison", lambda i=i: a.want("DELETE", f"/v1/users/ivy{i}")
            )
        )
    prompt("revoked at A by id, the session at B ends", by_id)
    prompt("revoked at A by user, the session at B ends", by_user)
    prompt("revoked at A by tenant, the session at B ends", by_tenant)
    prompt("a random one taken back at A, the session at B ends", random)
    prompt("a user removed at A, the session at B ends", removed)
    ok(login(b, "ivy0", "poison")[0] == 401, "a removed user is refused at B")


def rest(secret, user="jane"):
    """A time-limited name and its password."""
    name = f"{int(time.time()) + 3600}:{user}"
    digest = hmac.digest(secret.encode(), name.encode(), hashlib.sha1)
    return name, base64.b64encode(digest).decode()


def secrets():
    """secrets"""
    old = {s["id"] for s in a.want("GET", "/v1/secrets")["secrets"]}
    made = a.want("POST", "/v1/secrets", {"secret": "a-secret-of-our-own-for-both"})
    user, password = rest("a-secret-of-our-own-for-both")
    took = eventually_in(b, user, password, 5)
    ok(took is not None and took < PROMPT, "a secret added at A signs names for B at once", took)
    _, signed, word = a.issue(user="kim")
    ok(login(b, signed, word)[0] == 0, "and credentials issued with it are good at B")
    session = Session(b, peer, user, password)
    a.want("DELETE", f"/v1/secrets/{made['id']}?after=2")
    time.sleep(0.5)
    ok(login(b, user, password)[0] == 0, "retired by A in 2 s, it is taken at B until then")
    took = eventually_in(b, user, password, 6, wanted=401)
    ok(took is not None and took < 4, "and refused behind that", took)
    session.close()
    made = a.want("POST", "/v1/secrets", {"secret": "another-secret-of-our-own"})
    user, password = rest("another-secret-of-our-own")
    eventually_in(b, user, password, 5)
    a.want("DELETE", f"/v1/secrets/{made['id']}")
    took = eventually_in(b, user, password, 6, wanted=401)
    ok(took is not None and took < PROMPT, "retired by A at once, it is refused at B at once", took)
    same = eventually(
        lambda: {s["id"] for s in b.want("GET", "/v1/secrets")["secrets"]} >= old, 3
    )
    ok(same, "the others stay")


def keys():
    """API keys"""
    made = a.want("POST", "/v1/keys", {"role": "issue", "label": "app"})
    status = eventually(lambda: b.curl(made["key"], "POST", "/v1/credentials", {}) == 201, 3)
    ok(status, "an API key made at A issues at B")
    ok(b.curl(made["key"], "GET", "/v1/users") == 403, "and has no more than its role there")
    a.want("DELETE", f"/v1/keys/{made['id']}")
    gone = eventually(lambda: b.curl(made["key"], "POST", "/v1/credentials", {}) == 401, 3)
    ok(gone, "removed at A, it is refused at B")


def sessions():
    """sessions of B at A"""
    _, user, password = a.issue(user="leo", tenant="zoo")
    session = Session(b, peer, user, password)
    found = eventually(lambda: a.sessions(user="leo"), 5)
    right = (
        len(found) == 1
        and found[0]["node"] == "b"
        and found[0]["tenant"] == "zoo"
        and found[0]["client"].startswith("10.77.0.2:")
    )
    ok(right, "a session of B is listed at A", found)
    ok(a.sessions(user="nobody") == [], "and not among those of another user")
    own = [s["id"] for s in b.sessions(user="leo")]
    ok(own == [s["id"] for s in found], "by the id it has at B", own)
    times = []
    for i in range(3):
        session = session if i == 0 else Session(b, peer, user, password)
        found = eventually(lambda: a.sessions(user="leo"), 5)
        began = []

        def kick(found=found, began=began):
            time.sleep(0.1)
            began.append(time.monotonic())
            began.append(a.http("DELETE", f"/v1/sessions/{found[0]['id']}")[0])

        thread = threading.Thread(target=kick)
        thread.start()
        since = session.silent_since(5)
        thread.join()
        session.close()
        times.append(None if since is None else max(since - began[0], 0.0))
        gone = eventually(lambda: not a.sessions(user="leo"), 5)
    ok(began[1] == 202, "kicked at A: B is told", began)
    prompt("kicked at A, the session at B ends", times)
    ok(gone, "and is listed at A no more")


def one_cut(seconds, order, user, password):
    """B is cut off, A gives an order, the cut ends: whether a session of B lived on meanwhile,
    and how long it takes to end then."""
    session = Session(b, peer, user, password)
    began = time.monotonic()
    cut("b")
    time.sleep(0.1)
    order()
    time.sleep(seconds - 0.5 - (time.monotonic() - began))
    lived = session.lives()
    time.sleep(max(seconds - (time.monotonic() - began), 0))
    mend("b")
    back = time.monotonic()
    since = session.silent_since(10)
    session.close()
    eventually(b.store_is_up, 5)
    return lived, None if since is None else max(since - back, 0.0)


def cuts():
    """B was cut off"""
    ident, user, password = a.issue(user="mia")
    time.sleep(1)
    added = len(b.text())
    lived, took = one_cut(CUT_SECONDS, lambda: revoke(credential=ident), user, password)
    ok(lived, f"a session of B relays on while B is cut off from Redis for {CUT_SECONDS:.0f} s")
    prompt("revoked meanwhile, it ends when B is back", [took])
    lost = [line for line in note_log(b, added) if "msg=store_lost" in line]
    right = 1 <= len(lost) <= 3 and len({line.partition("msg=")[2] for line in lost}) == len(lost)
    ok(right, "B has logged that it lost Redis, and not every attempt", *lost)
    ok(login(b, user, password)[0] == 401, "and is refused from then on")
    times = []
    for i, seconds in enumerate(SHORT_CUTS):
        ident, user, password = a.issue(user=f"nat{i}")
        what = {"credential": ident} if i % 2 else {"user": f"nat{i}"}
        times.append(one_cut(seconds, functools.partial(revoke, **what), user, password)[1])
    note(f"cuts of {SHORT_CUTS} s")
    prompt("the same after shorter cuts", times)


def whole():
    """the nodes end"""
    for node in a, b:
        node.end(signal.SIGTERM)
    ok(not a.faults + b.faults, "both nodes ended cleanly", *a.faults, *b.faults)
    redis.stop()


run(begin, issued, users, revocations, secrets, keys, sessions, cuts, whole)
