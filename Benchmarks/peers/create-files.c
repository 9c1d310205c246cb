// Creates the files that `virt-nest create --count` does, as durably, and nothing else: a temporary
// file each, written and waited for by eight threads, a rename that replaces nothing, and a wait for
// the folder after each batch.
//
//   create-files COUNT FOLDER BODY
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
enum { BATCH = 256, THREADS = 8 };
static char body[1 << 16];
static size_t size;
static int folder, start, end, failed;

static void *stage(void *thread) {
  for (int i = start + (int)(long)thread; i < end; i += THREADS) {
    char name[300];
    snprintf(name, sizeof name, ".kata-fedora-44-vm-%02d.xml.tmp.%d", i, getpid());
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0 || pwrite(file, body, size, 0) != (ssize_t)size || fsync(file) || close(file))
      failed = 1;
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  int count = atoi(argv[1]);
  FILE *in = fopen(argv[3], "rb");
  folder = open(argv[2], O_RDONLY | O_DIRECTORY);
  if (folder < 0 || !in) return 2;
  size = fread(body, 1, sizeof body, in);
  char name[256], temporary[300];
  struct stat status;
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "kata-fedora-44-vm-%02d.xml", i);
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return 2;
  }
  for (start = 0; start < count; start += BATCH) {
    end = start + BATCH < count ? start + BATCH : count;
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
      if (pthread_create(&threads[i], NULL, stage, (void *)i)) return 2;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    if (failed) return 2;
    for (int i = start; i < end; i++) {
      snprintf(name, sizeof name, "kata-fedora-44-vm-%02d.xml", i);
      snprintf(temporary, sizeof temporary, ".kata-fedora-44-vm-%02d.xml.tmp.%d", i, getpid());
      if (renameat2(folder, temporary, folder, name, RENAME_NOREPLACE)) return 2;
    }
    if (fsync(folder)) return 2;
  }
  return 0;
}
