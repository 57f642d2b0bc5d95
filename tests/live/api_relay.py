# SPDX-License-Identifier: MIT
"""The Python half of api_relay.sh: what the management interface gives out and takes back, as
clients of the relay see it."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time

from apiclient import by_control, quoted
from livetest import CLIENT4, SERVER4, EchoPeer, eventually, note, ok, run, skip
from stunclient import MD5, SHA256, Client

SOUTH4 = (SERVER4[0], 3479)  # whose clients belong to the realm south.gov
QUOTA, FORBIDDEN, UNAUTHORIZED, MISMATCH = 486, 403, 401, 437
SOON = 3.0  # within which what is taken back must have ended; it is far below a second

api = by_control()


def issued(**wanted):
    """A credential; its name and password as a client takes them."""
    answer = api.post("/v1/credentials", wanted)
    assert answer.status == 201, answer
    return answer.json


def client_of(credential, **options):
    return Client(SERVER4, credential["username"], credential["password"], **options)


def relays(client, peer):
    """Whether a client gets an allocation, and what it sends comes back."""
    answer = client.allocate()
    if answer.error:
        note(f"allocate: {answer.error}")
        return False
    permitted = client.permit(peer.address[0]).error
    if permitted:
        note(f"permission: {permitted}")
    return not permitted and client.echoes(peer.address, os.urandom(20).hex().encode())


def error_of(credential, **options):
    """The code that an Allocate with a credential gets."""
    with client_of(credential, **options) as client:
        answer = client.allocate()
        if not answer.error:
            client.refresh(0)
        return answer.error


def sessions(query=""):
    answer = api.get(f"/v1/sessions{query}")
    assert answer.status == 200, answer
    return answer["sessions"]


def ends(client, peer):
    """The seconds until an allocation is gone, or None when it stays."""
    begun = time.monotonic()
    while time.monotonic() < begun + SOON:
        if not client.echoes(peer.address, b"still there", seconds=0.1):
            if client.refresh().error == MISMATCH or client.refresh().error == UNAUTHORIZED:
                return time.monotonic() - begun
    return None


def kinds():
    """Signed and random credentials relay, and a session says whose it is"""
    peer = EchoPeer(CLIENT4)
    for kind in ("signed", "random"):
        for algorithm in (None, MD5, SHA256):
            credential = issued(kind=kind, user="ann", tenant="shop")
            with client_of(credential, algorithm=algorithm) as client:
                ok(relays(client, peer), f"a {kind} credential relays, algorithm {algorithm}")
                found = sessions("?user=ann&tenant=shop")
                ok(
                    len(found) == 1
                    and (found[0]["user"], found[0]["tenant"], found[0]["credential"])
                    == ("ann", "shop", credential["id"])
                    and found[0]["realm"] == "north.gov"
                    and found[0]["node"] == "relay-1"
                    and found[0]["transport"] == "udp"
                    and found[0]["client"].startswith(CLIENT4 + ":")
                    and len(found[0]["relayed"]) == 1
                    and len(found[0]["id"]) == 16
                    and found[0]["sent_packets"] == found[0]["received_packets"] == 1,
                    "and is a session of its owner and tenant",
                    found,
                )
                client.refresh(0)
        wrong = dict(credential, password=credential["password"] + "x")
        ok(error_of(wrong) == UNAUTHORIZED, f"a {kind} one with a wrong password: 401")
        other = dict(credential, username=credential["username"] + "x")
        ok(error_of(other) == UNAUTHORIZED, f"a {kind} one with another owner: 401")
    ok(sessions() == [], "no session is left")


def shapes():
    """What /turn and Twilio's path give out relays too"""
    peer = EchoPeer(CLIENT4)
    rest = api.get("/turn?service=turn&username=rae").json
    with client_of(rest) as client:
        ok(relays(client, peer), "of GET /turn")
        ok([each["user"] for each in sessions()] == ["rae"], "and has its owner")
        client.refresh(0)
    twilio = api.post("/2010-04-01/Accounts/A/Tokens.json", form={"Ttl": "60"}).json
    with client_of(twilio) as client:
        ok(relays(client, peer), "of Tokens.json")
        client.refresh(0)


