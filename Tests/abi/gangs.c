/* Gangs: refusals as in refusals.h, and a cluster so small that it can be said beforehand where each gang goes. */
#include "refusals.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MOST = 40, ZONE = 1, RACK = 2, NODE = 3 };

static berth_class_id worker, master;
static berth_placement placements[MOST];
static uint32_t roles_of[MOST];
static berth_gang_result told;

/* A gang of one role that need not be packed. */
static berth_gang_role role_of(berth_class_id pod_class, uint32_t least, uint32_t most) {
  berth_gang_role role;
  memset(&role, 0, sizeof role);
  role.pod_class = pod_class;
  role.min_members = least;
  role.max_members = most;
  return role;
}

static berth_gang gang_of(const berth_gang_role *roles, uint32_t count, uint32_t required_level) {
  berth_gang gang;
  memset(&gang, 0xA5, sizeof gang);
  berth_gang_init(&gang);
  MUST(gang.struct_size == sizeof gang && gang.roles == NULL && gang.role_count == 0 && gang.running == NULL);
  MUST(gang.flags == 0 && gang.domain == BERTH_ROOT_DOMAIN && gang.fabrics == NULL && gang.min_members == 0);
  gang.roles = roles;
  gang.role_count = count;
  gang.required_level = required_level;
  return gang;
}

static uint64_t pod_count(void) {
  berth_engine_info info = {.struct_size = sizeof info};
  OK(berth_engine_read_info(engine, &info));
  return info.pods;
}

/* `told` must stay as it is, beside what REFUSED looks at. */
#define GANG_REFUSED(status, word, gang)                                                                               \
  do {                                                                                                                 \
    berth_gang_result before;                                                                                          \
    memset(&told, 0xA5, sizeof told);                                                                                  \
    told.struct_size = sizeof told;                                                                                    \
    before = told;                                                                                                     \
    REFUSED(status, word, berth_gang_place(engine, gang, 0, 4, results.placements, NULL, &told));                      \
    MUST(memcmp(&before, &told, sizeof told) == 0);                                                                    \
  } while (0)

#define SPOILT_GANG(status, word, spoil)                                                                               \
  do {                                                                                                                 \
    berth_gang spoilt = good;                                                                                          \
    spoilt.spoil;                                                                                                      \
    GANG_REFUSED(status, word, &spoilt);                                                                               \
  } while (0)

#define SPOILT_ROLE(status, word, spoil)                                                                               \
  do {                                                                                                                 \
    berth_gang_role spoilt[2] = {role, role};                                                                          \
    spoilt[1].spoil;                                                                                                   \
    berth_gang of_spoilt = good;                                                                                       \
    of_spoilt.roles = spoilt;                                                                                          \
    of_spoilt.role_count = 2;                                                                                          \
    GANG_REFUSED(status, word, &of_spoilt);                                                                            \
  } while (0)

#define SPOILT_SLICES(status, word, ...)                                                                               \
  do {                                                                                                                 \
    berth_gang_role sliced = role;                                                                                     \
    berth_gang_slice slices[] = {__VA_ARGS__};                                                                         \
    memcpy(sliced.slices, slices, sizeof slices);                                                                      \
    sliced.slice_count = COUNT(slices);                                                                                \
    SPOILT_GANG(status, word, roles = &sliced);                                                                        \
  } while (0)

