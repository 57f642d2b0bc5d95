# SPDX-License-Identifier: MIT
"""cluster_quota.py — the client's side of cluster_quota.sh."""

import collections
import random
import signal
import threading
import time

from livetest import CLIENT4, EchoPeer, eventually, note, ok, run, udp_socket
from nodes import REALM, Node, Redis, Session, allocate, login
from stunclient import Client

USER_LIMIT, TENANT_LIMIT = 10, 6
RACERS = 200
PREFIXES = 40  # only 8 requests of one may wait at once
LEASE = 15
REGISTRY_TTL = 60
LIMITS = f"""
usage-interval = "10s"
limits {{
  allocations-per-user = "{USER_LIMIT}"
  allocations-per-tenant = "{TENANT_LIMIT}"
}}
"""

redis = Redis()
peer = EchoPeer(CLIENT4)
nodes = {}


def begin():
    """the nodes start"""
    redis.start()
    for name in "a", "b":
        nodes[name] = Node(name, "redis://10.77.0.5:6379/0", LIMITS).start()
    a = nodes["a"]
    seen = eventually(lambda: len(a.want("GET", "/v1/status")["nodes"]) == 2, 10)
    ok(seen, "each node knows of the other")


class Race:
    """Clients of many sources that all want an allocation, each at its node, until told to stop.
    Who is told that there is none tries again after a moment."""

    def __init__(self, credential, racers, at=("a", "b"), churn=0.0):
        self.lock = threading.Lock()
        self.live = self.most = 0
        self.codes = collections.Counter()
        self.stops = threading.Event()
        self.holding = []
        self.churn = churn  # how long an allocation is kept at most; 0: until the end
        self.threads = [
            threading.Thread(
                target=self.race, args=(credential(i), nodes[at[i % len(at)]], i), daemon=True
            )
            for i in range(racers)
        ]
        for thread in self.threads:
            thread.start()

    def count(self, change):
        with self.lock:
            self.live += change
            self.most = max(self.most, self.live)

    def race(self, credential, node, number):
        source = udp_socket(f"10.80.{number % PREFIXES + 1}.2")
        client = Client(node.address, *credential, sock=source, patience=6)
        while not self.stops.is_set():
            code = allocate(client)
            with self.lock:
                self.codes[code] += 1
            if code == 0:
                self.count(1)
                if not self.churn:
                    with self.lock:
                        self.holding.append((node.name, client))
                    return
                time.sleep(self.churn * random.random())
                self.count(-1)
                client.refresh(0)
            time.sleep(0.2 + 0.4 * random.random())
        client.close()

    def end(self, releases=True):
        self.stops.set()
        for thread in self.threads:
            thread.join()
        for _, client in self.holding if releases else ():
            client.refresh(0)
            client.close()

    def held(self, node):
        with self.lock:
            return sum(1 for name, _ in self.holding if name == node)


def both():
    """Live allocations of both nodes; while none ends, never more than there are."""
    return nodes["a"].live() + nodes["b"].live()


def watched(race, seconds, limit, full_for=2.0):
    """The most that both nodes had during the race, which goes on until it has been full for a
    while, or time is over."""
    most, full_since = 0, None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now = both()
        most = max(most, now)
        full_since = (full_since or time.monotonic()) if now >= limit else None
        if full_since and time.monotonic() - full_since > full_for:
            break
        time.sleep(0.02)
    note(f"answers: {dict(race.codes)}; the most at once: {most} by the nodes, "
         f"{race.most} by the clients")  # fmt: skip
    return most


def user_quota():
    """a user's quota"""
    credential = ("alice", "wonderland")
    began = time.monotonic()
    race = Race(lambda i: credential, RACERS)
    most = watched(race, 20, USER_LIMIT)
    note(f"full for 2 s after {time.monotonic() - began:.1f} s")
    ok(most <= USER_LIMIT and race.most <= USER_LIMIT,
       f"{RACERS} Allocates of one user race: never more than {USER_LIMIT} over both nodes",
       most, race.most)  # fmt: skip
    ok(both() == USER_LIMIT == race.live, f"in the end exactly {USER_LIMIT}", both(), race.live)
    ok(set(race.codes) <= {0, 486, 500}, "every answer is success, 486 or 500", race.codes)
    held = sorted(nodes["a"].sessions(user="alice"), key=lambda s: s["id"])
    listed = eventually(lambda: len(nodes["a"].sessions(user="alice")) == USER_LIMIT, 5)
    ok(listed, "either node lists them all", len(held))
    race.end()
    gone = eventually(lambda: both() == 0, 5)
    ok(gone, "released, none is left", both())

    race = Race(lambda i: credential, RACERS, churn=0.3)
    time.sleep(8)
    race.end()
    note(f"answers: {dict(race.codes)}; the most at once: {race.most}")
    ok(race.most <= USER_LIMIT, f"coming and going, never more than {USER_LIMIT}", race.most)
    ok(race.codes[0] > 3 * USER_LIMIT, "what is given back is taken again", race.codes)


