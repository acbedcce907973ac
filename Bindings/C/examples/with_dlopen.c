/*
 * Loads libberth at run time, as a plugin host would: nothing is linked, every function is looked up by its name, and
 * the ABI number is compared before anything else is called.
 *
 *   ./with_dlopen .build/release/libberth.so
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "berth.h"

/* The functions this program uses, with the header's own types (the toolchain's typeof follows berth.h). */
#define FUNCTIONS(X)                                                                                                   \
  X(berth_abi_version)                                                                                                 \
  X(berth_version)                                                                                                     \
  X(berth_status_name)                                                                                                 \
  X(berth_engine_create)                                                                                               \
  X(berth_engine_destroy)                                                                                              \
  X(berth_engine_last_error)                                                                                           \
  X(berth_engine_read_info)                                                                                            \
  X(berth_resource_add)                                                                                                \
  X(berth_node_batch_init)                                                                                             \
  X(berth_nodes_add)                                                                                                   \
  X(berth_profile_add)                                                                                                 \
  X(berth_pod_spec_init)                                                                                               \
  X(berth_class_intern)                                                                                                \
  X(berth_pods_place)

struct berth_api {
#define MEMBER(name) __typeof__(&name) name;
  FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct berth_api load(const char *path) {
  struct berth_api api;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
#define LOOK_UP(name)                                                                                                  \
  *(void **)&api.name = dlsym(library, #name);                                                                         \
  if (!api.name) {                                                                                                     \
    fprintf(stderr, "%s does not have %s\n", path, #name);                                                             \
    exit(1);                                                                                                           \
  }
  FUNCTIONS(LOOK_UP)
#undef LOOK_UP
  if (api.berth_abi_version() != BERTH_ABI_VERSION) {
    fprintf(stderr, "%s speaks ABI %u, this program %u\n", path, api.berth_abi_version(), BERTH_ABI_VERSION);
    exit(1);
  }
  return api;
}

static void must(const struct berth_api *api, berth_engine *engine, berth_status status) {
  char sentence[512];
  if (status == BERTH_OK)
    return;
  api->berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fprintf(stderr, "%s: %s\n", api->berth_status_name(status), sentence);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s PATH/libberth.so\n", argv[0]);
    return 2;
  }
  const struct berth_api api = load(argv[1]);

  berth_engine *engine = NULL;
  must(&api, NULL, api.berth_engine_create(NULL, &engine));

  berth_resource_id cpu;
  must(&api, engine, api.berth_resource_add(engine, "cpu", BERTH_RESOURCE_CPU, &cpu));

  berth_node node = {.domain = BERTH_ROOT_DOMAIN};
  int64_t allocatable = 4000;
  berth_node_id id;
  berth_node_batch batch;
  api.berth_node_batch_init(&batch);
  batch.count = 1;
  batch.nodes = &node;
  batch.resource_count = 1;
  batch.resources = &cpu;
  batch.allocatable = &allocatable;
  must(&api, engine, api.berth_nodes_add(engine, &batch, &id));

  berth_term spread = {.kind = BERTH_TERM_SPREAD, .weight = 1};
  berth_profile_id profile;
  must(&api, engine, api.berth_profile_add(engine, "spreading", &spread, 1, &profile));

  berth_quantity request = {.resource = cpu, .value = 1500};
  berth_pod_spec spec;
  api.berth_pod_spec_init(&spec);
  spec.profile = profile;
  spec.requests = &request;
  spec.request_count = 1;
  berth_class_id pod_class;
  must(&api, engine, api.berth_class_intern(engine, &spec, &pod_class));

  const berth_class_id arrivals[] = {pod_class, pod_class, pod_class};
  berth_placement placements[3];
  must(&api, engine, api.berth_pods_place(engine, arrivals, 3, 0, placements));
  for (int i = 0; i < 3; i++) {
    printf("pod %d: %s\n", i + 1, placements[i].outcome == BERTH_PLACED ? "placed" : "no node fits");
  }

  static const char *const allocators[] = {"?", "jemalloc", "mmap"};
  static const char *const levels[] = {"?", "scalar", "baseline", "v3", "v4"};
  berth_engine_info info = {.struct_size = sizeof info};
  must(&api, engine, api.berth_engine_read_info(engine, &info));
  printf("berth %s, allocator %s, CPU level %s\n", api.berth_version(), allocators[info.allocator],
         levels[info.cpu_level]);
  must(&api, NULL, api.berth_engine_destroy(engine));
  return 0;
}
