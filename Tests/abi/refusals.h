/*
 * A small engine for tests of refused calls: three nodes with sixteen GPUs each, a class of pods. Every refusal must have
 * its status, speak of what was wrong, leave the engine's digest as it was, and write no result.
 */
#ifndef BERTH_TESTS_REFUSALS_H
#define BERTH_TESTS_REFUSALS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth.h"

enum { NODES = 3, GPUS = 16 };

static berth_engine *engine;
static berth_node_id nodes[NODES], gone_node;
static berth_resource_id cpu;
static berth_profile_id profile;
static berth_machine_id machine; /* of sixteen GPUs of model "G", sliced in four, and one NIC for two pods */
static unsigned tried;

/* Where results go that must not be written. */
static union {
  berth_claim claims[4];
  berth_migration migrations[4];
  berth_placement placements[4];
  berth_pod_id pods[4];
  berth_machine_id machine;
  berth_gpu_state gpus[GPUS];
  double milli[4];
  unsigned char bytes[512];
} results;

static void fail(const char *file, int line, const char *what) {
  char sentence[512] = "";
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  fprintf(stderr, "%s:%d: %s (the last refusal: %s)\n", file, line, what, sentence);
  exit(1);
}

#define MUST(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition))
#define OK(call) MUST((call) == BERTH_OK)

static uint64_t digest(void) {
  uint64_t digest;
  OK(berth_engine_digest(engine, &digest));
  return digest;
}

static void refused(const char *file, int line, const char *call, berth_status given, berth_status wanted,
                    const char *word, uint64_t before) {
  char sentence[512] = "", told[1200];
  berth_engine_last_error(engine, sentence, sizeof sentence, NULL);
  snprintf(told, sizeof told, "%s gave %s, wanted %s and \"%s\"", call, berth_status_name(given),
           berth_status_name(wanted), word);
  tried++;
  if (given != wanted || !strstr(sentence, word))
    fail(file, line, told);
  for (size_t i = 0; i < sizeof results; i++)
    if (results.bytes[i] != 0xA5)
      fail(file, line, "a refused call wrote results");
  if (digest() != before)
    fail(file, line, "a refused call changed the engine");
}

/* The digest is taken first: a call that changes something must not be compared with itself. */
#define REFUSED(status, word, call)                                                                                    \
  do {                                                                                                                 \
    uint64_t before = digest();                                                                                        \
    berth_status given = (call);                                                                                       \
    refused(__FILE__, __LINE__, #call, given, status, word, before);                                                   \
  } while (0)

static berth_node_batch batch_of(size_t count) {
  static berth_node rows[NODES];
  static const int64_t allocatable[NODES] = {64000, 64000, 64000};
  berth_node_batch batch;
  berth_node_batch_init(&batch);
  batch.count = count;
  batch.nodes = rows;
  batch.resource_count = 1;
  batch.resources = &cpu;
  batch.allocatable = allocatable;
  return batch;
}

/* What cases spoil one thing of. */
static berth_gpu gpus[GPUS + 1];
static berth_nic nic = {.pcie_switch = 0, .virtual_functions = 2};
static uint8_t links[GPUS * GPUS];

static berth_machine good_machine(uint32_t count) {
  berth_machine record;
  for (uint32_t i = 0; i < count; i++)
    gpus[i] = (berth_gpu){.model = "G", .memory_mib = 1000, .pcie_switch = BERTH_NO_SWITCH, .time_slices = 4};
  for (uint32_t i = 0; i < count * count; i++)
    links[i] = i % (count + 1) ? BERTH_LINK_NVSWITCH : BERTH_LINK_NONE;
  berth_machine_init(&record);
  record.gpu_count = count;
  record.nic_count = 1;
  record.gpus = gpus;
  record.nics = &nic;
  record.gpu_links = links;
  return record;
}

static berth_status intern_class(const berth_device_demand *demand, berth_class_id *id) {
  static uint32_t priority; /* so that no two are one class */
  berth_quantity request = {.resource = cpu, .value = 100};
  berth_pod_spec spec;
  berth_pod_spec_init(&spec);
  spec.profile = profile;
  spec.priority = (int32_t)priority++;
  spec.requests = &request;
  spec.request_count = 1;
  spec.devices = demand;
  return berth_class_intern(engine, &spec, id);
}

static void open_engine(void) {
  berth_term term = {.kind = BERTH_TERM_BINPACK, .weight = 1};
  OK(berth_engine_create(NULL, &engine));
  OK(berth_resource_add(engine, "cpu", BERTH_RESOURCE_CPU, &cpu));
  OK(berth_profile_add(engine, "packing", &term, 1, &profile));
  berth_node_batch batch = batch_of(NODES);
  OK(berth_nodes_add(engine, &batch, nodes));
  batch.count = 1;
  OK(berth_nodes_add(engine, &batch, &gone_node));
  OK(berth_nodes_remove(engine, &gone_node, 1));
  berth_machine record = good_machine(GPUS);
  OK(berth_machine_intern(engine, &record, &machine));
  berth_machine_id machines[NODES] = {machine, machine, machine};
  OK(berth_nodes_set_machines(engine, nodes, machines, NODES));
  memset(&results, 0xA5, sizeof results);
}

static int close_engine(const char *what) {
  OK(berth_engine_validate(engine));
  OK(berth_engine_destroy(engine));
  printf("ok   %s: %u refused calls said why and changed nothing\n", what, tried);
  return 0;
}

#endif