static void gang_refusals(berth_pod_id pod, berth_pod_id gone) {
  berth_gang_role role = role_of(worker, 2, 2);
  berth_gang good = gang_of(&role, 1, 1);
  berth_gang_member running[2] = {{.pod = pod}, {.pod = pod}};
  told.struct_size = sizeof told;
  REFUSED(BERTH_NULL_POINTER, "gang", berth_gang_place(engine, NULL, 0, 4, results.placements, NULL, &told));
  REFUSED(BERTH_NULL_POINTER, "placements_out", berth_gang_place(engine, &good, 0, 4, NULL, NULL, &told));
  REFUSED(BERTH_NULL_POINTER, "result_out", berth_gang_place(engine, &good, 0, 4, results.placements, NULL, NULL));
  REFUSED(BERTH_BAD_ARGUMENT, "capacity 1", berth_gang_place(engine, &good, 0, 1, results.placements, NULL, &told));
  for (int bit = 1; bit < 32; bit++)
    REFUSED(BERTH_BAD_ARGUMENT, "flags",
            berth_gang_place(engine, &good, 1u << bit, 4, results.placements, NULL, &told));
  for (int bit = 0; bit < 32; bit++) {
    told.struct_size = (uint32_t)sizeof told ^ 1u << bit;
    REFUSED(BERTH_BAD_STRUCT, "struct_size", berth_gang_place(engine, &good, 0, 4, results.placements, NULL, &told));
    SPOILT_GANG(BERTH_BAD_STRUCT, "struct_size", struct_size ^= 1u << bit);
    SPOILT_GANG(BERTH_BAD_ARGUMENT, "flags", flags = 1u << bit);
    SPOILT_ROLE(BERTH_BAD_STRUCT, "role 1: reserved", reserved[bit & 1] = 1u << bit);
  }
  /* this engine has no levels: 1 is the node */
  SPOILT_GANG(BERTH_UNKNOWN_ID, "domain 1", domain = 1);
  SPOILT_GANG(BERTH_UNKNOWN_ID, "domain", domain = BERTH_NO_DOMAIN);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "required_level 2", required_level = 2);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "preferred_level 4294967295", preferred_level = UINT32_MAX);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "separate_level 2", separate_level = 2);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "role_count is 0", role_count = 0);
  SPOILT_GANG(BERTH_LIMIT, "17 roles", role_count = BERTH_MAX_GANG_ROLES + 1);
  SPOILT_GANG(BERTH_LIMIT, "roles", role_count = UINT32_MAX);
  SPOILT_GANG(BERTH_NULL_POINTER, "roles", roles = NULL);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "min_members", min_members = 3);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "min_members", min_members = UINT32_MAX);

  SPOILT_ROLE(BERTH_UNKNOWN_ID, "role 1: class", pod_class = BERTH_NO_CLASS);
  SPOILT_ROLE(BERTH_BAD_ARGUMENT, "role 1: min_members 3", min_members = 3);
  SPOILT_ROLE(BERTH_LIMIT, "role 1", max_members = BERTH_MAX_GANG_MEMBERS + 1);
  SPOILT_ROLE(BERTH_LIMIT, "members", max_members = BERTH_MAX_GANG_MEMBERS); /* with those of the other */
  SPOILT_ROLE(BERTH_BAD_ARGUMENT, "role 1: required_level 9", required_level = 9);
  SPOILT_ROLE(BERTH_BAD_ARGUMENT, "role 1: preferred_level 9", preferred_level = 9);
  SPOILT_ROLE(BERTH_BAD_ARGUMENT, "role 1: spread_level 9", spread_level = 9);
  SPOILT_ROLE(BERTH_BAD_ARGUMENT, "go together", spread_level = 1);
  SPOILT_ROLE(BERTH_BAD_ARGUMENT, "go together", spread_members = 1);
  SPOILT_ROLE(BERTH_LIMIT, "4 slices", slice_count = BERTH_MAX_GANG_SLICES + 1);
  SPOILT_SLICES(BERTH_BAD_ARGUMENT, "slice 0", {0, 2});
  SPOILT_SLICES(BERTH_BAD_ARGUMENT, "slice 0", {1, 0});
  SPOILT_SLICES(BERTH_BAD_ARGUMENT, "slice 0: level 2", {2, 2});
  SPOILT_SLICES(BERTH_BAD_ARGUMENT, "do not divide min_members 2", {1, 4});
  SPOILT_SLICES(BERTH_BAD_ARGUMENT, "slice 1: level 1 is not below 1", {1, 2}, {1, 1});

  SPOILT_GANG(BERTH_NULL_POINTER, "running", running_count = 1);
  SPOILT_GANG(BERTH_LIMIT, "running", running_count = BERTH_MAX_GANG_MEMBERS + 1);
  SPOILT_GANG(BERTH_LIMIT, "running", running_count = SIZE_MAX);
  good.running = running;
  SPOILT_GANG(BERTH_DUPLICATE, "entry 1", running_count = 2);
  running[1].pod = gone;
  SPOILT_GANG(BERTH_STALE_ID, "running member 1", running_count = 2);
  running[1].pod = BERTH_NO_POD;
  SPOILT_GANG(BERTH_UNKNOWN_ID, "running member 1", running_count = 2);
  running[0].role = 1;
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "running member 0: role 1", running_count = 1);
  running[0].role = 0;
  running[0].reserved = 1;
  SPOILT_GANG(BERTH_BAD_STRUCT, "running member 0: reserved", running_count = 1);
  running[0].reserved = 0;
  berth_gang_role other = role_of(master, 2, 2);
  good.roles = &other;
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "its class", running_count = 1);
}

