# SPDX-License-Identifier: MIT
"""The Python half of api.sh: every endpoint of the management interface, its roles and codes."""

import base64
import os
import re
import stat
import sys
import time

from apiclient import (
    Answer,
    Connection,
    by_control,
    by_tcp,
    by_tls,
    quoted,
    read_answers,
    speak,
    tcp_socket,
)
from livetest import eventually, ok, run

REALM = os.environ.get("REALM", "north.gov")
ORIGIN = "https://app.example.org"
ID = re.compile(r"[0-9A-Za-z_-]{13}")

control = by_control()
api = by_control()  # run_all puts a key over TCP in its place


def has(answer, status, *members):
    """Whether an answer is that status, with exactly these members where some are named."""
    return answer.status == status and (not members or set(answer.json) == set(members))


def times_are_near(*seconds):
    return all(abs(time.time() - each) < 60 for each in seconds)


# ---- credentials


def credentials_native():
    """POST /v1/credentials: a signed credential, fit for RTCPeerConnection"""
    answer = api.post("/v1/credentials", {"user": "ann", "ttl": 600})
    ok(
        has(answer, 201, "id", "username", "password", "realm", "ttl", "expires", "iceServers"),
        "POST /v1/credentials has the members of the specification",
        answer,
    )
    stun, turn = answer["iceServers"]
    ok(
        ID.fullmatch(answer["id"])
        and answer["realm"] == REALM
        and answer["ttl"] == 600
        and times_are_near(answer["expires"] - 600)
        and answer["username"].startswith("tp1.")
        and answer["username"].endswith(".ann")
        and set(stun) == {"urls"}
        and all(url.startswith("stun:") for url in stun["urls"])
        and set(turn) == {"urls", "username", "credential"}
        and all(url.startswith(("turn:", "turns:")) for url in turn["urls"])
        and turn["urls"]
        and turn["username"] == answer["username"]
        and turn["credential"] == answer["password"],
        "and they say the same thing twice where they say it twice",
        answer,
    )
    plain = api.post("/v1/credentials")
    ok(
        plain.status == 201 and plain["ttl"] == 3600 and plain["username"].endswith("."),
        "an empty body asks for nothing in particular",
        plain,
    )
    random = api.post("/v1/credentials", {"kind": "random", "user": "ann"})
    ok(
        random.status == 201
        and random["username"] == f"tpr.{random['id']}.ann"
        and len(random["password"]) == 32,
        "kind random",
        random,
    )
    everything = api.post(
        "/v1/credentials",
        {
            "user": "ann",
            "realm": REALM,
            "ttl": 60,
            "tenant": "shop-1",
            "kind": "signed",
            "not_before": int(time.time()) - 5,
            "allocations": 2,
            "bandwidth": 100000,
            "peers": ["10.77.0.0/24", "fd77::2"],
            "client": "10.77.0.2",
        },
    )
    ok(
        everything.status == 201 and ",tshop-1" in "," + everything["username"].split(".")[4],
        "every member at once",
        everything,
    )


def credentials_limits():
    """ttl is held to what the realm allows"""
    wrong = [0, 9, 86401, -1, 1 << 40, 1 << 62, 3600.5, "3600", None, True, [], {}]
    for ttl in wrong:
        answer = api.post("/v1/credentials", {"ttl": ttl})
        ok(answer.status == 400 and "ttl" in answer.detail, f"ttl {ttl!r} is refused", answer)
    for ttl in (10, 86400):
        answer = api.post("/v1/credentials", {"ttl": ttl})
        ok(answer.status == 201 and answer["ttl"] == ttl, f"ttl {ttl} is granted", answer)
    late = api.post("/v1/credentials", {"ttl": 60, "not_before": int(time.time()) + 600})
    ok(late.status == 400 and "not_before" in late.detail, "expired before it begins: 400", late)


def credentials_revoked():
    """DELETE /v1/credentials/ID"""
    made = api.post("/v1/credentials", {"user": "ann"})
    gone = api.delete(f"/v1/credentials/{made['id']}?realm={REALM}")
    listed = api.get("/v1/revocations")
    ok(
        gone.status == 204
        and ("credential", made["id"]) in [(r["scope"], r["value"]) for r in listed["revocations"]],
        "a credential is revoked by its id, and listed",
        gone,
        listed,
    )
    for name in ("short", "0" * 14, "a/b", "..", "%00" * 13):
        answer = api.delete(f"/v1/credentials/{name}")
        ok(answer.status == 404, f"{name} is no credential's id: 404", answer)


