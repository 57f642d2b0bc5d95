/* stun — the wire format of STUN and TURN on one page: numbers of RFC 8489, 8656, 6062 and 3489.
 * Constants only. */
/* SPDX-License-Identifier: MIT */
#ifndef WIRE_STUN_H
#define WIRE_STUN_H

#include <stdint.h>

/*   0                   1                   2                   3
 *  |0 0| method and class |        length         |  20-byte header, length without it
 *  |                  magic cookie                |
 *  |          transaction id (96 bits)            |
 *  |   attribute type    |        length          |  value padded to four bytes, the padding
 *  |                value ...                     |  not counted in the attribute's length     */

#define STUN_COOKIE UINT32_C(0x2112A442)

enum {
    STUN_HEADER_SIZE = 20,
    STUN_ATTR_HEADER_SIZE = 4,
    STUN_ID_SIZE = 12,         /* transaction id */
    STUN_CLASSIC_ID_SIZE = 16, /* RFC 3489: the place of the cookie belongs to the id */
    STUN_NAME_MAX = 508,       /* bytes of USERNAME, 14.3: below 509 */
    STUN_TEXT_MAX = 763,       /* bytes of REALM and NONCE accepted, 14.9 and 14.10 */
    STUN_USERHASH_SIZE = 32,
    STUN_SHA1_SIZE = 20,
    STUN_SHA256_SIZE = 32,
    STUN_TOKEN_SIZE = 8,     /* RESERVATION-TOKEN */
    STUN_MESSAGE_MAX = 2048, /* bytes of any message we write or need to read as control */
};

enum stun_class {
    STUN_REQUEST = 0,
    STUN_INDICATION = 1,
    STUN_SUCCESS = 2,
    STUN_ERROR = 3,
};

enum stun_method {
    STUN_BINDING = 0x001,
    STUN_SHARED_SECRET = 0x002, /* RFC 3489, never served */
    STUN_ALLOCATE = 0x003,
    STUN_REFRESH = 0x004,
    STUN_SEND = 0x006,
    STUN_DATA = 0x007,
    STUN_CREATE_PERMISSION = 0x008,
    STUN_CHANNEL_BIND = 0x009,
    STUN_CONNECT = 0x00a,
    STUN_CONNECTION_BIND = 0x00b,
    STUN_CONNECTION_ATTEMPT = 0x00c,
};

/* Attributes the server understands, as NAME, type. Types below 0x8000 must be understood by
 * whoever receives them. The table is expanded here and in stun_message.c. */
#define STUN_ATTRIBUTES(ROW)                                                                       \
    ROW(MAPPED_ADDRESS, 0x0001)                                                                    \
    ROW(CHANGE_REQUEST, 0x0003)                                                                    \
    ROW(USERNAME, 0x0006)                                                                          \
    ROW(MESSAGE_INTEGRITY, 0x0008)                                                                 \
    ROW(ERROR_CODE, 0x0009)                                                                        \
    ROW(UNKNOWN_ATTRIBUTES, 0x000a)                                                                \
    ROW(CHANNEL_NUMBER, 0x000c)                                                                    \
    ROW(LIFETIME, 0x000d)                                                                          \
    ROW(XOR_PEER_ADDRESS, 0x0012)                                                                  \
    ROW(DATA, 0x0013)                                                                              \
    ROW(REALM, 0x0014)                                                                             \
    ROW(NONCE, 0x0015)                                                                             \
    ROW(XOR_RELAYED_ADDRESS, 0x0016)                                                               \
    ROW(REQUESTED_ADDRESS_FAMILY, 0x0017)                                                          \
    ROW(EVEN_PORT, 0x0018)                                                                         \
    ROW(REQUESTED_TRANSPORT, 0x0019)                                                               \
    ROW(DONT_FRAGMENT, 0x001a)                                                                     \
    ROW(MESSAGE_INTEGRITY_SHA256, 0x001c)                                                          \
    ROW(PASSWORD_ALGORITHM, 0x001d)                                                                \
    ROW(USERHASH, 0x001e)                                                                          \
    ROW(XOR_MAPPED_ADDRESS, 0x0020)                                                                \
    ROW(RESERVATION_TOKEN, 0x0022)                                                                 \
    ROW(CONNECTION_ID, 0x002a)                                                                     \
    ROW(ADDITIONAL_ADDRESS_FAMILY, 0x8000)                                                         \
    ROW(ADDRESS_ERROR_CODE, 0x8001)                                                                \
    ROW(PASSWORD_ALGORITHMS, 0x8002)                                                               \
    ROW(ICMP, 0x8004)                                                                              \
    ROW(SOFTWARE, 0x8022)                                                                          \
    ROW(ALTERNATE_SERVER, 0x8023)                                                                  \
    ROW(FINGERPRINT, 0x8028)

enum stun_attr_type {
#define STUN_ATTR_TYPE_ROW(name, type) STUN_ATTR_##name = type,
    STUN_ATTRIBUTES(STUN_ATTR_TYPE_ROW)
#undef STUN_ATTR_TYPE_ROW
};

enum {
    STUN_ATTR_OPTIONAL_BIT = 0x8000, /* types with it may be ignored */
    STUN_TRANSPORT_TCP = 6,          /* REQUESTED-TRANSPORT: IANA protocol numbers */
    STUN_TRANSPORT_UDP = 17,
    STUN_ALGORITHM_MD5 = 1, /* PASSWORD-ALGORITHM, RFC 8489 18.5 */
    STUN_ALGORITHM_SHA256 = 2,
    STUN_CHANGE_ADDRESS_FLAG = 4, /* CHANGE-REQUEST */
    STUN_CHANGE_PORT_FLAG = 2,
};

/* FINGERPRINT is the CRC-32 of the message so far, xored with "STUN", 14.7. */
#define STUN_FINGERPRINT_XOR UINT32_C(0x5354554e)

/* ChannelData, RFC 8656 12.4: number, length, data. The first byte tells it from STUN, 12. */
enum {
    CHANNEL_HEADER_SIZE = 4,
    CHANNEL_MIN = 0x4000,
    CHANNEL_MAX = 0x4fff,         /* RFC 8656 12 */
    CHANNEL_MAX_CLASSIC = 0x7fff, /* RFC 5766 11 */
};

#endif
