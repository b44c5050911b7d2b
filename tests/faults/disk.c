/* A disk that fails, put under the program by LD_PRELOAD; it knows the database's files by their names.
 *
 *   DISK_CONTROL  a file; while its first letter is
 *                   F  the disk is full: what would make a file longer, or a commit, ends with ENOSPC
 *                   E  fsync fails with EIO
 *                 anything else, or no file: the disk is well.
 *   DISK_POWER    cut: when the process aborts, everything that was written to the database and not
 *                 synced is taken back, as when the power fails. A write that was synced stays.
 *                 liar: the same, on a disk that says it has synced and has not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct undo {
    struct undo *older;
    dev_t dev;
    ino_t inode;
    int fd;
    off_t offset, size_before;
    size_t length;
    char bytes[];
};
static struct undo *undos;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static char control(void) {
    const char *path = getenv("DISK_CONTROL");
    char letter = 0;
    int fd = path ? open(path, O_RDONLY) : -1;
    if (fd >= 0) {
        if (read(fd, &letter, 1) != 1) letter = 0;
        close(fd);
    }
    return letter;
}

/* The database, its log; not the shared memory, which is nothing but an index of the log. */
static int is_database(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    return name && (strcmp(name, "/straight.db") == 0 || strcmp(name, "/straight.db-wal") == 0);
}

static int power(void) { return getenv("DISK_POWER") != NULL; }

/* A descriptor of our own, for the program may close its; never closed, for that would drop the program's locks. */
static int ours(int fd, const struct stat *file) {
    static struct { dev_t dev; ino_t inode; int fd; } known[64];
    static int count;
    for (int i = 0; i < count; i++)
        if (known[i].dev == file->st_dev && known[i].inode == file->st_ino) return known[i].fd;
    if (count == 64) _exit(3);
    known[count].dev = file->st_dev;
    known[count].inode = file->st_ino;
    known[count].fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    return known[count++].fd;
}

static void remember(int fd, size_t length, off_t offset) {
    struct stat now;
    if (fstat(fd, &now) != 0) return;
    struct undo *undo = malloc(sizeof *undo + length);
    undo->dev = now.st_dev;
    undo->inode = now.st_ino;
    undo->fd = ours(fd, &now);
    undo->offset = offset;
    undo->size_before = now.st_size;
    ssize_t had = pread(undo->fd, undo->bytes, length, offset);
    undo->length = had > 0 ? (size_t)had : 0;
    undo->older = undos;
    undos = undo;
}

/* What the file's writes were is durable: they are not taken back. */
static void settle(int fd) {
    struct stat now;
    if (fstat(fd, &now) != 0) return;
    struct undo **at = &undos;
    while (*at) {
        struct undo *undo = *at;
        if (undo->dev == now.st_dev && undo->inode == now.st_ino) {
            *at = undo->older;
            free(undo);
        } else {
            at = &undo->older;
        }
    }
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    static ssize_t (*next)(int, const void *, size_t, off64_t);
    if (!next) next = dlsym(RTLD_NEXT, "pwrite64");
    if (!is_database(fd)) return next(fd, bytes, length, offset);
    if (control() == 'F') {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&lock);
    if (power()) remember(fd, length, offset);
    ssize_t written = next(fd, bytes, length, offset);
    pthread_mutex_unlock(&lock);
    return written;
}

int fsync(int fd) {
    static int (*next)(int);
    if (!next) next = dlsym(RTLD_NEXT, "fsync");
    if (!is_database(fd)) return next(fd);
    if (control() == 'E') {
        errno = EIO;
        return -1;
    }
    const char *how = getenv("DISK_POWER");
    if (how && strcmp(how, "liar") == 0) return 0;
    pthread_mutex_lock(&lock);
    int done = next(fd);
    if (done == 0 && how) settle(fd);
    pthread_mutex_unlock(&lock);
    return done;
}

int fdatasync(int fd) { return fsync(fd); }

void abort(void) {
    pthread_mutex_lock(&lock);
    for (struct undo *undo = undos; undo; undo = undo->older) {
        if (undo->length && pwrite(undo->fd, undo->bytes, undo->length, undo->offset) < 0) _exit(3);
        if (ftruncate(undo->fd, undo->size_before) != 0) _exit(3);
    }
    _exit(86);
}
