# SPDX-License-Identifier: MIT
"""What tests of several nodes share: servers and Redis as processes of nodes.sh's namespaces,
the control socket, the links between them, and clients that try again."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from livetest import eventually, note, ok
from stunclient import BadSignature, Client, NoAnswer

REALM = "north.gov"
WORLD = os.environ["NODE_WORLD"]
WORK = pathlib.Path(os.environ["WORK"])
SANITIZED = os.environ["SANITIZED"] == "yes"
REDIS4 = "10.77.0.5"
NODE4 = {"a": "10.77.0.11", "b": "10.77.0.12"}
PARK_WAIT = 2.0  # seconds a request may wait for Redis
AT_ONCE = 0.3
RETURN = 2.0  # until all is normal
NOWHERE = "02:00:00:00:00:99"  # a link address that nobody has


def ip(namespace, *words):
    subprocess.run(["ip", "-n", f"{WORLD}-{namespace}", *words], check=True)


class Process:
    """A program in one of the namespaces."""

    def __init__(self, namespace, words, log):
        self.log = pathlib.Path(log)
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                ["ip", "netns", "exec", f"{WORLD}-{namespace}", *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.pid = self.popen.pid

    def is_running(self):
        return self.popen.poll() is None

    def tell(self, number):
        os.kill(self.pid, number)

    def end(self, number=signal.SIGTERM, seconds=20):
        """Returns its status; it is killed when it takes longer."""
        if self.is_running():
            self.tell(number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            return "no end"


# ---- Redis


class RedisError(Exception):
    pass


class Redis:
    """A redis-server; call() speaks to it by a socket that no cut link reaches."""

    _sock = _file = None

    def __init__(self, name="redis", port=6379, options=(), program="redis-server"):
        self.folder = WORK / name
        self.folder.mkdir()
        self.path = self.folder / "socket"
        self.port = port
        self.options = options
        self.program = program
        self.process = None

    def start(self, *more, waits=True):
        words = [self.program, "--port", self.port, "--bind", REDIS4, "127.0.0.1"]
        words += ["--protected-mode", "no", "--unixsocket", self.path, "--save", ""]
        words += ["--appendonly", "no", "--dir", self.folder, *self.options, *more]
        self.process = Process("redis", words, self.folder / "log")
        if waits and not eventually(self.answers, 20):
            raise AssertionError(f"Redis did not start: {self.process.log.read_text()[-500:]}")

    def answers(self):
        try:
            return self.call("PING") == "PONG"
        except (OSError, RedisError):
            return False

    def stop(self, saves=False):
        """With the data written down, or gone."""
        if saves:
            self.call("SAVE")
        self.process.end(signal.SIGKILL)
        if not saves:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / "dump.rdb").unlink()
        self.hang_up()

    def hang_up(self):
        if self._sock:
            self._file.close()
            self._sock.close()
        self._sock = self._file = None

    def call(self, *words):
        """The answer to one command: text, a number, a list or None. A connection that has ended
        meanwhile is made anew."""
        was_there = self._sock is not None
        try:
            return self._call(words)
        except ConnectionError:
            if not was_there:
                raise
            return self._call(words)

    def _call(self, words):
        if not self._sock:
            self._sock = socket.socket(socket.AF_UNIX)
            self._sock.settimeout(10)
            try:
                self._sock.connect(str(self.path))
            except OSError:
                self._sock.close()
                self._sock = None
                raise
            self._file = self._sock.makefile("rb")
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        try:
            self._sock.sendall(b"".join(parts))
            answer = self._read()
        except OSError:
            self.hang_up()
            raise
        if isinstance(answer, RedisError):
            raise answer
        return answer

    def _read(self):
        line = self._file.readline().rstrip(b"\r\n").decode()
        if not line:
            raise ConnectionError("Redis hung up")
        kind, rest = line[0], line[1:]
        if kind == "-":
            return RedisError(rest)
        if kind == "+":
            return rest
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else self._file.read(int(rest) + 2)[:-2].decode()
        return None if rest == "-1" else [self._read() for _ in range(int(rest))]

    def hash(self, key):
        flat = self.call("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2]))

    def usage(self):
        """The entries of the usage stream."""
        entries = self.call("XRANGE", "turnpike:{*}:usage", "-", "+")
        return [json.loads(dict(zip(f[::2], f[1::2]))["event"]) for _, f in entries]


# ---- servers


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("x", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Node:
    """One server, with a control socket and HTTP without TLS on 127.0.0.1:8080."""

    def __init__(self, name, store, more=""):
        self.name = name
        self.host = NODE4[name]
        self.address = (self.host, 3478)
        self.socket = WORK / f"{name}.sock"
        self.conf = WORK / f"{name}.conf"
        self.log = WORK / f"{name}.log"
        self.faults = []
        self.process = None
        self.write(store, more)

    def write(self, store, more=""):
        self.conf.write_text(
            f"""
            realm "{REALM}" {{
              user "alice" {{ password = "wonderland" }}
              secret = {{ "verysecret" }}
            }}
            listen = {{ "udp:*:3478" }}
            peers {{ allow = {{ "10.77.0.0/24" }} }}
            log {{ level = "info" format = "logfmt" to = "stderr" }}
            workers = "2"
            node = "{self.name}"
            store = "{store}"
            control = "{self.socket}"
            http {{ listen = "127.0.0.1:8080" }}
            {more}
            """,
            encoding="utf-8",
        )

    @property
    def pid(self):
        return self.process.pid

    def start(self, waits_for="msg=store_ready"):
        """And wait until it serves and has read its store."""
        self.log.write_text("")
        self.process = Process(
            self.name, [os.environ["TURNPIKE"], "--config", self.conf], self.log
        )
        ready = eventually(lambda: "msg=ready" in self.text() and waits_for in self.text(), 30)
        if not ready:
            raise AssertionError(f"node {self.name} did not get ready: {self.text()[-1500:]}")
        return self

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self, number=signal.SIGTERM):
        """End it and judge how it did; killed by us is no fault."""
        status = self.process.end(number)
        right = -number if number == signal.SIGKILL else 0
        if status != right:
            self.faults.append(f"{self.name}: status {status}")
        report = re.search(os.environ["REPORTS"], self.text())
        if report:
            self.faults += self.text()[report.start() :].splitlines()[:25]
        folder = os.environ.get("KEEP_LOGS")
        if folder:
            with open(f"{folder}/{os.environ['TEST_NAME']}.log", "a", encoding="utf-8") as kept:
                kept.write(self.text())

    def kill(self):
        self.end(signal.SIGKILL)

    def http(self, method, path, body=None, timeout=10):
        """Status and body of an answer over the control socket."""
        connection = _UnixConnection(self.socket, timeout)
        text = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, path, text, headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        is_json = "json" in (response.getheader("Content-Type") or "")
        return response.status, json.loads(data) if is_json and data else data

    def want(self, method, path, body=None):
        """The body of an answer that must be a good one."""
        status, answer = self.http(method, path, body)
        if status >= 300:
            raise AssertionError(f"{self.name}: {method} {path}: {status} {answer}")
        return answer

    def curl(self, key, method, path, body=None):
        """Status of a request over TCP, with an API key, within the node's namespace."""
        words = ["ip", "netns", "exec", f"{WORLD}-{self.name}", "curl", "-s", "-m", "10"]
        words += ["-o", "/dev/null", "-w", "%{http_code}", "-X", method]
        words += ["-H", f"Authorization: Bearer {key}"]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        done = subprocess.run(
            [*words, f"http://127.0.0.1:8080{path}"], capture_output=True, check=False
        )
        return int(done.stdout or 0)

    def issue(self, **wish):
        """(id, user name, password)"""
        answer = self.want("POST", "/v1/credentials", wish)
        return answer["id"], answer["username"], answer["password"]

    def sessions(self, **query):
        """All of them, page by page."""
        found, cursor = [], ""
        while True:
            words = "&".join(f"{k}={v}" for k, v in {**query, "cursor": cursor}.items())
            page = self.want("GET", f"/v1/sessions?{words}")
            found += page["sessions"]
            cursor = page["cursor"]
            if not cursor:
                return found

    def live(self):
        return self.want("GET", "/v1/status")["allocations"]

    def store_is_up(self):
        return self.want("GET", "/v1/status")["store"]["up"]


