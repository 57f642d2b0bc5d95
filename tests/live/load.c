/* load.c — many allocations at a steady rate, and an exact account of what was sent and heard.
 *
 *     load SERVER PORT OWN ALLOCATIONS RATE SECONDS
 *
 * Half of the clients use a channel, half Send indications, to peers of this same process which
 * send everything back. Beside the data go Bindings, and datagrams that the server must drop.
 * Prints one line of name=value; what a socket did not take counts as not sent. */
/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PEERS = 64,
    BUFFER = 4 << 20,
    PACKET = 2048,
    CHANNEL = 0x4000,
    ASIDE = 37, /* after so many data packets of a client one Binding and one to be dropped */
    TICK_NS = 1000000,
};

static const uint32_t cookie = 0x2112A442;
static const char user[] = "alice", password[] = "wonderland";

struct client {
    int fd;
    uint32_t peer; /* its number */
    uint64_t next; /* when to send again, ns */
    uint32_t sent;
};

struct peer {
    int fd;
    struct sockaddr_in address;
};

static struct {
    uint64_t to_server;            /* every datagram of a client the kernel took */
    uint64_t from_server;          /* every datagram a client heard */
    uint64_t to_relay, from_relay; /* the same of the peers */
    uint64_t data_sent, data_back, bindings, answers, strays;
} count;

static struct client *clients;
static struct peer peers[PEERS];
static struct sockaddr_in server;
static char realm[128], nonce[256];
static size_t realm_length, nonce_length;

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint32_t draw(void)
{
    static uint32_t state = 2463534242;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* ---- messages */

struct message {
    uint8_t bytes[PACKET];
    size_t length;
};

static void put(struct message *m, const void *bytes, size_t length)
{
    memcpy(m->bytes + m->length, bytes, length);
    m->length += length;
}

static void put16(struct message *m, uint16_t value)
{
    value = htons(value);
    put(m, &value, sizeof value);
}

static void put32(struct message *m, uint32_t value)
{
    value = htonl(value);
    put(m, &value, sizeof value);
}

/* Write the length field as if `more` bytes still followed. */
static void set_length(struct message *m, size_t more)
{
    uint16_t length = htons((uint16_t)(m->length - 20 + more));

    memcpy(m->bytes + 2, &length, sizeof length);
}

static void begin(struct message *m, uint16_t type)
{
    m->length = 0;
    put16(m, type);
    put16(m, 0);
    put32(m, cookie);
    put32(m, draw());
    put32(m, draw());
    put32(m, draw());
}

static void put_attribute(struct message *m, uint16_t type, const void *value, size_t length)
{
    put16(m, type);
    put16(m, (uint16_t)length);
    put(m, value, length);
    while (m->length & 3) {
        m->bytes[m->length++] = 0;
    }
}

static void put_peer(struct message *m, const struct sockaddr_in *address)
{
    put16(m, 0x0012);
    put16(m, 8);
    put16(m, 1);
    put16(m, ntohs(address->sin_port) ^ (uint16_t)(cookie >> 16));
    put32(m, ntohl(address->sin_addr.s_addr) ^ cookie);
}

static void sign(struct message *m)
{
    uint8_t text[512], key[16], mac[20];
    unsigned size = 0;
    int length =
        snprintf((char *)text, sizeof text, "%s:%.*s:%s", user, (int)realm_length, realm, password);

    put_attribute(m, 0x0006, user, sizeof user - 1);
    put_attribute(m, 0x0014, realm, realm_length);
    put_attribute(m, 0x0015, nonce, nonce_length);
    EVP_Digest(text, (size_t)length, key, NULL, EVP_md5(), NULL);
    set_length(m, 24);
    HMAC(EVP_sha1(), key, sizeof key, m->bytes, m->length, mac, &size);
    put_attribute(m, 0x0008, mac, sizeof mac);
}

/* The value of the first such attribute, or NULL. */
static const uint8_t *find(const struct message *m, uint16_t type, size_t *length)
{
    for (size_t at = 20; at + 4 <= m->length;) {
        uint16_t kind = (uint16_t)(m->bytes[at] << 8 | m->bytes[at + 1]);

        *length = (size_t)(m->bytes[at + 2] << 8 | m->bytes[at + 3]);
        if (kind == type && at + 4 + *length <= m->length) {
            return m->bytes + at + 4;
        }
        at += 4 + ((*length + 3) & ~(size_t)3);
    }
    return NULL;
}

static int error_code(const struct message *m)
{
    size_t length;
    const uint8_t *value = find(m, 0x0009, &length);

    return value != NULL && length >= 4 ? value[2] * 100 + value[3] : 0;
}

static void learn(const struct message *m)
{
    size_t length;
    const uint8_t *value = find(m, 0x0014, &length);

    if (value != NULL && length < sizeof realm) {
        memcpy(realm, value, realm_length = length);
    }
    value = find(m, 0x0015, &length);
    if (value != NULL && length < sizeof nonce) {
        memcpy(nonce, value, nonce_length = length);
    }
}

/* ---- setting up and clearing away */

static bool send_to_server(const struct client *c, const void *bytes, size_t length)
{
    if (send(c->fd, bytes, length, MSG_DONTWAIT) < 0) {
        return false;
    }
    count.to_server++;
    return true;
}

/* Send until the answer of the same transaction is there; the answer replaces the request. */
static void transact(struct client *c, struct message *m)
{
    struct pollfd ready = {.fd = c->fd, .events = POLLIN};
    struct message answer;

    for (int turn = 0; turn < 20; turn++) {
        send_to_server(c, m->bytes, m->length);
        while (poll(&ready, 1, 250) > 0) {
            ssize_t length = recv(c->fd, answer.bytes, PACKET, MSG_DONTWAIT);

            if (length < 0) {
                continue;
            }
            count.from_server++;
            answer.length = (size_t)length;
            if (length >= 20 && memcmp(answer.bytes + 8, m->bytes + 8, 12) == 0) {
                *m = answer;
                return;
            }
            count.strays++;
        }
    }
    die("no answer");
}

enum step { ALLOCATE = 0x0003, REFRESH = 0x0004, PERMIT = 0x0008, BIND = 0x0009 };

static void compose(struct client *c, enum step step, struct message *m)
{
    begin(m, (uint16_t)step);
    if (step == ALLOCATE) {
        put_attribute(m, 0x0019, "\21\0\0", 4);
    }
    if (step == REFRESH) {
        put_attribute(m, 0x000D, "\0\0\0", 4);
    }
    if (step == BIND) {
        put_attribute(m, 0x000C, "\100\0\0", 4);
    }
    if (step == PERMIT || step == BIND) {
        put_peer(m, &peers[c->peer].address);
    }
    if (nonce_length > 0) {
        sign(m);
    }
    set_length(m, 0);
}

/* One signed request; the nonce is shared, since all clients have one address. */
static void request(struct client *c, enum step step)
{
    for (int turn = 0; turn < 4; turn++) {
        struct message m;

        compose(c, step, &m);
        transact(c, &m);
        int code = error_code(&m);
        if (code == 0) {
            return;
        }
        if (code != 401 && code != 438) {
            fprintf(stderr, "load: error %d to request %d\n", code, (int)step);
            exit(1);
        }
        learn(&m);
    }
    die("not let in");
}

static int open_socket(const char *own)
{
    struct sockaddr_in local = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER;

    inet_pton(AF_INET, own, &local.sin_addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)&local, sizeof local) != 0) {
        die("socket");
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    return fd;
}

