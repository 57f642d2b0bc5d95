/* refusal — every error a STUN or TURN request can be answered with. */
/* SPDX-License-Identifier: MIT */
#include "engine/refusal.h"

static const struct refusal rows[REFUSAL_COUNT] = {
#define REFUSAL_ROW(name, code, with, reason) [REFUSAL_##name] = {code, with, reason},
    REFUSALS(REFUSAL_ROW)
#undef REFUSAL_ROW
};

const struct refusal *refusal_of(enum refusal_kind kind)
{
    return &rows[kind];
}
