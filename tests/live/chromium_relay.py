# SPDX-License-Identifier: MIT
"""chromium.sh — drives a headless Chromium through page.html, over the DevTools pipe."""

import contextlib
import functools
import http.server
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

from livetest import SERVER4, note, ok, run

SERVER = {"urls": f"turn:{SERVER4[0]}:{SERVER4[1]}?transport=udp", "username": "alice"}
RIGHT = {**SERVER, "credential": "wonderland"}
WRONG = {**SERVER, "credential": "wrong"}

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --disable-dev-shm-usage --use-fake-device-for-media-stream
    --use-fake-ui-for-media-stream --autoplay-policy=no-user-gesture-required
    --remote-debugging-pipe""".split()


class Browser:
    """A Chromium of our own; commands go down one pipe, answers come up the other."""

    def __init__(self, program, folder):
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        # The browser reads commands from descriptor 3 and writes answers to 4.
        words = 'exec "$@" 3<&"$DOWN" 4>&"$UP"'
        environment = {**os.environ, "HOME": folder, "DOWN": str(down_read), "UP": str(up_write)}
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["bash", "-c", words, "bash", program, *FLAGS, f"--user-data-dir={folder}/profile"],
            env=environment,
            pass_fds=(down_read, up_write),
            stdout=subprocess.DEVNULL,
            stderr=open(f"{folder}/stderr", "wb"),  # pylint: disable=consider-using-with
            start_new_session=True,
        )
        os.close(down_read)
        os.close(up_write)
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._session = None

    def close(self):
        """End the browser and its children, which share its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def command(self, method, patience=20.0, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + patience
        while True:
            answer = self._next_message(deadline)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _next_message(self, deadline):
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._up], [], [], left)[0]:
                raise TimeoutError("the browser says nothing")
            chunk = os.read(self._up, 65536)
            if not chunk:
                raise EOFError("the browser has ended")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def open(self, url):
        target = self.command("Target.createTarget", url=url)["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        deadline = time.monotonic() + 10
        while self.evaluate("typeof call") != "function" and time.monotonic() < deadline:
            time.sleep(0.1)

    def evaluate(self, expression):
        """The value of an expression in the page, awaited."""
        result = self.command(
            "Runtime.evaluate",
            patience=45.0,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:300])
        return result["result"].get("value")


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def serve_page():
    """page.html on a port of 127.0.0.1, where a page may use a camera; its address."""
    handler = functools.partial(SilentHandler, directory=os.path.dirname(__file__) or ".")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/page.html"


def call(browser):
    """T01 T49 Chromium calls through two relays"""
    seen = browser.evaluate(f"call({json.dumps(RIGHT)})")
    ends = seen["ends"]
    note(f"{seen}")
    ok(
        all(end["local"] == "relay" and end["protocol"] == "udp" for end in ends),
        "T01 T49 Q01 the selected pair is a relay over UDP at both ends",
    )
    ok(all(end["frames"] > 0 for end in ends), "T50 frames of video are decoded at both ends")
    ok(seen["echoed"], "T50 T44 the bytes of a data channel come back")


def wrong_credential(browser):
    """S33 Chromium is refused with a wrong credential"""
    seen = browser.evaluate(f"gather({json.dumps(WRONG)})")
    ok(
        not seen["candidates"] and 401 in seen["errors"],
        "S33 a wrong credential gives no relay and the error 401",
        seen,
    )


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the browser ends too
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(sys.argv[1], folder)
        try:
            browser.open(serve_page())
            for test in (call, wrong_credential):
                bound = functools.partial(test, browser)
                bound.__doc__ = test.__doc__
                run(bound)
        finally:
            browser.close()


main()
