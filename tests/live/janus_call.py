# SPDX-License-Identifier: MIT
"""janus.sh — a Chromium calls the echo test of a Janus, both from behind relays."""

import json
import os
import subprocess
import sys
import urllib.request

from browser import End, browsers, run_with
from chromium_driver import Chromium
from livetest import CLIENT4, SERVER4, eventually, note, ok

FRAMES = 10
PORT = 8088
URL = f"http://127.0.0.1:{PORT}/janus"

# Janus leaves TURN to libnice, whose TLS is plain TCP to another port.
WAYS = {"udp": SERVER4[1], "tcp": SERVER4[1], "tls": 5350}

CONFIGS = {
    "janus.jcfg": """
general: {{
    plugins_folder = "{folder}/plugins"
    transports_folder = "{folder}/transports"
    events_folder = "{folder}"
    loggers_folder = "{folder}"
    debug_level = 4
    debug_colors = false
}}
nat: {{
    {nat}
    allow_force_relay = true
    ice_enforce_list = "{own}"
}}
""",
    "janus.transport.http.jcfg": """
general: {{
    http = true
    port = {port}
    ip = "127.0.0.1"
    base_path = "/janus"
}}
""",
    "janus.plugin.echotest.jcfg": "",
}


# What the nat section says of a relay, by the way to it.
NAT = """
    turn_server = "{server}"
    turn_port = {turn_port}
    turn_type = "{way}"
    turn_user = "alice"
    turn_pwd = "wonderland"
"""


class Janus:
    """A Janus of our own with one plugin and one transport, and a session in it."""

    NAME = "room-7"

    def __init__(self, modules, folder, nat):
        os.makedirs(folder)
        for module in ("plugins/libjanus_echotest.so", "transports/libjanus_http.so"):
            os.mkdir(os.path.dirname(os.path.join(folder, module)))
            os.symlink(os.path.join(modules, module), os.path.join(folder, module))
        for name, text in CONFIGS.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(
                    text.format(folder=folder, nat=nat, own=CLIENT4, port=PORT)
                )
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                ["janus", "--configs-folder", folder],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._number = 0
        self._place = URL
        try:
            eventually(self._is_there, 20)
            self._place += f"/{self.say({'janus': 'create'})['data']['id']}"
            attach = {"janus": "attach", "plugin": "janus.plugin.echotest"}
            attach["opaque_id"] = self.NAME
            self._place += f"/{self.say(attach)['data']['id']}"
        except BaseException:
            self.close()
            raise

    def _is_there(self):
        try:
            with urllib.request.urlopen(f"{URL}/info", timeout=2):
                return True
        except OSError:
            return False

    def say(self, words):
        """What it answers at once."""
        self._number += 1
        words = json.dumps({"transaction": str(self._number), **words}).encode()
        request = urllib.request.Request(
            self._place, words, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def answer(self, offer):
        """Its answer to an offer, with candidates that are relays."""
        self.say(
            {
                "janus": "message",
                "body": {"audio": True, "video": True},
                "jsep": {**offer, "force_relay": True},
            }
        )
        self.say({"janus": "trickle", "candidate": {"completed": True}})
        session = self._place.rpartition("/")[0]
        while True:
            with urllib.request.urlopen(f"{session}?maxev=1", timeout=20) as event:
                words = json.load(event)
            for each in words if isinstance(words, list) else [words]:
                if "jsep" in each:
                    return each["jsep"]

    def explain(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            for line in log.readlines()[-25:]:
                note(line.rstrip())

    def close(self):
        self._process.kill()
        self._process.wait()


def call(modules, work, way, browser):
    """T01 T49 a call from Chromium to Janus"""
    nat = NAT.format(server=SERVER4[0], turn_port=WAYS[way], way=way)
    call_with(Janus(modules, os.path.join(work, f"janus-{way}"), nat), f"Janus over {way}", browser)


def call_with(janus, title, browser, during=None):
    """The tests of a call to a Janus, which ends with it; during, if given, is one more while it
    lasts."""
    passed = False
    try:
        end = End(browser, "caller", "udp")
        answer = janus.answer(end.ask("describe"))
        end.ask("accept", answer)
        candidates = [line for line in answer["sdp"].splitlines() if "candidate:" in line]
        relayed = bool(candidates) and all(" typ relay" in candidate for candidate in candidates)
        passed = ok(relayed, f"T01 T49 {title}: has relays and nothing else", *candidates)
        seen = []

        def decodes():
            seen[:] = [end.ask("summary")]
            return seen[0]["type"] == "relay" and seen[0]["frames"] >= FRAMES

        passed &= ok(eventually(decodes, 20), f"T50 {title}: video comes back", *seen)
        came_back, sent = end.ask("echo")
        passed &= ok(
            came_back == sent,
            f"T44 T56 {title}: a data channel's bytes come back",
            f"{came_back} of {sent}",
        )
        if during:
            passed &= during()
        end.ask("hangUp")
    finally:
        if not passed:
            janus.explain()
        janus.close()


def main():
    modules, work, program = sys.argv[1:]
    with browsers() as opened:
        browser = opened(Chromium, program)
        for way in WAYS:
            run_with(call, modules, work, way, browser)


if __name__ == "__main__":
    main()
