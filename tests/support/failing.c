/* Lets one call to the file system below a folder fail, at the C library.

   fail_at(folder, n, error) arms it: the n-th call from now on that looks at something
   below the folder fails with this error; calls() tells how many there were.
   fail_change_at(folder, n, error) is the same for calls that change something; without
   an error the process is killed just before the n-th of them. With
   misreport_change_at(folder, n, error) the n-th change happens, and then answers the
   error, as on a network that lost the first answer; without one the process is
   interrupted as by Ctrl-C.

   With WITHOUT_RENAME_FLAGS in the environment, flagged renames are refused as NFS
   refuses them; with WITHOUT_HARD_LINKS, links are refused as exFAT refuses them.

   record_to(folder, log) writes every change below the folder to a file, in order, a line
   each: the call and its arguments, or what was written as hexadecimal digits. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char below[PATH_MAX];
static int countdown = -1, error_number, seen;
static enum { LOOKS, CHANGES, ANSWERS } what;

void fail_at(const char *folder, int number, int error) {
    strncpy(below, folder, sizeof below - 1);
    countdown = number;
    error_number = error;
    seen = what = 0;
}

void fail_change_at(const char *folder, int number, int error) {
    fail_at(folder, number, error);
    what = CHANGES;
}

void misreport_change_at(const char *folder, int number, int error) {
    fail_at(folder, number, error);
    what = ANSWERS;
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

static int is_due(int concerned, int kind) {
    if (!concerned || countdown < 0 || kind != what) return 0;
    seen++;
    if (seen != countdown) return 0;
    if (!error_number) kill(getpid(), what == ANSWERS ? SIGINT : SIGKILL);
    errno = error_number;
    return 1;
}

static int fails(int concerned) { return is_due(concerned, LOOKS); }

static int change_fails(int concerned) { return is_due(concerned, CHANGES); }

static int log_handle = -1;

void record_to(const char *folder, const char *log) {
    strncpy(below, folder, sizeof below - 1);
    log_handle = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void whole_path(char *path, int handle, const char *name) {
    char link[64];
    path[0] = 0;
    if (handle != AT_FDCWD && !(name && name[0] == '/')) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        path[length < 0 ? 0 : length] = 0;
    }
    if (!name) return;
    if (name[0] != '/') strncat(path, "/", PATH_MAX - strlen(path) - 1);
    strncat(path, name, PATH_MAX - strlen(path) - 1);
}

static int logged(int result, const char *call, int handle, const char *name,
                  int other, const char *target) {
    char path[PATH_MAX], to[PATH_MAX] = "";
    int error = errno;
    if (log_handle >= 0 && result >= 0) {
        whole_path(path, handle, name);
        if (target) whole_path(to, other, target);
        if (is_below(path)) dprintf(log_handle, "%s\t%s\t%s\n", call, path, to);
    }
    errno = error;
    return result;
}

static ssize_t logged_data(ssize_t size, const char *call, int handle,
                           const char *data, off_t offset) {
    char path[PATH_MAX];
    int error = errno;
    if (log_handle >= 0 && size >= 0 && handle != log_handle) {
        whole_path(path, handle, NULL);
        if (is_below(path)) {
            dprintf(log_handle, "%s\t%s\t%ld:", call, path, (long)offset);
            for (ssize_t i = 0; i < size; i++)
                dprintf(log_handle, "%02x", (unsigned char)data[i]);
            dprintf(log_handle, "\n");
        }
    }
    errno = error;
    return size;
}

/* what a change answers: its result, or that it failed although it happened */
static int answer(int result, int concerned) {
    return result >= 0 && is_due(concerned, ANSWERS) && error_number ? -1 : result;
}

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
        int opened = NEXT(int (*)(int, const char *, int, ...), #name)(         \
            handle, path, flags, mode);                                         \
        return flags & O_CREAT                                                  \
            ? logged(opened, "create", handle, path, 0, NULL) : opened;         \
    }
OPENAT(openat) OPENAT(openat64)

ssize_t readlink(const char *path, char *found, size_t size) {
    if (fails(is_below(path))) return -1;
    return NEXT(ssize_t (*)(const char *, char *, size_t), "readlink")(path, found, size);
}

int renameat2(int old, const char *from, int new, const char *to, unsigned flags) {
    if (flags && getenv("WITHOUT_RENAME_FLAGS")) {
        errno = EINVAL;
        return -1;
    }
    if (change_fails(at(old, from))) return -1;
    int result = NEXT(int (*)(int, const char *, int, const char *, unsigned),
                      "renameat2")(old, from, new, to, flags);
    return answer(logged(result, "rename", old, from, new, to), at(old, from));
}

int renameat(int old, const char *from, int new, const char *to) {
    if (change_fails(at(old, from))) return -1;
    int result = NEXT(int (*)(int, const char *, int, const char *), "renameat")(
        old, from, new, to);
    return answer(logged(result, "rename", old, from, new, to), at(old, from));
}

int linkat(int old, const char *from, int new, const char *to, int flags) {
    if (getenv("WITHOUT_HARD_LINKS")) {
        errno = EPERM;
        return -1;
    }
    if (change_fails(at(old, from))) return -1;
    int result = NEXT(int (*)(int, const char *, int, const char *, int), "linkat")(
        old, from, new, to, flags);
    return answer(logged(result, "link", old, from, new, to), at(old, from));
}

int mkdirat(int handle, const char *path, mode_t mode) {
    if (change_fails(at(handle, path))) return -1;
    int result = NEXT(int (*)(int, const char *, mode_t), "mkdirat")(handle, path, mode);
    return answer(logged(result, "mkdir", handle, path, 0, NULL), at(handle, path));
}

int unlinkat(int handle, const char *path, int flags) {
    if (change_fails(at(handle, path))) return -1;
    int result = NEXT(int (*)(int, const char *, int), "unlinkat")(handle, path, flags);
    return answer(logged(result, "unlink", handle, path, 0, NULL), at(handle, path));
}

/* to be killed before a sync differs in nothing from being killed before what follows */
static int sync_fails(int handle) {
    return error_number && change_fails(is_open_below(handle));
}

int fsync(int handle) {
    if (sync_fails(handle)) return -1;
    return logged(NEXT(int (*)(int), "fsync")(handle), "fsync", handle, NULL, 0, NULL);
}

int syncfs(int handle) {
    if (sync_fails(handle)) return -1;
    return logged(NEXT(int (*)(int), "syncfs")(handle), "syncfs", handle, NULL, 0, NULL);
}

ssize_t write(int handle, const void *data, size_t size) {
    if (change_fails(is_open_below(handle))) return -1;
    ssize_t written =
        NEXT(ssize_t (*)(int, const void *, size_t), "write")(handle, data, size);
    return logged_data(written, "append", handle, data, 0);
}

#define PWRITE(name, offset_type)                                               \
    ssize_t name(int handle, const void *data, size_t size, offset_type at) {   \
        if (change_fails(is_open_below(handle))) return -1;                     \
        ssize_t written = NEXT(                                                 \
            ssize_t (*)(int, const void *, size_t, offset_type), #name)(        \
            handle, data, size, at);                                            \
        return logged_data(written, "write", handle, data, at);                 \
    }
PWRITE(pwrite, off_t) PWRITE(pwrite64, off64_t)