static void watch(int epoll, int fd, uint64_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("epoll");
    }
}

static void open_all(int epoll, const char *own, uint32_t number_of_clients)
{
    struct rlimit files = {number_of_clients + 200, number_of_clients + 200};

    setrlimit(RLIMIT_NOFILE, &files);
    for (uint32_t i = 0; i < PEERS; i++) {
        socklen_t size = sizeof peers[i].address;

        peers[i].fd = open_socket(own);
        getsockname(peers[i].fd, (struct sockaddr *)&peers[i].address, &size);
        watch(epoll, peers[i].fd, (uint64_t)number_of_clients + i);
    }
    for (uint32_t i = 0; i < number_of_clients; i++) {
        struct client *c = &clients[i];

        c->fd = open_socket(own);
        c->peer = i % PEERS;
        if (connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0) {
            die("connect");
        }
        request(c, ALLOCATE);
        request(c, i % 2 == 0 ? BIND : PERMIT);
        watch(epoll, c->fd, i);
    }
}

/* ---- data */

static bool uses_channel(const struct client *c)
{
    return (c - clients) % 2 == 0;
}

/* Mostly the size of a voice or a video packet, all sizes now and then. */
static size_t draw_size(void)
{
    uint32_t kind = draw() % 8;

    return kind < 4 ? 160 : kind < 7 ? 1100 : 8 + draw() % 1192;
}

static void send_data(struct client *c)
{
    static const uint8_t filler[1200];
    struct message m = {.length = 0};
    size_t size = draw_size();

    if (uses_channel(c)) {
        put16(&m, CHANNEL);
        put16(&m, (uint16_t)size);
        put(&m, filler, size);
    } else {
        begin(&m, 0x0016);
        put_peer(&m, &peers[c->peer].address);
        put_attribute(&m, 0x0013, filler, size);
        set_length(&m, 0);
    }
    count.data_sent += send_to_server(c, m.bytes, m.length);
}