def times():
    """not_before, and the end of a credential's life"""
    peer = EchoPeer(CLIENT4)
    short = [issued(ttl=10, kind=kind, user="tim") for kind in ("signed", "random")]
    holders = [client_of(each) for each in short]
    for holder in holders:
        ok(relays(holder, peer), "a credential for ten seconds relays")
    later = int(time.time()) + 4
    early = [issued(not_before=later, kind=kind) for kind in ("signed", "random")]
    for each in early:
        ok(error_of(each) == UNAUTHORIZED, "before its time a credential opens nothing")
    time.sleep(max(later + 1 - time.time(), 0))
    for each in early:
        ok(error_of(each) == 0, "and from then on it does")
    time.sleep(max(short[-1]["expires"] + 1 - time.time(), 0))
    is_strict = os.environ["EXPIRY"] == "strict"
    for each in short:
        ok(error_of(each) == UNAUTHORIZED, "after its end it opens nothing more")
    for holder in holders:
        error = holder.refresh().error
        if is_strict:
            ok(error == UNAUTHORIZED, "expiry is strict: what it opened is not refreshed", error)
        else:
            ok(
                error == 0 and holder.echoes(peer.address, b"late"),
                "expiry is lenient: what it opened is refreshed, and relays",
                error,
            )
            holder.refresh(0)
        holder.close()


def counted(description, wanted, credentials, limit):
    """Allocations are held to a limit, and one that ends makes room."""
    clients = [client_of(each) for each in credentials]
    errors = [client.allocate().error for client in clients]
    granted = errors.count(0)
    ok(
        granted == limit and set(errors) <= {0, QUOTA},
        f"{description}: {limit} of {wanted}",
        errors,
    )
    holder = clients[errors.index(0)]
    refused = clients[errors.index(QUOTA)]
    holder.refresh(0)
    ok(
        eventually(lambda: refused.allocate().error == 0, 3),
        "and one that ends makes room for another",
    )
    for client in clients:
        client.refresh(0)
        client.close()


def limits():
    """Allocations per credential, tenant and user"""
    for kind in ("signed", "random"):
        one = issued(kind=kind, allocations=2)
        counted(f"allocations of a {kind} credential", 4, [one] * 4, 2)
    both = issued(allocations=3, kind="random")
    counted("another number", 5, [both] * 5, 3)
    of_tenant = [issued(tenant="busy", user=f"u{i}") for i in range(6)]
    counted("allocations of a tenant, whoever they are of", 6, of_tenant, 4)
    of_user = [
        issued(user="many", kind="random" if i % 2 else "signed", tenant=f"t{i}") for i in range(8)
    ]
    counted("allocations of a user, by whatever credential", 8, of_user, 5)
    nobody = [client_of(issued()) for _ in range(7)]
    errors = [client.allocate().error for client in nobody]
    ok(errors == [0] * 7, "credentials without an owner are not all one user", errors)
    for client in nobody:
        client.refresh(0)
        client.close()


def bandwidth():
    """Bandwidth per allocation"""
    peer = EchoPeer(CLIENT4)
    for rate, few in ((20000, True), (0, False)):
        with client_of(issued(bandwidth=rate)) as client:
            ok(relays(client, peer), f"bandwidth {rate or 'of no limit'}: relays")
            client.bind(0x4000, peer.address)
            heard = 0
            for _ in range(150):
                client.send_channel(0x4000, bytes(1000))
                heard += client.receive(0.002) is not None
            while client.receive(0.3):
                heard += 1
            ok(
                0 < heard < 100 if few else heard > 100,
                f"of 150,000 bytes at once {'a part' if few else 'nearly all'} come back",
                heard,
            )
            client.refresh(0)


def narrowed():
    """peers and client"""
    peer = EchoPeer(CLIENT4)
    for kind in ("signed", "random"):
        with client_of(issued(kind=kind, peers=["10.77.0.2", "fd77::/64"])) as client:
            ok(relays(client, peer), f"a {kind} credential reaches the peer that it names")
            errors = [client.permit(host).error for host in ("10.77.0.3", "192.0.2.1")]
            ok(errors == [FORBIDDEN] * 2, "and no other: 403", errors)
            error = client.bind(0x4001, ("10.77.0.3", 9)).error
            ok(error == FORBIDDEN, "nor by ChannelBind", error)
            client.refresh(0)
        with client_of(issued(kind=kind, peers=["127.0.0.0/8", "10.77.0.0/24"])) as client:
            ok(relays(client, peer), "a list narrows")
            error = client.permit("127.0.0.1").error
            ok(error == FORBIDDEN, "and never widens", error)
            client.refresh(0)
        error = error_of(issued(kind=kind, client="10.77.0.99"))
        ok(error == FORBIDDEN, "a client from elsewhere: 403", error)
        for client in (CLIENT4, "10.77.0.0/24"):
            error = error_of(issued(kind=kind, client=client))
            ok(error == 0, f"a client from {client}: granted", error)


