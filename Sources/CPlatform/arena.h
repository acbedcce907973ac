/* What the files of CPlatform share. */
#ifndef BERTH_ARENA_H
#define BERTH_ARENA_H

#include "blocks.h"

#include <pthread.h>

#define HUGE_BYTES ((size_t)2 << 20)
#define SMALL_LIMIT ((size_t)64 << 10) /* the mmap backend carves smaller blocks from slabs */
#define SMALL_CLASSES 1024             /* free lists of the mmap backend: multiples of 64 bytes up to SMALL_LIMIT */
#define BLOCK_CLASSES ((BP_BLOCK_LIMIT + BP_BLOCK_HEADER) / 64)

typedef struct mapping {
  struct mapping *next, *previous;
  void *base;
  size_t bytes;
} mapping;

struct bp_arena {
  int backend;
  unsigned index; /* jemalloc's arena */
  uint64_t allocations;

  /* mmap backend, and the one lock it needs; jemalloc has its own */
  pthread_mutex_t lock;
  uint64_t allocated, mapped;
  mapping *mappings;
  char *slab, *slab_end;
  void *free_lists[SMALL_CLASSES + 1];

  /* counted blocks; this lock is taken before the other */
  pthread_mutex_t block_lock;
  bp_slab *current; /* where fresh blocks are cut from */
  uint64_t slabs, live_blocks, live_bytes;
  bp_block *free_blocks[BLOCK_CLASSES + 1]; /* by size */
};

#endif
