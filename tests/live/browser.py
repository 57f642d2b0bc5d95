# SPDX-License-Identifier: MIT
"""What the tests with browsers share: a browser's process, page.html and how it is asked, calls
between two ends that are pages of one browser or of two."""

import contextlib
import functools
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from livetest import SERVER4, eventually, ok, run

NAME = "turn.north.gov"
URLS = {
    "udp": f"turn:{SERVER4[0]}:{SERVER4[1]}?transport=udp",
    "tcp": f"turn:{SERVER4[0]}:{SERVER4[1]}?transport=tcp",
    "tls": f"turns:{NAME}:5349?transport=tcp",
}


def configuration(transport, password="wonderland"):
    """Of a peer connection that has one server, reached by one transport."""
    server = {"urls": URLS[transport], "username": "alice", "credential": password}
    return {"iceServers": [server]}


class Browser:
    """A browser of our own that keeps everything it writes in a folder. What a kind of browser
    adds: launch(program, folder), navigate(url), command of its protocol and evaluate(expression),
    the value of an expression in the page, awaited."""

    PATIENCE = 30.0

    def __init__(self, program, folder, authority=None):
        """authority is the file of the one to trust besides those the browser brings along."""
        os.makedirs(folder)
        self.folder = folder
        self.process = None
        try:
            self.launch(program, authority)
        except BaseException:
            self.close()
            raise

    def start(self, words, environment=None, **more):
        """Run a command in a process group of its own, with our folder for its home."""
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            words,
            env={**os.environ, "HOME": self.folder, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=open(f"{self.folder}/stderr", "wb"),  # pylint: disable=consider-using-with
            start_new_session=True,
            **more,
        )

    def close(self):
        """End the browser and its children, which share its process group."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def open(self, url):
        self.navigate(url)
        if not eventually(lambda: self.evaluate("typeof gather") == "function", 20.0):
            raise TimeoutError(f"{url} does not load")

    def ask(self, function, *arguments):
        """What a function of the page answers."""
        return self.evaluate(f"{function}({', '.join(map(json.dumps, arguments))})")


def trust(database, authority):
    """An NSS database, as both browsers use, with one authority in it."""
    os.makedirs(database, exist_ok=True)
    database = f"sql:{database}"
    add = ["-A", "-n", "authority", "-t", "CT,,", "-i", authority]
    for words in (["-N", "--empty-password"], add):
        subprocess.run(["certutil", "-d", database, *words], check=True, timeout=20)


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def serve_page():
    """page.html on a port of 127.0.0.1, where a page may use a camera; its address."""
    handler = functools.partial(SilentHandler, directory=os.path.dirname(__file__) or ".")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/page.html"


@contextlib.contextmanager
def browsers():
    """A function that opens page.html in a browser of a kind; all of them are closed at the end,
    also when the test is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    url = serve_page()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))

        def opened(kind, program, authority=None):
            place = os.path.join(folder, f"browser{len(os.listdir(folder))}")
            browser = kind(program, place, authority)
            stack.callback(browser.close)
            browser.open(url)
            return browser

        yield opened


class End:
    """One end of a call: a peer connection of a browser's page."""

    def __init__(self, browser, name, transport, given=None):
        """given is a configuration in the place of the one for that transport."""
        self.transport = transport
        self._browser = browser
        self._name = name
        self.ask("prepare", given or configuration(transport), name == "caller")

    def ask(self, function, *arguments):
        return self._browser.ask(function, self._name, *arguments)


class Call:
    """A call between two browsers, or two peer connections of one."""

    def __init__(self, calling, called, by, to, given=None):
        """by and to are transports: the caller's and the callee's to its relay; given is what both
        are configured with, where it is not made here."""
        self.title = f"{calling.TITLE} over {by.upper()}"
        if (calling, by) != (called, to):
            self.title += f" and {called.TITLE} over {to.upper()}"
        self.ends = [End(calling, "caller", by, given), End(called, "callee", to, given)]
        self.negotiate()

    def negotiate(self, restart=False):
        caller, callee = self.ends
        callee.ask("accept", caller.ask("describe", restart))
        caller.ask("accept", callee.ask("describe"))

    def summaries(self):
        return [end.ask("summary") for end in self.ends]

    def is_relayed(self, summaries):
        """Each end's selected pair begins at a relay reached by the transport asked for."""
        wanted = [("relay", end.transport) for end in self.ends]
        return [(each["type"], each["protocol"]) for each in summaries] == wanted

    def until(self, condition, before=(None, None)):
        """Wait until the condition holds at both ends, for what each says and for what it said
        before. Whether it did, and what they said last."""
        last = []

        def holds():
            last[:] = self.summaries()
            return all(map(condition, last, before))

        return eventually(holds, 20.0), last

    def echoes(self):
        """Every message through the data channel came back byte for byte."""
        came_back, sent = self.ends[0].ask("echo")
        return came_back == sent

    def hang_up(self):
        for end in self.ends:
            end.ask("hangUp")


def run_with(test, *arguments):
    """livetest's run, for a test that takes arguments."""
    bound = functools.partial(test, *arguments)
    bound.__doc__ = test.__doc__
    run(bound)


FRAMES = 10


def check_call(call, ids):
    """The tests of a call that has begun; what its ends say."""
    decoded, seen = call.until(lambda now, _: now["type"] and now["frames"] >= FRAMES)
    ok(call.is_relayed(seen), f"{ids} {call.title}: relayed at both ends", *seen)
    ok(decoded, f"T50 {call.title}: video is decoded at both ends", *seen)
    ok(decoded and call.echoes(), f"T44 {call.title}: a data channel's bytes come back")
    return seen


def check_restart(call, seen):
    """The test of an ICE restart: other pairs, and on them video and data as before."""
    call.negotiate(restart=True)
    moved, last = call.until(lambda now, old: now["type"] and now["pair"] != old["pair"], seen)
    if moved:
        moved, last = call.until(lambda now, old: now["frames"] >= old["frames"] + FRAMES, last)
    ok(
        moved and call.is_relayed(last) and call.echoes(),
        f"T01 T50 {call.title}: an ICE restart moves the call to other relays",
        *seen,
        *last,
    )