def revoked():
    """What is revoked ends at once, is refused from then on, and can be given back"""
    peer = EchoPeer(CLIENT4)
    for kind in ("signed", "random"):
        for scope in ("credential", "user", "tenant"):
            wanted = {"kind": kind, "user": "rick", "tenant": "gone"}
            credential = issued(**wanted)
            bystander = client_of(issued(user="by", tenant="stander"))
            holder = client_of(credential)
            ok(relays(holder, peer) and relays(bystander, peer), f"{kind}: relays")
            value = {"credential": credential["id"], "user": "rick", "tenant": "gone"}[scope]
            if scope == "credential":
                answer = api.delete(f"/v1/credentials/{value}")
            else:
                answer = api.post("/v1/revocations", {scope: value})
            took = ends(holder, peer)
            ok(
                answer.status in (201, 204) and took is not None,
                f"{kind}, revoked by {scope}: the allocation ends",
                answer,
                sessions(),
            )
            if took is not None:
                note(f"in {1000 * took:.0f} ms, 100 of them our own patience")
            ok(error_of(credential) == UNAUTHORIZED, "and the credential opens nothing more")
            ok(bystander.echoes(peer.address, b"hello"), "others do not feel it")
            holder.close()
            bystander.refresh(0)
            bystander.close()
            if scope != "credential":
                other = error_of(issued(**{**wanted, scope: "another"}))
                ok(other == 0, f"another {scope} is let in", other)
            lifted = api.delete(f"/v1/revocations/{scope}/{value}")
            ok(
                lifted.status == 204 and error_of(credential) == 0,
                "lifted: it opens again",
                lifted,
            )


def after_revocation():
    """A new credential of a revoked user opens from the next second on"""
    api.post("/v1/revocations", {"user": "fresh", "realm": "north.gov"})
    at = api.get("/v1/revocations")["revocations"]
    at = max(each["at"] for each in at if each["value"] == "fresh")
    time.sleep(max(at + 1.1 - time.time(), 0))
    error = error_of(issued(user="fresh"))
    ok(error == 0, "issued after the revocation: let in", error)
    api.delete("/v1/revocations/user/fresh")


