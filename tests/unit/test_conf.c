/* test_conf — the configuration as a whole: every option, every refusal with its place, files,
 * includes, --set, and what is printed. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "conf.h"
#include "options.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/turnpike-test-conf-XXXXXX";

/* path_of — the name of a file in the folder of this test; valid until the next call. */
static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* read_conf — a configuration of a file's text (NULL: no file) and texts of --set (up to a NULL);
 * NULL with the sentence in `why`. */
static struct conf *read_conf(const char *text, const char *const *set, char why[512])
{
    size_t count = 0;
    while (set && set[count]) {
        count++;
    }
    if (text) {
        write_file("t.conf", text, strlen(text));
    }
    return conf_read(text ? path_of("t.conf") : NULL, set, count, why, 512);
}

/* taken — a configuration that must be taken. */
static struct conf *taken(const char *text, const char *const *set)
{
    char why[512];
    struct conf *c = read_conf(text, set, why);
    if (!c) {
        fail_msg("%s: %s", text ? text : "(none)", why);
    }
    assert_string_equal(why, "");
    return c;
}

/* assert_sentence — whether `why` is `expected`, in which @ stands for this test's folder. */
static void assert_sentence(const char *why, const char *expected)
{
    char sentence[1024];
    size_t used = 0;
    for (; *expected && used + sizeof(folder) < sizeof(sentence); expected++) {
        if (*expected == '@') {
            memcpy(sentence + used, folder, strlen(folder));
            used += strlen(folder);
        } else {
            sentence[used++] = *expected;
        }
    }
    sentence[used] = '\0';
    assert_string_equal(why, sentence);
}

/* refused — a file that must be refused with a sentence. */
static void refused(const char *text, const char *sentence)
{
    char why[512];
    struct conf *c = read_conf(text, NULL, why);
    if (c) {
        conf_free(c);
        fail_msg("taken: %s", text);
    }
    assert_sentence(why, sentence);
}

