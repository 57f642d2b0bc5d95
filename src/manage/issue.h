/* issue — giving out credentials, in the shapes that clients expect.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_ISSUE_H
#define MANAGE_ISSUE_H

#include "manage/call.h"

/* issue_native — POST /v1/credentials: the answer can be given to RTCPeerConnection as it is. */
void issue_native(struct call *call);

/* issue_rest — GET /turn, as draft-uberti-behave-turn-rest has it. */
void issue_rest(struct call *call);

/* issue_twilio — POST /2010-04-01/Accounts/SID/Tokens.json. */
void issue_twilio(struct call *call);

#endif
