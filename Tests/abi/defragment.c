/* Plans that free GPUs and nodes: refusals as in refusals.h, and what comes of a plan when it is carried out. */
#include "refusals.h"

static berth_class_id four, half, plain;
static berth_defragment_report report;

static berth_class_id class_of(berth_device_demand demand) {
  berth_class_id id;
  OK(intern_class(&demand, &id));
  return id;
}

/* A pod on these GPUs of a node. */
static berth_pod_id bind(berth_class_id pod_class, uint32_t node, uint32_t mask, uint32_t share_milli) {
  berth_claim claim = {.gpus = mask, .share_milli = share_milli};
  berth_pod_id pod;
  OK(berth_pods_bind_claims(engine, &pod_class, &nodes[node], &claim, 1, &pod));
  return pod;
}

static berth_defragment_options options_for(uint32_t goal) {
  berth_defragment_options options;
  berth_defragment_options_init(&options);
  MUST(options.goal == BERTH_DEFRAGMENT_GPUS && options.most_moves == 100 && options.iterations == 200000);
  MUST(options.movable == NULL && options.movable_count == 0 && options.reserved == 0);
  options.goal = goal;
  options.iterations = 2000;
  return options;
}

/* What is wholly free and healthy, as anyone can count it. */
static void count_free(uint64_t *free_gpus, uint64_t *free_nodes) {
  berth_gpu_state states[GPUS];
  berth_machine_id id;
  *free_gpus = *free_nodes = 0;
  for (uint32_t node = 0; node < NODES; node++) {
    uint64_t here = 0;
    OK(berth_node_read_devices(engine, nodes[node], &id, states, NULL));
    for (uint32_t gpu = 0; gpu < GPUS; gpu++)
      here += states[gpu].free_milli == 1000 && states[gpu].free_memory_mib == 1000 && !states[gpu].is_sick;
    *free_gpus += here;
    *free_nodes += here == GPUS;
  }
}

/* Plans, looks whether the plan keeps its word, and takes it back; returns its length. */
static uint32_t plan(const berth_defragment_options *options, berth_migration *moves) {
  uint64_t free_gpus, free_nodes, before = digest();
  report.struct_size = sizeof report;
  OK(berth_defragment(engine, options, moves, &report));
  MUST(digest() == before);
  count_free(&free_gpus, &free_nodes);
  MUST(report.free_gpus_before == free_gpus && report.free_nodes_before == free_nodes);
  MUST(report.moves <= options->most_moves);
  berth_statement_id statement;
  OK(berth_statement_begin(engine, &statement));
  for (uint32_t i = 0; i < report.moves; i++) {
    berth_pod_state state;
    OK(berth_pods_read(engine, &moves[i].pod, 1, &state));
    MUST(state.node == moves[i].from_node && moves[i].to_node != moves[i].from_node);
    for (uint32_t other = 0; other < i; other++)
      MUST(moves[other].pod != moves[i].pod);
    OK(berth_pods_move(engine, &moves[i].pod, &moves[i].to_node, 1));
  }
  count_free(&free_gpus, &free_nodes);
  MUST(report.free_gpus_after == free_gpus && report.free_nodes_after == free_nodes);
  OK(berth_engine_validate(engine));
  OK(berth_statement_discard(engine, statement));
  MUST(digest() == before);
  return report.moves;
}

static void gains(const berth_pod_id *fours, const berth_pod_id *halves) {
  berth_defragment_options options = options_for(BERTH_DEFRAGMENT_NODES);
  berth_migration moves[100];
  static const uint32_t budgets[] = {1, 2, 3, 4, 100};
  for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++)
    for (uint32_t goal = BERTH_DEFRAGMENT_GPUS; goal <= BERTH_DEFRAGMENT_NODES; goal++) {
      options.goal = goal;
      options.most_moves = budgets[i];
      plan(&options, moves);
      MUST(report.free_gpus_after >= report.free_gpus_before || goal != BERTH_DEFRAGMENT_GPUS);
      MUST(report.free_nodes_after >= report.free_nodes_before || goal != BERTH_DEFRAGMENT_NODES);
    }
  MUST(report.free_nodes_before == 0 && report.free_nodes_after == 2);
  options = options_for(BERTH_DEFRAGMENT_GPUS);
  MUST(plan(&options, moves) > 0 && report.free_gpus_after == report.free_gpus_before + 1);
  options.movable = fours; /* halves stay, and whole GPUs free none by moving */
  options.movable_count = 3;
  MUST(plan(&options, moves) == 0 && report.free_gpus_after == report.free_gpus_before);
  options.movable = halves;
  options.movable_count = 1;
  MUST(plan(&options, moves) == 1 && moves[0].pod == halves[0]);
  options.movable_count = 0; /* none, where null is all */
  MUST(plan(&options, moves) == 0);
}

