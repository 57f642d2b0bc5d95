/* options_print — the option table as text: for --help, for the sample file, for the manual.
 * Wiring. Any thread. */
/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_PRINT_H
#define OPTIONS_PRINT_H

#include <stdio.h>

/* options_print_help — write every option by section, with its default and what it does. Errors
 * stay with `out`. */
void options_print_help(FILE *out);

/* options_print_sample — write etc/turnpike.conf: a configuration that works, with every option of
 * this version in it, commented out. Errors stay with `out`. */
void options_print_sample(FILE *out);

/* options_print_man — write the option part of turnpike.conf(5) in mdoc. Errors stay with `out`. */
void options_print_man(FILE *out);

#endif