def users_of(realm, server):
    peer = EchoPeer(CLIENT4)
    name = "wendy"
    path = f"/v1/users/{name}?realm={realm}"

    def client(password, **options):
        return Client(server, name, password, **options)

    def error(password, **options):
        with client(password, **options) as one:
            answer = one.allocate()
            if not answer.error:
                one.refresh(0)
            return answer.error

    ok(error("first") == UNAUTHORIZED, f"{realm}: before it is added there is no such user")
    made = api.post("/v1/users", {"name": name, "password": "first", "realm": realm})
    ok(
        made.status == 201 and error("first") == 0,
        f"{realm}: a user is let in as soon as it is added",
        made,
    )
    ok(error("wrong") == UNAUTHORIZED, "with its password alone")
    for algorithm in (MD5, SHA256):
        code = error("first", algorithm=algorithm)
        ok(code == 0, f"by algorithm {algorithm}", code)
    if realm == "south.gov":
        for algorithm in (MD5, SHA256):
            code = error("first", algorithm=algorithm, userhash=True)
            ok(code == 0, f"by USERHASH, algorithm {algorithm}", code)
    holder = client("first")
    ok(relays(holder, peer), "it relays")
    # Changed in the very second of a revocation: newer all the same.
    time.sleep(1.05 - time.time() % 1)
    at = api.post("/v1/revocations", {"user": name, "realm": realm})["at"]
    quick = api.patch(path, {"password": "quick", "realm": realm})
    code = error("quick")
    if int(time.time()) == at:
        ok(quick.status == 200 and code == 0, "set in that second, it opens", quick, code)
    else:
        skip("set in that second, it opens", "the second was over")
    took = ends(holder, peer)
    ok(took is not None, "revoked, the user's session ends", sessions())
    ok(error("first") == UNAUTHORIZED, "and the password opens nothing")
    api.post("/v1/revocations", {"user": name, "realm": realm})
    ok(error("quick") == UNAUTHORIZED, "revoked again: nor does the quick one")
    changed = api.patch(path, {"password": "second", "realm": realm})
    code = error("second")
    ok(changed.status == 200 and code == 0, "a new password does, at once", changed, code)
    ok(error("first") == UNAUTHORIZED, "the old one does not")
    holder.close()

    holder = client("second")
    ok(relays(holder, peer), "it relays by the new one")
    changed = api.patch(path, {"password": "third", "realm": realm})
    took = ends(holder, peer)
    ok(
        changed.status == 200 and took is not None,
        "another password: sessions of the last one end",
        changed,
        sessions(f"?realm={realm}"),
    )
    ok(error("third") == 0 and error("second") == UNAUTHORIZED, "and only the new one opens")
    holder.close()

    holder = client("third")
    ok(relays(holder, peer), "it relays by the third")
    gone = api.delete(path)
    took = ends(holder, peer)
    ok(
        gone.status == 204 and took is not None and error("third") == UNAUTHORIZED,
        "removed: its sessions end, and nothing opens",
        gone,
    )
    holder.close()
    made = api.post("/v1/users", {"name": name, "password": "fourth", "realm": realm})
    code = error("fourth")
    ok(made.status == 201 and code == 0, "added again at once: it is let in", made, code)
    key = hashlib.md5(f"{name}:{realm}:fifth".encode()).hexdigest()
    api.patch(path, {"md5": key, "realm": realm})
    ok(
        error("fifth") == 0 and error("fifth", algorithm=SHA256) == UNAUTHORIZED,
        "an MD5 key opens by MD5 and not by SHA-256",
    )
    api.patch(path, {"client": "10.77.0.99", "realm": realm})
    code = error("fifth")
    ok(code == FORBIDDEN, "limits of a user hold: client, 403", code)
    api.delete(path)
    api.delete(f"/v1/revocations/user/{name}?realm={realm}")


def users():
    """Users of the store: new passwords, removal"""
    users_of("north.gov", SERVER4)


def hidden_users():
    """The same in a realm that issues nothing, where names may be hidden"""
    users_of("south.gov", SOUTH4)


def time_limited(secret, user, seconds=600):
    """Name and password as other programs make them of a secret."""
    name = f"{int(time.time()) + seconds}:{user}"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return {"username": name, "password": base64.b64encode(digest).decode()}


def secrets():
    """Secrets of the store: what they sign, until they are retired"""
    peer = EchoPeer(CLIENT4)
    made = api.post("/v1/secrets", {"realm": "north.gov"}).json
    by_name = time_limited(made["secret"], "tina")
    ok(error_of(by_name) == 0, "a time-limited name by a secret of the store opens")
    late = time_limited(made["secret"], "tina", -5)
    ok(error_of(late) == UNAUTHORIZED, "not after its time")
    with client_of(by_name) as client:
        client.allocate()
        ok([each["user"] for each in sessions()] == ["tina"], "its user part is the owner")
        client.refresh(0)
    ticket = issued(user="sid")
    ok(
        ticket["username"].split(".")[1] == made["id"],
        "credentials are signed by the newest secret",
        ticket,
    )
    holder = client_of(ticket)
    ok(relays(holder, peer), "and relay")
    later = api.delete(f"/v1/secrets/{made['id']}?after=600")
    ok(
        later.status == 200 and error_of(ticket) == 0 and error_of(by_name) == 0,
        "retired for later: all goes on",
        later,
    )
    at_once = api.delete(f"/v1/secrets/{made['id']}")
    ok(
        at_once.status == 200
        and error_of(ticket) == UNAUTHORIZED
        and error_of(by_name) == UNAUTHORIZED,
        "retired at once: what it signed opens nothing",
        at_once,
    )
    error = holder.refresh().error
    if os.environ["EXPIRY"] == "lenient":
        ok(
            error == 0 and holder.echoes(peer.address, b"grace"),
            "what lives on by it has the grace of expiry",
            error,
        )
    else:
        ok(error in (0, UNAUTHORIZED), "expiry is strict: answered as after its end", error)
    holder.refresh(0)
    holder.close()
    again = issued(user="sid")
    ok(error_of(again) == 0 and again["username"].split(".")[1] != made["id"], "the next one signs")


