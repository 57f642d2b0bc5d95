/* metrics — every counter of the server, as Prometheus reads it. No label has a value that a client
 * chooses.
 * Control thread. */
/* SPDX-License-Identifier: MIT */
#ifndef MANAGE_METRICS_H
#define MANAGE_METRICS_H

struct desk;
struct evbuffer;

/* metrics_print — all of them, in the text format 0.0.4, behind what is in `out`. Asks every worker
 * and waits for it, a turn of its loop. */
void metrics_print(const struct desk *d, struct evbuffer *out);

#endif
