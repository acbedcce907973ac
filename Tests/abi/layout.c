/*
 * Pins every constant of berth.h, the size of every struct and the place of every field on 64-bit machines: hosts
 * compiled against an older header, cffi and cgo rely on them. A change here is a change of the ABI and raises
 * BERTH_ABI_VERSION.
 */
#include <stddef.h>

#include "berth.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "the size of " #type " changed")
#define VALUE(constant, number) _Static_assert((constant) == (number), #constant " changed")
#define FIELD(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field " moved")

_Static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8, "Berth is for 64-bit machines");
_Static_assert(BERTH_ABI_VERSION == 2u, "new ABI number: check that the figures below are the new ones");

SIZE(berth_engine_options, 32);
FIELD(berth_engine_options, struct_size, 0);
FIELD(berth_engine_options, allocator, 4);
FIELD(berth_engine_options, cpu_level, 8);
FIELD(berth_engine_options, tie_rule, 12);
FIELD(berth_engine_options, level_count, 16);
FIELD(berth_engine_options, reserved, 20);
FIELD(berth_engine_options, level_keys, 24);

SIZE(berth_engine_info, 232);
FIELD(berth_engine_info, struct_size, 0);
FIELD(berth_engine_info, allocator, 4);
FIELD(berth_engine_info, cpu_level, 8);
FIELD(berth_engine_info, shapes, 12);
FIELD(berth_engine_info, trees, 16);
FIELD(berth_engine_info, pools, 20);
FIELD(berth_engine_info, nodes, 24);
FIELD(berth_engine_info, pods, 32);
FIELD(berth_engine_info, classes, 40);
FIELD(berth_engine_info, bytes_allocated, 48);
FIELD(berth_engine_info, bytes_mapped, 56);
FIELD(berth_engine_info, node_bytes, 64);
FIELD(berth_engine_info, index_bytes, 72);
FIELD(berth_engine_info, class_bytes, 80);
FIELD(berth_engine_info, pod_bytes, 88);
FIELD(berth_engine_info, decisions, 96);
FIELD(berth_engine_info, tree_queries, 104);
FIELD(berth_engine_info, scan_queries, 112);
FIELD(berth_engine_info, row_queries, 120);
FIELD(berth_engine_info, leaves_opened, 128);
FIELD(berth_engine_info, inners_opened, 136);
FIELD(berth_engine_info, exact_scores, 144);
FIELD(berth_engine_info, scan_fallbacks, 152);
FIELD(berth_engine_info, node_changes, 160);
FIELD(berth_engine_info, leaf_splits, 168);
FIELD(berth_engine_info, leaf_merges, 176);
FIELD(berth_engine_info, slot_moves, 184);
FIELD(berth_engine_info, allocations, 192);
FIELD(berth_engine_info, family_engines, 200);
FIELD(berth_engine_info, owned_bytes, 208);
FIELD(berth_engine_info, reservations, 216);
FIELD(berth_engine_info, reservation_bytes, 224);

SIZE(berth_label, 16);
FIELD(berth_label, key, 0);
FIELD(berth_label, value, 8);

SIZE(berth_taint, 24);
FIELD(berth_taint, key, 0);
FIELD(berth_taint, value, 8);
FIELD(berth_taint, effect, 16);
FIELD(berth_taint, reserved, 20);

SIZE(berth_node, 32);
FIELD(berth_node, domain, 0);
FIELD(berth_node, labels, 4);
FIELD(berth_node, taints, 8);
FIELD(berth_node, flags, 12);
FIELD(berth_node, tie_key, 16);
FIELD(berth_node, reserved, 20);
FIELD(berth_node, price, 24);

SIZE(berth_node_batch, 56);
FIELD(berth_node_batch, struct_size, 0);
FIELD(berth_node_batch, resource_count, 4);
FIELD(berth_node_batch, count, 8);
FIELD(berth_node_batch, nodes, 16);
FIELD(berth_node_batch, resources, 24);
FIELD(berth_node_batch, allocatable, 32);
FIELD(berth_node_batch, requested, 40);
FIELD(berth_node_batch, names, 48);