#define SPOILT_FABRIC(status, word, spoil)                                                                             \
  do {                                                                                                                 \
    berth_fabric bad = torus;                                                                                          \
    bad.spoil;                                                                                                         \
    SPOILT_GANG(status, "fabric 0" word, fabrics = &bad);                                                              \
  } while (0)

static void fabric_refusals(void) {
  berth_gang_role role = role_of(worker, 2, 2), two[2] = {role, role};
  berth_node_id places[4] = {nodes[0], nodes[1], nodes[2], BERTH_NO_NODE};
  berth_fabric_box boxes[1] = {{.x = 2, .y = 1, .z = 1}};
  berth_fabric torus = {.kind = BERTH_FABRIC_TORUS, .x_size = 2, .y_size = 2, .z_size = 1, .nodes = places};
  berth_gang good = gang_of(&role, 1, 0);
  torus.boxes = boxes;
  torus.box_count = 1;
  good.fabric_count = 1;
  SPOILT_GANG(BERTH_NULL_POINTER, "fabrics", fabrics = NULL);
  good.fabrics = &torus;
  SPOILT_GANG(BERTH_LIMIT, "fabrics", fabric_count = BERTH_MAX_FABRIC_NODES + 1);
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "nothing else is required", required_level = 1);
  SPOILT_GANG(BERTH_LIMIT, "fabrics", fabric_count = SIZE_MAX);
  good.roles = two;
  SPOILT_GANG(BERTH_BAD_ARGUMENT, "one role", role_count = 2);
  good.roles = &role;
  SPOILT_FABRIC(BERTH_BAD_ARGUMENT, ": kind 0", kind = 0);
  SPOILT_FABRIC(BERTH_BAD_ARGUMENT, ": kind 3", kind = 3);
  SPOILT_FABRIC(BERTH_BAD_ARGUMENT, ": a ring", kind = BERTH_FABRIC_RING);
  SPOILT_FABRIC(BERTH_BAD_ARGUMENT, ": a size is 0", y_size = 0);
  SPOILT_FABRIC(BERTH_LIMIT, ": more", x_size = UINT32_MAX);
  SPOILT_FABRIC(BERTH_LIMIT, ": more", z_size = BERTH_MAX_FABRIC_NODES);
  SPOILT_FABRIC(BERTH_NULL_POINTER, ": nodes", nodes = NULL);
  SPOILT_FABRIC(BERTH_NULL_POINTER, ": boxes", boxes = NULL);
  SPOILT_FABRIC(BERTH_LIMIT, ": 1025 boxes", box_count = BERTH_MAX_FABRIC_BOXES + 1);
  SPOILT_FABRIC(BERTH_LIMIT, "", box_count = SIZE_MAX);
  boxes[0].reserved = 1;
  SPOILT_FABRIC(BERTH_BAD_STRUCT, ": box 0", kind = BERTH_FABRIC_TORUS);
  boxes[0].reserved = 0;
  boxes[0].z = 2;
  SPOILT_FABRIC(BERTH_BAD_ARGUMENT, ": box 0", kind = BERTH_FABRIC_TORUS);
  boxes[0].z = 1;
  places[3] = nodes[0];
  SPOILT_FABRIC(BERTH_DUPLICATE, ": place 3", kind = BERTH_FABRIC_TORUS);
  places[3] = gone_node;
  SPOILT_FABRIC(BERTH_STALE_ID, ": place 3", kind = BERTH_FABRIC_TORUS);
}

