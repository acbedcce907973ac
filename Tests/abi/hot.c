/*
 * Placing and releasing through the C ABI ask the allocator for nothing: this program counts every allocation of its
 * process, and reads the engine's own count of blocks. Prints what a crossing costs as well, which no test judges.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "berth.h"

#define ROUNDS 200000
#define BATCH 16

/* The process's allocator with a counter before it. glibc's own entry points are called below it. */
static unsigned long long allocations;
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
void *malloc(size_t size) {
  return allocations++, __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  return allocations++, __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
  return allocations++, __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  return allocations++, __libc_memalign(alignment, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = aligned_alloc(alignment, size);
  return *block ? 0 : 12;
}

static void must(berth_engine *engine, berth_status status) {
  char sentence[512];
  if (status == BERTH_OK)
    return;
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fprintf(stderr, "%s: %s\n", berth_status_name(status), sentence);
  exit(1);
}

static unsigned long long engine_allocations(berth_engine *engine) {
  berth_engine_info info = {.struct_size = sizeof info};
  must(engine, berth_engine_read_info(engine, &info));
  return info.allocations;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static berth_class_id describe(berth_engine *engine) {
  enum { NODES = 64 };
  berth_resource_id cpu;
  must(engine, berth_resource_add(engine, "cpu", BERTH_RESOURCE_CPU, &cpu));
  static berth_node rows[NODES];
  int64_t allocatable[NODES];
  for (int i = 0; i < NODES; i++)
    allocatable[i] = 32000 + 1000 * (i % 7);
  berth_node_id ids[NODES];
  berth_node_batch batch;
  berth_node_batch_init(&batch);
  batch.count = NODES;
  batch.nodes = rows;
  batch.resource_count = 1;
  batch.resources = &cpu;
  batch.allocatable = allocatable;
  must(engine, berth_nodes_add(engine, &batch, ids));
  berth_term pack = {.kind = BERTH_TERM_BINPACK, .weight = 1};
  berth_profile_id profile;
  must(engine, berth_profile_add(engine, "packing", &pack, 1, &profile));
  berth_quantity request = {.resource = cpu, .value = 500};
  berth_pod_spec spec;
  berth_pod_spec_init(&spec);
  spec.profile = profile;
  spec.requests = &request;
  spec.request_count = 1;
  berth_class_id pod_class;
  must(engine, berth_class_intern(engine, &spec, &pod_class));
  return pod_class;
}

static void round_trip(berth_engine *engine, const berth_class_id *classes, size_t count) {
  berth_placement placements[BATCH];
  berth_pod_id pods[BATCH];
  must(engine, berth_pods_place(engine, classes, count, 0, placements));
  for (size_t i = 0; i < count; i++)
    pods[i] = placements[i].pod;
  must(engine, berth_pods_release(engine, pods, count));
}

int main(void) {
  berth_engine *engine = NULL;
  must(NULL, berth_engine_create(NULL, &engine));
  berth_class_id classes[BATCH];
  classes[0] = describe(engine);
  for (int i = 1; i < BATCH; i++)
    classes[i] = classes[0];

  /* Once before counting: the first pods may make the engine's columns grow. */
  round_trip(engine, classes, BATCH);
  unsigned long long engine_before = engine_allocations(engine), before = allocations;
  if (before == 0) {
    fprintf(stderr, "the counter sees no allocation at all\n");
    return 1;
  }
  double start = seconds();
  for (int i = 0; i < ROUNDS; i++)
    round_trip(engine, classes, 1);
  double one = seconds();
  for (int i = 0; i < ROUNDS / BATCH; i++)
    round_trip(engine, classes, BATCH);
  double batch = seconds();
  for (int i = 0; i < ROUNDS; i++)
    must(engine, berth_pods_place(engine, NULL, 0, 0, NULL));
  double empty = seconds();
  unsigned long long host = allocations - before, own = engine_allocations(engine) - engine_before;

  printf("place and release: %.0f ns one by one, %.0f ns in batches of %d; an empty call %.1f ns\n",
         (one - start) / ROUNDS * 1e9, (batch - one) / ROUNDS * 1e9, BATCH, (empty - batch) / ROUNDS * 1e9);
  must(NULL, berth_engine_destroy(engine));
  if (host || own) {
    fprintf(stderr, "%llu allocations of the process and %llu of the engine in %d rounds\n", host, own, 3 * ROUNDS);
    return 1;
  }
  return 0;
}