def rest():
    """/turn, as draft-uberti-behave-turn-rest has it"""
    key = api.key
    bare = api.with_key(None)
    answer = bare.get(f"/turn?service=turn&username=ann&key={key}")
    ok(
        has(answer, 200, "username", "password", "ttl", "uris")
        and answer["ttl"] == 3600
        and answer["username"].endswith(".ann")
        and all(uri.startswith(("turn:", "turns:")) for uri in answer["uris"]),
        "GET /turn with key=",
        answer,
    )
    for name, path in {
        "api=": f"/turn?service=turn&api={key}&ttl=60",
        "both, one of them wrong": f"/turn?service=turn&api={key}&key=tpk_x",
    }.items():
        answer = bare.get(path)
        ok(answer.status == 200, f"GET /turn with {name}", answer)
    answer = bare.post("/turn", form={"service": "turn", "username": "a b&c", "key": key})
    ok(answer.status == 200 and answer["username"].endswith(".a b&c"), "POST /turn", answer)
    answer = api.post("/turn", form={"service": "turn", "ttl": "60"})
    ok(answer.status == 200 and answer["ttl"] == 60, "POST /turn with a Bearer key", answer)
    for query, status in {
        "service=turn": 401,
        "service=turn&key=": 401,
        f"service=turn&key={key}x": 401,
        f"service=turn&key={key[:-1]}": 401,
        f"service=stun&key={key}": 400,
        f"key={key}": 400,
        f"service=turn&ttl=9&key={key}": 400,
        f"service=turn&ttl=&key={key}": 400,
        f"service=turn&ttl=60x&key={key}": 400,
        f"service=turn&ttl=99999999999999999999&key={key}": 400,
    }.items():
        answer = bare.get(f"/turn?{query}")
        ok(answer.status == status, f"GET /turn?{query.replace(key, 'KEY')}: {status}", answer)
    path = f"/turn?service=turn&key={key}"
    answer = bare.get(path + "&username=" + "u" * 509)
    ok(answer.status == 400, "a name of more than STUN can carry: 400", answer)
    answer = bare.get("/v1/status?key=" + key)
    ok(answer.status == 401, "elsewhere a key in the URL is none", answer)