SIZE(berth_node_state, 40);
FIELD(berth_node_state, node, 0);
FIELD(berth_node_state, domain, 8);
FIELD(berth_node_state, labels, 12);
FIELD(berth_node_state, taints, 16);
FIELD(berth_node_state, flags, 20);
FIELD(berth_node_state, tie_key, 24);
FIELD(berth_node_state, slot, 28);
FIELD(berth_node_state, price, 32);

SIZE(berth_term_resource, 16);
FIELD(berth_term_resource, resource, 0);
FIELD(berth_term_resource, weight, 4);
FIELD(berth_term_resource, scale, 8);

SIZE(berth_shape_point, 8);
FIELD(berth_shape_point, utilization_percent, 0);
FIELD(berth_shape_point, score, 4);

SIZE(berth_term, 40);
FIELD(berth_term, kind, 0);
FIELD(berth_term, resource_count, 4);
FIELD(berth_term, point_count, 8);
FIELD(berth_term, reserved, 12);
FIELD(berth_term, weight, 16);
FIELD(berth_term, resources, 24);
FIELD(berth_term, points, 32);

SIZE(berth_quantity, 16);
FIELD(berth_quantity, resource, 0);
FIELD(berth_quantity, reserved, 4);
FIELD(berth_quantity, value, 8);

SIZE(berth_requirement, 32);
FIELD(berth_requirement, key, 0);
FIELD(berth_requirement, op, 8);
FIELD(berth_requirement, value_count, 12);
FIELD(berth_requirement, values, 16);
FIELD(berth_requirement, is_field, 24);
FIELD(berth_requirement, reserved, 28);

SIZE(berth_selector_term, 16);
FIELD(berth_selector_term, requirements, 0);
FIELD(berth_selector_term, requirement_count, 8);
FIELD(berth_selector_term, weight, 12);

SIZE(berth_toleration, 24);
FIELD(berth_toleration, key, 0);
FIELD(berth_toleration, value, 8);
FIELD(berth_toleration, op, 16);
FIELD(berth_toleration, effect, 20);

SIZE(berth_pod_spec, 72);
FIELD(berth_pod_spec, struct_size, 0);
FIELD(berth_pod_spec, priority, 4);
FIELD(berth_pod_spec, profile, 8);
FIELD(berth_pod_spec, request_count, 12);
FIELD(berth_pod_spec, requests, 16);
FIELD(berth_pod_spec, node_selector, 24);
FIELD(berth_pod_spec, required_terms, 32);
FIELD(berth_pod_spec, preferred_terms, 40);
FIELD(berth_pod_spec, tolerations, 48);
FIELD(berth_pod_spec, node_selector_count, 56);
FIELD(berth_pod_spec, required_term_count, 60);
FIELD(berth_pod_spec, preferred_term_count, 64);
FIELD(berth_pod_spec, toleration_count, 68);

SIZE(berth_placement, 32);
FIELD(berth_placement, pod, 0);
FIELD(berth_placement, node, 8);
FIELD(berth_placement, score, 16);
FIELD(berth_placement, pod_class, 24);
FIELD(berth_placement, outcome, 28);

SIZE(berth_pod_state, 24);
FIELD(berth_pod_state, pod, 0);
FIELD(berth_pod_state, node, 8);
FIELD(berth_pod_state, pod_class, 16);
FIELD(berth_pod_state, state, 20);

SIZE(berth_candidate, 16);
FIELD(berth_candidate, node, 0);
FIELD(berth_candidate, score, 8);

SIZE(berth_reason, 16);
FIELD(berth_reason, kind, 0);
FIELD(berth_reason, resource, 4);
FIELD(berth_reason, nodes, 8);

SIZE(berth_explanation, 48);
FIELD(berth_explanation, struct_size, 0);
FIELD(berth_explanation, reason_count, 4);
FIELD(berth_explanation, nodes, 8);
FIELD(berth_explanation, feasible, 16);
FIELD(berth_explanation, nearest_node, 24);
FIELD(berth_explanation, nearest_resource, 32);
FIELD(berth_explanation, reserved, 36);
FIELD(berth_explanation, nearest_shortfall, 40);

