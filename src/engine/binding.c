/* binding — STUN itself: what is my address? */
/* SPDX-License-Identifier: MIT */
#include "engine/binding.h"

#include "engine/reply.h"

/* asks_for_change — CHANGE-REQUEST with a flag set, which only RFC 5780 servers serve. */
static bool asks_for_change(const struct stun_message *m)
{
    uint32_t flags;
    return stun_message_has(m, STUN_KNOWN_CHANGE_REQUEST) &&
           (!stun_message_u32(m, STUN_KNOWN_CHANGE_REQUEST, &flags) ||
            (flags & (STUN_CHANGE_ADDRESS_FLAG | STUN_CHANGE_PORT_FLAG)) != 0);
}

void binding_handle(struct turn *t, const struct request *rq)
{
    static const struct answer mapped = {.has_mapped = true};
    t->counts.bindings++;
    if (rq->message.is_classic && rq->path->kind == PATH_DTLS) {
        reply_refuse(t, rq, REFUSAL_CLASSIC); /* RFC 7350 3: no RFC 3489 over DTLS */
        return;
    }
    if (rq->message.has_unknown || asks_for_change(&rq->message)) {
        reply_refuse(t, rq, REFUSAL_UNKNOWN_ATTRIBUTE);
        return;
    }
    reply_succeed(t, rq, &mapped);
}
