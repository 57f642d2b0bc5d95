# SPDX-License-Identifier: MIT
"""issued_clients.sh — what the server issued, in files that every client reads; and what is still
there once the server was started again.

Argument: "before" or "after" the restart."""

import json
import os
import subprocess
import sys
import time

from livetest import CLIENT4, SERVER4, EchoPeer, ok, run, skip
from office import Office, over_tcp
from stunclient import Client

# Who issued, and the file of the answer.
PLACES = {
    "POST over HTTP": "post.json",
    "POST of kind random": "random.json",
    "turnpikectl": "turnpikectl.json",
}
CALLS = 2  # credentials for the calls that end with them
LISTS = ("/v1/users", "/v1/keys", "/v1/secrets", "/v1/revocations")


def path(name):
    return os.path.join(os.environ["WORK"], name)


def load(name):
    with open(path(name), encoding="utf-8") as file:
        return json.load(file)


def store(name, content):
    with open(path(name), "w", encoding="utf-8") as file:
        json.dump(content, file)


def answers():
    """The answers there are, by who issued them."""
    return {how: load(name) for how, name in PLACES.items() if os.path.exists(path(name))}


def turn_uris(answer):
    """All URIs of an answer that need its credential."""
    servers = [server for server in answer["iceServers"] if "username" in server]
    return [uri for server in servers for uri in server["urls"]]


def narrowed(answer, uri):
    """The answer with one URI alone."""
    (server,) = [each for each in answer["iceServers"] if uri in each["urls"]]
    return {**answer, "iceServers": [{**server, "urls": [uri]}]}


def transport_of(uri):
    """As a browser calls it: udp, tcp or tls."""
    return "tls" if uri.startswith("turns:") else uri.rpartition("=")[2]


def split(uri):
    """Host and port of a URI."""
    scheme, _, rest = uri.partition(":")
    host, _, port = rest.partition("?")[0].partition(":")
    return host, int(port or {"turn": 3478, "turns": 5349}[scheme])


def error_of(name, password):
    """What an Allocate is answered with; 0 for success, after which a datagram came back."""
    peer = EchoPeer(CLIENT4)
    with Client(SERVER4, name, password) as client:
        error = client.allocate().error
        if error:
            return error
        client.permit(CLIENT4)
        came_back = client.echoes(peer.address, b"through the relay")
        client.refresh(lifetime=0)
    return 0 if came_back else "nothing came back"


def error_with(answer):
    return error_of(answer["username"], answer["password"])


def by_turnpikectl():
    words = [os.environ["TURNPIKECTL"], "--socket", os.environ["CONTROL"]]
    words += ["issue", "--user", "alice", "--ttl", "1h"]
    done = subprocess.run(words, capture_output=True, check=True, timeout=20)
    return json.loads(done.stdout)


def issue():
    """the answers"""
    operator = Office()
    key = operator.post("/v1/keys", {"role": "issue", "label": "the application"})
    store("key.json", key)
    office = Office(over_tcp, key["key"])
    store("post.json", office.post("/v1/credentials", {"user": "alice"}))
    store("random.json", office.post("/v1/credentials", {"user": "alice", "kind": "random"}))
    for number in range(CALLS):
        store(f"call{number}.json", office.post("/v1/credentials", {"user": "bob", "ttl": 600}))
    if os.environ["TURNPIKECTL"]:
        store("turnpikectl.json", by_turnpikectl())
    else:
        skip("turnpikectl issues", "turnpikectl is not there")
    for how, answer in answers().items():
        uris = turn_uris(answer)
        ok(
            answer["ttl"] == 3600
            and 3590 <= answer["expires"] - time.time() <= 3610
            and list(map(transport_of, uris)) == ["udp", "tcp", "tls"]
            and {split(uri)[0] for uri in uris} == {"turn.north.gov"},
            f"{how}: an hour, and a URI for each transport",
            answer,
        )


def entries_of(body):
    """The list in a body, in an order of ours."""
    (entries,) = (each for each in body.values() if isinstance(each, list))
    return sorted(entries, key=json.dumps)


def fill():
    """users, keys and revocations"""
    office = Office()
    office.post("/v1/users", {"name": "carol", "password": "northwest passage", "tenant": "arctic"})
    office.post("/v1/users", {"name": "dave", "password": "gone tomorrow"})
    office.delete("/v1/users/dave")
    gone = office.post("/v1/keys", {"role": "issue"})
    office.delete(f"/v1/keys/{gone['id']}")
    store("gone.json", gone)
    revoked = office.post("/v1/credentials", {"user": "mallory"})
    store("revoked.json", revoked)
    ok(error_with(revoked) == 0, "a credential that is revoked later relays")
    office.delete(f"/v1/credentials/{revoked['id']}")
    office.post("/v1/revocations", {"tenant": "antarctic"})
    store("lists.json", {path: entries_of(office.get(path)) for path in LISTS})


def kept():
    """what is still there"""
    office = Office()
    for where, before in load("lists.json").items():
        now = entries_of(office.get(where))
        ok(before and now == before, f"after a restart: {where} as before", before, now)
    error = error_of("carol", "northwest passage")
    ok(error == 0, "after a restart: a user of the store relays", error)
    error = error_of("dave", "gone tomorrow")
    ok(error == 401, "after a restart: a removed user is refused", error)
    for how, answer in answers().items():
        error = error_with(answer)
        ok(error == 0, f"after a restart: issued before by {how}, relays", error)
    error = error_with(load("revoked.json"))
    ok(error == 401, "after a restart: what was revoked before is refused", error)
    key, gone = (Office(over_tcp, load(name)["key"]) for name in ("key.json", "gone.json"))
    ok(error_with(key.post("/v1/credentials", {})) == 0, "after a restart: a key issues as before")
    answer = gone.ask("POST", "/v1/credentials", {})
    ok(answer.status == 401, "after a restart: a removed key is refused", answer)


if __name__ == "__main__":
    if sys.argv[1] == "before":
        run(issue, fill)
    else:
        run(kept)
