/* redis_secure — TLS on the way to Redis, where hiredis has it. */
/* SPDX-License-Identifier: MIT */
#include "store/redis_secure.h"

const char *redis_secure_why(void)
{
    return "this turnpike was built with a hiredis that has no TLS: build it with hiredis_ssl, or "
           "write redis: and use a tunnel";
}

#ifdef HAVE_HIREDIS_SSL

#include <hiredis/async.h>
#include <hiredis/hiredis_ssl.h>

#include "net/tls_verified.h"

bool redis_secure_is_there(void)
{
    return true;
}

bool redis_secure_begin(struct redisAsyncContext *ac, const char *host)
{
    struct ssl_st *ssl = tls_verified_new(host);
    if (!ssl) {
        return false;
    }
    if (redisInitiateSSL(&ac->c, ssl) != REDIS_OK) { /* else it belongs to hiredis */
        tls_verified_free(ssl);
        return false;
    }
    return true;
}

#else

bool redis_secure_is_there(void)
{
    return false;
}

bool redis_secure_begin(struct redisAsyncContext *ac, const char *host)
{
    (void)ac;
    (void)host;
    return false;
}

#endif
