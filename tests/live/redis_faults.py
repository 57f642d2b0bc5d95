# SPDX-License-Identifier: MIT
"""redis_faults.py — the client's side of redis_faults.sh."""

import signal
import threading
import time

import stunclient
from livetest import cpu_seconds, eventually, note, ok, resident_bytes, run, skip
from livetest import udp_socket
from nodes import PARK_WAIT, REALM, RETURN, SANITIZED, Node, Redis, RedisError, Trouble
from nodes import eventually_in, login, milliseconds, note_log

GROWTH = 8 << 20
FLOOD_SECONDS = 5
FREEZE_SECONDS = 30

redis = Redis()
node = trouble = None


def begin():
    """the node starts"""
    global node, trouble  # pylint: disable=global-statement
    redis.start("--enable-debug-command", "local")
    node = Node("a", "redis://10.77.0.5:6379/0").start()
    trouble = Trouble(node, redis)
    trouble.prepare()
    ok(trouble.normal[1] == 0, "without a fault nothing is lost", trouble.normal)


def restart():
    redis.start(waits=False)
    while not redis.answers():
        time.sleep(0.01)


def stopped():
    """Redis stopped"""
    trouble.fault("stopped", lambda: redis.stop(saves=True), restart, 8)


def frozen():
    """Redis frozen"""
    trouble.fault(
        f"frozen for {FREEZE_SECONDS} s",
        lambda: redis.process.tell(signal.SIGSTOP),
        lambda: redis.process.tell(signal.SIGCONT),
        FREEZE_SECONDS,
    )


def wrong_password():
    """a wrong password"""

    def lock():
        redis.call("CONFIG", "SET", "requirepass", "other")
        redis.call("AUTH", "other")
        redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    trouble.fault("a password it was not given", lock,
          lambda: redis.call("CONFIG", "SET", "requirepass", ""), 5)  # fmt: skip


def still_reads(name, stranger):
    """Redis takes no writes, but answers: the unknown are served."""
    code, seconds = login(node, *stranger)
    note(f"{name}: an unknown user hears {code} after {seconds * 1000:.0f} ms")
    in_time = code in (0, 500) and seconds < PARK_WAIT + 0.6
    ok(in_time, f"{name}: who is unknown hears in time", code)
    status, answer = node.http("POST", "/v1/users", {"name": f"late{time.time()}", "password": "x"})
    note(f"{name}: adding a user is answered {status} {answer.get('detail')}")
    ok(status in (500, 503) and answer.get("detail"), f"{name}: a write is refused with a reason",
       status, answer)  # fmt: skip


def read_only():
    """READONLY"""
    trouble.fault("READONLY", lambda: redis.call("REPLICAOF", "10.77.0.5", "1"),
          lambda: redis.call("REPLICAOF", "NO", "ONE"), 5, still_reads)  # fmt: skip


def full():
    """OOM"""
    trouble.fault("OOM", lambda: redis.call("CONFIG", "SET", "maxmemory", "1"),
          lambda: redis.call("CONFIG", "SET", "maxmemory", "0"), 5, still_reads)  # fmt: skip


def misconf():
    """MISCONF"""
    name = "MISCONF"
    dump = redis.folder / "dump.rdb"
    newcomer, stranger = trouble.new_user(), trouble.new_user()

    def save_fails(fails):
        redis.call("BGSAVE")
        wanted = "err" if fails else "ok"
        return eventually(lambda: f"rdb_last_bgsave_status:{wanted}" in redis.call("INFO"), 5)

    dump.unlink(missing_ok=True)
    (dump / "in-the-way").mkdir(parents=True)
    redis.call("CONFIG", "SET", "save", "3600 1")
    logs = len(node.text())
    trouble.load.window()
    ok(save_fails(True), f"{name}: Redis cannot save")
    still_reads(name, stranger)
    trouble.those_served(name)
    time.sleep(4)
    (dump / "in-the-way").rmdir()
    dump.rmdir()
    save_fails(False)
    redis.call("CONFIG", "SET", "save", "")
    trouble.returned(name, time.monotonic(), newcomer)
    trouble.relays(name)
    trouble.logged(name, logs, least=0)


def loading():
    """LOADING"""
    for i in range(400):
        redis.call("SET", f"ballast{i}", "x" * 4096)

    def restart_slowly():
        redis.stop(saves=True)
        redis.start("--key-load-delay", 20000, "--loading-process-events-interval-bytes", 1024,
                    waits=False)  # fmt: skip
        ok(eventually(is_loading, 3), "LOADING: Redis is loading")

    def is_loading():
        try:
            redis.call("GET", "x")
        except RedisError as error:
            return "LOADING" in str(error)
        except OSError:
            pass
        return False

    trouble.fault("LOADING", restart_slowly, lambda: eventually(redis.answers, 20), 5)
    redis.call("CONFIG", "SET", "key-load-delay", 0)
    for i in range(400):
        redis.call("DEL", f"ballast{i}")


