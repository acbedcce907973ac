/*
 * What if, in C: try, compare, hold, choose, follow and recover, on four nodes with prices.
 *
 *   make -C Bindings/C/examples run LIBRARY_DIR=$PWD/.build/release
 */
#define _XOPEN_SOURCE 700 /* mkdtemp, P_tmpdir */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "berth.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const node_names[] = {"north-1", "north-2", "south-1", "south-2"};
static const int64_t prices[] = {400, 300, 200, 100}; /* an hour, in thousandths */

static berth_resource_id resources[2]; /* cpu in millicores, memory in MiB */
static berth_node_id nodes[COUNT(node_names)];
static berth_class_id packing, spreading;

/* Every fallible call goes through here: a refused one ends the program with the engine's own sentence. */
static void must(berth_engine *engine, berth_status status) {
  char sentence[512];
  if (status == BERTH_OK)
    return;
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fprintf(stderr, "%s: %s\n", berth_status_name(status), sentence);
  exit(1);
}

static size_t node_index(berth_node_id id) {
  size_t i = 0;
  while (i < COUNT(nodes) && nodes[i] != id)
    i++;
  return i;
}

static const char *node_name(berth_node_id id) {
  return id == BERTH_NO_NODE ? "nowhere" : node_names[node_index(id)];
}

