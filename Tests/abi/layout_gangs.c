/* Like layout.c, of the section about gangs. */
#include "layout.h"

SIZE(berth_gang_slice, 8);
FIELD(berth_gang_slice, level, 0);
FIELD(berth_gang_slice, members, 4);

SIZE(berth_gang_role, 64);
FIELD(berth_gang_role, pod_class, 0);
FIELD(berth_gang_role, min_members, 4);
FIELD(berth_gang_role, max_members, 8);
FIELD(berth_gang_role, required_level, 12);
FIELD(berth_gang_role, preferred_level, 16);
FIELD(berth_gang_role, spread_level, 20);
FIELD(berth_gang_role, spread_members, 24);
FIELD(berth_gang_role, slice_count, 28);
FIELD(berth_gang_role, slices, 32);
FIELD(berth_gang_role, reserved, 56);

SIZE(berth_gang_member, 16);
FIELD(berth_gang_member, pod, 0);
FIELD(berth_gang_member, role, 8);
FIELD(berth_gang_member, reserved, 12);

SIZE(berth_fabric_box, 16);
FIELD(berth_fabric_box, x, 0);
FIELD(berth_fabric_box, y, 4);
FIELD(berth_fabric_box, z, 8);
FIELD(berth_fabric_box, reserved, 12);

SIZE(berth_fabric, 40);
FIELD(berth_fabric, kind, 0);
FIELD(berth_fabric, x_size, 4);
FIELD(berth_fabric, y_size, 8);
FIELD(berth_fabric, z_size, 12);
FIELD(berth_fabric, nodes, 16);
FIELD(berth_fabric, boxes, 24);
FIELD(berth_fabric, box_count, 32);

SIZE(berth_gang, 72);
FIELD(berth_gang, struct_size, 0);
FIELD(berth_gang, flags, 4);
FIELD(berth_gang, domain, 8);
FIELD(berth_gang, required_level, 12);
FIELD(berth_gang, preferred_level, 16);
FIELD(berth_gang, separate_level, 20);
FIELD(berth_gang, min_members, 24);
FIELD(berth_gang, role_count, 28);
FIELD(berth_gang, roles, 32);
FIELD(berth_gang, running, 40);
FIELD(berth_gang, running_count, 48);
FIELD(berth_gang, fabrics, 56);
FIELD(berth_gang, fabric_count, 64);

SIZE(berth_gang_result, 240);
FIELD(berth_gang_result, struct_size, 0);
FIELD(berth_gang_result, outcome, 4);
FIELD(berth_gang_result, limits, 8);
FIELD(berth_gang_result, members, 12);
FIELD(berth_gang_result, common_level, 16);
FIELD(berth_gang_result, common_domain, 20);
FIELD(berth_gang_result, preferred_met, 24);
FIELD(berth_gang_result, level_count, 28);
FIELD(berth_gang_result, domains, 32);
FIELD(berth_gang_result, domains_bound, 72);
FIELD(berth_gang_result, left_over, 112);
FIELD(berth_gang_result, score, 192);
FIELD(berth_gang_result, score_bound, 200);
FIELD(berth_gang_result, role, 208);
FIELD(berth_gang_result, level, 212);
FIELD(berth_gang_result, needed, 216);
FIELD(berth_gang_result, available, 220);
FIELD(berth_gang_result, best_domain, 224);
FIELD(berth_gang_result, enough_domains, 228);
FIELD(berth_gang_result, resource, 232);
FIELD(berth_gang_result, reserved, 236);

VALUE(BERTH_MAX_GANG_ROLES, 16);
VALUE(BERTH_MAX_GANG_MEMBERS, 1048576);
VALUE(BERTH_MAX_GANG_SLICES, 3);
VALUE(BERTH_MAX_GANGS, 65536);
VALUE(BERTH_MAX_EXACT_ROLES, 3);
VALUE(BERTH_MAX_EXACT_STATES, 64);
VALUE(BERTH_MAX_FABRIC_NODES, 1048576);
VALUE(BERTH_MAX_FABRIC_BOXES, 1024);
VALUE(BERTH_NO_DOMAIN, UINT32_MAX);
VALUE(BERTH_FABRIC_RING, 1);
VALUE(BERTH_FABRIC_TORUS, 2);
VALUE(BERTH_GANG_PLACED, 1);
VALUE(BERTH_GANG_NO_FIT, 2);
VALUE(BERTH_GANG_BOUNDED, 3);
VALUE(BERTH_GANG_WITHDRAWN, 4);
VALUE(BERTH_GANG_LIMIT_STEPS, 1);
VALUE(BERTH_GANG_LIMIT_ROLES, 2);
VALUE(BERTH_GANG_LIMIT_STATES, 4);
VALUE(BERTH_GANG_LIMIT_CONSTRAINTS, 8);
VALUE(BERTH_GANG_LIMIT_SCORES, 16);
VALUE(BERTH_GANG_LIMIT_ORDER, 32);
VALUE(BERTH_GANG_LEVELS, BERTH_MAX_LEVELS + 2);
