# SPDX-License-Identifier: MIT
"""The Python half of openapi.sh: the file and the server say the same.

Every path and method of the file is asked, rightly and wrongly; each answer's code is among those
of the file, and its body what the schema says: the validator knows as much of JSON Schema as the
file uses, and fails on what it does not know. Every route of the server is in the file."""

import re
import sys

import yaml

from apiclient import by_control, by_tcp, quoted
from livetest import CLIENT4, SERVER4, EchoPeer, eventually, ok, run
from stunclient import Client

FILE, ROUTES = sys.argv[1:]
with open(FILE, encoding="utf-8") as text:
    API = yaml.safe_load(text)
METHODS = ("get", "post", "patch", "delete", "put", "head", "options")

api = by_control()  # with a key over TCP in main

ASSERTED = {
    *("$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "oneOf"),
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "allOf"),
}
IGNORED = {"description", "example", "default", "format", "title", "writeOnly", "readOnly"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def resolved(thing):
    """What a $ref points to."""
    while "$ref" in thing:
        place = API
        for name in thing["$ref"].removeprefix("#/").split("/"):
            place = place[name]
        thing = place
    return thing


def faults(value, schema, where="body"):
    """Why a value is none of a schema; [] when it is one."""
    schema = resolved(schema)
    unknown = set(schema) - ASSERTED - IGNORED
    if unknown:
        return [f"{where}: the validator knows no {unknown}"]
    kind = schema.get("type")
    is_odd = isinstance(value, bool) != (kind == "boolean")  # Python takes True for an integer
    if kind and (is_odd or not isinstance(value, TYPES[kind])):
        return [f"{where}: {value!r} is no {kind}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    for part in schema.get("allOf", ()):
        found += faults(value, part, where)
    if "oneOf" in schema and [faults(value, one, where) for one in schema["oneOf"]].count([]) != 1:
        found.append(f"{where}: {value!r} is not one of the alternatives")
    if isinstance(value, str):
        found += text_faults(value, schema, where)
    elif isinstance(value, dict):
        found += object_faults(value, schema, where)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1 << 30):
            found.append(f"{where}: {len(value)} items")
        for number, each in enumerate(value):
            found += faults(each, schema.get("items", {}), f"{where}[{number}]")
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{where}: {value} is out of range")
    return found


def text_faults(value, schema, where):
    found = []
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 30):
        found.append(f"{where}: {len(value)} characters")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where}: {value!r} does not match {schema['pattern']}")
    return found


def object_faults(value, schema, where):
    known = schema.get("properties", {})
    found = [f"{where}: no {name}" for name in schema.get("required", ()) if name not in value]
    for name, each in value.items():
        if name in known:
            found += faults(each, known[name], f"{where}.{name}")
        elif known and schema.get("additionalProperties", False) is False:
            # The server says nothing that the file does not tell.
            found.append(f"{where}: {name} is not in the file")
    return found


