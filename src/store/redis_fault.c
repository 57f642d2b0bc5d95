/* redis_fault — what Redis means by an error, and what its operator should do about it. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_fault.h"

#include <stdio.h>
#include <string.h>

enum { QUOTE_MAX = 140 };

#define CLUSTER                                                                                    \
    "this Redis is part of a cluster, whose keys are spread: let store name a single primary, or " \
    "Sentinels that watch one"

#define NO_DATABASE "Redis has no database of this number: mend the number at the end of store"

static const struct row {
    const char *begins; /* the error begins with it, */
    const char *has;    /* or has it somewhere */
    enum redis_fault fault;
    const char *says;
} rows[] = {
    {"LOADING", NULL, REDIS_FAULT_AWAY, "Redis is still loading its data (LOADING)"},
    {"READONLY", NULL, REDIS_FAULT_AWAY,
     "this Redis is a replica and takes no writes (READONLY): let store name the primary, or "
     "Sentinels"},
    {"UNBLOCKED", NULL, REDIS_FAULT_AWAY, "this Redis has just become a replica (UNBLOCKED)"},
    {"MASTERDOWN", NULL, REDIS_FAULT_AWAY,
     "this Redis is a replica that has lost its primary (MASTERDOWN)"},
    {"CLUSTERDOWN", NULL, REDIS_FAULT_AWAY, CLUSTER " (CLUSTERDOWN)"},
    {"NOREPLICAS", NULL, REDIS_FAULT_AWAY,
     "Redis has fewer replicas than min-replicas-to-write wants (NOREPLICAS)"},
    {"BUSY ", NULL, REDIS_FAULT_AWAY, "Redis is busy with somebody's script (BUSY)"},
    {"TRYAGAIN", NULL, REDIS_FAULT_AWAY, CLUSTER " (TRYAGAIN)"},
    {"MOVED", NULL, REDIS_FAULT_SET_UP, CLUSTER " (MOVED)"},
    {"ASK ", NULL, REDIS_FAULT_SET_UP, CLUSTER " (ASK)"},
    {"CROSSSLOT", NULL, REDIS_FAULT_SET_UP, CLUSTER " (CROSSSLOT)"},
    {"ERR SELECT is not allowed in cluster", NULL, REDIS_FAULT_SET_UP, CLUSTER},
    {"NOAUTH", NULL, REDIS_FAULT_SET_UP,
     "Redis asks for a password (NOAUTH): put it into store-password"},
    {"WRONGPASS", NULL, REDIS_FAULT_SET_UP,
     "Redis does not take this user and password (WRONGPASS): mend store-password, or what stands "
     "before the @ in store"},
    {"DENIED", NULL, REDIS_FAULT_SET_UP,
     "Redis takes connections from its own machine only (protected mode): give it a password, and "
     "put that into store-password"},
    {NULL, "max number of clients", REDIS_FAULT_AWAY,
     "Redis has as many clients as its maxclients allows"},
    {NULL, "invalid DB index", REDIS_FAULT_SET_UP, NO_DATABASE},
    {NULL, "DB index is out of range", REDIS_FAULT_SET_UP, NO_DATABASE},
    {"NOSCRIPT", NULL, REDIS_FAULT_SCRIPT, "Redis has forgotten a script (NOSCRIPT)"},
    {"WRONGTYPE", NULL, REDIS_FAULT_REQUEST,
     "a key in Redis holds another kind of thing than turnpike keeps there (WRONGTYPE)"},
    {"OOM", NULL, REDIS_FAULT_REQUEST,
     "Redis has no memory left for this (OOM): raise its maxmemory"},
    {"MISCONF", NULL, REDIS_FAULT_REQUEST,
     "Redis takes no writes because it cannot save to disk (MISCONF)"},
    {NULL, "The user executing the script can't", REDIS_FAULT_REQUEST,
     "Redis's ACL forbids its user what a script of turnpike's does: ACL SETUSER ... ~turnpike:* "
     "+type +exists +hexists +hget +hset +hgetall +hdel +set +del +xadd +pexpire +pexpireat +time"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* has — whether `part` is somewhere in the text. */
static bool has(struct span text, const char *part)
{
    return memmem(text.bytes, text.size, part, strlen(part)) != NULL;
}

static bool begins(struct span text, const char *part)
{
    return text.size >= strlen(part) && memcmp(text.bytes, part, strlen(part)) == 0;
}

/* quote — bytes of others as text; behind "with args" Redis repeats what it was sent. */
static void quote(struct span bytes, char *out, size_t room)
{
    const uint8_t *end = memmem(bytes.bytes, bytes.size, ", with args", strlen(", with args"));
    size_t size = end ? (size_t)(end - bytes.bytes) : bytes.size;
    size_t i = 0;
    for (; i < size && i + 1 < room; i++) {
        out[i] = bytes.bytes[i] >= ' ' && bytes.bytes[i] < 0x7f ? (char)bytes.bytes[i] : '?';
    }
    out[i] = '\0';
}

/* of_script — before version 7 the error of a command in a script comes wrapped. */
static struct span of_script(struct span error)
{
    static const char mark[] = "@user_script:";
    const uint8_t *at = begins(error, "ERR Error running script")
                            ? memmem(error.bytes, error.size, mark, strlen(mark))
                            : NULL;
    const uint8_t *end = error.bytes + error.size;
    const uint8_t *blank = at ? memchr(at, ' ', (size_t)(end - at)) : NULL;
    return blank ? (struct span){blank + 1, (size_t)(end - blank) - 1} : error;
}

/* read_permission — NOPERM names the command in quotes, or speaks of keys. */
static enum redis_fault read_permission(struct span error, char *why, size_t room)
{
    const uint8_t *end = error.bytes + error.size;
    const uint8_t *from = memchr(error.bytes, '\'', error.size);
    const uint8_t *to = from ? memchr(from + 1, '\'', (size_t)(end - from) - 1) : NULL;
    char command[40] = "";
    if (to) {
        quote((struct span){from + 1, (size_t)(to - from) - 1}, command, sizeof(command));
    }
    snprintf(why, room, "Redis's ACL forbids its user %s%s (NOPERM): ACL SETUSER ... %s%s",
             to ? "the command " : "the keys turnpike:*", command, to ? "+" : "~turnpike:*",
             command);
    return REDIS_FAULT_SET_UP;
}

enum redis_fault redis_fault_read(struct span error, char *why, size_t room)
{
    char text[QUOTE_MAX];
    error = of_script(error);
    if (begins(error, "NOPERM")) {
        return read_permission(error, why, room);
    }
    for (size_t i = 0; i < ROWS; i++) {
        if ((rows[i].begins && begins(error, rows[i].begins)) ||
            (rows[i].has && has(error, rows[i].has))) {
            snprintf(why, room, "%s", rows[i].says);
            return rows[i].fault;
        }
    }
    quote(error, text, sizeof(text));
    snprintf(why, room, "Redis answers with an error: %s", text);
    return REDIS_FAULT_REQUEST;
}

enum redis_fault redis_fault_read_auth(struct span error, char *why, size_t room)
{
    if (has(error, "without any password configured") || has(error, "no password is set")) {
        snprintf(why, room,
                 "Redis has no password and was given one: take it out of store or "
                 "store-password, or give Redis one");
        return REDIS_FAULT_SET_UP;
    }
    if (has(error, "invalid password")) {
        error = span_of_text("WRONGPASS");
    }
    if (has(error, "wrong number of arguments")) {
        snprintf(why, room, "this Redis knows no users, only a password: write it without a user");
        return REDIS_FAULT_SET_UP;
    }
    enum redis_fault fault = redis_fault_read(error, why, room);
    if (fault == REDIS_FAULT_REQUEST) { /* it might quote the password */
        snprintf(why, room, "Redis refuses to check a password (AUTH)");
        fault = REDIS_FAULT_SET_UP;
    }
    return fault;
}

void redis_fault_name_key(struct span key, const char *what, char *why, size_t room)
{
    char text[QUOTE_MAX];
    quote(key, text, sizeof(text));
    snprintf(why, room, "the key %s in Redis holds no %s of turnpike's: remove or rename it", text,
             what);
}
