/* ctl_password — where passwords come from: a file, standard input, a terminal, or chance. */
/* SPDX-License-Identifier: MIT */
#include "ctl/ctl_password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "ctl/ctl_memory.h"

static char *complain(struct text *why, const char *about, const char *what)
{
    text_put(why, about);
    text_put(why, ": ");
    text_put(why, what);
    return NULL;
}

/* take — bytes that were read, without their last line end, as a new text; NULL with a sentence. */
static char *take(const char *bytes, size_t size, const char *about, struct text *why)
{
    if (size > 0 && bytes[size - 1] == '\n') {
        size--;
        size -= size > 0 && bytes[size - 1] == '\r';
    }
    if (size == 0) {
        return complain(why, about, "it is empty; a password has at least one character");
    }
    if (memchr(bytes, '\0', size)) {
        return complain(why, about, "it holds a NUL, which no password can");
    }
    return ctl_memory_copy(bytes, size);
}

/* read_all — up to `room` bytes of a descriptor. Returns their number, -1 with errno. */
static ssize_t read_all(int fd, char *bytes, size_t room)
{
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, bytes + size, room - size);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            size += (size_t)got;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return (ssize_t)size;
}

static char *read_descriptor(int fd, const char *about, struct text *why)
{
    char bytes[CTL_PASSWORD_MAX + 1];
    ssize_t size = read_all(fd, bytes, sizeof(bytes));
    char *password = size < 0                  ? complain(why, about, strerror(errno))
                     : size > CTL_PASSWORD_MAX ? complain(why, about,
                                                          "it is too long; 4096 bytes "
                                                          "are the most")
                                               : take(bytes, (size_t)size, about, why);
    secret_wipe(bytes, sizeof(bytes));
    return password;
}

char *ctl_password_read(const char *file, struct text *why)
{
    if (strcmp(file, "-") == 0) {
        return read_descriptor(STDIN_FILENO, "standard input", why);
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return complain(why, file, strerror(errno));
    }
    char *password = read_descriptor(fd, file, why);
    close(fd);
    return password;
}

/* read_line — one line of a terminal. Returns its size with the line end, -1 with errno, which a
 * signal makes EINTR. */
static ssize_t read_line(int fd, char *bytes, size_t room)
{
    ssize_t got = 1;
    size_t size = 0;
    while (size < room && (size == 0 || bytes[size - 1] != '\n')) {
        got = read(fd, bytes + size, 1);
        if (got <= 0) {
            break;
        }
        size++;
    }
    return got < 0 ? -1 : (ssize_t)size;
}

static void say(int fd, const char *text)
{
    while (write(fd, text, strlen(text)) < 0 && errno == EINTR) {
    }
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* read_quietly — a line without echo. Control-C ends the reading and not the program, which would
 * leave the terminal silent. Returns as read_line does. */
static ssize_t read_quietly(int terminal, const struct termios *before, char *bytes, size_t room)
{
    struct sigaction caught = {.sa_handler = ignore};
    struct sigaction usual;
    struct termios quiet = *before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON;
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
    sigaction(SIGINT, &caught, &usual);
    tcsetattr(terminal, TCSAFLUSH, &quiet);
    ssize_t size = read_line(terminal, bytes, room);
    int error = errno;
    tcsetattr(terminal, TCSAFLUSH, before);
    sigaction(SIGINT, &usual, NULL);
    errno = error;
    return size;
}

static char *ask_once(int terminal, const char *prompt, const char *after, struct text *why)
{
    char bytes[CTL_PASSWORD_MAX];
    struct termios before;
    if (tcgetattr(terminal, &before) != 0) {
        return complain(why, "the terminal", strerror(errno));
    }
    say(terminal, prompt);
    say(terminal, after);
    ssize_t size = read_quietly(terminal, &before, bytes, sizeof(bytes));
    int error = errno;
    say(terminal, "\n");
    char *password = size < 0 ? complain(why, "the terminal", strerror(error))
                              : take(bytes, (size_t)size, "the password", why);
    secret_wipe(bytes, sizeof(bytes));
    return password;
}

/* ask_twice — so that what nobody sees is typed right. */
static char *ask_twice(int terminal, const char *prompt, struct text *why)
{
    char *first = ask_once(terminal, prompt, ": ", why);
    char *second = first ? ask_once(terminal, prompt, ", again: ", why) : NULL;
    bool is_same = second && strcmp(first, second) == 0;
    if (second && !is_same) {
        complain(why, "the password", "the two are not the same; try again");
    }
    if (!is_same) {
        ctl_memory_forget(first);
        first = NULL;
    }
    ctl_memory_forget(second);
    return first;
}

char *ctl_password_ask(const char *prompt, struct text *why)
{
    if (!isatty(STDIN_FILENO)) {
        return ctl_password_read("-", why);
    }
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return complain(why, "/dev/tty", strerror(errno));
    }
    char *password = ask_twice(terminal, prompt, why);
    close(terminal);
    return password;
}

char *ctl_password_random(struct text *why)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { LENGTH = 24, LETTERS = sizeof(letters) - 1 };
    char *password = ctl_memory_new(LENGTH + 1);
    for (size_t i = 0; i < LENGTH;) {
        uint8_t byte;
        if (getrandom(&byte, 1, 0) != 1) {
            ctl_memory_forget(password);
            return complain(why, "no random numbers", strerror(errno));
        }
        if (byte < 256 / LETTERS * LETTERS) { /* all letters equally often */
            password[i++] = letters[byte % LETTERS];
        }
    }
    return password;
}