def twilio():
    """POST /2010-04-01/Accounts/SID/Tokens.json"""
    bare = api.with_key(None)
    path = "/2010-04-01/Accounts/AC123/Tokens.json"
    basic = base64.b64encode(f"AC123:{api.key}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    answer = bare.post(path, form={"Ttl": "3600"}, headers=headers)
    ok(
        has(
            answer,
            201,
            "username",
            "password",
            "ttl",
            "account_sid",
            "date_created",
            "date_updated",
            "ice_servers",
        )
        and answer["ttl"] == "3600"
        and answer["account_sid"] == "AC123"
        and answer["date_created"] == answer["date_updated"]
        and re.fullmatch(
            r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", answer["date_created"]
        ),
        "Twilio's shape",
        answer,
    )
    turns = [each for each in answer["ice_servers"] if each["url"].startswith("turn")]
    stuns = [each for each in answer["ice_servers"] if each["url"].startswith("stun")]
    ok(
        turns
        and stuns
        and all(set(each) == {"url", "urls", "username", "credential"} for each in turns)
        and all(set(each) == {"url", "urls"} for each in stuns)
        and all(each["url"] == each["urls"] for each in turns + stuns),
        "an ice server for each URI",
        answer,
    )
    answer = bare.post(path, headers=headers)
    ok(answer.status == 201, "without a body", answer)
    for value in ("AC123:" + api.key[:-1], api.key, "AC123:", ":", "", "x" * 4000):
        basic = base64.b64encode(value.encode()).decode()
        answer = bare.post(path, headers={"Authorization": f"Basic {basic}"})
        ok(answer.status == 401, f"Basic of {len(value)} bytes that are no key: 401", answer)
    answer = bare.post(path, headers={"Authorization": "Basic !!!"})
    ok(answer.status == 401, "Basic that is no base64: 401", answer)
    answer = bare.post(path, form={"Ttl": "9"}, headers=headers)
    ok(answer.status in (400, 401), "Ttl below the least", answer)


# ---- revocations


def revocations():
    """/v1/revocations: made, listed, lifted"""
    for scope, value in (("user", "u/v w"), ("tenant", "t-1"), ("credential", "abcdefghijklm")):
        made = api.post("/v1/revocations", {scope: value, "realm": REALM})
        ok(
            has(made, 201, "scope", "value", "realm", "at")
            and (made["scope"], made["value"], made["realm"]) == (scope, value, REALM)
            and times_are_near(made["at"]),
            f"POST /v1/revocations of a {scope}",
            made,
        )
        found = [
            each
            for each in api.get("/v1/revocations")["revocations"]
            if (each["scope"], each["value"]) == (scope, value)
        ]
        ok(
            len(found) == 1
            and set(found[0]) == {"scope", "value", "at", "until"}
            and found[0]["at"] == made["at"],
            f"GET /v1/revocations has the {scope}",
            found,
        )
        lifted = api.delete(f"/v1/revocations/{scope}/{quoted(value)}?realm={REALM}")
        left = [each["value"] for each in api.get("/v1/revocations")["revocations"]]
        ok(lifted.status == 204 and value not in left, f"DELETE lifts it from the {scope}", lifted)
    for body in (
        {},
        {"user": "a", "tenant": "b"},
        {"user": ""},
        {"user": 1},
        {"user": None},
        {"tenant": "no spaces"},
        {"credential": "short"},
        {"user": "a" * 509},
        {"user": "a", "more": 1},
    ):
        answer = api.post("/v1/revocations", body)
        ok(answer.status == 400, f"POST /v1/revocations {str(body)[:40]}: 400", answer)
    answer = api.delete("/v1/revocations/nonsense/x")
    ok(answer.status == 404, "a scope that is none: 404", answer)


# ---- users


def users():
    """/v1/users: added, shown, changed, removed"""
    name = "zoë / 1"
    path = f"/v1/users/{quoted(name)}"
    made = api.post("/v1/users", {"name": name, "password": "first one", "tenant": "shop"})
    ok(
        has(made, 201, "name", "realm", "changed", "sha256", "tenant")
        and made["name"] == name
        and made["realm"] == REALM
        and made["sha256"] is True
        and made["tenant"] == "shop"
        and times_are_near(made["changed"]),
        "POST /v1/users",
        made,
    )
    again = api.post("/v1/users", {"name": name, "password": "another"})
    ok(again.status == 409, "the same name again: 409", again)
    shown = api.get(path + f"?realm={REALM}")
    ok(shown.status == 200 and shown.json == made.json, "GET /v1/users/NAME", shown)
    changed = api.patch(
        path,
        {
            "allocations": 3,
            "bandwidth": 5000,
            "peers": ["10.0.0.0/8"],
            "client": "10.77.0.0/24",
            "tenant": "",
        },
    )
    ok(
        has(
            changed,
            200,
            *("name", "realm", "changed", "sha256"),
            *("allocations", "bandwidth", "peers", "client"),
        )
        and changed["peers"] == ["10.0.0.0/8"]
        and changed["client"] == "10.77.0.0/24"
        and changed["changed"] == made["changed"]
        and api.get(path).json == changed.json,
        "PATCH /v1/users/NAME changes what it names",
        changed,
    )
    back = api.patch(path, {"allocations": 0, "bandwidth": 0, "peers": [], "client": ""})
    ok(has(back, 200, "name", "realm", "changed", "sha256"), "and takes it back", back)
    md5 = api.patch(path, {"md5": "0" * 32})
    ok(md5.status == 200 and md5["sha256"] is False, "PATCH to an MD5 key alone", md5)
    both = api.patch(path, {"md5": "a" * 32, "sha256": "B" * 64})
    ok(both.status == 200 and both["sha256"] is True, "PATCH to both keys", both)
    for body in (
        {"name": "other"},
        {"password": ""},
        {"password": "a\nb"},
        {"md5": "z" * 32},
        {"md5": "0" * 31},
        {"sha256": "0" * 64},
        {"password": "a", "md5": "0" * 32},
        {"peers": ["nonsense"]},
        {"peers": ["10.0.0.0/33"]},
        {"peers": ["10.0.0.0/8"] * 9},
        {"client": "host.example.org"},
        {"allocations": -1},
        {"nonsense": 1},
    ):
        answer = api.patch(path, body)
        ok(answer.status == 400, f"PATCH {str(body)[:40]}: 400", answer)
    ok(api.get(path).json == both.json, "and none of that changed anything")
    realm = api.patch(path, {"realm": REALM, "tenant": "shop"})
    ok(realm.status == 200, "the realm may be told", realm)
    gone = api.delete(path)
    ok(gone.status == 204 and api.get(path).status == 404, "DELETE /v1/users/NAME", gone)
    for method in ("GET", "PATCH", "DELETE"):
        answer = api.ask(method, "/v1/users/nobody", {} if method == "PATCH" else None)
        ok(answer.status == 404, f"{method} /v1/users/nobody: 404", answer)
    for body in ({"password": "x"}, {"name": "x"}, {"name": "", "password": "x"}):
        answer = api.post("/v1/users", body)
        ok(answer.status == 400, f"POST /v1/users {body}: 400", answer)
    # Of one name in two realms each is another user.
    for realm, status in ((REALM, 201), ("south.gov", 201), ("west.gov", 404)):
        answer = api.post("/v1/users", {"name": "twin", "password": "x", "realm": realm})
        ok(answer.status == status, f"a user in {realm}: {status}", answer)
    api.delete("/v1/users/twin")
    answer = api.get("/v1/users/twin?realm=south.gov")
    ok(answer.status == 200 and answer["realm"] == "south.gov", "one gone, the other not", answer)
    api.delete("/v1/users/twin?realm=south.gov")


def users_paged():
    """GET /v1/users: pages by cursor"""
    names = [f"page{number:03}" for number in range(25)] + ["page:", "page/%", "page\u00e9"]
    for name in names:
        answer = api.post("/v1/users", {"name": name, "md5": "0" * 32})
        assert answer.status == 201, answer
    for limit in (1, 7, 28, 1000):
        pages = api.pages("/v1/users", "users", limit)
        found = [each["name"] for page in pages for each in page if each["name"].startswith("page")]
        ok(
            sorted(found) == sorted(names) and all(len(page) <= limit for page in pages),
            f"GET /v1/users, {limit} at a time: each of them once",
            found,
        )
    first = api.get("/v1/users?limit=5")
    ok(has(first, 200, "users", "cursor") and first["cursor"], "a page has a cursor", first)
    for limit in ("0", "1001", "-1", "x", "", "1e3"):
        answer = api.get(f"/v1/users?limit={limit}")
        ok(answer.status == 400, f"limit={limit}: 400", answer)
    answer = api.get("/v1/users?cursor=" + "x" * 2000)
    ok(answer.status == 400, "a cursor of 2000 bytes: 400", answer)
    answer = api.get("/v1/users?cursor=nonsense%00%ff'\"")
    ok(answer.status in (200, 400), "a cursor that was never given out harms nobody", answer)
    for name in names:
        api.delete(f"/v1/users/{quoted(name)}")


# ---- secrets and keys


def secrets():
    """/v1/secrets: added, listed, retired, never shown again"""
    made = api.post("/v1/secrets")
    ok(has(made, 201, "id", "realm", "secret") and len(made["secret"]) >= 32, "POST, made", made)
    given = api.post("/v1/secrets", {"secret": "a secret of one's own"})
    ok(has(given, 201, "id", "realm"), "POST, given: not shown", given)
    again = api.post("/v1/secrets", {"secret": "a secret of one's own"})
    ok(again.status == 409, "the same again: 409", again)
    listed = api.get(f"/v1/secrets?realm={REALM}")
    kinds = {each["id"]: each for each in listed["secrets"]}
    ok(
        all(set(each) == {"id", "created", "retires", "source"} for each in listed["secrets"])
        and kinds[made["id"]]["source"] == "store"
        and kinds[made["id"]]["retires"] == 0
        and times_are_near(kinds[made["id"]]["created"])
        and [each["source"] for each in listed["secrets"]].count("file") == 1
        and made["secret"].encode() not in listed.body,
        "GET /v1/secrets: those of the file too, and no secret",
        listed,
    )
    later = api.delete(f"/v1/secrets/{made['id']}?after=3600&realm={REALM}")
    ok(
        later.status == 200
        and {"id", "retires"} <= set(later.json)
        and later["id"] == made["id"]
        and times_are_near(later["retires"] - 3600),
        "DELETE ?after=3600",
        later,
    )
    kinds = {each["id"]: each for each in api.get("/v1/secrets")["secrets"]}
    ok(kinds[made["id"]]["retires"] == later["retires"], "and is listed so", kinds)
    for secret in (made, given):
        answer = api.delete(f"/v1/secrets/{secret['id']}")
        ok(answer.status == 200, "DELETE at once", answer)
    left = [each["id"] for each in api.get("/v1/secrets")["secrets"]]
    ok(made["id"] not in left and given["id"] not in left, "both are gone", left)
    answer = api.delete(f"/v1/secrets/{made['id']}")
    ok(answer.status == 404, "DELETE once more: 404", answer)
    of_file = [each["id"] for each in api.get("/v1/secrets")["secrets"] if each["source"] == "file"]
    answer = api.delete(f"/v1/secrets/{of_file[0]}")
    ok(answer.status == 404, "one of the file cannot be retired here: 404", answer)
    for after in ("-1", "x", str(367 * 86400)):
        answer = api.delete(f"/v1/secrets/{of_file[0]}?after={after}")
        ok(answer.status == 400, f"?after={after}: 400", answer)
    for secret in ("short", "x" * 1025, 5, None):
        answer = api.post("/v1/secrets", {"secret": secret})
        ok(answer.status == 400, f"a secret of {str(secret)[:8]}: 400", answer)


def keys():
    """/v1/keys: made, listed without what opens, removed"""
    made = api.post(
        "/v1/keys", {"role": "read", "label": "of a test", "tenant": "shop", "realm": REALM}
    )
    ok(
        has(made, 201, "id", "key") and made["key"].startswith(f"tpk_{made['id']}_"),
        "POST /v1/keys",
        made.status,
    )
    listed = api.get("/v1/keys")
    mine = [each for each in listed["keys"] if each["id"] == made["id"]]
    ok(
        len(mine) == 1
        and {"id", "role", "label", "created"} <= set(mine[0])
        and set(mine[0]) <= {"id", "role", "label", "tenant", "realm", "rate", "created"}
        and (mine[0]["role"], mine[0]["label"]) == ("read", "of a test")
        and (mine[0]["tenant"], mine[0]["realm"]) == ("shop", REALM)
        and times_are_near(mine[0]["created"])
        and made["key"].rpartition("_")[2].encode() not in listed.body,
        "GET /v1/keys: all but what opens",
        listed,
    )
    gone = api.delete(f"/v1/keys/{made['id']}")
    answer = api.with_key(made["key"]).get("/v1/status")
    ok(gone.status == 204 and answer.status == 401, "DELETE, and it opens no more", gone, answer)
    for name in (made["id"], "nonsense", "%00", "a" * 500):
        answer = api.delete(f"/v1/keys/{name}")
        ok(answer.status == 404, f"DELETE of key {name[:16]}: 404", answer)
    for body in (
        {},
        {"role": "root"},
        {"role": ""},
        {"role": 1},
        {"role": "read", "tenant": "a b"},
        {"role": "read", "rate": -1},
        {"role": "read", "rate": "5"},
        {"role": "read", "label": 5},
        {"role": "read", "label": "x" * 1000},
        {"role": "read", "more": 1},
    ):
        answer = api.post("/v1/keys", body)
        ok(answer.status == 400, f"POST /v1/keys {str(body)[:40]}: 400", answer)
    answer = api.post("/v1/keys", {"role": "read", "realm": "west.gov"})
    ok(answer.status in (400, 404), "a key for a realm that is none", answer)


# ---- status and the plain ones


def status():
    """/v1/status, /metrics, /healthz, /readyz"""
    answer = api.get("/v1/status")
    ok(
        answer.status == 200
        and {
            *("version", "node", "uptime", "draining", "allocations", "workers"),
            *("realms", "store", "nodes"),
        }
        == set(answer.json)
        and answer["realms"] == [REALM, "south.gov"]
        and answer["node"] == "relay-1"
        and answer["draining"] is False
        and set(answer["store"]) == {"name", "up", "shared", "kept"}
        and answer["store"]["up"] is True,
        "GET /v1/status",
        answer,
    )
    bare = api.with_key(None)
    for path, text in (("/healthz", b"ok\n"), ("/readyz", b"ok\n"), ("/metrics", None)):
        answer = bare.get(path)
        ok(
            answer.status == 200
            and answer.kind.startswith("text/plain")
            and answer.headers["Cache-Control"] == "no-store"
            and text in (None, answer.body),
            f"GET {path} needs no key",
            answer,
        )
    for path in ("/v1/usage", "/v1/sessions"):
        answer = api.get(path)
        ok(answer.status == 200, f"GET {path}", answer)
    for query in ("limit=0", "limit=1001", "limit=x", "after=x", "after=%27"):
        answer = api.get(f"/v1/usage?{query}")
        ok(answer.status == 400, f"GET /v1/usage?{query}: 400", answer)
    for query in ("limit=0", "cursor=x", "cursor=here:x", "cursor=there:", "user=" + "x" * 600):
        answer = api.get(f"/v1/sessions?{query}")
        ok(answer.status == 400, f"GET /v1/sessions?{query[:20]}: 400", answer)
    for name in ("0" * 16, "x" * 16, "1", "%00"):
        answer = api.delete(f"/v1/sessions/{name}")
        ok(answer.status == 404, f"DELETE /v1/sessions/{name}: 404", answer)


# ---- who may


ROUTES = [
    # method, path, roles beside admin
    ("POST", "/v1/credentials", "issue"),
    ("DELETE", "/v1/credentials/abcdefghijklm", "issue"),
    ("GET", "/turn?service=turn", "issue"),
    ("POST", "/turn", "issue"),
    ("POST", "/2010-04-01/Accounts/A/Tokens.json", "issue"),
    ("GET", "/v1/revocations", ""),
    ("POST", "/v1/revocations", ""),
    ("DELETE", "/v1/revocations/user/x", ""),
    ("GET", "/v1/users", ""),
    ("POST", "/v1/users", ""),
    ("GET", "/v1/users/x", ""),
    ("PATCH", "/v1/users/x", ""),
    ("DELETE", "/v1/users/x", ""),
    ("GET", "/v1/secrets", ""),
    ("POST", "/v1/secrets", ""),
    ("DELETE", "/v1/secrets/x", ""),
    ("GET", "/v1/keys", ""),
    ("POST", "/v1/keys", ""),
    ("DELETE", "/v1/keys/x", ""),
    ("GET", "/v1/sessions", "read"),
    ("DELETE", "/v1/sessions/0000000000000000", ""),
    ("GET", "/v1/usage", "read"),
    ("GET", "/v1/status", "read"),
]


def roles():
    """Each role may what it is for and nothing else"""
    by_role = {role: api.new_key(role) for role in ("issue", "read", "admin")}
    strangers = {
        "no key": None,
        "nonsense": "nonsense",
        "an id without its secret": "tpk_" + by_role["admin"].id,
        "a wrong secret": by_role["admin"].key[:-4] + "AAAA",
        "an id of another key": "tpk_"
        + by_role["issue"].id
        + "_"
        + by_role["admin"].key.rpartition("_")[2],
        "nothing behind Bearer": "",
    }
    for method, path, role in ROUTES:
        for name, key in strangers.items():
            answer = api.with_key(key).ask(method, path)
            ok(
                answer.status == 401
                and answer.headers.get("WWW-Authenticate", "").startswith("Bearer"),
                f"{method} {path.partition('?')[0]} with {name}: 401",
                answer,
            )
        for name in ("issue", "read"):
            answer = by_role[name].ask(method, path)
            ok(
                (answer.status == 403) == (name != role) and answer.status != 401,
                f"{method} {path.partition('?')[0]} with role {name}: "
                + ("allowed" if name == role else "403"),
                answer,
            )
    for each in by_role.values():
        api.delete(f"/v1/keys/{each.id}")
    answer = api.with_key(None).get(
        "/v1/status", headers={"Authorization": f"bearer {api.key}"}
    )
    ok(answer.status == 200, "the scheme is read in small letters too", answer)


def bound_to_tenant():
    """A key of a tenant is for that tenant alone"""
    issue = api.new_key("issue", tenant="shop")
    answer = issue.post("/v1/credentials", {"user": "ann"})
    ok(
        answer.status == 201 and "tshop" in answer["username"].split(".")[4].split(","),
        "its credentials have the tenant by themselves",
        answer,
    )
    answer = issue.post("/v1/credentials", {"tenant": "shop"})
    ok(answer.status == 201, "which may be told", answer)
    for tenant in ("other", ""):
        answer = issue.post("/v1/credentials", {"tenant": tenant})
        ok(answer.status == 403, f"tenant {tenant!r}: 403", answer)
    answer = issue.get("/turn?service=turn&tenant=other")
    ok(
        answer.status == 200 and "tshop" in answer["username"].split(".")[4].split(","),
        "and so over /turn",
        answer,
    )
    answer = issue.post("/2010-04-01/Accounts/A/Tokens.json")
    ok(
        answer.status == 201 and "tshop" in answer["username"].split(".")[4].split(","),
        "and in Twilio's shape",
        answer,
    )
    read = api.new_key("read", tenant="shop")
    answer = read.get("/v1/sessions?tenant=other")
    ok(
        answer.status == 403 or (answer.status == 200 and answer["sessions"] == []),
        "it reads no other tenant's sessions",
        answer,
    )
    admin = api.new_key("admin", tenant="shop")
    for method, path, body in (
        ("POST", "/v1/keys", {"role": "admin"}),
        ("POST", "/v1/keys", {"role": "issue", "tenant": "other"}),
        ("POST", "/v1/users", {"name": "intruder", "password": "x", "tenant": "other"}),
        ("POST", "/v1/revocations", {"tenant": "other"}),
        ("POST", "/v1/secrets", {}),
        ("GET", "/v1/secrets", None),
        ("GET", "/v1/usage", None),
    ):
        answer = admin.ask(method, path, body)
        ok(answer.status == 403, f"{method} {path} {body or ''} beyond the tenant: 403", answer)
    for each in (issue, read, admin):
        api.delete(f"/v1/keys/{each.id}")


def bound_to_realm():
    """A key of a realm is for that realm alone"""
    admin = api.new_key("admin", realm="south.gov")
    answer = admin.post("/v1/users", {"name": "southerner", "password": "x"})
    ok(
        answer.status == 201 and answer["realm"] == "south.gov",
        "what names no realm is about the key's",
        answer,
    )
    for method, path, body in (
        ("GET", f"/v1/users?realm={REALM}", None),
        ("POST", "/v1/users", {"name": "n", "password": "x", "realm": REALM}),
        ("DELETE", f"/v1/users/alice?realm={REALM}", None),
        ("POST", "/v1/credentials", {"realm": REALM}),
        ("POST", "/v1/revocations", {"realm": REALM, "user": "x"}),
        ("GET", f"/v1/sessions?realm={REALM}", None),
        ("GET", f"/v1/secrets?realm={REALM}", None),
        ("POST", "/v1/keys", {"role": "admin", "realm": REALM}),
        ("POST", "/v1/keys", {"role": "admin", "realm": ""}),
    ):
        answer = admin.ask(method, path, body)
        ok(answer.status == 403, f"{method} {path} {body or ''} in another realm: 403", answer)
    answer = admin.post("/v1/credentials")
    ok(answer.status == 403, "its realm issues none: 403", answer)
    answer = admin.post("/v1/keys", {"role": "admin"})
    listed = {each["id"]: each for each in api.get("/v1/keys")["keys"]}
    ok(
        answer.status == 403
        or (answer.status == 201 and listed[answer["id"]].get("realm") == "south.gov"),
        "it makes no key for more than it may itself",
        answer,
    )
    outer = api.new_key("read")
    answer = admin.delete(f"/v1/keys/{outer.id}")
    ok(answer.status in (403, 404), "nor removes one", answer)
    ok(outer.get("/v1/status").status == 200, "which still opens")
    api.delete(f"/v1/keys/{outer.id}")
    admin.delete("/v1/users/southerner")
    api.delete(f"/v1/keys/{admin.id}")


def rate():
    """A key's rate: 429 with Retry-After"""
    key = api.new_key("read", rate=2)
    answers = [key.get("/v1/status") for _ in range(12)]
    refused = [each for each in answers if each.status == 429]
    ok(
        refused
        and all(each.status in (200, 429) for each in answers)
        and all(int(each.headers["Retry-After"]) >= 1 for each in refused),
        "more than two requests in a second: 429 with Retry-After",
        answers,
    )
    ok(
        eventually(lambda: key.get("/v1/status").status == 200, 5),
        "and in another second it may again",
    )
    ok(api.get("/v1/status").status == 200, "other keys do not feel it")
    api.delete(f"/v1/keys/{key.id}")


# ---- HTTP


def methods():
    """405 with Allow, 404 for what is nowhere"""
    allowed = {}
    for method, path, _ in ROUTES:
        allowed.setdefault(path.partition("?")[0], set()).add(method)
    for path, these in allowed.items():
        for method in {"GET", "POST", "PATCH", "DELETE", "PUT"} - these:
            answer = api.ask(method, path)
            listed = {each.strip() for each in answer.headers.get("Allow", "").split(",")}
            ok(
                answer.status == 405 and listed - {"HEAD", "OPTIONS"} == these,
                f"{method} {path}: 405, Allow: {', '.join(sorted(these))}",
                answer,
                answer.headers.get("Allow"),
            )
    for path in ("/", "/v1", "/v1/", "/v1/status/", "/v1/statu", "/v2/status", "//v1/status"):
        answer = api.get(path)
        ok(answer.status == 404, f"GET {path}: 404", answer)
    for path in ("/v1/users/", "/v1/users/a/b", "/v1/revocations/user/", "/V1/STATUS"):
        answer = api.get(path)
        ok(answer.status in (404, 405), f"GET {path}: nothing is there", answer)


def content():
    """413 and 415"""
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonish"):
        answer = api.post("/v1/users", b'{"name":"x"}', headers={"Content-Type": kind})
        ok(answer.status == 415, f"a body of {kind}: 415", answer)
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json ;x=1"):
        answer = api.post("/v1/credentials", b"{}", headers={"Content-Type": kind})
        ok(answer.status == 201, f"a body of {kind}: read", answer)
    for path in ("/turn", "/2010-04-01/Accounts/A/Tokens.json"):
        answer = api.post(path, b"service=turn", headers={"Content-Type": "application/json"})
        ok(answer.status == 415, f"POST {path} of JSON: 415", answer)
    answer = api.post("/v1/credentials", b"{" + b" " * ((64 << 10) - 2) + b"}")
    ok(answer.status == 201, "a body of 64 KiB is read", answer)
    for size in (64 << 10 | 1, 100 << 10, 256 << 10):
        answer = api.post("/v1/credentials", b"{" + b" " * (size - 2) + b"}")
        ok(answer.status == 413, f"a body of {size} bytes: 413", answer)


def cross_origin():
    """CORS: for listed origins, and no others"""
    for origin, is_listed in (
        (ORIGIN, True),
        (ORIGIN + ".evil.org", False),
        ("https://evil.org", False),
        ("null", False),
        (ORIGIN.upper(), False),
        ("", False),
    ):
        for path in ("/v1/status", "/v1/nothing"):
            answer = api.get(path, headers={"Origin": origin})
            allowed = answer.headers.get_all("Access-Control-Allow-Origin")
            ok(
                allowed == ([origin] if is_listed else None)
                and (not is_listed or "Origin" in answer.headers.get("Vary", "")),
                f"GET {path} from {origin or 'nowhere'}: {'shown' if is_listed else 'hidden'}",
                answer,
                allowed,
            )
            ok(
                answer.headers.get("Access-Control-Allow-Credentials") is None,
                "and cookies are never asked for",
            )
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        answer = api.with_key(None).ask("OPTIONS", "/v1/credentials", headers=asked)
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        ok(
            answer.status == 204
            and not answer.body
            and allowed == (origin if is_listed else None)
            and "POST" in answer.headers.get("Access-Control-Allow-Methods", "")
            and "authorization" in answer.headers.get("Access-Control-Allow-Headers", "").lower(),
            f"preflight from {origin or 'nowhere'}: {'yes' if is_listed else 'no'}",
            answer,
            answer.headers,
        )


def head():
    """HEAD is GET without the body"""
    for path in ("/healthz", "/readyz", "/metrics", "/v1/status", "/v1/users"):
        answer = api.ask("HEAD", path)
        ok(
            answer.status == 200 and answer.body == b"",
            f"HEAD {path}: 200",
            answer,
        )
        length = answer.headers.get("Content-Length", "")
        ok(
            length.isdigit() and int(length) > 0 and answer.headers["Cache-Control"] == "no-store",
            "with the headers that GET has",
            answer.headers,
        )
    answer = api.with_key(None).ask("HEAD", "/v1/status")
    ok(answer.status == 401, "HEAD needs a key as GET does", answer)
    # What follows on the connection is not mistaken for a body.
    two = (
        f"HEAD /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n\r\n"
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    with tcp_socket() as sock:
        heard = speak(sock, two.encode())
    ok(
        heard is not None and heard.endswith(b"\r\n\r\nok\n") and heard.count(b"HTTP/1.1 200") == 2,
        "and leaves the connection in step",
        heard,
    )


def keep_alive():
    """Connections are kept, and requests may be pipelined"""
    connection = Connection(api.make)
    statuses = []
    local = set()
    for _ in range(20):
        connection.request("GET", "/v1/status", headers={"Authorization": f"Bearer {api.key}"})
        statuses.append(Answer(connection.getresponse()).status)
        local.add(connection.sock and connection.sock.getsockname())
    connection.close()
    ok(statuses == [200] * 20 and len(local) == 1, "20 requests on one connection", statuses)
    one = f"GET /v1/users/none{{}} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n\r\n"
    last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with tcp_socket() as sock:
        heard = speak(sock, ("".join(map(one.format, range(30))) + last).encode())
    answers = read_answers(heard or b"")
    ok(
        [status for status, _, _ in answers] == [404] * 30 + [200],
        "30 requests sent at once are answered in their order",
        [status for status, _, _ in answers],
        heard and heard[-300:],
    )
    with tcp_socket() as sock:
        heard = speak(sock, b"GET /healthz HTTP/1.0\r\n\r\n")
    ok(heard is not None and b"200" in heard.split(b"\r\n")[0], "HTTP/1.0 closes", heard)
    answer = api.post("/v1/credentials", {}, headers={"Expect": "100-continue"})
    ok(answer.status == 201, "Expect: 100-continue", answer)
    # A client that does not wait for its answer.
    for _ in range(20):
        with tcp_socket() as sock:
            sock.sendall(
                b"POST /v1/credentials HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n"
                b"Content-Type: application/json\r\nAuthorization: Bearer "
                + api.key.encode()
                + b'\r\n\r\n{"kind":"random"}'
            )
    ok(api.get("/v1/status").status == 200, "clients that leave before their answer do no harm")


# ---- the control socket


def control_socket():
    """The control socket: mode 0600, no key, role admin"""
    path = os.environ["CONTROL"]
    mode = os.stat(path).st_mode
    ok(
        stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600,
        "is a socket of mode 0600",
        oct(mode),
    )
    for route in ("/v1/status", "/v1/users", "/v1/keys", "/v1/secrets", "/metrics", "/healthz"):
        answer = control.get(route)
        ok(answer.status == 200, f"GET {route} without a key", answer)
    answer = control.with_key("tpk_nonsense").get("/v1/status")
    ok(answer.status == 200, "with a wrong key as without one", answer)


def common():
    """Every answer: Cache-Control: no-store, and errors are problems"""
    ok(
        not api.faults and not control.faults,
        "every answer so far was no-store and every error a problem",
        *sorted(set(map(str, api.faults + control.faults)))[:20],
    )


def run_all():
    global api
    api = by_tcp(control.new_key("admin", label="of the test").key)
    run(
        credentials_native,
        credentials_limits,
        credentials_revoked,
        rest,
        twilio,
        revocations,
        users,
        users_paged,
        secrets,
        keys,
        status,
        roles,
        bound_to_tenant,
        bound_to_realm,
        rate,
        methods,
        content,
        cross_origin,
        head,
        keep_alive,
        control_socket,
        common,
    )


def secure():
    """The same over TLS, beyond loopback"""
    authority, name = sys.argv[2:]
    address = ("10.77.0.1", 8443)
    tls = by_tls(address, authority, name, control.new_key("admin").key)
    answer = tls.get("/v1/status")
    ok(answer.status == 200, "GET /v1/status over TLS", answer)
    answer = tls.with_key(None).get("/v1/status")
    ok(answer.status == 401, "which opens nothing by itself", answer)
    answer = tls.post("/v1/credentials", {"user": "ann"})
    ok(answer.status == 201, "POST /v1/credentials over TLS", answer)
    with tcp_socket(address) as sock:
        heard = speak(sock, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    ok(heard is not None and b"200 OK" not in heard, "plain HTTP gets nothing there", heard)
    with tcp_socket(address) as sock:
        heard = speak(sock, os.urandom(2000))
    ok(heard is not None, "nor do random bytes", heard)
    many = [tcp_socket(address) for _ in range(50)]
    answer = tls.get("/v1/status")
    ok(answer.status == 200, "50 handshakes that never begin do not hold up one that does", answer)
    for sock in many:
        sock.close()
    answers = [tls.post("/v1/credentials", {"user": "ann"}) for _ in range(20)]
    ok(
        all(answer.status == 201 for answer in answers),
        "a body in a record of its own, right behind its header: each is read",
        answers,
    )
    big = tls.post("/v1/credentials", b"{" + b" " * 60000 + b"}")
    ok(big.status == 201, "a body of 60 KB over TLS", big)
    ok(not tls.faults, "every answer was no-store and every error a problem", *tls.faults)


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "secure":
        run(secure)
    else:
        run_all()


if __name__ == "__main__":
    main()
