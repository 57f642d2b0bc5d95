/* redis_fault — what Redis means by an error, and what its operator should do about it.
 * Pure. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_FAULT_H
#define STORE_REDIS_FAULT_H

#include "base/span.h"

enum redis_fault {
    REDIS_FAULT_REQUEST, /* this request and no other */
    REDIS_FAULT_AWAY,    /* try later, or elsewhere */
    REDIS_FAULT_SET_UP,  /* somebody has to mend something; until then nothing goes */
    REDIS_FAULT_SCRIPT,  /* EVALSHA: it has to be told the script anew */
};

/* redis_fault_read — judge the text of an error reply, and say in `why` what it is, in one sentence
 * that has no bytes of ours in it: an error may quote a command. Never fails. */
enum redis_fault redis_fault_read(struct span error, char *why, size_t room);

/* redis_fault_read_auth — the same of an error in answer to AUTH. */
enum redis_fault redis_fault_read_auth(struct span error, char *why, size_t room);

/* redis_fault_name_key — say that a key holds something else than turnpike put there: `what` is the
 * kind of thing that belongs there. Never fails. */
void redis_fault_name_key(struct span key, const char *what, char *why, size_t room);

#endif