def kicked():
    """DELETE /v1/sessions/ID"""
    peer = EchoPeer(CLIENT4)
    credential = issued(user="kim")
    holder = client_of(credential)
    other = client_of(credential)
    ok(relays(holder, peer) and relays(other, peer), "two sessions of one credential")
    mine = f"{CLIENT4}:{holder.sock.getsockname()[1]}"
    found = [each for each in sessions("?user=kim") if each["client"] == mine]
    answer = api.delete(f"/v1/sessions/{found[0]['id']}")
    took = ends(holder, peer)
    ok(answer.status == 204 and took is not None, "the one that is named ends", answer)
    ok(other.echoes(peer.address, b"here"), "the other does not")
    again = api.delete(f"/v1/sessions/{found[0]['id']}")
    ok(again.status == 404, "there is none to end any more: 404", again)
    ok(relays(holder, peer), "its client may come again")
    for client in (holder, other):
        client.refresh(0)
        client.close()


def paged():
    """GET /v1/sessions, page by page, while they stay"""
    clients = [client_of(issued(user=f"p{number}")) for number in range(23)]
    for client in clients:
        assert client.allocate().error == 0
    for limit in (1, 5, 23, 100):
        pages = api.pages("/v1/sessions", "sessions", limit)
        found = [each["user"] for page in pages for each in page]
        ok(
            sorted(found) == sorted(f"p{number}" for number in range(23))
            and all(len(page) <= limit for page in pages),
            f"{limit} at a time: each once",
            found,
        )
    ok(len(sessions("?user=p7")) == 1, "of one user")
    ok(sessions("?user=nobody") == [] and sessions("?tenant=none") == [], "of nobody")
    ok(api.get("/v1/status")["allocations"] == 23, "status counts them")
    for client in clients:
        client.refresh(0)
        client.close()


def usage_of(session):
    """All of the usage stream about a session."""
    after = ""
    found = []
    while True:
        page = api.get(f"/v1/usage?after={after}&limit=50")
        assert page.status == 200, page
        found += [each for each in page["usage"] if each["session"] == session]
        if not page["usage"]:
            return found
        after = page["after"]


def usage():
    """The usage stream: start, interim and stop add up to what was relayed"""
    peer = EchoPeer(CLIENT4)
    holder = client_of(issued(user="una", tenant="shop"))
    ok(relays(holder, peer), "relays")
    session = sessions("?user=una")[0]["id"]
    sent = [40]  # by relays()
    for size in (1, 100, 1000, 1200, 0, 333):
        if size and holder.echoes(peer.address, bytes(size)):
            sent.append(size)
    interim = eventually(
        lambda: [each for each in usage_of(session) if each["event"] == "interim"], 16
    )
    ok(interim, "there is an interim record within its interval", usage_of(session))
    for size in (7, 700):
        if holder.echoes(peer.address, bytes(size)):
            sent.append(size)
    live = sessions("?user=una")[0]
    holder.refresh(0)
    holder.close()
    eventually(lambda: [each for each in usage_of(session) if each["event"] == "stop"], 5)
    records = usage_of(session)
    members = {
        *("id", "event", "sequence", "node", "boot", "at", "session", "realm", "user", "tenant"),
        *("credential", "client", "transport", "relayed", "seconds"),
        *("sent_packets", "sent_bytes", "received_packets", "received_bytes"),
    }
    ok(
        all(members <= set(each) <= members | {"reason"} for each in records),
        "records have the members of the specification",
        [sorted(members ^ set(each)) for each in records],
    )
    ok(
        [records[0]["event"], records[-1]["event"]] == ["start", "stop"]
        and all(each["event"] == "interim" for each in records[1:-1])
        and records[-1]["reason"],
        "they begin with start and end with stop, which has a reason",
        records,
    )
    sequence = [each["sequence"] for each in records]
    ok(
        sequence == sorted(set(sequence)) and len({each["boot"] for each in records}) == 1,
        "numbered in their order",
        sequence,
    )
    ok(
        all((each["user"], each["tenant"]) == ("una", "shop") for each in records),
        "each says whose it is",
    )
    last = records[-1]
    ok(
        last["sent_packets"] == last["received_packets"] == len(sent)
        and last["sent_bytes"] == last["received_bytes"] == sum(sent),
        f"stop has {len(sent)} packets and {sum(sent)} bytes each way",
        last,
    )
    ok(
        (live["sent_packets"], live["sent_bytes"]) == (last["sent_packets"], last["sent_bytes"]),
        "and so had the session while it lived",
        live,
    )


