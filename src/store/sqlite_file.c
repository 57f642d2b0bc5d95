/* sqlite_file — the database file of one machine: opened, checked, brought up to date, or refused.
 */
/* SPDX-License-Identifier: MIT */
#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <sqlite3.h>

enum {
    APPLICATION_ID = 0x74706b31, /* "tpk1", in the header of the file */
    BUSY_MS = 2000,              /* a backup may hold the file for a moment */
};

/* Each brings the schema from the version of its place to the next. Never change one that was
 * released: add another. */
static const char *const migrations[] = {
    "CREATE TABLE item (kind TEXT NOT NULL, realm BLOB NOT NULL, name BLOB NOT NULL,"
    " value TEXT NOT NULL, expires INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (kind, realm, name)) WITHOUT ROWID;"
    "CREATE INDEX item_expires ON item (expires) WHERE expires > 0;"
    "CREATE TABLE usage (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " event TEXT NOT NULL);"
    "CREATE INDEX usage_at ON usage (at);",
};

enum { SCHEMA = sizeof(migrations) / sizeof(migrations[0]) };

/* number_of — the number a PRAGMA answers with; -1 when it cannot be asked. */
static int number_of(sqlite3 *db, const char *pragma)
{
    sqlite3_stmt *stmt = NULL;
    int number = -1;
    if (sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        number = sqlite3_column_int(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return number;
}

/* is_whole — whether the file is in order, as far as can be told without reading every row twice.
 */
static bool is_whole(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool is_whole = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &stmt, NULL) == SQLITE_OK &&
                    sqlite3_step(stmt) == SQLITE_ROW &&
                    strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    return is_whole;
}

static bool refuse_damaged(sqlite3 *db, const char *path, char *why, size_t why_room)
{
    snprintf(why, why_room,
             "the database %s is damaged (%s) and was left as it is: put back a copy of it, or "
             "save what is left with `sqlite3 %s .recover | sqlite3 NEW` and move NEW in its place",
             path, sqlite3_errcode(db) == SQLITE_OK ? "its check fails" : sqlite3_errmsg(db), path);
    return false;
}

static bool migrate(sqlite3 *db, int version, char *why, size_t why_room)
{
    char sql[96];
    bool ok = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    for (int i = version; ok && i < SCHEMA; i++) {
        ok = sqlite3_exec(db, migrations[i], NULL, NULL, NULL) == SQLITE_OK;
    }
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d; PRAGMA application_id = %d; COMMIT",
             (int)SCHEMA, (int)APPLICATION_ID);
    ok = ok && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!ok) {
        snprintf(why, why_room, "the database cannot be brought up to date: %s",
                 sqlite3_errmsg(db));
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return ok;
}

/* check_and_migrate — everything between opening and use. */
static bool check_and_migrate(sqlite3 *db, const char *path, char *why, size_t why_room)
{
    int tables = number_of(db, "SELECT count(*) FROM sqlite_master");
    if (tables < 0 || !is_whole(db)) {
        return refuse_damaged(db, path, why, why_room);
    }
    int version = number_of(db, "PRAGMA user_version");
    if (tables > 0 && number_of(db, "PRAGMA application_id") != APPLICATION_ID) {
        snprintf(why, why_room,
                 "%s is the database of another program; name another file, which will be made",
                 path);
        return false;
    }
    if (version > SCHEMA) {
        snprintf(why, why_room,
                 "the database %s was written by a newer turnpike (schema %d, this one knows %d): "
                 "run that version, or put back the copy from before the upgrade",
                 path, version, (int)SCHEMA);
        return false;
    }
    return version == SCHEMA || migrate(db, version, why, why_room);
}

/* set_up — the way it is worked with: readers beside the writer, on the disk before the answer. */
static bool set_up(sqlite3 *db, char *why, size_t why_room)
{
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_extended_result_codes(db, 1);
    if (sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
                     NULL, NULL, NULL) != SQLITE_OK) {
        snprintf(why, why_room, "the database cannot be used: %s", sqlite3_errmsg(db));
        return false;
    }
    return true;
}

/* make_file — so that it has our mode from the first moment. */
static bool make_file(const char *path, char *why, size_t why_room)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(why, why_room, "cannot open the database %s: %s%s", path, strerror(errno),
                 errno == ENOENT   ? "; make its folder first"
                 : errno == EACCES ? "; give its folder to the user that the server runs as"
                                   : "");
        return false;
    }
    close(fd);
    return true;
}

/* take_lock — one server at a time: another would not hear of what this one changes. */
static int take_lock(const char *path, char *why, size_t why_room)
{
    char name[4096 + 8];
    snprintf(name, sizeof(name), "%s-lock", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(why, why_room, "cannot open %s: %s", name, strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(why, why_room,
                 "another turnpike uses the database %s: stop it, or name another file", path);
        close(fd);
        return -1;
    }
    return fd;
}

/* keep_log — whether closing it leaves what a crash, or another program, left beside the file. */
static void keep_log(sqlite3 *db, bool keeps)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps ? 1 : 0, NULL);
}

static sqlite3 *open_database(const char *path, char *why, size_t why_room)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path ? path : ":memory:", &db, flags, NULL) != SQLITE_OK) {
        snprintf(why, why_room, "cannot open the database %s: %s", path ? path : "in memory",
                 db ? sqlite3_errmsg(db) : "out of memory");
        sqlite3_close(db);
        return NULL;
    }
    keep_log(db, true); /* until it is seen to be ours */
    if (check_and_migrate(db, path ? path : "in memory", why, why_room) &&
        set_up(db, why, why_room)) {
        keep_log(db, false);
        return db;
    }
    sqlite3_close(db);
    return NULL;
}

struct sqlite3 *sqlite_file_open(const char *path, int *lock, char *why, size_t why_room)
{
    *lock = -1;
    if (path) {
        *lock = make_file(path, why, why_room) ? take_lock(path, why, why_room) : -1;
        if (*lock < 0) {
            return NULL;
        }
    }
    sqlite3 *db = open_database(path, why, why_room);
    if (!db && *lock >= 0) {
        close(*lock);
        *lock = -1;
    }
    return db;
}
