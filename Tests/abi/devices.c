/* Machines, models, health, typical pods and what pods ask for, wrong in one thing: see refusals.h. */
#include "refusals.h"

#define SPOILT_MACHINE(status, word, spoil)                                                                            \
  do {                                                                                                                 \
    berth_machine record = good_machine(4);                                                                            \
    spoil;                                                                                                             \
    REFUSED(status, word, berth_machine_intern(engine, &record, &results.machine));                                    \
    nic = (berth_nic){.virtual_functions = 2};                                                                         \
  } while (0)

static char *long_text(size_t length) {
  char *text = malloc(length + 1);
  memset(text, 'x', length);
  text[length] = 0;
  return text;
}

static void machines(void) {
  berth_machine good = good_machine(4);
  REFUSED(BERTH_NULL_POINTER, "machine", berth_machine_intern(engine, NULL, &results.machine));
  REFUSED(BERTH_NULL_POINTER, "id_out", berth_machine_intern(engine, &good, NULL));
  SPOILT_MACHINE(BERTH_BAD_STRUCT, "berth_machine_init", record.struct_size = 0);
  SPOILT_MACHINE(BERTH_BAD_STRUCT, "struct_size", record.struct_size += 8);
  SPOILT_MACHINE(BERTH_BAD_STRUCT, "struct_size", record.struct_size = UINT32_MAX);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "flags", record.flags = 2);
  SPOILT_MACHINE(BERTH_LIMIT, "17 GPUs", record.gpu_count = 17);
  SPOILT_MACHINE(BERTH_LIMIT, "GPUs", record.gpu_count = UINT32_MAX);
  SPOILT_MACHINE(BERTH_LIMIT, "17 NICs", record.nic_count = 17);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPUs", record.gpu_count = 0);
  SPOILT_MACHINE(BERTH_NULL_POINTER, "gpus", record.gpus = NULL);
  SPOILT_MACHINE(BERTH_NULL_POINTER, "nics", record.nics = NULL);
  SPOILT_MACHINE(BERTH_NULL_POINTER, "gpu_links", record.gpu_links = NULL);
  SPOILT_MACHINE(BERTH_NULL_POINTER, "GPU3", gpus[3].model = NULL);
  SPOILT_MACHINE(BERTH_BAD_TEXT, "GPU3", gpus[3].model = "");
  SPOILT_MACHINE(BERTH_BAD_TEXT, "GPU0", gpus[0].model = "a\x80");
  SPOILT_MACHINE(BERTH_BAD_TEXT, "|", gpus[0].model = "a|b");
  SPOILT_MACHINE(BERTH_BAD_STRUCT, "GPU2: reserved", gpus[2].reserved = 1);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU1: memory_mib 0", gpus[1].memory_mib = 0);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "memory_mib", gpus[1].memory_mib = BERTH_MAX_GPU_MEMORY_MIB + 1);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU1: time_slices 32", gpus[1].time_slices = 32);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU1: numa_node 64", gpus[1].numa_node = 64);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU1: pcie_switch 256", gpus[1].pcie_switch = 256);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "NIC0: virtual_functions 0", nic.virtual_functions = 0);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "NIC0: virtual_functions 256", nic.virtual_functions = 256);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "NIC0: numa_node 64", nic.numa_node = 64);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU1", links[4 + 1] = BERTH_LINK_SYSTEM);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU2-GPU1", links[2 * 4 + 1] = BERTH_LINK_SYSTEM);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU0-GPU1", links[1] = BERTH_LINK_NVLINK);
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU0-GPU1", links[1] = 65);
  uint8_t nic_links[4] = {1, 2, 3, BERTH_LINK_NVSWITCH};
  SPOILT_MACHINE(BERTH_BAD_ARGUMENT, "GPU3-NIC0", record.nic_links = nic_links);
}