static void call_refusals(berth_pod_id pod, berth_pod_id gone) {
  berth_gang_role role = role_of(worker, 2, 2);
  berth_gang gangs[2] = {gang_of(&role, 1, 0), gang_of(&role, 1, 9)};
  berth_gang_result two[2];
  berth_placement *out = results.placements;
  REFUSED(BERTH_NULL_POINTER, "gangs", berth_gangs_place(engine, NULL, 2, 0, 4, out, NULL, two));
  REFUSED(BERTH_NULL_POINTER, "results_out", berth_gangs_place(engine, gangs, 2, 0, 4, out, NULL, NULL));
  REFUSED(BERTH_LIMIT, "gangs", berth_gangs_place(engine, gangs, BERTH_MAX_GANGS + 1, 0, 4, out, NULL, two));
  REFUSED(BERTH_LIMIT, "gangs", berth_gangs_place(engine, gangs, SIZE_MAX, 0, 4, out, NULL, two));
  REFUSED(BERTH_BAD_ARGUMENT, "gang 1: required_level 9", berth_gangs_place(engine, gangs, 2, 0, 4, out, NULL, two));
  gangs[1].required_level = 0;
  REFUSED(BERTH_BAD_ARGUMENT, "capacity 3", berth_gangs_place(engine, gangs, 2, 0, 3, out, NULL, two));

  berth_pod_id pods[2] = {pod, pod};
  REFUSED(BERTH_NULL_POINTER, "members", berth_gang_shrink(engine, NULL, 2, 1, results.pods));
  REFUSED(BERTH_NULL_POINTER, "released_out", berth_gang_shrink(engine, pods, 2, 1, NULL));
  REFUSED(BERTH_LIMIT, "members", berth_gang_shrink(engine, pods, BERTH_MAX_GANG_MEMBERS + 1, 1, results.pods));
  REFUSED(BERTH_LIMIT, "members", berth_gang_shrink(engine, pods, SIZE_MAX, 1, results.pods));
  REFUSED(BERTH_BAD_ARGUMENT, "keep 2", berth_gang_shrink(engine, pods, 1, 2, results.pods));
  REFUSED(BERTH_BAD_ARGUMENT, "keep", berth_gang_shrink(engine, pods, 1, SIZE_MAX, results.pods));
  REFUSED(BERTH_DUPLICATE, "entry 1", berth_gang_shrink(engine, pods, 2, 1, results.pods));
  pods[1] = gone;
  REFUSED(BERTH_STALE_ID, "entry 1", berth_gang_shrink(engine, pods, 2, 1, results.pods));
  pods[1] = BERTH_NO_POD;
  REFUSED(BERTH_UNKNOWN_ID, "entry 1", berth_gang_shrink(engine, pods, 2, 1, results.pods));
  OK(berth_gang_shrink(engine, NULL, 0, 0, NULL));

  char text[8] = "";
  memset(&told, 0, sizeof told);
  REFUSED(BERTH_BAD_STRUCT, "struct_size", berth_gang_message(engine, &told, text, sizeof text, NULL));
  told.struct_size = sizeof told;
  REFUSED(BERTH_NULL_POINTER, "result", berth_gang_message(engine, NULL, text, sizeof text, NULL));
  REFUSED(BERTH_NULL_POINTER, "text", berth_gang_message(engine, &told, NULL, 1, NULL));
  REFUSED(BERTH_BAD_ARGUMENT, "outcome 0", berth_gang_message(engine, &told, text, sizeof text, NULL));
  told.outcome = BERTH_GANG_PLACED;
  told.common_domain = 77;
  REFUSED(BERTH_UNKNOWN_ID, "domain 77", berth_gang_message(engine, &told, text, sizeof text, NULL));
  berth_gang_init(NULL); /* does nothing */
}

/* A ring of the three nodes: an arc that is cut from the end of the shortest run of free nodes. */
static void ring(void) {
  berth_gang_role role = role_of(worker, 2, 2);
  berth_fabric fabric = {.kind = BERTH_FABRIC_RING, .x_size = NODES, .y_size = 1, .z_size = 1, .nodes = nodes};
  berth_gang gang = gang_of(&role, 1, 0);
  gang.fabrics = &fabric;
  gang.fabric_count = 1;
  told.struct_size = sizeof told;
  OK(berth_gang_place(engine, &gang, BERTH_PLACE_DRY_RUN, MOST, placements, roles_of, &told));
  MUST(told.outcome == BERTH_GANG_PLACED && told.members == 2 && told.domains[1] == 2);
  MUST(placements[0].node != placements[1].node && placements[0].pod == BERTH_NO_POD);
  role.min_members = role.max_members = 4;
  OK(berth_gang_place(engine, &gang, 0, MOST, placements, roles_of, &told));
  MUST(told.outcome == BERTH_GANG_NO_FIT && told.needed == 4 && told.available == 3);
}

