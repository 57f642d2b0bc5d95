# SPDX-License-Identifier: MIT
"""Firefox, driven over Marionette, its own protocol on a TCP port of loopback."""

import itertools
import json
import os
import socket

from browser import Browser, trust
from livetest import eventually

PREFERENCES = {
    "marionette.port": 0,  # any; it is written to a file of the profile
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.gmp-manager.updateEnabled": False,
    "network.trr.mode": 5,
    "app.update.disabledForTesting": True,
    "toolkit.telemetry.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class Firefox(Browser):
    """A packet is LENGTH:JSON; commands are [0, number, name, parameters] and answers
    [1, number, error, result]."""

    TITLE = "Firefox"

    def launch(self, program, authority):
        profile = f"{self.folder}/profile"
        os.makedirs(profile)
        if authority:
            trust(profile, authority)
        with open(f"{profile}/user.js", "w", encoding="ascii") as file:
            for name, value in PREFERENCES.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self._numbers = itertools.count(1)
        self.start([program, "--headless", "--no-remote", "--marionette", "--profile", profile])
        port = eventually(lambda: self._port(f"{profile}/MarionetteActivePort"), 60.0)
        if not port:
            raise TimeoutError("Firefox does not listen")
        self._socket = socket.create_connection(("127.0.0.1", port), self.PATIENCE + 5)
        self._stream = self._socket.makefile("rb")
        self._next_packet()  # says which protocol it speaks
        milliseconds = int(self.PATIENCE * 1000)
        self.command("WebDriver:NewSession", timeouts={"script": milliseconds})

    def _port(self, path):
        if self.process.poll() is not None:
            raise EOFError("Firefox has ended")
        try:
            with open(path, encoding="ascii") as file:
                return int(file.read() or 0)
        except FileNotFoundError:
            return 0

    def close(self):
        if hasattr(self, "_socket"):
            self._socket.close()
        super().close()

    def command(self, name, **parameters):
        number = next(self._numbers)
        packet = json.dumps([0, number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(packet), packet))
        while True:
            kind, answered, error, result = self._next_packet()
            if (kind, answered) == (1, number):
                if error:
                    raise RuntimeError(f"{name}: {error['error']}: {error['message']}"[:300])
                return result

    def _next_packet(self):
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise EOFError("Firefox has ended")
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))

    def navigate(self, url):
        self.command("WebDriver:Navigate", url=url)

    def evaluate(self, expression):
        return self.command("WebDriver:ExecuteScript", script=f"return {expression}")["value"]