/* printed — what conf_print writes to standard output; the caller frees it. */
static char *printed(const struct conf *c)
{
    fflush(stdout);
    int terminal = dup(STDOUT_FILENO);
    FILE *file = fopen(path_of("printed"), "w+");
    assert_non_null(file);
    assert_true(terminal >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
    conf_print(c);
    fflush(stdout);
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    long size = lseek(fileno(file), 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

/* value_printed — find the value of an option by its full name in what conf_print wrote; false
 * when it is not there. The first realm, user or listener counts. */
static bool value_printed(const char *text, const char *name, char value[256])
{
    char path[128] = "";
    char line[512];
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    bool found = false;
    assert_non_null(in);
    while (!found && fgets(line, sizeof(line), in)) {
        char key[64];
        char whole[256];
        char *at = line + strspn(line, " ");
        line[strcspn(line, "\n")] = '\0';
        size_t length = strcspn(at, " ");
        char *opens = strstr(at, "{");
        char *equals = strstr(at, " = ");
        snprintf(key, sizeof(key), "%.*s", (int)length, at);
        if (at[0] == '}') {
            char *dot = strrchr(path, '.');
            *(dot ? dot : path) = '\0';
            continue;
        }
        if (opens && (!equals || opens < equals)) { /* a section */
            snprintf(whole, sizeof(whole), "%s%s%s", path, *path ? "." : "", key);
            if (!equals) {
                snprintf(path, sizeof(path), "%.127s", whole);
                continue;
            }
            at = opens + 2; /* all of it on one line */
            at[strlen(at) - 2] = '\0';
            snprintf(key, sizeof(key), "%.*s", (int)strcspn(at, " "), at);
            snprintf(whole + strlen(whole), sizeof(whole) - strlen(whole), ".%s", key);
        } else {
            snprintf(whole, sizeof(whole), "%s%s%s", path, *path ? "." : "", key);
        }
        if (strcmp(whole, name) == 0) {
            snprintf(value, 256, "%s", strstr(at, " = ") + 3);
            found = true;
        }
    }
    fclose(in);
    return found;
}

/* ---- every option */

/* A good value of every option and as what it is printed (NULL: as it stands), a bad one and the
 * end of its sentence. The values stand as behind "=". */
static const struct option_case {
    const char *name;
    const char *good;
    const char *shown;
    const char *bad;
    const char *sentence;
} option_cases[] = {
    {"listen", "{ \"udp:192.0.2.1:3478\", \"udp:[2001:db8::1]:3478\" }", NULL, "\"udp:*\"",
     "is not kind:address:port like udp:*:3478 or tls:[2001:db8::1]:5349"},
    {"names", "{ \"turn.example.org\", \"turn2.example.org\" }", NULL, "{ \"\" }",
     "names is empty"},
    {"workers", "\"4\"", NULL, "\"1025\"", "is out of range; it can be 0 to 1024"},
    {"run-as", "\"nobody\"", NULL, "\"\\x1b\"", "has control characters or is not UTF-8 text"},
    {"software", "\"\"", NULL, "\"\xff\"", NULL},
    {"drain-timeout", "\"90s\"", NULL, "\"8d\"", "is out of range; it can be 0 to 7d"},
    {"uris", "{ \"turn:turn.example.org?transport=udp\" }", NULL, "\"\"", "uris is empty"},
    {"store", "\"sqlite:/var/lib/turnpike/turnpike.db\"", NULL, "\"\"", "store is empty"},
    {"store-password", "\"x\"", "\"hidden\"", "\"\"", "store-password is empty"},
    {"node", "\"relay-1\"", NULL,
     "\"0123456789012345678901234567890123456789012345678901234567890123\"",
     "node is longer than the 63 bytes it can have"},
    {"control", "\"/run/turnpike/control.sock\"", NULL,
     ("\"/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
      "8901234567890123456\""),
     "control is longer than the 107 bytes it can have"},
    {"usage-interval", "\"90s\"", NULL, "\"9s\"", "is less than 10s; 0 tells no usage"},
    {"realm.secret", "{ \"s\", \"t\" }", "{ \"hidden\", \"hidden\" }", "\"\"",
     "realm.secret is empty"},
    {"realm.secret-digest", "\"both\"", NULL, "\"md5\"", "is not sha1, sha256 or both"},
    {"realm.expiry", "\"strict\"", NULL, "\"never\"", "is not lenient or strict"},
    {"realm.expiry-grace", "\"0\"", NULL, "\"31d\"", "is out of range; it can be 0 to 30d"},
    {"realm.issue", "\"no\"", NULL, "\"never\"", "is not yes or no"},
    {"realm.credential-ttl", "\"2h\"", NULL, "\"9s\"", "is out of range; it can be 10s to 400d"},
    {"realm.credential-max-ttl", "\"400d\"", NULL, "\"59m\"",
     "realm \"x\" has a credential-ttl above its credential-max-ttl"},
    {"realm.user.password", "\"x\"", "\"hidden\"", "\"\"", "realm.user.password is empty"},
    {"realm.user.key", "\"00112233445566778899aabbccddeeff\"", "\"hidden\"", "\"0011\"",
     "realm.user.key is not 32 hex digits"},
    {"realm.limits.lifetime", "\"11m\"", NULL, "\"9m\"", "is out of range; it can be 10m to 24h"},
    {"realm.limits.max-lifetime", "\"30m\"", NULL, "\"2h\"",
     "goes beyond limits.max-lifetime; a realm can only narrow it"},
    {"realm.limits.permission-lifetime", "\"1m\"", NULL, "\"6m\"",
     "goes beyond limits.permission-lifetime; a realm can only narrow it"},
    {"realm.limits.channel-lifetime", "\"1m\"", NULL, "\"0\"",
     "is out of range; it can be 1s to 1h"},
    {"realm.limits.allocations", "\"99\"", NULL, "\"101\"",
     "goes beyond limits.allocations; a realm can only narrow it"},
    {"realm.limits.allocations-per-user", "\"9\"", NULL, "\"0\"",
     "goes beyond limits.allocations-per-user; a realm can only narrow it"},
    {"realm.limits.allocations-per-tenant", "\"9\"", NULL, "\"11\"",
     "goes beyond limits.allocations-per-tenant; a realm can only narrow it"},
    {"realm.limits.permissions-per-allocation", "\"9\"", NULL, "\"257\"",
     "goes beyond limits.permissions-per-allocation; a realm can only narrow it"},
    {"realm.limits.channels-per-allocation", "\"9\"", NULL, "\"0\"",
     "is out of range; it can be 1 to 4096"},
    {"realm.limits.bandwidth-per-allocation", "\"9kB/s\"", NULL, "\"2MB/s\"",
     "goes beyond limits.bandwidth-per-allocation; a realm can only narrow it"},
    {"realm.peers.allow", "{ \"10.2.0.0/16\" }", NULL, "{ \"10.2.0.1/16\" }",
     "has bits set behind its prefix length"},
    {"realm.peers.deny", "{ \"10.2.3.4\" }", NULL, "{ \"x\" }",
     "is not an IP address or a range like 10.1.0.0/16 or 2001:db8::/32"},
    {"listener.realm", "\"x\"", NULL, "\"nowhere\"",
     "the listener's realm \"nowhere\" is not among the realms"},
    {"listener.certificate", "\"c.pem\"", NULL, "\"\"",
     "listener tls:192.0.2.1:3478 has a key without a certificate"},
    {"listener.key", "\"k.pem\"", NULL, "\"\"",
     "listener tls:192.0.2.1:3478 has a certificate without a key"},
    {"listener.plain", "\"yes\"", NULL, "\"maybe\"", "is not yes or no"},
    {"listener.proxy-from", "{ \"10.0.0.0/8\" }", NULL, "{ \"10.0.0.1/8\" }",
     "has bits set behind its prefix length"},
    {"listener.fallback", "\"127.0.0.1:8080\"", NULL, "\"127.0.0.1\"",
     "has a port that is not 1 to 65535"},
    {"listener.fallback-names", "{ \"www.example.org\" }", NULL, "{ \"\" }",
     "listener.fallback-names is empty"},
    {"relay.tcp", "\"yes\"", NULL, "\"on\"", "is not yes or no"},
    {"limits.connections-per-address", "\"0\"", NULL, "\"many\"", "is not a whole number"},
    {"tls.certificate", "\"c.pem\"", NULL, "\"\"", "tls has a key without a certificate"},
    {"tls.key", "\"k.pem\"", NULL, "\"\"", "tls has a certificate without a key"},
    {"alternate-servers", "{ \"198.51.100.9:3479\", \"[2001:db8::9]:3478\" }", NULL,
     "{ \"198.51.100.9:\" }", "is not an IP address, with or without a port"},
    {"relay.addresses", "{ \"192.0.2.1\", \"2001:db8::1\" }", NULL, "{ \"192.0.2.1:80\" }",
     "is not an IP address without a port"},
    {"relay.external", "{ \"10.0.0.5=198.51.100.7\", \"2001:db8::7\" }", NULL,
     "{ \"10.0.0.5=2001:db8::7\" }", "joins addresses of two families"},
    {"relay.ports", "\"50000-50001\"", NULL, "\"50000-50000\"",
     "is not at least two ports, the lower one first"},
    {"relay.family", "\"same\"", NULL, "\"both\"", "is not ipv4, ipv6 or same"},
    {"relay.channels", "\"rfc5766\"", NULL, "\"classic\"", "is not rfc8656 or rfc5766"},
    {"relay.icmp", "\"yes\"", NULL, "\"on\"", "is not yes or no"},
    {"peers.allow", "{ \"10.1.0.0/16\", \"fd00::/8\" }", NULL, "{ \"10.1.0.0/33\" }",
     "is not an IP address or a range like 10.1.0.0/16 or 2001:db8::/32"},
    {"peers.deny", "{ \"203.0.113.0/24\" }", NULL, "{ \"\" }",
     "is not an IP address or a range like 10.1.0.0/16 or 2001:db8::/32"},
    {"limits.lifetime", "\"20m\"", NULL, "\"599s\"", "is out of range; it can be 10m to 24h"},
    {"limits.max-lifetime", "\"24h\"", NULL, "\"25h\"", "is out of range; it can be 10m to 24h"},
    {"limits.permission-lifetime", "\"1s\"", NULL, "\"61m\"",
     "is out of range; it can be 1s to 1h"},
    {"limits.channel-lifetime", "\"1h\"", NULL, "\"600\"",
     "is not a time like 90s, 10m, 24h or 7d"},
    {"limits.nonce-lifetime", "\"30s\"", NULL, "\"29s\"", "is out of range; it can be 30s to 1h"},
    {"limits.allocations", "\"1000000000\"", NULL, "\"1000000001\"",
     "is out of range; it can be 0 to 1000000000"},
    {"limits.allocations-per-user", "\"10\"", NULL, "\"-1\"", "is not a whole number"},
    {"limits.allocations-per-tenant", "\"10\"", NULL, "\"-1\"", "is not a whole number"},
    {"limits.permissions-per-allocation", "\"4096\"", NULL, "\"0\"",
     "is out of range; it can be 1 to 4096"},
    {"limits.channels-per-allocation", "\"1\"", NULL, "\"4097\"",
     "is out of range; it can be 1 to 4096"},
    {"limits.bandwidth-per-allocation", "\"5MB/s\"", NULL, "\"1kB/s\"",
     "is less than two full packets a second; 2kB/s is the least, 0 means no limit"},
    {"limits.challenges-per-prefix", "\"0\"", NULL, "\"200\"",
     "is not a number per second like 200/s"},
    {"limits.bindings-per-prefix", "\"5/s\"", NULL, "\"99999999999999999999/s\"",
     "is out of range; it can be 0 to 1000000000/s"},
    {"http.listen", "\"127.0.0.1:8080\"", NULL, "\"127.0.0.1\"",
     "has a port that is not 1 to 65535"},
    {"http.certificate", "\"chain.pem\"", NULL, "\"\"", "http has a key without a certificate"},
    {"http.key", "\"private.pem\"", NULL, "\"\"", "http has a certificate without a key"},
    {"http.origins", "{ \"https://app.example.org\" }", NULL, "{ \"\" }", "http.origins is empty"},
    {"log.level", "\"debug\"", NULL, "\"verbose\"", "is not error, warn, info or debug"},
    {"log.format", "\"json\"", NULL, "\"xml\"", "is not logfmt or json"},
    {"log.to", "\"/var/log/turnpike.log\"", NULL, "\"\"", "log.to is empty"},
};

static const struct option_case *case_of(const char *name)
{
    for (size_t i = 0; i < COUNT(option_cases); i++) {
        if (strcmp(option_cases[i].name, name) == 0) {
            return &option_cases[i];
        }
    }
    return NULL;
}

/* other_half — what an option needs beside it in its section. */
static const char *other_half(const struct options_row *row)
{
    const char *key = options_key(row->name);
    return strcmp(key, "certificate") == 0      ? "key = \"k.pem\"\n"
           : strcmp(key, "key") == 0            ? "certificate = \"c.pem\"\n"
           : strcmp(key, "fallback-names") == 0 ? "fallback = \"127.0.0.1:80\"\n"
           : strcmp(key, "store-password") == 0 ? "store = \"redis://127.0.0.1\"\n"
           : strcmp(key, "origins") == 0        ? "certificate = \"c.pem\"\nkey = \"k.pem\"\n"
                                                : "";
}

/* file_with — a file in which an option has a value, on its own line, the third; limits that a
 * realm can narrow are set. */
static void file_with(char text[2048], const struct options_row *row, const char *value)
{
    static const char *const frames[OPTIONS_SECTION_COUNT] = {
        [OPTIONS_TOP] = "\n\n%s = %s\n%s",
        [OPTIONS_REALM] = "realm \"x\" { user \"u\" { password = \"p\" }\n\n%s = %s\n}\n",
        [OPTIONS_USER] = "realm \"x\" {\nuser \"u\" {\n%s = %s\n}}\n",
        [OPTIONS_REALM_LIMITS] =
            ("realm \"x\" { secret = \"s\"\nlimits {\n%s = %s\n}}\n"
             "limits { lifetime = 20m allocations = 100 allocations-per-user = 10\n"
             "allocations-per-tenant = 10 "
             "bandwidth-per-allocation = 1MB/s }\n"),
        [OPTIONS_REALM_PEERS] = "realm \"x\" { secret = \"s\"\npeers {\n%s = %s\n}}\n",
        [OPTIONS_LISTENER] = ("\nlistener \"tls:192.0.2.1:3478\" {\n%s = %s\n%s}\n"
                              "realm \"x\" { secret = \"s\" }\n"
                              "tls { certificate = \"a\" key = \"b\" }\n"),
        [OPTIONS_RELAY] = "\nrelay {\n%s = %s\n}\n",
        [OPTIONS_PEERS] = "\npeers {\n%s = %s\n}\n",
        [OPTIONS_LIMITS] = "\nlimits {\n%s = %s\n}\n",
        [OPTIONS_TLS] = "\ntls {\n%s = %s\n%s}\n",
        [OPTIONS_HTTP] = "\nhttp {\n%s = %s\n%s}\n",
        [OPTIONS_LOG] = "\nlog {\n%s = %s\n}\n",
    };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, 2048, frames[row->section], options_key(row->name), value, other_half(row));
#pragma GCC diagnostic pop
}

static void every_option_takes_a_good_value(void **state)
{
    (void)state;
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].reload == OPTIONS_LATER) {
            continue;
        }
        const struct option_case *option = case_of(rows[i].name);
        if (!option) {
            fail_msg("%s has no values in this test", rows[i].name);
            return;
        }
        char text[2048];
        char value[256];
        print_message("# %s = %s\n", option->name, option->good);
        file_with(text, &rows[i], option->good);
        struct conf *c = taken(text, NULL);
        char *shown = printed(c);
        assert_true(value_printed(shown, option->name, value));
        assert_string_equal(value, option->shown ? option->shown : option->good);
        free(shown);
        conf_free(c);
    }
}

