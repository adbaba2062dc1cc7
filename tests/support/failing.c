/* Lets one call to the file system below a folder fail, at the C library.

   fail_at(folder, n, error) arms it: the n-th call from now on that looks at something
   below the folder fails with this error; calls() tells how many there were.
   fail_change_at(folder, n, error) is the same for calls that change something; without
   an error the process is killed just before the n-th of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char below[PATH_MAX];
static int countdown = -1, error_number, seen, changes_only;

void fail_at(const char *folder, int number, int error) {
    strncpy(below, folder, sizeof below - 1);
    countdown = number;
    error_number = error;
    seen = changes_only = 0;
}

void fail_change_at(const char *folder, int number, int error) {
    fail_at(folder, number, error);
    changes_only = 1;
}

int calls(void) { return seen; }

static int is_below(const char *path) {
    return below[0] && path && strncmp(path, below, strlen(below)) == 0;
}

static int is_open_below(int handle) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int is_due(int concerned, int change) {
    if (!concerned || countdown < 0 || change != changes_only) return 0;
    seen++;
    if (seen != countdown) return 0;
    if (!error_number) kill(getpid(), SIGKILL);
    errno = error_number;
    return 1;
}

static int fails(int concerned) { return is_due(concerned, 0); }

static int change_fails(int concerned) { return is_due(concerned, 1); }

static int at(int handle, const char *path) {
    return path && path[0] == '/' ? is_below(path)
                                  : handle != AT_FDCWD && is_open_below(handle);
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

#define STAT(name, type)                                                        \
    int name(const char *path, struct type *found) {                            \
        if (fails(is_below(path))) return -1;                                   \
        return NEXT(int (*)(const char *, struct type *), #name)(path, found);  \
    }
STAT(stat, stat) STAT(lstat, stat) STAT(stat64, stat64) STAT(lstat64, stat64)

#define FSTATAT(name, type)                                                     \
    int name(int handle, const char *path, struct type *found, int flags) {     \
        if (fails(at(handle, path))) return -1;                                 \
        return NEXT(int (*)(int, const char *, struct type *, int), #name)(     \
            handle, path, found, flags);                                        \
    }
FSTATAT(fstatat, stat) FSTATAT(fstatat64, stat64)

DIR *opendir(const char *path) {
    if (fails(is_below(path))) return NULL;
    return NEXT(DIR *(*)(const char *), "opendir")(path);
}

DIR *fdopendir(int handle) {
    if (fails(is_open_below(handle))) return NULL;
    return NEXT(DIR *(*)(int), "fdopendir")(handle);
}

#define READDIR(name, type)                                                     \
    struct type *name(DIR *folder) {                                            \
        if (fails(is_open_below(dirfd(folder)))) return NULL;                   \
        return NEXT(struct type *(*)(DIR *), #name)(folder);                    \
    }
READDIR(readdir, dirent) READDIR(readdir64, dirent64)

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        va_list rest; va_start(rest, flags);                                    \
        int mode = va_arg(rest, int); va_end(rest);                             \
        if (fails(is_below(path))) return -1;                                   \
        if (flags & O_CREAT && change_fails(is_below(path))) return -1;         \
        return NEXT(int (*)(const char *, int, ...), #name)(path, flags, mode); \
    }
OPEN(open) OPEN(open64)

#define OPENAT(name)                                                            \
    int name(int handle, const char *path, int flags, ...) {                    \
        va_list rest; va_start(rest, flags);                                    \
        int mode = va_arg(rest, int); va_end(rest);                             \
        if (fails(at(handle, path))) return -1;                                 \
        if (flags & O_CREAT && change_fails(at(handle, path))) return -1;       \
        return NEXT(int (*)(int, const char *, int, ...), #name)(               \
            handle, path, flags, mode);                                         \
    }
OPENAT(openat) OPENAT(openat64)

ssize_t readlink(const char *path, char *found, size_t size) {
    if (fails(is_below(path))) return -1;
    return NEXT(ssize_t (*)(const char *, char *, size_t), "readlink")(path, found, size);
}

int renameat2(int old, const char *from, int new, const char *to, unsigned flags) {
    if (change_fails(at(old, from))) return -1;
    return NEXT(int (*)(int, const char *, int, const char *, unsigned), "renameat2")(
        old, from, new, to, flags);
}

int renameat(int old, const char *from, int new, const char *to) {
    if (change_fails(at(old, from))) return -1;
    return NEXT(int (*)(int, const char *, int, const char *), "renameat")(
        old, from, new, to);
}

int mkdirat(int handle, const char *path, mode_t mode) {
    if (change_fails(at(handle, path))) return -1;
    return NEXT(int (*)(int, const char *, mode_t), "mkdirat")(handle, path, mode);
}

int unlinkat(int handle, const char *path, int flags) {
    if (change_fails(at(handle, path))) return -1;
    return NEXT(int (*)(int, const char *, int), "unlinkat")(handle, path, flags);
}

int fsync(int handle) {
    if (change_fails(is_open_below(handle))) return -1;
    return NEXT(int (*)(int), "fsync")(handle);
}

ssize_t write(int handle, const void *data, size_t size) {
    if (change_fails(is_open_below(handle))) return -1;
    return NEXT(ssize_t (*)(int, const void *, size_t), "write")(handle, data, size);
}
