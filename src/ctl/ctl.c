/* ctl — turnpikectl: controls a running turnpike over its control socket. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl_memory.h"
#include "ctl/ctl_run.h"

int main(int argc, char **argv)
{
    struct ctl_options options;
    char bytes[CTL_OPTIONS_COMPLAINT_SIZE];
    struct text complaint = text_init(bytes, sizeof(bytes));
    const char *socket = getenv("TURNPIKE_SOCKET");
    if (!socket || socket[0] == '\0') {
        socket = "/run/turnpike/control.sock";
    }
    if (!ctl_options_parse(argc, argv, socket, &options, &complaint)) {
        fprintf(stderr, "turnpikectl: %s\n", bytes);
        return CTL_RUN_USAGE;
    }
    ctl_memory_guard_json();
    return ctl_run(&options);
}