/* place_of — the line a bad value is blamed on: that of the option; what is wrong of a listener as
 * a whole is said of its first line, and what tls or http lacks is said of what it has. */
static int place_of(const struct options_row *row)
{
    const char *key = options_key(row->name);
    bool is_file = strcmp(key, "certificate") == 0 || strcmp(key, "key") == 0;
    if (row->section == OPTIONS_LISTENER && (is_file || strcmp(key, "realm") == 0)) {
        return 2;
    }
    return is_file && (row->section == OPTIONS_TLS || row->section == OPTIONS_HTTP) ? 4 : 3;
}

static void every_option_refuses_a_bad_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(option_cases); i++) {
        const struct option_case *option = &option_cases[i];
        const struct options_row *row = options_find(option->name);
        char text[2048];
        char why[512];
        char place[128];
        print_message("# %s\n", option->name);
        assert_non_null(row);
        file_with(text, row, option->bad);
        struct conf *c = read_conf(text, NULL, why);
        assert_null(c);
        snprintf(place, sizeof(place), "%s/t.conf:%d: ", folder, place_of(row));
        assert_memory_equal(why, place, strlen(place));
        const char *sentence = option->sentence ? option->sentence : "this is not UTF-8 text";
        assert_true(strlen(why) > strlen(sentence));
        assert_string_equal(why + strlen(why) - strlen(sentence), sentence);
    }
}

static void every_default_is_that_of_the_table(void **state)
{
    (void)state;
    /* The section of a realm and of a listener must be there for their options to be. */
    struct conf *c = taken("realm \"x\" { user \"u\" { password = \"p\" } }\n"
                           "listen = { \"udp:*:3478\" }\n",
                           NULL);
    char *shown = printed(c);
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const struct options_row *r = &rows[i];
        bool is_dead = r->reload == OPTIONS_LATER && !(r->standard && *r->standard);
        char value[256];
        char expected[256];
        if (r->section == OPTIONS_USER || r->section == OPTIONS_LISTENER || is_dead) {
            continue;
        }
        /* A realm has the limits of the server. */
        const struct options_row *origin =
            r->section == OPTIONS_REALM_LIMITS ? options_find(r->name + strlen("realm.")) : r;
        const char *standard = origin->standard ? origin->standard : "";
        if (options_is_list(r->type)) {
            snprintf(expected, sizeof(expected), *standard ? "{ \"%s\" }" : "{%s }", standard);
        } else {
            snprintf(expected, sizeof(expected), "\"%s\"", standard);
        }
        print_message("# %s\n", r->name);
        if (r->type == OPTIONS_PASSWORD) {
            assert_false(value_printed(shown, r->name, value)); /* there is none to hide */
            continue;
        }
        assert_true(value_printed(shown, r->name, value));
        assert_string_equal(value, expected);
    }
    free(shown);
    conf_free(c);
}

