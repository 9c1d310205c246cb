// The few calls of Linux that neither swift-system nor Swift's Glibc module has.
#pragma once

#include <crypt.h>
#include <sys/types.h>
#include <sys/xattr.h>

// glibc declares this one only with _GNU_SOURCE, which Swift's importer does not define.
int renameat2(int old_folder, const char *old_path, int new_folder, const char *new_path,
              unsigned int flags);