/* zone-a: racks a1 and a2 with two nodes each; zone-b: rack b1 with three. A node takes four workers. */
enum { HOSTS = 7 };
static berth_node_id hosts[HOSTS];
static berth_domain_id zones[2], racks[3];

static void build(void) {
  static const char *const keys[] = {"zone", "rack"};
  static const char *const names[] = {"a1", "a2", "b1"};
  static const uint32_t rack_of[HOSTS] = {0, 0, 1, 1, 2, 2, 2};
  berth_engine_options options;
  berth_engine_options_init(&options);
  options.level_count = COUNT(keys);
  options.level_keys = keys;
  OK(berth_engine_create(&options, &engine));
  OK(berth_resource_add(engine, "cpu", BERTH_RESOURCE_CPU, &cpu));
  berth_term term = {.kind = BERTH_TERM_BINPACK, .weight = 1};
  OK(berth_profile_add(engine, "packing", &term, 1, &profile));
  OK(berth_domain_add(engine, BERTH_ROOT_DOMAIN, "zone-a", &zones[0]));
  OK(berth_domain_add(engine, BERTH_ROOT_DOMAIN, "zone-b", &zones[1]));
  for (size_t i = 0; i < COUNT(names); i++)
    OK(berth_domain_add(engine, zones[i / 2], names[i], &racks[i]));
  berth_node rows[HOSTS] = {{0}};
  int64_t allocatable[HOSTS];
  for (size_t i = 0; i < HOSTS; i++) {
    rows[i].domain = racks[rack_of[i]];
    allocatable[i] = 400; /* intern_class asks for 100 */
  }
  berth_node_batch batch = batch_of(HOSTS);
  batch.nodes = rows;
  batch.allocatable = allocatable;
  OK(berth_nodes_add(engine, &batch, hosts));
  OK(intern_class(NULL, &worker));
  OK(intern_class(NULL, &master));
}

static void place(const berth_gang *gang, uint32_t flags) {
  memset(&told, 0xA5, sizeof told);
  told.struct_size = sizeof told;
  OK(berth_gang_place(engine, gang, flags, MOST, placements, roles_of, &told));
  MUST(told.outcome != BERTH_GANG_PLACED || told.level_count == 4);
}

static void must_say(const char *sentence) {
  char text[300];
  size_t length;
  OK(berth_gang_message(engine, &told, text, sizeof text, &length));
  MUST(length == strlen(text));
  if (strcmp(text, sentence) != 0) {
    fprintf(stderr, "told: %s\nwanted: %s\n", text, sentence);
    exit(1);
  }
  OK(berth_gang_message(engine, &told, text, 4, &length));
  MUST(strlen(text) == 3 && length == strlen(sentence) && strncmp(text, sentence, 3) == 0);
  OK(berth_gang_message(engine, &told, NULL, 0, NULL));
}

static void must_open(uint32_t zone_count, uint32_t rack_count, uint32_t node_count) {
  MUST(told.outcome == BERTH_GANG_PLACED && told.domains[0] == 1);
  MUST(told.domains[ZONE] == zone_count && told.domains[RACK] == rack_count && told.domains[NODE] == node_count);
}

/* Each entry's node, by its number. */
static void must_be_on(const uint32_t *wanted, size_t count) {
  int64_t score = 0;
  MUST(told.members == count);
  for (size_t i = 0; i < count; i++) {
    MUST(placements[i].node == hosts[wanted[i]] && placements[i].outcome == BERTH_PLACED);
    score += placements[i].score;
  }
  MUST(told.score == score && told.score_bound >= score);
}
#define MUST_BE_ON(...)                                                                                                \
  do {                                                                                                                 \
    static const uint32_t on[] = {__VA_ARGS__};                                                                        \
    must_be_on(on, COUNT(on));                                                                                         \
  } while (0)

