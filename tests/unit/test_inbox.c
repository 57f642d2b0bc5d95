/* test_inbox — messages to a worker: order, none lost, the wake-up. */
/* SPDX-License-Identifier: MIT */
#include "unit/support.h"

#include "net/inbox.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

enum { SENDERS = 4, EACH = 50000 };

/* A message that says who sent it and as which. */
struct message {
    struct inbox_node node;
    uint32_t sender, number;
};

/* What the reader has seen. */
struct seen {
    uint32_t next[SENDERS];
    uint32_t count;
    bool is_disordered;
    struct inbox *again; /* where a message is sent on to */
};

static struct inbox inbox;

static int begin(void **state)
{
    (void)state;
    return inbox_init(&inbox) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    inbox_fini(&inbox);
    return 0;
}

static void see(struct inbox_node *node, void *reader)
{
    struct message *m = (struct message *)node;
    struct seen *seen = reader;
    seen->is_disordered = seen->is_disordered || seen->next[m->sender] != m->number;
    seen->next[m->sender] = m->number + 1;
    seen->count++;
    free(m); /* it is the sender's again, who may do with it as it likes */
}

static struct inbox_node *message(uint32_t sender, uint32_t number)
{
    struct message *m = malloc(sizeof(*m));
    if (!m) {
        abort();
    }
    *m = (struct message){{NULL, see}, sender, number};
    return &m->node;
}

static bool is_awake(int timeout)
{
    struct pollfd p = {.fd = inbox.wake, .events = POLLIN};
    return poll(&p, 1, timeout) == 1;
}

static void messages_run_oldest_first(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    for (uint32_t i = 0; i < 100; i++) {
        inbox_put(&inbox, message(0, i));
    }
    assert_int_equal(seen.count, 0); /* not before the reader wants them */
    inbox_run(&inbox, &seen);
    assert_int_equal(seen.count, 100);
    assert_false(seen.is_disordered);
    inbox_run(&inbox, &seen);
    assert_int_equal(seen.count, 100);
}

static void reader_is_woken_until_it_has_run(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    assert_false(is_awake(0));
    inbox_put(&inbox, message(0, 0));
    inbox_put(&inbox, message(0, 1));
    assert_true(is_awake(0));
    inbox_run(&inbox, &seen);
    assert_false(is_awake(0));
    inbox_wake(&inbox); /* without a message */
    assert_true(is_awake(0));
    inbox_run(&inbox, &seen);
    assert_false(is_awake(0));
    assert_int_equal(seen.count, 2);
}

static void see_and_send_on(struct inbox_node *node, void *reader)
{
    struct seen *seen = reader;
    struct message *m = (struct message *)node;
    m->number = seen->next[m->sender];
    m->node.run = see;
    inbox_put(seen->again, node);
}

static void message_sent_while_running_waits_its_turn(void **state)
{
    (void)state;
    struct seen seen = {.again = &inbox};
    struct inbox_node *node = message(0, 0);
    node->run = see_and_send_on;
    inbox_put(&inbox, node);
    inbox_run(&inbox, &seen);
    assert_int_equal(seen.count, 0);
    assert_true(is_awake(0));
    inbox_run(&inbox, &seen);
    assert_int_equal(seen.count, 1);
}

static void *send_many(void *context)
{
    uint32_t sender = (uint32_t)(uintptr_t)context;
    for (uint32_t i = 0; i < EACH; i++) {
        inbox_put(&inbox, message(sender, i));
    }
    return NULL;
}

static void four_senders_lose_nothing_and_keep_their_order(void **state)
{
    (void)state;
    pthread_t thread[SENDERS];
    struct seen seen = {.count = 0};
    for (uintptr_t i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, send_many, (void *)i), 0);
    }
    while (seen.count < SENDERS * EACH) {
        assert_true(is_awake(20000)); /* no message without a wake-up */
        inbox_run(&inbox, &seen);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(seen.next[i], EACH);
    }
    assert_int_equal(seen.count, SENDERS * EACH);
    assert_false(seen.is_disordered);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    static const struct CMUnitTest tests[] = {
        {"messages run oldest first", messages_run_oldest_first, begin, end, NULL},
        {"the reader is woken until it has run", reader_is_woken_until_it_has_run, begin, end,
         NULL},
        {"a message sent while running waits its turn", message_sent_while_running_waits_its_turn,
         begin, end, NULL},
        {"four senders lose nothing and keep their order",
         four_senders_lose_nothing_and_keep_their_order, begin, end, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
