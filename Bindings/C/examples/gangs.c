/*
 * Gangs, in C: place whole or not at all, shrink, grow, prove, start together, on seven nodes in three racks.
 *
 *   make -C Bindings/C/examples run LIBRARY_DIR=$PWD/.build/release
 */
#include <stdio.h>
#include <stdlib.h>

#include "berth.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { ZONE = 1, RACK = 2, NODE = 3, MOST = 32 };

static const char *const level_keys[] = {"zone", "rack"};
static const char *const node_names[] = {"a1-1", "a1-2", "a2-1", "a2-2", "b1-1", "b1-2", "b1-3"};
static const size_t rack_of[] = {0, 0, 1, 1, 2, 2, 2};

static berth_engine *engine;
static berth_node_id nodes[COUNT(node_names)];
static berth_resource_id cpu;
static berth_profile_id packing;
static berth_class_id worker, master;

/* Every fallible call goes through here: a refused one ends the program with the engine's own sentence. */
static void must(berth_status status) {
  char sentence[512];
  if (status == BERTH_OK)
    return;
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fprintf(stderr, "%s: %s\n", berth_status_name(status), sentence);
  exit(1);
}

static berth_class_id describe_class(int32_t priority) {
  berth_quantity request = {.resource = cpu, .value = 1000};
  berth_pod_spec spec;
  berth_pod_spec_init(&spec);
  spec.profile = packing;
  spec.priority = priority;
  spec.requests = &request;
  spec.request_count = 1;
  berth_class_id pod_class;
  must(berth_class_intern(engine, &spec, &pod_class));
  return pod_class;
}

/* Two racks of two nodes in zone-a, one of three in zone-b; a node takes four pods. */
static void describe(void) {
  berth_engine_options options;
  berth_engine_options_init(&options);
  options.level_count = COUNT(level_keys);
  options.level_keys = level_keys;
  must(berth_engine_create(&options, &engine));
  must(berth_resource_add(engine, "cpu", BERTH_RESOURCE_CPU, &cpu));
  berth_term term = {.kind = BERTH_TERM_BINPACK, .weight = 1};
  must(berth_profile_add(engine, "packing", &term, 1, &packing));
  berth_domain_id zone_a, zone_b, racks[3];
  must(berth_domain_add(engine, BERTH_ROOT_DOMAIN, "zone-a", &zone_a));
  must(berth_domain_add(engine, BERTH_ROOT_DOMAIN, "zone-b", &zone_b));
  must(berth_domain_add(engine, zone_a, "a1", &racks[0]));
  must(berth_domain_add(engine, zone_a, "a2", &racks[1]));
  must(berth_domain_add(engine, zone_b, "b1", &racks[2]));
  berth_node rows[COUNT(nodes)];
  int64_t allocatable[COUNT(nodes)]; /* millicores */
  for (size_t i = 0; i < COUNT(nodes); i++) {
    rows[i] = (berth_node){.domain = racks[rack_of[i]]};
    allocatable[i] = 4000;
  }
  berth_node_batch batch;
  berth_node_batch_init(&batch);
  batch.count = COUNT(rows);
  batch.nodes = rows;
  batch.names = node_names;
  batch.resource_count = 1;
  batch.resources = &cpu;
  batch.allocatable = allocatable;
  must(berth_nodes_add(engine, &batch, nodes));
  worker = describe_class(0);
  master = describe_class(1);
}

/* Members by node, "a1-1 x4, a1-2 x4". */
static void print_nodes(const char *what, const berth_node_id *members, size_t count) {
  printf("%s:", what);
  for (size_t start = 0, end; start < count; start = end) {
    size_t name = 0;
    for (end = start; end < count && members[end] == members[start];)
      end++;
    while (nodes[name] != members[start])
      name++;
    printf("%s %s x%zu", start ? "," : "", node_names[name], end - start);
  }
  printf("\n");
}

static void print_placements(const char *what, const berth_placement *placements, size_t count) {
  berth_node_id on[MOST];
  for (size_t i = 0; i < count; i++)
    on[i] = placements[i].node;
  print_nodes(what, on, count);
}

static void print_sentence(const char *what, const berth_gang_result *result) {
  char sentence[512];
  must(berth_gang_message(engine, result, sentence, sizeof sentence, NULL));
  printf("%s: %s\n", what, sentence);
}

/* What is told of a gang that was placed: by level, from zones down to nodes. */
static void print_figures(const berth_gang_result *result) {
  printf("  opened");
  for (uint32_t level = ZONE; level < result->level_count; level++)
    printf(" %u", (unsigned)result->domains[level]);
  printf(", no placement opens less than");
  for (uint32_t level = ZONE; level < result->level_count; level++)
    printf(" %u", (unsigned)result->domains_bound[level]);
  printf(", %s\n", result->limits ? "not all of it proven" : "proven");
}

static berth_gang_result place(const char *what, const berth_gang *gang, berth_placement *placements) {
  berth_gang_result result = {.struct_size = sizeof result};
  must(berth_gang_place(engine, gang, 0, MOST, placements, NULL, &result));
  print_sentence(what, &result);
  if (result.outcome == BERTH_GANG_PLACED) {
    print_figures(&result);
    print_placements("  on", placements, result.members);
  }
  return result;
}