SIZE(berth_event, 48);
FIELD(berth_event, sequence, 0);
FIELD(berth_event, time_ms, 8);
FIELD(berth_event, pod, 16);
FIELD(berth_event, node, 24);
FIELD(berth_event, other, 32);
FIELD(berth_event, kind, 40);
FIELD(berth_event, pod_class, 44);

SIZE(berth_metrics, 704);
FIELD(berth_metrics, struct_size, 0);
FIELD(berth_metrics, reserved, 4);
FIELD(berth_metrics, decisions, 8);
FIELD(berth_metrics, refusals, 72);
FIELD(berth_metrics, placed, 584);
FIELD(berth_metrics, no_fit, 592);
FIELD(berth_metrics, refused_by_host, 600);
FIELD(berth_metrics, relabellings, 608);
FIELD(berth_metrics, bulk_builds, 616);
FIELD(berth_metrics, statements_begun, 624);
FIELD(berth_metrics, statements_committed, 632);
FIELD(berth_metrics, statements_discarded, 640);
FIELD(berth_metrics, rollbacks, 648);
FIELD(berth_metrics, changes_undone, 656);
FIELD(berth_metrics, forks, 664);
FIELD(berth_metrics, journal_records, 672);
FIELD(berth_metrics, journal_bytes, 680);
FIELD(berth_metrics, events_written, 688);
FIELD(berth_metrics, events_lost, 696);

SIZE(berth_histogram, 1592);
FIELD(berth_histogram, struct_size, 0);
FIELD(berth_histogram, reserved, 4);
FIELD(berth_histogram, count, 8);
FIELD(berth_histogram, sum_ns, 16);
FIELD(berth_histogram, upper_ns, 24);
FIELD(berth_histogram, counts, 808);

