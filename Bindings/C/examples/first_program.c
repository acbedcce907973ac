/*
 * A first program in C: two zones, four nodes, three pod classes; place, explain, release.
 *
 *   make -C Bindings/C/examples run LIBRARY_DIR=$PWD/.build/release
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "berth.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Names of what this program describes; the engine's ids are looked up in the arrays beside them. */
static const char *const resource_names[] = {"cpu", "memory", "nvidia.com/gpu"};
static const char *const node_names[] = {"north-1", "north-2", "south-1", "south-gpu"};
static const char *const class_names[] = {"web", "south-only", "training"};

static berth_resource_id resources[COUNT(resource_names)];
static berth_node_id nodes[COUNT(node_names)];
static berth_class_id classes[COUNT(class_names)];

/* Every fallible call goes through here: a refused one ends the program with the engine's own sentence. */
static void must(berth_engine *engine, berth_status status) {
  char sentence[512];
  if (status == BERTH_OK)
    return;
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fprintf(stderr, "%s: %s\n", berth_status_name(status), sentence);
  exit(1);
}

static const char *node_name(berth_node_id id) {
  for (size_t i = 0; i < COUNT(nodes); i++) {
    if (nodes[i] == id)
      return node_names[i];
  }
  return "nowhere";
}

static const char *resource_name(berth_resource_id id) {
  for (size_t i = 0; i < COUNT(resources); i++) {
    if (resources[i] == id)
      return resource_names[i];
  }
  return "?";
}

static const char *class_name(berth_class_id id) {
  for (size_t i = 0; i < COUNT(classes); i++) {
    if (classes[i] == id)
      return class_names[i];
  }
  return "?";
}

/* What there is: three resources, two zones of two nodes, and a taint on the machine with GPUs. */
static void describe_nodes(berth_engine *engine) {
  static const uint32_t kinds[] = {BERTH_RESOURCE_CPU, BERTH_RESOURCE_MEMORY, BERTH_RESOURCE_GPU};
  for (size_t i = 0; i < COUNT(resources); i++) {
    must(engine, berth_resource_add(engine, resource_names[i], kinds[i], &resources[i]));
  }

  berth_domain_id north, south;
  must(engine, berth_domain_add(engine, BERTH_ROOT_DOMAIN, "north", &north));
  must(engine, berth_domain_add(engine, BERTH_ROOT_DOMAIN, "south", &south));

  berth_taint taint = {.key = "nvidia.com/gpu", .value = "present", .effect = BERTH_EFFECT_NO_SCHEDULE};
  berth_taint_set_id gpu_only;
  must(engine, berth_taint_set_intern(engine, &taint, 1, &gpu_only));

  berth_node rows[] = {{.domain = north}, {.domain = north}, {.domain = south}, {.domain = south, .taints = gpu_only}};
  int64_t allocatable[][3] = {
      /* millicores, MiB, GPUs */
      {8000, 32768, 0},
      {8000, 32768, 0},
      {16000, 65536, 0},
      {32000, 131072, 4},
  };
  berth_node_batch batch;
  berth_node_batch_init(&batch);
  batch.count = COUNT(rows);
  batch.nodes = rows;
  batch.names = node_names;
  batch.resource_count = COUNT(resources);
  batch.resources = resources;
  batch.allocatable = &allocatable[0][0];
  must(engine, berth_nodes_add(engine, &batch, nodes));
}

/* What is asked: a profile that packs, and three classes of pods. */
static void describe_classes(berth_engine *engine) {
  berth_term pack = {.kind = BERTH_TERM_BINPACK, .weight = 1};
  berth_profile_id packing;
  must(engine, berth_profile_add(engine, "packing", &pack, 1, &packing));

  berth_pod_spec spec;
  berth_pod_spec_init(&spec);
  spec.profile = packing;

  berth_quantity web[] = {{.resource = resources[0], .value = 2000}, {.resource = resources[1], .value = 4096}};
  spec.requests = web;
  spec.request_count = COUNT(web);
  must(engine, berth_class_intern(engine, &spec, &classes[0]));

  berth_quantity larger[] = {{.resource = resources[0], .value = 4000}, {.resource = resources[1], .value = 8192}};
  berth_label in_the_south = {"topology.kubernetes.io/zone", "south"};
  spec.requests = larger;
  spec.node_selector = &in_the_south;
  spec.node_selector_count = 1;
  must(engine, berth_class_intern(engine, &spec, &classes[1]));

  berth_quantity training[] = {{.resource = resources[0], .value = 8000},
                               {.resource = resources[1], .value = 32768},
                               {.resource = resources[2], .value = 2}};
  berth_toleration tolerates_gpu = {.key = "nvidia.com/gpu", .op = BERTH_TOLERATION_EXISTS};
  spec.requests = training;
  spec.request_count = COUNT(training);
  spec.node_selector_count = 0;
  spec.tolerations = &tolerates_gpu;
  spec.toleration_count = 1;
  must(engine, berth_class_intern(engine, &spec, &classes[2]));
}

