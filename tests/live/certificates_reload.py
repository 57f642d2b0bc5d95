# SPDX-License-Identifier: MIT
"""certificates_reload.py — puts other certificates in place, a hundred times, while clients come
and sessions relay."""

import os
import pathlib
import shutil
import signal
import ssl
import sys
import threading
import time

from dtlsclient import Dtls, Refused
from livetest import CLIENT4, EchoPeer, SERVER4, eventually, note, ok, run, server_pid
from streamclient import Closed, StreamClient, connected, secured, temporary
from stunclient import Client, NoAnswer

WORK = pathlib.Path(sys.argv[1])
LOG = pathlib.Path(os.environ["SERVER_LOG"])
CHAIN, KEY = WORK / "fullchain.pem", WORK / "key.pem"
PAIRS = 4
BY_SIGNAL, BY_WATCHING = 92, 8
CHANNEL = 0x4000

PEER = EchoPeer(CLIENT4)


class Comers(threading.Thread):
    """Clients that come one after another over one transport; those that were not served."""

    def __init__(self, way):
        super().__init__(daemon=True)
        self.way = way
        self.count, self.failed = 0, []
        self.is_over = False
        self.start()

    def _come(self):
        if self.way == "dtls":
            client = Client(SERVER4, sock=Dtls(SERVER4))
        else:
            client = StreamClient(SERVER4, tls=True)
        with client:
            client.binding()
            if self.way == "dtls":
                client.sock.say_end()

    def run(self):
        while not self.is_over:
            try:
                self._come()
            except (OSError, Closed, Refused, NoAnswer) as error:
                self.failed.append(error)
            self.count += 1
            time.sleep(0.005)

    def report(self):
        self.is_over = True
        self.join()
        note(f"{self.count} handshakes, {self.way}")
        ok(
            not self.failed and self.count > 50,
            f"no handshake failed meanwhile, {self.way}",
            f"{len(self.failed)} of {self.count}",
            self.failed[:3],
        )


class Session(threading.Thread):
    """One that relays all the while."""

    def __init__(self, way):
        super().__init__(daemon=True)
        self.way = way
        user = temporary(way)
        if way == "tls":
            self.client = StreamClient(SERVER4, *user, tls=True)
        else:
            self.client = Client(SERVER4, *user, sock=Dtls(SERVER4) if way == "dtls" else None)
        self.client.allocate()
        self.client.bind(CHANNEL, PEER.address)
        self.count = self.lost = 0
        self.is_over = False
        self.start()

    def run(self):
        while not self.is_over:
            data = b"%8d" % self.count
            self.lost += not self.client.echoes(PEER.address, data, CHANNEL, seconds=5)
            self.count += 1
            time.sleep(0.005)

    def report(self):
        self.is_over = True
        self.join()
        code = self.client.refresh(0).error
        ok(
            (self.lost, code) == (0, 0) and self.count > 50,
            f"a session lost nothing meanwhile, {self.way}",
            f"{self.lost} of {self.count}",
            code,
        )
        self.client.close()


def put(source, target):
    """In place by a rename, as certbot and its like do."""
    fresh = target.with_suffix(".new")
    shutil.copyfile(source, fresh)
    fresh.rename(target)


def put_pair(number):
    put(WORK / f"chain-{number}.pem", CHAIN)
    put(WORK / f"key-{number}.pem", KEY)


def leaf(chain):
    """The first certificate of a file, as it goes over the wire."""
    text = chain.read_text(encoding="ascii")
    return ssl.PEM_cert_to_DER_cert(text[: text.index("-----END") + 26])


def seen():
    """The certificate that a new client is shown."""
    with secured(connected(SERVER4)) as sock:
        return sock.getpeercert(binary_form=True)


LEAVES = {number: leaf(WORK / f"chain-{number}.pem") for number in range(1, PAIRS + 1)}


def hang_up():
    os.kill(server_pid(), signal.SIGHUP)


def logged(words, since=0):
    return words.encode() in LOG.read_bytes()[since:]


