/* test_sqlite_file — the database file is made, opened again, or refused and left as it is. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "store/sqlite_file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

static char folder[64];
static char why[512];

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/turnpike-test-sqlite-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* path_of — a name in the folder; valid until the call after the next. */
static const char *path_of(const char *name)
{
    static char path[2][256];
    static int which;
    which = !which;
    snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
    return path[which];
}

/* assert_why — the sentence, in which @ stands for the folder. */
static void assert_why(const char *expected)
{
    char sentence[1024] = "";
    for (; *expected; expected++) {
        size_t used = strlen(sentence);
        snprintf(sentence + used, sizeof(sentence) - used, "%.*s", *expected == '@' ? 64 : 1,
                 *expected == '@' ? folder : expected);
    }
    assert_string_equal(why, sentence);
}

static sqlite3 *opened(const char *path, int *lock)
{
    sqlite3 *db = sqlite_file_open(path, lock, why, sizeof(why));
    if (!db) {
        fail_msg("%s", why);
    }
    return db;
}

static void shut(sqlite3 *db, int lock)
{
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    if (lock >= 0) {
        close(lock);
    }
}

static void refused(const char *path)
{
    int lock = 5;
    why[0] = '\0';
    assert_null(sqlite_file_open(path, &lock, why, sizeof(why)));
    assert_int_equal(lock, -1);
    assert_string_not_equal(why, "");
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
}

static int number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int number = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return number;
}