def cut(name):
    """Let what a node and Redis send each other get lost: neither is told, as in life."""
    ip(name, "neigh", "replace", REDIS4, "lladdr", NOWHERE, "nud", "permanent", "dev", "eth0")
    ip(
        "redis", "neigh", "replace", NODE4[name], "lladdr", NOWHERE, "nud", "permanent",
        "dev", "eth0",
    )  # fmt: skip


def mend(name):
    ip("redis", "neigh", "del", NODE4[name], "dev", "eth0")
    ip(name, "neigh", "del", REDIS4, "dev", "eth0")


# ---- clients


class Session:
    """A client with an allocation at a node and a peer that echoes."""

    def __init__(self, node, peer, user, password, **more):
        self.client = Client(node.address, user, password, **more)
        self.peer = peer
        self.code = self.client.allocate().error
        if self.code == 0:
            self.client.permit(peer.address[0])
        self.number = 0

    def lives(self, seconds=0.3, tries=3):
        """Whether the relay still echoes."""
        for _ in range(tries):
            self.number += 1
            data = b"%08d" % self.number
            self.client.send(self.peer.address, data)
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                heard = self.client.receive(left)
                if heard == (self.peer.address, data):
                    return True
        return False

    def silent_since(self, patience):
        """When it stopped relaying, or None: it still does after so many seconds."""
        deadline = time.monotonic() + patience
        since = None
        while time.monotonic() < deadline:
            began = time.monotonic()
            if self.lives(0.03, 1):
                since = None
                time.sleep(0.005)
                continue
            since = since or began
            if time.monotonic() - since > 0.4:
                return since
        return None

    def close(self):
        self.client.close()


