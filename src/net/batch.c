/* batch — the buffers of one worker. */
/* SPDX-License-Identifier: MIT */
#include "net/batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    /* A whole datagram with room for headers. The odd cache lines keep the beginnings of buffers
     * from all falling into the same sets of the cache. */
    BUFFER = PACKET_HEADROOM + PACKET_MAX + 1 + PACKET_TAILROOM,
    STRIDE = (BUFFER / 4096 + 1) * 4096 + 5 * 64,
};

struct batch *batch_new(void)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (!b) {
        return NULL;
    }
    b->buffers = mmap(NULL, (size_t)STRIDE * BATCH_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    b->sealed = mmap(NULL, (size_t)BATCH_SEALED * BATCH_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b->buffers == MAP_FAILED || b->sealed == MAP_FAILED) {
        free(b); /* at start, where the process then ends */
        return NULL;
    }
    for (size_t i = 0; i < BATCH_SIZE; i++) {
        b->packet[i].bytes = b->buffers + i * STRIDE + PACKET_HEADROOM;
        b->in_iov[i] = (struct iovec){b->packet[i].bytes, PACKET_MAX};
        b->in[i].msg_hdr = (struct msghdr){
            .msg_name = &b->from[i],
            .msg_iov = &b->in_iov[i],
            .msg_iovlen = 1,
            .msg_control = b->control[i],
        };
    }
    return b;
}

void batch_free(struct batch *b)
{
    if (b) {
        munmap(b->buffers, (size_t)STRIDE * BATCH_SIZE);
        munmap(b->sealed, (size_t)BATCH_SEALED * BATCH_SIZE);
        free(b);
    }
}

/* tos_of — DSCP and ECN from the ancillary data, 0 when the kernel told nothing. */
static uint8_t tos_of(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            return *CMSG_DATA(c);
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
            int value;
            memcpy(&value, CMSG_DATA(c), sizeof(value));
            return (uint8_t)value;
        }
    }
    return 0;
}

size_t batch_receive(struct batch *b, int fd, size_t most)
{
    size_t room = BATCH_SIZE - b->count;
    size_t want = most < room ? most : room;
    for (size_t i = b->count; i < b->count + want; i++) {
        b->in_iov[i].iov_base = b->packet[i].bytes; /* packets may have been swapped */
        b->in[i].msg_hdr.msg_namelen = sizeof(b->from[i]);
        b->in[i].msg_hdr.msg_controllen = BATCH_CONTROL_SIZE;
    }
    int got = recvmmsg(fd, b->in + b->count, (unsigned)want, MSG_DONTWAIT, NULL);
    if (got <= 0) {
        return 0;
    }
    for (size_t i = b->count; i < b->count + (size_t)got; i++) {
        b->packet[i].size = b->in[i].msg_len;
        b->packet[i].tos = tos_of(&b->in[i].msg_hdr);
    }
    b->count += (size_t)got;
    return (size_t)got;
}
