# turnpike.m4 — probes for compiler and linker flags, and what is missing on this machine.

# TURNPIKE_COMPILE_FLAGS(VARIABLE, FLAGS)
# Append each of FLAGS to VARIABLE that the compiler takes without a warning.
AC_DEFUN([TURNPIKE_COMPILE_FLAGS],
[for turnpike_flag in $2; do
  AC_MSG_CHECKING([whether $CC takes $turnpike_flag])
  turnpike_cflags=$CFLAGS
  CFLAGS="$CFLAGS -Werror $turnpike_flag"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes])
     $1="$$1 $turnpike_flag"],
    [AC_MSG_RESULT([no])])
  CFLAGS=$turnpike_cflags
done])

# TURNPIKE_LINK_FLAGS(VARIABLE, FLAGS)
# Append each of FLAGS to VARIABLE that the linker takes without a warning.
AC_DEFUN([TURNPIKE_LINK_FLAGS],
[for turnpike_flag in $2; do
  AC_MSG_CHECKING([whether $CC links with $turnpike_flag])
  turnpike_ldflags=$LDFLAGS
  turnpike_cflags=$CFLAGS
  CFLAGS="$CFLAGS -Werror"
  LDFLAGS="$LDFLAGS $turnpike_flag"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()],
    [AC_MSG_RESULT([yes])
     $1="$$1 $turnpike_flag"],
    [AC_MSG_RESULT([no])])
  LDFLAGS=$turnpike_ldflags
  CFLAGS=$turnpike_cflags
done])

# TURNPIKE_PIE(CFLAGS-VARIABLE, LDFLAGS-VARIABLE)
# A position independent program, if compiler and linker agree on it.
AC_DEFUN([TURNPIKE_PIE],
[AC_MSG_CHECKING([whether $CC makes position independent programs])
turnpike_ldflags=$LDFLAGS
turnpike_cflags=$CFLAGS
CFLAGS="$CFLAGS -Werror -fPIE"
LDFLAGS="$LDFLAGS -pie"
AC_LINK_IFELSE([AC_LANG_PROGRAM()],
  [AC_MSG_RESULT([yes])
   $1="$$1 -fPIE"
   $2="$$2 -pie"],
  [AC_MSG_RESULT([no])])
LDFLAGS=$turnpike_ldflags
CFLAGS=$turnpike_cflags])

# TURNPIKE_FORTIFY(VARIABLE)
# Append the highest _FORTIFY_SOURCE that library, compiler and the user's flags allow. It needs
# optimization; the C library warns of a level that it does not know; a level of the user's own is
# a redefinition. Either way the probe fails, and the next level is tried.
AC_DEFUN([TURNPIKE_FORTIFY],
[turnpike_fortify=no
turnpike_cflags=$CFLAGS
AC_MSG_CHECKING([which _FORTIFY_SOURCE is known])
for turnpike_level in 3 2; do
  AS_IF([test "$turnpike_fortify" = no],
    [CFLAGS="-Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$turnpike_level $turnpike_cflags"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
         #include <string.h>
         #ifndef __OPTIMIZE__
         #error without optimization it does nothing
         #endif]])],
       [turnpike_fortify=$turnpike_level
        $1="$$1 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$turnpike_level"])])
done
CFLAGS=$turnpike_cflags
AC_MSG_RESULT([$turnpike_fortify])])

# TURNPIKE_LIBRARY(VARIABLE, MODULES, DEBIAN-PACKAGE)
# A library that is needed, by pkg-config; what is missing is told at once at the end.
AC_DEFUN([TURNPIKE_LIBRARY],
[PKG_CHECK_MODULES([$1], [$2], [],
  [turnpike_missing="$turnpike_missing
    $2    (Debian: $3)"])])
