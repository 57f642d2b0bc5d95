# SPDX-License-Identifier: MIT
"""store_redis: the stores of turnpike that speak to Redis, with real ones. See store_redis.sh."""

import contextlib
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from livetest import note, ok, run

DRIVER, SCRATCH = sys.argv[1:3]
ODD = b'a\0b"c\'d\r\ne%s %n{x}:y\xff\\'
REALM = "north.example"
PATIENCE = 10


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Redis:
    """One redis-server, or a Sentinel; killed at the end of the with block."""

    def __init__(self, *options, port=None, password=None, user=None, sentinel=None):
        self.port = port or free_port()
        self.auth = [a for a in (user, password) if a]
        self.folder = os.path.join(SCRATCH, f"redis-{self.port}-{random.getrandbits(32):x}")
        os.makedirs(self.folder)
        self.options = list(options)
        self.sentinel = sentinel
        self.process = None
        self.bus = None
        self.start()

    def start(self):
        if self.sentinel:
            name = os.path.join(self.folder, "sentinel.conf")
            with open(name, "w", encoding="ascii") as file:
                file.write(f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\n{self.sentinel}")
            command = ["redis-sentinel", name]
        else:
            command = [
                "redis-server",
                *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder),
                *("--save", "", "--appendonly", "no", "--loglevel", "warning", *self.options),
            ]
        # It lives as long as the with block: see __exit__.
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        raise RuntimeError("redis-server does not start")

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, prefix="", suffix=""):
        return f"redis://{prefix}127.0.0.1:{self.port}{suffix}"

    def __call__(self, *words):
        """The answer to one command; an error is raised."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as sock:
            stream = sock.makefile("rwb")
            if self.auth:
                speak(stream, "AUTH", *self.auth)
            return speak(stream, *words)


def speak(stream, *words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    stream.write(b"*%d\r\n" % len(words))
    for word in words:
        stream.write(b"$%d\r\n%s\r\n" % (len(word), word))
    stream.flush()
    return hear(stream)


def hear(stream):
    line = stream.readline()[:-2]
    kind, rest = line[:1], line[1:]
    if kind == b"-":
        raise RuntimeError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$" and int(rest) >= 0:
        return stream.read(int(rest) + 2)[:-2]
    if kind == b"*" and int(rest) >= 0:
        return [hear(stream) for _ in range(int(rest))]
    return rest if kind == b"+" else None


def hexed(text):
    text = text if isinstance(text, bytes) else str(text).encode()
    return text.hex() or "-"


def unhexed(text):
    return b"" if text == "-" else bytes.fromhex(text)


class Answer:
    """What became of one request."""

    def __init__(self, words):
        self.result = words[0]
        self.why = unhexed(words[1]).decode()
        self.granted = int(words[2])
        self.cursor = unhexed(words[3]).decode()
        found = [w.split(":") for w in words[4:]]
        self.found = {unhexed(k): unhexed(v) for _, k, v in found}
        self.heard = time.monotonic()

    def __repr__(self):
        return f"{self.result} {self.why!r} {self.granted} {self.found}"


class State:
    """A coming or going that was told of."""

    def __init__(self, words):
        self.up, self.lost = words[0] == "1", words[1] == "1"
        self.why = unhexed(words[2]).decode()
        self.heard = time.monotonic()

    def __repr__(self):
        return f"{'up' if self.up else 'down'} {'lost' if self.lost else ''} {self.why!r}"


class Store:
    """The driver with a store in it."""

    def __init__(self, url, node="n1", password=None):
        command = [DRIVER, url, node] + ([password] if password else [])
        # It lives as long as the with block: see __exit__.
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.states, self.notices = queue.Queue(), queue.Queue()
        self.answers, self.arrived = {}, threading.Condition()
        self.told = []
        self.other = []
        self.is_refused = False  # as it is meant to be
        self.number = 0
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            words = line.rstrip("\n").split(" ")
            if words[0] == "state":
                self.told.append(State(words[2:]))
                self.states.put(self.told[-1])
            elif words[0] == "notice":
                self.notices.put(
                    (unhexed(words[2]), words[3], unhexed(words[4]), unhexed(words[5]))
                )
            elif words[0] == "answer":
                with self.arrived:
                    self.answers[words[2]] = Answer(words[3:])
                    self.arrived.notify_all()
            else:
                self.other.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.say("close")
            self.process.stdin.close()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.thread.join(5)
        if status != self.is_refused:
            ok(False, f"the driver ends with status 0, and not {status}")

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def send(self, verb, *words):
        self.number += 1
        self.say(verb, self.number, *words)
        return str(self.number)

    def wait(self, number, seconds=PATIENCE):
        with self.arrived:
            if not self.arrived.wait_for(lambda: number in self.answers, seconds):
                raise RuntimeError(f"no answer to request {number}")
            return self.answers.pop(number)

    def ask(self, verb, *words, seconds=PATIENCE):
        return self.wait(self.send(verb, *words), seconds)

    def get(self, table, key, realm=REALM, **more):
        return self.ask("get", hexed(realm), table, hexed(key), **more)

    def write(self, *items, realm=REALM, **more):
        return self.ask("write", hexed(realm), *map(spell, items), **more)

    def list(self, table, cursor="", limit=0, realm=REALM, of=()):
        return self.ask("list", hexed(realm), table, hexed(cursor), limit, *map(hexed, of))

    def lease(self, account, used, want, limit, seconds=60, realm=REALM):
        return self.ask("lease", hexed(realm), hexed(account), used, want, limit, seconds)

    def follow(self, *realms):
        self.say("follow", *map(hexed, realms))

    def until(self, up, seconds=PATIENCE, why=None):
        """Wait until it comes or goes, for this reason; what is told of before is passed over."""
        end = time.monotonic() + seconds
        while True:
            state = self.states.get(timeout=max(0.01, end - time.monotonic()))
            if state.up == up and (why is None or why in state.why):
                return state

    def notice(self, seconds=PATIENCE):
        return self.notices.get(timeout=seconds)

    def no_state(self, seconds):
        with contextlib.suppress(queue.Empty):
            return self.states.get(timeout=seconds)
        return None


def spell(item):
    table, key, value, expires, is_new = (*item, *(0, 0)[len(item) - 3 :])
    return f"{table}:{hexed(key)}:{hexed(value)}:{expires}:{int(is_new)}"


@contextlib.contextmanager
def pair(*options, node="n1"):
    """A Redis and a store that is up and follows the realm."""
    with Redis(*options) as redis, Store(redis.url(), node) as store:
        store.follow(REALM)
        store.until(True)
        time.sleep(0.1)
        yield redis, store


def key(*names, realm=REALM):
    return "turnpike:{" + realm + "}:" + ":".join(names)


# ---------------------------------------------------------------- what it does


def verbs():
    """get, write, list"""
    with pair() as (redis, store):
        answer = store.write(("user", "alice", '{"a":1}', 0, 1), ("userhash", "00ff", "{}"))
        ok(answer.result == "ok", "items are written", answer)
        ok(store.get("user", "alice").found == {b"alice": b'{"a":1}'}, "and read")
        ok(store.get("user", "nobody").result == "none", "what is not there is none")
        answer = store.write(("user", "bob", "{}", 0, 1), ("user", "alice", "{}", 0, 1))
        ok(
            answer.result == "taken" and store.get("user", "bob").result == "none",
            "an item that was to be new is taken, and nothing is written",
            answer,
        )
        in_a_minute = int(time.time()) + 60
        credential = ("credential", "id1", "{}", in_a_minute, 1)
        first, second = store.write(credential), store.write(credential)
        ok(
            (first.result, second.result) == ("ok", "taken")
            and 58000 < redis("PTTL", key("credential", "id1")) <= 60000
            and store.get("credential", "id1").found == {b"id1": b"{}"},
            "a credential ends by itself, and is new once",
            first,
            second,
        )
        store.write(("credential", "id1", ""), ("user", "alice", ""))
        ok(
            store.get("credential", "id1").result == store.get("user", "alice").result == "none",
            "an empty value removes",
        )
        many = {f"u{i:04}".encode(): b"x" * 100 for i in range(1000)}
        for at in range(0, 1000, 100):
            store.write(*[("user", k, v) for k, v in list(many.items())[at : at + 100]])
        found, cursor, pages = {}, "", 0
        while pages == 0 or cursor:
            page = store.list("user", cursor, 50)
            found.update(page.found)
            cursor, pages = page.cursor, pages + 1
        ok(found == many and 5 < pages < 60, "a long list comes in pages", pages, len(found))
        ok(store.list("secret").found == {}, "a list of nothing is empty")
        redis("SCRIPT", "FLUSH")
        ok(store.write(("user", "eve", "{}")).result == "ok", "a forgotten script is told anew")


def usage():
    """append, read"""
    with pair() as (redis, store):
        events = [b'{"n":%d}' % i for i in range(7)]
        store.ask("append", *map(hexed, events))
        first = store.ask("read", "-", 3)
        rest = store.ask("read", hexed(first.cursor), 100)
        nothing = store.ask("read", hexed(rest.cursor), 100)
        got = list(first.found.values()) + list(rest.found.values())
        ok(
            got == events and nothing.found == {} and nothing.cursor == rest.cursor,
            "usage is appended, and read on from a cursor",
            got,
        )
        ok(redis("TYPE", key("usage", realm="*")) == b"stream", "it lies in the realm of none")
        odd = store.ask("read", hexed("what"), 3)
        ok(odd.result == "refused" and "cursor" in odd.why, "a cursor that is none is refused", odd)


def beats():
    """beat, sessions"""
    with pair() as (redis, store):
        store.write(("session", "s1", "{}"), ("session", "s2", "{}"))
        hash_key = key("session", "n1")
        ttl = redis("PTTL", hash_key)
        redis("PEXPIRE", hash_key, 5000)
        beat = store.ask("beat", hexed('{"up":1}'))
        ok(
            beat.result == "ok" and 55000 < ttl <= 60000 < 5000 + redis("PTTL", hash_key) + 1000,
            "sessions outlive their node's last beat by a minute",
            beat,
            ttl,
        )
        ok(
            redis("HGET", key("node", realm="*"), "n1") == b'{"up":1}'
            and redis("PTTL", key("node", realm="*")) > 86000000,
            "nodes are kept for a day",
        )
        with Store(redis.url(), "n2") as other:
            other.until(True)
            ok(
                set(other.list("session", of=["n1"]).found) == {b"s1", b"s2"}
                and other.list("session").found == {},
                "sessions of another node can be listed",
            )
        store.write(("session", "s1", ""), ("session", "s2", ""))
        ok(redis("EXISTS", hash_key) == 0, "removed sessions leave nothing behind")


def bytes_of_all_kinds():
    """Odd names and realms come back as they were"""
    with pair() as (redis, store):
        realm = "odd {x}:y %41\u00e4*"
        long = bytes(random.Random(1).randrange(256) for _ in range(508))
        store.follow(REALM, realm, "*")
        store.until(True)
        for name in (ODD, long, b"%s%n%%", b"\r\n$5\r\n", b"*", "\u00e4{".encode()):
            store.write(("user", name, name), realm=realm)
            store.write(("credential", name, name, int(time.time()) + 100), realm=realm)
        found = store.list("user", realm=realm).found
        alone = store.get("credential", ODD, realm=realm)
        ok(
            len(found) == 6
            and all(k == v for k, v in found.items())
            and alone.found == {ODD: ODD}
            and store.lease(ODD, 1, 1, 5, realm=realm).granted == 1,
            "names of any bytes survive",
            found,
            alone,
        )
        heard = [store.notice()[2:] for _ in range(12)]
        ok(all(k == v for k, v in heard) and (ODD, ODD) in heard, "in notices as well")
        store.write(("user", "of star", "{}"), realm="*")
        store.write(("user", "of none", "{}"), realm="")
        tags = {k.split(b"}")[0] for k in redis("KEYS", "turnpike:*")}
        ok(
            tags
            == {
                b"turnpike:{*",
                b"turnpike:{%2A",
                b"turnpike:{odd%20%7Bx%7D:y%20%2541\xc3\xa4*",
            },
            "a realm is one hash tag, whatever its name",
            tags,
        )


def notices():
    """Notices of one's own writes and of others'"""
    with pair() as (redis, store), Store(redis.url(), "n2") as other:
        other.until(True)
        store.write(("user", "alice", "{}"), ("userhash", "00", "{}"), ("session", "s", "{}"))
        mine = store.notice()
        ok(mine == (REALM.encode(), "user", b"alice", b"{}"), "one's own writes are told", mine)
        other.write(("secret", "k1", '{"secret":"x"}'), ("secret", "k0", ""))
        heard = [store.notice(), store.notice()]
        ok(
            heard == [(REALM.encode(), "secret", b"k1", b'{"secret":"x"}'),
                      (REALM.encode(), "secret", b"k0", b"")],
            "those of others too, and removals",
            heard,
        )
        other.write(("kick", "0123", "{}"))
        kick = store.notice()
        ok(
            kick == (REALM.encode(), "kick", b"0123", b"{}") and not redis("KEYS", "*kick*"),
            "a kick is told and not kept",
            kick,
        )
        other.write(("key", "id", "{}"), realm="")
        ok(store.notice()[:2] == (b"", "key"), "the realm of none is always followed")
        ok(other.notice()[:2] == (b"", "key") and other.notices.empty(), "and others when wished")
        began = time.monotonic()
        other.follow(REALM, "south.example")
        other.until(True)
        late = time.monotonic() - began
        store.write(("user", "carol", "{}"), realm="south.example")
        told = other.notice()
        ok(told[0] == b"south.example", f"a realm more is followed after {late:.1f} s", told)
        redis("XADD", key("notice"), "*", "what", "else")
        redis("XADD", key("notice"), "*", "table", "nothing", "key", "k", "value", "v")
        store.write(("user", "dave", "{}"))
        ok(store.notice()[2] == b"dave", "notices of others' kinds are passed over")


def leases():
    """Leases of racing nodes"""
    with pair() as (redis, store), Store(redis.url(), "n2") as other:
        other.until(True)
        most, pending = 0, []
        held = {"n1": 0, "n2": 0}
        dice = random.Random(2)
        for _ in range(50):
            for node in (store, other):
                want = dice.randrange(12)
                pending.append((node, node.send(
                    "lease", hexed(REALM), hexed("user/a"), 0, want, 10, 60)))
        for node, number in pending:
            answer = node.wait(number)
            held["n1" if node is store else "n2"] = answer.granted
            most = max(most, answer.granted)
        grants = redis("HVALS", key("quota", "user/a"))
        total = sum(int(g.split(b":")[0]) for g in grants)
        ok(total == sum(held.values()) <= 10 and most <= 10,
           "100 racing leases never exceed the limit", grants, held)
        store.lease("user/b", 0, 8, 10, 1)
        before = other.lease("user/b", 0, 8, 10)
        used = other.lease("user/b", 5, 8, 10)
        time.sleep(1.1)
        after = other.lease("user/b", 0, 8, 10, 2)
        ok((before.granted, used.granted, after.granted) == (2, 5, 8),
           "what is used is granted in any case; a lapsed share comes back",
           before, used, after)
        ok(0 < redis("PTTL", key("quota", "user/b")) <= 2000, "the key ends with the last lease")
        other.lease("user/b", 0, 0, 10)
        ok(redis("EXISTS", key("quota", "user/b")) == 0, "all given back: nothing is left")
        redis("HSET", key("quota", "user/c"), "n9", "what")
        odd = store.lease("user/c", 0, 1, 1)
        ok(odd.result == "refused" and key("quota", "user/c") in odd.why,
           "a damaged lease is refused and named", odd)


# ---------------------------------------------------------------- what it says


def goes_down(url, why, description, password=None):
    with Store(url, password=password) as store:
        first = store.until(False)
        more = store.no_state(2.5)
        ok(why in first.why and more is None, description, first, more)
        ok("hush" not in repr(store.told) and "hush" not in "".join(store.other),
           f"... once in {2.5} s, and without the password", store.told)


def refusals():
    """Wrong passwords, users and databases"""
    with Redis("--requirepass", "hush", password="hush") as redis:
        redis("ACL", "SETUSER", "weak", "on", ">hush", "~turnpike:*", "+@all", "-script")
        goes_down(redis.url(), "store-password", "no password")
        goes_down(redis.url(":hush2@"), "WRONGPASS", "a wrong password")
        goes_down(redis.url("who:hush@"), "WRONGPASS", "a wrong user")
        goes_down(redis.url("weak:hush@"), "+script|load", "a command that an ACL forbids")
        goes_down(redis.url(":hush@", "/99"), "no database", "a wrong database")
        with Store(redis.url("", "/3"), password="hush") as store:
            state = store.until(True)
            store.write(("user", "a", "{}"))
            with socket.create_connection(("127.0.0.1", redis.port)) as sock:
                stream = sock.makefile("rwb")
                speak(stream, "AUTH", "hush")
                speak(stream, "SELECT", "3")
                ok(state.up and speak(stream, "HEXISTS", key("user"), "a") == 1,
                   "a password from elsewhere, and a database of its own")
                names = speak(stream, "CLIENT", "LIST")
                ok(names.count(b"name=turnpike-n1") == 2, "connections have a name", names)
        with Store(redis.url(":hush@"), password="hush") as store:
            store.thread.join(5)
            ok("one in store-password" in store.other[0], "two passwords are refused", store.other)
            store.is_refused = True
    with Redis() as redis:
        goes_down(redis.url(":hush@"), "Redis has no password", "a password where there is none")


def foreign_keys():
    """Keys of others"""
    with pair() as (redis, store):
        redis("SET", key("user"), "mine")
        redis("HSET", key("credential", "id"), "a", "b")
        answers = [
            store.get("user", "a"),
            store.list("user"),
            store.write(("secret", "s", "{}"), ("user", "a", "{}")),
        ]
        ok(all(a.result == "refused" and key("user") in a.why for a in answers)
           and store.get("secret", "s").result == "none",
           "a key of another kind is named, and nothing is written", *answers)
        odd = store.get("credential", "id")
        ok(odd.result == "refused" and key("credential", "id") in odd.why,
           "the key of a credential too", odd)
        ok(store.no_state(0.5) is None, "the connection stays")
        redis("DEL", key("notice"))
        redis("SET", key("notice"), "mine")
        odd = store.write(("secret", "s", "{}"))
        ok(odd.result == "refused" and key("notice") in odd.why
           and store.get("secret", "s").result == "none", "so is the stream of notices", odd)


def other_redises():
    """Replicas, clusters, Sentinels"""
    with Redis() as primary, Redis("--replicaof", f"127.0.0.1 {primary.port}") as replica:
        goes_down(replica.url(), "READONLY", "a replica")
    with clustered() as one, clustered() as two:
        goes_down(one.url(), "CLUSTERDOWN", "a cluster that has no slots yet")
        slot = one("CLUSTER", "KEYSLOT", "{*}")
        one("CLUSTER", "MEET", "127.0.0.1", two.port, two.bus)
        one("CLUSTER", "ADDSLOTSRANGE", 0, slot - 1, slot + 1, 16383)
        two("CLUSTER", "ADDSLOTS", slot)
        for _ in range(100):
            if b"cluster_state:ok" in one("CLUSTER", "INFO"):
                break
            time.sleep(0.1)
        goes_down(one.url(), "MOVED", "a cluster whose keys are elsewhere")


def clustered():
    bus = free_port()
    redis = Redis("--cluster-enabled", "yes", "--cluster-port", str(bus))
    redis.bus = bus
    return redis


def loading():
    """A Redis that still loads"""
    with Redis() as redis:
        stream = socket.create_connection(("127.0.0.1", redis.port)).makefile("rwb")
        for i in range(3000):
            speak(stream, "SET", f"filler{i}", "x" * 100)
        speak(stream, "SAVE")
        redis.end()
        redis.options += ["--key-load-delay", "1000"]
        redis.options += ["--loading-process-events-interval-bytes", "1024"]
        redis.start()
        with Store(redis.url()) as store:
            down = store.until(False)
            up = store.until(True, 20)
            ok("LOADING" in down.why, f"LOADING, and up after {up.heard - down.heard:.1f} s", down)


# ---------------------------------------------------------------- when it is gone


def asks_for_ever(store, stop, results):
    while not stop.is_set():
        began = time.monotonic()
        answer = store.get("user", "alice", seconds=20)
        results.append((began, answer.heard - began, answer))
        time.sleep(0.01)


@contextlib.contextmanager
def under_load(store):
    stop, results = threading.Event(), []
    thread = threading.Thread(target=asks_for_ever, args=(store, stop, results))
    thread.start()
    try:
        yield results
    finally:
        stop.set()
        thread.join()


def stopped():
    """A Redis that ends and comes back"""
    with pair() as (redis, store):
        for how, name in ((signal.SIGTERM, "stopped"), (signal.SIGKILL, "killed")):
            store.write(("user", "alice", "{}"))
            with under_load(store) as results:
                began = time.monotonic()
                redis.end(how)
                down = store.until(False)
                time.sleep(2)
                back = time.monotonic()
                redis.start()
                up = store.until(True)
            ok(down.heard - began < 1, f"{name}: told after {down.heard - began:.3f} s", down)
            away = [r for r in results if down.heard < r[0] < back]
            slowest = max(r[1] for r in away)
            ok(all(r[2].result == "down" for r in away) and slowest < 0.2,
               f"{name}: {len(away)} requests are answered at once, the last after "
               f"{slowest * 1000:.0f} ms", *away[:3])
            ok(up.heard - back < 1, f"{name}: up {up.heard - back:.3f} s after its return", up)
            ok(up.lost, f"{name}: it came back empty, and that is told", up)


def kept():
    """A Redis that comes back with its data"""
    with pair("--appendonly", "yes") as (redis, store):
        store.write(("user", "alice", "{}"))
        redis.end(signal.SIGTERM)
        store.until(False)
        redis.start()
        up = store.until(True)
        ok(not up.lost and store.get("user", "alice").result == "ok",
           "restarted with its data: nothing is lost", up)


def frozen():
    """A Redis that is frozen"""
    with pair() as (redis, store):
        store.write(("user", "alice", "{}"))
        began = time.monotonic()
        redis.process.send_signal(signal.SIGSTOP)
        down = store.until(False)
        late = store.get("user", "alice")
        time.sleep(max(0, began + 5 - time.monotonic()))
        back = time.monotonic()
        redis.process.send_signal(signal.SIGCONT)
        up = store.until(True)
        ok(down.heard - began < 3, f"frozen: told after {down.heard - began:.3f} s", down)
        ok(late.result == "down", "frozen: requests are answered", late)
        ok(up.heard - back < 1.2 and not up.lost,
           f"frozen: up {up.heard - back:.3f} s after its return", up)
        redis.process.send_signal(signal.SIGSTOP)
        with under_load(store) as results:
            store.until(False)
        worst = max(r[1] for r in results)
        ok(worst < 2.5, f"frozen under load: the first waits for {worst:.3f} s", results[:2])
        redis.process.send_signal(signal.SIGCONT)


class Proxy:
    """Passes answers on, late."""

    def __init__(self, port):
        self.to, self.delay, self.lives = port, 0, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                late = queue.Queue()
                for target, args in (
                    (self.pump, (client, server)),
                    (self.collect, (server, late)),
                    (self.deliver, (late, client)),
                ):
                    threading.Thread(target=target, args=args, daemon=True).start()

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def collect(self, source, late):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                late.put((time.monotonic() + self.delay, data))
        late.put((0, b""))

    @staticmethod
    def deliver(late, sink):
        with contextlib.suppress(OSError):
            while True:
                due, data = late.get()
                time.sleep(max(0, due - time.monotonic()))
                sink.sendall(data)
                if not data:
                    sink.close()
                    return


def slow():
    """A Redis that is slow"""
    with Redis() as redis:
        proxy = Proxy(redis.port)
        with Store(f"redis://127.0.0.1:{proxy.port}") as store:
            store.until(True)
            proxy.delay = 1
            items = [spell(("user", f"u{i}", "{}")) for i in range(100)]
            numbers = [store.send("write", hexed(REALM), item) for item in items]
            began = time.monotonic()
            answers = [store.wait(n) for n in numbers]
            took = time.monotonic() - began
            ok(all(a.result == "ok" for a in answers) and store.no_state(3) is None,
               f"answers a second late: 100 requests succeed in {took:.2f} s",
               answers[0])
            proxy.delay = 3
            late = store.get("user", "u1")
            ok(late.result == "down", "answers three seconds late: down", late)
            proxy.delay = 0
            store.until(True)
        proxy.listener.close()


def sentinel():
    """A primary that is replaced"""
    hush = ("--requirepass", "hush", "--masterauth", "hush")
    with Redis(*hush, password="hush") as first, Redis(
        *hush, "--replicaof", f"127.0.0.1 {first.port}", password="hush"
    ) as second:
        watch = (
            f"sentinel monitor main 127.0.0.1 {first.port} 1\nsentinel auth-pass main hush\n"
            "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n"
        )
        with Redis(sentinel=watch) as watcher:
            dead = free_port()
            url = f"redis+sentinel://127.0.0.1:{dead},127.0.0.1:{watcher.port}/main"
            with Store(url, password="hush") as store:
                store.until(True)
                store.follow(REALM)
                store.write(("user", "alice", "{}"))
                for _ in range(100):
                    replicas = watcher("SENTINEL", "replicas", "main")
                    if second("EXISTS", key("user")) and replicas:
                        break
                    time.sleep(0.1)
                began = time.monotonic()
                first.end()
                down = store.until(False)
                up = store.until(True, 40)
                answer = store.write(("user", "bob", "{}"))
                ok(answer.result == "ok" and not up.lost
                   and store.get("user", "alice").result == "ok"
                   and second("HEXISTS", key("user"), "bob") == 1,
                   f"failover: down after {down.heard - began:.2f} s, up with the other after "
                   f"{up.heard - began:.2f} s", answer, up)
            goes_down(f"redis+sentinel://127.0.0.1:{watcher.port}/other", "no primary named other",
                      "a name that the Sentinel does not know")
            goes_down(watcher.url(), "redis+sentinel", "a Sentinel where a Redis belongs")


def demoted():
    """A primary that becomes a replica"""
    with pair() as (redis, store), Redis() as other:
        store.write(("user", "alice", "{}"))
        began = time.monotonic()
        redis("REPLICAOF", "127.0.0.1", other.port)
        down = store.until(False)
        replica = store.until(False, why="READONLY")
        ok(
            down.heard - began < 1 and store.get("user", "alice").result == "down",
            f"demoted: told after {down.heard - began:.3f} s",
            down,
            replica,
        )
        for _ in range(200):
            if not redis("EXISTS", key("user")):
                break
            time.sleep(0.1)
        redis("REPLICAOF", "NO", "ONE")
        ok(store.until(True).lost, "promoted: up, and what the other did not have is lost")


def ways():
    """Unix sockets and names of hosts"""
    path = os.path.join(SCRATCH, "r.sock")
    with Redis("--unixsocket", path) as redis:
        with Store(f"redis+unix://{path}?db=2") as store:
            ok(store.until(True).up and store.write(("user", "a", "{}")).result == "ok",
               "a Unix socket")
        with Store(f"redis://localhost:{redis.port}") as store:
            ok(store.until(True).up, "a host by its name")
        goes_down("redis://no.such.host.invalid", "name", "a host that there is not")
        with Store("rediss://localhost") as store:
            store.thread.join(5)
            store.is_refused = "refused" in store.other[0]
            ok(not store.is_refused or "TLS" in store.other[0],
               "TLS is spoken, or refused in words", store.other)


def coturn():
    """The Redis of a coturn"""
    with Redis() as redis, Redis("--replicaof", f"127.0.0.1 {redis.port}"):
        md5 = "0123456789abcdef0123456789abcdef"
        redis("SET", f"turn/realm/{REALM}/user/alice/key", md5)
        redis("SET", f"turn/realm/{REALM}/user/bob/key", "nothing")
        redis("SADD", f"turn/realm/{REALM}/secret", "one", 'tw"o')
        with Store("coturn+" + redis.url()) as store:
            store.follow(REALM)
            store.until(True)
            alice = store.get("user", "alice").found[b"alice"]
            ok(alice == b'{"name":"alice","md5":"%s"}' % md5.encode(), "coturn: users", alice)
            bob = store.get("user", "bob")
            ok(bob.result == "refused" and "bob" in bob.why, "coturn: odd keys are named", bob)
            ok(store.get("user", ODD).result == store.get("key", "x").result == "none",
               "coturn: none is none")
            secrets = store.list("secret").found
            ok(set(secrets.values()) == {b'{"secret":"one"}', b'{"secret":"tw\\"o"}'},
               "coturn: secrets", secrets)
            answers = [store.write(("user", "a", "{}")), store.ask("append", hexed("{}"))]
            ok(all(a.result == "refused" and "only read" in a.why for a in answers)
               and store.ask("beat", hexed("{}")).result == "ok"
               and store.lease("a", 1, 4, 2).granted == 4, "coturn: nothing is written", answers)
            began = time.monotonic()
            redis("SREM", f"turn/realm/{REALM}/secret", "one")
            store.until(True)
            ok(len(store.list("secret").found) == 1,
               f"coturn: a secret that is gone is noticed after {time.monotonic() - began:.1f} s")
            ok(store.no_state(6) is None, "coturn: and told once")


def main():
    began = time.monotonic()
    run(verbs, usage, beats, bytes_of_all_kinds, notices, leases, refusals, foreign_keys,
        other_redises, loading, stopped, kept, frozen, slow, sentinel, demoted, ways, coturn)
    note(f"all of it took {time.monotonic() - began:.0f} s")


main()
