/* worker_state — what one worker is made of; for its own files alone.
 *
 *     worker          thread, events, messages from other threads
 *     worker_clients  connections: from accept to the end of each
 *     worker_traffic  datagrams and messages: batch -> verdict or engine -> batch
 *     worker_host     what the engine asks of the worker                                */
/* SPDX-License-Identifier: MIT */
#ifndef NET_WORKER_STATE_H
#define NET_WORKER_STATE_H

#include <event2/event.h>

#include "wire/hello.h"
#include "net/dtls.h"
#include "net/splice.h"
#include "net/stream.h"
#include "net/worker.h"

/* A listener's event, knowing its worker. */
struct watched {
    struct worker *worker;
    struct event *event;
    uint16_t number;
};

struct worker {
    struct worker_shared *shared;
    struct worker_view view;
    unsigned number;
    struct turn turn;
    struct turn_host host;
    struct keyring keyring;
    struct endpoint_table endpoints;
    struct listener_set listeners;
    struct watched watched[LISTENER_MAX];
    struct connection_set connections;
    struct stream stream;
    struct dtls dtls;
    struct worker_clients_counts clients;
    int spare; /* a descriptor for acceptor_shed */
    struct batch *batch;
    struct now now; /* of the batch at hand */
    struct ring ring;
    struct inbox inbox;
    struct log_source *log;
    struct event_base *base;
    struct event *endpoint_event, *inbox_event, *tick_event;
    struct event *connection_event, *handshake_event, *deadline_event, *accept_event;
    struct mono deadline_at; /* what deadline_event is armed for; {UINT64_MAX}: nothing */
    uint64_t strays;
    _Atomic uint32_t live;
    pthread_t thread;
    bool is_started;
    bool is_joined;
    bool is_stopping;                             /* whatever still comes in is too late */
    uint8_t answer[BATCH_SIZE][STUN_MESSAGE_MAX]; /* messages of the engine until they are sent */
    uint8_t scratch[SPLICE_BUFFER_SIZE + HELLO_SIZE_MAX]; /* for one call */
};

#endif
