/* import_value — values from a foreign database, judged before anybody believes them. */
/* SPDX-License-Identifier: MIT */
#include "ctl/import_value.h"

#include <string.h>

#include "ctl/ctl_clean.h"

const char *import_value_fault(struct span text, size_t most)
{
    if (text.size == 0) {
        return "is empty";
    }
    if (text.size > most) {
        return "is longer than turnpike takes";
    }
    for (size_t at = 0; at < text.size;) {
        uint32_t character = 0;
        size_t size = ctl_clean_next(text.bytes + at, text.size - at, &character);
        if (size == 0) {
            return "is no UTF-8";
        }
        if (character < 0x20 || (character >= 0x7f && character < 0xa0)) {
            return "holds control characters";
        }
        at += size;
    }
    return NULL;
}

const char *import_value_realm_fault(struct span name)
{
    enum { CHARACTERS_MAX = 127 }; /* RFC 8489 14.9 */
    size_t count = 0;
    for (size_t i = 0; i < name.size; i++) {
        count += (name.bytes[i] >> 6) != 2;
    }
    const char *fault = import_value_fault(name, IMPORT_VALUE_NAME_MAX);
    return fault || count <= CHARACTERS_MAX ? fault : "is longer than turnpike takes";
}

bool import_value_key(struct span text, char key[IMPORT_VALUE_KEY_SIZE])
{
    enum { DIGITS = IMPORT_VALUE_KEY_SIZE - 1 };
    char lower[DIGITS];
    size_t skip = text.size == DIGITS + 2 && text.bytes[0] == '0' && text.bytes[1] == 'x' ? 2 : 0;
    if (text.size != DIGITS + skip) {
        return false;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        char c = (char)text.bytes[skip + i];
        bool is_digit = c >= '0' && c <= '9';
        bool is_letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!is_digit && !is_letter) {
            return false;
        }
        lower[i] = is_digit ? c : (char)(c | 0x20);
    }
    memcpy(key, lower, DIGITS);
    key[DIGITS] = '\0';
    return true;
}

bool import_value_number(struct span text, uint64_t most, uint64_t *number)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t digit = (uint8_t)(text.bytes[i] - '0');
        if (digit > 9 || digit > most || sum > (most - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    if (text.size > 0) {
        *number = sum;
    }
    return text.size > 0;
}

bool import_value_flag(const char *text)
{
    static const char *const off[] = {"0", "no", "n", "false", "f", "off"};
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        if (strcmp(text, off[i]) == 0) {
            return false;
        }
    }
    return true;
}

bool import_value_is_host(const struct netaddr *address)
{
    if (address->family == NETADDR_IPV6) {
        return !netaddr_is_any(address) && address->ip[0] != 0xff; /* RFC 4291 2.7 */
    }
    uint32_t ip = netaddr_ipv4_value(address);
    return ip != 0 && ip >> 28 != 0xe && ip != UINT32_MAX;
}