def operations():
    for path, item in API["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


asked = set()  # (path, method, status)


def conforms(path, method, answer):
    """Whether an answer is one of those that the file has for an operation."""
    responses = API["paths"][path][method]["responses"]
    asked.add((path, method, answer.status))
    if str(answer.status) not in responses:
        return ok(False, f"{method.upper()} {path}: {answer.status} is in the file", answer)
    response = resolved(responses[str(answer.status)])
    contents = response.get("content", {})
    found = []
    if contents:
        kind = answer.kind.partition(";")[0].strip()
        if kind not in {each.partition(";")[0] for each in contents}:
            found.append(f"{answer.kind} is none of {list(contents)}")
        elif kind.endswith("json"):
            found += faults(answer.json, contents[kind].get("schema", {}))
    elif answer.body:
        found.append("a body where the file has none")
    for name, header in response.get("headers", {}).items():
        value = answer.headers.get(name)
        schema = resolved(header).get("schema", {})
        if value is not None and resolved(schema).get("type") == "integer":
            value = int(value) if value.isdigit() else value
        if value is None:
            if resolved(header).get("required", True):
                found.append(f"no {name}")
        else:
            found += faults(value, schema, name)
    what = f"{method.upper()} {path}: {answer.status} is as the file says"
    return ok(not found, what, *found, answer)


def routes():
    """Every route of the server is in the file, and no other"""
    with open(ROUTES, encoding="utf-8") as source:
        table = re.findall(r'\{"([A-Z]+)", "(/[^"]*)"', source.read())
    plain = {("GET", path) for path in ("/metrics", "/healthz", "/readyz")}
    server = set(table) | plain
    file = {
        (method.upper(), re.sub(r"\{[^}]*\}", "*", path)) for path, method, _ in operations()
    }
    ok(len(table) > 20 and server == file, "the routes of both are the same", server ^ file)


def filled(path):
    values = {"id": "nonsense", "name": "nobody", "scope": "user", "value": "nobody", "sid": "A"}
    return re.sub(r"\{([^}]*)\}", lambda match: quoted(values[match[1]]), path)


def wrongly():
    """Without a key, with a wrong one, one that may not, by a method that is not there"""
    none = api.with_key(None)
    reader, issuer = api.new_key("read"), api.new_key("issue")
    for path, method, operation in operations():
        where = filled(path)
        is_open = operation.get("security") == []
        if not is_open:
            answer = none.ask(method.upper(), where)
            ok(answer.status == 401, f"{method.upper()} {path} needs a key", answer)
            conforms(path, method, answer)
            for other in (reader, issuer):
                answer = other.ask(method.upper(), where)
                if answer.status == 403:
                    conforms(path, method, answer)
            parameters = operation.get("parameters", []) + API["paths"][path].get("parameters", [])
            if "realm" in [resolved(each)["name"] for each in parameters]:
                answer = api.ask(method.upper(), where + "?realm=west.gov")
                ok(answer.status == 404, f"{method.upper()} {path}: a realm that is none", answer)
                conforms(path, method, answer)
        if "requestBody" in operation:
            for body, kind in (
                (b"{", "application/json"),
                (b"x", "text/plain"),
                (b" " * 70000, "application/json"),
                (b'{"nonsense": 1}', "application/json"),
            ):
                answer = api.ask(method.upper(), where, body, headers={"Content-Type": kind})
                if answer.status not in (200, 201):
                    conforms(path, method, answer)
        answer = api.ask("PUT", where)
        ok(answer.status == 405, f"PUT {path}: 405", answer)
        conforms(path, method, answer)


EXAMPLES = {
    ("/v1/credentials", "post"): (
        {"user": "ann", "ttl": 60},
        {},
        {"kind": "random", "user": "ann", "tenant": "t", "allocations": 2, "bandwidth": 9,
         "peers": ["10.77.0.0/16", "fd77::1"], "client": "10.77.0.2", "not_before": 1},
    ),
    ("/v1/revocations", "post"): ({"user": "u"}, {"tenant": "t"}, {"credential": "a" * 13}),
    ("/v1/users", "post"): (
        {"name": "ann", "password": "x"},
        {"name": "ben", "md5": "0" * 32, "tenant": "t", "allocations": 1, "bandwidth": 5,
         "peers": ["10.0.0.0/8"], "client": "10.77.0.2"},
        {"name": "ann", "password": "x"},
    ),
    ("/v1/secrets", "post"): ({}, {"secret": "one's own secret"}, {"secret": "one's own secret"}),
    ("/v1/keys", "post"): ({"role": "read"}, {"role": "issue", "label": "l", "tenant": "t",
                                             "realm": "north.gov", "rate": 5}),
}


def rightly():
    """Every operation, as it is meant"""
    made = {}
    for (path, method), bodies in EXAMPLES.items():
        schema = resolved(API["paths"][path][method]["requestBody"]["content"])["application/json"]
        for body in bodies:
            found = faults(body, schema["schema"])
            ok(not found, f"{path}: the file allows {str(body)[:40]}", *found)
            answer = api.ask(method.upper(), path, body)
            conforms(path, method, answer)
            made.setdefault(path, answer.json)
    key = quoted(api.key)
    conforms("/turn", "get", api.get(f"/turn?service=turn&username=ann&key={key}"))
    conforms("/turn", "get", api.get("/turn"))
    conforms("/turn", "post", api.post("/turn", form={"service": "turn", "ttl": "60"}))
    twilio = "/2010-04-01/Accounts/{sid}/Tokens.json"
    conforms(twilio, "post", api.post(filled(twilio), form={"Ttl": "60"}))
    conforms(twilio, "post", api.post(filled(twilio), form={"Ttl": "1"}))
    peer = EchoPeer(CLIENT4)
    credential = made["/v1/credentials"]
    with Client(SERVER4, credential["username"], credential["password"]) as client:
        client.allocate()
        client.permit(CLIENT4)
        client.echoes(peer.address, b"hello")
        sessions = api.get("/v1/sessions")
        conforms("/v1/sessions", "get", sessions)
        one = f"/v1/sessions/{sessions['sessions'][0]['id']}"
        conforms("/v1/sessions/{id}", "delete", api.delete(one))
        conforms("/v1/sessions/{id}", "delete", api.delete(one))
    for path in ("/v1/revocations", "/v1/users", "/v1/secrets", "/v1/keys", "/v1/status"):
        answer = api.get(path)
        lists = [each for each in answer.json.values() if isinstance(each, list)]
        ok(all(lists) or path == "/v1/status", f"GET {path} has something to show", answer)
        conforms(path, "get", answer)
    for path in ("/metrics", "/healthz", "/readyz"):
        conforms(path, "get", api.get(path))
    eventually(lambda: len(api.get("/v1/usage")["usage"]) > 1)
    usage = api.get("/v1/usage")
    events = {each["event"] for each in usage["usage"]}
    ok({"start", "stop"} <= events, "usage has something", usage)
    conforms("/v1/usage", "get", usage)
    conforms("/v1/users/{name}", "get", api.get("/v1/users/ben"))
    conforms("/v1/users/{name}", "patch", api.patch("/v1/users/ben", {"tenant": "other"}))
    conforms("/v1/users/{name}", "delete", api.delete("/v1/users/ben"))
    for method in ("get", "patch", "delete"):
        body = {} if method == "patch" else None
        conforms("/v1/users/{name}", method, api.ask(method.upper(), "/v1/users/ben", body))
    for path in ("/v1/secrets", "/v1/keys", "/v1/credentials"):
        one = f"{path}/{made[path]['id']}"
        conforms(path + "/{id}", "delete", api.delete(one))
        conforms(path + "/{id}", "delete", api.delete(one))
    revocation = "/v1/revocations/{scope}/{value}"
    conforms(revocation, "delete", api.delete("/v1/revocations/user/u"))
    conforms(revocation, "delete", api.delete("/v1/revocations/nonsense/u"))


def complete():
    """Every operation was asked, and answered well at least once"""
    good = {(path, method) for path, method, status in asked if status < 300}
    missing = {(path, method) for path, method, _ in operations()} - good
    ok(not missing, "each operation was answered well", missing)


if __name__ == "__main__":
    api = by_tcp(api.new_key("admin").key)
    run(routes, wrongly, rightly, complete)