static berth_gang gang_of(const berth_gang_role *roles, uint32_t count) {
  berth_gang gang;
  berth_gang_init(&gang);
  gang.roles = roles;
  gang.role_count = count;
  return gang;
}

/* Eight workers in a rack, then four of them, then as many as the rack takes. */
static void train(void) {
  berth_placement placements[MOST];
  berth_gang_role role = {.pod_class = worker, .min_members = 8, .max_members = 8};
  berth_gang gang = gang_of(&role, 1);
  gang.required_level = RACK;
  place("training", &gang, placements);

  berth_pod_id pods[8], released[4];
  for (size_t i = 0; i < COUNT(pods); i++)
    pods[i] = placements[i].pod;
  must(berth_gang_shrink(engine, pods, COUNT(pods), 4, released));
  berth_gang_member running[4];
  berth_node_id on[4];
  for (size_t i = 0, left = 0; i < COUNT(pods); i++) {
    berth_pod_state state;
    if (berth_pods_read(engine, &pods[i], 1, &state) != BERTH_OK)
      continue; /* released */
    running[left] = (berth_gang_member){.pod = pods[i]};
    on[left++] = state.node;
  }
  print_nodes("shrunk to 4", on, COUNT(on));

  role.min_members = 1;
  role.max_members = 16;
  gang.running = running;
  gang.running_count = COUNT(running);
  place("grown", &gang, placements);
}

/* More than a rack holds: required, that is proven not to be; preferred, it is placed as close together as can be. */
static void ask_too_much(void) {
  berth_placement placements[MOST];
  berth_gang_role role = {.pod_class = worker, .min_members = 13, .max_members = 13};
  berth_gang gang = gang_of(&role, 1);
  gang.required_level = RACK;
  place("13 in a rack", &gang, placements);
  gang.required_level = 0;
  gang.preferred_level = RACK;
  berth_gang_result result = {.struct_size = sizeof result};
  must(berth_gang_place(engine, &gang, BERTH_PLACE_DRY_RUN, MOST, placements, NULL, &result));
  print_sentence("13, better in a rack", &result);
  printf("  %s\n", result.preferred_met ? "in one" : "in more than one");
}

/* A master and eight workers, in one zone, but not in one rack. */
static void separate(void) {
  berth_placement placements[MOST];
  const berth_gang_role roles[] = {
      {.pod_class = master, .min_members = 1, .max_members = 1},
      {.pod_class = worker, .min_members = 4, .max_members = 8},
  };
  berth_gang gang = gang_of(roles, COUNT(roles));
  gang.required_level = ZONE;
  gang.separate_level = RACK;
  berth_gang_result result = {.struct_size = sizeof result};
  must(berth_gang_place(engine, &gang, BERTH_PLACE_DRY_RUN, MOST, placements, NULL, &result));
  print_sentence("a master and its workers", &result);
}

/* Four workers in pairs on nodes, and more in a rack, which start together: all of them, or none. */
static void start_together(uint32_t members) {
  berth_placement placements[MOST];
  const berth_gang_role roles[] = {
      {.pod_class = worker, .min_members = 4, .max_members = 4, .slice_count = 1, .slices = {{NODE, 2}}},
      {.pod_class = worker, .min_members = members, .max_members = members},
  };
  berth_gang gangs[] = {gang_of(&roles[0], 1), gang_of(&roles[1], 1)};
  gangs[1].required_level = RACK;
  berth_gang_result results[COUNT(gangs)];
  must(berth_gangs_place(engine, gangs, COUNT(gangs), 0, MOST, placements, NULL, results));
  printf("4 and %u together\n", (unsigned)members);
  size_t start = 0;
  for (size_t i = 0; i < COUNT(gangs); i++) {
    print_sentence("  one", &results[i]);
    if (results[i].outcome == BERTH_GANG_PLACED)
      print_placements("    on", &placements[start], results[i].members);
    start += results[i].members;
  }
}

/* Two neighbours of a ring of five nodes, the first of which is taken. */
static void ring(void) {
  berth_placement placements[MOST];
  berth_gang_role role = {.pod_class = worker, .min_members = 2, .max_members = 2};
  const berth_node_id around[] = {nodes[0], nodes[2], nodes[3], nodes[4], nodes[6]};
  berth_fabric fabric = {.kind = BERTH_FABRIC_RING, .x_size = COUNT(around), .y_size = 1, .z_size = 1, .nodes = around};
  berth_gang gang = gang_of(&role, 1);
  gang.fabrics = &fabric;
  gang.fabric_count = 1;
  berth_gang_result result = {.struct_size = sizeof result};
  must(berth_gang_place(engine, &gang, BERTH_PLACE_DRY_RUN, MOST, placements, NULL, &result));
  print_placements("two neighbours of a ring", placements, result.members);
}

int main(void) {
  berth_gang_role role = {.min_members = 2, .max_members = 1};
  berth_gang gang = gang_of(&role, 1);
  berth_placement placements[1];
  berth_gang_result result = {.struct_size = sizeof result};
  describe();
  printf("at least 2, at most 1: %s\n",
         berth_status_name(berth_gang_place(engine, &gang, 0, 1, placements, NULL, &result)));
  separate();
  train();
  ask_too_much();
  ring();
  start_together(13);
  start_together(12);
  must(berth_engine_destroy(engine));
  return 0;
}
