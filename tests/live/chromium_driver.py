# SPDX-License-Identifier: MIT
"""Chromium, driven over its DevTools pipe."""

import itertools
import json
import os
import select
import time

from browser import Browser, trust

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update --disable-sync
    --disable-dev-shm-usage --use-fake-device-for-media-stream
    --use-fake-ui-for-media-stream --autoplay-policy=no-user-gesture-required
    --remote-debugging-pipe""".split()


class Chromium(Browser):
    """Commands go down one pipe, answers come up the other, each with a NUL behind it."""

    TITLE = "Chromium"

    def launch(self, program, authority):
        if authority:
            trust(f"{self.folder}/.pki/nssdb", authority)
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._session = None
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        # The browser reads commands from descriptor 3 and writes answers to 4.
        words = 'exec "$@" 3<&"$DOWN" 4>&"$UP"'
        flags = [*FLAGS, f"--user-data-dir={self.folder}/profile"]
        self.start(
            ["bash", "-c", words, "bash", program, *flags],
            environment={"DOWN": str(down_read), "UP": str(up_write)},
            pass_fds=(down_read, up_write),
        )
        os.close(down_read)
        os.close(up_write)

    def command(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.PATIENCE
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
                raise TimeoutError("Chromium says nothing")
            chunk = os.read(self._up, 65536)
            if not chunk:
                raise EOFError("Chromium has ended")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def navigate(self, url):
        target = self.command("Target.createTarget", url=url)["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def evaluate(self, expression):
        result = self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:300])
        return result["result"].get("value")