static void options_of_later_versions_take_their_default(void **state)
{
    (void)state;
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const struct options_row *r = &rows[i];
        if (r->reload != OPTIONS_LATER) {
            continue;
        }
        const char *standard = r->standard ? r->standard : "";
        char text[2048];
        char value[256];
        char sentence[512];
        bool is_list = options_is_list(r->type);
        print_message("# %s\n", r->name);
        snprintf(value, sizeof(value), is_list ? "{ %s}" : "\"%s\"", standard);
        file_with(text, r, value);
        conf_free(taken(text, NULL));
        file_with(text, r, is_list ? "{ \"x\" }" : "\"x\"");
        snprintf(sentence, sizeof(sentence),
                 "@/t.conf:3: %s = \"x\" is not built into this version%s%s%s", r->name,
                 *standard ? "; it can only be \"" : "", standard, *standard ? "\"" : "");
        refused(text, sentence);
    }
    conf_free(taken("tls { } http { }", NULL));
}

static void listeners_that_contradict_themselves(void **state)
{
    (void)state;
    refused("listen = \"tls:*:443\"",
            "@/t.conf:1: tls:*:443 needs a certificate and its key: set tls { certificate = "
            "\"...\" key = \"...\" }");
    refused("listener \"udp:*:1\" { certificate = a key = b }",
            "@/t.conf:1: listener udp:*:1 has a certificate, which only tls and dtls use");
    refused("listener \"tcp:*:1\" { plain = yes }",
            "@/t.conf:1: listener tcp:*:1: plain is for tls listeners");
    refused("listener \"udp:*:1\" { proxy-from = { 10.0.0.0/8 } }",
            "@/t.conf:1: listener udp:*:1: proxy-from is for tcp and tls listeners");
    refused("listener \"tcp:*:1\" { fallback = \"127.0.0.1:80\" }",
            "@/t.conf:1: listener tcp:*:1: fallback is for tls listeners");
    refused("listener \"tls:*:1\" { certificate = a key = b fallback-names = { w } }",
            "@/t.conf:1: listener tls:*:1 has fallback-names, but no fallback they would go to");
    refused(
        "realm x { secret = s } realm y { secret = s }\nlisten = \"tcp:*:1\"\n"
        "listener \"tls:*:1\" { certificate = a key = b realm = y }",
        "@/t.conf:3: tls:*:1 shares its port with the listener of @/t.conf:2, and must have the "
        "same realm");
    conf_free(taken("listen = { \"udp:*:1\", \"dtls:*:1\", \"tcp:*:1\", \"tls:*:1\" }\n"
                    "tls { certificate = a key = b }",
                    NULL));
}

/* ---- the shape of the file */

/* replace — exchange the first `old` in `text`, which must be there, for `new`. */
static void replace(char *text, size_t room, const char *old, const char *new)
{
    char *at = strstr(text, old);
    if (!at) {
        fail_msg("nothing to replace: %s", old);
        return;
    }
    char *behind = strdup(at + strlen(old));
    assert_non_null(behind);
    snprintf(at, room - (size_t)(at - text), "%s%s", new, behind);
    free(behind);
}

/* The shape that is promised to users. */
static const char promised[] =
    "realm \"turn.example.org\" {                 # the first realm is the default\n"
    "  user \"alice\" { password = \"wonderland\" }             # or key = \"hex md5\", password = "
    "\"file:...\"\n"
    "  secret = { \"file:/etc/turnpike/secret\" }             # time-limited HMAC credentials, "
    "several for rotation\n"
    "  expiry = \"lenient\"   expiry-grace = \"24h\"            # may a session outlive its "
    "credential, and how long\n"
    "  limits { allocations-per-user = 10 }                 # narrows the global ones\n"
    "  peers  { allow = { \"10.2.0.0/16\" }  deny = { } }\n"
    "}\n"
    "listen = { \"udp:*:3478\", \"tcp:*:3478\" }    # kind:address:port; IPv6 in brackets\n"
    "listener \"tls:*:443\" {                     # a listener with options of its own\n"
    "  certificate = \"/etc/turnpike/fullchain.pem\"  key = \"/etc/turnpike/privkey.pem\"\n"
    "  plain = \"no\"                                         # yes: also take plain STUN "
    "(libnice, Janus)\n"
    "  proxy-from = { \"10.0.0.0/8\" }                        # PROXY protocol v2 from these "
    "balancers\n"
    "  fallback = \"127.0.0.1:8443\"                          # what is not STUN or TURN goes to "
    "this web server\n"
    "}\n"
    "relay {\n"
    "  addresses = { \"192.0.2.1\", \"2001:db8::1\" }           # default: the address the client "
    "came to\n"
    "  external  = { \"198.51.100.7\" }                       # what clients are told; "
    "\"10.0.0.5=198.51.100.7\" with several\n"
    "  ports = \"49152-65535\"   family = \"ipv4\"   io = \"auto\"   tcp = \"no\"   channels = "
    "\"rfc8656\"\n"
    "}\n"
    "peers { allow = { \"10.1.0.0/16\" }  deny = { } }        # on top of the safe defaults\n"
    "limits {\n"
    "  lifetime = \"10m\"  max-lifetime = \"1h\"  permission-lifetime = \"5m\"  channel-lifetime = "
    "\"10m\"  nonce-lifetime = \"10m\"\n"
    "  allocations = \"0\"  allocations-per-user = \"0\"        # 0: no limit\n"
    "  permissions-per-allocation = \"256\"  channels-per-allocation = \"256\"  "
    "bandwidth-per-allocation = \"0\"\n"
    "  challenges-per-prefix = \"200/s\"  bindings-per-prefix = \"2000/s\"    # unauthenticated "
    "answers, per source /24 or /56\n"
    "}\n"
    "workers = \"0\"                              # 0: one per core\n"
    "run-as  = \"turnpike\"\n"
    "tls     { certificate = \"...\"  key = \"...\" }           # for every tls and dtls listener "
    "without its own\n"
    "store   = \"sqlite:/var/lib/turnpike/turnpike.db\"       # or \"memory\", \"redis://...\", "
    "\"redis+sentinel://...\"\n"
    "http    { listen = \"127.0.0.1:8080\" }                  # certificate and key here serve it "
    "over TLS\n"
    "control = \"/run/turnpike/control.sock\"\n"
    "log     { level = \"info\"  format = \"logfmt\"  to = \"stderr\" }\n";

