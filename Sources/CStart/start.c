#include "start.h"

#include <unistd.h>

// Runs before Swift's runtime, which reads the arguments from /proc/self/cmdline, and in a static executable its own
// path from /proc/self/exe. Without /proc, the first leaves a command without arguments, and the second aborts.
__attribute__((constructor(101))) static void needProc(void) {
  static const char message[] =
      "virt-nest: error: /proc is not mounted here: mount -t proc proc /proc\n";
  if (access("/proc/self/cmdline", R_OK) == 0) return;
  ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  (void)written;
  _exit(2);
}
