# SPDX-License-Identifier: MIT
"""redis_failover.py — the client's side of redis_failover.sh."""

import pathlib
import signal
import time

from livetest import eventually, note, ok, run
from nodes import PARK_WAIT, REALM, REDIS4, RETURN, WORK, Node, Process, Redis, Trouble
from nodes import eventually_in, login, milliseconds

SENTINEL = 26379
PROXY = 6390
delay = WORK / "delay"
here = pathlib.Path(__file__).parent


def slow():
    """Redis is slow"""
    redis = Redis("slow")
    redis.start()
    delay.write_text("0")
    words = ["/usr/bin/python3", here / "delay_proxy.py", REDIS4, PROXY, redis.port, delay]
    proxy = Process("redis", words, WORK / "proxy.log")
    eventually(lambda: "ready" in proxy.log.read_text())
    node = Node("a", f"redis://{REDIS4}:{PROXY}/0").start()
    trouble = Trouble(node, redis)
    trouble.prepare()

    name = "answers are 1 s late"
    logs = len(node.text())
    trouble.load.window()
    delay.write_text("1")
    times = []
    for _ in range(3):
        code, seconds = login(node, *trouble.new_user())
        times.append(seconds)
        ok(code == 0 and seconds < PARK_WAIT + 0.6, f"{name}: a newcomer is served all the same",
           code, seconds)  # fmt: skip
    note(f"{name}: a newcomer waits {milliseconds(times)}")
    trouble.those_served_by_redis(name)
    time.sleep(4)
    ok("msg=store_lost" not in node.text()[logs:], f"{name}: which is no reason to give it up")
    newcomer = trouble.new_user()
    delay.write_text("0")
    trouble.returned(name, time.monotonic(), newcomer)
    trouble.relays(name)

    trouble.fault("answers are 4 s late", lambda: delay.write_text("4"),
                  lambda: delay.write_text("0"), 8)  # fmt: skip
    trouble.load.end()
    node.end()
    ok(not node.faults, "the node ended cleanly", *node.faults)
    proxy.end()
    redis.stop()


class Sentinel:
    """One that watches a primary and its replica, and believes itself alone."""

    def __init__(self):
        self.redis = [Redis(f"redis{i}", port) for i, port in enumerate((6379, 6380))]
        for redis in self.redis:
            redis.start()
        self.redis[1].call("REPLICAOF", REDIS4, 6379)
        eventually(lambda: "master_link_status:up" in self.redis[1].call("INFO"), 10)
        self.folder = WORK / "sentinel"
        self.folder.mkdir()
        conf = self.folder / "conf"
        conf.write_text(
            f"port {SENTINEL}\nbind {REDIS4}\nprotected-mode no\ndir {self.folder}\n"
            f"unixsocket {self.folder}/socket\n"
            f"sentinel monitor main {REDIS4} 6379 1\n"
            "sentinel down-after-milliseconds main 1000\n"
            "sentinel failover-timeout main 4000\n"
        )
        self.process = Process("redis", ["redis-server", conf, "--sentinel"], self.folder / "log")
        self.link = Redis.__new__(Redis)
        self.link.path = self.folder / "socket"
        eventually(lambda: self.link.answers(), 10)  # pylint: disable=unnecessary-lambda
        eventually(lambda: self.knows_replica(0), 15)

    def knows_replica(self, primary):
        found = self.link.call("SENTINEL", "REPLICAS", "main")
        states = [dict(zip(r[::2], r[1::2])) for r in found]
        port = str(self.redis[1 - primary].port)
        return any(s["port"] == port and s["flags"] == "slave" for s in states)

    def primary(self):
        port = int(self.link.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")[1])
        return [r.port for r in self.redis].index(port)


def fail_over(trouble, sentinel, name, begins, to):
    """From the fault to the other primary, and to the return of whoever needs it."""
    node = trouble.node
    newcomer, stranger = trouble.new_user(), trouble.new_user()
    time.sleep(0.5)  # the replica has them
    logs = len(node.text())
    trouble.load.window()
    began = time.monotonic()
    begins()
    trouble.those_served(name)
    code, seconds = login(node, *stranger)
    ok(code in (0, 500) and seconds < PARK_WAIT + 0.6, f"{name}: who is unknown hears in time",
       code, seconds)  # fmt: skip
    moved = eventually(lambda: sentinel.primary() == to, 20)
    eventually(lambda: sentinel.redis[to].call("ROLE")[0] == "master", 5)
    there = time.monotonic()
    took = eventually_in(node, *newcomer, 10)
    note(f"{name}: another primary after {there - began:.1f} s, "
         f"{milliseconds([took])} later all is normal")  # fmt: skip
    ok(moved and took is not None and took < RETURN, f"{name}: soon all is normal", moved, took)
    trouble.redis = sentinel.redis[to]
    trouble.relays(name)
    trouble.logged(name, logs)
    ok("msg=store_was_emptied" not in node.text()[logs:], f"{name}: nothing seems to be lost")
    ident, *new = node.issue(user="late")
    node.want("POST", "/v1/revocations", {"credential": ident})
    refused = login(node, *new)[0] == 401
    kept = trouble.redis.hash(f"turnpike:{{{REALM}}}:revocation")
    ok(refused and f"credential/{ident}" in kept, f"{name}: what is written now is in the new one",
       refused, ident, kept)  # fmt: skip


def sentinel_test():
    """a Sentinel moves it"""
    sentinel = Sentinel()
    node = Node("a", f"redis+sentinel://{REDIS4}:{SENTINEL}/main").start()
    ok(sentinel.redis[0].call("EXISTS", "turnpike:{*}:epoch") == 1, "Sentinel names the primary")
    trouble = Trouble(node, sentinel.redis[0])
    trouble.prepare()
    fail_over(trouble, sentinel, "the primary dies",
              lambda: sentinel.redis[0].stop(saves=True), 1)  # fmt: skip
    sentinel.redis[0].start()
    is_replica = eventually(lambda: sentinel.redis[0].call("ROLE")[0] == "slave", 20)
    linked = eventually(lambda: sentinel.knows_replica(1), 20)
    time.sleep(2)
    ok(is_replica and linked and node.store_is_up(), "the old primary is back as a replica, "
       "and nobody cares", is_replica, linked)  # fmt: skip
    eventually(lambda: "master_link_status:up" in sentinel.redis[0].call("INFO"), 20)
    fail_over(trouble, sentinel, "the primary is moved",
              lambda: sentinel.link.call("SENTINEL", "FAILOVER", "main"), 0)  # fmt: skip
    trouble.load.end()
    node.end(signal.SIGTERM)
    ok(not node.faults, "the node ended cleanly", *node.faults)
    sentinel.process.end()
    for redis in sentinel.redis:
        redis.stop()


run(slow, sentinel_test)