static void machines_by_text(void) {
  berth_machine_id *out = &results.machine;
  const char *good = "\tGPU0\nGPU0\tX\n", *model = "T4";
  char *name = long_text(BERTH_MAX_TEXT_BYTES + 1), *text = long_text(BERTH_MAX_TOPOLOGY_BYTES + 1);
  REFUSED(BERTH_NULL_POINTER, "name", berth_machine_intern_standard(engine, NULL, model, 0, out));
  REFUSED(BERTH_NULL_POINTER, "id_out", berth_machine_intern_standard(engine, "flat-1", model, 0, NULL));
  REFUSED(BERTH_UNKNOWN_ID, "dgx-h100", berth_machine_intern_standard(engine, "dgx", NULL, 0, out));
  REFUSED(BERTH_BAD_TEXT, "name", berth_machine_intern_standard(engine, name, NULL, 0, out));
  REFUSED(BERTH_BAD_TEXT, "name", berth_machine_intern_standard(engine, "\xff", NULL, 0, out));
  REFUSED(BERTH_BAD_TEXT, "gpu_model", berth_machine_intern_standard(engine, "flat-1", "", 0, out));
  REFUSED(BERTH_BAD_TEXT, "|", berth_machine_intern_standard(engine, "flat-1", "a|b", 1, out));
  REFUSED(BERTH_BAD_ARGUMENT, "memory", berth_machine_intern_standard(engine, "flat-1", "our own", 0, out));
  REFUSED(BERTH_LIMIT, "memory_mib", berth_machine_intern_standard(engine, "flat-1", "T4", UINT32_MAX, out));
  REFUSED(BERTH_NULL_POINTER, "text", berth_machine_intern_matrix(engine, NULL, model, 1, out));
  REFUSED(BERTH_NULL_POINTER, "gpu_model", berth_machine_intern_matrix(engine, good, NULL, 1, out));
  REFUSED(BERTH_NULL_POINTER, "id_out", berth_machine_intern_matrix(engine, good, model, 1, NULL));
  REFUSED(BERTH_BAD_TEXT, "65536 bytes", berth_machine_intern_matrix(engine, text, model, 1, out));
  REFUSED(BERTH_BAD_TEXT, "line 1", berth_machine_intern_matrix(engine, "", model, 1, out));
  REFUSED(BERTH_BAD_TEXT, "line 2", berth_machine_intern_matrix(engine, "\tGPU0\nGPU0\tY\n", model, 1, out));
  REFUSED(BERTH_LIMIT, "memory_mib", berth_machine_intern_matrix(engine, good, model, UINT32_MAX, out));
  REFUSED(BERTH_BAD_ARGUMENT, "memory_mib", berth_machine_intern_matrix(engine, good, "our own", 0, out));
  free(name);
  free(text);

  berth_machine record;
  berth_machine_init(&record);
  REFUSED(BERTH_NULL_POINTER, "machine_out", berth_machine_read(engine, machine, NULL, NULL, NULL, NULL, NULL));
  REFUSED(BERTH_UNKNOWN_ID, "machine 0", berth_machine_read(engine, BERTH_NO_MACHINE, &record, NULL, NULL, NULL, NULL));
  REFUSED(BERTH_UNKNOWN_ID, "machine", berth_machine_read(engine, UINT32_MAX, &record, NULL, NULL, NULL, NULL));
  record.struct_size = 4;
  REFUSED(BERTH_BAD_STRUCT, "struct_size", berth_machine_read(engine, machine, &record, NULL, NULL, NULL, NULL));
}

static void nodes_and_models(void) {
  berth_machine_id same[NODES] = {machine, machine, machine}, unknown[NODES] = {0, 0, machine + 1};
  berth_node_id twice[NODES] = {nodes[0], nodes[1], nodes[0]}, with_gone[NODES] = {nodes[0], gone_node, nodes[1]};
  REFUSED(BERTH_NULL_POINTER, "ids", berth_nodes_set_machines(engine, NULL, same, NODES));
  REFUSED(BERTH_NULL_POINTER, "machines", berth_nodes_set_machines(engine, nodes, NULL, NODES));
  REFUSED(BERTH_LIMIT, "ids", berth_nodes_set_machines(engine, nodes, same, (size_t)BERTH_MAX_NODES + 1));
  REFUSED(BERTH_LIMIT, "ids", berth_nodes_set_machines(engine, nodes, same, SIZE_MAX));
  REFUSED(BERTH_UNKNOWN_ID, "entry 2: machine", berth_nodes_set_machines(engine, nodes, unknown, NODES));
  REFUSED(BERTH_DUPLICATE, "entry 2", berth_nodes_set_machines(engine, twice, same, NODES));
  REFUSED(BERTH_STALE_ID, "entry 1", berth_nodes_set_machines(engine, with_gone, same, NODES));

  REFUSED(BERTH_STALE_ID, "node", berth_node_set_health(engine, gone_node, 0, 0));
  REFUSED(BERTH_UNKNOWN_ID, "node", berth_node_set_health(engine, BERTH_NO_NODE, 0, 0));
  REFUSED(BERTH_BAD_ARGUMENT, "GPU16 of 16", berth_node_set_health(engine, nodes[0], 0x10001, 0));
  REFUSED(BERTH_BAD_ARGUMENT, "GPU31 of 16", berth_node_set_health(engine, nodes[0], 1u << 31, 0));
  REFUSED(BERTH_BAD_ARGUMENT, "NIC1 of 1", berth_node_set_health(engine, nodes[0], 0xFFFF, 2));
  REFUSED(BERTH_NULL_POINTER, "machine_out", berth_node_read_devices(engine, nodes[0], NULL, results.gpus, NULL));
  REFUSED(BERTH_STALE_ID, "node", berth_node_read_devices(engine, gone_node, &results.machine, NULL, NULL));
  REFUSED(BERTH_UNKNOWN_ID, "node", berth_node_read_devices(engine, 1ull << 40 | 9, &results.machine, NULL, NULL));

  REFUSED(BERTH_NULL_POINTER, "model", berth_gpu_model_set(engine, NULL, 1));
  REFUSED(BERTH_BAD_TEXT, "model", berth_gpu_model_set(engine, "", 1));
  REFUSED(BERTH_BAD_TEXT, "|", berth_gpu_model_set(engine, "a|b", 1));
  REFUSED(BERTH_BAD_ARGUMENT, "worth 101", berth_gpu_model_set(engine, "G", 101));
  REFUSED(BERTH_BAD_ARGUMENT, "worth", berth_gpu_model_set(engine, "new", UINT32_MAX));
}