VALUE(BERTH_OK, 0);
VALUE(BERTH_NULL_POINTER, 10);
VALUE(BERTH_BAD_STRUCT, 11);
VALUE(BERTH_BAD_ARGUMENT, 12);
VALUE(BERTH_BAD_QUANTITY, 13);
VALUE(BERTH_BAD_NUMBER, 14);
VALUE(BERTH_BAD_TEXT, 15);
VALUE(BERTH_BAD_ENGINE, 20);
VALUE(BERTH_UNKNOWN_ID, 21);
VALUE(BERTH_STALE_ID, 22);
VALUE(BERTH_DUPLICATE, 23);
VALUE(BERTH_WRONG_STATE, 30);
VALUE(BERTH_BUSY, 31);
VALUE(BERTH_SEALED, 32);
VALUE(BERTH_NO_ROOM, 33);
VALUE(BERTH_BAD_CALLBACK, 34);
VALUE(BERTH_LIMIT, 40);
VALUE(BERTH_OUT_OF_MEMORY, 41);
VALUE(BERTH_IO, 42);
VALUE(BERTH_CORRUPT, 50);
VALUE(BERTH_BAD_FILE, 51);
VALUE(BERTH_MAX_ENGINES, 65536u);
VALUE(BERTH_MAX_NODES, 16777216u);
VALUE(BERTH_MAX_PODS, 268435456u);
VALUE(BERTH_MAX_RESOURCES, 4096u);
VALUE(BERTH_MAX_RESOURCES_PER_NODE, 16u);
VALUE(BERTH_MAX_RESOURCES_PER_POD, 16u);
VALUE(BERTH_MAX_LEVELS, 8u);
VALUE(BERTH_MAX_CLASSES, 1048576u);
VALUE(BERTH_MAX_PROFILES, 256u);
VALUE(BERTH_MAX_TERMS, 16u);
VALUE(BERTH_MAX_POOLS, 65535u);
VALUE(BERTH_MAX_CANDIDATES, 65536u);
VALUE(BERTH_MAX_TEXT_BYTES, 1024u);
VALUE(BERTH_MAX_EVENTS, 16777216u);
VALUE(BERTH_MAX_QUANTITY, 1125899906842624);
VALUE(BERTH_MAX_PRICE, 1099511627776);
VALUE(BERTH_MAX_WEIGHT, 1000000);
VALUE(BERTH_MAX_STATEMENTS, 64);
VALUE(BERTH_MAX_CHECKPOINTS, 1048576);
VALUE(BERTH_MAX_CHANGES, 1073741824);
VALUE(BERTH_MAX_FEATURES, 64);
VALUE(BERTH_MAX_RESERVATIONS, 16777216);
VALUE(BERTH_MAX_LOAD_RESOURCES, 12u);
VALUE(BERTH_MAX_MEASURED, 4u);
VALUE(BERTH_MAX_LOAD_MS, 1125899906842624);
VALUE(BERTH_NO_NODE, UINT64_MAX);
VALUE(BERTH_NO_POD, UINT64_MAX);
VALUE(BERTH_ROOT_DOMAIN, 0u);
VALUE(BERTH_EMPTY_SET, 0u);
VALUE(BERTH_ANY_RESOURCE, UINT32_MAX);
VALUE(BERTH_NO_CLASS, UINT32_MAX);
VALUE(BERTH_ALLOCATOR_AUTO, 0);
VALUE(BERTH_ALLOCATOR_JEMALLOC, 1);
VALUE(BERTH_ALLOCATOR_MMAP, 2);
VALUE(BERTH_CPU_AUTO, 0);
VALUE(BERTH_CPU_SCALAR, 1);
VALUE(BERTH_CPU_BASELINE, 2);
VALUE(BERTH_CPU_V3, 3);
VALUE(BERTH_CPU_V4, 4);
VALUE(BERTH_PATH_AUTO, 0);
VALUE(BERTH_PATH_TREE, 1);
VALUE(BERTH_PATH_SCAN, 2);
VALUE(BERTH_PATH_ROWS, 3);
VALUE(BERTH_TIE_TOPOLOGY, 0);
VALUE(BERTH_TIE_KEY, 1);
VALUE(BERTH_RESOURCE_OTHER, 0);
VALUE(BERTH_RESOURCE_CPU, 1);
VALUE(BERTH_RESOURCE_MEMORY, 2);
VALUE(BERTH_RESOURCE_GPU, 3);
VALUE(BERTH_RESOURCE_EPHEMERAL_STORAGE, 4);
VALUE(BERTH_RESOURCE_PODS, 5);
VALUE(BERTH_EFFECT_ANY, 0);
VALUE(BERTH_EFFECT_NO_SCHEDULE, 1);
VALUE(BERTH_EFFECT_PREFER_NO_SCHEDULE, 2);
VALUE(BERTH_EFFECT_NO_EXECUTE, 3);
VALUE(BERTH_NODE_CORDONED, 1);
VALUE(BERTH_TERM_LEAST_ALLOCATED, 1);
VALUE(BERTH_TERM_MOST_ALLOCATED, 2);
VALUE(BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO, 3);
VALUE(BERTH_TERM_BALANCED_ALLOCATION, 4);
VALUE(BERTH_TERM_NODE_AFFINITY, 5);
VALUE(BERTH_TERM_TAINT_TOLERATION, 6);
VALUE(BERTH_TERM_BINPACK, 7);
VALUE(BERTH_TERM_SPREAD, 8);
VALUE(BERTH_TERM_PRICE, 9);
VALUE(BERTH_TERM_DOT_PRODUCT, 10);
VALUE(BERTH_TERM_BEST_FIT, 11);
VALUE(BERTH_OP_IN, 1);
VALUE(BERTH_OP_NOT_IN, 2);
VALUE(BERTH_OP_EXISTS, 3);
VALUE(BERTH_OP_DOES_NOT_EXIST, 4);
VALUE(BERTH_OP_GT, 5);
VALUE(BERTH_OP_LT, 6);
VALUE(BERTH_TOLERATION_EQUAL, 0);
VALUE(BERTH_TOLERATION_EXISTS, 1);
VALUE(BERTH_PLACED, 1);
VALUE(BERTH_NO_FIT, 2);
VALUE(BERTH_REFUSED, 3);
VALUE(BERTH_PLACE_DRY_RUN, 1);
VALUE(BERTH_JOURNAL_BUFFERED, 1);
VALUE(BERTH_JOURNAL_SYNCED, 2);
VALUE(BERTH_POD_ASSUMED, 1);
VALUE(BERTH_POD_BOUND, 2);
VALUE(BERTH_REASON_UNSCHEDULABLE, 1);
VALUE(BERTH_REASON_TAINT, 2);
VALUE(BERTH_REASON_AFFINITY, 3);
VALUE(BERTH_REASON_INSUFFICIENT_RESOURCE, 4);

