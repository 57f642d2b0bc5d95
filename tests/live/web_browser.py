# SPDX-License-Identifier: MIT
"""web_browser.sh — a browser's call and a fetcher of pages, through one port.

Arguments: the browser's program, the file of the authority to trust."""

import functools
import http.server
import os
import subprocess
import sys
import threading

import browser
from browser import Call, SilentHandler, browsers, check_call, check_restart, run_with
from chromium_driver import Chromium
from livetest import SERVER4, eventually, ok, server_namespace

PAGE = "page.html"
LEAST = 20  # pages during the call

browser.URLS["tls"] = f"turns:{browser.NAME}:443?transport=tcp"


def serve_pages():
    """The tests' folder, on a web server in the server's namespace."""
    handler = functools.partial(SilentHandler, directory=os.path.dirname(__file__) or ".")
    with server_namespace():
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(os.path.dirname(__file__), PAGE), "rb") as page:
        return page.read()


class Fetcher(threading.Thread):
    """Fetches the page again and again, over connections of its own, until told to stop."""

    def __init__(self, authority, page):
        super().__init__(daemon=True)
        self.right = self.wrong = 0
        self._page = page
        self._stop_now = threading.Event()
        self._words = ["curl", "--silent", "--max-time", "20", "--cacert", authority]
        self._words += ["--resolve", f"{browser.NAME}:443:{SERVER4[0]}"]
        self._words += [f"https://{browser.NAME}/{PAGE}"]
        self.start()

    def run(self):
        while not self._stop_now.is_set():
            done = subprocess.run(self._words, capture_output=True, check=False)
            if done.stdout == self._page:
                self.right += 1
            else:
                self.wrong += 1

    def finish(self):
        self._stop_now.set()
        self.join()


def call_beside_pages(opened, authority, page):
    """T01 T49 a call through the port of a web server"""
    fetcher = Fetcher(authority, page)
    call = Call(opened, opened, "tls", "tls")
    seen = check_call(call, "T01 T49 U01 Q01")
    check_restart(call, seen)
    eventually(lambda: fetcher.right >= LEAST, 20.0)
    fetcher.finish()
    call.hang_up()
    ok(fetcher.right >= LEAST, "pages are fetched beside the call", fetcher.right)
    ok(fetcher.wrong == 0, "each of them whole", fetcher.wrong)


def main():
    program, authority = sys.argv[1:]
    page = serve_pages()
    with browsers() as opened:
        run_with(call_beside_pages, opened(Chromium, program, authority), authority, page)


main()