static void release_all(void) {
  berth_pod_id pods[64];
  berth_event events[256];
  size_t count = 0, live = 0;
  uint64_t cursor;
  OK(berth_events_read(engine, 0, COUNT(events), events, &count, &cursor));
  for (size_t i = 0; i < count; i++) {
    berth_pod_state state;
    size_t known = 0;
    while (known < live && pods[known] != events[i].pod)
      known++;
    if (events[i].kind == BERTH_EVENT_POD_ASSUMED && known == live &&
        berth_pods_read(engine, &events[i].pod, 1, &state) == BERTH_OK)
      pods[live++] = events[i].pod;
  }
  OK(berth_pods_release(engine, pods, live));
  MUST(pod_count() == 0);
}

/* Eight workers in a rack, then fewer, then more. */
static void place_shrink_grow(void) {
  berth_gang_role role = role_of(worker, 8, 8);
  berth_gang gang = gang_of(&role, 1, RACK);
  uint64_t before = digest();
  place(&gang, BERTH_PLACE_DRY_RUN);
  MUST(digest() == before && placements[0].pod == BERTH_NO_POD && placements[7].node == hosts[1]);
  place(&gang, 0);
  MUST_BE_ON(0, 0, 0, 0, 1, 1, 1, 1); /* a1 holds eight, as a2 does, and b1 is larger */
  must_open(1, 1, 2);
  MUST(told.limits == 0 && told.common_level == RACK && told.common_domain == racks[0] && told.preferred_met == 1);
  MUST(told.domains_bound[ZONE] == 1 && told.domains_bound[RACK] == 1 && told.domains_bound[NODE] == 2);
  MUST(told.left_over[RACK] == 0 && told.left_over[NODE] == 0 && told.left_over[ZONE] == 8);
  MUST(told.left_over[0] == 20 && told.score_bound == told.score);
  must_say("8 members placed in zone-a/a1: 2 nodes");

  berth_pod_id pods[8], released[4];
  for (size_t i = 0; i < COUNT(pods); i++)
    pods[i] = placements[i].pod;
  before = digest();
  OK(berth_gang_shrink(engine, pods, 8, 8, NULL));
  MUST(digest() == before);
  OK(berth_gang_shrink(engine, pods, 8, 4, released)); /* one node does for four */
  for (size_t i = 0; i < COUNT(released); i++) {
    berth_pod_state state;
    MUST(berth_pods_read(engine, &released[i], 1, &state) == BERTH_STALE_ID);
  }
  for (size_t i = 0; i < 4; i++) {
    berth_pod_state state;
    OK(berth_pods_read(engine, &pods[i], 1, &state));
    MUST(state.node == hosts[0]);
  }

  /* as many as fit beside those that run: the other node of their rack */
  berth_gang_member running[4];
  for (size_t i = 0; i < COUNT(running); i++)
    running[i] = (berth_gang_member){.pod = pods[i]};
  role = role_of(worker, 1, 16);
  gang.running = running;
  gang.running_count = COUNT(running);
  gang.min_members = 8;
  place(&gang, 0);
  MUST_BE_ON(1, 1, 1, 1);
  must_open(1, 1, 2);
  MUST(told.common_domain == racks[0]);
  gang.min_members = 9;
  before = digest();
  place(&gang, 0); /* a1 is full */
  MUST(told.outcome == BERTH_GANG_NO_FIT && told.needed == 5 && told.available == 0 && digest() == before);
  release_all();
}

/* What cannot be is proven, with the least that would do. */
static void prove(void) {
  berth_gang_role role = role_of(worker, 13, 13);
  berth_gang gang = gang_of(&role, 1, RACK);
  uint64_t before = digest();
  place(&gang, 0);
  MUST(told.outcome == BERTH_GANG_NO_FIT && told.limits == 0 && told.members == 0 && digest() == before);
  MUST(told.role == 0 && told.level == RACK && told.needed == 13 && told.available == 12);
  MUST(told.best_domain == racks[2] && told.enough_domains == 2 && told.resource == cpu);
  must_say("no domain of rack holds 13 members of role 0, the best (zone-b/b1) holds 12; 2 would do together; "
           "what lacks is cpu");
  gang.required_level = 0;
  gang.preferred_level = RACK; /* what is only preferred is given up */
  place(&gang, BERTH_PLACE_DRY_RUN);
  must_open(1, 2, 4);
  MUST(told.preferred_met == 0 && told.common_domain == zones[0] && told.left_over[ZONE] == 3);
  gang.domain = zones[1];
  place(&gang, 0);
  MUST(told.outcome == BERTH_GANG_NO_FIT && told.available == 12 && digest() == before);
}