VALUE(BERTH_NEVER, INT64_MAX);
VALUE(BERTH_OWNER_POD, 1);
VALUE(BERTH_OWNER_GANG, 2);
VALUE(BERTH_OWNER_CLASS, 3);
VALUE(BERTH_OWNER_QUEUE, 4);
VALUE(BERTH_SCOPE_NODE, 1);
VALUE(BERTH_SCOPE_DOMAIN, 2);
VALUE(BERTH_FEATURE_TERM, 1);
VALUE(BERTH_FEATURE_FREE, 2);
VALUE(BERTH_FEATURE_ALLOCATABLE, 3);
VALUE(BERTH_FEATURE_REQUEST, 4);
VALUE(BERTH_FEATURE_PRICE, 5);
VALUE(BERTH_FEATURE_SLOT, 6);
VALUE(BERTH_FEATURE_DOMAIN, 7);
VALUE(BERTH_FEATURE_LABELS, 8);
VALUE(BERTH_FEATURE_PRIORITY, 9);

SIZE(berth_reservation_owner, 16);
FIELD(berth_reservation_owner, id, 0);
FIELD(berth_reservation_owner, kind, 8);
FIELD(berth_reservation_owner, reserved, 12);

SIZE(berth_reservation_spec, 56);
FIELD(berth_reservation_spec, owner, 0);
FIELD(berth_reservation_spec, expiry_ms, 16);
FIELD(berth_reservation_spec, scope, 24);
FIELD(berth_reservation_spec, quantity_count, 28);
FIELD(berth_reservation_spec, quantities, 32);
FIELD(berth_reservation_spec, node, 40);
FIELD(berth_reservation_spec, domain, 48);
FIELD(berth_reservation_spec, pod_class, 52);

SIZE(berth_reservation_state, 48);
FIELD(berth_reservation_state, reservation, 0);
FIELD(berth_reservation_state, owner, 8);
FIELD(berth_reservation_state, node, 24);
FIELD(berth_reservation_state, expiry_ms, 32);
FIELD(berth_reservation_state, pods, 40);

SIZE(berth_pod_identity, 24);
FIELD(berth_pod_identity, pod, 0);
FIELD(berth_pod_identity, gang, 8);
FIELD(berth_pod_identity, queue, 16);

SIZE(berth_reservation_use, 24);
FIELD(berth_reservation_use, reservation, 0);
FIELD(berth_reservation_use, quantity, 8);
FIELD(berth_reservation_use, resource, 16);
FIELD(berth_reservation_use, reserved, 20);

SIZE(berth_feature, 8);
FIELD(berth_feature, kind, 0);
FIELD(berth_feature, argument, 4);

SIZE(berth_rerank_batch, 56);
FIELD(berth_rerank_batch, struct_size, 0);
FIELD(berth_rerank_batch, candidate_limit, 4);
FIELD(berth_rerank_batch, feature_count, 8);
FIELD(berth_rerank_batch, round, 12);
FIELD(berth_rerank_batch, pod_count, 16);
FIELD(berth_rerank_batch, classes, 24);
FIELD(berth_rerank_batch, candidate_counts, 32);
FIELD(berth_rerank_batch, candidates, 40);
FIELD(berth_rerank_batch, features, 48);

SIZE(berth_rerank_options, 40);
FIELD(berth_rerank_options, struct_size, 0);
FIELD(berth_rerank_options, candidate_limit, 4);
FIELD(berth_rerank_options, batch_limit, 8);
FIELD(berth_rerank_options, feature_count, 12);
FIELD(berth_rerank_options, features, 16);
FIELD(berth_rerank_options, callback, 24);
FIELD(berth_rerank_options, context, 32);

