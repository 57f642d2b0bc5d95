/* probe — turnpike-probe: does this STUN or TURN server work from here, and if not, why? */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "net/clock.h"
#include "net/digest_openssl.h"
#include "net/entropy_os.h"
#include "probe/probe_check.h"
#include "probe/probe_options.h"

enum {
    ALL_WORKED = 0,
    STEP_FAILED = 1,
    WRONG_USAGE = 2,
};

static int say_usage(const char *about, const char *sentence)
{
    fprintf(stderr, "turnpike-probe: %s%s%s\n", about, about[0] ? " " : "", sentence);
    return WRONG_USAGE;
}

static enum netaddr_family family_of(const struct probe_options *options)
{
    return options->ipv4_only ? NETADDR_IPV4 : options->ipv6_only ? NETADDR_IPV6 : NETADDR_NONE;
}

/* make_credential — what the options say about who we are; false when they say nothing. */
static bool make_credential(const struct probe_options *options, const struct digest *digest,
                            struct probe_credential *out)
{
    if (options->secret) {
        probe_credential_timed(digest, clock_now().wall, options->secret, options->secret_sha256,
                               out);
        return true;
    }
    return options->user && probe_credential_fixed(options->user, options->password, out);
}

static int run_check(const struct probe_options *options, const struct probe_check_plan *plan)
{
    struct probe_report report;
    probe_report_begin(&report, stdout, options->json, options->uri, plan->uri.transport);
    bool ok = probe_check_run(plan, &report);
    return probe_report_end(&report, ok) && ok ? ALL_WORKED : STEP_FAILED;
}

static enum probe_uri_verdict read_uri(const struct probe_options *options, struct probe_uri *out)
{
    enum probe_uri_verdict verdict = probe_uri_parse(options->uri, out);
    if (verdict != PROBE_URI_OK || options->transport == PROBE_OPTIONS_AS_SAID) {
        return verdict;
    }
    return probe_uri_choose(out, options->transport == PROBE_OPTIONS_TCP);
}

/* check — with the URI read and whom to believe. */
static int check(const struct probe_options *options, struct probe_check_plan *plan)
{
    struct digest *digest = digest_openssl_new();
    if (!digest) {
        fputs("turnpike-probe: OpenSSL lacks MD5, SHA-1 or SHA-256\n", stderr);
        return STEP_FAILED;
    }
    struct probe_credential credential;
    struct probe_trace trace = {stderr, clock_now().mono};
    plan->terms = (struct probe_client_terms){
        .digest = digest,
        .entropy = entropy_os(),
        .credential = make_credential(options, digest, &credential) ? &credential : NULL,
        .socket =
            {
                .transport = plan->uri.transport,
                .is_turn = plan->uri.is_turn,
                .name = probe_uri_is_address(&plan->uri) ? NULL : plan->uri.host,
                .trace = options->verbose ? &trace : NULL,
            },
        .timeout_ns = options->timeout * MONO_SECOND,
        .is_sha256 = options->sha256,
    };
    int status = plan->uri.is_turn && !plan->terms.credential
                     ? say_usage(options->uri, "needs --user and --password, or --secret")
                     : run_check(options, plan);
    secret_wipe(&credential, sizeof(credential));
    digest_openssl_free(digest);
    return status;
}

static int prepare_check(const struct probe_options *options)
{
    struct probe_check_plan plan = {
        .family = family_of(options),
        .is_insecure = options->insecure,
    };
    enum probe_uri_verdict verdict = read_uri(options, &plan.uri);
    if (verdict != PROBE_URI_OK) {
        return say_usage(options->uri, probe_uri_reason(verdict));
    }
    plan.roots = tls_client_roots_new(options->roots);
    if (!plan.roots) {
        return options->roots ? say_usage(options->roots, "holds no certificate in PEM to believe")
                              : say_usage("", "OpenSSL has no place for authorities");
    }
    int status = check(options, &plan);
    tls_client_roots_free(plan.roots);
    return status;
}

int main(int argc, char **argv)
{
    struct probe_options options;
    char bytes[PROBE_OPTIONS_COMPLAINT_SIZE];
    struct text complaint = text_init(bytes, sizeof(bytes));
    if (!probe_options_parse(argc, argv, &options, &complaint)) {
        return say_usage("", bytes);
    }
    int status = ALL_WORKED;
    switch (options.command) {
    case PROBE_OPTIONS_CHECK:
        status = prepare_check(&options);
        break;
    case PROBE_OPTIONS_HELP:
        probe_options_help(stdout);
        break;
    case PROBE_OPTIONS_VERSION:
        puts("turnpike-probe " PACKAGE_VERSION);
        break;
    }
    probe_options_fini(&options);
    return status;
}
