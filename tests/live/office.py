# SPDX-License-Identifier: MIT
"""office.sh, the Python half — a client of the HTTP interface: through the control socket, or
over TCP with a key."""

import collections
import http.client
import json
import os
import socket
import urllib.parse

from livetest import server_namespace

Answer = collections.namedtuple("Answer", "status headers body")


class _Connection(http.client.HTTPConnection):
    """A connection of HTTP on a socket that somebody else opens."""

    def __init__(self, opened):
        super().__init__("turnpike", timeout=20)
        self._opened = opened

    def connect(self):
        self.sock = self._opened()
        self.sock.settimeout(self.timeout)


def through_control():
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(os.environ["CONTROL"])
    return sock


def over_tcp():
    """From within the server's namespace, where loopback is."""
    with server_namespace():
        sock = socket.socket()
    sock.connect(("127.0.0.1", 8080))
    return sock


class Office:
    """The interface as somebody sees it: an operator at the control socket, or who has a key.
    Connections are kept alive."""

    def __init__(self, opened=through_control, key=None):
        self._connection = _Connection(opened)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def close(self):
        self._connection.close()

    def ask(self, method, path, content=None, *, form=None, headers=()):
        """The answer to JSON, to a form, or to no body at all; its body read, if it is JSON."""
        headers = {**self._headers, **dict(headers)}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif content is not None:
            body = json.dumps(content)
            headers["Content-Type"] = "application/json"
        try:
            response = self._exchange(method, path, body, headers)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()  # it was idle for too long
            response = self._exchange(method, path, body, headers)
        text = response.read()
        if "json" in response.headers.get("Content-Type", ""):
            text = json.loads(text)
        return Answer(response.status, response.headers, text)

    def _exchange(self, *words):
        self._connection.request(*words)
        return self._connection.getresponse()

    def get(self, path):
        return self.expect(200, "GET", path)

    def post(self, path, content):
        return self.expect(201, "POST", path, content)

    def delete(self, path):
        return self.expect(204, "DELETE", path)

    def expect(self, status, *words, **more):
        """The body of an answer that must have this status."""
        answer = self.ask(*words, **more)
        if answer.status != status:
            raise AssertionError(f"{words[:2]}: {answer.status} {answer.body}")
        return answer.body


def query(**members):
    return urllib.parse.urlencode(members)


def log_records(message):
    """The server's log records of a kind, each a dict."""
    with open(os.environ["SERVER_LOG"], encoding="utf-8", errors="replace") as log:
        lines = [line.split() for line in log if f" msg={message} " in line]
    return [dict(word.partition("=")[::2] for word in line if "=" in word) for line in lines]