#define SPOILT_TYPICAL(status, word, ...)                                                                              \
  do {                                                                                                                 \
    berth_typical_pod pods[2] = {{1000, 1, 1000, 1, NULL}, __VA_ARGS__};                                               \
    REFUSED(status, word, berth_typical_pods_set(engine, pods, 2, 0));                                                 \
  } while (0)

static void typical_pods(void) {
  berth_typical_pod many[17];
  REFUSED(BERTH_NULL_POINTER, "pods", berth_typical_pods_set(engine, NULL, 1, 0));
  REFUSED(BERTH_LIMIT, "pods", berth_typical_pods_set(engine, many, BERTH_MAX_TYPICAL_PODS + 1, 0));
  REFUSED(BERTH_LIMIT, "pods", berth_typical_pods_set(engine, many, SIZE_MAX, 0));
  SPOILT_TYPICAL(BERTH_BAD_QUANTITY, "typical pod 1: cpu", {-1, 0, 0, 1, NULL});
  SPOILT_TYPICAL(BERTH_LIMIT, "typical pod 1: cpu", {BERTH_MAX_QUANTITY + 1, 0, 0, 1, NULL});
  SPOILT_TYPICAL(BERTH_LIMIT, "typical pod 1: gpu_count 17", {0, 17, 1000, 1, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "share_milli 0", {0, 1, 0, 1, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "share_milli 5", {0, 0, 5, 1, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "share_milli 1001", {0, 1, 1001, 1, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "use 1000", {0, 2, 500, 1, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "weight 0", {0, 0, 0, 0, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "weight", {0, 0, 0, (1 << 20) + 1, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "weight", {0, 0, 0, UINT64_MAX, NULL});
  SPOILT_TYPICAL(BERTH_BAD_ARGUMENT, "models of no GPU", {0, 0, 0, 1, "G"});
  SPOILT_TYPICAL(BERTH_UNKNOWN_ID, "\"Z\"", {0, 1, 1, 1, "G|Z"});
  SPOILT_TYPICAL(BERTH_BAD_TEXT, "models", {0, 1, 1, 1, "\xc0\xaf"});
  berth_typical_pod five = {0, 0, 0, 5, NULL};
  REFUSED(BERTH_BAD_ARGUMENT, "total 4", berth_typical_pods_set(engine, &five, 1, 4));
  REFUSED(BERTH_BAD_ARGUMENT, "total", berth_typical_pods_set(engine, &five, 1, (1 << 24) + 1));
  REFUSED(BERTH_BAD_ARGUMENT, "total", berth_typical_pods_set(engine, &five, 1, UINT64_MAX));
  double *milli = results.milli;
  berth_node_id with_gone[2] = {nodes[0], gone_node};
  REFUSED(BERTH_NULL_POINTER, "nodes", berth_fragmentation_read(engine, NULL, 1, milli));
  REFUSED(BERTH_NULL_POINTER, "milli_out", berth_fragmentation_read(engine, nodes, 1, NULL));
  REFUSED(BERTH_LIMIT, "nodes", berth_fragmentation_read(engine, nodes, SIZE_MAX, milli));
  REFUSED(BERTH_STALE_ID, "entry 1", berth_fragmentation_read(engine, with_gone, 2, milli));
  for (int i = 0; i < 17; i++)
    many[i] = (berth_typical_pod){0, 0, 0, 1 << 20, NULL};
  REFUSED(BERTH_LIMIT, "2^24", berth_typical_pods_set(engine, many, 17, 0));
  OK(berth_typical_pods_set(engine, many, 16, 0));
}

#define SPOILT_DEMAND(status, word, ...)                                                                               \
  do {                                                                                                                 \
    berth_device_demand demand = {__VA_ARGS__};                                                                        \
    REFUSED(status, word, intern_class(&demand, &results.machine));                                                    \
  } while (0)

static void demands(void) {
  SPOILT_DEMAND(BERTH_LIMIT, "17 GPUs", .gpu_count = 17, .share_milli = 1000);
  SPOILT_DEMAND(BERTH_LIMIT, "GPUs", .gpu_count = UINT32_MAX, .share_milli = 1000);
  SPOILT_DEMAND(BERTH_LIMIT, "17 NICs", .nic_count = 17);
  SPOILT_DEMAND(BERTH_LIMIT, "memory_mib", .gpu_count = 1, .share_milli = 1000, .memory_mib = UINT32_MAX);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "share_milli 1001", .gpu_count = 1, .share_milli = 1001);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "share", .gpu_count = 2, .share_milli = 999);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "share of nothing", .gpu_count = 1);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "flags 8", .gpu_count = 1, .share_milli = 1000, .flags = 8);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "link_required 16", .gpu_count = 2, .share_milli = 1000, .link_required = 16);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "link_required 256", .gpu_count = 2, .share_milli = 1000, .link_required = 256);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "whole GPUs", .gpu_count = 1, .share_milli = 500, .link_required = 1);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "only NICs", .share_milli = 1000);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "only NICs", .nic_count = 1, .models = "G");
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "time slice", .gpu_count = 2, .flags = BERTH_DEVICES_TIME_SLICE);
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "MIG", .gpu_count = 1, .share_milli = 500, .mig_profile = "1g.5gb");
  SPOILT_DEMAND(BERTH_BAD_ARGUMENT, "\"1g\"", .gpu_count = 1, .mig_profile = "1g");
  SPOILT_DEMAND(BERTH_BAD_TEXT, "mig_profile", .gpu_count = 1, .mig_profile = "\xff");
  SPOILT_DEMAND(BERTH_BAD_TEXT, "models", .gpu_count = 1, .share_milli = 1000, .models = "\xed\xa0\x80");
  SPOILT_DEMAND(BERTH_UNKNOWN_ID, "\"\"", .gpu_count = 1, .share_milli = 1000, .models = "G|");
  SPOILT_DEMAND(BERTH_UNKNOWN_ID, "\"Z\"", .gpu_count = 1, .share_milli = 1000, .models = "Z");
}