static void promised_shape_is_read(void **state)
{
    (void)state;
    char text[8192];
    snprintf(text, sizeof(text), "%s", promised);
    write_file("secret", "verysecret\n", strlen("verysecret\n"));
    replace(text, sizeof(text), "file:/etc/turnpike/secret", "file:secret");
    /* What this version does not have yet. */
    replace(text, sizeof(text), "\"sqlite:/var/lib/turnpike/turnpike.db\"", "\"memory\"");
    replace(text, sizeof(text), "listen = \"127.0.0.1:8080\"", "");
    replace(text, sizeof(text), "\"/run/turnpike/control.sock\"", "\"\"");
    struct conf *c = taken(text, NULL);

    assert_int_equal(c->realm_count, 1);
    const struct conf_realm *r = &c->realms[0];
    assert_string_equal(r->name, "turn.example.org");
    assert_int_equal(r->user_count, 1);
    assert_string_equal(r->users[0].name, "alice");
    assert_string_equal(r->users[0].password, "wonderland");
    assert_false(r->users[0].has_key);
    assert_int_equal(r->secrets.count, 1);
    assert_string_equal(r->secrets.at[0], "verysecret");
    assert_int_equal(r->secret_digest, CONF_DIGEST_SHA1);
    assert_false(r->expiry_is_strict);
    assert_int_equal(r->expiry_grace, 86400);
    assert_int_equal(r->limits.allocations_per_user, 10);
    assert_int_equal(r->limits.lifetime, 600);
    assert_int_equal(r->limits.permissions_per_allocation, 256);
    assert_int_equal(r->peers.allow.count, 1);
    assert_int_equal(r->peers.allow.at[0].length, 16);
    assert_int_equal(r->peers.deny.count, 0);

    assert_int_equal(c->listener_count, 3);
    assert_true(c->listeners[0].is_wildcard);
    assert_int_equal(c->listeners[0].transport, CONF_UDP);
    assert_int_equal(c->listeners[0].address.port, 3478);
    assert_int_equal(c->listeners[0].address.family, NETADDR_NONE);
    assert_int_equal(c->listeners[0].line, 8);
    assert_int_equal(c->listeners[1].transport, CONF_TCP);
    const struct conf_listener *own = &c->listeners[2];
    assert_true(own->is_wildcard);
    assert_int_equal(own->transport, CONF_TLS);
    assert_int_equal(own->address.port, 443);
    assert_int_equal(own->line, 9);
    assert_string_equal(own->file, path_of("t.conf"));
    assert_null(own->realm);
    assert_string_equal(own->certificate, "/etc/turnpike/fullchain.pem");
    assert_string_equal(own->key, "/etc/turnpike/privkey.pem");
    assert_false(own->takes_plain);
    assert_int_equal(own->proxy_from.count, 1);
    assert_int_equal(own->fallback.port, 8443);
    assert_string_equal(c->certificate, "...");

    assert_int_equal(c->relay_address_count, 2);
    assert_int_equal(c->relay_addresses[1].family, NETADDR_IPV6);
    assert_int_equal(c->external_count, 1);
    assert_int_equal(c->externals[0].local.family, NETADDR_NONE);
    assert_int_equal(c->port_min, 49152);
    assert_int_equal(c->port_max, 65535);
    assert_int_equal(c->relay_family, CONF_FAMILY_IPV4);
    assert_false(c->channels_are_classic);
    assert_false(c->icmp);
    assert_int_equal(c->peers.allow.count, 1);
    assert_int_equal(c->limits.lifetime, 600);
    assert_int_equal(c->limits.max_lifetime, 3600);
    assert_int_equal(c->limits.permission_lifetime, 300);
    assert_int_equal(c->limits.channel_lifetime, 600);
    assert_int_equal(c->limits.nonce_lifetime, 600);
    assert_int_equal(c->limits.allocations, 0);
    assert_int_equal(c->limits.bandwidth_per_allocation, 0);
    assert_int_equal(c->limits.challenges_per_prefix, 200);
    assert_int_equal(c->limits.bindings_per_prefix, 2000);
    assert_int_equal(c->workers, 0);
    assert_string_equal(c->run_as, "turnpike");
    assert_int_equal(c->log_level, 2);
    assert_int_equal(c->log_format, CONF_LOG_LOGFMT);
    assert_string_equal(c->log_to, "stderr");
    conf_free(c);
}

static void nothing_at_all_is_a_stun_server(void **state)
{
    (void)state;
    struct conf *c = taken(NULL, NULL);
    assert_int_equal(c->realm_count, 0);
    assert_int_equal(c->listener_count, 1);
    assert_true(c->listeners[0].is_wildcard);
    assert_string_equal(c->listeners[0].file, "default");
    assert_int_equal(c->listeners[0].line, 0);
    assert_null(c->run_as);
    assert_string_equal(c->software, "turnpike");
    conf_free(c);
    conf_free(taken("", NULL));
    conf_free(taken("# nothing\n", NULL));
    conf_free(NULL);
}

static void listeners_of_sections_replace_the_default(void **state)
{
    (void)state;
    struct conf *c = taken("listener \"udp:192.0.2.1:3478\" { }", NULL);
    assert_int_equal(c->listener_count, 1);
    assert_false(c->listeners[0].is_wildcard);
    conf_free(c);
    c = taken("listen = \"udp:*:3478\" listener \"udp:192.0.2.1:3478\" { }", NULL);
    assert_int_equal(c->listener_count, 2);
    conf_free(c);
}

static void values_can_be_bare_or_quoted(void **state)
{
    (void)state;
    setenv("TURNPIKE_TEST_PORTS", "50000-50009", 1);
    unsetenv("TURNPIKE_TEST_NONE");
    struct conf *c = taken("workers = 3 software = 'a ${b} \"c\" \\'d'\r\n"
                           "run-as = \"${TURNPIKE_TEST_NONE:-nobody}\"\n"
                           "relay { ports = ${TURNPIKE_TEST_PORTS} addresses = { 192.0.2.1, } }\n"
                           "log { to = \"\\x2ftmp\\/\\\"\\${x}\" }\n"
                           "peers { allow = 10.0.0.0/8 }",
                           NULL);
    assert_int_equal(c->workers, 3);
    assert_string_equal(c->software, "a ${b} \"c\" 'd");
    assert_string_equal(c->run_as, "nobody");
    assert_int_equal(c->port_min, 50000);
    assert_int_equal(c->relay_address_count, 1);
    assert_string_equal(c->log_to, "/tmp/\"${x}");
    assert_int_equal(c->peers.allow.count, 1);
    conf_free(c);
}