/* `report` must stay as it is, beside what REFUSED looks at. */
#define SPOILT(status, word, spoil)                                                                                    \
  do {                                                                                                                 \
    berth_defragment_options options = good;                                                                           \
    berth_defragment_report before;                                                                                    \
    options.spoil;                                                                                                     \
    memset(&report, 0xA5, sizeof report);                                                                              \
    report.struct_size = sizeof report;                                                                                \
    before = report;                                                                                                   \
    REFUSED(status, word, berth_defragment(engine, &options, results.migrations, &report));                            \
    MUST(memcmp(&before, &report, sizeof report) == 0);                                                                \
  } while (0)

static void refusals(berth_pod_id pod, berth_pod_id bare, berth_pod_id gone) {
  berth_pod_id pods[2] = {pod, pod};
  berth_defragment_options good = options_for(BERTH_DEFRAGMENT_GPUS);
  good.movable = pods;
  good.movable_count = 1;
  report.struct_size = sizeof report;
  REFUSED(BERTH_NULL_POINTER, "options", berth_defragment(engine, NULL, results.migrations, &report));
  REFUSED(BERTH_NULL_POINTER, "migrations_out", berth_defragment(engine, &good, NULL, &report));
  REFUSED(BERTH_NULL_POINTER, "report_out", berth_defragment(engine, &good, results.migrations, NULL));
  SPOILT(BERTH_NULL_POINTER, "movable", movable = NULL);
  SPOILT(BERTH_LIMIT, "movable", movable_count = SIZE_MAX);
  for (int bit = 0; bit < 32; bit++)
    SPOILT(BERTH_BAD_STRUCT, "struct_size", struct_size ^= 1u << bit);
  for (int bit = 1; bit < 32; bit++)
    SPOILT(BERTH_BAD_ARGUMENT, "goal", goal = 1u << bit);
  for (int bit = 0; bit < 32; bit++)
    SPOILT(BERTH_BAD_STRUCT, "reserved", reserved = 1u << bit);
  SPOILT(BERTH_BAD_ARGUMENT, "most_moves 0", most_moves = 0);
  SPOILT(BERTH_BAD_ARGUMENT, "most_moves 65537", most_moves = BERTH_MAX_MIGRATIONS + 1);
  SPOILT(BERTH_BAD_ARGUMENT, "most_moves 4294967295", most_moves = UINT32_MAX);
  SPOILT(BERTH_LIMIT, "iterations", iterations = BERTH_MAX_ITERATIONS + 1);
  SPOILT(BERTH_LIMIT, "iterations", iterations = UINT64_MAX);
  SPOILT(BERTH_DUPLICATE, "entry 1", movable_count = 2);
  pods[1] = bare;
  SPOILT(BERTH_WRONG_STATE, "holds no GPU", movable_count = 2);
  pods[1] = gone;
  SPOILT(BERTH_STALE_ID, "entry 1", movable_count = 2);
  pods[1] = BERTH_NO_POD;
  SPOILT(BERTH_UNKNOWN_ID, "entry 1", movable_count = 2);
  for (int bit = 0; bit < 32; bit++) {
    report.struct_size = (uint32_t)sizeof report ^ 1u << bit;
    REFUSED(BERTH_BAD_STRUCT, "struct_size", berth_defragment(engine, &good, results.migrations, &report));
  }
  berth_defragment_options_init(NULL); /* does nothing */
}

int main(void) {
  open_engine();
  four = class_of((berth_device_demand){.gpu_count = 4, .share_milli = 1000});
  half = class_of((berth_device_demand){.gpu_count = 1, .share_milli = 500});
  OK(intern_class(NULL, &plain));
  berth_defragment_options options = options_for(BERTH_DEFRAGMENT_GPUS);
  berth_migration moves[100];
  MUST(plan(&options, moves) == 0); /* no pods */
  /* all that there is would fit one node, and both halves one GPU */
  berth_pod_id fours[3] = {bind(four, 0, 0x000F, 1000)};
  fours[1] = bind(four, 1, 0xF000, 1000);
  fours[2] = bind(four, 2, 0x0F00, 1000);
  berth_pod_id halves[2] = {bind(half, 0, 0x10, 500), bind(half, 1, 0x1, 500)}, gone = bind(half, 2, 1, 500), bare;
  OK(berth_pods_bind(engine, &plain, &nodes[0], 1, &bare));
  OK(berth_pods_release(engine, &gone, 1));
  refusals(fours[0], bare, gone);
  gains(fours, halves);
  return close_engine("defragment");
}
