/* Runs a command and prints what it took:
 *
 *   stopwatch INPUT OUTPUT COMMAND [ARGUMENT…]
 *   → nanoseconds, peak memory in KiB, user and system µs, exit status
 *
 * A program of its own, because the kernel counts the memory of the process that starts a command
 * as the command's: an interpreter's would hide that of small programs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int count, char **argument) {
  if (count < 4) return 64;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, argument[1], O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, argument[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  struct timespec from, to;
  struct rusage use;
  pid_t child;
  int status;
  clock_gettime(CLOCK_MONOTONIC, &from);
  if (posix_spawnp(&child, argument[3], &actions, NULL, argument + 3, environ)) return 2;
  if (wait4(child, &status, 0, &use) != child) return 2;
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("%lld %ld %lld %lld %d\n",
         (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec, use.ru_maxrss,
         use.ru_utime.tv_sec * 1000000LL + use.ru_utime.tv_usec,
         use.ru_stime.tv_sec * 1000000LL + use.ru_stime.tv_usec,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
