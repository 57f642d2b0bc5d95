/* test_import_sqlite — coturn's database as it is, and as nobody should have written it. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"
#include "unit/recorder.h"

#include "ctl/import_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#define KEY "00112233445566778899aabbccddeeff"

/* As coturn's schema.sql has it. */
static const char schema[] =
    "CREATE TABLE turnusers_lt (realm varchar(127) default '', name varchar(512), hmackey "
    "char(128),"
    " PRIMARY KEY (realm,name));"
    "CREATE TABLE turn_secret (realm varchar(127) default '', value varchar(256),"
    " primary key (realm,value));"
    "CREATE TABLE allowed_peer_ip (realm varchar(127) default '', ip_range varchar(256),"
    " primary key (realm,ip_range));"
    "CREATE TABLE denied_peer_ip (realm varchar(127) default '', ip_range varchar(256),"
    " primary key (realm,ip_range));"
    "CREATE TABLE turn_origin_to_realm (origin varchar(127), realm varchar(127),"
    " primary key (origin));"
    "CREATE TABLE turn_realm_option (realm varchar(127) default '', opt varchar(32),"
    " value varchar(128), primary key (realm,opt));"
    "CREATE TABLE oauth_key (kid varchar(128), ikm_key varchar(256), timestamp bigint default 0,"
    " lifetime integer default 0, as_rs_alg varchar(64) default '', realm varchar(127),"
    " primary key (kid));"
    "CREATE TABLE admin_user (name varchar(32), realm varchar(127), password varchar(127),"
    " primary key (name));";

/* read_database — one made by these statements. */
static enum import_result read_database(struct recorder *r, const char *realm, const char *first,
                                        const char *second, struct text *why)
{
    char name[] = "/tmp/turnpike-test-XXXXXX";
    char *complaint = NULL;
    sqlite3 *database;
    close(mkstemp(name));
    assert_int_equal(sqlite3_open(name, &database), SQLITE_OK);
    if (sqlite3_exec(database, first, NULL, NULL, &complaint) != SQLITE_OK ||
        sqlite3_exec(database, second, NULL, NULL, &complaint) != SQLITE_OK) {
        print_message("# %s\n", complaint);
        fail();
    }
    sqlite3_close(database);
    recorder_init(r, realm);
    enum import_result result = import_sqlite_file(name, &r->sink, why);
    unlink(name);
    return result;
}

static void expect(const char *realm, const char *statements, const char *lines)
{
    struct recorder r;
    char why[512] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_database(&r, realm, schema, statements, &t), IMPORT_DONE);
    assert_string_equal(r.bytes, lines);
    recorder_fini(&r);
}

static void users_and_secrets(void **state)
{
    (void)state;
    static const char rows[] =
        "INSERT INTO turnusers_lt VALUES('R','alice','" KEY "'),('S','bob','" KEY "');"
        "INSERT INTO turn_secret VALUES('R','one'),('','two');";
    expect(NULL, rows,
           "user R alice md5 " KEY "\nuser S bob md5 " KEY "\nsecret R one\nsecret  two\n");
    expect("S", rows, "user S bob md5 " KEY "\nsecret S two\n");
}

static void options_and_peers_make_a_snippet(void **state)
{
    (void)state;
    struct recorder r;
    char why[512] = "";
    struct text t = text_init(why, sizeof(why));
    static const char rows[] =
        "INSERT INTO turn_realm_option VALUES('R','max-bps','5000'),('R','user-quota','4'),"
        "('R','total-quota',50);"
        "INSERT INTO allowed_peer_ip VALUES('R','10.0.0.1');"
        "INSERT INTO denied_peer_ip VALUES('R','10.0.0.0-10.0.0.255'),('','192.0.2.1');";
    assert_int_equal(read_database(&r, NULL, schema, rows, &t), IMPORT_DONE);
    assert_string_equal(r.bytes, "");
    char *snippet = recorder_snippet(&r);
    assert_string_equal(snippet, "# For turnpike.conf. turnpike --check says what it means.\n"
                                 "peers {\n"
                                 "  deny = {\n"
                                 "    \"192.0.2.1\"\n"
                                 "  }\n"
                                 "}\n"
                                 "realm \"R\" {\n"
                                 "  limits {\n"
                                 "    bandwidth-per-allocation = \"10kB/s\"\n"
                                 "    allocations-per-user = \"4\"\n"
                                 "    allocations = \"50\"\n"
                                 "  }\n"
                                 "  peers {\n"
                                 "    allow = {\n"
                                 "      \"10.0.0.1\"\n"
                                 "    }\n"
                                 "    deny = {\n"
                                 "      \"10.0.0.0/24\"\n"
                                 "    }\n"
                                 "  }\n"
                                 "}\n");
    free(snippet);
    recorder_fini(&r);
}

