/* Counted blocks: memory that the engines of a family share until one of them writes. Every block has a header of one
 * cache line before it, which counts how many tables name the block. All functions may be called by several threads at
 * once; who changes a block must be the only one that holds it. */
#ifndef BERTH_BLOCKS_H
#define BERTH_BLOCKS_H

#include "platform.h"

enum { BP_BLOCK_HEADER = 64, BP_BLOCK_LIMIT = 16 << 10 /* bytes of the largest block, without its header */ };

typedef struct bp_slab bp_slab;

typedef struct bp_block {
  uint32_t references;
  uint32_t bytes; /* with the header, a multiple of 64 */
  bp_slab *slab;
  struct bp_block *next, *previous; /* of the free blocks of this size */
} bp_block;

static inline bp_block *bp_block_header(const void *block) {
  return (bp_block *)((char *)block - BP_BLOCK_HEADER);
}

/* Bytes that can be used; at least what was asked for. */
static inline size_t bp_block_bytes(const void *block) {
  return bp_block_header(block)->bytes - BP_BLOCK_HEADER;
}

/* What other holders did before they let go of the block happens before what follows a 1. */
static inline uint32_t bp_block_references(const void *block) {
  return __atomic_load_n(&bp_block_header(block)->references, __ATOMIC_ACQUIRE);
}

static inline void bp_block_retain(void *block) {
  __atomic_fetch_add(&bp_block_header(block)->references, 1, __ATOMIC_RELAXED);
}

/* Lets go of a block. Not 0 for its last holder, who must then call bp_block_free. */
static inline int bp_block_drop(void *block) {
  return bp_block_references(block) == 1 ||
         __atomic_fetch_sub(&bp_block_header(block)->references, 1, __ATOMIC_ACQ_REL) == 1;
}

/* A block with one holder, 64-byte aligned, its content undefined. NULL when there is no memory. */
void *bp_block_allocate(bp_arena *arena, size_t bytes);

/* Frees a block that nobody holds. A slab whose blocks are all free goes back, too. */
void bp_block_free(bp_arena *arena, void *block);

/* Retain, and drop with free, many blocks. */
void bp_blocks_retain(void *const *blocks, size_t count);
void bp_blocks_release(bp_arena *arena, void *const *blocks, size_t count);

/* Blocks that somebody holds, and their bytes with headers. */
void bp_blocks_statistics(bp_arena *arena, uint64_t *blocks, uint64_t *bytes);

#endif
