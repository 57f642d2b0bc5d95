/* flood.c — sends datagrams of every kind a stranger may send, each from one of many forged
 * IPv4 addresses, through a raw socket. So that the server's socket buffer does not throw most
 * of them away, it goes on only as fast as the server answers a Binding now and then.
 *
 *     flood SERVER PORT COUNT SOURCES OWN
 *
 * SOURCES addresses are forged from 10.80.0.1 on; OWN is the address the Bindings come from. */
/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, PACKET_MAX = 1500, HEADERS = 28, FIRST_SOURCE = 0x0A500001, ASKERS = 8 };

static const uint32_t cookie = 0x2112A442;

/* xorshift64: the same flood every time. */
static uint64_t state = 0x9E3779B97F4A7C15;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* A payload under construction. */
struct payload {
    uint8_t *bytes;
    size_t length;
};

static void put(struct payload *to, const void *bytes, size_t length)
{
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void put16(struct payload *to, uint16_t value)
{
    value = htons(value);
    put(to, &value, sizeof value);
}

static void put32(struct payload *to, uint32_t value)
{
    value = htonl(value);
    put(to, &value, sizeof value);
}

static void put_random(struct payload *to, size_t length)
{
    while (length-- > 0) {
        to->bytes[to->length++] = (uint8_t)draw(256);
    }
}

static void put_attribute(struct payload *to, uint16_t type, const void *value, size_t length)
{
    static const uint8_t zeros[4];

    put16(to, type);
    put16(to, (uint16_t)length);
    if (value != NULL) {
        put(to, value, length);
    } else {
        put_random(to, length);
    }
    put(to, zeros, -length & 3);
}

static void put_header(struct payload *to, uint16_t type, uint32_t cookie_value)
{
    put16(to, type);
    put16(to, 0);
    put32(to, cookie_value);
    put_random(to, 12);
}

static void close_message(struct payload *to)
{
    uint16_t length = htons((uint16_t)(to->length - 20));

    memcpy(to->bytes + 2, &length, sizeof length);
}

/* What a forger who has read the RFC puts behind a request: all there, nothing true. */
static void put_credentials(struct payload *to)
{
    put_attribute(to, 0x0006, NULL, 1 + draw(60));
    put_attribute(to, 0x0014, "north.gov", 9);
    if (draw(2)) {
        put_attribute(to, 0x0015, "obMatJos2wAAAabcdefghijkl", 24);
    } else {
        put_attribute(to, 0x0015, NULL, 1 + draw(80));
    }
    if (draw(2)) {
        put_attribute(to, 0x0008, NULL, 20);
    } else {
        put_attribute(to, 0x001C, NULL, 32);
    }
}

static void put_stun(struct payload *to, uint32_t kind)
{
    static const uint16_t types[] = {
        0x0001, 0x0003, 0x0004, 0x0008, 0x0009, /* requests of each method */
        0x0016, 0x0017, 0x0011,                 /* indications */
        0x0101, 0x0111, 0x0103, 0x0113,         /* responses */
        0x0002, 0x000F, 0x3FFF, 0x0080,         /* methods nobody has */
    };

    put_header(to, types[draw(sizeof types / sizeof types[0])], kind == 5 ? draw(1000) : cookie);
    if (kind >= 1) {
        put_attribute(to, 0x0019, "\21\0\0", 4);
    }
    if (kind >= 2) {
        put_attribute(to, 0x0012, "\0\1\53\22\53\137\244\101", 8);
    }
    if (kind == 3) {
        put_attribute(to, (uint16_t)draw(65536), NULL, draw(600));
    }
    if (kind == 4) {
        put_credentials(to);
    }
    close_message(to);
}

static void make_payload(struct payload *to)
{
    uint32_t kind = draw(12);

    to->length = 0;
    if (kind < 6) {
        put_stun(to, kind);
    } else if (kind == 6) {
        put16(to, (uint16_t)(0x4000 + draw(0x1000)));
        put16(to, 100);
        put_random(to, 100);
    } else if (kind == 7) {
        put16(to, 0x16FE); /* the start of a DTLS handshake record */
        put16(to, 0xFD00);
        put_random(to, 150);
    } else if (kind == 8) {
        put_random(to, draw(1400));
    } else {
        put_stun(to, draw(6)); /* and a byte of it changed, or its end cut off */
        if (draw(2)) {
            to->bytes[draw((uint32_t)to->length)] ^= (uint8_t)(1 << draw(8));
        } else {
            to->length = draw((uint32_t)to->length);
        }
    }
}

/* IPv4 and UDP headers before a payload; the kernel fills in what is left zero. */
static size_t make_packet(uint8_t *packet, const struct sockaddr_in *server, uint32_t source)
{
    struct payload payload = {packet + HEADERS, 0};
    struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
    struct udphdr udp = {.dest = server->sin_port};

    make_payload(&payload);
    ip.saddr = htonl(source);
    ip.daddr = server->sin_addr.s_addr;
    udp.source = htons((uint16_t)(1024 + draw(64000)));
    udp.len = htons((uint16_t)(sizeof udp + payload.length));
    memcpy(packet, &ip, sizeof ip);
    memcpy(packet + sizeof ip, &udp, sizeof udp);
    return HEADERS + payload.length;
}

/* Several sockets, since each may meet another worker of the server. */
static void open_askers(int *askers, const struct sockaddr_in *server, const char *own)
{
    struct sockaddr_in local = {.sin_family = AF_INET};

    inet_pton(AF_INET, own, &local.sin_addr);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = socket(AF_INET, SOCK_DGRAM, 0);
        if (bind(askers[i], (struct sockaddr *)&local, sizeof local) != 0 ||
            connect(askers[i], (const struct sockaddr *)server, sizeof *server) != 0) {
            die("asker");
        }
    }
}

static void await_answer(int asker)
{
    struct pollfd ready = {.fd = asker, .events = POLLIN};
    uint8_t bytes[2048];
    struct payload question = {bytes, 0};

    while (recv(asker, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
        ;
    }
    put_header(&question, 0x0001, cookie);
    if (send(asker, bytes, question.length, 0) > 0) {
        poll(&ready, 1, 20);
    }
}

int main(int argc, char **argv)
{
    static uint8_t packets[BATCH][HEADERS + PACKET_MAX];
    static struct mmsghdr messages[BATCH];
    static struct iovec pieces[BATCH];
    struct sockaddr_in server = {.sin_family = AF_INET};
    int askers[ASKERS];
    uint32_t count, sources, made = 0, batch = 0;

    if (argc != 6) {
        die("five arguments");
    }
    inet_pton(AF_INET, argv[1], &server.sin_addr);
    server.sin_port = htons((uint16_t)atoi(argv[2]));
    count = (uint32_t)atoi(argv[3]);
    sources = (uint32_t)atoi(argv[4]);
    open_askers(askers, &server, argv[5]);

    int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (raw < 0) {
        die("raw socket");
    }
    while (made < count) {
        for (int i = 0; i < BATCH; i++, made++) {
            pieces[i].iov_base = packets[i];
            pieces[i].iov_len = make_packet(packets[i], &server, FIRST_SOURCE + made % sources);
            messages[i].msg_hdr = (struct msghdr){
                .msg_name = &server,
                .msg_namelen = sizeof server,
                .msg_iov = &pieces[i],
                .msg_iovlen = 1,
            };
        }
        if (sendmmsg(raw, messages, BATCH, 0) != BATCH) {
            die("sendmmsg");
        }
        await_answer(askers[batch++ % ASKERS]);
    }
    printf("%u\n", made);
    return 0;
}
