/* certificate — certificates that sign themselves. */
/* SPDX-License-Identifier: MIT */
#include "support/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls.h"

enum { RSA_BITS = 2048, HOUR = 3600 };

static void insist(int holds)
{
    if (!holds) {
        abort();
    }
}

static void add_names(X509 *leaf, const char *also)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, leaf, leaf, NULL, NULL, 0);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, also);
    insist(names != NULL && X509_add_ext(leaf, names, -1) == 1);
    X509_EXTENSION_free(names);
}

void certificate_init(struct certificate *c, const struct certificate_wish *wish)
{
    static long serial = 1;
    const char *curve = wish->curve ? wish->curve : "P-256";
    const char *name = wish->name ? wish->name : "relay.example.org";
    c->key = strcmp(curve, "RSA") == 0 ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen(curve);
    c->leaf = X509_new();
    insist(c->key != NULL && c->leaf != NULL);
    X509_NAME *subject = X509_get_subject_name(c->leaf);
    insist(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                      -1, 0) == 1);
    insist(X509_set_version(c->leaf, 2) == 1 && X509_set_issuer_name(c->leaf, subject) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(c->leaf), serial++) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(c->leaf), -HOUR) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(c->leaf), wish->seconds ? wish->seconds : HOUR) !=
               NULL &&
           X509_set_pubkey(c->leaf, c->key) == 1);
    if (wish->also) {
        add_names(c->leaf, wish->also);
    }
    insist(X509_sign(c->leaf, c->key, EVP_sha256()) > 0);
}

void certificate_fini(struct certificate *c)
{
    X509_free(c->leaf);
    EVP_PKEY_free(c->key);
}

void certificate_write(const struct certificate *c, const char *certificate, const char *key,
                       const char *passphrase)
{
    FILE *file;
    if (certificate) {
        file = fopen(certificate, "ae");
        insist(file != NULL && PEM_write_X509(file, c->leaf) == 1 && fclose(file) == 0);
    }
    if (key) {
        file = fopen(key, "ae");
        insist(file != NULL &&
               PEM_write_PKCS8PrivateKey(file, c->key, passphrase ? EVP_aes_256_cbc() : NULL,
                                         passphrase, passphrase ? (int)strlen(passphrase) : 0, NULL,
                                         NULL) == 1 &&
               fclose(file) == 0);
    }
}

struct tls *certificate_serve(const struct certificate *c)
{
    enum { ROOM = 512 };
    char name[] = "/tmp/turnpike-XXXXXX";
    char why[ROOM];
    int fd = mkstemp(name);
    insist(fd >= 0 && close(fd) == 0);
    certificate_write(c, name, name, NULL);
    struct tls *tls = tls_new(name, name, why, sizeof(why));
    insist(unlink(name) == 0 && tls != NULL);
    return tls;
}
