# SPDX-License-Identifier: MIT
"""gstreamer.sh — two webrtcbin elements of GStreamer with a data channel from relay to relay."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # pylint: disable=wrong-import-position

from livetest import SERVER4, ok, run  # pylint: disable=wrong-import-position
from transports import PASSWORD, USER  # pylint: disable=wrong-import-position

PATIENCE = 25
ELEMENTS = "webrtcbin nicesrc nicesink dtlsenc sctpenc rtpbin".split()

# GStreamer's TLS is what libnice takes for it: plain TCP.
URLS = {
    "udp": "turn://{}:{}@{}:3478?transport=udp",
    "tcp": "turn://{}:{}@{}:3478?transport=tcp",
    "tls": "turns://{}:{}@{}:5350?transport=tcp",
}


class Peer:
    """One webrtcbin in a pipeline of its own."""

    def __init__(self, transport):
        self.pipeline = Gst.Pipeline()
        self.webrtc = Gst.ElementFactory.make("webrtcbin")
        url = URLS[transport].format(USER, PASSWORD, SERVER4[0])
        self.webrtc.set_property("turn-server", url)
        self.webrtc.set_property("ice-transport-policy", GstWebRTC.WebRTCICETransportPolicy.RELAY)
        self.webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.webrtc)
        self.candidates = []
        self.pipeline.set_state(Gst.State.READY)

    def send_candidates_to(self, other):
        def on_candidate(_, line, candidate):
            self.candidates.append(candidate)
            other.webrtc.emit("add-ice-candidate", line, candidate)

        self.webrtc.connect("on-ice-candidate", on_candidate)

    def make(self, kind, then):
        """Have it make an offer or an answer, take it, and hand it on."""

        def on_made(promise):
            reply = promise.get_reply()  # the description lies in it and is not copied
            description = reply.get_value(kind)
            self.webrtc.emit("set-local-description", description, None)
            then(description)

        promise = Gst.Promise.new_with_change_func(on_made)
        self.webrtc.emit(f"create-{kind}", None, promise)

    def take(self, description, then):
        promise = Gst.Promise.new_with_change_func(lambda _: then())
        # It keeps what it is given.
        copy = GstSdp.SDPMessage.new_from_text(description.sdp.as_text())[1]
        description = GstWebRTC.WebRTCSessionDescription.new(description.type, copy)
        self.webrtc.emit("set-remote-description", description, promise)

    def close(self):
        self.pipeline.set_state(Gst.State.NULL)


def negotiate(caller, callee):
    def on_answer(answer):
        caller.take(answer, lambda: None)

    def on_offer(offer):
        callee.take(offer, lambda: callee.make("answer", on_answer))

    caller.make("offer", on_offer)


def data_channel(transport):
    loop = GLib.MainLoop()
    caller, callee = Peer(transport), Peer(transport)
    messages = [bytes([number]) * (100 * number + 1) for number in range(40)]
    echoes = []
    late = []

    def on_open(channel):
        for message in messages:
            channel.emit("send-data", GLib.Bytes.new(message))

    def on_echo(_, data):
        echoes.append(data.get_data())
        if len(echoes) == len(messages):
            GLib.idle_add(loop.quit)

    def on_channel(_, channel):
        callee.channel = channel
        channel.connect("on-message-data", lambda there, data: there.emit("send-data", data))

    def on_late():
        late.append(True)
        loop.quit()
        return True

    try:
        caller.send_candidates_to(callee)
        callee.send_candidates_to(caller)
        callee.webrtc.connect("on-data-channel", on_channel)
        caller.pipeline.set_state(Gst.State.PLAYING)
        callee.pipeline.set_state(Gst.State.PLAYING)
        channel = caller.webrtc.emit("create-data-channel", "live", None)
        channel.connect("on-open", on_open)
        channel.connect("on-message-data", on_echo)
        negotiate(caller, callee)
        timer = GLib.timeout_add_seconds(PATIENCE, on_late)
        loop.run()
        GLib.source_remove(timer)
    finally:
        caller.close()
        callee.close()
    candidates = caller.candidates + callee.candidates
    ok(
        candidates and all(" typ relay " in candidate for candidate in candidates),
        f"T01 T49 GStreamer over {transport}: has relays and nothing else",
        *candidates,
    )
    ok(
        echoes == messages,
        f"T44 T50 T56 GStreamer over {transport}: a data channel's echo",
        f"{len(echoes)} of {len(messages)} came back{', too late' if late else ''}",
    )


def main():
    Gst.init(None)
    missing = [name for name in ELEMENTS if Gst.ElementFactory.find(name) is None]
    if sys.argv[1:] == ["--missing"]:
        print(*missing)
        return
    for transport in URLS:
        run(lambda transport=transport: data_channel(transport))


main()
