#include "blocks.h"
#include "arena.h"

/* Blocks are cut from slabs of 2 MiB, so that huge pages serve them; the first slabs are smaller, so that small engines
 * stay small. */
struct bp_slab {
  size_t bytes;
  char *cursor; /* blocks end here */
  size_t live;
};
enum { SLAB_HEADER = 64, FIRST_SLAB_BYTES = 64 << 10, PREFETCH = 8 };

static char *slab_end(bp_slab *slab) {
  return (char *)slab + slab->bytes;
}

static bp_slab *add_slab(bp_arena *arena) {
  size_t bytes = arena->slabs < 3 ? (size_t)FIRST_SLAB_BYTES << 2 * arena->slabs : HUGE_BYTES;
  bp_slab *slab = bp_arena_allocate(arena, bytes);
  if (!slab)
    return NULL;
  *slab = (bp_slab){.bytes = bytes, .cursor = (char *)slab + SLAB_HEADER};
  arena->slabs++;
  return slab;
}

static void link_free(bp_arena *arena, bp_block *block) {
  bp_block **list = &arena->free_blocks[block->bytes / 64];
  block->previous = NULL;
  block->next = *list;
  if (*list)
    (*list)->previous = block;
  *list = block;
}

static void unlink_free(bp_arena *arena, bp_block *block) {
  if (block->previous)
    block->previous->next = block->next;
  else
    arena->free_blocks[block->bytes / 64] = block->next;
  if (block->next)
    block->next->previous = block->previous;
}

static bp_block *cut(bp_arena *arena, size_t bytes) {
  bp_slab *slab = arena->current;
  if (!slab || (size_t)(slab_end(slab) - slab->cursor) < bytes) {
    slab = add_slab(arena);
    if (!slab)
      return NULL;
    arena->current = slab;
  }
  bp_block *block = (bp_block *)slab->cursor;
  slab->cursor += bytes;
  *block = (bp_block){.bytes = (uint32_t)bytes, .slab = slab};
  return block;
}

void *bp_block_allocate(bp_arena *arena, size_t bytes) {
  if (bytes > BP_BLOCK_LIMIT)
    return NULL;
  size_t total = ((bytes ? bytes : 1) + 63) / 64 * 64 + BP_BLOCK_HEADER;
  pthread_mutex_lock(&arena->block_lock);
  bp_block *block = arena->free_blocks[total / 64];
  if (block)
    unlink_free(arena, block);
  else
    block = cut(arena, total);
  if (block) {
    block->slab->live++;
    arena->live_blocks++;
    arena->live_bytes += total;
    __atomic_store_n(&block->references, 1, __ATOMIC_RELAXED);
  }
  pthread_mutex_unlock(&arena->block_lock);
  return block ? (char *)block + BP_BLOCK_HEADER : NULL;
}

/* A slab without live blocks is cut anew, or goes back to the arena if fresh blocks come from another one. */
static void empty_slab(bp_arena *arena, bp_slab *slab) {
  char *first = (char *)slab + SLAB_HEADER;
  for (char *place = first; place < slab->cursor; place += ((bp_block *)place)->bytes)
    unlink_free(arena, (bp_block *)place);
  slab->cursor = first;
  if (slab == arena->current)
    return;
  arena->slabs--;
  bp_arena_free(arena, slab, slab->bytes);
}

static void free_locked(bp_arena *arena, void *place) {
  bp_block *block = bp_block_header(place);
  bp_slab *slab = block->slab;
  link_free(arena, block);
  arena->live_blocks--;
  arena->live_bytes -= block->bytes;
  if (--slab->live == 0)
    empty_slab(arena, slab);
}

void bp_block_free(bp_arena *arena, void *block) {
  pthread_mutex_lock(&arena->block_lock);
  free_locked(arena, block);
  pthread_mutex_unlock(&arena->block_lock);
}

/* Headers are all over the memory: several cache misses at a time, rather than one after the other. */
static void prefetch(void *const *blocks, size_t index, size_t count) {
  if (index + PREFETCH < count)
    __builtin_prefetch(bp_block_header(blocks[index + PREFETCH]), 1);
}

void bp_blocks_retain(void *const *blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    prefetch(blocks, i, count);
    bp_block_retain(blocks[i]);
  }
}

void bp_blocks_release(bp_arena *arena, void *const *blocks, size_t count) {
  pthread_mutex_lock(&arena->block_lock);
  for (size_t i = 0; i < count; i++) {
    prefetch(blocks, i, count);
    if (bp_block_drop(blocks[i]))
      free_locked(arena, blocks[i]);
  }
  pthread_mutex_unlock(&arena->block_lock);
}

void bp_blocks_statistics(bp_arena *arena, uint64_t *blocks, uint64_t *bytes) {
  pthread_mutex_lock(&arena->block_lock);
  *blocks = arena->live_blocks;
  *bytes = arena->live_bytes;
  pthread_mutex_unlock(&arena->block_lock);
}