VALUE(BERTH_LOAD_USAGE, 1);
VALUE(BERTH_LOAD_LIMIT, 2);
VALUE(BERTH_LOAD_SPARE, 3);
VALUE(BERTH_PREDICTION_USAGE, 1);
VALUE(BERTH_PREDICTION_MAX, 2);
VALUE(BERTH_PREDICTION_REQUEST, 3);
VALUE(BERTH_PREDICTION_PEAK, 4);
VALUE(BERTH_LOAD_LISTS_PODS, 1);

SIZE(berth_load_spec, 72);
FIELD(berth_load_spec, struct_size, 0);
FIELD(berth_load_spec, kind, 4);
FIELD(berth_load_spec, resource, 8);
FIELD(berth_load_spec, estimate_percent, 12);
FIELD(berth_load_spec, default_estimate, 16);
FIELD(berth_load_spec, threshold_percent, 24);
FIELD(berth_load_spec, refuse_expired, 28);
FIELD(berth_load_spec, prediction, 32);
FIELD(berth_load_spec, margin_percent, 36);
FIELD(berth_load_spec, most_percent, 40);
FIELD(berth_load_spec, reserved, 44);
FIELD(berth_load_spec, half_life_ms, 48);
FIELD(berth_load_spec, settle_ms, 56);
FIELD(berth_load_spec, expiry_ms, 64);

SIZE(berth_load_report, 24);
FIELD(berth_load_report, node, 0);
FIELD(berth_load_report, measured_at_ms, 8);
FIELD(berth_load_report, flags, 16);
FIELD(berth_load_report, pod_count, 20);

SIZE(berth_load_batch, 64);
FIELD(berth_load_batch, struct_size, 0);
FIELD(berth_load_batch, resource_count, 4);
FIELD(berth_load_batch, count, 8);
FIELD(berth_load_batch, reports, 16);
FIELD(berth_load_batch, resources, 24);
FIELD(berth_load_batch, usage, 32);
FIELD(berth_load_batch, pod_count, 40);
FIELD(berth_load_batch, pods, 48);
FIELD(berth_load_batch, pod_usage, 56);

SIZE(berth_load_state, 32);
FIELD(berth_load_state, node, 0);
FIELD(berth_load_state, measured_at_ms, 8);
FIELD(berth_load_state, age_ms, 16);
FIELD(berth_load_state, flags, 24);
FIELD(berth_load_state, reserved, 28);
SIZE(berth_journal_options, 8);
FIELD(berth_journal_options, struct_size, 0);
FIELD(berth_journal_options, flags, 4);

SIZE(berth_recovery, 40);
FIELD(berth_recovery, struct_size, 0);
FIELD(berth_recovery, discarded, 4);
FIELD(berth_recovery, skipped, 8);
FIELD(berth_recovery, replayed, 16);
FIELD(berth_recovery, end_offset, 24);
FIELD(berth_recovery, torn_bytes, 32);
VALUE(BERTH_EVENT_GAP, 1);
VALUE(BERTH_EVENT_POD_ASSUMED, 2);
VALUE(BERTH_EVENT_POD_BOUND, 3);
VALUE(BERTH_EVENT_POD_FORGOTTEN, 4);
VALUE(BERTH_EVENT_POD_RELEASED, 5);
VALUE(BERTH_EVENT_NODE_ADDED, 6);
VALUE(BERTH_EVENT_NODE_RESIZED, 7);
VALUE(BERTH_EVENT_NODE_LOST, 8);
VALUE(BERTH_EVENT_NODE_CORDONED, 9);
VALUE(BERTH_EVENT_NODE_UNCORDONED, 10);
VALUE(BERTH_EVENT_POD_EVICTED, 14);
VALUE(BERTH_EVENT_RESERVATION_MADE, 11);
VALUE(BERTH_EVENT_RESERVATION_CHANGED, 12);
VALUE(BERTH_EVENT_RESERVATION_ENDED, 13);
VALUE(BERTH_DECISION_TREE, 0);
VALUE(BERTH_DECISION_SCAN, 1);
VALUE(BERTH_DECISION_ROWS, 2);
VALUE(BERTH_DECISION_RESERVED, 3);
VALUE(BERTH_DECISION_RERANKED, 4);
VALUE(BERTH_DECISION_KINDS, 8);
VALUE(BERTH_STATUSES, 64);
VALUE(BERTH_HISTOGRAM_BUCKETS, 98);