/* What is not data: a Binding, and in turn ChannelData of a channel that is not bound, a Send
 * to a peer without permission, and noise. */
static void send_aside(struct client *c)
{
    struct sockaddr_in stranger = {.sin_addr.s_addr = htonl(0x0A4D00FA), .sin_port = 9};
    struct message m;

    begin(&m, 0x0001);
    count.bindings += send_to_server(c, m.bytes, m.length);
    switch (c->sent / ASIDE % 3) {
    case 0:
        send_to_server(c, "\117\377\0\4lost", 8);
        break;
    case 1:
        begin(&m, 0x0016);
        put_peer(&m, &stranger);
        put_attribute(&m, 0x0013, "lost", 4);
        set_length(&m, 0);
        send_to_server(c, m.bytes, m.length);
        break;
    default:
        send_to_server(c, "\377\377noise", 7);
    }
}

static void hear_as_client(struct client *c)
{
    uint8_t bytes[PACKET];
    ssize_t length;

    while ((length = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) {
        count.from_server++;
        if (length >= 2 && (bytes[0] == 0x40 || (bytes[0] == 0x00 && bytes[1] == 0x17))) {
            count.data_back++;
        } else if (length >= 2 && bytes[0] == 0x01 && bytes[1] == 0x01) {
            count.answers++;
        } else {
            count.strays++;
        }
    }
}

static void hear_as_peer(struct peer *p)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    uint8_t bytes[PACKET];
    ssize_t length;

    while ((length = recvfrom(p->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from,
                              &size)) >= 0) {
        count.from_relay++;
        if (sendto(p->fd, bytes, (size_t)length, 0, (struct sockaddr *)&from, size) >= 0) {
            count.to_relay++;
        }
    }
}

static void hear(int epoll, uint32_t number_of_clients, int timeout)
{
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, timeout);

    for (int i = 0; i < ready; i++) {
        uint64_t number = events[i].data.u64;

        if (number < number_of_clients) {
            hear_as_client(&clients[number]);
        } else {
            hear_as_peer(&peers[number - number_of_clients]);
        }
    }
}

static void send_what_is_due(uint32_t number_of_clients, uint64_t interval, uint64_t now)
{
    for (uint32_t i = 0; i < number_of_clients; i++) {
        struct client *c = &clients[i];

        if (c->next > now) {
            continue;
        }
        c->next += interval;
        send_data(c);
        if (++c->sent % ASIDE == 0) {
            send_aside(c);
        }
    }
}

static void run(int epoll, uint32_t number_of_clients, uint32_t rate, uint32_t seconds)
{
    uint64_t interval = 1000000000 / rate, start = now_ns(), now = start, tick = start;
    uint64_t end = start + (uint64_t)seconds * 1000000000;

    for (uint32_t i = 0; i < number_of_clients; i++) {
        clients[i].next = start + interval * i / number_of_clients;
    }
    while (now < end) {
        if (now >= tick) {
            send_what_is_due(number_of_clients, interval, now);
            tick = now + TICK_NS;
        }
        hear(epoll, number_of_clients, 1);
        now = now_ns();
    }
    while (now < end + 1500000000) { /* what is still on its way */
        hear(epoll, number_of_clients, 50);
        now = now_ns();
    }
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: load SERVER PORT OWN ALLOCATIONS RATE SECONDS\n");
        return 2;
    }
    uint32_t number_of_clients = (uint32_t)atoi(argv[4]);
    int epoll = epoll_create1(0);

    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &server.sin_addr);
    clients = calloc(number_of_clients, sizeof *clients);
    if (clients == NULL) {
        die("clients");
    }
    open_all(epoll, argv[3], number_of_clients);
    run(epoll, number_of_clients, (uint32_t)atoi(argv[5]), (uint32_t)atoi(argv[6]));
    for (uint32_t i = 0; i < number_of_clients; i++) {
        request(&clients[i], REFRESH);
    }

    printf("to_server=%llu from_server=%llu to_relay=%llu from_relay=%llu data_sent=%llu "
           "data_back=%llu bindings=%llu answers=%llu strays=%llu\n",
           (unsigned long long)count.to_server, (unsigned long long)count.from_server,
           (unsigned long long)count.to_relay, (unsigned long long)count.from_relay,
           (unsigned long long)count.data_sent, (unsigned long long)count.data_back,
           (unsigned long long)count.bindings, (unsigned long long)count.answers,
           (unsigned long long)count.strays);
    return 0;
}
