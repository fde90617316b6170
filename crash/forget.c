/* A file system that forgets what was not synced.
 *
 * Preloaded into the daemon (LD_PRELOAD). FORGET_SHADOW holds what a power cut would leave of the folder FORGET_ROOT:
 *   - fsync and fdatasync of a file keep its bytes, as they are: SHADOW/INODE.bytes;
 *   - fsync of a folder keeps the names that are in it and which files and folders they mean: SHADOW/INODE.names;
 *   - nothing else counts: neither write, ftruncate, rename and unlink, nor sync_file_range, nor close.
 * After a cut there is what can be reached from the root by kept names. A file whose name was kept and whose bytes were
 * not is empty; one whose bytes were kept and whose name was not is gone; one that was removed or renamed in a folder
 * that was not synced since is where it was.
 *
 * That is the worst that POSIX allows, and stricter than most file systems (a synced new file does not bring its own
 * name along). It is kinder in one point: a sync is whole or did not happen, and bytes that nobody synced are never
 * there. A kill within a sync leaves one of the two states, for everything is written aside and renamed.
 *
 * Inodes must not be used again for something else: each file that is known has another link in SHADOW, and a new
 * folder begins without names.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES (PATH_MAX * 2)

static char root[PATH_MAX], shadow[PATH_MAX];
static size_t root_length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what, const char *path) {
  fprintf(stderr, "forget.c: %s %s: %s\n", what, path, strerror(errno));
  abort();
}

__attribute__((constructor)) static void begin(void) {
  const char *from = getenv("FORGET_ROOT"), *to = getenv("FORGET_SHADOW");
  if (!from || !to) return;
  if (!realpath(from, root)) die("there is no", from);
  if (!realpath(to, shadow)) die("there is no", to);
  root_length = strlen(root);
}

static void place(char *out, ino_t inode, const char *kind) {
  snprintf(out, NAME_BYTES, "%s/%llu.%s", shadow, (unsigned long long)inode, kind);
}

static int is_below(const char *path) {
  return root_length && !strncmp(path, root, root_length) && (!path[root_length] || path[root_length] == '/');
}

/* Another link, so that the inode means this file for good. */
static void hold(const char *path, ino_t inode) {
  char link_name[NAME_BYTES];
  place(link_name, inode, "held");
  if (linkat(AT_FDCWD, path, AT_FDCWD, link_name, AT_SYMLINK_FOLLOW) && errno != EEXIST && errno != ENOENT)
    die("cannot link", path);
}

static void copy(int from, int to) {
  off_t at = 0;
  for (;;) {
    /* A reflink where the file system has them. */
    ssize_t copied = copy_file_range(from, &at, to, NULL, 1 << 30, 0);
    if (copied == 0) return;
    if (copied > 0) continue;
    char block[1 << 16];
    copied = pread(from, block, sizeof block, at);
    if (copied == 0) return;
    if (copied < 0 || write(to, block, copied) != copied) die("cannot copy a file into", shadow);
    at += copied;
  }
}

static void keep_bytes(const char *fd_path, ino_t inode) {
  char kept[NAME_BYTES], aside[NAME_BYTES];
  place(kept, inode, "bytes");
  place(aside, inode, "bytes.new");
  int from = open(fd_path, O_RDONLY | O_CLOEXEC);
  if (from < 0) die("cannot read", fd_path);
  int to = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (to < 0) die("cannot write", aside);
  copy(from, to);
  close(from);
  close(to);
  if (rename(aside, kept)) die("cannot rename", aside);
  hold(fd_path, inode);
}

static void keep_names(const char *path, ino_t inode) {
  char kept[NAME_BYTES], aside[NAME_BYTES], inner[NAME_BYTES];
  place(kept, inode, "names");
  place(aside, inode, "names.new");
  DIR *folder = opendir(path);
  if (!folder) return;
  FILE *out = fopen(aside, "we");
  if (!out) die("cannot write", aside);
  struct dirent *one;
  while ((one = readdir(folder))) {
    struct stat seen;
    if (!strcmp(one->d_name, ".") || !strcmp(one->d_name, "..")) continue;
    snprintf(inner, sizeof inner, "%s/%s", path, one->d_name);
    if (lstat(inner, &seen) || !(S_ISDIR(seen.st_mode) || S_ISREG(seen.st_mode))) continue;
    if (S_ISREG(seen.st_mode)) hold(inner, seen.st_ino);
    fprintf(out, "%c %llu %s\n", S_ISDIR(seen.st_mode) ? 'd' : 'f', (unsigned long long)seen.st_ino, one->d_name);
  }
  closedir(folder);
  if (fclose(out)) die("cannot write", aside);
  if (rename(aside, kept)) die("cannot rename", aside);
}

static void remember(int fd) {
  int before = errno;
  char fd_path[64], path[PATH_MAX];
  struct stat now;
  snprintf(fd_path, sizeof fd_path, "/proc/self/fd/%d", fd);
  ssize_t length = root_length ? readlink(fd_path, path, sizeof path - 1) : -1;
  if (length > 0 && !fstat(fd, &now)) {
    path[length] = 0;
    pthread_mutex_lock(&lock);
    if (is_below(path) && S_ISDIR(now.st_mode)) keep_names(path, now.st_ino);
    if (is_below(path) && S_ISREG(now.st_mode)) keep_bytes(fd_path, now.st_ino);
    pthread_mutex_unlock(&lock);
  }
  errno = before;
}

typedef int (*sync_function)(int);

static int sync_and_remember(const char *name, int fd) {
  int done = ((sync_function)dlsym(RTLD_NEXT, name))(fd);
  if (!done) remember(fd);
  return done;
}

int fsync(int fd) { return sync_and_remember("fsync", fd); }

int fdatasync(int fd) { return sync_and_remember("fdatasync", fd); }

/* It promises nothing (sync_file_range(2)): neither metadata nor the disk's own cache are flushed. */
int sync_file_range(int fd, off64_t from, off64_t bytes, unsigned flags) {
  (void)fd, (void)from, (void)bytes, (void)flags;
  return 0;
}

int mkdir(const char *path, mode_t mode) {
  int done = ((int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir"))(path, mode);
  struct stat seen;
  char kept[NAME_BYTES], real[PATH_MAX];
  if (!done && !stat(path, &seen) && realpath(path, real) && is_below(real)) {
    place(kept, seen.st_ino, "names");
    unlink(kept);
  }
  return done;
}