static void sections_add_up_and_the_last_value_counts(void **state)
{
    (void)state;
    struct conf *c = taken("limits { allocations = 5 }\nworkers = 2\n"
                           "limits { allocations-per-user = 3 }\nworkers = 4\n"
                           "listen = { \"udp:192.0.2.1:1\" }\nlisten += { \"udp:192.0.2.1:2\" }\n",
                           NULL);
    assert_int_equal(c->limits.allocations, 5);
    assert_int_equal(c->limits.allocations_per_user, 3);
    assert_int_equal(c->workers, 4);
    assert_int_equal(c->listener_count, 2);
    assert_int_equal(c->listeners[1].line, 6);
    conf_free(c);
}

/* ---- refusals with their place */

static void syntax_is_refused_with_its_place(void **state)
{
    (void)state;
    refused("\n\nlisen = 1", "@/t.conf:3: unknown option \"lisen\"; did you mean \"listen\"?");
    refused("# a\n/* b\n*/ // c\nlimits { # d\n lifetme = 10m }",
            "@/t.conf:5: unknown option \"lifetme\" in limits; did you mean \"lifetime\"?");
    refused("realm \"x\" {\n  password = \"x\" }",
            "@/t.conf:2: unknown option \"password\" in realm; did you mean "
            "realm.user.password?");
    refused("realm \"x\" {\n  limits {\n nonce-lifetime = 10m } }",
            "@/t.conf:3: unknown option \"nonce-lifetime\" in realm.limits; did you mean "
            "limits.nonce-lifetime?");
    refused("realm \"x\" {\n  peers {\n alow = { } } }",
            "@/t.conf:3: unknown option \"alow\" in realm.peers; did you mean \"allow\"?");
    refused("user \"x\" { }",
            "@/t.conf:1: unknown option \"user\"; turnpike.conf(5) names them all");
    refused("quux {\n}", "@/t.conf:1: unknown option \"quux\"; turnpike.conf(5) names them all");
    refused("Workers = 1", "@/t.conf:1: unknown option \"Workers\"; did you mean \"workers\"?");
    refused("workers 1", "@/t.conf:1: missing equal sign after option 'workers'");
    refused("workers", "@/t.conf:1: premature end of file");
    refused("workers =\n", "@/t.conf:2: premature end of file");
    refused("workers = }", "@/t.conf:1: a } closes nothing");
    refused("workers = { 1 }", "@/t.conf:1: unexpected token '{'");
    refused("workers += 1", "@/t.conf:1: attempt to append to non-list option 'workers'");
    refused("listen = { \"udp:*:3478\"\n = }", "@/t.conf:2: unexpected token '='");
    refused("\nrealm { }", "@/t.conf:2: missing title for section 'realm'");
    refused("limits = 1", "@/t.conf:1: missing opening brace for section 'limits'");
    refused("limits {\n\nlifetime = 10m\n", "@/t.conf:1: the { that begins here is not closed");
    refused("software = \"a\n", "@/t.conf:1: a quoted text is not closed on its line");
    refused("= 1", "@/t.conf:1: unexpected token '='");
    refused("\n\"=x\" = 1",
            "@/t.conf:2: the name of an option is expected here, not a quoted text");
    refused("software = \"\\777\"", "@/t.conf:1: invalid octal number '\\777'");
}

/* ---- files */

static void secrets_come_from_files(void **state)
{
    (void)state;
    assert_true(mkdir(path_of("keys"), 0700) == 0);
    write_file("keys/one", "first secret \r\n", strlen("first secret \r\n"));
    write_file("keys/two", "second", strlen("second"));
    write_file("keys/three", "p\xc3\xa4ssword\n\n", strlen("p\xc3\xa4ssword\n\n"));
    struct conf *c = taken("realm \"x\" { secret = { \"file:keys/one\", \"plain\", "
                           "\"file:keys/two\" } }",
                           NULL);
    assert_int_equal(c->realms[0].secrets.count, 3);
    assert_string_equal(c->realms[0].secrets.at[0], "first secret ");
    assert_string_equal(c->realms[0].secrets.at[1], "plain");
    assert_string_equal(c->realms[0].secrets.at[2], "second");
    conf_free(c);
    char text[512];
    snprintf(text, sizeof(text), "realm x { user u { password = \"file:%s\" } }",
             path_of("keys/two"));
    c = taken(text, NULL);
    assert_string_equal(c->realms[0].users[0].password, "second");
    conf_free(c);

    /* One line end goes, no more. */
    refused("realm x {\nuser u { password = \"file:keys/three\" } }",
            "@/t.conf:2: realm.user.password has control characters or is not UTF-8 text");
    write_file("keys/nul", "a\0b\n", 4);
    refused("realm x {\nsecret = \"file:keys/nul\" }",
            "@/t.conf:2: realm.secret in @/keys/nul has a NUL byte");
    write_file("keys/empty", "\n", 1);
    refused("realm x {\nsecret = \"file:keys/empty\" }", "@/t.conf:2: realm.secret is empty");
    refused("realm x {\nsecret = { \"s\",\n\"file:keys/none\" } }",
            "@/t.conf:3: realm.secret cannot be read from @/keys/none: No such file or "
            "directory");
    refused("realm x {\nuser u { password = \"file:keys\" } }",
            "@/t.conf:2: realm.user.password cannot be read from @/keys: Is a directory");
    refused("realm x {\nsecret = \"file:/dev/null\" }",
            "@/t.conf:2: realm.secret cannot be read from /dev/null: Not a regular file");
    char large[2000];
    memset(large, 'x', sizeof(large));
    write_file("keys/large", large, sizeof(large));
    refused("realm x { secret = \"file:keys/large\" }",
            "@/t.conf:1: realm.secret is longer than the 1024 bytes it can have");
    assert_int_equal(mkfifo(path_of("keys/pipe"), 0600), 0);
    refused("realm x { secret = \"file:keys/pipe\" }",
            "@/t.conf:1: realm.secret cannot be read from @/keys/pipe: Not a regular file");
}

static void unreadable_files_are_told(void **state)
{
    (void)state;
    char why[512];
    assert_null(conf_read(path_of("none.conf"), NULL, 0, why, sizeof(why)));
    assert_sentence(why, "cannot read @/none.conf: No such file or directory");
    assert_null(conf_read(folder, NULL, 0, why, sizeof(why)));
    assert_sentence(why, "cannot read @: Is a directory");
    refused("\ninclude(\"none.conf\")",
            "@/t.conf:2: cannot read @/none.conf: No such file or directory");
    if (geteuid() != 0) {
        write_file("closed.conf", "", 0);
        assert_int_equal(chmod(path_of("closed.conf"), 0), 0);
        assert_null(conf_read(path_of("closed.conf"), NULL, 0, why, sizeof(why)));
        assert_sentence(why, "cannot read @/closed.conf: Permission denied");
    }
}