def allocate(client):
    """The code of an Allocate; "none" without an answer. A server that has no key to sign with
    refuses without a signature."""
    try:
        return client.allocate().error
    except BadSignature as refusal:
        return refusal.error
    except NoAnswer:
        return "none"


def login(node, user, password, patience=4.0, sock=None, keeps=False):
    """(code, seconds) of an Allocate whose nonce is there already."""
    client = Client(node.address, user, password, sock=sock, patience=patience)
    try:
        client.learn(client.request(3, [(0x0019, b"\x11\0\0\0")], authenticated=False))
        began = time.monotonic()
        code = allocate(client)
        seconds = time.monotonic() - began
        if code == 0 and not keeps:
            client.refresh(0)
        return code, seconds
    finally:
        if not keeps:
            client.close()


def eventually_in(node, user, password, seconds, wanted=0):
    """How long it took until a user was let in (or got another code), or None."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if login(node, user, password)[0] == wanted:
            return time.monotonic() - began
        time.sleep(0.05)
    return None


def milliseconds(times):
    return ", ".join("never" if t is None else f"{t * 1000:.0f} ms" for t in times)


def note_log(node, since):
    """What a node logged of its store."""
    lines = [line for line in node.text()[since:].splitlines() if "msg=store_" in line]
    for line in lines:
        note(line[:300])
    return lines


# ---- what goes on while Redis is in trouble


class Load:
    """steady.py, with 200 allocations of alice at a node."""

    def __init__(self, node, count=200, rate=5):
        here = pathlib.Path(__file__).parent
        self.process = subprocess.Popen(
            ["/usr/bin/python3", here / "steady.py", node.host, str(count), str(rate)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError("the load did not begin")

    def window(self):
        """(sent, lost, p50, p99, worst, p99 without the server) since the last call, in
        milliseconds."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        sent, lost, *times = self.process.stdout.readline().split()
        return int(sent), int(lost), *map(float, times)

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


