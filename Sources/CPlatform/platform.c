#define _GNU_SOURCE
#include "platform.h"
#include "arena.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define SLAB_BYTES ((size_t)1 << 20)

/* jemalloc, resolved at run time: libberth must load where libjemalloc cannot. */
static struct {
  void *(*mallocx)(size_t, int);
  void (*sdallocx)(void *, size_t, int);
  int (*mallctl)(const char *, void *, size_t *, void *, size_t);
} je;
static pthread_once_t je_once = PTHREAD_ONCE_INIT;

static int je_resolve(void *handle) {
  *(void **)&je.mallocx = dlsym(handle, "mallocx");
  *(void **)&je.sdallocx = dlsym(handle, "sdallocx");
  *(void **)&je.mallctl = dlsym(handle, "mallctl");
  return je.mallocx && je.sdallocx && je.mallctl;
}

static void je_find(void) {
  if (je_resolve(RTLD_DEFAULT))
    return;
  void *library = dlopen("libjemalloc.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library || !je_resolve(library))
    je.mallocx = NULL;
}

/* jemalloc's flags are function-like macros in a header this file does without. */
static int je_flags(const bp_arena *arena, int align_log2) {
  return align_log2 | 1 << 8 /* no thread cache */ | (int)((arena->index + 1) << 20);
}

static bp_arena *arena_with(int backend) {
  bp_arena *arena = calloc(1, sizeof *arena);
  if (!arena)
    return NULL;
  arena->backend = backend;
  pthread_mutex_init(&arena->lock, NULL);
  pthread_mutex_init(&arena->block_lock, NULL);
  return arena;
}

static bp_arena *je_create(void) {
  pthread_once(&je_once, je_find);
  if (!je.mallocx)
    return NULL;
  unsigned index;
  size_t size = sizeof index;
  if (je.mallctl("arenas.create", &index, &size, NULL, 0) != 0)
    return NULL;
  bp_arena *arena = arena_with(BP_BACKEND_JEMALLOC);
  if (arena)
    arena->index = index;
  return arena;
}

bp_arena *bp_arena_create(int backend) {
  if (backend != BP_BACKEND_MMAP) {
    bp_arena *arena = je_create();
    if (arena || backend == BP_BACKEND_JEMALLOC)
      return arena;
  }
  return arena_with(BP_BACKEND_MMAP);
}

int bp_arena_backend(const bp_arena *arena) {
  return arena->backend;
}

static void *map_aligned(bp_arena *arena, size_t bytes, size_t align) {
  size_t span = bytes + (align > 4096 ? align : 0);
  char *base = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return NULL;
  mapping *entry = malloc(sizeof *entry);
  if (!entry) {
    munmap(base, span);
    return NULL;
  }
  char *aligned = (char *)(((uintptr_t)base + align - 1) & ~(uintptr_t)(align - 1));
  if (align > 4096) { /* give back what only the alignment needed */
    if (aligned > base)
      munmap(base, (size_t)(aligned - base));
    if (base + span > aligned + bytes)
      munmap(aligned + bytes, (size_t)(base + span - aligned - bytes));
  }
  *entry = (mapping){.next = arena->mappings, .base = aligned, .bytes = bytes};
  if (arena->mappings)
    arena->mappings->previous = entry;
  arena->mappings = entry;
  arena->mapped += bytes;
  return aligned;
}

static size_t round_up(size_t bytes, size_t unit) {
  return (bytes + unit - 1) & ~(unit - 1);
}

static void *map_allocate(bp_arena *arena, size_t bytes) {
  arena->allocated += bytes;
  if (bytes > SMALL_LIMIT) {
    size_t align = bytes >= HUGE_BYTES ? HUGE_BYTES : 4096;
    void *block = map_aligned(arena, round_up(bytes, 4096), align);
    if (!block)
      arena->allocated -= bytes;
    return block;
  }
  size_t class = bytes / 64;
  void *block = arena->free_lists[class];
  if (block) {
    arena->free_lists[class] = *(void **)block;
    return memset(block, 0, bytes);
  }
  if (!arena->slab || (size_t)(arena->slab_end - arena->slab) < bytes) {
    char *slab = map_aligned(arena, SLAB_BYTES, 4096);
    if (!slab) {
      arena->allocated -= bytes;
      return NULL;
    }
    arena->slab = slab;
    arena->slab_end = slab + SLAB_BYTES;
  }
  block = arena->slab;
  arena->slab += bytes;
  return block;
}

void bp_prefer_huge_pages(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
  madvise(block, bytes & ~(HUGE_BYTES - 1), MADV_HUGEPAGE);
#else
  (void)block, (void)bytes;
#endif
}

void bp_populate(void *block, size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  // older systems refuse: the memory then comes as it is used
  uintptr_t first = round_up((uintptr_t)block, 4096), last = ((uintptr_t)block + bytes) & ~(uintptr_t)4095;
  if (first < last)
    madvise((void *)first, last - first, MADV_POPULATE_WRITE);
#else
  (void)block, (void)bytes;
#endif
}

void *bp_arena_allocate(bp_arena *arena, size_t bytes) {
  if (bytes > SIZE_MAX / 2)
    return NULL;
  bytes = round_up(bytes ? bytes : 1, 64);
  void *block;
  if (arena->backend == BP_BACKEND_JEMALLOC) {
    int align_log2 = bytes >= HUGE_BYTES ? 21 : 6;
    /* MALLOCX_ZERO clears only what is not fresh from the system */
    block = je.mallocx(bytes, je_flags(arena, align_log2) | 1 << 6);
  } else {
    pthread_mutex_lock(&arena->lock);
    block = map_allocate(arena, bytes);
    pthread_mutex_unlock(&arena->lock);
  }
  if (!block)
    return NULL;
  __atomic_fetch_add(&arena->allocations, 1, __ATOMIC_RELAXED);
  if (bytes >= HUGE_BYTES)
    bp_prefer_huge_pages(block, bytes);
  return block;
}

static void map_free(bp_arena *arena, void *block, size_t bytes) {
  arena->allocated -= bytes;
  if (bytes <= SMALL_LIMIT) {
    *(void **)block = arena->free_lists[bytes / 64];
    arena->free_lists[bytes / 64] = block;
    return;
  }
  for (mapping *m = arena->mappings; m; m = m->next) {
    if (m->base != block)
      continue;
    if (m->previous)
      m->previous->next = m->next;
    else
      arena->mappings = m->next;
    if (m->next)
      m->next->previous = m->previous;
    arena->mapped -= m->bytes;
    munmap(m->base, m->bytes);
    free(m);
    return;
  }
}

void bp_arena_free(bp_arena *arena, void *block, size_t bytes) {
  if (!block)
    return;
  bytes = round_up(bytes ? bytes : 1, 64);
  if (arena->backend == BP_BACKEND_JEMALLOC) {
    je.sdallocx(block, bytes, je_flags(arena, bytes >= HUGE_BYTES ? 21 : 6));
    return;
  }
  pthread_mutex_lock(&arena->lock);
  map_free(arena, block, bytes);
  pthread_mutex_unlock(&arena->lock);
}

void bp_arena_destroy(bp_arena *arena) {
  if (!arena)
    return;
  if (arena->backend == BP_BACKEND_JEMALLOC) {
    char name[48];
    snprintf(name, sizeof name, "arena.%u.destroy", arena->index);
    je.mallctl(name, NULL, NULL, NULL, 0);
  }
  for (mapping *m = arena->mappings; m;) {
    mapping *next = m->next;
    munmap(m->base, m->bytes);
    free(m);
    m = next;
  }
  pthread_mutex_destroy(&arena->block_lock);
  pthread_mutex_destroy(&arena->lock);
  free(arena);
}

static uint64_t je_read(const bp_arena *arena, const char *what) {
  char name[64];
  snprintf(name, sizeof name, "stats.arenas.%u.%s", arena->index, what);
  size_t value = 0, size = sizeof value;
  return je.mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

void bp_arena_statistics(bp_arena *arena, uint64_t *allocated, uint64_t *mapped, uint64_t *allocations) {
  *allocations = __atomic_load_n(&arena->allocations, __ATOMIC_RELAXED);
  if (arena->backend == BP_BACKEND_MMAP) {
    pthread_mutex_lock(&arena->lock);
    *allocated = arena->allocated;
    *mapped = arena->mapped;
    pthread_mutex_unlock(&arena->lock);
    return;
  }
  uint64_t epoch = 1;
  je.mallctl("epoch", NULL, NULL, &epoch, sizeof epoch); /* without it the figures are stale */
  *allocated = je_read(arena, "small.allocated") + je_read(arena, "large.allocated");
  *mapped = je_read(arena, "mapped");
}

int bp_cpu_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    return 4;
  if (__builtin_cpu_supports("x86-64-v3"))
    return 3;
#endif
  return 2;
}

uint64_t bp_clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