/* Four nodes alike but for their prices. */
static void describe_nodes(berth_engine *engine) {
  must(engine, berth_resource_add(engine, "cpu", BERTH_RESOURCE_CPU, &resources[0]));
  must(engine, berth_resource_add(engine, "memory", BERTH_RESOURCE_MEMORY, &resources[1]));
  berth_node rows[COUNT(nodes)];
  int64_t allocatable[COUNT(nodes)][2];
  for (size_t i = 0; i < COUNT(nodes); i++) {
    rows[i] = (berth_node){.domain = BERTH_ROOT_DOMAIN, .price = prices[i] * 1000};
    allocatable[i][0] = 8000;
    allocatable[i][1] = 32768;
  }
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

static berth_class_id describe_class(berth_engine *engine, const char *profile, uint32_t kind) {
  berth_term term = {.kind = kind, .weight = 1};
  berth_quantity requests[] = {{.resource = resources[0], .value = 3000}, {.resource = resources[1], .value = 8192}};
  berth_pod_spec spec;
  berth_pod_spec_init(&spec);
  must(engine, berth_profile_add(engine, profile, &term, 1, &spec.profile));
  spec.requests = requests;
  spec.request_count = COUNT(requests);
  berth_class_id pod_class;
  must(engine, berth_class_intern(engine, &spec, &pod_class));
  return pod_class;
}

/* Places pods of one class, which are members of a gang if that is not 0, and prints where. */
enum { MOST_PODS = 8 };
static void place(berth_engine *engine, const char *what, berth_class_id pod_class, size_t count, uint64_t gang,
                  berth_placement *placements) {
  berth_class_id classes[MOST_PODS];
  berth_pod_identity identities[MOST_PODS] = {{0, 0, 0}};
  for (size_t i = 0; i < count; i++) {
    classes[i] = pod_class;
    identities[i].gang = gang;
  }
  must(engine, berth_pods_place_as(engine, classes, identities, count, 0, placements));
  printf("%s: ", what);
  for (size_t i = 0; i < count; i++)
    printf("%s%s", node_name(placements[i].node), i + 1 < count ? ", " : "\n");
}

static uint64_t pod_count(berth_engine *engine) {
  berth_engine_info info = {.struct_size = sizeof info};
  must(engine, berth_engine_read_info(engine, &info));
  return info.pods;
}

/* A statement: look at what came of it, take some back, take all back. */
static void try_gangs(berth_engine *engine) {
  berth_placement placements[MOST_PODS];
  berth_statement_id statement;
  berth_checkpoint_id checkpoint;
  must(engine, berth_statement_begin(engine, &statement));
  place(engine, "a gang of five", packing, 5, 0, placements);
  must(engine, berth_statement_checkpoint(engine, &checkpoint));
  place(engine, "four more", packing, 4, 0, placements);
  must(engine, berth_statement_rollback(engine, checkpoint));
  printf("not all of them fit: back to %" PRIu64 " pods\n", pod_count(engine));
  must(engine, berth_statement_discard(engine, statement));
  printf("only a look: back to %" PRIu64 " pods\n", pod_count(engine));
}

/* A policy in a fork of its own; the cluster itself sees nothing of it. */
static void try_policy(berth_engine *engine, const char *name, berth_class_id pod_class) {
  const berth_class_id classes[] = {pod_class, pod_class, pod_class, pod_class};
  berth_placement placements[COUNT(classes)];
  berth_engine *fork;
  must(engine, berth_engine_fork(engine, &fork));
  must(fork, berth_pods_place(fork, classes, COUNT(classes), 0, placements));
  int is_used[COUNT(nodes)] = {0};
  int used = 0;
  int64_t price = 0;
  for (size_t i = 0; i < COUNT(placements); i++)
    is_used[node_index(placements[i].node)] = 1;
  for (size_t i = 0; i < COUNT(nodes); i++) {
    used += is_used[i];
    price += is_used[i] * prices[i];
  }
  printf("%s: %zu pods on %d nodes, %" PRId64 " an hour\n", name, COUNT(placements), used, price);
  must(NULL, berth_engine_destroy(fork));
}

static void print_requested(berth_engine *engine, const char *when) {
  int64_t requested[COUNT(resources)];
  must(engine, berth_nodes_read(engine, &nodes[3], 1, resources, COUNT(resources), NULL, NULL, requested));
  printf("%s: %" PRId64 " millicores, %" PRId64 " MiB\n", when, requested[0], requested[1]);
}

/* Room for gang 7 on the cheapest node until the clock says a minute. */
static void hold_capacity(berth_engine *engine, berth_placement *member) {
  berth_quantity held[] = {{.resource = resources[0], .value = 9000}, {.resource = resources[1], .value = 16384}};
  berth_reservation_spec spec = {
      .owner = {.kind = BERTH_OWNER_GANG, .id = 7},
      .scope = BERTH_SCOPE_NODE,
      .node = nodes[3],
      .expiry_ms = 60000,
      .quantities = held,
      .quantity_count = COUNT(held),
  };
  berth_reservation_id reservation;
  berth_placement others[3];
  printf("nine cores of eight: %s\n", berth_status_name(berth_reservations_add(engine, &spec, 1, &reservation)));
  held[0].value = 6000;
  must(engine, berth_reservations_add(engine, &spec, 1, &reservation));
  place(engine, "three pods of anybody", spreading, COUNT(others), 0, others);
  place(engine, "one of gang 7", packing, 1, 7, member);
  print_requested(engine, "held there");
  must(engine, berth_engine_set_time(engine, 60000));
  print_requested(engine, "a minute later");
}

/* Sorts each pod's candidates by their only feature, the price; equal prices stay in their order. */
static uint32_t cheapest_first(void *context, const berth_rerank_batch *batch, int32_t *order_out) {
  (void)context;
  for (size_t pod = 0; pod < batch->pod_count; pod++) {
    const int64_t *price = batch->features + pod * batch->candidate_limit;
    int32_t *order = order_out + pod * batch->candidate_limit;
    for (uint32_t i = 1; i < batch->candidate_counts[pod]; i++) {
      int32_t candidate = order[i];
      uint32_t place = i;
      for (; place > 0 && price[order[place - 1]] > price[candidate]; place--)
        order[place] = order[place - 1];
      order[place] = candidate;
    }
  }
  return 0;
}

/* The host's rule among the three best. */
static void choose_cheapest(berth_engine *engine, berth_placement *chosen) {
  berth_placement best;
  place(engine, "the best node", packing, 1, 0, &best);
  must(engine, berth_pods_release(engine, &best.pod, 1));
  const berth_feature price = {.kind = BERTH_FEATURE_PRICE};
  berth_rerank_options options;
  berth_rerank_options_init(&options);
  options.candidate_limit = 3;
  options.features = &price;
  options.feature_count = 1;
  options.callback = cheapest_first;
  must(engine, berth_engine_set_rerank(engine, &options));
  place(engine, "the cheapest of the best three", packing, 1, 0, chosen);
  must(engine, berth_engine_set_rerank(engine, NULL));
}

static const char *event_text(uint32_t kind) {
  switch (kind) {
  case BERTH_EVENT_POD_ASSUMED:
    return "assumed on";
  case BERTH_EVENT_POD_BOUND:
    return "bound on";
  case BERTH_EVENT_POD_RELEASED:
    return "released from";
  case BERTH_EVENT_NODE_CORDONED:
    return "cordoned";
  case BERTH_EVENT_RESERVATION_MADE:
    return "room held on";
  case BERTH_EVENT_RESERVATION_ENDED:
    return "room held no more on";
  default:
    return "?";
  }
}

/* All that happened; what was taken back did not. */
static void print_events(berth_engine *engine) {
  berth_event events[64];
  size_t count;
  uint64_t cursor;
  must(engine, berth_events_read(engine, 0, COUNT(events), events, &count, &cursor));
  for (size_t i = 0; i < count; i++) {
    const char *how = events[i].kind == BERTH_EVENT_POD_BOUND && events[i].other ? " after it was assumed" : "";
    printf("event %" PRIu64 " at %" PRId64 " ms: %s %s%s\n", events[i].sequence, events[i].time_ms,
           event_text(events[i].kind), node_name(events[i].node), how);
  }
}

/* A snapshot, some calls that a journal records, and the engine again from the two files. */
static void recover(berth_engine *engine) {
  char folder[] = P_tmpdir "/what_if.XXXXXX", snapshot[64], journal[64];
  if (!mkdtemp(folder)) {
    perror(folder);
    exit(1);
  }
  snprintf(snapshot, sizeof snapshot, "%s/snapshot", folder);
  snprintf(journal, sizeof journal, "%s/journal", folder);
  must(engine, berth_journal_open(engine, journal, NULL));
  must(engine, berth_snapshot_write(engine, snapshot));

  const berth_class_id classes[] = {spreading, spreading};
  berth_placement placed[COUNT(classes)];
  must(engine, berth_pods_place(engine, classes, COUNT(classes), 0, placed));
  const berth_pod_id pods[] = {placed[0].pod, placed[1].pod};
  must(engine, berth_pods_confirm(engine, pods, COUNT(pods)));

  berth_engine *again;
  berth_recovery found = {.struct_size = sizeof found};
  uint64_t here, there;
  must(NULL, berth_engine_recover(snapshot, journal, NULL, &found, &again));
  must(engine, berth_engine_digest(engine, &here));
  must(again, berth_engine_digest(again, &there));
  printf("recovered with %" PRIu64 " calls of the journal: %s digest, %" PRIu64 " pods\n", found.replayed,
         here == there ? "the same" : "another", pod_count(again));
  berth_placement next;
  place(again, "next there", packing, 1, 0, &next);
  place(engine, "next here", packing, 1, 0, &next);

  must(engine, berth_journal_close(engine));
  must(NULL, berth_engine_destroy(again));
  unlink(snapshot);
  unlink(journal);
  rmdir(folder);
}

static void print_counters(berth_engine *engine) {
  static const char *const counters[] = {
      "berth_placements_total", "berth_statements_total", "berth_rollbacks_total",
      "berth_forks_total",      "berth_events_total",     "berth_refusals_total{status=\"BERTH_NO_ROOM\"}",
  };
  static char text[1 << 16];
  must(engine, berth_metrics_text(engine, text, sizeof text, NULL));
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    for (size_t i = 0; i < COUNT(counters); i++) {
      if (strncmp(line, counters[i], strlen(counters[i])) == 0)
        printf("%s\n", line);
    }
  }
}

int main(void) {
  berth_engine *engine;
  must(NULL, berth_engine_create(NULL, &engine));
  describe_nodes(engine);
  packing = describe_class(engine, "packing", BERTH_TERM_BINPACK);
  spreading = describe_class(engine, "spreading", BERTH_TERM_SPREAD);
  must(engine, berth_events_enable(engine, 64));

  try_gangs(engine);
  try_policy(engine, "packing", packing);
  try_policy(engine, "spreading", spreading);
  printf("the cluster has %" PRIu64 " pods\n", pod_count(engine));

  berth_placement member, chosen;
  hold_capacity(engine, &member);
  choose_cheapest(engine, &chosen);
  must(engine, berth_pods_confirm(engine, &member.pod, 1));
  must(engine, berth_pods_release(engine, &chosen.pod, 1));
  must(engine, berth_nodes_cordon(engine, &nodes[0], 1, 1));
  print_events(engine);
  recover(engine);
  print_counters(engine);
  must(NULL, berth_engine_destroy(engine));
  return 0;
}
