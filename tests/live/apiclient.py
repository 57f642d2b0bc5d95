# SPDX-License-Identifier: MIT
"""A client of the management interface, over TCP and TLS on the server's side and over the control
socket. What every answer must be, whatever was asked, is checked in one place: Answer.faults."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import time
import urllib.parse

from livetest import server_namespace

HTTP_ADDRESS = ("127.0.0.1", 8080)
PATIENCE = 15.0  # no answer may take longer, under sanitizers either

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    503: "Service Unavailable",
}


def tcp_socket(address=HTTP_ADDRESS):
    """A connection from the server's own namespace, as its loopback wants."""
    with server_namespace():
        sock = socket.socket(
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM
        )
    sock.settimeout(PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def unix_socket(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(PATIENCE)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


class Answer:
    """status, headers, body; .json is the body as it was meant."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.version = response.version
        self.body = response.read()

    @property
    def kind(self):
        return self.headers.get("Content-Type", "")

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def detail(self):
        return (self.json or {}).get("detail", "")

    def __getitem__(self, member):
        return self.json[member]

    def __repr__(self):
        return f"{self.status} {self.kind} {self.body[:300]!r}"

    def faults(self, has_body=True):
        """What is wrong with it, as any answer; [] when nothing is."""
        wrong = []
        if self.headers.get_all("Cache-Control") != ["no-store"]:
            wrong.append(f"Cache-Control: {self.headers.get_all('Cache-Control')}")
        if not has_body:
            return wrong
        if self.status == 204:
            if self.body:
                wrong.append("204 with a body")
        elif self.status >= 400:
            if self.kind != "application/problem+json":
                wrong.append(f"an error as {self.kind!r}")
            elif not self.is_problem():
                wrong.append(f"no problem: {self.body!r}")
        elif self.status != 202 and self.kind == "application/json" and self.json is None:
            wrong.append("no JSON")
        return wrong

    def is_problem(self):
        problem = self.json
        return (
            isinstance(problem, dict)
            and set(problem) == {"type", "title", "status", "detail"}
            and problem["type"] == "about:blank"
            and problem["status"] == self.status
            and problem["title"] == TITLES.get(self.status, problem["title"])
            and isinstance(problem["detail"], str)
            and problem["detail"] != ""
        )


class Connection(http.client.HTTPConnection):
    """http.client on a socket that is made elsewhere."""

    def __init__(self, make):
        super().__init__("localhost")
        self.make = make

    def connect(self):
        self.sock = self.make()


class Api:
    """One way to the interface, with one key or none; a connection of its own for each request.

    faults gathers what was wrong with any answer, as (request, fault).
    """

    def __init__(self, make, key=None):
        self.make = make
        self.key = key
        self.faults = []

    def with_key(self, key):
        other = Api(self.make, key)
        other.faults = self.faults
        return other

    def ask(self, method, path, body=None, headers=None, form=None):
        """body: bytes as they are, anything else as JSON; form: a form."""
        headers = dict(headers or {})
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif body is not None:
            headers.setdefault("Content-Type", "application/json")
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        headers = {name: value for name, value in headers.items() if value is not None}
        with contextlib.closing(Connection(self.make)) as connection:
            connection.request(method, path, body, headers)
            answer = Answer(connection.getresponse())
        for fault in answer.faults(has_body=method != "HEAD"):
            if not is_plain(path):
                self.faults.append((f"{method} {path}"[:100], fault))
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.ask("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.ask("DELETE", path, **more)

    def new_key(self, role="admin", **more):
        """A key made over this way, as an Api that uses it."""
        answer = self.post("/v1/keys", {"role": role, **more})
        assert answer.status == 201, answer
        other = self.with_key(answer["key"])
        other.id = answer["id"]
        return other

    def pages(self, path, member, limit):
        """Every page of a list, by its cursor."""
        cursor = ""
        pages = []
        while True:
            more = urllib.parse.urlencode({"limit": limit, "cursor": cursor})
            answer = self.get(f"{path}{'&' if '?' in path else '?'}{more}")
            assert answer.status == 200 and len(pages) < 1000, answer
            pages.append(answer[member])
            cursor = answer["cursor"]
            if not cursor:
                return pages


def is_plain(path):
    return path.partition("?")[0] in ("/metrics", "/healthz", "/readyz")


def by_tcp(key=None, address=HTTP_ADDRESS):
    return Api(lambda: tcp_socket(address), key)


def by_tls(address, authority, name, key=None):
    context = ssl.create_default_context(cafile=authority)
    return Api(lambda: context.wrap_socket(tcp_socket(address), server_hostname=name), key)


def by_control(path=None):
    return Api(lambda: unix_socket(path or os.environ["CONTROL"]))


def quoted(name):
    """A name as a part of a path."""
    return urllib.parse.quote(name, safe="")


def speak(sock, data, seconds=PATIENCE):
    """Send bytes, and everything that comes back until the other side closes; None instead of
    bytes when it never does."""
    heard = b""
    deadline = time.monotonic() + seconds
    try:
        sock.sendall(data)
    except OSError:
        pass  # an answer may be there all the same
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            more = sock.recv(65536)
        except TimeoutError:
            return None
        except OSError:
            return heard
        if not more:
            return heard
        heard += more
    return None


def read_answers(data):
    """The answers of a stream of bytes, none of them to HEAD, as (status, headers, body)."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            headers[name.strip().lower().decode()] = value.strip().decode()
        size = int(headers.get("content-length", len(data)))
        answers.append((int(lines[0].split()[1]), headers, data[:size]))
        data = data[size:]
    return answers
