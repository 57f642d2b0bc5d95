/* import_sqlite — reads coturn's SQLite database. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_sqlite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "ctl/import_record.h"

enum {
    VALUE_MAX = 1 << 20, /* bytes of one value; a database with more is not coturn's */
    STEPS = 100000,      /* of SQLite's machine, between two looks at the clock */
    SECONDS = 600,       /* for all of it: a table may be a view, and a view may have no end */
};

/* A row at hand. */
struct row {
    const struct import_sink *sink;
    const char *where;
    const struct span *values;
};

typedef bool (*row_function)(const struct row *row);

/* A table, its columns, and what becomes of a row. */
struct table {
    const char *name;
    const char *columns; /* `count` of them are read */
    int count;
    row_function take;
};

static bool take_user(const struct row *r)
{
    return import_record_user(r->sink, r->where, r->values[0], r->values[1], r->values[2]);
}

static bool take_secret(const struct row *r)
{
    return import_record_secret(r->sink, r->where, r->values[0], r->values[1]);
}

static bool take_allowed(const struct row *r)
{
    import_record_peers(r->sink, r->where, r->values[0], true, r->values[1]);
    return true;
}

static bool take_denied(const struct row *r)
{
    import_record_peers(r->sink, r->where, r->values[0], false, r->values[1]);
    return true;
}

static bool take_option(const struct row *r)
{
    import_record_option(r->sink, r->where, r->values[0], r->values[1], r->values[2]);
    return true;
}

static bool take_origin(const struct row *r)
{
    import_record_origin(r->sink, r->where, r->values[0]);
    return true;
}

static bool take_oauth(const struct row *r)
{
    import_record_oauth(r->sink, r->where);
    return true;
}

static bool take_admin(const struct row *r)
{
    import_record_admin(r->sink, r->where);
    return true;
}

enum { COLUMNS_MAX = 3 };

static const struct table tables[] = {
    {"turnusers_lt", "realm, name, hmackey", 3, take_user},
    {"turn_secret", "realm, value", 2, take_secret},
    {"allowed_peer_ip", "realm, ip_range", 2, take_allowed},
    {"denied_peer_ip", "realm, ip_range", 2, take_denied},
    {"turn_realm_option", "realm, opt, value", 3, take_option},
    {"turn_origin_to_realm", "realm", 1, take_origin},
    {"oauth_key", "1", 0, take_oauth},
    {"admin_user", "1", 0, take_admin},
};

enum { TABLE_COUNT = sizeof(tables) / sizeof(tables[0]) };

/* read_value — a column as bytes; NULL is the empty text. Returns NULL with *out filled; else what
 * is wrong with it. */
static const char *read_value(sqlite3_stmt *statement, int column, struct span *out)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        *out = (struct span){(const uint8_t *)"", 0};
        return NULL;
    case SQLITE_TEXT:
    case SQLITE_INTEGER: { /* of a varchar by affinity, but types are what one wrote */
        const unsigned char *text = sqlite3_column_text(statement, column);
        *out = (struct span){text, text ? (size_t)sqlite3_column_bytes(statement, column) : 0};
        return text ? NULL : "is too large";
    }
    default:
        return "is no text";
    }
}

/* take_row — judge the types of a row, and hand it on. Returns false when the sink stops. */
static bool take_row(const struct table *table, sqlite3_stmt *statement,
                     const struct import_sink *sink)
{
    char where[128];
    struct span values[COLUMNS_MAX];
    snprintf(where, sizeof(where), "%s rowid %lld", table->name,
             (long long)sqlite3_column_int64(statement, 0));
    for (int i = 0; i < table->count; i++) {
        const char *fault = read_value(statement, i + 1, &values[i]);
        if (fault) {
            import_record_fault(sink, where, sqlite3_column_name(statement, i + 1), fault);
            return true;
        }
    }
    return table->take(&(struct row){sink, where, values});
}

/* A database being read. */
struct reading {
    sqlite3 *database;
    const struct import_sink *sink;
    const char *name;
    struct text *why;
    time_t deadline;
};

static int is_late(void *context)
{
    const struct reading *r = context;
    return time(NULL) > r->deadline;
}

static enum import_result fail(const struct reading *r, const char *reason)
{
    text_put(r->why, r->name);
    text_put(r->why, ": ");
    text_put(r->why, reason);
    return IMPORT_FAILED;
}

/* read_table — every row, in the order they were written in. */
static enum import_result read_table(const struct reading *r, const struct table *table)
{
    char query[128];
    sqlite3_stmt *statement;
    snprintf(query, sizeof(query), "SELECT rowid, %s FROM %s ORDER BY rowid", table->columns,
             table->name);
    if (sqlite3_prepare_v2(r->database, query, -1, &statement, NULL) != SQLITE_OK) {
        r->sink->skip(r->sink->context, table->name, sqlite3_errmsg(r->database));
        return IMPORT_DONE; /* other columns than coturn's: the other tables may be well */
    }
    enum import_result result = IMPORT_DONE;
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW && result == IMPORT_DONE) {
        result = take_row(table, statement, r->sink) ? IMPORT_DONE : IMPORT_STOPPED;
    }
    if (step != SQLITE_DONE && step != SQLITE_ROW) {
        result = fail(r, sqlite3_errmsg(r->database));
    }
    sqlite3_finalize(statement);
    return result;
}

/* has_table — 1, or 0; -1 when the file is no database. */
static int has_table(const struct reading *r, const char *name)
{
    static const char query[] = "SELECT 1 FROM sqlite_master WHERE name = ?1";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(r->database, query, -1, &statement, NULL) != SQLITE_OK) {
        return -1;
    }
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    int step = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : -1;
}

static enum import_result read_tables(const struct reading *r)
{
    int found = 0;
    enum import_result result = IMPORT_DONE;
    for (int i = 0; i < TABLE_COUNT && result == IMPORT_DONE; i++) {
        int has = has_table(r, tables[i].name);
        if (has < 0) {
            return fail(r, sqlite3_errmsg(r->database));
        }
        found += has;
        if (has) {
            result = read_table(r, &tables[i]);
        }
    }
    return found > 0 ? result
                     : fail(r, "no table of coturn's is in it; name the file that coturn's option "
                               "userdb names");
}

/* guard — the schema is as foreign as the rows. */
static void guard(struct reading *r)
{
    sqlite3_limit(r->database, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_db_config(r->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(r->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(r->database, 10000);
    sqlite3_progress_handler(r->database, STEPS, is_late, r);
}

enum import_result import_sqlite_file(const char *name, const struct import_sink *sink,
                                      struct text *why)
{
    struct reading r = {.sink = sink, .name = name, .why = why, .deadline = time(NULL) + SECONDS};
    enum import_result result;
    if (sqlite3_open_v2(name, &r.database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        guard(&r);
        result = read_tables(&r);
    } else {
        result = fail(&r, r.database ? sqlite3_errmsg(r.database) : "out of memory");
    }
    sqlite3_close(r.database);
    return result;
}
