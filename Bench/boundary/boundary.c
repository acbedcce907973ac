/*
 * Plays a case of `berth bench boundary` in C, as README.md says.
 *
 *   boundary CASE <commands
 */
#define _POSIX_C_SOURCE 199309L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "berth.h"

struct game {
  berth_engine *engine;
  size_t count;
  berth_class_id *arrivals;
  berth_placement *placements;
  berth_pod_id *pods; /* room for what is released */
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void must(berth_engine *engine, berth_status status) {
  char sentence[512];
  if (status == BERTH_OK)
    return;
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fail(berth_status_name(status), sentence);
}

static void *room(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory)
    fail("calloc", "no memory");
  return memory;
}

static struct game read_case(const char *directory) {
  struct game game;
  char path[4096];
  snprintf(path, sizeof path, "%s/arrivals.u32", directory);
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0)
    fail(path, "cannot be read");
  game.count = (size_t)ftell(file) / sizeof *game.arrivals;
  if (game.count == 0)
    fail(path, "has no arrivals");
  game.arrivals = room(game.count, sizeof *game.arrivals);
  game.placements = room(game.count, sizeof *game.placements);
  game.pods = room(game.count, sizeof *game.pods);
  rewind(file);
  if (fread(game.arrivals, sizeof *game.arrivals, game.count, file) != game.count)
    fail(path, "cannot be read");
  fclose(file);

  berth_engine_options options;
  berth_engine_options_init(&options);
  options.allocator = BERTH_ALLOCATOR_MMAP;
  snprintf(path, sizeof path, "%s/cluster.snapshot", directory);
  must(NULL, berth_snapshot_read(path, &options, &game.engine));
  return game;
}

static void greet(berth_engine *engine) {
  static const char *const allocators[] = {"?", "jemalloc", "mmap"};
  static const char *const levels[] = {"?", "scalar", "baseline", "v3", "v4"};
  berth_engine_info info = {.struct_size = sizeof info};
  must(engine, berth_engine_read_info(engine, &info));
  printf("c %s %s\n", allocators[info.allocator], levels[info.cpu_level]);
}

/* CPU time of the process. */
static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Nanoseconds. */
static int64_t place(const struct game *game, size_t first, size_t count, size_t pods_per_call) {
  const size_t end = first + count;
  int64_t start = now_ns();
  for (; first < end; first += pods_per_call) {
    size_t pods = end - first < pods_per_call ? end - first : pods_per_call;
    must(game->engine, berth_pods_place(game->engine, game->arrivals + first, pods, 0, game->placements + first));
  }
  return now_ns() - start;
}

/* FNV-1a, a 64-bit word in one step. */
static void add_word(uint64_t *digest, uint64_t word) {
  *digest = (*digest ^ word) * UINT64_C(0x100000001B3);
}

/* Releases what was placed; prints the digest of all decisions, and how many pods were placed. */
static void take_back(const struct game *game) {
  uint64_t digest = UINT64_C(0xCBF29CE484222325);
  size_t placed = 0;
  for (size_t i = 0; i < game->count; i++) {
    add_word(&digest, game->placements[i].node);
    add_word(&digest, (uint64_t)game->placements[i].score);
    if (game->placements[i].outcome == BERTH_PLACED)
      game->pods[placed++] = game->placements[i].pod;
  }
  must(game->engine, berth_pods_release(game->engine, game->pods, placed));
  printf("%016" PRIx64 " %zu\n", digest, placed);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s CASE <commands\n", argv[0]);
    return 2;
  }
  struct game game = read_case(argv[1]);
  greet(game.engine);
  fflush(stdout);
  char line[256], end;
  while (fgets(line, sizeof line, stdin)) {
    size_t first, count, pods_per_call;
    if (sscanf(line, "place %zu %zu %zu %c", &first, &count, &pods_per_call, &end) == 3 && pods_per_call > 0 &&
        first <= game.count && count <= game.count - first) {
      printf("%" PRId64 "\n", place(&game, first, count, pods_per_call));
    } else if (sscanf(line, "release%c", &end) == 1 && end == '\n') {
      take_back(&game);
    } else {
      fail(line, "is none of: place FIRST COUNT PODS_PER_CALL, release");
    }
    fflush(stdout);
  }
  must(NULL, berth_engine_destroy(game.engine));
  free(game.arrivals);
  free(game.placements);
  free(game.pods);
  return 0;
}
