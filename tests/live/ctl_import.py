# SPDX-License-Identifier: MIT
"""What turnpikectl imports from a coturn: its SQLite database and its Redis, both filled by
turnadmin, and a turnserver.conf. A control server of a few lines records what it is sent."""

import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse

from livetest import ok, run

WORK = pathlib.Path(sys.argv[1])
CTL = os.environ["TURNPIKECTL"]
TURNPIKE = os.environ["TURNPIKE"]
SOCKET = WORK / "control.sock"
REDIS_PORT = 6390
SECRET = "a-secret-of-the-rest-api-%d"
# What turnadmin is told: user, realm, password.
USERS = [
    ("alice", "north.gov", "wonderland"),
    ("bob", "north.gov", "builder"),
    ("alice", "south.gov", "looking glass"),
    ("gr\u00fcn", "north.gov", "p\u00e4ss"),
    ("carl+1", "south.gov", "c"),
]


def key(name, realm, password):
    return hashlib.md5(f"{name}:{realm}:{password}".encode()).hexdigest()


# ---------------------------------------------------------------- a control server


class Control:
    """Users and secrets as a turnpike keeps them, and every request it got."""

    def __init__(self):
        self.requests = []
        self.users = {}
        self.secrets = []
        self.is_down = False

    def answer(self, method, path, body):
        self.requests.append((method, path, body))
        if self.is_down:
            return 503, {"detail": "the store cannot be reached at present"}
        url = urllib.parse.urlsplit(path)
        if method == "POST" and url.path == "/v1/users":
            return self.add_user(body)
        if method == "PATCH":
            return 200, {"name": urllib.parse.unquote(url.path.split("/")[-1])}
        if method == "POST" and url.path == "/v1/secrets":
            return self.add_secret(body)
        if method == "GET" and url.path == "/v1/users":
            return self.list_users(urllib.parse.parse_qs(url.query))
        if method == "GET" and url.path == "/v1/users/a%2Fb%20c":
            return 200, {"name": "a/b c\x1b[2J", "realm": "north.gov", "sha256": False}
        return 404, {"detail": "there is nothing\x07 at this path"}

    def add_user(self, body):
        name = (body.get("realm"), body["name"])
        if name in self.users:
            return 409, {"detail": "there is one already"}
        self.users[name] = body
        return 201, {"name": body["name"]}

    def add_secret(self, body):
        if len(body["secret"]) < 16:
            return 400, {"detail": "secret: write a text of 16 to 255 bytes"}
        self.secrets.append((body.get("realm"), body["secret"]))
        return 201, {"id": "s%d" % len(self.secrets)}

    def list_users(self, query):
        page = int(query.get("cursor", ["0"])[0])
        users = [{"name": f"user-{page}", "realm": "north.gov", "changed": 0, "sha256": True}]
        return 200, {"users": users, "cursor": str(page + 1) if page < 2 else ""}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        size = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(size)) if size else None
        status, answer = self.server.control.answer(self.command, self.path, body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_DELETE = serve

    def log_message(self, *_):
        pass

    def address_string(self):
        return "unix"


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


@contextlib.contextmanager
def control_server():
    SOCKET.unlink(missing_ok=True)
    server = Server(str(SOCKET), Handler)
    server.control = Control()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.control
    finally:
        server.shutdown()
        server.server_close()
        SOCKET.unlink(missing_ok=True)


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    def lines(self):
        return self.err.splitlines()


def ctl(*words, stdin=b""):
    return Result(
        subprocess.run(
            [CTL, "--socket", str(SOCKET), *words],
            input=stdin,
            capture_output=True,
            timeout=120,
            env=dict(os.environ, TZ="UTC"),
            check=False,
        )
    )


def passed(result, description, condition, status=0):
    """One test about a run of turnpikectl, with all it said where it failed."""
    said = [f"status {result.status}", *result.lines()[:20], *result.out.splitlines()[:40]]
    return ok(condition and result.status == status, description, *said)


def turnadmin(database, *words):
    subprocess.run(
        ["turnadmin", *database, *words], check=True, capture_output=True, timeout=60
    )


def fill(database):
    """The same things into whatever database, by coturn's own hand."""
    for name, realm, password in USERS:
        turnadmin(database, "-a", "-u", name, "-r", realm, "-p", password)
    for number, realm in enumerate(("north.gov", "north.gov", "south.gov")):
        turnadmin(database, f"-s{SECRET % number}", "-r", realm)
    turnadmin(database, "-sshort", "-r", "south.gov")
    turnadmin(database, "-A", "-u", "boss", "-p", "hidden-password")
    turnadmin(
        database, "-g", "-r", "north.gov", "--max-bps=100000", "--total-quota=40", "--user-quota=4"
    )
    turnadmin(database, "-O", "-o", "http://app.example.org", "-r", "north.gov")


WANTED = {(realm, name): key(name, realm, password) for name, realm, password in USERS}
WANTED_SECRETS = sorted(
    (realm, SECRET % n) for n, realm in enumerate(("north.gov", "north.gov", "south.gov"))
)
NORTH = """realm "north.gov" {
  limits {
    %s
  }
  peers {
    allow = {
      "10.1.0.1"
    }
    deny = {
      "10.0.0.0/8",
      "192.0.2.0/25"
    }
  }
}
"""
LIMITS = {
    'allocations = "40"',
    'allocations-per-user = "4"',
    'bandwidth-per-allocation = "200kB/s"',
}


def keys_of(control):
    return {name: body.get("md5") for name, body in control.users.items()}


def has_north(snippet):
    """The realm's section, whose limits come in any order."""
    found = re.search(r'realm "north.gov" \{\n  limits \{\n(.*?)\n  \}', snippet, re.DOTALL)
    limits = {line.strip() for line in found.group(1).splitlines()} if found else set()
    return limits == LIMITS and NORTH % found.group(1).strip() in snippet


def is_configuration(snippet, *more):
    """Whether turnpike itself takes what was printed."""
    path = WORK / "snippet.conf"
    path.write_text(snippet)
    done = subprocess.run(
        [TURNPIKE, "--check", "--config", str(path), *more],
        capture_output=True,
        timeout=30,
        check=False,
    )
    return done.returncode == 0, done.stderr.decode()


SERVED = [
    word
    for realm in ("north.gov", "south.gov")
    for word in ("--set", f'realm "{realm}" {{ secret = {{ "0123456789abcdef" }} }}')
]


# ---------------------------------------------------------------- SQLite


def sqlite_database():
    path = WORK / "turndb"
    path.unlink(missing_ok=True)
    fill(("-b", str(path)))  # which makes the tables
    with sqlite3.connect(path) as database:
        database.executescript(
            "INSERT INTO allowed_peer_ip VALUES('north.gov','10.1.0.1');"
            "INSERT INTO denied_peer_ip VALUES('north.gov','10.0.0.0-10.255.255.255'),"
            "('north.gov','192.0.2.0-192.0.2.127'),('north.gov','localhost');"
            "INSERT INTO oauth_key(kid) VALUES('k');"
            "INSERT INTO turnusers_lt VALUES('north.gov','no-key','0123'),"
            "('north.gov','e'||char(27)||'[2J','00112233445566778899aabbccddeeff');"
        )
    return path


def sqlite_is_imported():
    """coturn-sqlite"""
    path = sqlite_database()
    before = path.read_bytes()
    with control_server() as control:
        result = ctl("import", "coturn-sqlite", str(path))
        passed(result, "SQLite: every user with its key", keys_of(control) == WANTED)
        ok(sorted(control.secrets) == WANTED_SECRETS, "SQLite: every secret", control.secrets)
        reports = result.lines()
        for what, pattern in (
            ("a secret that turnpike refuses", r"turn_secret rowid \d: secret: write a text of 16"),
            ("an administrator", r"admin_user rowid 1: turnpike has no pages"),
            ("an OAuth key", r"oauth_key rowid 1: turnpike takes no OAuth"),
            ("an origin", r"turn_origin_to_realm rowid 1: turnpike chooses no realm"),
            ("a range that is none", r"denied_peer_ip rowid 3: the range is neither"),
            ("a key that is none", r"turnusers_lt rowid 6: the user's key is no MD5"),
            ("a name with control bytes", r"turnusers_lt rowid 7: the user's name holds control"),
        ):
            ok(any(re.match(pattern, line) for line in reports), f"SQLite: {what} is reported")
        ok(
            reports[-1] == "5 users, 3 secrets imported, 7 lines not carried over",
            "SQLite: the counts come last",
            *reports,
        )
        ok(len(reports) == 8, "SQLite: one line for each that is left", *reports)
        ok(has_north(result.out), "SQLite: options and peers make a configuration", result.out)
        ok("hidden-password" not in result.out + result.err, "SQLite: no password is told")
        taken, why = is_configuration(result.out, *SERVED)
        ok(taken, "SQLite: turnpike takes that configuration", why)
    ok(path.read_bytes() == before, "SQLite: the database is as it was")


def sqlite_by_realm():
    """coturn-sqlite --realm"""
    with control_server() as control:
        result = ctl("import", "coturn-sqlite", str(WORK / "turndb"), "--realm", "south.gov")
        wanted = {name: md5 for name, md5 in WANTED.items() if name[0] == "south.gov"}
        passed(result, "--realm: that realm alone", keys_of(control) == wanted)
        ok("north" not in result.out, "--realm: and its options", result.out)


def existing_users():
    """users that are there already"""
    with control_server() as control:
        control.users[("north.gov", "bob")] = {"md5": "of turnpike"}
        result = ctl("import", "coturn-sqlite", str(WORK / "turndb"))
        left = [line for line in result.lines() if "was left alone; --replace" in line]
        passed(
            result,
            "a user that is there already is left alone",
            len(left) == 1 and control.users[("north.gov", "bob")] == {"md5": "of turnpike"},
        )
        ok(result.lines()[-1].startswith("4 users, 3 secrets"), "and counted", result.err)
        control.requests.clear()
        result = ctl("import", "coturn-sqlite", str(WORK / "turndb"), "--replace")
        changes = [request for request in control.requests if request[0] == "PATCH"]
        passed(
            result,
            "--replace gives it coturn's key",
            ("PATCH", "/v1/users/bob?realm=north.gov", {"md5": WANTED[("north.gov", "bob")]})
            in changes,
        )
        ok(
            any("/v1/users/gr%C3%BCn?" in path for _, path, _ in changes),
            "names in paths are encoded",
            changes,
        )


def dry_run():
    """--dry-run"""
    result = ctl("import", "coturn-sqlite", str(WORK / "turndb"), "--dry-run")
    passed(
        result,
        "--dry-run needs no server and says what it would do",
        "would add the user gr\u00fcn of north.gov" in result.lines()
        and result.lines()[-1]
        == "nothing was changed; otherwise: 5 users, 4 secrets imported, 6 lines not carried over",
    )
    ok(SECRET % 0 not in result.err, "--dry-run tells no secret", result.err)
    with control_server() as control:
        again = ctl("import", "coturn-sqlite", str(WORK / "turndb"), "--dry-run")
        ok(not control.requests and again.out == result.out, "--dry-run asks nothing of one")


def failures():
    """servers and files that are not there"""
    result = ctl("import", "coturn-sqlite", str(WORK / "turndb"))
    passed(result, "no server: one sentence and status 1", "no such socket" in result.err, 1)
    ok("0 users, 0 secrets imported" in result.lines()[-1], "and what was done so far", result.err)
    with control_server() as control:
        control.is_down = True
        result = ctl("import", "coturn-sqlite", str(WORK / "turndb"))
        passed(
            result,
            "a server without its store ends it",
            "turnpikectl: the store cannot be reached at present" in result.lines()
            and len(control.requests) == 1,
            1,
        )


# ---------------------------------------------------------------- Redis


class Redis:
    """A redis-server that keeps nothing, and a connection to it."""

    def __init__(self):
        folder = WORK / "redis"
        folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", REDIS_PORT), 20)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)

    def __call__(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        request = b"*%d\r\n" % len(words)
        for word in words:
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(request)
        line = self.file.readline()
        if line[:1] == b"$" and line != b"$-1\r\n":
            return self.file.read(int(line[1:]) + 2)[:-2]
        return line.strip()


def spoil(redis):
    """What coturn never wrote."""
    redis("RPUSH", "turn/realm/north.gov/user/list/key", "x")
    redis("SET", "turn/realm/north.gov/user/long/key", "x" * 5000)
    redis("SET", "turn/realm/north.gov/user/none/key", "zz")
    redis("SET", b"turn/realm/north.gov/user/\xff\x00/key", "0" * 32)
    redis("SET", "turn/realm/a/user/b/user/c/key", "0" * 32)
    redis("SET", "turn/realm/north.gov/secret-of-nobody", "x")
    redis("SET", "turn/realm/west.gov/secret", "no set")
    redis("SET", "turn/realm/north.gov/user/alice/allocation/001000000000000001/status", "new")
    redis("SADD", "turn/realm/north.gov/allowed-peer-ip", "10.1.0.1")
    redis("SADD", "turn/realm/north.gov/denied-peer-ip", "10.0.0.0-10.255.255.255", "nowhere")
    redis("SADD", "turn/realm/north.gov/denied-peer-ip", "192.0.2.0-192.0.2.127")
    redis("HSET", "turn/oauth/kid/k", "realm", "north.gov")


def redis_is_imported():
    """coturn-redis"""
    with Redis() as redis:
        where = f"ip=127.0.0.1 dbname=2 port={REDIS_PORT} connect_timeout=30"
        fill(("-N", where))
        redis("SELECT", 2)
        spoil(redis)
        many = {f"user-{n:04}": key(f"user-{n:04}", "east.gov", "x") for n in range(1500)}
        for name, md5 in many.items():
            redis("SET", f"turn/realm/east.gov/user/{name}/key", md5)
        for number in range(1200):
            redis("SET", f"noise/{number}", "x")
        redis("CONFIG", "RESETSTAT")
        size = redis("DBSIZE")
        with control_server() as control:
            check_redis(redis, control, ctl("import", "coturn-redis", where), many)
        ok(redis("DBSIZE") == size, "Redis: nothing was written")
        check_passwords(redis)


def check_redis(redis, control, result, many):
    wanted = dict(WANTED)
    wanted.update({("east.gov", name): md5 for name, md5 in many.items()})
    passed(result, "Redis: every user with its key, of many pages", keys_of(control) == wanted)
    ok(sorted(control.secrets) == WANTED_SECRETS, "Redis: every secret", control.secrets)
    reports = result.lines()
    for pattern in (
        r"turn/realm/north.gov/user/list/key: it is no string",
        r"turn/realm/north.gov/user/long/key: its value is far too long",
        r"turn/realm/north.gov/user/none/key: the user's key is no MD5",
        r"turn/realm/north.gov/user/\\xff\\x00/key: the user's name holds|.*name is no UTF-8",
        r"turn/realm/a/user/b/user/c/key: .* more than one way",
        r"turn/realm/west.gov/secret: it is no set",
        r"turn/realm/north.gov/denied-peer-ip: the range is neither",
        r"turn/realm/south.gov/secret: secret: write a text of 16",
        r"turn/origin/http://app.example.org.*: turnpike chooses no realm",
        r"turn/oauth/kid/k: turnpike takes no OAuth",
        r"turn/admin_user/boss: turnpike has no pages",
    ):
        if not any(re.match(pattern, line) for line in reports):
            ok(False, f"Redis: reported: {pattern}", *reports)
    ok(
        len(reports) == 12
        and reports[-1] == "1505 users, 3 secrets imported, 11 lines not carried over",
        "Redis: all that is left is reported, once, and counted",
        *reports,
    )
    ok(has_north(result.out), "Redis: options and peers make a configuration", result.out)
    statistics = redis("INFO", "commandstats").decode()
    used = set(re.findall(r"cmdstat_([a-z|]+):", statistics)) - {"dbsize", "info", "config|resetstat"}
    ok(
        used == {"select", "scan", "sscan", "type", "strlen", "get"},
        "Redis: read by SCAN, never by KEYS",
        used,
    )


def check_passwords(redis):
    redis("CONFIG", "SET", "requirepass", "hidden word")
    url = f"redis://:hidden%20word@127.0.0.1:{REDIS_PORT}/2"
    result = ctl("import", "coturn-redis", url, "--dry-run")
    passed(result, "Redis: by URL with a password", "1505 users" in result.err)
    result = ctl("import", "coturn-redis", "-", "--dry-run", stdin=url.encode() + b"\n")
    passed(result, "Redis: the URL from standard input", "1505 users" in result.err)
    result = ctl("import", "coturn-redis", f"password=hidden port={REDIS_PORT}", "--dry-run")
    passed(
        result,
        "Redis: a wrong password is told of, and not told",
        "turnpikectl: Redis: " in result.err and "hidden" not in result.err,
        1,
    )


def redis_is_gone():
    """a Redis that is not there"""
    result = ctl("import", "coturn-redis", f"port={REDIS_PORT}", "--dry-run")
    passed(result, "Redis: none there", "Redis cannot be reached: " in result.err, 1)


# ---------------------------------------------------------------- turnserver.conf


CONF = """# a coturn as many have it
listening-port=3478
tls-listening-port=443
external-ip=198.51.100.7
min-port=50000
max-port=50999
fingerprint
lt-cred-mech
realm=north.gov
user=alice:wonderland
user=bob:0x%s
static-auth-secret=%s
static-auth-secret=short
total-quota=100
denied-peer-ip=10.0.0.0-10.255.255.255
allowed-peer-ip=10.1.0.1
no-cli
cli-password=hidden-password
mobility
no-such-option=1
"""


def conf_is_imported():
    """coturn-conf"""
    path = WORK / "turnserver.conf"
    path.write_text(CONF % (WANTED[("north.gov", "bob")], SECRET % 0))
    with control_server() as control:
        result = ctl("import", "coturn-conf", str(path))
        passed(
            result,
            "turnserver.conf: users, by password and by key",
            list(control.users.values())
            == [
                {"name": "alice", "realm": "north.gov", "password": "wonderland"},
                {"name": "bob", "realm": "north.gov", "md5": WANTED[("north.gov", "bob")]},
            ],
        )
        ok(control.secrets == [("north.gov", SECRET % 0)], "turnserver.conf: its secret")
        ok(
            result.lines()
            == [
                f"{path}:13: static-auth-secret: secret: write a text of 16 to 255 bytes",
                f"{path}:18: cli-password: turnpike is controlled by turnpikectl",
                f"{path}:19: mobility: turnpike has no mobility (RFC 8016) yet",
                f"{path}:20: no-such-option: coturn has no such option",
                "2 users, 1 secret imported, 4 lines not carried over",
            ],
            "turnserver.conf: what is left, by line",
            *result.lines(),
        )
        taken, why = is_configuration(result.out, *SERVED)
        ok(taken, "turnserver.conf: turnpike takes the rest", why, result.out)


# ---------------------------------------------------------------- the other commands


def lists_and_names():
    """lists in pages, names with odd characters"""
    with control_server():
        result = ctl("user", "list")
        passed(
            result,
            "a list in pages is put together",
            [line.split()[0] for line in result.out.splitlines()]
            == ["NAME", "user-0", "user-1", "user-2"],
        )
        result = ctl("user", "list", "--json")
        passed(result, "and as JSON", len(json.loads(result.out)["users"]) == 3)
        result = ctl("user", "show", "a/b c")
        passed(result, "control bytes stay away from the terminal", "a/b c\\x1b[2J" in result.out)
        result = ctl("kick", "0123456789abcdef")
        passed(result, "a refusal", result.err == "turnpikectl: there is nothing\\x07 at this path\n", 1)


run(
    sqlite_is_imported,
    sqlite_by_realm,
    existing_users,
    dry_run,
    failures,
    redis_is_imported,
    redis_is_gone,
    conf_is_imported,
    lists_and_names,
)
