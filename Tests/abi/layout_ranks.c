/* Like layout.c, of the section about ranks. */
#include "layout.h"

SIZE(berth_rank_link, 16);
FIELD(berth_rank_link, bytes_per_second, 0);
FIELD(berth_rank_link, latency_ns, 8);

SIZE(berth_rank_network, 32);
FIELD(berth_rank_network, struct_size, 0);
FIELD(berth_rank_network, level_count, 4);
FIELD(berth_rank_network, place_count, 8);
FIELD(berth_rank_network, reserved, 12);
FIELD(berth_rank_network, domains, 16);
FIELD(berth_rank_network, links, 24);

SIZE(berth_collective, 24);
FIELD(berth_collective, kind, 0);
FIELD(berth_collective, dimensions, 4);
FIELD(berth_collective, bytes, 8);
FIELD(berth_collective, times, 16);

SIZE(berth_flow, 24);
FIELD(berth_flow, from, 0);
FIELD(berth_flow, to, 4);
FIELD(berth_flow, bytes, 8);
FIELD(berth_flow, messages, 16);

SIZE(berth_rank_job, 48);
FIELD(berth_rank_job, struct_size, 0);
FIELD(berth_rank_job, dimension_count, 4);
FIELD(berth_rank_job, collective_count, 8);
FIELD(berth_rank_job, reserved, 12);
FIELD(berth_rank_job, dimensions, 16);
FIELD(berth_rank_job, collectives, 24);
FIELD(berth_rank_job, flows, 32);
FIELD(berth_rank_job, flow_count, 40);

SIZE(berth_rank_options, 16);
FIELD(berth_rank_options, struct_size, 0);
FIELD(berth_rank_options, iterations, 4);
FIELD(berth_rank_options, exhaustive_ranks, 8);
FIELD(berth_rank_options, reserved, 12);

SIZE(berth_rank_report, 184);
FIELD(berth_rank_report, struct_size, 0);
FIELD(berth_rank_report, is_exact, 4);
FIELD(berth_rank_report, cost_before_ps, 8);
FIELD(berth_rank_report, cost_ps, 16);
FIELD(berth_rank_report, lower_bound_ps, 24);
FIELD(berth_rank_report, iterations, 32);
FIELD(berth_rank_report, bytes_before, 40);
FIELD(berth_rank_report, bytes, 112);

SIZE(berth_rank_multiple, 16);
FIELD(berth_rank_multiple, pods, 0);
FIELD(berth_rank_multiple, ranks, 4);
FIELD(berth_rank_multiple, dimensions, 8);
FIELD(berth_rank_multiple, level, 12);

VALUE(BERTH_MAX_RANKS, 1048576);
VALUE(BERTH_MAX_RANK_DIMENSIONS, 8);
VALUE(BERTH_MAX_COLLECTIVES, 64);
VALUE(BERTH_MAX_FLOWS, 67108864);
VALUE(BERTH_MAX_RANK_MULTIPLES, 3);
VALUE(BERTH_RANK_LINKS, BERTH_MAX_LEVELS + 1);
VALUE(BERTH_RING_ALL_REDUCE, 1);
VALUE(BERTH_RING_ALL_GATHER, 2);
VALUE(BERTH_RING_REDUCE_SCATTER, 3);
VALUE(BERTH_TREE_ALL_REDUCE, 4);
VALUE(BERTH_TREE_BROADCAST, 5);
VALUE(BERTH_ALL_TO_ALL, 6);
VALUE(BERTH_HALVING_DOUBLING_ALL_REDUCE, 7);
VALUE(BERTH_PIPELINE, 8);
