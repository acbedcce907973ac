"""What `berth.abi.lib` has. Made of include/berth.h by make_stub.py: do not edit."""

from typing import Any

Pointer = Any  # a pointer of cffi, or what cffi makes one of: ffi.NULL, a list of numbers, bytes for char *

class Lib:
    BERTH_OK: int
    BERTH_NULL_POINTER: int
    BERTH_BAD_STRUCT: int
    BERTH_BAD_ARGUMENT: int
    BERTH_BAD_QUANTITY: int
    BERTH_BAD_NUMBER: int
    BERTH_BAD_TEXT: int
    BERTH_BAD_ENGINE: int
    BERTH_UNKNOWN_ID: int
    BERTH_STALE_ID: int
    BERTH_DUPLICATE: int
    BERTH_WRONG_STATE: int
    BERTH_BUSY: int
    BERTH_SEALED: int
    BERTH_NO_ROOM: int
    BERTH_BAD_CALLBACK: int
    BERTH_LIMIT: int
    BERTH_OUT_OF_MEMORY: int
    BERTH_IO: int
    BERTH_CORRUPT: int
    BERTH_BAD_FILE: int
    BERTH_ALLOCATOR_AUTO: int
    BERTH_ALLOCATOR_JEMALLOC: int
    BERTH_ALLOCATOR_MMAP: int
    BERTH_CPU_AUTO: int
    BERTH_CPU_SCALAR: int
    BERTH_CPU_BASELINE: int
    BERTH_CPU_V3: int
    BERTH_CPU_V4: int
    BERTH_PATH_AUTO: int
    BERTH_PATH_TREE: int
    BERTH_PATH_SCAN: int
    BERTH_PATH_ROWS: int
    BERTH_PATH_SLOTS: int
    BERTH_TIE_TOPOLOGY: int
    BERTH_TIE_KEY: int
    BERTH_RESOURCE_OTHER: int
    BERTH_RESOURCE_CPU: int
    BERTH_RESOURCE_MEMORY: int
    BERTH_RESOURCE_GPU: int
    BERTH_RESOURCE_EPHEMERAL_STORAGE: int
    BERTH_RESOURCE_PODS: int
    BERTH_RESOURCE_COUNTED: int
    BERTH_RESOURCE_IGNORED: int
    BERTH_EFFECT_ANY: int
    BERTH_EFFECT_NO_SCHEDULE: int
    BERTH_EFFECT_PREFER_NO_SCHEDULE: int
    BERTH_EFFECT_NO_EXECUTE: int
    BERTH_NODE_CORDONED: int
    BERTH_NODE_NO_HOSTNAME: int
    BERTH_LINK_NONE: int
    BERTH_LINK_SYSTEM: int
    BERTH_LINK_NODE: int
    BERTH_LINK_HOST_BRIDGE: int
    BERTH_LINK_MULTI_SWITCH: int
    BERTH_LINK_SINGLE_SWITCH: int
    BERTH_LINK_NVLINK: int
    BERTH_LINK_NVSWITCH: int
    BERTH_MACHINE_WIDE_NVSWITCH: int
    BERTH_TERM_LEAST_ALLOCATED: int
    BERTH_TERM_MOST_ALLOCATED: int
    BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO: int
    BERTH_TERM_BALANCED_ALLOCATION: int
    BERTH_TERM_NODE_AFFINITY: int
    BERTH_TERM_TAINT_TOLERATION: int
    BERTH_TERM_BINPACK: int
    BERTH_TERM_SPREAD: int
    BERTH_TERM_PRICE: int
    BERTH_TERM_DOT_PRODUCT: int
    BERTH_TERM_BEST_FIT: int
    BERTH_TERM_IMAGE_LOCALITY: int
    BERTH_TERM_POD_TOPOLOGY_SPREAD: int
    BERTH_TERM_INTER_POD_AFFINITY: int
    BERTH_TERM_GPU_LINKS: int
    BERTH_TERM_GPU_REMAINDER: int
    BERTH_TERM_GPU_MODEL: int
    BERTH_TERM_GPU_RANDOM: int
    BERTH_TERM_GPU_BEST_FIT: int
    BERTH_TERM_GPU_DOT_PRODUCT: int
    BERTH_TERM_GPU_PACKING: int
    BERTH_TERM_GPU_CLUSTERING: int
    BERTH_TERM_GPU_FGD: int
    BERTH_TERM_GPU_BERTH: int
    BERTH_TERM_IGNORE_EXISTING_PREFERENCES: int
    BERTH_OP_IN: int
    BERTH_OP_NOT_IN: int
    BERTH_OP_EXISTS: int
    BERTH_OP_DOES_NOT_EXIST: int
    BERTH_OP_GT: int
    BERTH_OP_LT: int
    BERTH_TOLERATION_EQUAL: int
    BERTH_TOLERATION_EXISTS: int
    BERTH_TOLERATION_GT: int
    BERTH_TOLERATION_LT: int
    BERTH_PROTOCOL_TCP: int
    BERTH_PROTOCOL_UDP: int
    BERTH_PROTOCOL_SCTP: int
    BERTH_DO_NOT_SCHEDULE: int
    BERTH_SCHEDULE_ANYWAY: int
    BERTH_POLICY_DEFAULT: int
    BERTH_POLICY_HONOR: int
    BERTH_POLICY_IGNORE: int
    BERTH_POD_AFFINITY_REQUIRED: int
    BERTH_POD_AFFINITY_PREFERRED: int
    BERTH_POD_ANTI_AFFINITY_REQUIRED: int
    BERTH_POD_ANTI_AFFINITY_PREFERRED: int
    BERTH_DEVICES_PREFER_LINKS: int
    BERTH_DEVICES_TIME_SLICE: int
    BERTH_DEVICES_NICS_BY_SWITCH: int
    BERTH_POD_DEFAULT_SPREAD: int
    BERTH_PLACED: int
    BERTH_NO_FIT: int
    BERTH_REFUSED: int
    BERTH_PLACE_DRY_RUN: int
    BERTH_POD_ASSUMED: int
    BERTH_POD_BOUND: int
    BERTH_POD_TERMINATING: int
    BERTH_REASON_UNSCHEDULABLE: int
    BERTH_REASON_NODE_NAME: int
    BERTH_REASON_TAINT: int
    BERTH_REASON_AFFINITY: int
    BERTH_REASON_HOST_PORTS: int
    BERTH_REASON_INSUFFICIENT_RESOURCE: int
    BERTH_REASON_SPREAD_LABEL: int
    BERTH_REASON_SPREAD: int
    BERTH_REASON_POD_AFFINITY: int
    BERTH_REASON_POD_ANTI_AFFINITY: int
    BERTH_REASON_EXISTING_ANTI_AFFINITY: int
    BERTH_REASON_NO_SUCH_DEVICES: int
    BERTH_REASON_DEVICES_TAKEN: int
    BERTH_VERDICT_UNRESOLVABLE: int
    BERTH_DEFRAGMENT_GPUS: int
    BERTH_DEFRAGMENT_NODES: int
    BERTH_OWNER_POD: int
    BERTH_OWNER_GANG: int
    BERTH_OWNER_CLASS: int
    BERTH_OWNER_QUEUE: int
    BERTH_SCOPE_NODE: int
    BERTH_SCOPE_DOMAIN: int
    BERTH_LOAD_USAGE: int
    BERTH_LOAD_LIMIT: int
    BERTH_LOAD_SPARE: int
    BERTH_PREDICTION_USAGE: int
    BERTH_PREDICTION_MAX: int
    BERTH_PREDICTION_REQUEST: int
    BERTH_PREDICTION_PEAK: int
    BERTH_LOAD_LISTS_PODS: int
    BERTH_FEATURE_TERM: int
    BERTH_FEATURE_FREE: int
    BERTH_FEATURE_ALLOCATABLE: int
    BERTH_FEATURE_REQUEST: int
    BERTH_FEATURE_PRICE: int
    BERTH_FEATURE_SLOT: int
    BERTH_FEATURE_DOMAIN: int
    BERTH_FEATURE_LABELS: int
    BERTH_FEATURE_PRIORITY: int
    BERTH_EVENT_GAP: int
    BERTH_EVENT_POD_ASSUMED: int
    BERTH_EVENT_POD_BOUND: int
    BERTH_EVENT_POD_FORGOTTEN: int
    BERTH_EVENT_POD_RELEASED: int
    BERTH_EVENT_NODE_ADDED: int
    BERTH_EVENT_NODE_RESIZED: int
    BERTH_EVENT_NODE_LOST: int
    BERTH_EVENT_NODE_CORDONED: int
    BERTH_EVENT_NODE_UNCORDONED: int
    BERTH_EVENT_RESERVATION_MADE: int
    BERTH_EVENT_RESERVATION_CHANGED: int
    BERTH_EVENT_RESERVATION_ENDED: int
    BERTH_EVENT_POD_EVICTED: int
    BERTH_EVENT_POD_TERMINATING: int
    BERTH_EVENT_POD_MOVED: int
    BERTH_EVENT_NODE_DEVICES: int
    BERTH_DECISION_TREE: int
    BERTH_DECISION_SCAN: int
    BERTH_DECISION_ROWS: int
    BERTH_DECISION_RESERVED: int
    BERTH_DECISION_RERANKED: int
    BERTH_DECISION_SLOTS: int
    BERTH_DECISION_KINDS: int
    BERTH_STATUSES: int
    BERTH_HISTOGRAM_BUCKETS: int
    BERTH_JOURNAL_BUFFERED: int
    BERTH_JOURNAL_SYNCED: int
    BERTH_FABRIC_RING: int
    BERTH_FABRIC_TORUS: int
    BERTH_GANG_PLACED: int
    BERTH_GANG_NO_FIT: int
    BERTH_GANG_BOUNDED: int
    BERTH_GANG_WITHDRAWN: int
    BERTH_GANG_LIMIT_STEPS: int
    BERTH_GANG_LIMIT_ROLES: int
    BERTH_GANG_LIMIT_STATES: int
    BERTH_GANG_LIMIT_CONSTRAINTS: int
    BERTH_GANG_LIMIT_SCORES: int
    BERTH_GANG_LIMIT_ORDER: int
    BERTH_GANG_LEVELS: int
    BERTH_BACKFILL_NONE: int
    BERTH_BACKFILL_EASY: int
    BERTH_BACKFILL_ANY: int
    BERTH_QUEUE_STARTED: int
    BERTH_QUEUE_BACKFILLED: int
    BERTH_QUEUE_WAITING: int
    BERTH_QUEUE_TIMED_OUT: int
    BERTH_QUEUE_IMPOSSIBLE: int
    BERTH_RING_ALL_REDUCE: int
    BERTH_RING_ALL_GATHER: int
    BERTH_RING_REDUCE_SCATTER: int
    BERTH_TREE_ALL_REDUCE: int
    BERTH_TREE_BROADCAST: int
    BERTH_ALL_TO_ALL: int
    BERTH_HALVING_DOUBLING_ALL_REDUCE: int
    BERTH_PIPELINE: int
    BERTH_RANK_LINKS: int
    def berth_abi_version(self) -> int: ...
    def berth_version(self) -> Pointer: ...
    def berth_status_name(self, status: int, /) -> Pointer: ...
    def berth_engine_options_init(self, options: Pointer, /) -> None: ...
    def berth_engine_create(self, options: Pointer, engine_out: Pointer, /) -> int: ...
    def berth_engine_destroy(self, engine: Pointer, /) -> int: ...
    def berth_engine_last_error(self, engine: Pointer, text: Pointer, capacity: int, length_out: Pointer, /) -> int: ...
    def berth_engine_read_info(self, engine: Pointer, info_out: Pointer, /) -> int: ...
    def berth_engine_set_path(self, engine: Pointer, path: int, /) -> int: ...
    def berth_engine_validate(self, engine: Pointer, /) -> int: ...
    def berth_resource_add(self, engine: Pointer, name: Pointer, kind: int, id_out: Pointer, /) -> int: ...
    def berth_domain_add(self, engine: Pointer, parent: int, name: Pointer, id_out: Pointer, /) -> int: ...
    def berth_label_set_intern(self, engine: Pointer, labels: Pointer, count: int, id_out: Pointer, /) -> int: ...
    def berth_taint_set_intern(self, engine: Pointer, taints: Pointer, count: int, id_out: Pointer, /) -> int: ...
    def berth_image_set_intern(self, engine: Pointer, images: Pointer, count: int, id_out: Pointer, /) -> int: ...
    def berth_node_batch_init(self, batch: Pointer, /) -> None: ...
    def berth_nodes_add(self, engine: Pointer, batch: Pointer, ids_out: Pointer, /) -> int: ...
    def berth_nodes_update(self, engine: Pointer, ids: Pointer, batch: Pointer, /) -> int: ...
    def berth_nodes_remove(self, engine: Pointer, ids: Pointer, count: int, /) -> int: ...
    def berth_nodes_cordon(self, engine: Pointer, ids: Pointer, count: int, cordoned: int, /) -> int: ...
    def berth_node_find(self, engine: Pointer, name: Pointer, id_out: Pointer, /) -> int: ...
    def berth_nodes_read(
        self,
        engine: Pointer,
        ids: Pointer,
        count: int,
        resources: Pointer,
        resource_count: int,
        states_out: Pointer,
        allocatable_out: Pointer,
        requested_out: Pointer,
        /,
    ) -> int: ...
    def berth_nodes_list(
        self, engine: Pointer, offset: int, capacity: int, ids_out: Pointer, count_out: Pointer, /
    ) -> int: ...
    def berth_machine_init(self, machine: Pointer, /) -> None: ...
    def berth_machine_intern(self, engine: Pointer, machine: Pointer, id_out: Pointer, /) -> int: ...
    def berth_machine_intern_standard(
        self, engine: Pointer, name: Pointer, gpu_model: Pointer, memory_mib: int, id_out: Pointer, /
    ) -> int: ...
    def berth_machine_intern_matrix(
        self, engine: Pointer, text: Pointer, gpu_model: Pointer, memory_mib: int, id_out: Pointer, /
    ) -> int: ...
    def berth_gpu_model_set(self, engine: Pointer, model: Pointer, worth: int, /) -> int: ...
    def berth_nodes_set_machines(self, engine: Pointer, ids: Pointer, machines: Pointer, count: int, /) -> int: ...
    def berth_node_set_health(self, engine: Pointer, node: int, sick_gpus: int, sick_nics: int, /) -> int: ...
    def berth_typical_pods_set(self, engine: Pointer, pods: Pointer, count: int, total: int, /) -> int: ...
    def berth_fragmentation_read(self, engine: Pointer, nodes: Pointer, count: int, milli_out: Pointer, /) -> int: ...
    def berth_node_read_devices(
        self, engine: Pointer, node: int, machine_out: Pointer, gpus_out: Pointer, free_functions_out: Pointer, /
    ) -> int: ...
    def berth_machine_read(
        self,
        engine: Pointer,
        machine: int,
        machine_out: Pointer,
        gpus_out: Pointer,
        nics_out: Pointer,
        gpu_links_out: Pointer,
        nic_links_out: Pointer,
        /,
    ) -> int: ...
    def berth_profile_add(
        self, engine: Pointer, name: Pointer, terms: Pointer, count: int, id_out: Pointer, /
    ) -> int: ...
    def berth_namespace_set(self, engine: Pointer, name: Pointer, labels: Pointer, count: int, /) -> int: ...
    def berth_namespace_remove(self, engine: Pointer, name: Pointer, /) -> int: ...
    def berth_selector_intern(self, engine: Pointer, requirements: Pointer, count: int, id_out: Pointer, /) -> int: ...
    def berth_pod_spec_init(self, spec: Pointer, /) -> None: ...
    def berth_class_intern(self, engine: Pointer, spec: Pointer, id_out: Pointer, /) -> int: ...
    def berth_classes_intern(self, engine: Pointer, specs: Pointer, count: int, ids_out: Pointer, /) -> int: ...
    def berth_pods_place(
        self, engine: Pointer, classes: Pointer, count: int, flags: int, placements_out: Pointer, /
    ) -> int: ...
    def berth_pods_bind(
        self, engine: Pointer, classes: Pointer, nodes: Pointer, count: int, pods_out: Pointer, /
    ) -> int: ...
    def berth_pods_confirm(self, engine: Pointer, pods: Pointer, count: int, /) -> int: ...
    def berth_pods_forget(self, engine: Pointer, pods: Pointer, count: int, /) -> int: ...
    def berth_pods_release(self, engine: Pointer, pods: Pointer, count: int, /) -> int: ...
    def berth_pods_terminate(self, engine: Pointer, pods: Pointer, count: int, /) -> int: ...
    def berth_pods_read(self, engine: Pointer, pods: Pointer, count: int, states_out: Pointer, /) -> int: ...
    def berth_candidates_read(
        self,
        engine: Pointer,
        pod_class: int,
        k: int,
        candidates_out: Pointer,
        term_scores_out: Pointer,
        count_out: Pointer,
        /,
    ) -> int: ...
    def berth_reason_text(self, reason: int, /) -> Pointer: ...
    def berth_class_explain(
        self, engine: Pointer, pod_class: int, explanation_out: Pointer, reasons_out: Pointer, capacity: int, /
    ) -> int: ...
    def berth_class_message(
        self, engine: Pointer, pod_class: int, text: Pointer, capacity: int, length_out: Pointer, /
    ) -> int: ...
    def berth_class_check(
        self,
        engine: Pointer,
        pod_class: int,
        nodes: Pointer,
        count: int,
        verdicts_out: Pointer,
        lacking_out: Pointer,
        /,
    ) -> int: ...
    def berth_claims_read(self, engine: Pointer, pods: Pointer, count: int, claims_out: Pointer, /) -> int: ...
    def berth_claim_preview(self, engine: Pointer, pod_class: int, node: int, claim_out: Pointer, /) -> int: ...
    def berth_pods_bind_claims(
        self, engine: Pointer, classes: Pointer, nodes: Pointer, claims: Pointer, count: int, pods_out: Pointer, /
    ) -> int: ...
    def berth_claim_resize(self, engine: Pointer, pod: int, share_milli: int, memory_mib: int, /) -> int: ...
    def berth_pods_move(self, engine: Pointer, pods: Pointer, nodes: Pointer, count: int, /) -> int: ...
    def berth_defragment_options_init(self, options: Pointer, /) -> None: ...
    def berth_defragment(
        self, engine: Pointer, options: Pointer, migrations_out: Pointer, report_out: Pointer, /
    ) -> int: ...
    def berth_statement_begin(self, engine: Pointer, id_out: Pointer, /) -> int: ...
    def berth_statement_checkpoint(self, engine: Pointer, id_out: Pointer, /) -> int: ...
    def berth_statement_rollback(self, engine: Pointer, checkpoint: int, /) -> int: ...
    def berth_statement_commit(self, engine: Pointer, statement: int, /) -> int: ...
    def berth_statement_discard(self, engine: Pointer, statement: int, /) -> int: ...
    def berth_engine_fork(self, engine: Pointer, engine_out: Pointer, /) -> int: ...
    def berth_engine_set_time(self, engine: Pointer, now_ms: int, /) -> int: ...
    def berth_engine_read_time(self, engine: Pointer, now_ms_out: Pointer, /) -> int: ...
    def berth_reservations_add(self, engine: Pointer, specs: Pointer, count: int, ids_out: Pointer, /) -> int: ...
    def berth_reservations_remove(self, engine: Pointer, ids: Pointer, count: int, /) -> int: ...
    def berth_reservation_resize(self, engine: Pointer, id: int, quantities: Pointer, count: int, /) -> int: ...
    def berth_reservation_hand_over(self, engine: Pointer, id: int, owner: Pointer, /) -> int: ...
    def berth_reservation_set_expiry(self, engine: Pointer, id: int, expiry_ms: int, /) -> int: ...
    def berth_reservations_read(
        self,
        engine: Pointer,
        ids: Pointer,
        count: int,
        resources: Pointer,
        resource_count: int,
        states_out: Pointer,
        held_out: Pointer,
        left_out: Pointer,
        /,
    ) -> int: ...
    def berth_reservations_list(
        self, engine: Pointer, offset: int, capacity: int, ids_out: Pointer, count_out: Pointer, /
    ) -> int: ...
    def berth_pods_place_as(
        self, engine: Pointer, classes: Pointer, identities: Pointer, count: int, flags: int, placements_out: Pointer, /
    ) -> int: ...
    def berth_pods_bind_as(
        self, engine: Pointer, classes: Pointer, identities: Pointer, nodes: Pointer, count: int, pods_out: Pointer, /
    ) -> int: ...
    def berth_pod_reservations_read(
        self, engine: Pointer, pod: int, capacity: int, uses_out: Pointer, count_out: Pointer, /
    ) -> int: ...
    def berth_load_spec_init(self, spec: Pointer, /) -> None: ...
    def berth_load_resource_add(self, engine: Pointer, name: Pointer, spec: Pointer, id_out: Pointer, /) -> int: ...
    def berth_load_batch_init(self, batch: Pointer, /) -> None: ...
    def berth_load_update(self, engine: Pointer, batch: Pointer, /) -> int: ...
    def berth_load_remove(self, engine: Pointer, nodes: Pointer, count: int, /) -> int: ...
    def berth_load_pods_update(self, engine: Pointer, pods: Pointer, assigned_at_ms: Pointer, count: int, /) -> int: ...
    def berth_load_read(
        self,
        engine: Pointer,
        nodes: Pointer,
        count: int,
        resources: Pointer,
        resource_count: int,
        states_out: Pointer,
        values_out: Pointer,
        /,
    ) -> int: ...
    def berth_rerank_options_init(self, options: Pointer, /) -> None: ...
    def berth_engine_set_rerank(self, engine: Pointer, options: Pointer, /) -> int: ...
    def berth_events_enable(self, engine: Pointer, capacity: int, /) -> int: ...
    def berth_events_read(
        self,
        engine: Pointer,
        cursor: int,
        capacity: int,
        events_out: Pointer,
        count_out: Pointer,
        next_cursor_out: Pointer,
        /,
    ) -> int: ...
    def berth_metrics_read(self, engine: Pointer, metrics_out: Pointer, /) -> int: ...
    def berth_histogram_read(self, engine: Pointer, decision_kind: int, histogram_out: Pointer, /) -> int: ...
    def berth_metrics_text(self, engine: Pointer, text: Pointer, capacity: int, length_out: Pointer, /) -> int: ...
    def berth_snapshot_write(self, engine: Pointer, path: Pointer, /) -> int: ...
    def berth_snapshot_read(self, path: Pointer, options: Pointer, engine_out: Pointer, /) -> int: ...
    def berth_engine_digest(self, engine: Pointer, digest_out: Pointer, /) -> int: ...
    def berth_journal_options_init(self, options: Pointer, /) -> None: ...
    def berth_journal_open(self, engine: Pointer, path: Pointer, options: Pointer, /) -> int: ...
    def berth_journal_sync(self, engine: Pointer, /) -> int: ...
    def berth_journal_close(self, engine: Pointer, /) -> int: ...
    def berth_engine_recover(
        self, snapshot: Pointer, journal: Pointer, options: Pointer, recovery_out: Pointer, engine_out: Pointer, /
    ) -> int: ...
    def berth_gang_init(self, gang: Pointer, /) -> None: ...
    def berth_gang_place(
        self,
        engine: Pointer,
        gang: Pointer,
        flags: int,
        capacity: int,
        placements_out: Pointer,
        roles_out: Pointer,
        result_out: Pointer,
        /,
    ) -> int: ...
    def berth_gangs_place(
        self,
        engine: Pointer,
        gangs: Pointer,
        count: int,
        flags: int,
        capacity: int,
        placements_out: Pointer,
        roles_out: Pointer,
        results_out: Pointer,
        /,
    ) -> int: ...
    def berth_gang_shrink(
        self, engine: Pointer, members: Pointer, count: int, keep: int, released_out: Pointer, /
    ) -> int: ...
    def berth_gang_message(
        self, engine: Pointer, result: Pointer, text: Pointer, capacity: int, length_out: Pointer, /
    ) -> int: ...
    def berth_queue_options_init(self, options: Pointer, /) -> None: ...
    def berth_gangs_schedule(
        self,
        engine: Pointer,
        options: Pointer,
        waiting: Pointer,
        count: int,
        running: Pointer,
        running_count: int,
        capacity: int,
        placements_out: Pointer,
        roles_out: Pointer,
        results_out: Pointer,
        /,
    ) -> int: ...
    def berth_rank_network_init(self, network: Pointer, /) -> None: ...
    def berth_rank_job_init(self, job: Pointer, /) -> None: ...
    def berth_rank_options_init(self, options: Pointer, /) -> None: ...
    def berth_ranks_assign(
        self,
        network: Pointer,
        job: Pointer,
        order: Pointer,
        options: Pointer,
        place_of_rank_out: Pointer,
        report_out: Pointer,
        /,
    ) -> int: ...
    def berth_ranks_replace(
        self,
        network: Pointer,
        job: Pointer,
        place_of_rank: Pointer,
        lost: Pointer,
        lost_count: int,
        replacements: Pointer,
        replacement_count: int,
        options: Pointer,
        place_of_rank_out: Pointer,
        report_out: Pointer,
        /,
    ) -> int: ...
    def berth_ranks_cost(
        self, network: Pointer, job: Pointer, place_of_rank: Pointer, cost_ps_out: Pointer, bytes_out: Pointer, /
    ) -> int: ...
    def berth_rank_multiples(
        self,
        job: Pointer,
        pod_size: int,
        links: Pointer,
        domain_pods: Pointer,
        level_count: int,
        multiples_out: Pointer,
        count_out: Pointer,
        /,
    ) -> int: ...
