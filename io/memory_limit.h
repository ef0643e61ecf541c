/* How much memory the processes of this job may have together. */
#ifndef CAVIAR_MEMORY_LIMIT_H
#define CAVIAR_MEMORY_LIMIT_H

#include <stdint.h>

#include "base/arena.h"

/* In bytes: what the machine has, or the least limit of a control group (version 1 or 2) that this
 * process is in, from its own to the outermost: Slurm's --mem, a container's. The pages of mapped files
 * count there. `root`: "", or a directory that stands for / (tests). */
uint64_t memory_limit(Arena *a, const char *root);

#endif
