/* probe_report — what the user sees of a check. */
/* SPDX-License-Identifier: MIT */
#include "probe/probe_report.h"

#include <string.h>

#include "base/text.h"
#include "probe/probe_quote.h"
#include "probe/probe_wrap.h"

enum {
    DETAIL = 33, /* the column where what was seen begins */
    CAUSE = 8,   /* the column where causes and notes begin */
    LINE_SIZE = 4096,
    JSON_SIZE = 2 * LINE_SIZE,
};

static void put_json(FILE *out, const char *string)
{
    char bytes[JSON_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    probe_quote_json(&t, string);
    fputs(bytes, out);
}

static void put_member(FILE *out, const char *name, const char *value)
{
    fprintf(out, ",\"%s\":", name);
    put_json(out, value);
}

static const char *address_text(const struct netaddr *a, char bytes[TEXT_NETADDR_SIZE])
{
    struct text t = text_init(bytes, TEXT_NETADDR_SIZE);
    text_netaddr(&t, a);
    return bytes;
}

/* put_failure — how a step failed: "401 Unauthorized", "no answer", "not sent: ...". */
static void put_failure(struct text *t, const struct probe_step *step)
{
    if (step->fate == PROBE_FATE_REFUSED) {
        text_u64(t, step->code);
        text_char(t, ' ');
        text_put(t, step->said[0] ? step->said : "(no reason given)");
        return;
    }
    text_put(t, probe_fate_text(step->fate));
    if (step->said[0]) {
        text_put(t, ": ");
        text_put(t, step->said);
    }
}

static void put_firmly(struct text *t, const char *string)
{
    for (; *string; string++) {
        text_char(t, *string == ' ' ? PROBE_WRAP_FIRM : *string);
    }
}

static void put_field(struct text *t, const struct probe_step_field *f)
{
    const char *quote = f->form == PROBE_STEP_TEXT ? "\"" : "";
    text_put(t, f->name);
    text_char(t, PROBE_WRAP_FIRM);
    text_put(t, quote);
    put_firmly(t, f->value);
    text_put(t, quote);
    put_firmly(t, f->unit);
}

enum verdict { GOOD, SKIPPED, TOLERATED, BAD };

static enum verdict verdict_of(const struct probe_step *step)
{
    if (step->fate == PROBE_FATE_NO_ROUTE) {
        return SKIPPED;
    }
    if (!probe_fate_is_failure(step->fate)) {
        return GOOD;
    }
    return step->is_tolerated ? TOLERATED : BAD;
}

static void say_words(FILE *out, const char *label, const char *words)
{
    fprintf(out, "%*s%s", CAUSE, "", label);
    probe_wrap_put(out, words, CAUSE + (int)strlen(label), CAUSE);
}

static void say_text(const struct probe_report *report, const struct probe_step *step)
{
    char bytes[LINE_SIZE];
    struct text t = text_init(bytes, sizeof(bytes));
    if (step->fate != PROBE_FATE_OK) {
        put_failure(&t, step);
    }
    for (unsigned i = 0; i < step->field_count; i++) {
        text_put(&t, t.used > 0 ? ", " : "");
        put_field(&t, &step->field[i]);
    }
    FILE *out = report->out;
    static const char *const marks[] = {
        [GOOD] = "ok", [SKIPPED] = "skip", [TOLERATED] = "warn", [BAD] = "FAIL"};
    fprintf(out, "  %-5s %-10s %c ", marks[verdict_of(step)], probe_step_name(step->kind),
            step->side ? step->side : ' ');
    if (step->ns > 0) {
        fprintf(out, "%8.2f ms%s", (double)step->ns / 1e6, t.used > 0 ? "  " : "");
    } else {
        fprintf(out, "%13s", "");
    }
    probe_wrap_put(out, bytes, DETAIL, DETAIL);
    if (step->cause) {
        say_words(out, step->fate == PROBE_FATE_NO_ROUTE ? "" : "Likely cause:", step->cause);
    }
    for (unsigned i = 0; i < step->note_count; i++) {
        say_words(out, "Note:", step->note[i]);
    }
}

static void say_json_notes(FILE *out, const struct probe_step *step)
{
    fputs(",\"notes\":[", out);
    for (unsigned i = 0; i < step->note_count; i++) {
        fputs(i > 0 ? "," : "", out);
        put_json(out, step->note[i]);
    }
    fputc(']', out);
}

static void say_json(const struct probe_report *report, const struct probe_step *step)
{
    char address[TEXT_NETADDR_SIZE];
    char failure[LINE_SIZE];
    FILE *out = report->out;
    fprintf(out, "%s{\"step\":\"%s\"", report->steps > 0 ? "," : "", probe_step_name(step->kind));
    if (report->server.family != NETADDR_NONE) {
        put_member(out, "server", address_text(&report->server, address));
    }
    if (step->side) {
        fprintf(out, ",\"side\":\"%c\"", step->side);
    }
    static const char *const marks[] = {
        [GOOD] = "ok", [SKIPPED] = "skipped", [TOLERATED] = "warned", [BAD] = "failed"};
    put_member(out, "result", marks[verdict_of(step)]);
    if (step->ns > 0) {
        fprintf(out, ",\"ms\":%.3f", (double)step->ns / 1e6);
    }
    for (unsigned i = 0; i < step->field_count; i++) {
        const struct probe_step_field *f = &step->field[i];
        if (f->form == PROBE_STEP_NUMBER) {
            fprintf(out, ",\"%s\":%s", f->name, f->value);
        } else {
            put_member(out, f->name, f->value);
        }
    }
    if (step->fate == PROBE_FATE_REFUSED) {
        fprintf(out, ",\"code\":%u", step->code);
    }
    if (step->fate != PROBE_FATE_OK) {
        struct text t = text_init(failure, sizeof(failure));
        put_failure(&t, step);
        put_member(out, "failure", failure);
    }
    if (step->cause) {
        put_member(out, "cause", step->cause);
    }
    if (step->note_count > 0) {
        say_json_notes(out, step);
    }
    fputc('}', out);
}

void probe_report_begin(struct probe_report *report, FILE *out, bool is_json, const char *uri,
                        enum probe_transport transport)
{
    *report = (struct probe_report){.out = out, .is_json = is_json, .transport = transport};
    if (is_json) {
        fputs("{\"uri\":", out);
        put_json(out, uri);
        put_member(out, "transport", probe_transport_name(transport));
        fputs(",\"steps\":[", out);
    } else {
        fprintf(out, "%s\n", uri);
    }
}

void probe_report_server(struct probe_report *report, const struct netaddr *server)
{
    char address[TEXT_NETADDR_SIZE];
    report->server = *server;
    if (!report->is_json) {
        fprintf(report->out, "\nServer %s over %s\n", address_text(server, address),
                probe_transport_name(report->transport));
    }
}

void probe_report_step(struct probe_report *report, const struct probe_step *step)
{
    if (!report->has_failed && verdict_of(step) == BAD) {
        report->has_failed = true;
        report->failed_kind = step->kind;
        report->failed_side = step->side;
        report->failed_server = report->server;
    }
    if (report->is_json) {
        say_json(report, step);
    } else {
        say_text(report, step);
    }
    report->steps++;
    fflush(report->out); /* who waits for a timeout wants to see for which */
}

static void say_end(const struct probe_report *report, bool ok)
{
    char address[TEXT_NETADDR_SIZE];
    FILE *out = report->out;
    if (ok) {
        fputs("\nEverything worked.\n", out);
        return;
    }
    if (!report->has_failed) {
        fputs("\nNothing could be checked.\n", out);
        return;
    }
    fprintf(out, "\nFailed: %s", probe_step_name(report->failed_kind));
    if (report->failed_side) {
        fprintf(out, " %c", report->failed_side);
    }
    if (report->failed_server.family != NETADDR_NONE) {
        fprintf(out, " with %s", address_text(&report->failed_server, address));
    }
    fputs(".\n", out);
}

bool probe_report_end(struct probe_report *report, bool ok)
{
    if (report->is_json) {
        fprintf(report->out, "],\"ok\":%s}\n", ok ? "true" : "false");
    } else {
        say_end(report, ok);
    }
    return fflush(report->out) == 0 && !ferror(report->out);
}