def swaps(count, how):
    """Swap so often; how many times the new one was seen by whoever came next."""
    well = 0
    for turn in range(count):
        number = turn % PAIRS + 1
        put_pair(number)
        how()
        well += eventually(lambda expected=LEAVES[number]: seen() == expected, 10)
    return well


def a_hundred_swaps():
    """swaps"""
    comers = [Comers(way) for way in ("tls", "dtls")]
    sessions = [Session(way) for way in ("udp", "tls", "dtls")]
    well = swaps(BY_SIGNAL, hang_up)
    ok(well == BY_SIGNAL, f"HUP: {BY_SIGNAL} new certificates, each seen by who comes next", well)
    well = swaps(BY_WATCHING, lambda: None)
    words = f"{BY_WATCHING} more without a signal, each seen soon"
    ok(well == BY_WATCHING, words, well)
    ok(logged("msg=certificate_reloaded"), "the log says so")
    for each in (*comers, *sessions):
        each.report()


def cannot_be_used():
    """pairs that cannot be used"""
    put_pair(1)
    hang_up()
    eventually(lambda: seen() == LEAVES[1])
    for what, chain, key in (
        ("the key of another certificate", "chain-2.pem", "key-3.pem"),
        ("no key in PEM", "chain-2.pem", "chain-2.pem"),
    ):
        size = LOG.stat().st_size
        put(WORK / chain, CHAIN)
        put(WORK / key, KEY)
        hang_up()
        said = eventually(lambda since=size: logged("msg=reload_refused", since))
        ok(said and seen() == LEAVES[1], f"HUP: {what}: logged, the old pair stays", said)
    size = LOG.stat().st_size
    put(WORK / "key-4.pem", KEY)
    said = eventually(lambda: logged("msg=certificate_not_reloaded", size), 10)
    ok(said and seen() == LEAVES[1], "without a signal: the same", said)
    size = LOG.stat().st_size
    CHAIN.unlink()
    said = eventually(lambda: logged("msg=certificate_not_reloaded", size), 10)
    ok(said and seen() == LEAVES[1], "no file any more: logged, the old pair stays", said)
    put_pair(3)
    back = eventually(lambda: seen() == LEAVES[3], 10)
    ok(back, "a good pair behind bad ones is taken without a signal")


def shown():
    """The certificate that a new client is shown, which may have expired."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with secured(connected(SERVER4), context) as sock:
        return sock.getpeercert(binary_form=True)


def code_of(password):
    """What alice's Allocate comes to with a password."""
    with Client(SERVER4, "alice", password) as client:
        code = client.allocate().error
        if code == 0:
            client.refresh(0)
        return code


def without_the_key():
    """a key that the server's user may not read"""
    conf = WORK / "turnpike.conf"
    before, size = shown(), LOG.stat().st_size
    text = conf.read_text(encoding="utf-8")
    conf.write_text(text.replace("wonderland", "looking-glass"), encoding="utf-8")
    hang_up()
    # Workers follow one after the other: one that knows the new password says nothing of the rest.
    new = eventually(lambda: logged("msg=reloaded", size))
    codes = code_of("wonderland"), code_of("looking-glass")
    ok(new and codes == (401, 0), "HUP with a key out of reach: the users change", codes)
    ok(shown() == before == leaf(CHAIN), "HUP with a key out of reach: TLS serves on")
    said = eventually(lambda: logged("msg=key_cannot_be_read_again", size))
    ok(said and not logged("msg=reload_refused", size), "HUP with a key out of reach: warned", said)
    size = LOG.stat().st_size
    put(WORK / "key-3.pem", KEY)
    KEY.chmod(0o644)
    put(WORK / "chain-2.pem", CHAIN)
    hang_up()
    said = eventually(lambda: logged("msg=reload_refused", size))
    ok(said and shown() == before, "HUP with a key that can be read and is not its: refused", said)


if sys.argv[2:] == ["without-the-key"]:
    run(without_the_key)
else:
    run(a_hundred_swaps, cannot_be_used)