/* The last that fits is taken, the next one refused: models here, machines as many as there are in claims.c. */
static void limits(void) {
  char model[32];
  for (unsigned i = 1; i < BERTH_MAX_GPU_MODELS; i++) { /* "G" is the first */
    snprintf(model, sizeof model, "model-%u", i);
    OK(berth_gpu_model_set(engine, model, i % 101));
  }
  REFUSED(BERTH_LIMIT, "255", berth_gpu_model_set(engine, "one too many", 1));
  SPOILT_MACHINE(BERTH_LIMIT, "GPU3", gpus[3].model = "one too many");
  berth_machine record = good_machine(1);
  berth_machine_id id = machine;
  for (unsigned memory = 1; id < BERTH_MAX_MACHINES; memory++) {
    gpus[0].memory_mib = memory;
    OK(berth_machine_intern(engine, &record, &id));
  }
  gpus[0].memory_mib = BERTH_MAX_GPU_MEMORY_MIB;
  REFUSED(BERTH_LIMIT, "65535", berth_machine_intern(engine, &record, &results.machine));
  gpus[0].memory_mib = 1;
  OK(berth_machine_intern(engine, &record, &id)); /* known already */
}

int main(void) {
  open_engine();
  berth_machine_init(NULL); /* does nothing */
  machines();
  machines_by_text();
  nodes_and_models();
  typical_pods();
  demands();
  limits();
  return close_engine("devices");
}