static void print_placement(const char *prefix, const berth_placement *placement) {
  printf("%s%s -> %s", prefix, class_name(placement->pod_class), node_name(placement->node));
  if (placement->outcome == BERTH_PLACED)
    printf(", score %" PRId64, placement->score);
  printf("\n");
}

static void explain(berth_engine *engine, berth_class_id pod_class) {
  berth_explanation explanation = {.struct_size = sizeof explanation};
  berth_reason reasons[8];
  must(engine, berth_class_explain(engine, pod_class, &explanation, reasons, COUNT(reasons)));
  printf("%s fits on %" PRIu64 " of %" PRIu64 " nodes\n", class_name(pod_class), explanation.feasible,
         explanation.nodes);
  for (uint32_t i = 0; i < explanation.reason_count && i < COUNT(reasons); i++) {
    printf("  %" PRIu64 " x ", reasons[i].nodes);
    switch (reasons[i].kind) {
    case BERTH_REASON_UNSCHEDULABLE:
      printf("unschedulable\n");
      break;
    case BERTH_REASON_TAINT:
      printf("untolerated taint\n");
      break;
    case BERTH_REASON_AFFINITY:
      printf("node selector or affinity\n");
      break;
    default:
      printf("too little %s\n", resource_name(reasons[i].resource));
    }
  }
  if (explanation.nearest_node != BERTH_NO_NODE) {
    printf("  nearest miss: %s lacks %" PRId64 " of %s\n", node_name(explanation.nearest_node),
           explanation.nearest_shortfall, resource_name(explanation.nearest_resource));
  }
}

static void print_figures(berth_engine *engine) {
  static const char *const allocators[] = {"?", "jemalloc", "mmap"};
  static const char *const levels[] = {"?", "scalar", "baseline", "v3", "v4"};
  berth_engine_info info = {.struct_size = sizeof info};
  must(engine, berth_engine_read_info(engine, &info));
  printf("%" PRIu64 " pods on %" PRIu64 " nodes\n", info.pods, info.nodes);
  printf("allocator %s, CPU level %s\n", allocators[info.allocator], levels[info.cpu_level]);
}

int main(void) {
  if (berth_abi_version() != BERTH_ABI_VERSION) {
    fprintf(stderr, "libberth speaks ABI %u, this program %u\n", berth_abi_version(), BERTH_ABI_VERSION);
    return 1;
  }

  static const char *const levels[] = {"topology.kubernetes.io/zone"};
  berth_engine_options options;
  berth_engine_options_init(&options);
  options.level_count = COUNT(levels);
  options.level_keys = levels;
  berth_engine *engine = NULL;
  must(NULL, berth_engine_create(&options, &engine));
  describe_nodes(engine);
  describe_classes(engine);

  /* One batch; each pod sees the ones before it. */
  const berth_class_id arrivals[] = {classes[0], classes[0], classes[1], classes[2], classes[2], classes[2]};
  berth_placement placements[COUNT(arrivals)];
  must(engine, berth_pods_place(engine, arrivals, COUNT(arrivals), 0, placements));
  for (size_t i = 0; i < COUNT(placements); i++)
    print_placement("", &placements[i]);

  explain(engine, classes[0]);
  explain(engine, classes[2]);

  /* The first training pod ends, and the next one finds its place. */
  berth_placement next;
  must(engine, berth_pods_release(engine, &placements[3].pod, 1));
  must(engine, berth_pods_place(engine, &classes[2], 1, 0, &next));
  print_placement("after a release: ", &next);

  print_figures(engine);
  must(NULL, berth_engine_destroy(engine));
  return 0;
}
