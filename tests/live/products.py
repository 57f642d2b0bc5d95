# SPDX-License-Identifier: MIT
"""products.sh — the ways in which products come to credentials.

Argument: where the shared secret is, "file" or "store"."""

import base64
import hashlib
import hmac
import os
import secrets
import sys
import time

from livetest import CLIENT4, SERVER4, EchoPeer, eventually, ok, run
from office import Office, log_records, over_tcp, query
from stunclient import Client

SECRET = "north of the border"
URIS = [
    "turn:turn.north.gov:3478?transport=udp",
    "turn:turn.north.gov:3478?transport=tcp",
    "turns:turn.north.gov:5349?transport=tcp",
]


def sign(name, secret=SECRET):
    """The password of a name, as the draft of the TURN REST API has it."""
    return base64.b64encode(hmac.digest(secret.encode(), name.encode(), hashlib.sha1)).decode()


def in_a_day():
    return int(time.time()) + 86400


# Each product's user names, as its source makes them.
NAMES = {
    # The expiry is made of milliseconds; the Matrix ID has a colon of its own.
    "Synapse": lambda: f"{in_a_day()}:@alice:matrix.north.gov",
    # 16 letters at random, which on older servers may be any sign of ASCII.
    "Nextcloud Talk": lambda: f"{in_a_day()}:{secrets.token_hex(8)}",
    "Nextcloud Talk, with signs": lambda: f"{in_a_day()}::/?#[]@!$&'()*+",
    # mod_external_services, and mod_turn_external on top of it, without a user and with one.
    "Prosody and Jitsi, expiry alone": lambda: f"{in_a_day()}",
    "Prosody and Jitsi, with a user": lambda: f"{in_a_day()}:prosody",
    # The internal ID of a participant.
    "BigBlueButton": lambda: f"{in_a_day()}:w_4kx9qyzt0cwm",
    # credentialType hmac-sha1 of its ice-servers.json, without a username and with one.
    "Galene, no username": lambda: f"{in_a_day()}",
    "Galene, with a username": lambda: f"{in_a_day()}:galene",
    # mod_stun_disco of ejabberd, for eturnal: eight digits in hex of a hash of the user and eight
    # of the host, now and then decimal ones alone.
    "ejabberd with eturnal": lambda: f"{in_a_day()}:{secrets.token_hex(8)}",
    "ejabberd with eturnal, digits alone": lambda: f"{in_a_day()}:1234567812345678",
    "a product with numbers for users": lambda: f"{in_a_day()}:4711",
}


def error_of(name, password):
    """What an Allocate is answered with; 0 for success, after which a datagram came back through
    the relay."""
    peer = EchoPeer(CLIENT4)
    with Client(SERVER4, name, password) as client:
        error = client.allocate().error
        if error:
            return error
        client.permit(CLIENT4)
        came_back = client.echoes(peer.address, b"through the relay")
        client.refresh(lifetime=0)
    return 0 if came_back else "nothing came back"


def signed_names():
    """products that sign by themselves"""
    for product, make in NAMES.items():
        name = make()
        error = error_of(name, sign(name))
        ok(error == 0, f"{product}: relays", name, error)


def sign_of_another():
    """other secrets, other names, expired ones"""
    name = NAMES["Synapse"]()
    error = error_of(name, sign(name, SECRET + "."))
    ok(error == 401, "a name that another secret signed is refused", error)
    error = error_of(name + "x", sign(name))
    ok(error == 401, "another name with the same password is refused", error)
    for user in ("@alice:matrix.north.gov", "1234567812345678", "7"):
        expired = f"{int(time.time()) - 5}:{user}"
        error = error_of(expired, sign(expired))
        ok(error == 401, f"an expired name of {user} is refused", error)


def recorded():
    """the owner"""
    name = NAMES["Synapse"]()
    error_of(name, sign(name))

    def of_name():
        return [each for each in log_records("allocation_closed") if each.get("user") == name]

    records = eventually(of_name)
    ok(
        records and records[0].get("owner") == "@alice:matrix.north.gov",
        "Synapse: the record's owner is the whole Matrix ID",
        records,
    )


def works(body):
    """Whether a body's username and password relay, as they are."""
    return error_of(body["username"], body["password"]) == 0


def is_rest(answer, user):
    """Whether the answer is what the draft says, and for whom it was asked."""
    body = answer.body
    return (
        answer.status == 200
        and sorted(body) == ["password", "ttl", "uris", "username"]
        and body["username"].endswith(user)
        and body["ttl"] == 3600
        and body["uris"] == URIS
    )


