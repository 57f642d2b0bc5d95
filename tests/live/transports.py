# SPDX-License-Identifier: MIT
"""transports.sh, the Python half — where the server listens for whom, and as a URL."""

SERVER_NAME = "turn.north.gov"
PORTS = {"udp": 3478, "tcp": 3478, "tls": 5349}
USER = "alice"
PASSWORD = "wonderland"


def turn_url(transport):
    """The URL of the server for RTCPeerConnection and its like."""
    scheme, query = ("turns", "tcp") if transport == "tls" else ("turn", transport)
    return f"{scheme}:{SERVER_NAME}:{PORTS[transport]}?transport={query}"
