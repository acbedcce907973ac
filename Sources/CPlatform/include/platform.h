/* The seam to the operating system: memory for a family of engines, the level of the CPU, a clock for measurements. */
#ifndef BERTH_PLATFORM_H
#define BERTH_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

typedef struct bp_arena bp_arena;

enum { BP_BACKEND_AUTO = 0, BP_BACKEND_JEMALLOC = 1, BP_BACKEND_MMAP = 2 };

/* Makes an arena. jemalloc is looked up in the process, then loaded; where neither works (a Python process without it
 * has no room for its thread-local storage) AUTO falls back to mmap. NULL when the backend cannot be had. */
bp_arena *bp_arena_create(int backend);
int bp_arena_backend(const bp_arena *arena);

/* Zeroed memory, 64-byte aligned (2 MiB for blocks of that size, with huge pages asked for). NULL when there is none. */
void *bp_arena_allocate(bp_arena *arena, size_t bytes);
void bp_arena_free(bp_arena *arena, void *block, size_t bytes);

/* Asks for huge pages below memory that begins at a multiple of 2 MiB. */
void bp_prefer_huge_pages(void *block, size_t bytes);

/* Asks for the memory of a block at once, which takes less time than page by page as it is used. */
void bp_populate(void *block, size_t bytes);

/* Frees everything at once. */
void bp_arena_destroy(bp_arena *arena);

/* Bytes handed out, as the backend counts them, and bytes mapped for them. */
void bp_arena_statistics(bp_arena *arena, uint64_t *allocated, uint64_t *mapped, uint64_t *allocations);

/* 2, 3 or 4 on x86-64 (the micro-architecture level); 2 elsewhere: the compiler's own vectors. */
int bp_cpu_level(void);

/* Monotonic nanoseconds. */
uint64_t bp_clock_ns(void);

#endif
