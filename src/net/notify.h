/* notify — telling the service manager how we are: sd_notify without its library.
 * Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

/* notify_send — send `state` ("READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=...",
 * "STATUS=...") to the socket that $NOTIFY_SOCKET names; nothing without it. Never fails. */
void notify_send(const char *state);

#endif
