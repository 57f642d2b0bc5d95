/* method — the methods that requests are counted by. */
/* SPDX-License-Identifier: MIT */
#include "engine/method.h"

#include "wire/stun.h"

static const struct {
    uint16_t method;
    const char *name;
} rows[METHOD_COUNT] = {
    {STUN_BINDING, "Binding"},
    {STUN_ALLOCATE, "Allocate"},
    {STUN_REFRESH, "Refresh"},
    {STUN_CREATE_PERMISSION, "CreatePermission"},
    {STUN_CHANNEL_BIND, "ChannelBind"},
    {STUN_CONNECT, "Connect"},
    {STUN_CONNECTION_BIND, "ConnectionBind"},
};

unsigned method_place(uint16_t method)
{
    unsigned place = 0;
    while (place < METHOD_COUNT && rows[place].method != method) {
        place++;
    }
    return place < METHOD_COUNT ? place : 0;
}

const char *method_name(unsigned place)
{
    return rows[place].name;
}