def tenant_quota():
    """a tenant's quota"""
    eventually(lambda: both() == 0, 5)
    issued = [nodes["ab"[i % 2]].issue(user=f"user{i}", tenant="acme")[1:] for i in range(60)]
    race = Race(lambda i: issued[i], len(issued))
    most = watched(race, 20, TENANT_LIMIT)
    ok(most <= TENANT_LIMIT and race.most <= TENANT_LIMIT,
       f"60 users of one tenant race: never more than {TENANT_LIMIT} over both nodes",
       most, race.most)  # fmt: skip
    ok(both() == TENANT_LIMIT, f"in the end exactly {TENANT_LIMIT}", both())
    other = nodes["a"].issue(user="user0", tenant="umbrella")[1:]
    ok(login(nodes["a"], *other)[0] == 0, "another tenant is not concerned")
    race.end()


def usage():
    """the usage stream"""
    a, b = nodes["a"], nodes["b"]
    want = {}
    for i, node in enumerate([a, b, a, b, a]):
        user = f"payer{i}"
        session = Session(node, peer, *node.issue(user=user, tenant=f"bill{i}")[1:])
        session.client.bind(0x4000, peer.address)
        sizes = [100 + 37 * i + n for n in range(40)]
        for n, size in enumerate(sizes):
            data = bytes([n]) * size
            echoed = session.client.echoes(peer.address, data, 0x4000 if n % 2 else None)
            if not echoed:
                raise AssertionError(f"{user}: packet {n} was lost")
        session.client.refresh(0)
        session.close()
        want[user] = (node.name, len(sizes), sum(sizes))

    def stops():
        found = {e["user"]: e for e in redis.usage() if e["event"] == "stop"}
        return found if set(found) >= set(want) else None

    stop = eventually(stops, 5) or {}
    got = {
        user: (e["node"], e["sent_packets"], e["sent_bytes"])
        for user, e in stop.items()
        if user in want
    }
    ok(got == want, "Redis has a stop of each session with what its client sent", got, want)
    back = {u: (e["received_packets"], e["received_bytes"]) for u, e in stop.items() if u in want}
    ok(back == {u: w[1:] for u, w in want.items()}, "and with what it got back", back)
    entries = redis.usage()
    starts = {(e["node"], e["boot"], e["session"]) for e in entries if e["event"] == "start"}
    ends = [(e["node"], e["boot"], e["session"]) for e in entries if e["event"] == "stop"]
    ok(len(ends) == len(set(ends)) and set(ends) <= starts,
       "every stop has its start, and there is one of each", len(ends), len(starts))  # fmt: skip
    kept = {k for k in entries[-1] if k in ("tenant", "credential", "client", "reason", "seconds")}
    ok(len(kept) == 5, "an entry says tenant, credential, client, reason and seconds", kept)
    for node in a, b:
        page, after, read = None, "", []
        while page is None or page["usage"]:
            page = node.want("GET", f"/v1/usage?after={after}&limit=50")
            read += page["usage"]
            after = page["after"] or after
        same = [(e["node"], e["boot"], e["sequence"]) for e in read] == [
            (e["node"], e["boot"], e["sequence"]) for e in redis.usage()[: len(read)]
        ]
        ok(same and len(read) >= len(entries), f"{node.name} gives out the same, page by page",
           len(read), len(entries))  # fmt: skip


def sequences_are_whole():
    by_boot = collections.defaultdict(list)
    for entry in redis.usage():
        by_boot[entry["node"], entry["boot"]].append(entry["sequence"])
    gaps = [k for k, v in by_boot.items() if v != list(range(1, len(v) + 1))]
    note(", ".join(f"{k[0]}: {len(v)} entries" for k, v in by_boot.items()))
    ok(not gaps and len(by_boot) >= 2, "the sequence numbers of each node have no gap", gaps)