static void what_has_no_place_is_reported(void **state)
{
    (void)state;
    expect(
        NULL,
        "INSERT INTO oauth_key(kid) VALUES('k');"
        "INSERT INTO admin_user VALUES('root','','hidden');"
        "INSERT INTO turn_realm_option VALUES('R','color','blue');"
        "INSERT INTO turn_origin_to_realm VALUES('http://a','R');",
        "skip turn_realm_option rowid 1: the option is none that turnpike knows of\n"
        "skip turn_origin_to_realm rowid 1: turnpike chooses no realm by origin; give each realm "
        "a listener of its own (listener { realm = })\n"
        "skip oauth_key rowid 1: turnpike takes no OAuth tokens (RFC 7635)\n"
        "skip admin_user rowid 1: turnpike has no pages for administrators; make keys for its "
        "HTTP interface with turnpikectl key add\n");
}

static void odd_values_are_reported(void **state)
{
    (void)state;
    expect(
        NULL,
        "INSERT INTO turnusers_lt VALUES('R','a','12'),('R',x'616263','" KEY "'),"
        "('R','b',3.5),('R',NULL,'" KEY "'),('R','c'||char(0)||'d','" KEY "'),"
        "('R',CAST(x'ff' AS TEXT),'" KEY "'),('','e','" KEY "'),(char(7),'f','" KEY "'),"
        "('R','g','" KEY KEY "');"
        "INSERT INTO turn_secret VALUES('R',''),('R',CAST(zeroblob(5000) AS TEXT)),"
        "('R',CAST(replace(hex(zeroblob(5000)),'0','x') AS TEXT));"
        "INSERT INTO denied_peer_ip VALUES('R','nowhere'),('R',NULL);",
        "skip turnusers_lt rowid 1: the user's key is no MD5 in hex, 32 digits\n"
        "skip turnusers_lt rowid 2: name is no text\n"
        "skip turnusers_lt rowid 3: the user's key is no MD5 in hex, 32 digits\n"
        "skip turnusers_lt rowid 4: the user's name is empty\n"
        "skip turnusers_lt rowid 5: the user's name holds control characters\n"
        "skip turnusers_lt rowid 6: the user's name is no UTF-8\n"
        "skip turnusers_lt rowid 7: the user is of no realm, so that its key is good for none\n"
        "skip turnusers_lt rowid 8: the realm's name holds control characters\n"
        "skip turnusers_lt rowid 9: the user's key is no MD5 in hex, 32 digits\n"
        "skip turn_secret rowid 1: the secret is empty\n"
        "skip turn_secret rowid 2: the secret is longer than turnpike takes\n"
        "skip turn_secret rowid 3: the secret is longer than turnpike takes\n"
        "skip denied_peer_ip rowid 1: the range is neither an address nor two of one family with "
        "- between them\n"
        "skip denied_peer_ip rowid 2: the range is neither an address nor two of one family with "
        "- between them\n");
}

static void another_schema_is_reported(void **state)
{
    (void)state;
    struct recorder r;
    char why[512] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_database(&r, NULL,
                                   "CREATE TABLE turnusers_lt (who text);"
                                   "CREATE TABLE turn_secret (realm text, value text);",
                                   "INSERT INTO turn_secret VALUES('R','one');", &t),
                     IMPORT_DONE);
    assert_string_equal(r.bytes, "skip turnusers_lt: no such column: realm\nsecret R one\n");
    recorder_fini(&r);
}

static void no_database_of_coturns_is_refused(void **state)
{
    (void)state;
    struct recorder r;
    char why[512] = "";
    struct text t = text_init(why, sizeof(why));
    assert_int_equal(read_database(&r, NULL, "CREATE TABLE x (y)", "", &t), IMPORT_FAILED);
    assert_non_null(strstr(why, "no table of coturn's is in it"));
    t = text_init(why, sizeof(why));
    assert_int_equal(import_sqlite_file("/nonexistent/turndb", &r.sink, &t), IMPORT_FAILED);
    assert_string_equal(why, "/nonexistent/turndb: unable to open database file");
    t = text_init(why, sizeof(why));
    assert_int_equal(import_sqlite_file("/proc/self/exe", &r.sink, &t), IMPORT_FAILED);
    assert_non_null(strstr(why, "/proc/self/exe: "));
    recorder_fini(&r);
}

static void a_sink_may_stop(void **state)
{
    (void)state;
    struct recorder r;
    char why[64] = "";
    struct text t = text_init(why, sizeof(why));
    char name[] = "/tmp/turnpike-test-XXXXXX";
    sqlite3 *database;
    close(mkstemp(name));
    assert_int_equal(sqlite3_open(name, &database), SQLITE_OK);
    sqlite3_exec(database, schema, NULL, NULL, NULL);
    sqlite3_exec(database, "INSERT INTO turn_secret VALUES('R','1'),('R','2'),('R','3')", NULL,
                 NULL, NULL);
    sqlite3_close(database);
    recorder_init(&r, NULL);
    r.left = 1;
    assert_int_equal(import_sqlite_file(name, &r.sink, &t), IMPORT_STOPPED);
    assert_string_equal(r.bytes, "secret R 1\n");
    unlink(name);
    recorder_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_and_secrets),
        cmocka_unit_test(options_and_peers_make_a_snippet),
        cmocka_unit_test(what_has_no_place_is_reported),
        cmocka_unit_test(odd_values_are_reported),
        cmocka_unit_test(another_schema_is_reported),
        cmocka_unit_test(no_database_of_coturns_is_refused),
        cmocka_unit_test(a_sink_may_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
