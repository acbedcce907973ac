/* What pods hold of devices, moves, and masks of sixteen GPUs: refusals as in refusals.h, and what is done in full. */
#include "refusals.h"

static berth_class_id pair, share, whole, plain;

static berth_class_id class_of(berth_device_demand demand) {
  berth_class_id id;
  OK(intern_class(&demand, &id));
  return id;
}

static berth_claim claim_of(berth_pod_id pod) {
  berth_claim claim;
  OK(berth_claims_read(engine, &pod, 1, &claim));
  return claim;
}

static berth_pod_id place(berth_class_id pod_class) {
  berth_placement placement;
  OK(berth_pods_place(engine, &pod_class, 1, 0, &placement));
  MUST(placement.outcome == BERTH_PLACED);
  return placement.pod;
}

static void reading(berth_pod_id pod, berth_pod_id gone) {
  berth_pod_id pods[2] = {pod, gone};
  berth_claim *out = results.claims;
  REFUSED(BERTH_NULL_POINTER, "pods", berth_claims_read(engine, NULL, 1, out));
  REFUSED(BERTH_NULL_POINTER, "claims_out", berth_claims_read(engine, pods, 1, NULL));
  REFUSED(BERTH_LIMIT, "pods", berth_claims_read(engine, pods, SIZE_MAX, out));
  REFUSED(BERTH_STALE_ID, "entry 1", berth_claims_read(engine, pods, 2, out));
  pods[1] = BERTH_NO_POD;
  REFUSED(BERTH_UNKNOWN_ID, "entry 1", berth_claims_read(engine, pods, 2, out));
  OK(berth_claims_read(engine, NULL, 0, NULL));
  REFUSED(BERTH_NULL_POINTER, "claim_out", berth_claim_preview(engine, pair, nodes[0], NULL));
  REFUSED(BERTH_UNKNOWN_ID, "class", berth_claim_preview(engine, BERTH_NO_CLASS, nodes[0], out));
  REFUSED(BERTH_UNKNOWN_ID, "node", berth_claim_preview(engine, pair, BERTH_NO_NODE, out));
  REFUSED(BERTH_STALE_ID, "node", berth_claim_preview(engine, pair, gone_node, out));
}

/* The second claim is wrong, and the first not taken either. */
static void binding(void) {
  berth_class_id classes[2] = {whole, pair};
  berth_node_id there[2] = {nodes[1], nodes[1]};
  berth_claim claims[2] = {{.gpus = 1, .share_milli = 1000}, {.gpus = 0xC000, .share_milli = 1000}};
  const berth_claim good = claims[1];
#define BIND() berth_pods_bind_claims(engine, classes, there, claims, 2, results.pods)
#define SPOILT_CLAIM(status, word, spoil)                                                                              \
  do {                                                                                                                 \
    claims[1] = good;                                                                                                  \
    claims[1].spoil;                                                                                                   \
    REFUSED(status, word, BIND());                                                                                     \
  } while (0)
  REFUSED(BERTH_NULL_POINTER, "classes", berth_pods_bind_claims(engine, NULL, there, claims, 2, results.pods));
  REFUSED(BERTH_NULL_POINTER, "nodes", berth_pods_bind_claims(engine, classes, NULL, claims, 2, results.pods));
  REFUSED(BERTH_NULL_POINTER, "claims", berth_pods_bind_claims(engine, classes, there, NULL, 2, results.pods));
  REFUSED(BERTH_NULL_POINTER, "pods_out", berth_pods_bind_claims(engine, classes, there, claims, 2, NULL));
  REFUSED(BERTH_LIMIT, "classes", berth_pods_bind_claims(engine, classes, there, claims, SIZE_MAX, results.pods));
  for (int bit = 1; bit < 14; bit++) /* three GPUs, whichever the third is */
    SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "asks for 2 GPUs", gpus |= 1u << bit);
  for (int bit = 16; bit < 32; bit++)
    SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "more devices than there can be", gpus |= 1u << bit);
  for (int bit = 16; bit < 32; bit++)
    SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "more devices than there can be", nics = 1u << bit);
  for (int bit = 8; bit < 32; bit++)
    SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "more devices than there can be", mig_slices = 1u << bit);
  for (int bit = 0; bit < 32; bit++)
    SPOILT_CLAIM(BERTH_BAD_STRUCT, "reserved", reserved = 1u << bit);
  SPOILT_CLAIM(BERTH_NO_ROOM, "entry 1: node", gpus = 3);
  SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "asks for 2 GPUs", gpus = 0);
  SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "asks for 0 NICs", nics = 1);
  SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "1000 milli", share_milli = 0);
  SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "more devices", share_milli = UINT32_MAX);
  SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "0 MiB", memory_mib = 1000);
  SPOILT_CLAIM(BERTH_BAD_ARGUMENT, "MIG slices 255", mig_slices = 255);
  claims[1] = good;
  OK(berth_node_set_health(engine, nodes[1], 0x8000, 0));
  REFUSED(BERTH_NO_ROOM, "GPU15 is sick", BIND());
  OK(berth_node_set_health(engine, nodes[1], 0, 0));
  classes[1] = plain;
  REFUSED(BERTH_BAD_ARGUMENT, "asks for 0 GPUs", BIND());
  classes[1] = pair;
  there[1] = gone_node;
  REFUSED(BERTH_STALE_ID, "entry 1", BIND());
  there[1] = nodes[1];
  berth_pod_id pods[2];
  OK(berth_pods_bind_claims(engine, classes, there, claims, 2, pods));
  MUST(claim_of(pods[1]).gpus == 0xC000);
  OK(berth_pods_release(engine, pods, 2));
}

