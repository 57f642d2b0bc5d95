# SPDX-License-Identifier: MIT
"""baresip.sh — two baresips call each other, the audio from relay to relay; what one plays is
compared with what the other heard."""

import json
import os
import random
import socket
import subprocess
import sys
import wave

from livetest import CLIENT4, SERVER4, eventually, ok, run

# L16 carries this as it is, one frame of 20 ms in a packet.
FRAME = 320
NOISE = random.Random(1).randbytes(1000 * FRAME)
ENOUGH = 100  # frames

# `aubridge` swallows what is played and `sndfile` writes it down.
CONFIG = """
sip_listen {host}:{port}
ctrl_tcp_listen {host}:{control}
audio_source aufile,{folder}/noise.wav
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
snd_path {folder}
rtp_stats yes
module_path {modules}
module l16.so
module aufile.so
module aubridge.so
module sndfile.so
module turn.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""
ACCOUNT = (
    "<sip:{name}@{host}:{port}>;regint=0;answermode=auto;audio_codecs=L16/8000/1;medianat=turn"
    ';stunserver="turn:{server}:{server_port}";stunuser=alice;stunpass=wonderland\n'
)


class Phone:
    """A baresip of our own, told what to do over its control port."""

    def __init__(self, name, port, modules, work):
        self.address = f"sip:{name}@{CLIENT4}:{port}"
        self.folder = os.path.join(work, name)
        self.output = os.path.join(self.folder, "output")
        os.mkdir(self.folder)
        control = port + 1000
        words = {
            "name": name,
            "host": CLIENT4,
            "port": port,
            "control": control,
            "folder": self.folder,
            "modules": modules,
            "server": SERVER4[0],
            "server_port": SERVER4[1],
        }
        self._write("config", CONFIG.format(**words))
        self._write("accounts", ACCOUNT.format(**words))
        self._write("contacts", "")
        with wave.open(os.path.join(self.folder, "noise.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(NOISE)
        with open(self.output, "wb") as output:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                ["baresip", "-4", "-f", self.folder, "-t", "60"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._control = eventually(lambda: self._connect(control), 15)
        self._events = b""

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    @staticmethod
    def _connect(port):
        try:
            return socket.create_connection((CLIENT4, port), 1)
        except OSError:
            return None

    def command(self, command, params=""):
        message = json.dumps({"command": command, "params": params}).encode()
        self._control.sendall(b"%d:%s," % (len(message), message))

    def sees(self, event, seconds=20):
        """Whether an event is reported in time."""
        self._control.settimeout(0.2)

        def is_there():
            try:
                self._events += self._control.recv(65536)
            except TimeoutError:
                pass
            return event.encode() in self._events

        return eventually(is_there, seconds)

    def heard(self):
        """The frames that it has got from the other."""
        for name in os.listdir(self.folder):
            if name.endswith("-dec.wav"):
                with open(os.path.join(self.folder, name), "rb") as file:
                    samples = file.read()[44:]  # behind the header
                return [samples[at : at + FRAME] for at in range(0, len(samples), FRAME)]
        return []

    def packets(self):
        """Ends it. How many it then says it has sent and received."""
        self.command("quit")
        self._process.wait(20)
        with open(self.output, encoding="utf-8", errors="replace") as output:
            for line in output:
                if line.startswith("packets:"):
                    return [int(number) for number in line.split()[1:]]
        return [0, 0]

    def close(self):
        if self._control:
            self._control.close()
        self._process.kill()
        self._process.wait()


def is_heard(frames):
    """Whether they are those of NOISE in their order, nearly all from the first to the last: one
    that comes too late is left out by baresip, or silence is played for it."""
    places = [NOISE.find(frame) // FRAME for frame in frames if frame != bytes(FRAME)]
    whole = places == sorted(set(places)) and -1 not in places
    return whole and len(places) >= 0.9 * (places[-1] - places[0] + 1)


def call(modules, work):
    """T01 T49 two baresips call each other"""
    phones = []
    try:
        for name, port in (("alice", 5060), ("bob", 5070)):
            phones.append(Phone(name, port, modules, work))
        alice, bob = phones
        alice.command("dial", bob.address)
        ok(
            alice.sees("CALL_ESTABLISHED") and bob.sees("CALL_ESTABLISHED"),
            "T01 T49 baresip: the call is established",
        )
        eventually(lambda: all(len(phone.heard()) >= ENOUGH for phone in phones), 20)
        alice.command("hangup")
        closed = alice.sees("CALL_CLOSED") and bob.sees("CALL_CLOSED")
        for phone, name in ((alice, "caller"), (bob, "callee")):
            sent, received = phone.packets()
            ok(
                closed and min(sent, received) >= ENOUGH,
                f"T50 baresip: the {name} sends and receives packets of audio",
                f"{sent} sent, {received} received",
            )
            frames = phone.heard()
            ok(
                len(frames) >= ENOUGH and is_heard(frames),
                f"T44 T50 baresip: the {name} hears what the other plays, bit for bit",
                f"{len(frames)} frames",
            )
    finally:
        for phone in phones:
            phone.close()


def main():
    modules, work = sys.argv[1:]

    def test():
        call(modules, work)

    test.__doc__ = call.__doc__
    run(test)


main()