static void files_include_files(void **state)
{
    (void)state;
    assert_true(mkdir(path_of("sub"), 0700) == 0);
    static const char inner[] = "realm \"x\" { user \"u\" { password = \"p\" } secret = \"s\" }\n"
                                "workers = 7 software = \"inner\"\ninclude(\"deeper.conf\")\n";
    static const char deeper[] = "limits { allocations = 9 } software = \"deeper\"\n";
    write_file("sub/inner.conf", inner, strlen(inner));
    write_file("sub/deeper.conf", deeper, strlen(deeper));
    struct conf *c = taken("workers = 3\ninclude(\"sub/inner.conf\")\n"
                           "realm \"x\" { user \"v\" { password = \"q\" } }\n",
                           NULL);
    assert_int_equal(c->workers, 3); /* who includes has the last word */
    assert_string_equal(c->software, "inner");
    assert_int_equal(c->limits.allocations, 9);
    assert_int_equal(c->realm_count, 1);
    assert_int_equal(c->realms[0].user_count, 2);
    assert_string_equal(c->realms[0].users[0].name, "u");
    assert_int_equal(c->realms[0].secrets.count, 1);
    conf_free(c);

    static const char wrong[] = "\n\nworkers = many\n";
    write_file("sub/wrong.conf", wrong, strlen(wrong));
    refused("include(\"sub/wrong.conf\")",
            "@/sub/wrong.conf:3: workers = \"many\" is not a whole number");
    static const char broken[] = "\nlog { level = info }\nlog { levl = info }\n";
    write_file("sub/broken.conf", broken, strlen(broken));
    refused("include(\"sub/broken.conf\")",
            "@/sub/broken.conf:3: unknown option \"levl\" in log; did you mean \"level\"?");
    refused("include(\"t.conf\")", "@/t.conf:1: includes are nested too deeply; does the file "
                                   "include itself?");
    refused("\ninclude()", "@/t.conf:2: parentheses hold one quoted file name, as in "
                           "include(\"NAME\")");
    refused("log { include(\"sub/inner.conf\") }",
            "@/t.conf:1: unknown option \"include\" in log; turnpike.conf(5) names them all");
    /* After all those mistakes it still reads what is right. */
    conf_free(taken("include(\"sub/inner.conf\")", NULL));
}

static void set_comes_behind_the_file(void **state)
{
    (void)state;
    static const char file[] = "realm \"x\" {\n"
                               "user \"u\" { password = \"p\" }\nsecret = { \"s\" }\n"
                               "limits { allocations-per-user = 10 } }\n"
                               "workers = 1 listen = { \"udp:*:3478\" }\n"
                               "peers { allow = { \"10.0.0.0/8\" } deny = { \"10.1.0.0/16\" } }\n";
    static const char *const set[] = {
        "workers = 2 peers { allow = { \"192.168.0.0/16\", \"fd00::/8\" } }",
        ("realm \"x\" { user \"v\" { password = \"q\" } user \"u\" { password = \"new\" }\n"
         "secret += { \"t\" } limits { allocations = 5 } }"),
        "realm \"y\" { secret = \"z\" }",
        "",
        "workers = 3 listen += { \"udp:*:3479\" }",
        NULL,
    };
    struct conf *c = taken(file, set);
    assert_int_equal(c->workers, 3);
    assert_int_equal(c->peers.allow.count, 2);
    assert_int_equal(c->peers.deny.count, 1);
    assert_int_equal(c->realm_count, 2);
    assert_string_equal(c->realms[1].name, "y");
    assert_int_equal(c->realms[0].user_count, 2);
    assert_string_equal(c->realms[0].users[0].name, "u");
    assert_string_equal(c->realms[0].users[0].password, "new");
    assert_string_equal(c->realms[0].users[1].name, "v");
    assert_int_equal(c->realms[0].secrets.count, 2);
    assert_string_equal(c->realms[0].secrets.at[1], "t");
    assert_int_equal(c->realms[0].limits.allocations_per_user, 10);
    assert_int_equal(c->realms[0].limits.allocations, 5);
    assert_int_equal(c->listener_count, 2);
    conf_free(c);

    char why[512];
    static const char *const one[] = {"\nworkers = x", NULL};
    assert_null(read_conf(file, one, why));
    assert_sentence(why, "--set:2: workers = \"x\" is not a whole number");
    static const char *const two[] = {"workers = 1", "wrkers = 1", NULL};
    assert_null(read_conf(file, two, why));
    assert_sentence(why,
                    "--set (number 2):1: unknown option \"wrkers\"; did you mean \"workers\"?");
    /* A section is told of where it began first. */
    static const char *const more[] = {"realm \"w\" { expiry = strict }", NULL};
    assert_null(read_conf("\nrealm \"w\" { }", more, why));
    assert_sentence(
        why, "@/t.conf:2: realm \"w\" has neither a user nor a secret, so nobody could relay; "
             "set a store, control or http, and they can be made later");
    static const char *const empty[] = {"peers { allow = { } }", NULL};
    c = taken(file, empty);
    assert_int_equal(c->peers.allow.count, 0);
    conf_free(c);
}

static void places_are_remembered(void **state)
{
    (void)state;
    static const char *const set[] = {"workers = 2", NULL};
    char place[300];
    struct conf *c = taken("\nworkers = 1\nrelay {\n addresses = {\n \"192.0.2.1\" } }\n", set);
    assert_string_equal(conf_place(c, "workers"), "--set:1");
    snprintf(place, sizeof(place), "%s:5", path_of("t.conf"));
    assert_string_equal(conf_place(c, "relay.addresses"), place);
    assert_string_equal(conf_place(c, "run-as"), "default");
    assert_string_equal(conf_place(c, "no.such.option"), "default");
    conf_free(c);
}

/* ---- printing and reloading */

static void what_is_printed_can_be_read_again(void **state)
{
    (void)state;
    static const char text[] =
        "realm \"a \\\"quoted\\\" \\\\ \\${name}\" { user \"$u\" { password = \"p\" }\n"
        "user k { key = 00112233445566778899aabbccddeeff } secret = { \"s\", \"t\" }\n"
        "limits { allocations = 3 } peers { deny = { 10.2.0.0/16, ::/0 } } expiry = strict }\n"
        "realm \"b\" { secret = s }\n"
        "listen = { \"udp:*:3478\", \"udp:[2001:db8::1]:3479\" }\n"
        "listener \"udp:192.0.2.1:3480\" { realm = b }\n"
        "relay { external = { \"10.0.0.5=198.51.100.7\", \"2001:db8::7\" } ports = \"1000-1001\"\n"
        "addresses = { 10.0.0.5 } family = same channels = rfc5766 icmp = yes }\n"
        "limits { allocations = 5 bandwidth-per-allocation = \"8kbit/s\" lifetime = 1801s\n"
        "bindings-per-prefix = \"7/s\" bandwidth-per-allocation = \"16kbit/s\" }\n"
        "software = \"\" run-as = nobody drain-timeout = 90m log { level = debug format = json\n"
        "to = \"a\\\\b\" } workers = 12 peers { allow = { 10.0.0.0/8 } }\n";
    struct conf *c = taken(text, NULL);
    char *first = printed(c);
    conf_free(c);
    assert_null(strstr(first, "\"p\""));
    assert_null(strstr(first, "\"s\""));
    assert_null(strstr(first, "00112233"));
    assert_non_null(strstr(first, "key = \"hidden\""));
    char again[8192];
    snprintf(again, sizeof(again), "%s", first);
    replace(again, sizeof(again), "key = \"hidden\"", "key = \"00112233445566778899aabbccddeeff\"");
    c = taken(again, NULL);
    char *second = printed(c);
    assert_string_equal(first, second);
    assert_string_equal(c->realms[0].name, "a \"quoted\" \\ ${name}");
    assert_string_equal(c->realms[0].users[0].name, "$u");
    assert_int_equal(c->limits.bandwidth_per_allocation, 2000);
    assert_int_equal(c->listener_count, 3);
    assert_string_equal(c->listeners[2].realm, "b");
    conf_free(c);
    free(first);
    free(second);
}