class Trouble:
    """One node, its load, and the users that are to be served, or not, while Redis is gone."""

    def __init__(self, node, redis, load=None):
        self.node, self.redis, self.load = node, redis, load
        self.cold = 0
        self.known = ("known", "wellknown")
        self.normal = None
        self.signed = self.limited = self.revoked = None

    def prepare(self):
        """The users, and what is normal."""
        self.signed = self.node.issue(user="signer")[1:]
        self.limited = self.node.issue(user="limited", allocations=4)[1:]
        ident, *self.revoked = self.node.issue(user="revoked")
        self.node.want("POST", "/v1/revocations", {"credential": ident})
        self.add_known()
        self.load = Load(self.node)
        time.sleep(1)
        self.load.window()
        time.sleep(5)
        self.normal = self.load.window()
        note(f"without a fault: {self.normal[0]} packets, {self.normal[1]} lost, "
             f"p50 {self.normal[2]:.2f} ms, p99 {self.normal[3]:.2f} ms")  # fmt: skip

    def add_known(self):
        self.node.http("DELETE", f"/v1/users/{self.known[0]}")
        self.node.want("POST", "/v1/users", {"name": self.known[0], "password": self.known[1]})
        if login(self.node, *self.known)[0] != 0:
            raise AssertionError("the known user is not let in")

    def new_user(self):
        """One that the node has never asked for: it is put into Redis as another node would."""
        self.cold += 1
        name = f"cold{self.cold}"
        md5 = hashlib.md5(f"{name}:{REALM}:cold".encode()).hexdigest()
        known = json.loads(self.redis.call("HGET", f"turnpike:{{{REALM}}}:user", self.known[0]))
        known.update(name=name, md5=md5)
        known.pop("sha256", None)
        self.redis.call("HSET", f"turnpike:{{{REALM}}}:user", name, json.dumps(known))
        return name, "cold"

    def served(self):
        """(what, code) of everybody who needs no Redis and is not served at once."""
        expires = f"{int(time.time()) + 600}:rest"
        word = base64.b64encode(hmac.digest(b"verysecret", expires.encode(), "sha1")).decode()
        users = {
            "static": ("alice", "wonderland"),
            "signed": self.signed,
            "time-limited": (expires, word),
            "cached": self.known,
        }
        wrong = []
        for what, user in users.items():
            code, seconds = login(self.node, *user)
            if code != 0 or seconds > 0.5:
                wrong.append((what, code, seconds))
        code, _ = login(self.node, *self.revoked)
        return wrong if code == 401 else [*wrong, ("revoked", code)]

    def relays(self, name):
        """Since the last window."""
        sent, lost, p50, p99, worst, direct = self.load.window()
        note(f"{name}: {sent} packets, {lost} lost, p50 {p50:.2f} ms, p99 {p99:.2f} ms, "
             f"worst {worst:.1f} ms; p99 without a fault {self.normal[3]:.2f} ms, "
             f"without the server {direct:.2f} ms")  # fmt: skip
        ok(sent > 0 and lost == 0, f"{name}: of what is relayed nothing is lost", lost)
        ok(p99 < 10 * max(self.normal[3], direct) + 20, f"{name}: nor late", p99)

    def those_served_by_redis(self, name):
        """Users who need no Redis, while those with a quota wait for it."""
        wrong = self.served()
        ok(not wrong, f"{name}: static, signed, time-limited and cached users are served", wrong)
        code, seconds = login(self.node, *self.limited)
        in_time = code == 0 and seconds < PARK_WAIT + 0.6
        ok(in_time, f"{name}: those with a quota a little later", code, seconds)

    def those_served(self, name):
        """Users who need no Redis; those with a quota are counted by the node alone."""
        wrong = self.served()
        ok(not wrong, f"{name}: static, signed, time-limited and cached users are served", wrong)
        code, seconds = login(self.node, *self.limited)
        ok(code == 0 and seconds < AT_ONCE, f"{name}: so are those with a quota", code, seconds)

    def refused(self, name, stranger):
        """A user whom nobody knows here hears 500: within two seconds, and at once when Redis is
        known to be gone."""
        code, seconds = login(self.node, *stranger)
        first = f"{code} after {seconds * 1000:.0f} ms"
        in_time = code == 500 and seconds < PARK_WAIT + 0.6
        ok(in_time, f"{name}: who is unknown hears 500 in time", first)
        down = eventually(lambda: not self.node.store_is_up(), 6)
        code, seconds = login(self.node, *stranger)
        later = f"{code} after {seconds * 1000:.0f} ms"
        note(f"{name}: an unknown user hears {first}, then {later}")
        at_once = down and code == 500 and seconds < AT_ONCE
        ok(at_once, f"{name}: and at once when it is known", down, later)

    def returned(self, name, since, newcomer):
        """After the fault: how soon whoever needs Redis is served again."""
        took = eventually_in(self.node, *newcomer, 10)
        took = took and time.monotonic() - since
        note(f"{name}: back to normal after {milliseconds([took])}")
        ok(took is not None and took < RETURN, f"{name}: soon back to normal", took)

    def logged(self, name, since, least=1):
        """One line for each state."""
        eventually(lambda: "msg=store_ready" in self.node.text()[since:], 3)
        lines = [line.partition("msg=")[2] for line in note_log(self.node, since)]
        bad = [line for line in lines if line.startswith(("store_lost", "store_refuses"))]
        right = least <= len(bad) <= 3 and len(set(bad)) == len(bad)
        ok(right, f"{name}: one line in the log for each state", *bad)

    def fault(self, name, begins, ends, seconds, unknown=None):
        """A fault from its begin to its end, and what is asked meanwhile."""
        stranger, newcomer = self.new_user(), self.new_user()
        logs = len(self.node.text())
        self.load.window()
        began = time.monotonic()
        begins()
        try:
            (unknown or self.refused)(name, stranger)
            self.those_served(name)
            time.sleep(max(seconds - (time.monotonic() - began), 0))
        finally:
            ends()
        self.returned(name, time.monotonic(), newcomer)
        self.relays(name)
        self.logged(name, logs)