static char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void write_all(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* refused_untouched — it is refused, and every byte of it stays. */
static void refused_untouched(const char *name)
{
    size_t before_size;
    size_t after_size;
    char *before = read_all(path_of(name), &before_size);
    refused(path_of(name));
    char *after = read_all(path_of(name), &after_size);
    assert_int_equal(after_size, before_size);
    assert_memory_equal(after, before, before_size);
    free(before);
    free(after);
}

/* make_one — a database of ours with something in it. */
static void make_one(const char *name)
{
    int lock;
    sqlite3 *db = opened(path_of(name), &lock);
    run_sql(db, "BEGIN");
    for (int i = 0; i < 2000; i++) {
        char sql[160];
        snprintf(sql, sizeof(sql),
                 "INSERT INTO item (kind, realm, name, value) VALUES"
                 " ('user', x'78', CAST('user-%d' AS BLOB), '{\"name\":\"user-%d\"}')",
                 i, i);
        run_sql(db, sql);
    }
    run_sql(db, "COMMIT");
    shut(db, lock);
}

static void file_is_made_for_us_alone(void **state)
{
    (void)state;
    struct stat status;
    int lock;
    mode_t old = umask(0);
    sqlite3 *db = opened(path_of("t.db"), &lock);
    umask(old);
    run_sql(db, "INSERT INTO usage (at, event) VALUES (1, '{}')");
    assert_int_equal(stat(path_of("t.db"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(path_of("t.db-wal"), &status), 0); /* WAL */
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(path_of("t.db-lock"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(number_of(db, "PRAGMA user_version"), 1);
    assert_int_equal(number_of(db, "PRAGMA application_id"), 0x74706b31);
    assert_int_equal(number_of(db, "PRAGMA synchronous"), 2);
    shut(db, lock);
}

static void what_was_written_is_there_again(void **state)
{
    (void)state;
    int lock;
    make_one("t.db");
    sqlite3 *db = opened(path_of("t.db"), &lock);
    assert_int_equal(number_of(db, "SELECT count(*) FROM item"), 2000);
    shut(db, lock);
}

static void without_a_path_it_is_in_memory(void **state)
{
    (void)state;
    int lock;
    int other_lock;
    sqlite3 *db = opened(NULL, &lock);
    sqlite3 *other = opened(NULL, &other_lock); /* each has its own */
    assert_int_equal(lock, -1);
    run_sql(db, "INSERT INTO usage (at, event) VALUES (1, '{}')");
    assert_int_equal(number_of(other, "SELECT count(*) FROM usage"), 0);
    shut(db, lock);
    shut(other, other_lock);
}

static void empty_file_becomes_a_database(void **state)
{
    (void)state;
    int lock;
    write_all(path_of("t.db"), "", 0);
    sqlite3 *db = opened(path_of("t.db"), &lock);
    assert_int_equal(number_of(db, "PRAGMA user_version"), 1);
    shut(db, lock);
}

static void second_opening_is_refused(void **state)
{
    (void)state;
    int lock;
    sqlite3 *db = opened(path_of("t.db"), &lock);
    refused(path_of("t.db"));
    assert_why("another turnpike uses the database @/t.db: stop it, or name another file");
    run_sql(db, "INSERT INTO usage (at, event) VALUES (1, '{}')"); /* the first goes on */
    shut(db, lock);
    db = opened(path_of("t.db"), &lock);
    shut(db, lock);
}

static void file_that_is_no_database_is_refused(void **state)
{
    (void)state;
    static const char text[] = "this is a letter to somebody, and no database at all\n";
    write_all(path_of("t.db"), text, sizeof(text) - 1);
    refused_untouched("t.db");
    assert_why("the database @/t.db is damaged (file is not a database) and was left as it is: put "
               "back a copy of it, or save what is left with `sqlite3 @/t.db .recover | sqlite3 "
               "NEW` and move NEW in its place");
}

static void damaged_file_is_refused_and_left(void **state)
{
    (void)state;
    enum { PAGE = 4096 };
    size_t size;
    make_one("t.db");
    char *bytes = read_all(path_of("t.db"), &size);
    assert_true(size > 8 * PAGE);
    for (size_t page = 1; page < size / PAGE; page++) { /* whichever page it is */
        memset(bytes + page * PAGE, 0x5a, 200);
    }
    write_all(path_of("t.db"), bytes, size);
    refused_untouched("t.db");
    assert_non_null(strstr(why, "t.db is damaged ("));
    assert_non_null(strstr(why, ") and was left as it is: put back a copy of it"));
    free(bytes);
}

static void file_that_was_cut_off_is_refused_and_left(void **state)
{
    (void)state;
    size_t size;
    make_one("t.db");
    char *bytes = read_all(path_of("t.db"), &size);
    write_all(path_of("t.db"), bytes, size / 2);
    free(bytes);
    refused_untouched("t.db");
    assert_non_null(strstr(why, "t.db is damaged ("));
}

static sqlite3 *other_program(const char *name)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(name), &db), SQLITE_OK);
    run_sql(db, "CREATE TABLE turnusers_lt (realm TEXT, name TEXT, hmackey TEXT)");
    run_sql(db, "INSERT INTO turnusers_lt VALUES ('x', 'alice', '00')");
    return db;
}

static void database_of_another_program_is_refused_and_left(void **state)
{
    (void)state;
    sqlite3 *db = other_program("t.db");
    sqlite3_close(db);
    refused_untouched("t.db");
    assert_why("@/t.db is the database of another program; name another file, which will be made");
    db = other_program("u.db");
    run_sql(db, "INSERT INTO turnusers_lt VALUES ('x', 'bob', '00')");
    run_sql(db, "PRAGMA user_version = 1"); /* as ours has, by chance */
    sqlite3_close(db);
    refused_untouched("u.db");
    assert_non_null(strstr(why, "is the database of another program"));
}

static void database_of_a_newer_version_is_refused_and_left(void **state)
{
    (void)state;
    sqlite3 *db;
    make_one("t.db");
    assert_int_equal(sqlite3_open(path_of("t.db"), &db), SQLITE_OK);
    run_sql(db, "PRAGMA user_version = 2");
    sqlite3_close(db);
    refused_untouched("t.db");
    assert_why("the database @/t.db was written by a newer turnpike (schema 2, this one knows 1): "
               "run that version, or put back the copy from before the upgrade");
}

/* copy_with_wal — a copy of a database as a crash leaves it: what was written last is beside it. */
static void copy_with_wal(const char *from, const char *to)
{
    static const char *const ends[] = {"", "-wal"};
    for (int i = 0; i < 2; i++) {
        char name[64];
        size_t size;
        snprintf(name, sizeof(name), "%s%s", from, ends[i]);
        char *bytes = read_all(path_of(name), &size);
        snprintf(name, sizeof(name), "%s%s", to, ends[i]);
        write_all(path_of(name), bytes, size);
        free(bytes);
    }
}

static void what_is_refused_keeps_its_log(void **state)
{
    (void)state;
    size_t before;
    size_t after;
    sqlite3 *db = other_program("t.db");
    run_sql(db, "PRAGMA journal_mode = WAL");
    run_sql(db, "INSERT INTO turnusers_lt VALUES ('x', 'bob', '00')");
    copy_with_wal("t.db", "u.db");
    sqlite3_close(db);
    free(read_all(path_of("u.db-wal"), &before));
    assert_true(before > 0);
    refused_untouched("u.db");
    assert_non_null(strstr(why, "is the database of another program"));
    free(read_all(path_of("u.db-wal"), &after));
    assert_int_equal(after, before);
    assert_int_equal(sqlite3_open(path_of("u.db"), &db), SQLITE_OK); /* and nothing is lost */
    assert_int_equal(number_of(db, "SELECT count(*) FROM turnusers_lt"), 2);
    sqlite3_close(db);
}

static void what_a_crash_left_is_taken_up(void **state)
{
    (void)state;
    int lock;
    sqlite3 *db = opened(path_of("t.db"), &lock);
    run_sql(db, "INSERT INTO usage (at, event) VALUES (1, '{}')");
    copy_with_wal("t.db", "u.db");
    shut(db, lock);
    db = opened(path_of("u.db"), &lock);
    assert_int_equal(number_of(db, "SELECT count(*) FROM usage"), 1);
    shut(db, lock);
}

static void places_that_cannot_be_are_told(void **state)
{
    (void)state;
    refused(path_of("none/t.db"));
    assert_why("cannot open the database @/none/t.db: No such file or directory; make its folder "
               "first");
    assert_int_equal(access(path_of("none"), F_OK), -1);
    refused(folder);
    assert_why("cannot open the database @: Is a directory");
}

static void folder_that_is_not_ours_is_told(void **state)
{
    (void)state;
    enum { NOBODY = 65534 };
    bool is_root = geteuid() == 0;
    assert_int_equal(mkdir(path_of("closed"), 0755), 0);
    if (is_root) { /* root may write anywhere */
        assert_int_equal(chmod(folder, 0755), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    } else {
        assert_int_equal(chmod(path_of("closed"), 0555), 0);
    }
    int lock;
    sqlite3 *db = sqlite_file_open(path_of("closed/t.db"), &lock, why, sizeof(why));
    if (is_root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_null(db);
    assert_why("cannot open the database @/closed/t.db: Permission denied; give its folder to the "
               "user that the server runs as");
    assert_int_equal(access(path_of("closed/t.db"), F_OK), -1);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_is_made_for_us_alone, begin, end),
        cmocka_unit_test_setup_teardown(what_was_written_is_there_again, begin, end),
        cmocka_unit_test_setup_teardown(without_a_path_it_is_in_memory, begin, end),
        cmocka_unit_test_setup_teardown(empty_file_becomes_a_database, begin, end),
        cmocka_unit_test_setup_teardown(second_opening_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(file_that_is_no_database_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(damaged_file_is_refused_and_left, begin, end),
        cmocka_unit_test_setup_teardown(file_that_was_cut_off_is_refused_and_left, begin, end),
        cmocka_unit_test_setup_teardown(database_of_another_program_is_refused_and_left, begin,
                                        end),
        cmocka_unit_test_setup_teardown(database_of_a_newer_version_is_refused_and_left, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_refused_keeps_its_log, begin, end),
        cmocka_unit_test_setup_teardown(what_a_crash_left_is_taken_up, begin, end),
        cmocka_unit_test_setup_teardown(places_that_cannot_be_are_told, begin, end),
        cmocka_unit_test_setup_teardown(folder_that_is_not_ours_is_told, begin, end),
    };
    return cmocka_run_group_tests_name("sqlite_file", tests, NULL, NULL);
}