KEPT = "/kept.json"


def kept_path():
    return os.path.dirname(os.environ["CONTROL"]) + KEPT


def prepare():
    """What a restart must keep"""


    for name in ("stay", "st ay/é", "taken-back"):
        api.post("/v1/users", {"name": name, "password": "pass", "tenant": "kept"})
    key = api.new_key("issue", tenant="kept", label="kept")
    secret = api.post("/v1/secrets").json
    kept = {
        "key": key.key,
        "secret": secret["secret"],
        "random": issued(kind="random", user="rand"),
        "signed": issued(user="sig"),
        "revoked": issued(user="rev"),
        "revoked-random": issued(kind="random", user="rev"),
        "of-file": time_limited("verysecret", "file"),
    }
    for each in ("revoked", "revoked-random"):
        api.delete(f"/v1/credentials/{kept[each]['id']}")
    api.post("/v1/revocations", {"user": "taken-back"})
    api.post("/v1/revocations", {"tenant": "nowhere"})
    with open(kept_path(), "w", encoding="utf-8") as file:
        json.dump(kept, file)
    ok(error_of(kept["random"]) == 0 and error_of(kept["signed"]) == 0, "before: credentials open")


def is_kept():
    """What a restart kept"""


    with open(kept_path(), encoding="utf-8") as file:
        kept = json.load(file)
    keeps = os.environ["STORE"] != "memory"
    what = "kept" if keeps else "gone"

    def is_so(question, description):
        ok(bool(question) == keeps, f"{what}: {description}", question)

    is_so(
        api.get(f"/v1/users/{quoted('st ay/é')}?realm=north.gov").status == 200,
        "a user with an odd name",
    )
    user = {"username": "stay", "password": "pass"}
    is_so(error_of(user) == 0, "a user opens")
    is_so(error_of(kept["random"]) == 0, "a random credential")
    is_so(error_of(kept["signed"]) == 0, "a signed one, by a secret of the store")
    is_so(error_of(time_limited(kept["secret"], "x")) == 0, "that secret, for time-limited names")
    listed = [(each["scope"], each["value"]) for each in api.get("/v1/revocations")["revocations"]]
    is_so(
        ("credential", kept["revoked"]["id"]) in listed and ("user", "taken-back") in listed,
        "revocations",
    )
    for each in ("revoked", "revoked-random"):
        ok(error_of(kept[each]) == UNAUTHORIZED, "what was revoked stays so")
    user = {"username": "taken-back", "password": "pass"}
    ok(error_of(user) == UNAUTHORIZED, "a user who was taken back stays so")
    ids = [each["id"] for each in api.get("/v1/keys")["keys"]]
    is_so(kept["key"].split("_")[1] in ids, "a key")
    ok(error_of(kept["of-file"]) == 0, "names by a secret of the file open in any case")
    boots = {each["boot"] for each in api.get("/v1/usage?limit=1000")["usage"]}
    is_so(boots, "the usage stream")
    ok(api.get("/v1/status")["store"]["kept"] == keeps, "status says so")
    if not keeps:
        ticket = issued(user="next")
        ok(error_of(ticket) == 0, "and credentials are issued and open")


def prepare_ticket():
    """A ticket signed by a secret of the file"""


    secrets_there = [each["source"] for each in api.get("/v1/secrets")["secrets"]]
    ticket = issued(user="file")
    ok(secrets_there == ["file"] and error_of(ticket) == 0, "opens", secrets_there)
    with open(kept_path(), "w", encoding="utf-8") as file:
        json.dump(ticket, file)


def ticket_is_good():
    """It opens after a restart too"""


    with open(kept_path(), encoding="utf-8") as file:
        ok(error_of(json.load(file)) == 0, "store = memory: a ticket by a secret of the file opens")


PARTS = {
    "all": (
        kinds,
        shapes,
        times,
        limits,
        bandwidth,
        narrowed,
        revoked,
        after_revocation,
        users,
        hidden_users,
        secrets,
        kicked,
        paged,
        usage,
    ),
    "strict": (times, secrets),
    "prepare": (prepare,),
    "kept": (is_kept,),
    "prepare-ticket": (prepare_ticket,),
    "ticket": (ticket_is_good,),
}

if __name__ == "__main__":
    run(*PARTS[sys.argv[1]])
