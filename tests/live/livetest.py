# SPDX-License-Identifier: MIT
"""What the Python halves of the live tests share: TAP lines for common.sh to number,
sockets in the server's namespace, peers, and what /proc says of the server."""

import contextlib
import ctypes
import os
import socket
import threading
import time
import traceback

SERVER4 = ("10.77.0.1", 3478)
SERVER6 = ("fd77::1", 3478)
CLIENT4 = "10.77.0.2"
CLIENT6 = "fd77::2"

CLONE_NEWNET = 0x40000000


def ok(passed, description, *details):
    """One test; details are printed when it failed."""
    print(("ok - " if passed else "not ok - ") + description, flush=True)
    if not passed:
        for detail in details:
            print(f"# {detail}", flush=True)
    return passed


def skip(description, reason):
    print(f"ok - {description} # SKIP {reason}", flush=True)


def note(text):
    print(f"# {text}", flush=True)


def run(*tests):
    """Each test is one function; what it raises fails it under its first doc line."""
    for test in tests:
        try:
            test()
        except Exception as error:  # pylint: disable=broad-except
            where = traceback.extract_tb(error.__traceback__)[-1]
            ok(
                False,
                (test.__doc__ or test.__name__).splitlines()[0],
                f"{type(error).__name__}: {error} at {where.filename}:{where.lineno}",
            )


def server_pid():
    return int(os.environ["SERVER_PID"])


@contextlib.contextmanager
def server_namespace():
    """Sockets made inside belong to the server's namespace for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{os.environ['SERVER_NS']}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


def udp_socket(host, port=0):
    """A bound UDP socket of the family of host."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, port))
    return sock


def hears(sock, seconds=1.0):
    """The next datagram of a socket as (data, source), or None."""
    sock.settimeout(seconds)
    try:
        data, source = sock.recvfrom(65535)
    except TimeoutError:
        return None
    return data, source[:2]


class EchoPeer(threading.Thread):
    """A peer that sends everything back; .address is where it listens."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.sock = udp_socket(host)
        self.address = self.sock.getsockname()[:2]
        self.start()

    def run(self):
        while True:
            data, source = self.sock.recvfrom(65535)
            self.sock.sendto(data, source)


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def udp_counters(pid):
    """The kernel's UDP counters (IPv4) of the namespace a process lives in."""
    with open(f"/proc/{pid}/net/snmp", encoding="ascii") as snmp:
        names, values = [line.split()[1:] for line in snmp if line.startswith("Udp:")]
    return dict(zip(names, map(int, values)))


def eventually(question, seconds=5.0):
    """Ask until the answer is true or the time is over; the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer
