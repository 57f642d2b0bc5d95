# SPDX-License-Identifier: MIT
"""redis_foreign.py — the client's side of redis_foreign.sh."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time

from livetest import CLIENT4, EchoPeer, eventually, note, ok, run
from nodes import PARK_WAIT, REALM, REDIS4, WORK, WORLD, Node, Redis, Session
from nodes import eventually_in, login

peer = EchoPeer(CLIENT4)
redis = Redis()
node = None
signed = None


def key(kind, realm=REALM):
    return f"turnpike:{{{realm}}}:{kind}"


def begin():
    """the node starts"""
    global node, signed  # pylint: disable=global-statement
    redis.start()
    node = Node("a", f"redis://{REDIS4}:6379/0", 'usage-interval = "10s"').start()
    node.want("POST", "/v1/users", {"name": "good", "password": "apple"})
    signed = node.issue(user="signer")[1:]
    ok(login(node, "good", "apple")[0] == 0, "a user of the store is served")


def stored(name, password="apple", **more):
    md5 = hashlib.md5(f"{name}:{REALM}:{password}".encode()).hexdigest()
    return {**json.loads(redis.call("HGET", key("user"), "good")), "name": name, "md5": md5, **more}


def rubbish_users():
    """rubbish as a user"""
    cases = {
        "no JSON": "not json",
        "nothing": "",
        "a list": "[]",
        "an empty object": "{}",
        "a number": "17",
        "bytes that are no UTF-8": b"\xff\xfe{\x00}",
        "no end": '{"name":"x"',
        "a deep one": "[" * 5000 + "]" * 5000,
        "a large one": json.dumps({"name": "x" * 100000}),
        "a short key": json.dumps(stored("x", md5="abcd")),
        "a key of another kind": json.dumps(stored("x", md5=["00" * 16])),
        "peers that are none": json.dumps(stored("x", peers=["everything"])),
        "a negative number": json.dumps(stored("x", allocations=-1)),
    }
    wrong = []
    for i, (what, value) in enumerate(cases.items()):
        name = f"rubbish{i}"
        if isinstance(value, str):
            value = value.replace('"x"', f'"{name}"')
        redis.call("HSET", key("user"), name, value)
        code, seconds = login(node, name, "apple")
        if code not in (401, 500) or seconds > PARK_WAIT:
            wrong.append((what, code, seconds))
        status, answer = node.http("GET", f"/v1/users/{name}")
        if status < 400 or "detail" not in answer:
            wrong.append((what, status, answer))
    ok(not wrong, f"{len(cases)} kinds of rubbish as a user: none is let in", *wrong)
    redis.call("HSET", key("user"), "thief", json.dumps(stored("good")))
    ok(login(node, "thief", "apple")[0] in (401, 500), "nor one with the value of another")
    users = node.want("GET", "/v1/users?limit=1000")["users"]
    ok([u["name"] for u in users].count("good") >= 1, "the list has the others", users)
    ok(login(node, "good", "apple")[0] == 0, "who is good is served on")
    redis.call("HSET", key("user"), "rubbish0", json.dumps(stored("rubbish0")))
    took = eventually_in(node, "rubbish0", "apple", 15)
    note(f"mended, she is served after {took} s")
    ok(took is not None, "mended, a user is served")
    node.want("DELETE", "/v1/users/thief")
    ok(login(node, "good", "apple")[0] == 0, "removed, the thief takes nobody with her")
    node.want("DELETE", "/v1/users/rubbish1")
    status, _ = node.http("POST", "/v1/users", {"name": "rubbish1", "password": "pear"})
    ok(status == 201 and eventually_in(node, "rubbish1", "pear", 5) is not None,
       "or removed and added again", status)  # fmt: skip


def reconnect():
    """Have the node read everything again."""
    logs = len(node.text())
    redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    eventually(lambda: "msg=store_ready" in node.text()[logs:], 4)
    return node.text()[logs:]


def wrong_kinds():
    """keys of another kind"""
    for kind in "user", "userhash", "secret", "revocation", "notice", "session:a":
        one_kind(kind, key(kind))
    for kind in "key", "node", "usage", "notice", "epoch":
        one_kind(f"{{*}}:{kind}", key(kind, "*"))


def one_kind(kind, name):
    """Another kind of thing stands at one key of turnpike's."""
    kept = redis.call("TYPE", name)
    if kept != "none":
        redis.call("RENAME", name, "kept")
    redis.call(*(("SET", name, "foreign") if kept != "string" else ("RPUSH", name, "foreign")))
    logs = len(node.text())
    reconnect()
    codes = [login(node, *user)[0] for user in (("alice", "wonderland"), signed)]
    session = Session(node, peer, "alice", "wonderland")
    lives = session.lives()
    session.client.refresh(0)
    session.close()
    details = []
    for method, path, body in (
        ("POST", "/v1/users", {"name": f"new{time.time()}", "password": "x"}),
        ("GET", "/v1/sessions", None),
        ("GET", "/v1/usage", None),
        ("GET", "/v1/keys", None),
        ("POST", "/v1/revocations", {"user": "who"}),
        ("POST", "/v1/credentials", {"kind": "random"}),
        ("GET", "/v1/status", None),
    ):
        status, answer = node.http(method, path, body)
        if status >= 500:
            details.append(answer.get("detail", ""))
    ok(codes == [0, 0] and lives, f"another kind of thing at {kind}: static and signed users are "
       "served", codes, lives)  # fmt: skip
    time.sleep(2.2)  # a sign of life
    said = node.text()[logs:] + " ".join(details)
    ok(name in said, f"another kind of thing at {kind}: log or answer names the key", details,
       said[-600:])  # fmt: skip
    still = redis.call("TYPE", name)
    foreign = "string" if kept != "string" else "list"
    ok(still == foreign, f"another kind of thing at {kind}: it is left as it is", still)
    redis.call("DEL", name)
    if kept != "none":
        redis.call("RENAME", "kept", name)
    reconnect()
    took = eventually_in(node, "good", "apple", 6)
    ok(took is not None and eventually(node.store_is_up, 5),
       f"another kind of thing at {kind}: removed, all is well", took)  # fmt: skip