static void passwords_of_the_store_are_never_printed(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"memory", "memory"},
        {"sqlite:/srv/a@b:c.db", "sqlite:/srv/a@b:c.db"},
        {"redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"},
        {"redis://[::1]:6379", "redis://[::1]:6379"},
        {"redis://turnpike@127.0.0.1:6379", "redis://hidden@127.0.0.1:6379"},
        {"redis://turnpike:wonder@127.0.0.1:6379/0", "redis://turnpike:hidden@127.0.0.1:6379/0"},
        {"rediss://:wonder@r.example:6379", "rediss://:hidden@r.example:6379"},
        {"redis://u:@127.0.0.1", "redis://u:hidden@127.0.0.1"},
        {"redis://u:wonder:land@127.0.0.1", "redis://u:hidden@127.0.0.1"},
        {"redis://u:wonder@land@127.0.0.1", "redis://u:hidden@127.0.0.1"},
        {"redis://u:won/der@127.0.0.1", "redis://u:hidden@127.0.0.1"},
        {"redis+sentinel://u:wonder@a:1,b:2/main", "redis+sentinel://u:hidden@a:1,b:2/main"},
        {"coturn+redis://:wonder@127.0.0.1", "coturn+redis://:hidden@127.0.0.1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        char value[256];
        char expected[256];
        snprintf(text, sizeof(text), "store = \"%s\"", rows[i].url);
        snprintf(expected, sizeof(expected), "\"%s\"", rows[i].shown);
        struct conf *c = taken(text, NULL);
        assert_string_equal(c->store, rows[i].url);
        char *shown = printed(c);
        assert_true(value_printed(shown, "store", value));
        assert_string_equal(value, expected);
        assert_null(strstr(shown, "wonder"));
        free(shown);
        conf_free(c);
    }
    struct conf *c = taken("store = \"redis://127.0.0.1\" store-password = \"wonderland\"", NULL);
    char *shown = printed(c);
    assert_string_equal(c->store_password, "wonderland");
    assert_null(strstr(shown, "wonder"));
    free(shown);
    conf_free(c);
}

static void restarts_are_asked_for_where_needed(void **state)
{
    (void)state;
    static const char listener[] = "listener \"tls:192.0.2.1:3478\" { }\n"
                                   "tls { certificate = \"a\" key = \"b\" }\n";
    static const char store[] = "store = \"redis://127.0.0.1\"\n";
    static const char http[] = "http { certificate = \"c.pem\" key = \"k.pem\" }\n";
    char start[512];
    snprintf(start, sizeof(start), "%s%s%srealm x { secret = s }", listener, store, http);
    struct conf *old = taken(start, NULL);
    size_t count;
    const struct options_row *rows = options_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const struct options_row *r = &rows[i];
        if (r->reload == OPTIONS_LATER || r->section == OPTIONS_USER) {
            continue;
        }
        char text[2048];
        char both[4096];
        print_message("# %s\n", r->name);
        file_with(text, r, case_of(r->name)->good);
        /* Add what the old one has, where the text has none. */
        bool listens = r->section == OPTIONS_LISTENER || strcmp(r->name, "listen") == 0;
        snprintf(both, sizeof(both), "%s%s%s%s%s", text, listens ? "" : listener,
                 strstr(text, "realm \"x\"") ? "" : "realm x { secret = s }\n",
                 strstr(text, "store = ") ? "" : store, strstr(text, "http {") ? "" : http);
        struct conf *new = taken(both, NULL);
        const char *name = conf_restart_needed(old, new);
        if (r->reload == OPTIONS_LIVE) {
            assert_null(name);
        } else {
            assert_string_equal(name, r->section == OPTIONS_LISTENER ? "listen" : r->name);
        }
        conf_free(new);
    }
    assert_null(conf_restart_needed(old, old));
    conf_free(old);
    old = taken("relay { ports = \"50000-50010\" }", NULL);
    struct conf *wider = taken("relay { ports = \"50000-50020\" }", NULL);
    assert_string_equal(conf_restart_needed(old, wider), "relay.ports");
    conf_free(wider);
    conf_free(old);
}

/* ---- */

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        {.name = "every option takes a good value", .test_func = every_option_takes_a_good_value},
        {.name = "every option refuses a bad value", .test_func = every_option_refuses_a_bad_value},
        {.name = "every default is that of the table",
         .test_func = every_default_is_that_of_the_table},
        {.name = "options of later versions take their default alone",
         .test_func = options_of_later_versions_take_their_default},
        {.name = "listeners that contradict themselves are refused",
         .test_func = listeners_that_contradict_themselves},
        {.name = "the promised shape is read", .test_func = promised_shape_is_read},
        {.name = "nothing at all is a STUN server", .test_func = nothing_at_all_is_a_stun_server},
        {.name = "listeners of sections replace the default",
         .test_func = listeners_of_sections_replace_the_default},
        {.name = "values can be bare or quoted", .test_func = values_can_be_bare_or_quoted},
        {.name = "sections add up and the last value counts",
         .test_func = sections_add_up_and_the_last_value_counts},
        {.name = "syntax is refused with its place", .test_func = syntax_is_refused_with_its_place},
        {.name = "secrets come from files", .test_func = secrets_come_from_files},
        {.name = "unreadable files are told", .test_func = unreadable_files_are_told},
        {.name = "files include files", .test_func = files_include_files},
        {.name = "--set comes behind the file", .test_func = set_comes_behind_the_file},
        {.name = "places are remembered", .test_func = places_are_remembered},
        {.name = "what is printed can be read again",
         .test_func = what_is_printed_can_be_read_again},
        {.name = "passwords of the store are never printed",
         .test_func = passwords_of_the_store_are_never_printed},
        {.name = "restarts are asked for where needed",
         .test_func = restarts_are_asked_for_where_needed},
    };
    return cmocka_run_group_tests_name("conf", tests, make_folder, remove_folder);
}
