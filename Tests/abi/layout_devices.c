/* Like layout.c, of the sections about devices and claims. */
#include "layout.h"

SIZE(berth_gpu, 24);
FIELD(berth_gpu, model, 0);
FIELD(berth_gpu, memory_mib, 8);
FIELD(berth_gpu, numa_node, 12);
FIELD(berth_gpu, pcie_switch, 14);
FIELD(berth_gpu, time_slices, 16);
FIELD(berth_gpu, reserved, 20);

SIZE(berth_nic, 8);
FIELD(berth_nic, numa_node, 0);
FIELD(berth_nic, pcie_switch, 2);
FIELD(berth_nic, virtual_functions, 4);

SIZE(berth_machine, 48);
FIELD(berth_machine, struct_size, 0);
FIELD(berth_machine, flags, 4);
FIELD(berth_machine, gpu_count, 8);
FIELD(berth_machine, nic_count, 12);
FIELD(berth_machine, gpus, 16);
FIELD(berth_machine, nics, 24);
FIELD(berth_machine, gpu_links, 32);
FIELD(berth_machine, nic_links, 40);

SIZE(berth_typical_pod, 32);
FIELD(berth_typical_pod, cpu, 0);
FIELD(berth_typical_pod, gpu_count, 8);
FIELD(berth_typical_pod, share_milli, 12);
FIELD(berth_typical_pod, weight, 16);
FIELD(berth_typical_pod, models, 24);

SIZE(berth_gpu_state, 16);
FIELD(berth_gpu_state, free_milli, 0);
FIELD(berth_gpu_state, free_memory_mib, 4);
FIELD(berth_gpu_state, mig_slices, 8);
FIELD(berth_gpu_state, is_sick, 12);

SIZE(berth_device_demand, 40);
FIELD(berth_device_demand, gpu_count, 0);
FIELD(berth_device_demand, share_milli, 4);
FIELD(berth_device_demand, memory_mib, 8);
FIELD(berth_device_demand, link_required, 12);
FIELD(berth_device_demand, nic_count, 16);
FIELD(berth_device_demand, flags, 20);
FIELD(berth_device_demand, models, 24);
FIELD(berth_device_demand, mig_profile, 32);

SIZE(berth_claim, 24);
FIELD(berth_claim, gpus, 0);
FIELD(berth_claim, nics, 4);
FIELD(berth_claim, share_milli, 8);
FIELD(berth_claim, memory_mib, 12);
FIELD(berth_claim, mig_slices, 16);
FIELD(berth_claim, reserved, 20);

SIZE(berth_defragment_options, 48);
FIELD(berth_defragment_options, struct_size, 0);
FIELD(berth_defragment_options, goal, 4);
FIELD(berth_defragment_options, most_moves, 8);
FIELD(berth_defragment_options, reserved, 12);
FIELD(berth_defragment_options, iterations, 16);
FIELD(berth_defragment_options, seed, 24);
FIELD(berth_defragment_options, movable, 32);
FIELD(berth_defragment_options, movable_count, 40);

SIZE(berth_migration, 24);
FIELD(berth_migration, pod, 0);
FIELD(berth_migration, from_node, 8);
FIELD(berth_migration, to_node, 16);

SIZE(berth_defragment_report, 40);
FIELD(berth_defragment_report, struct_size, 0);
FIELD(berth_defragment_report, moves, 4);
FIELD(berth_defragment_report, free_gpus_before, 8);
FIELD(berth_defragment_report, free_gpus_after, 16);
FIELD(berth_defragment_report, free_nodes_before, 24);
FIELD(berth_defragment_report, free_nodes_after, 32);

VALUE(BERTH_LINK_NONE, 0);
VALUE(BERTH_LINK_SYSTEM, 1);
VALUE(BERTH_LINK_NODE, 2);
VALUE(BERTH_LINK_HOST_BRIDGE, 3);
VALUE(BERTH_LINK_MULTI_SWITCH, 4);
VALUE(BERTH_LINK_SINGLE_SWITCH, 5);
VALUE(BERTH_LINK_NVLINK, 16);
VALUE(BERTH_LINK_NVSWITCH, 64);
VALUE(BERTH_MACHINE_WIDE_NVSWITCH, 1);
VALUE(BERTH_DEVICES_PREFER_LINKS, 1);
VALUE(BERTH_DEVICES_TIME_SLICE, 2);
VALUE(BERTH_DEVICES_NICS_BY_SWITCH, 4);
VALUE(BERTH_DEFRAGMENT_GPUS, 0);
VALUE(BERTH_DEFRAGMENT_NODES, 1);
VALUE(BERTH_MAX_GPUS_PER_NODE, 16u);
VALUE(BERTH_MAX_NICS_PER_NODE, 16u);
VALUE(BERTH_MAX_MACHINES, 65535u);
VALUE(BERTH_MAX_LINK_DEMANDS, 256u);
VALUE(BERTH_MAX_GPU_MODELS, 255u);
VALUE(BERTH_MAX_TYPICAL_PODS, 1024u);
VALUE(BERTH_MAX_GPU_MEMORY_MIB, 16777216u);
VALUE(BERTH_NO_SWITCH, 255u);
VALUE(BERTH_MAX_MIGRATIONS, 65536u);
VALUE(BERTH_MAX_ITERATIONS, 1000000000u);
VALUE(BERTH_MAX_TOPOLOGY_BYTES, 65536u);
VALUE(BERTH_NO_MACHINE, 0u);