def rest(office, key):
    """the TURN REST draft"""
    ways = {
        "key=": query(service="turn", username="alice", key=key),
        "api=": query(service="turn", username="alice", api=key),
        "both, as Janus sends it": query(service="turn", api=key, key=key, username="alice"),
    }
    for way, words in ways.items():
        answer = office.ask("GET", f"/turn?{words}")
        passed = is_rest(answer, "alice") and works(answer.body)
        ok(passed, f"GET /turn with {way}: relays", answer)
    words = ways["both, as Janus sends it"]
    form = dict(service="turn", api=key, key=key, username="alice")
    posts = {
        "parameters in its URL": (f"/turn?{words}", {}),
        "a form": ("/turn", {"form": form}),
        "both, as Janus sends it": (f"/turn?{words}", {"form": form}),
    }
    for way, (path, more) in posts.items():
        answer = office.ask("POST", path, **more)
        passed = is_rest(answer, "alice") and works(answer.body)
        ok(passed, f"POST /turn with {way}: relays", answer)
    answer = office.ask("GET", "/turn?" + query(service="turn", key=key))
    ok(is_rest(answer, "."), "GET /turn without a username: a credential of nobody's", answer)
    answer = office.ask("GET", "/turn?" + query(service="turn", key=key, username="a b&c=ü:@x"))
    ok(
        is_rest(answer, "a b&c=ü:@x") and works(answer.body),
        "GET /turn for any user: relays",
        answer,
    )
    answer = office.ask("GET", "/turn?" + query(service="turn", key=key, ttl=60))
    ok(answer.status == 200 and answer.body["ttl"] == 60, "GET /turn with a ttl", answer)


def rest_refused(office, key):
    """refusals of the TURN REST draft"""
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    cases = {
        "with a wrong key": (401, dict(service="turn", username="alice", key=wrong)),
        "with a wrong api=": (401, dict(service="turn", username="alice", api=wrong)),
        "with a word for a key": (401, dict(service="turn", username="alice", key="secret")),
        "without a key": (401, dict(service="turn", username="alice")),
        "without a service": (400, dict(username="alice", key=key)),
        "for another service": (400, dict(service="mail", username="alice", key=key)),
        "with a ttl beyond the longest": (400, dict(service="turn", key=key, ttl=10**9)),
        "with a ttl that is no number": (400, dict(service="turn", key=key, ttl="1h")),
    }
    for case, (status, words) in cases.items():
        answer = office.ask("GET", f"/turn?{query(**words)}")
        ok(
            answer.status == status
            and answer.headers["Content-Type"] == "application/problem+json"
            and answer.body["status"] == status
            and "no-store" in answer.headers["Cache-Control"],
            f"GET /turn {case}: {status}",
            answer,
        )


def basic(key):
    return {"Authorization": "Basic " + base64.b64encode(f"AC123:{key}".encode()).decode()}


def twilio(office, key):
    """Twilio's Tokens.json"""
    path = "/2010-04-01/Accounts/AC123/Tokens.json"
    for form, ttl in (({"Ttl": "600"}, "600"), ({}, "3600")):
        answer = office.ask("POST", path, form=form, headers=basic(key))
        body = answer.body
        shape = answer.status == 201 and (body["ttl"], body["account_sid"]) == (ttl, "AC123")
        servers = body.get("ice_servers", [])
        relays = [each for each in servers if each["urls"].startswith("turn")]
        ok(
            shape
            and [each["urls"] for each in relays] == URIS
            and all(each["url"] == each["urls"] for each in servers)
            and [each["urls"] for each in servers[:1]] == ["stun:turn.north.gov:3478"],
            f"Tokens.json with a form {form}: in Twilio's shape",
            answer,
        )
        errors = [error_of(body["username"], body["password"])]
        errors += [error_of(each["username"], each["credential"]) for each in relays]
        ok(errors == [0] * 4, f"Tokens.json with a form {form}: relays", errors)
    answer = office.ask("POST", path, form={}, headers=basic(key[:-4] + "aaaa"))
    ok(answer.status == 401, "Tokens.json with a wrong key: 401", answer)


def main():
    operator = Office()
    if sys.argv[1] == "store":
        name = NAMES["Synapse"]()
        error = error_of(name, sign(name))
        ok(error == 401, "before the store has the secret: refused", error)
        made = operator.post("/v1/secrets", {"secret": SECRET})
        ok("secret" not in made, "the secret that was given is not told", made)
    run(signed_names, sign_of_another, recorded)
    key = operator.post("/v1/keys", {"role": "issue", "label": "products"})["key"]
    office = Office(over_tcp)
    secret = key.rpartition("_")[2]
    for test in (rest, rest_refused, twilio):
        try:
            test(office, key)
        except Exception as error:  # pylint: disable=broad-except
            ok(False, test.__doc__, f"{type(error).__name__}: {error}")
    with open(os.environ["SERVER_LOG"], encoding="utf-8", errors="replace") as log:
        lines = [line for line in log if secret in line or SECRET in line]
    ok(not lines, "the log has neither the key nor the secret", *lines)


main()