def draining():
    """a node drains"""
    a, b = nodes["a"], nodes["b"]
    user, password = b.issue(user="olga")[1:]
    session = Session(b, peer, user, password)
    b.process.tell(signal.SIGUSR2)
    told = eventually(lambda: b.want("GET", "/v1/status")["draining"], 3)
    ok(told and b.http("GET", "/readyz")[0] == 503, "a draining node says so, and is not ready")
    seen = eventually(
        lambda: [n["draining"] for n in a.want("GET", "/v1/status")["nodes"] if n["name"] == "b"]
        == [True], 5
    )  # fmt: skip
    ok(seen, "the other node knows")
    code = login(b, user, password)[0]
    ok(code not in (0, "none"), "it takes no new allocation", code)
    ok(login(a, user, password)[0] == 0, "the other one does")
    ok(session.lives(), "what it has relays on")
    _, ident = session, a.sessions(user="olga")[0]["id"]
    a.http("DELETE", f"/v1/sessions/{ident}")
    ended = eventually(lambda: not b.process.is_running(), 10)
    ok(ended, "and with the last one, kicked by the other node, it ends")
    b.end()
    b.start()


def death():
    """a node dies"""
    a, b = nodes["a"], nodes["b"]
    race = Race(lambda i: ("alice", "wonderland"), 20, at=("a",))
    eventually(lambda: a.live() == USER_LIMIT, 10)
    race.end(releases=False)
    ok(a.live() == USER_LIMIT, "A has all that the user may have", a.live())
    time.sleep(1)
    key = f"turnpike:{{{REALM}}}:session:a"
    ttl, listed = redis.call("TTL", key), len(b.sessions(user="alice"))
    ok(0 < ttl <= REGISTRY_TTL and listed == USER_LIMIT,
       f"its sessions are in Redis, for {REGISTRY_TTL} s at most", ttl, listed)  # fmt: skip
    lost = [k for k in redis.call("KEYS", "turnpike:*") if redis.call("TTL", k) == -1]
    kinds = {k.split("}:")[1].split(":")[0] for k in lost}
    stay = {"epoch", "notice", "usage", "user", "userhash", "secret", "key", "revocation"}
    ok(kinds <= stay, "so is all that is not there to stay", lost)
    ok(login(b, "alice", "wonderland")[0] == 486, "there is none for B")
    died = time.monotonic()
    a.kill()
    race = Race(lambda i: ("alice", "wonderland"), 30, at=("b",))
    first = full = None
    while time.monotonic() - died < LEASE + 6 and not full:
        live = b.live()
        first = first or (live and time.monotonic() - died)
        full = live >= USER_LIMIT and time.monotonic() - died
        time.sleep(0.05)
    note(f"A killed: B has its first after {first or 0:.1f} s, all after {full or 0:.1f} s")
    ok(full and full <= LEASE + 2, "A killed: within its lease B may have them all", first, full)
    time.sleep(1)
    ok(b.live() == USER_LIMIT, f"and no more than {USER_LIMIT}", b.live())
    race.end()
    session = Session(b, peer, *b.issue(user="pete")[1:])
    echoed = sum(session.lives() for _ in range(7))
    vanished = None
    while time.monotonic() - died < REGISTRY_TTL + 5 and not vanished:
        is_listed = [s for s in b.sessions() if s["node"] == "a"]
        if not is_listed and not redis.call("EXISTS", key):
            vanished = time.monotonic() - died
        time.sleep(0.2)
    note(f"A killed: its sessions have vanished after {vanished or 0:.1f} s")
    ok(vanished and vanished <= REGISTRY_TTL, f"its sessions vanish within {REGISTRY_TTL} s")
    interim = [e for e in redis.usage() if e["user"] == "pete" and e["event"] == "interim"]
    sums = {e["sent_packets"] for e in interim}
    ok(len(interim) >= 2 and sums == {echoed}, "a session that lasts is told of meanwhile", interim)
    session.close()


def whole():
    """the nodes end"""
    for node in nodes.values():
        if node.process.is_running():
            node.end()
    sequences_are_whole()
    faults = [fault for node in nodes.values() for fault in node.faults]
    ok(not faults, "the nodes ended cleanly", *faults)
    redis.stop()


run(begin, user_quota, tenant_quota, usage, draining, death, whole)
