/* ctl_path — the target of a request, with names percent-encoded. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_path.h"

void ctl_path_init(struct ctl_path *p, const char *base)
{
    p->text = text_init(p->bytes, sizeof(p->bytes));
    p->has_query = false;
    text_put(&p->text, base);
}

/* is_plain — the unreserved characters of RFC 3986 2.3. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put_encoded(struct text *t, const char *name)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *name; name++) {
        if (is_plain(*name)) {
            text_char(t, *name);
        } else {
            text_char(t, '%');
            text_char(t, digits[(uint8_t)*name >> 4]);
            text_char(t, digits[(uint8_t)*name & 15]);
        }
    }
}

void ctl_path_part(struct ctl_path *p, const char *name)
{
    text_char(&p->text, '/');
    put_encoded(&p->text, name);
}

void ctl_path_query(struct ctl_path *p, const char *name, const char *value)
{
    if (!value) {
        return;
    }
    text_char(&p->text, p->has_query ? '&' : '?');
    p->has_query = true;
    text_put(&p->text, name);
    text_char(&p->text, '=');
    put_encoded(&p->text, value);
}

void ctl_path_number(struct ctl_path *p, const char *name, uint64_t value)
{
    char digits[24];
    struct text t = text_init(digits, sizeof(digits));
    text_u64(&t, value);
    ctl_path_query(p, name, digits);
}
