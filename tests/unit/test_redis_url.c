/* test_redis_url — which URLs of Redis are taken, and what is said of the others. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include <stdio.h>
#include <string.h>

#include "store/redis_url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void each_form_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *user, *password;
    } cases[] = {
        {"redis://localhost", "redis://localhost:6379/0", "", ""},
        {"redis://localhost/", "redis://localhost:6379/0", "", ""},
        {"redis://a_b-c.example:7000/15", "redis://a_b-c.example:7000/15", "", ""},
        {"redis://192.0.2.1:65535/65535", "redis://192.0.2.1:65535/65535", "", ""},
        {"redis://[2001:db8::1]", "redis://[2001:db8::1]:6379/0", "", ""},
        {"redis://[::1]:7/3", "redis://[::1]:7/3", "", ""},
        {"redis://:hush@h", "redis://h:6379/0", "", "hush"},
        {"redis://alice:hush@h:1/2", "redis://h:1/2", "alice", "hush"},
        {"redis://al%20ice:%40%2f%3F%23%25:x@h", "redis://h:6379/0", "al ice", "@/?#%:x"},
        {"redis://:p@[::1]:7/3", "redis://[::1]:7/3", "", "p"},
        {"rediss://h", "rediss://h:6379/0", "", ""},
        {"redis+unix:///run/r.sock", "redis+unix:///run/r.sock?db=0", "", ""},
        {"redis+unix:///run/r%20s?db=4", "redis+unix:///run/r s?db=4", "", ""},
        {"redis+unix://u:p@/run/r", "redis+unix:///run/r?db=0", "u", "p"},
        {"redis+unix:///run/@home/r", "redis+unix:///run/@home/r?db=0", "", ""},
        {"redis+sentinel://a/main", "redis+sentinel://a:26379/main/0", "", ""},
        {"redis+sentinel://u:p@a,b:1,[::1]:2,[::2]/main/3",
         "redis+sentinel://a:26379,b:1,[::1]:2,[::2]:26379/main/3", "u", "p"},
        {"redis+sentinel://a/ma%2Fin/", "redis+sentinel://a:26379/ma/in/0", "", ""},
        {"coturn+redis://h", "coturn+redis://h:6379/0", "", ""},
        {"coturn+rediss://h", "coturn+rediss://h:6379/0", "", ""},
        {"coturn+redis+unix:///r", "coturn+redis+unix:///r?db=0", "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct redis_url url;
        char name[512];
        char why[256] = "";
        if (!redis_url_parse(cases[i].text, &url, why, sizeof(why))) {
            fail_msg("%s: %s", cases[i].text, why);
        }
        redis_url_print(&url, name, sizeof(name));
        assert_string_equal(name, cases[i].name);
        assert_string_equal(url.user, cases[i].user);
        assert_string_equal(url.password, cases[i].password);
    }
}

static void each_fault_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "none of a Redis"},
        {"http://h", "none of a Redis"},
        {"redis:h", "none of a Redis"},
        {"redis:///h", "no host"},
        {"coturn+redis+sentinel://h/m", "none of a Redis"},
        {"coturn+coturn+redis://h", "none of a Redis"},
        {"redis://", "no host"},
        {"redis://:6379", "no host"},
        {"redis://a b", "no host"},
        {"redis://a,b", "no host"},
        {"redis://[::1", "no host"},
        {"redis://[h]", "no host"},
        {"redis://[192.0.2.1]", "no host"},
        {"redis://::1", "no host"},
        {"redis://h:0", "no port"},
        {"redis://h:65536", "no port"},
        {"redis://h:", "no port"},
        {"redis://h:1x", "no port"},
        {"redis://[::1]7", "no port"},
        {"redis://h/x", "database"},
        {"redis://h/65536", "database"},
        {"redis://h/-1", "database"},
        {"redis://h/1/2", "database"},
        {"redis://h/0?db=1", "has a ?"},
        {"redis://h/0#x", "has a #"},
        {"redis://:zq%u@h", "%25"},
        {"redis://:zq%4@h", "%25"},
        {"redis://:zq%00@h", "%25"},
        {"redis://:zq/qz@h", "%2F"},
        {"redis://:zq?qz@h", "%2F"},
        {"redis://:zq@qz@h", "%40"},
        {"redis+unix://", "no path"},
        {"redis+unix:///", "no path"},
        {"redis+unix://run/r", "three slashes"},
        {"redis+unix:///r?base=1", "db=N"},
        {"redis+unix:///r?db=x", "database"},
        {"redis+sentinel://h", "by which name"},
        {"redis+sentinel://h/", "by which name"},
        {"redis+sentinel://h//1", "by which name"},
        {"redis+sentinel://h,/m", "no host"},
        {"redis+sentinel://h/m/x", "database"},
        {"redis+sentinel://1,2,3,4,5,6,7,8,9/m", "more than 8"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct redis_url url;
        char why[256] = "";
        if (redis_url_parse(cases[i].text, &url, why, sizeof(why))) {
            fail_msg("%s is taken", cases[i].text);
        }
        if (!strstr(why, cases[i].says)) {
            fail_msg("%s: %s", cases[i].text, why);
        }
        assert_null(strstr(why, "zq"));
        assert_null(strstr(why, "qz"));
    }
}

static void what_is_too_long_is_told(void **state)
{
    (void)state;
    static const char *const forms[] = {"redis://%s", "redis://%s:p@h", "redis://:%s@h",
                                        "redis+unix:///%s", "redis+sentinel://h/%s"};
    char filler[400];
    memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct redis_url url;
        char text[512];
        char why[256] = "";
        char *place = text;
        const char *mark = strstr(forms[i], "%s");
        memcpy(place, forms[i], (size_t)(mark - forms[i]));
        place += mark - forms[i];
        snprintf(place, sizeof(text) - (size_t)(place - text), "%s%s", filler, mark + 2);
        assert_false(redis_url_parse(text, &url, why, sizeof(why)));
        assert_non_null(strstr(why, "longer"));
    }
}

static void one_password_is_enough(void **state)
{
    (void)state;
    struct redis_url url;
    char why[256] = "";
    assert_true(redis_url_parse("redis://h", &url, why, sizeof(why)));
    assert_true(redis_url_add_password(&url, NULL, why, sizeof(why)));
    assert_string_equal(url.password, "");
    assert_true(redis_url_add_password(&url, "hush", why, sizeof(why)));
    assert_string_equal(url.password, "hush");
    assert_false(redis_url_add_password(&url, "more", why, sizeof(why)));
    assert_non_null(strstr(why, "take one out"));
    assert_true(redis_url_parse("redis://alice@h", &url, why, sizeof(why)));
    assert_false(redis_url_add_password(&url, NULL, why, sizeof(why)));
    assert_non_null(strstr(why, "user without a password"));
    assert_true(redis_url_add_password(&url, "hush", why, sizeof(why)));
    redis_url_wipe(&url);
    assert_string_equal(url.password, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(each_fault_is_told),
        cmocka_unit_test(what_is_too_long_is_told),
        cmocka_unit_test(one_password_is_enough),
    };
    return cmocka_run_group_tests_name("redis_url", tests, NULL, NULL);
}
