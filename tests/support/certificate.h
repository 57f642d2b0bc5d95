/* certificate — certificates that sign themselves, made when a test needs one.
 * For tests. One thread. */
/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_CERTIFICATE_H
#define SUPPORT_CERTIFICATE_H

struct x509_st;
struct evp_pkey_st;
struct tls;

/* What it is to be; a zero is the first of what is possible. */
struct certificate_wish {
    const char *curve; /* "P-256", "P-384", ...; "RSA" for a key of that kind */
    const char *name;  /* common name; "relay.example.org" */
    const char *also;  /* alternative names as OpenSSL has them: "DNS:a.example, IP:192.0.2.1" */
    long seconds;      /* until it expires; an hour */
};

struct certificate {
    struct x509_st *leaf;    /* owned */
    struct evp_pkey_st *key; /* owned */
};

/* certificate_init — make one. Ends the process when OpenSSL cannot. */
void certificate_init(struct certificate *c, const struct certificate_wish *wish);

/* certificate_fini — free it. Never fails. */
void certificate_fini(struct certificate *c);

/* certificate_write — append it and its key to two PEM files, or only one where the other is NULL;
 * the key encrypted unless `passphrase` is NULL. Ends the process when they cannot be written. */
void certificate_write(const struct certificate *c, const char *certificate, const char *key,
                       const char *passphrase);

/* certificate_serve — what net makes of it, by way of files that are gone again. Returns new, freed
 * with tls_free. Ends the process when it is not taken. */
struct tls *certificate_serve(const struct certificate *c);

#endif