def quota_kind():
    """a quota's key of another kind"""
    user, password = node.issue(user="quoted", allocations=3)[1:]
    ident = user.split(".")[3]
    name = key(f"quota:credential/{ident}")
    redis.call("SET", name, "foreign")
    code = login(node, user, password)[0]
    ok(code == 0, "another kind of thing as a quota's key: the node counts alone", code)
    redis.call("DEL", name)
    redis.call("HSET", name, "other", "rubbish")
    code = login(node, user, password)[0]
    ok(code == 0, "rubbish in it: likewise", code)
    redis.call("DEL", name)


def node_ends():
    """the node ends"""
    ok(login(node, "good", "apple")[0] == 0, "behind all this a user of the store is served")
    node.end(signal.SIGTERM)
    ok(not node.faults, "the node ended cleanly", *node.faults)
    redis.stop()


# ---- coturn's own


# turnadmin leaves a log in one of these for each of its runs.
ASIDE = "mount -t tmpfs none /var/log && mount -t tmpfs none /var/tmp && exec"


def beside_redis(*words):
    """What a tool says that is run where Redis is, on the same machine."""
    there = ["ip", "netns", "exec", f"{WORLD}-redis", "sh", "-c", f'{ASIDE} "$@"', "sh"]
    done = subprocess.run(
        [*there, *words], capture_output=True, text=True, timeout=30, check=False, cwd=WORK
    )
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.stdout[-300:]} {done.stderr[-300:]}")
    return done.stdout + done.stderr


def turnadmin(database, *words):
    """The database is a Redis, or the path of an SQLite file."""
    where = ["-b", database]
    if isinstance(database, Redis):
        where = ["-N", f"ip=127.0.0.1 dbname=0 port={database.port} connect_timeout=5"]
    beside_redis("turnadmin", *where, *words)


