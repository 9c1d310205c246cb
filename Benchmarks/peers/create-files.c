// Creates the files that `virt-nest create --count` does, in the same way, and nothing else: a
// temporary file each, one wait for the disk a batch, a rename that replaces nothing.
//
//   create-files COUNT FOLDER BODY
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
enum { BATCH = 1024 };
int main(int argc, char **argv) {
  if (argc != 4) return 64;
  int count = atoi(argv[1]), folder = open(argv[2], O_RDONLY | O_DIRECTORY);
  static char body[1 << 16];
  FILE *in = fopen(argv[3], "rb");
  if (folder < 0 || !in) return 2;
  size_t size = fread(body, 1, sizeof body, in);
  char name[256], temporary[300];
  struct stat status;
  for (int i = 0; i < count; i++) {
    snprintf(name, sizeof name, "kata-fedora-44-vm-%02d.xml", i);
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return 2;
  }
  for (int start = 0; start < count; start += BATCH) {
    int end = start + BATCH < count ? start + BATCH : count;
    for (int i = start; i < end; i++) {
      snprintf(temporary, sizeof temporary, ".kata-fedora-44-vm-%02d.xml.tmp.%d", i, getpid());
      int file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
      if (file < 0 || pwrite(file, body, size, 0) != (ssize_t)size || close(file)) return 2;
    }
    if (syncfs(folder)) return 2;
    for (int i = start; i < end; i++) {
      snprintf(name, sizeof name, "kata-fedora-44-vm-%02d.xml", i);
      snprintf(temporary, sizeof temporary, ".kata-fedora-44-vm-%02d.xml.tmp.%d", i, getpid());
      if (renameat2(folder, temporary, folder, name, RENAME_NOREPLACE)) return 2;
    }
  }
  return syncfs(folder) ? 2 : 0;
}
