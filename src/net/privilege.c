/* privilege — giving up what was only needed to start. */
/* SPDX-License-Identifier: MIT */
#include "net/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

bool privilege_user_exists(const char *user)
{
    return getpwnam(user) != NULL;
}

static bool become(const char *user, char *why, size_t why_room)
{
    struct passwd *pw = getpwnam(user);
    if (!pw) {
        snprintf(why, why_room, "run-as names the user \"%s\", who does not exist here", user);
        return false;
    }
    if (setgroups(0, NULL) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0) {
        snprintf(why, why_room, "cannot become the user \"%s\": %s", user, strerror(errno));
        return false;
    }
    return true;
}

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}, {0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &head, none) == 0;
}

bool privilege_drop(const char *user, char *why, size_t why_room)
{
    if (user && geteuid() == 0 && !become(user, why, why_room)) {
        return false;
    }
    if (!drop_capabilities() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        snprintf(why, why_room, "cannot give up privileges: %s", strerror(errno));
        return false;
    }
    return true;
}

size_t privilege_raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
}