static void resizing(berth_pod_id pod, berth_pod_id other, berth_pod_id gone) {
  REFUSED(BERTH_UNKNOWN_ID, "pod", berth_claim_resize(engine, BERTH_NO_POD, 100, 0));
  REFUSED(BERTH_STALE_ID, "pod", berth_claim_resize(engine, gone, 100, 0));
  REFUSED(BERTH_WRONG_STATE, "no share", berth_claim_resize(engine, other, 100, 0));
  REFUSED(BERTH_BAD_ARGUMENT, "nothing", berth_claim_resize(engine, pod, 0, 0));
  REFUSED(BERTH_BAD_ARGUMENT, "share_milli 1000", berth_claim_resize(engine, pod, 1000, 0));
  REFUSED(BERTH_BAD_ARGUMENT, "share_milli", berth_claim_resize(engine, pod, UINT32_MAX, 0));
  REFUSED(BERTH_NO_ROOM, "MiB", berth_claim_resize(engine, pod, 100, 1001));
  REFUSED(BERTH_NO_ROOM, "MiB", berth_claim_resize(engine, pod, 100, UINT32_MAX));
  OK(berth_claim_resize(engine, pod, 999, 1000));
  MUST(claim_of(pod).share_milli == 999 && claim_of(pod).memory_mib == 1000);
}

static void moving(berth_pod_id first, berth_pod_id second, berth_pod_id gone) {
  berth_pod_id pods[2] = {first, second};
  berth_node_id there[2] = {nodes[1], nodes[2]};
  REFUSED(BERTH_NULL_POINTER, "pods", berth_pods_move(engine, NULL, there, 2));
  REFUSED(BERTH_NULL_POINTER, "nodes", berth_pods_move(engine, pods, NULL, 2));
  REFUSED(BERTH_LIMIT, "pods", berth_pods_move(engine, pods, there, SIZE_MAX));
  there[1] = gone_node;
  REFUSED(BERTH_STALE_ID, "entry 1", berth_pods_move(engine, pods, there, 2));
  there[1] = BERTH_NO_NODE;
  REFUSED(BERTH_UNKNOWN_ID, "entry 1", berth_pods_move(engine, pods, there, 2));
  there[1] = nodes[2];
  OK(berth_node_set_health(engine, nodes[2], 0xFFFF, 1)); /* the second has no room there */
  REFUSED(BERTH_NO_ROOM, "entry 1", berth_pods_move(engine, pods, there, 2));
  OK(berth_node_set_health(engine, nodes[2], 0, 0));
  pods[1] = gone;
  REFUSED(BERTH_STALE_ID, "pod", berth_pods_move(engine, pods, there, 2));
  pods[1] = first;
  REFUSED(BERTH_DUPLICATE, "twice", berth_pods_move(engine, pods, there, 2));
  pods[1] = second;
  OK(berth_pods_move(engine, pods, there, 2));
  berth_pod_state states[2];
  OK(berth_pods_read(engine, pods, 2, states));
  MUST(states[0].node == nodes[1] && states[1].node == nodes[2]);
  OK(berth_pods_move(engine, NULL, NULL, 0));
}

/* Every set of GPUs of a machine of sixteen, as a claim and read back; what is left is the rest of them. */
static void masks_of_sixteen(void) {
  berth_class_id classes[GPUS + 1];
  berth_gpu_state states[GPUS];
  berth_machine_id id;
  for (uint32_t count = 1; count <= GPUS; count++)
    classes[count] = class_of((berth_device_demand){.gpu_count = count, .share_milli = 1000});
  for (uint32_t mask = 1; mask <= 0xFFFF; mask += mask < 64 || mask > 0xFFC0 ? 1 : 97) {
    uint32_t count = 0;
    for (uint32_t rest = mask; rest; rest &= rest - 1)
      count++;
    berth_claim claim = {.gpus = mask, .share_milli = 1000}, left;
    berth_pod_id pod;
    OK(berth_pods_bind_claims(engine, &classes[count], &nodes[0], &claim, 1, &pod));
    MUST(claim_of(pod).gpus == mask);
    OK(berth_node_read_devices(engine, nodes[0], &id, states, NULL));
    for (uint32_t gpu = 0; gpu < GPUS; gpu++)
      MUST(states[gpu].free_milli == (mask >> gpu & 1 ? 0u : 1000u));
    berth_status status = berth_claim_preview(engine, classes[GPUS - count + (count == GPUS)], nodes[0], &left);
    MUST(count == GPUS ? status == BERTH_NO_ROOM : status == BERTH_OK && left.gpus == (~mask & 0xFFFF));
    OK(berth_pods_release(engine, &pod, 1));
  }
}

int main(void) {
  open_engine();
  pair = class_of((berth_device_demand){.gpu_count = 2, .share_milli = 1000, .flags = BERTH_DEVICES_PREFER_LINKS});
  whole = class_of((berth_device_demand){.gpu_count = 1, .share_milli = 1000, .nic_count = 0});
  share = class_of((berth_device_demand){.gpu_count = 1, .share_milli = 250, .memory_mib = 100});
  OK(intern_class(NULL, &plain));
  masks_of_sixteen();
  berth_pod_id first = place(pair), second = place(share), gone = place(whole), bare = place(plain);
  OK(berth_pods_release(engine, &gone, 1));
  MUST(claim_of(bare).gpus == 0 && claim_of(bare).share_milli == 0);
  berth_machine_id none[NODES] = {0, 0, 0};
  REFUSED(BERTH_WRONG_STATE, "pods hold devices", berth_nodes_set_machines(engine, nodes, none, NODES));
  reading(first, gone);
  binding();
  resizing(second, first, gone);
  moving(first, second, gone);
  return close_engine("claims");
}