def uclient(*words):
    """Whether turnutils_uclient gets all of its packets back."""
    done = subprocess.run(
        ["turnutils_uclient", "-e", CLIENT4, "-r", str(peer.address[1]), "-X", "-c", "-n", "5",
         "-m", "1", "-l", "170", "-L", CLIENT4, *words, "10.77.0.11"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    counts = re.findall(r"tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)", done.stdout)
    sent, received = map(int, counts[-1]) if counts else (0, 0)
    good = done.returncode == 0 and sent > 0 and sent == received
    return good, (done.stdout + done.stderr)[-600:]


def writes(old):
    """What was written since CONFIG RESETSTAT, but for what the test itself asked."""
    used = re.findall(r"cmdstat_([^:]+):", old.call("INFO", "commandstats"))
    flags = {c: old.call("COMMAND", "INFO", c.partition("|")[0])[0] for c in used}
    return [c for c, info in flags.items() if info and "write" in info[2]]


def contents(old):
    return old.call("DEBUG", "DIGEST"), old.call("DBSIZE"), sorted(old.call("KEYS", "*"))


def coturn():
    """coturn's own database"""
    old = Redis("coturn", options=("--enable-debug-command", "local"))
    old.start()
    turnadmin(old, "-a", "-u", "old", "-r", REALM, "-p", "oldpassword")
    turnadmin(old, "-a", "-u", "other", "-r", "elsewhere.org", "-p", "oldpassword")
    turnadmin(old, "-s", "oldsecret", "-r", REALM)
    note(f"turnadmin wrote {sorted(old.call('KEYS', '*'))}")
    old.call("CONFIG", "RESETSTAT")
    before = contents(old)
    channels = 'relay { channels = "rfc5766" }'  # turnutils_uclient draws them up to 0x7FFF
    server = Node("a", f"coturn+redis://{REDIS4}:6379/0", channels).start()

    good, why = uclient("-u", "old", "-w", "oldpassword")
    ok(good, "coturn's database: turnutils_uclient relays as an old user", why)
    good, why = uclient("-u", "jane", "-W", "oldsecret")
    ok(good, "coturn's database: and with the old secret", why)
    ok(login(server, "old", "other")[0] == 401, "coturn's database: not with another password")
    code = login(server, "other", "oldpassword")[0]
    ok(code == 401, "coturn's database: no user of another realm", code)
    ok(login(server, "nobody", "oldpassword")[0] == 401, "coturn's database: nor nobody")
    status, answer = server.http("POST", "/v1/users", {"name": "new", "password": "x"})
    ok(status in (403, 405, 409, 500, 501, 503) and answer.get("detail"),
       "coturn's database: adding a user is refused with a reason", status, answer)  # fmt: skip
    server.http("POST", "/v1/secrets", {})
    server.http("POST", "/v1/keys", {"role": "issue"})
    server.http("POST", "/v1/revocations", {"user": "old"})
    server.http("POST", "/v1/credentials", {"kind": "random"})
    server.http("DELETE", "/v1/users/old")
    session = Session(server, peer, "old", "oldpassword")
    ok(session.lives(), "coturn's database: which takes nothing from the old users")
    time.sleep(3)  # signs of life, were there any
    written = writes(old)
    ok(not written and contents(old) == before, "coturn's database: nothing is written to it",
       written, before, contents(old))  # fmt: skip

    turnadmin(old, "-a", "-u", "late", "-r", REALM, "-p", "latepassword")
    took = eventually_in(server, "late", "latepassword", 10)
    ok(took is not None, "coturn's database: a user that turnadmin adds is served", took)
    old.call("SET", f"turn/realm/{REALM}/user/broken/key", "rubbish")
    code = login(server, "broken", "x")[0]
    ok(code in (401, 500), "coturn's database: a broken key lets nobody in", code)
    old.stop(saves=True)
    eventually(lambda: not server.store_is_up(), 5)
    ok(login(server, "old", "oldpassword")[0] == 0 and session.lives(),
       "coturn's database: without it old users are served on")  # fmt: skip
    good, why = uclient("-u", "jane", "-W", "oldsecret")
    ok(good, "coturn's database: and the old secret too", why)
    session.client.refresh(0)
    session.close()
    old.start()
    ok(eventually(server.store_is_up, 5), "coturn's database: it is found when it is back")
    server.end(signal.SIGTERM)
    ok(not server.faults, "the node ended cleanly", *server.faults)
    old.stop()


OLD_SECRET = "secret-of-former-days"  # turnpike takes none of under 16 bytes


def taken_over(what, store, *source):
    """A database of coturn that turnpikectl imports into a store; then coturn is not needed."""
    channels = 'relay { channels = "rfc5766" }'
    server = Node("a", store, channels).start()
    code = login(server, "old", "oldpassword")[0]
    ok(code == 401, f"{what}: a user is not known before", code)
    said = beside_redis(os.environ["TURNPIKECTL"], "--socket", server.socket, "import", *source)
    note(said.splitlines()[-1])
    for name in what, f"{what}, started again":
        good, why = uclient("-u", "old", "-w", "oldpassword")
        ok(good, f"{name}: turnutils_uclient relays as an old user", why, said)
        good, why = uclient("-u", "jane", "-W", OLD_SECRET)
        ok(good, f"{name}: and with the old secret", why, said)
        code = login(server, "old", "other")[0]
        ok(code == 401, f"{name}: not with another password", code)
        server.end(signal.SIGTERM)
        if name == what:
            server.start()
    ok(not server.faults, f"{what}: the node ended cleanly", *server.faults)


def successors():
    """turnpike in the place of a coturn"""
    old = Redis("left")
    old.start()
    file = WORK / "turndb"
    for database in old, file:
        turnadmin(database, "-a", "-u", "old", "-r", REALM, "-p", "oldpassword")
        turnadmin(database, "-s", OLD_SECRET, "-r", REALM)
    conf = WORK / "turnserver.conf"
    conf.write_text(f"realm={REALM}\nlt-cred-mech\nuser=old:oldpassword\n"
                    f"static-auth-secret={OLD_SECRET}\n", encoding="utf-8")  # fmt: skip
    connection = f"ip=127.0.0.1 dbname=0 port={old.port}"
    taken_over("Redis into SQLite", f"sqlite:{WORK}/taken.db", "coturn-redis", connection)
    taken_over("SQLite into Redis", f"redis://{REDIS4}:{old.port}/1", "coturn-sqlite", file)
    taken_over("turnserver.conf into SQLite", f"sqlite:{WORK}/conf.db", "coturn-conf", conf)
    old.stop()


run(begin, rubbish_users, wrong_kinds, quota_kind, node_ends, coturn, successors)