/* Gangs that start together: all or none, each told what it is. */
static void together(void) {
  berth_gang_role many = role_of(worker, 12, 12), few = role_of(worker, 9, 9);
  berth_gang gangs[2] = {gang_of(&many, 1, RACK), gang_of(&few, 1, RACK)};
  berth_gang_result both[2];
  uint64_t before = digest();
  OK(berth_gangs_place(engine, gangs, 2, 0, MOST, placements, roles_of, both));
  MUST(both[0].outcome == BERTH_GANG_WITHDRAWN && both[1].outcome == BERTH_GANG_NO_FIT && digest() == before);
  MUST(both[1].needed == 9 && both[1].available == 8);
  told = both[0];
  must_say("another gang of the same call was not placed");
  few.min_members = few.max_members = 8;
  OK(berth_gangs_place(engine, gangs, 2, 0, MOST, placements, roles_of, both));
  MUST(both[0].outcome == BERTH_GANG_PLACED && both[0].members == 12 && both[0].common_domain == racks[2]);
  MUST(both[1].outcome == BERTH_GANG_PLACED && both[1].members == 8 && both[1].common_domain == racks[0]);
  MUST(placements[11].node == hosts[6] && placements[12].node == hosts[0] && roles_of[19] == 0);
  OK(berth_gangs_place(engine, NULL, 0, 0, 0, NULL, NULL, NULL));
  release_all();
}

static void slices_and_limits(void) {
  berth_gang_role role = role_of(worker, 16, 16);
  berth_gang gang = gang_of(&role, 1, 0);
  role.slice_count = 1;
  role.slices[0] = (berth_gang_slice){.level = RACK, .members = 8};
  place(&gang, 0);
  MUST_BE_ON(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  must_open(1, 2, 4);
  release_all();
  role.min_members = role.max_members = 32; /* b1 takes one slice */
  place(&gang, 0);
  MUST(told.outcome == BERTH_GANG_NO_FIT && told.needed == 32 && told.available == 24);

  role = role_of(worker, 6, 6);
  role.spread_level = NODE;
  role.spread_members = 2;
  place(&gang, 0);
  MUST_BE_ON(4, 4, 5, 5, 6, 6); /* the only rack with three nodes */
  must_open(1, 1, 3);
  release_all();
}

/* A master and its workers in one zone, but not in one rack. */
static void roles(void) {
  berth_gang_role two[2] = {role_of(master, 1, 1), role_of(worker, 8, 8)};
  berth_gang gang = gang_of(two, 2, ZONE);
  gang.separate_level = RACK;
  place(&gang, 0);
  must_open(1, 2, 3);
  MUST(told.members == 9 && told.common_domain == zones[0] && roles_of[0] == 0 && roles_of[1] == 1 && roles_of[8] == 1);
  MUST(placements[0].pod_class == master && placements[1].pod_class == worker);
  berth_node_state states[9];
  for (size_t i = 0; i < COUNT(states); i++)
    OK(berth_nodes_read(engine, &placements[i].node, 1, NULL, 0, &states[i], NULL, NULL));
  for (size_t i = 1; i < COUNT(states); i++)
    MUST(states[i].domain == states[1].domain && states[i].domain != states[0].domain);
  release_all();
}

int main(void) {
  open_engine();
  OK(intern_class(NULL, &worker));
  OK(intern_class(NULL, &master));
  berth_pod_id pod, gone;
  OK(berth_pods_bind(engine, &worker, &nodes[0], 1, &pod));
  OK(berth_pods_bind(engine, &worker, &nodes[0], 1, &gone));
  OK(berth_pods_release(engine, &gone, 1));
  gang_refusals(pod, gone);
  fabric_refusals();
  call_refusals(pod, gone);
  ring();
  OK(berth_engine_validate(engine));
  OK(berth_engine_destroy(engine));

  build();
  OK(berth_events_enable(engine, 256));
  place_shrink_grow();
  prove();
  together();
  slices_and_limits();
  roles();
  return close_engine("gangs");
}