def emptied():
    """Redis restarted empty"""
    name = "restarted empty"
    secret = node.want("POST", "/v1/secrets", {})["id"]
    key = node.want("POST", "/v1/keys", {"role": "issue"})
    signed = node.issue(user="before")[1:]
    kinds = "secret", "revocation"
    before = {kind: redis.hash(f"turnpike:{{{REALM}}}:{kind}") for kind in kinds}
    keys = redis.hash("turnpike:{*}:key")
    ok(all(before.values()) and keys and secret in before["secret"],
       f"{name}: there is something to lose", before)  # fmt: skip
    logs = len(node.text())
    trouble.load.window()
    redis.stop()
    time.sleep(1)
    restart()
    since = time.monotonic()
    back = eventually(lambda: node.text()[logs:].count("msg=store_ready"), 5)
    note(f"{name}: back to normal after {milliseconds([back and time.monotonic() - since])}")

    def same():
        return {kind: redis.hash(f"turnpike:{{{REALM}}}:{kind}") for kind in kinds} == before

    ok(eventually(same, 5), f"{name}: secrets and revocations are back in Redis",
       before, {kind: redis.hash(f"turnpike:{{{REALM}}}:{kind}") for kind in kinds})  # fmt: skip
    ok(eventually(lambda: redis.hash("turnpike:{*}:key").keys() == keys.keys(), 5),
       f"{name}: so are the API keys")  # fmt: skip
    ok(node.curl(key["key"], "POST", "/v1/credentials", {}) == 201, f"{name}: which are good")
    ok(login(node, *signed)[0] == 0, f"{name}: credentials of before are good")
    ok(login(node, *trouble.revoked)[0] == 401, f"{name}: what was revoked is revoked")
    ok("msg=store_was_emptied" in node.text()[logs:], f"{name}: the log says so")
    trouble.relays(name)
    trouble.add_known()
    newcomer = trouble.new_user()
    ok(login(node, *newcomer)[0] == 0, f"{name}: a new user is served")
    note_log(node, logs)


class Flood(threading.Thread):
    """Allocates with invented names, each from a client that has its own valid nonce."""

    CLIENTS = 120

    def __init__(self):
        super().__init__(daemon=True)
        self.clients = []
        for i in range(self.CLIENTS):
            sock = udp_socket(f"10.80.{i % 40 + 1}.2")
            client = stunclient.Client(node.address, "x", "y", sock=sock)
            client.learn(client.request(3, [(0x0019, b"\x11\0\0\0")], authenticated=False))
            sock.setblocking(False)
            self.clients.append(client)
        self.sent = self.heard = 0

    def run(self):
        end = time.monotonic() + FLOOD_SECONDS
        key = b"k" * 16
        while time.monotonic() < end:
            for client in self.clients:
                self.sent += 1
                client.user = b"nobody%d" % self.sent
                message = stunclient.Message(3, 0, [(0x0019, b"\x11\0\0\0")])
                message.attributes += client.credentials()
                try:
                    client.sock.sendto(message.encode(key), client.server)
                    while True:
                        client.sock.recv(2048)
                        self.heard += 1
                except OSError:
                    pass
            time.sleep(0.005)
        for client in self.clients:
            client.close()


def flood_while(what, begins, ends):
    name = f"a flood of invented names, Redis {what}"
    thread = Flood()
    before = resident_bytes(node.pid)
    begins()
    thread.start()
    wrong = []
    while thread.is_alive():
        wrong += trouble.served()
        time.sleep(0.2)
    most = resident_bytes(node.pid)
    ends()
    note(f"{name}: {thread.sent} sent, {thread.heard} answered, "
         f"the server grew by {(most - before) / 1024:.0f} KiB")  # fmt: skip
    ok(thread.sent > 2000, f"{name}: there was one", thread.sent)
    if SANITIZED:
        skip(f"{name}: no memory is left behind", "a sanitizer's memory says nothing")
    else:
        ok(most - before < GROWTH, f"{name}: no memory is left behind", most - before)
    ok(not wrong, f"{name}: who needs no Redis is served meanwhile", wrong[:5])
    newcomer = trouble.new_user()
    took = eventually_in(node, *newcomer, 10)
    ok(took is not None and took < RETURN, f"{name}: a newcomer is served behind it", took)


def floods():
    """a flood of invented names"""
    flood_while("there", lambda: None, lambda: None)
    flood_while("frozen", lambda: redis.process.tell(signal.SIGSTOP),
                lambda: redis.process.tell(signal.SIGCONT))  # fmt: skip


def idle():
    """what the server does while Redis is down and nobody asks"""
    eventually(node.store_is_up, 5)
    trouble.load.end()
    used = {}
    for what, begins, ends in (
        ("stopped", lambda: redis.stop(saves=True), restart),
        (
            "frozen",
            lambda: redis.process.tell(signal.SIGSTOP),
            lambda: redis.process.tell(signal.SIGCONT),
        ),
    ):
        begins()
        time.sleep(1)
        before = cpu_seconds(node.pid)
        time.sleep(5)
        used[what] = (cpu_seconds(node.pid) - before) / 5
        ends()
        eventually(node.store_is_up, 5)
    note(", ".join(f"Redis {k}: {v * 100:.1f} % of a core" for k, v in used.items()))
    ok(all(v < 0.3 for v in used.values()), "while Redis is gone the server is at rest", used)


def whole():
    """the node ends"""
    node.end()
    ok(not node.faults, "the node ended cleanly", *node.faults)
    redis.stop()


run(
    begin, stopped, frozen, wrong_password, read_only, misconf, full, loading, emptied, floods,
    idle, whole,
)  # fmt: skip
