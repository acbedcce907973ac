/*
 * Berth: an embedded scheduling engine.
 *
 * A host process describes nodes and pods and gets placements back: which node, with which score, or why none.
 * The header is plain C11 without bit fields, varargs or inline functions, so that cffi and cgo read it as it is.
 *
 * Conventions
 *   Names       berth_<noun>_<verb>; create/destroy for what the caller owns, add/update/remove copy records in,
 *               read copies records out into the caller's buffer.
 *   Results     come last, named *_out, and are written only when the call returns BERTH_OK.
 *   Statuses    every fallible call returns berth_status; berth_engine_last_error gives the sentence to it.
 *               A refused call changes nothing: the engine and its next decision are what they were.
 *   Batches     that change nodes or pods are done whole or refused whole, and an id may occur once (BERTH_DUPLICATE).
 *   Strings     are UTF-8 with a terminating zero, are copied, and are never kept by reference. They are compared byte
 *               by byte.
 *   Quantities  are 64-bit integers in a unit the caller chooses per resource (cpu in millicores by custom).
 *   Structs     that may grow begin with struct_size: set it with the init function. Reserved fields must be zero.
 *   Memory      no allocation crosses the boundary: buffers belong to the caller, handles to the engine.
 *   Clock, seed the engine decides by neither: same calls, same answers, on every CPU. What time it is it is told
 *               (berth_engine_set_time); the system's clock is read only to measure how long decisions take.
 *
 * Threads
 *   An engine serves one call at a time. A second thread that calls while another call is inside gets BERTH_BUSY at
 *   once and nothing happens. Different engines are independent. Handles may move between threads freely.
 *   berth_abi_version, berth_version and berth_status_name may be called at any time from anywhere.
 *
 * Limits (each is checked; exceeding one returns BERTH_LIMIT)
 *   see the BERTH_MAX_* constants below. Beside them: 16,777,216 domains; 10,000 entries in any list of a pod spec
 *   (selectors, terms, requirements, values, tolerations, labels, ports, images, constraints, namespaces); 101 points of a shape; 4 GiB of node names; 2^62 of a
 *   resource in use on a node; 67,108,864 groups of up to 64 nodes (one at least for each leaf domain with nodes);
 *   1,099,511,627,775 reservations made by an engine.
 */
#ifndef BERTH_H
#define BERTH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------- */
/* Version                                                                                                          */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Raised by one whenever a struct, a constant or a function of this header changes. Bindings check it at load. */
#define BERTH_ABI_VERSION 5u

/* The version of the library that this header belongs to, "major.minor.patch". */
#define BERTH_VERSION "0.1.0"

/* The ABI number the library was built with; compare it with BERTH_ABI_VERSION before anything else. */
uint32_t berth_abi_version(void);

/* The library's version, "major.minor.patch"; static, never freed. */
const char *berth_version(void);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Statuses                                                                                                         */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Values are never reused. "No node fits" is not an error: it is an outcome of a placement. */
typedef uint32_t berth_status;
enum {
  BERTH_OK = 0,
  /* 10..19: the call's own arguments */
  BERTH_NULL_POINTER = 10, /* a pointer that must not be null is null */
  BERTH_BAD_STRUCT = 11,   /* struct_size is unknown, or a reserved field is not zero */
  BERTH_BAD_ARGUMENT = 12, /* a value outside its range; the message names it and the range */
  BERTH_BAD_QUANTITY = 13, /* a negative quantity, or a sum that leaves the 64-bit range */
  BERTH_BAD_NUMBER = 14,   /* not a number, infinite, or not whole where a whole number is asked for */
  BERTH_BAD_TEXT = 15,     /* not UTF-8, empty where a name is asked for, or too long */
  /* 20..29: handles and ids */
  BERTH_BAD_ENGINE = 20, /* not a live engine: destroyed, foreign or null */
  BERTH_UNKNOWN_ID = 21, /* never given out by this engine */
  BERTH_STALE_ID = 22,   /* given out by this engine, but what it named has gone since */
  BERTH_DUPLICATE = 23,  /* the name, or the id within one batch, is there already */
  /* 30..39: the state of the engine */
  BERTH_WRONG_STATE = 30,  /* the pod is not in a state that allows this (e.g. confirm of a bound pod) */
  BERTH_BUSY = 31,         /* another thread is inside a call on this engine */
  BERTH_SEALED = 32,       /* too late: fixed by the first domain or node, or by the first node or class */
  BERTH_NO_ROOM = 33,      /* what is to be held is not free where it is to be held */
  BERTH_BAD_CALLBACK = 34, /* the host's callback returned what the call's documentation does not allow */
  /* 40..49: resources of the host */
  BERTH_LIMIT = 40,         /* one of the limits below would be exceeded */
  BERTH_OUT_OF_MEMORY = 41, /* the allocator refused */
  BERTH_IO = 42,            /* a file cannot be opened, read or written; the message has the system's words */
  /* 50..59: self check, files */
  BERTH_CORRUPT = 50, /* berth_engine_validate found a broken invariant: please report it */
  BERTH_BAD_FILE = 51 /* a snapshot or journal: cut, altered, foreign or of another ABI; the message has the offset */
};

/* The status's name, "BERTH_OK"; "BERTH_UNKNOWN_STATUS" for other values. Static, never freed. */
const char *berth_status_name(berth_status status);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Limits                                                                                                           */
/* ---------------------------------------------------------------------------------------------------------------- */

#define BERTH_MAX_ENGINES 65536u            /* live engines per process */
#define BERTH_MAX_NODES 16777216u           /* live nodes per engine */
#define BERTH_MAX_PODS 268435456u           /* live pods per engine */
#define BERTH_MAX_RESOURCES 4096u           /* resource names per engine */
#define BERTH_MAX_RESOURCES_PER_NODE 16u    /* resources per node that are allocatable or in use there */
#define BERTH_MAX_RESOURCES_PER_POD 16u     /* resources with a non-zero request per pod class */
#define BERTH_MAX_LEVELS 8u                 /* topology levels */
#define BERTH_MAX_CLASSES 1048576u          /* pod classes */
#define BERTH_MAX_PROFILES 256u             /* profiles */
#define BERTH_MAX_TERMS 16u                 /* score terms per profile */
#define BERTH_MAX_POOLS 65535u              /* distinct (labels, taints, cordon, zone) of nodes */
#define BERTH_MAX_CANDIDATES 65536u         /* k of berth_candidates_read */
#define BERTH_MAX_TEXT_BYTES 1024u          /* a name, a label key or a label value */
#define BERTH_MAX_QUANTITY 1125899906842624 /* 2^50: largest allocatable and request */
#define BERTH_MAX_PRICE 1099511627776       /* 2^40: largest price of a node, which is not negative */
#define BERTH_MAX_WEIGHT 1000000            /* largest weight of a score term or of a resource in it */
#define BERTH_MAX_STATEMENTS 64u            /* open statements, one inside the other */
#define BERTH_MAX_CHECKPOINTS 1048576u      /* checkpoints of all open statements */
#define BERTH_MAX_CHANGES 1073741824u       /* changes that the open statements can take back */
#define BERTH_MAX_FEATURES 64u              /* features of a candidate that re-ranking sees */
#define BERTH_MAX_RESERVATIONS 16777216u    /* live reservations per engine */
#define BERTH_MAX_LOAD_RESOURCES 12u        /* load resources per engine */
#define BERTH_MAX_MEASURED 4u               /* measured resources per engine */
#define BERTH_MAX_EVENTS 16777216u          /* events that an engine keeps for its readers */
#define BERTH_MAX_SELECTORS 1048576u        /* pod selectors per engine */
#define BERTH_MAX_NAMESPACES 1048576u       /* namespaces whose labels an engine was told */
#define BERTH_MAX_SPREAD_CONSTRAINTS 32u    /* topology spread constraints per pod class */
#define BERTH_MAX_AFFINITY_TERMS 64u        /* pod affinity and anti-affinity terms per pod class */
#define BERTH_MAX_GPUS_PER_NODE 16u         /* GPUs of a machine */
#define BERTH_MAX_NICS_PER_NODE 16u         /* network interfaces of a machine that pods may ask for */
#define BERTH_MAX_MACHINES 65535u           /* distinct machines per engine */
#define BERTH_MAX_LINK_DEMANDS 256u         /* distinct (link_required, nic_count, flags) of classes with whole GPUs */
#define BERTH_MAX_GPU_MODELS 255u           /* distinct GPU models per engine */
#define BERTH_MAX_TYPICAL_PODS 1024u        /* kinds of typical pods per engine */
#define BERTH_MAX_GPU_MEMORY_MIB 16777216u  /* 16 TiB: memory of a GPU */
#define BERTH_NO_SWITCH 255u                /* a device at a host bridge */
#define BERTH_MAX_MIGRATIONS 65536u         /* moves of a plan */
#define BERTH_MAX_ITERATIONS 1000000000u    /* of a local search */
#define BERTH_MAX_TOPOLOGY_BYTES 65536u     /* what `nvidia-smi topo -m` printed */
#define BERTH_MAX_GANG_ROLES 16u            /* roles of a gang */
#define BERTH_MAX_GANG_MEMBERS 1048576u     /* members of a gang, running ones included */
#define BERTH_MAX_GANG_SLICES 3u            /* nested multiples per domain of a role */
#define BERTH_MAX_GANGS 65536u              /* gangs of one call */
#define BERTH_MAX_EXACT_ROLES 3u            /* roles that compete, searched exactly */
#define BERTH_MAX_EXACT_STATES 64u       /* distinct states of nodes in a domain, searched exactly with several roles */
#define BERTH_MAX_FABRIC_NODES 1048576u  /* places of a fabric */
#define BERTH_MAX_FABRIC_BOXES 1024u     /* declared boxes of a torus */
#define BERTH_MAX_RANKS 1048576u         /* ranks of a job, and places that they can take */
#define BERTH_MAX_RANK_DIMENSIONS 8u     /* parallel dimensions of a job */
#define BERTH_MAX_COLLECTIVES 64u        /* collectives of a job */
#define BERTH_MAX_FLOWS 67108864u        /* pairs of ranks that talk, those of all-to-all not counted */
#define BERTH_MAX_RANK_MULTIPLES 3u      /* sizes that berth_rank_multiples tells */
#define BERTH_MAX_QUEUE_RESERVATIONS 64u /* waiting gangs that are protected */

/* ---------------------------------------------------------------------------------------------------------------- */
/* Engine                                                                                                           */
/* ---------------------------------------------------------------------------------------------------------------- */

/* An engine owns its memory. The pointer is a token, never dereferenced: a stale or foreign one is refused. */
typedef struct berth_engine berth_engine;

/* Ids are given out by the engine. Node and pod ids carry a generation, so that a stale one is recognised. */
typedef uint64_t berth_node_id;
typedef uint64_t berth_pod_id;
typedef uint32_t berth_resource_id;
typedef uint32_t berth_domain_id;
typedef uint32_t berth_label_set_id;
typedef uint32_t berth_taint_set_id;
typedef uint32_t berth_profile_id;
typedef uint32_t berth_class_id;
typedef uint32_t berth_image_set_id;
typedef uint32_t berth_selector_id;
typedef uint32_t berth_machine_id;

#define BERTH_NO_NODE UINT64_MAX
#define BERTH_NO_POD UINT64_MAX
#define BERTH_ROOT_DOMAIN 0u /* the cluster itself: the parent of the first level's domains */
#define BERTH_EMPTY_SET 0u   /* the label set, the taint set and the image set without members */
#define BERTH_ANY_RESOURCE UINT32_MAX
#define BERTH_NO_CLASS UINT32_MAX
#define BERTH_NO_DOMAIN UINT32_MAX   /* no domain: what is meant is a node */
#define BERTH_NO_MACHINE 0u          /* no devices that are placed one by one */
#define BERTH_NO_SELECTOR UINT32_MAX /* no selector: selects nothing, as null does in Kubernetes */

/* Where an engine's memory comes from. */
enum {
  BERTH_ALLOCATOR_AUTO = 0, /* jemalloc when the process has it or it can be loaded, else mmap */
  BERTH_ALLOCATOR_JEMALLOC = 1,
  BERTH_ALLOCATOR_MMAP = 2
};

/* Which kernels run; AUTO takes the best one this CPU has. Every level gives the same bits. */
enum {
  BERTH_CPU_AUTO = 0,
  BERTH_CPU_SCALAR = 1,   /* plain loops: the reference */
  BERTH_CPU_BASELINE = 2, /* x86-64-v2, or the compiler's vectors on arm64 */
  BERTH_CPU_V3 = 3,       /* x86-64-v3: AVX2 */
  BERTH_CPU_V4 = 4        /* x86-64-v4: AVX-512 */
};

/* How a decision is searched; every path gives the same node. For tests and measurements: AUTO is the planner. */
enum {
  BERTH_PATH_AUTO = 0,
  BERTH_PATH_TREE = 1, /* branch and bound in the state tree */
  BERTH_PATH_SCAN = 2, /* SIMD scan over all leaves */
  BERTH_PATH_ROWS = 3, /* one node after the other, in topology order */
  BERTH_PATH_SLOTS = 4 /* the class's own index in topology order, kept current by the change log */
};

/* What breaks a tie between nodes of equal score. */
enum {
  BERTH_TIE_TOPOLOGY = 0, /* the first in topology order */
  BERTH_TIE_KEY = 1       /* the smallest berth_node.tie_key, then the first in topology order */
};

typedef struct berth_engine_options {
  uint32_t struct_size;
  uint32_t allocator;   /* BERTH_ALLOCATOR_* */
  uint32_t cpu_level;   /* BERTH_CPU_*; a level this CPU lacks is refused */
  uint32_t tie_rule;    /* BERTH_TIE_* */
  uint32_t level_count; /* topology levels, widest first; at most BERTH_MAX_LEVELS */
  uint32_t reserved;
  const char *const *level_keys; /* label key of each level, e.g. "topology.kubernetes.io/zone"; unique */
} berth_engine_options;

/* Fills in the defaults: automatic allocator and CPU level, ties by topology, no levels. */
void berth_engine_options_init(berth_engine_options *options);

/* Makes an empty engine; options may be null (the defaults). The caller destroys it. */
berth_status berth_engine_create(const berth_engine_options *options, berth_engine **engine_out);

/* Frees the engine and all its memory in one go. BERTH_BAD_ENGINE for anything that is not a live engine. */
berth_status berth_engine_destroy(berth_engine *engine);

/* Copies the sentence that belongs to the last refused call on this engine (empty if none) into text[0..capacity).
 * A null engine asks for the last refused call of this thread that had no engine to keep the sentence: a failed create,
 * BERTH_BAD_ENGINE and BERTH_BUSY. Always ends with a zero; length_out (may be null) gets the whole sentence's length
 * in bytes. */
berth_status berth_engine_last_error(berth_engine *engine, char *text, size_t capacity, size_t *length_out);

typedef struct berth_engine_info {
  uint32_t struct_size;
  uint32_t allocator; /* BERTH_ALLOCATOR_JEMALLOC or _MMAP: what serves this engine */
  uint32_t cpu_level; /* BERTH_CPU_*: the kernels in use */
  uint32_t shapes;    /* distinct capacities */
  uint32_t trees;     /* state trees (one for similar shapes) */
  uint32_t pools;     /* distinct (labels, taints, cordon, zone) */
  uint64_t nodes;
  uint64_t pods;
  uint64_t classes;
  uint64_t bytes_allocated; /* what the engine and its forks hold together, as the allocator counts it */
  uint64_t bytes_mapped;    /* what the allocator has mapped for them */
  uint64_t node_bytes;      /* rows, ids, names, groups; like the next three, shared with other engines or not */
  uint64_t index_bytes;     /* the state trees */
  uint64_t class_bytes;     /* classes, profiles, label and taint sets */
  uint64_t pod_bytes;
  /* counters since create or fork, for measuring and for gates that must repeat exactly */
  uint64_t decisions;
  uint64_t tree_queries;
  uint64_t scan_queries;
  uint64_t row_queries;
  uint64_t leaves_opened;
  uint64_t inners_opened;
  uint64_t exact_scores;   /* nodes scored one by one after the kernels' bound */
  uint64_t scan_fallbacks; /* tree searches that reached their limit and were finished by a scan */
  uint64_t node_changes;   /* length of the change log since create */
  uint64_t leaf_splits;
  uint64_t leaf_merges;
  uint64_t slot_moves;  /* nodes that got another slot because their neighbourhood was full */
  uint64_t allocations; /* blocks asked from the allocator, by the engine and its forks together */
  /* forks */
  uint64_t family_engines; /* live engines that come from one another by forking, this one included */
  uint64_t owned_bytes;    /* of node, index, class and pod memory: what destroying this engine gives back at least */
  uint64_t reservations;   /* live ones */
  uint64_t reservation_bytes; /* reservations, and what pods took of them */
  /* pods' constraints and slot indexes */
  uint64_t constraint_bytes;    /* counts by domain, lists of nodes' pods */
  uint64_t slot_indexes;        /* classes that have one now */
  uint64_t slot_index_bytes;    /* all of them, with the columns that they share */
  uint64_t slot_queries;        /* decisions made with one */
  uint64_t slot_builds;         /* built, anew or for the first time */
  uint64_t slot_changes_read;   /* entries of the change log that indexes caught up with */
  uint64_t slot_groups_scored;  /* groups of nodes whose best was computed anew */
  uint64_t domain_counts_built; /* counts that were made by looking at all pods, once for each new kind of count */
  /* devices */
  uint64_t machines;         /* distinct ones, BERTH_NO_MACHINE not counted */
  uint64_t device_bytes;     /* what nodes have of devices, and pods of claims */
  uint64_t potential_misses; /* states of nodes that a fragmentation policy weighed anew */
} berth_engine_info;

/* Reads figures and counters. Set info_out->struct_size before. */
berth_status berth_engine_read_info(berth_engine *engine, berth_engine_info *info_out);

/* Forces one way of searching (BERTH_PATH_*), for tests and measurements. A class that a path cannot serve (a selector
 * on names or deep levels is for rows only) takes the next one that can. */
berth_status berth_engine_set_path(berth_engine *engine, uint32_t path);

/* Checks every invariant in O(nodes + pods). BERTH_OK, or BERTH_CORRUPT with the first broken one as the message. */
berth_status berth_engine_validate(berth_engine *engine);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Resources, topology, labels, taints                                                                              */
/* ---------------------------------------------------------------------------------------------------------------- */

/* What a resource is to the profiles that speak of cpu, memory and GPU. */
enum {
  BERTH_RESOURCE_OTHER = 0,  /* extended resources */
  BERTH_RESOURCE_CPU = 1,    /* one per engine */
  BERTH_RESOURCE_MEMORY = 2, /* one per engine */
  BERTH_RESOURCE_GPU = 3,
  BERTH_RESOURCE_EPHEMERAL_STORAGE = 4,
  BERTH_RESOURCE_PODS = 5,    /* one per engine; nothing is counted by itself: request 1 in the pod spec */
  BERTH_RESOURCE_COUNTED = 6, /* held by pods and seen by scores, but refuses none: kube-scheduler's NonZeroRequested,
                                 where a pod without a request counts as 100 millicores and 200 MiB */
  BERTH_RESOURCE_IGNORED = 7  /* COUNTED, but an extended resource: scored only for pods that request it
                                 (ignoredResources of NodeResourcesFit) */
};

/* Adds a resource name. BERTH_DUPLICATE if it exists. */
berth_status berth_resource_add(berth_engine *engine, const char *name, uint32_t kind, berth_resource_id *id_out);

/* Adds a domain below parent, BERTH_ROOT_DOMAIN for the first level. Siblings are ordered as they were added, and
 * topology order follows. Names are the values of the level's label and unique among siblings; the empty name says that
 * nodes below lack the label. A domain on the last level holds nodes; the others hold domains. */
berth_status berth_domain_add(berth_engine *engine, berth_domain_id parent, const char *name, berth_domain_id *id_out);

typedef struct berth_label {
  const char *key;
  const char *value;
} berth_label;

/* Interns a set of labels; equal sets give one id. Duplicate keys and level keys (they come from the domain) are
 * refused. kubernetes.io/hostname is an ordinary label except where its value is the node's own name: leave it out
 * then, the engine answers it from the name. */
berth_status berth_label_set_intern(berth_engine *engine, const berth_label *labels, size_t count,
                                    berth_label_set_id *id_out);

enum {
  BERTH_EFFECT_ANY = 0, /* tolerations only: every effect */
  BERTH_EFFECT_NO_SCHEDULE = 1,
  BERTH_EFFECT_PREFER_NO_SCHEDULE = 2,
  BERTH_EFFECT_NO_EXECUTE = 3
};

typedef struct berth_taint {
  const char *key;
  const char *value; /* may be null: empty */
  uint32_t effect;   /* BERTH_EFFECT_*, not ANY */
  uint32_t reserved;
} berth_taint;

/* Interns a list of taints; equal lists give one id. Duplicate (key, effect) is refused. */
berth_status berth_taint_set_intern(berth_engine *engine, const berth_taint *taints, size_t count,
                                    berth_taint_set_id *id_out);

/* An image as a node reports it (status.images): every name of it is an entry of its own. */
typedef struct berth_image {
  const char *name;
  int64_t size_bytes;
} berth_image;

/* Interns the images of a node; equal sets give one id. Duplicate names are refused. */
berth_status berth_image_set_intern(berth_engine *engine, const berth_image *images, size_t count,
                                    berth_image_set_id *id_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Nodes                                                                                                            */
/* ---------------------------------------------------------------------------------------------------------------- */

enum {
  BERTH_NODE_CORDONED = 1u,   /* spec.unschedulable: only pods that tolerate node.kubernetes.io/unschedulable */
  BERTH_NODE_NO_HOSTNAME = 2u /* has no label kubernetes.io/hostname: the name does not stand in for it */
};

typedef struct berth_node {
  berth_domain_id domain; /* on the last level; BERTH_ROOT_DOMAIN in an engine without levels */
  berth_label_set_id labels;
  berth_taint_set_id taints;
  uint32_t flags;   /* BERTH_NODE_* */
  uint32_t tie_key; /* used with BERTH_TIE_KEY only */
  berth_image_set_id images;
  int64_t price; /* per hour, in millionths of a currency unit; 0 where prices do not matter */
} berth_node;

/* A batch of nodes as columns. */
typedef struct berth_node_batch {
  uint32_t struct_size;
  uint32_t resource_count;
  size_t count;
  const berth_node *nodes;            /* [count] */
  const berth_resource_id *resources; /* [resource_count], unique */
  const int64_t *allocatable;         /* [count][resource_count], row by row; 0: the node lacks the resource */
  const int64_t *requested;           /* same shape, or null: what runs there without being told pod by pod */
  const char *const *names;           /* [count] or null; a name is unique in the engine, null entries are nameless */
} berth_node_batch;

/* An empty batch with its struct_size. */
void berth_node_batch_init(berth_node_batch *batch);

/* Adds nodes. A node takes the lowest free slot of its domain. All or nothing. ids_out[count]. */
berth_status berth_nodes_add(berth_engine *engine, const berth_node_batch *batch, berth_node_id *ids_out);

/* Replaces everything of nodes but their pods, what ran there untold, and their names: batch->names and
 * batch->requested must be null. A node whose domain changes takes a slot there. All or nothing; an id may occur
 * once. A node may be over-committed by it. */
berth_status berth_nodes_update(berth_engine *engine, const berth_node_id *ids, const berth_node_batch *batch);

/* Removes nodes. Their pods stay known until they are released; they hold nothing any more. All or nothing. */
berth_status berth_nodes_remove(berth_engine *engine, const berth_node_id *ids, size_t count);

/* Cordons (cordoned != 0) or uncordons nodes. All or nothing. */
berth_status berth_nodes_cordon(berth_engine *engine, const berth_node_id *ids, size_t count, uint32_t cordoned);

/* The node of that name; BERTH_UNKNOWN_ID if there is none. */
berth_status berth_node_find(berth_engine *engine, const char *name, berth_node_id *id_out);

typedef struct berth_node_state {
  berth_node_id node;
  berth_domain_id domain;
  berth_label_set_id labels;
  berth_taint_set_id taints;
  uint32_t flags;
  uint32_t tie_key;
  uint32_t slot; /* place in topology order now: grows along the order, has gaps, may change */
  int64_t price;
  berth_image_set_id images;
  uint32_t reserved; /* 0 */
} berth_node_state;

/* Reads nodes by id. states_out[count] (may be null); for resources[resource_count]: allocatable_out and
 * requested_out, [count][resource_count] row by row (each may be null). */
berth_status berth_nodes_read(berth_engine *engine, const berth_node_id *ids, size_t count,
                              const berth_resource_id *resources, uint32_t resource_count, berth_node_state *states_out,
                              int64_t *allocatable_out, int64_t *requested_out);

/* Lists live nodes in topology order: skips `offset` of them, writes up to capacity ids, and the number written. */
berth_status berth_nodes_list(berth_engine *engine, size_t offset, size_t capacity, berth_node_id *ids_out,
                              size_t *count_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Devices                                                                                                          */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Machines say which GPUs and network interfaces a node has and how they are connected. Pods that ask for GPUs then
 * get certain ones, which no one else holds: a claim. Devices are beside resources: a node may list
 * "nvidia.com/gpu" among its resources too, and a pod request it, so that scores over resources see GPUs; the engine
 * does not derive the one from the other. */

/* How two devices are connected: more is closer. The words are those of `nvidia-smi topo -m`. */
enum {
  BERTH_LINK_NONE = 0,          /* a device and itself; in a demand: no matter how */
  BERTH_LINK_SYSTEM = 1,        /* SYS: through the interconnect of NUMA nodes */
  BERTH_LINK_NODE = 2,          /* NODE: through host bridges of one NUMA node */
  BERTH_LINK_HOST_BRIDGE = 3,   /* PHB: through one PCIe host bridge */
  BERTH_LINK_MULTI_SWITCH = 4,  /* PXB: through several PCIe switches */
  BERTH_LINK_SINGLE_SWITCH = 5, /* PIX: through one PCIe switch */
  BERTH_LINK_NVLINK = 16,       /* NV#: this + the number of lanes, 1..47 */
  BERTH_LINK_NVSWITCH = 64      /* any to any at full speed, through NVSwitch */
};

typedef struct berth_gpu {
  const char *model;    /* "A100-SXM4-80GB": what pods may ask for by name */
  uint32_t memory_mib;  /* 1..BERTH_MAX_GPU_MEMORY_MIB */
  uint16_t numa_node;   /* 0..63 */
  uint16_t pcie_switch; /* 0..254, equal ones are below one switch; BERTH_NO_SWITCH: at a host bridge */
  uint32_t time_slices; /* pods that take turns on it: a slice is 1000 / time_slices milli; 0: it is not sliced; at most
                           31 */
  uint32_t reserved;
} berth_gpu;

typedef struct berth_nic {
  uint16_t numa_node;
  uint16_t pcie_switch;
  uint32_t virtual_functions; /* pods that can have it at once, 1..255 */
} berth_nic;

enum { BERTH_MACHINE_WIDE_NVSWITCH = 1u }; /* its NVSwitch domain spans hosts: a topology level says which */

typedef struct berth_machine {
  uint32_t struct_size;
  uint32_t flags;     /* BERTH_MACHINE_* */
  uint32_t gpu_count; /* 1..BERTH_MAX_GPUS_PER_NODE */
  uint32_t nic_count; /* at most BERTH_MAX_NICS_PER_NODE */
  const berth_gpu *gpus;
  const berth_nic *nics;
  const uint8_t *gpu_links; /* [gpu_count][gpu_count] BERTH_LINK_*, symmetric, NONE on the diagonal */
  const uint8_t *nic_links; /* [gpu_count][nic_count]; null: SINGLE_SWITCH, NODE or SYSTEM as switches and NUMA nodes
                               say */
} berth_machine;

/* No devices yet, with its struct_size: set its GPUs before it is interned. */
void berth_machine_init(berth_machine *machine);

/* Interns a machine; equal ones give one id. A matrix that is not symmetric, an unknown link, or a device out of its
 * range is BERTH_BAD_ARGUMENT, with the device in the message. */
berth_status berth_machine_intern(berth_engine *engine, const berth_machine *machine, berth_machine_id *id_out);

/* Interns a machine by the name of its kind: "dgx-a100-80gb", "dgx-h100", "pcie-8", "flat-4" and others; docs/machines.md
 * and `berth machines` list them. gpu_model null and memory_mib 0 take the kind's own. BERTH_UNKNOWN_ID for other
 * names; BERTH_BAD_ARGUMENT where a kind leaves the model or memory to the caller and there is none. */
berth_status berth_machine_intern_standard(berth_engine *engine, const char *name, const char *gpu_model,
                                           uint32_t memory_mib, berth_machine_id *id_out);

/* Interns the machine that `nvidia-smi topo -m` printed, whose GPUs are of one model. BERTH_BAD_TEXT with line and
 * column of what was not expected. */
berth_status berth_machine_intern_matrix(berth_engine *engine, const char *text, const char *gpu_model,
                                         uint32_t memory_mib, berth_machine_id *id_out);

/* What a model is worth to BERTH_TERM_GPU_MODEL, 0..100: a price or a speed ratio. Models that were not told have 0. */
berth_status berth_gpu_model_set(berth_engine *engine, const char *model, uint32_t worth);

/* Says which machine nodes are; BERTH_NO_MACHINE takes their devices away. All devices are free and healthy then.
 * BERTH_WRONG_STATE while pods hold devices of a node. All or nothing; an id may occur once. */
berth_status berth_nodes_set_machines(berth_engine *engine, const berth_node_id *ids, const berth_machine_id *machines,
                                      size_t count);

/* Says which devices of a node are sick: bit i is GPU i, or NIC i. No pod gets a sick device; claims on it stay until
 * the host releases or moves their pods. */
berth_status berth_node_set_health(berth_engine *engine, berth_node_id node, uint32_t sick_gpus, uint32_t sick_nics);

/* A kind of pods that the fragmentation policies keep room for: FGD's target workload. */
typedef struct berth_typical_pod {
  int64_t cpu;          /* of the CPU resource */
  uint32_t gpu_count;   /* 0: asks for none */
  uint32_t share_milli; /* of each GPU, 1..1000; 0 without GPUs */
  uint64_t weight;      /* how many of them there are among all, 1..2^20 */
  const char *models;   /* "G2|V100M32": one of these; null or empty: any */
} berth_typical_pod;

/* Sets the typical pods; none at first. `total` counts all pods, those that are not typical too: at least the sum of the
 * weights, at most 2^24; 0 is that sum. A kind's share is (weight / total) / (sum / total), rounded as it stands: sums of
 * shares decide ties, and the authors of FGD compute it so. BERTH_TERM_GPU_BERTH weighs kinds by how many GPUs of the
 * cluster they may have: of the nodes that have machines when this is called; call it again when these have changed. */
berth_status berth_typical_pods_set(berth_engine *engine, const berth_typical_pod *pods, size_t count, uint64_t total);

/* Reads how fragmented nodes' free GPUs are to the typical pods: for each kind of them its share times what it cannot use,
 * in milli-GPU (FGD's F). milli_out[count]; 0 for nodes without GPUs, and while no typical pods are set. */
berth_status berth_fragmentation_read(berth_engine *engine, const berth_node_id *nodes, size_t count,
                                      double *milli_out);

/* A GPU of a node now. */
typedef struct berth_gpu_state {
  uint32_t free_milli; /* of its time: 1000 when nobody has it */
  uint32_t free_memory_mib;
  uint32_t mig_slices; /* bit i: memory slice i belongs to a MIG instance */
  uint32_t is_sick;
} berth_gpu_state;

/* Reads a node's devices: its machine, and gpus_out[BERTH_MAX_GPUS_PER_NODE] (may be null), of which the machine's are
 * filled in; free_functions_out[BERTH_MAX_NICS_PER_NODE] (may be null) gets each NIC's. */
berth_status berth_node_read_devices(berth_engine *engine, berth_node_id node, berth_machine_id *machine_out,
                                     berth_gpu_state *gpus_out, uint32_t *free_functions_out);

/* Reads a machine as it was interned: counts and flags, and the arrays that are not null, which must have room for
 * BERTH_MAX_GPUS_PER_NODE GPUs, BERTH_MAX_NICS_PER_NODE NICs, and as many links: [gpu_count][gpu_count] and
 * [gpu_count][nic_count] are written. machine_out's pointers are these arrays; models live as long as the engine. */
berth_status berth_machine_read(berth_engine *engine, berth_machine_id machine, berth_machine *machine_out,
                                berth_gpu *gpus_out, berth_nic *nics_out, uint8_t *gpu_links_out,
                                uint8_t *nic_links_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Profiles                                                                                                         */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Score terms. Kubernetes' own give 0..100 as kube-scheduler v1.36 computes them. Total = sum of weight x term. */
enum {
  BERTH_TERM_LEAST_ALLOCATED = 1,             /* NodeResourcesFit, LeastAllocated */
  BERTH_TERM_MOST_ALLOCATED = 2,              /* NodeResourcesFit, MostAllocated */
  BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO = 3, /* NodeResourcesFit, RequestedToCapacityRatio; needs points */
  BERTH_TERM_BALANCED_ALLOCATION = 4,         /* NodeResourcesBalancedAllocation; resource weights are ignored */
  BERTH_TERM_NODE_AFFINITY = 5,               /* preferred node affinity, normalised over the feasible nodes */
  BERTH_TERM_TAINT_TOLERATION = 6,            /* PreferNoSchedule taints, normalised over the feasible nodes */
  BERTH_TERM_BINPACK = 7,      /* + sum over cpu, memory, GPU of floor(2^20 x used / allocatable) after placing */
  BERTH_TERM_SPREAD = 8,       /* - the same sum */
  BERTH_TERM_PRICE = 9,        /* - price of the node */
  BERTH_TERM_DOT_PRODUCT = 10, /* - floor(2^20 x (sum of weight x (free before / scale) x (request / scale)) / sum of
                                   weights), in float64, resources in the order given, each ratio at most 1 */
  BERTH_TERM_BEST_FIT = 11,    /* - floor(2^20 x (sum of weight x (free after / scale)) / sum of weights), likewise */
  BERTH_TERM_IMAGE_LOCALITY = 12,      /* ImageLocality */
  BERTH_TERM_POD_TOPOLOGY_SPREAD = 13, /* PodTopologySpread, ScheduleAnyway; normalised over the feasible nodes */
  BERTH_TERM_INTER_POD_AFFINITY = 14, /* InterPodAffinity, preferred terms of the pod and of running pods; normalised */
  /* Of the devices that the pod would get. For pods that ask for none these are 0, except GPU_RANDOM, _BEST_FIT,
     _DOT_PRODUCT, _FGD and _BERTH, which compare nodes for every pod. */
  BERTH_TERM_GPU_LINKS = 15,     /* how well they are connected, 0..100 */
  BERTH_TERM_GPU_REMAINDER = 16, /* how whole the cells of the machine remain (eights, fours, pairs), 0..100 */
  BERTH_TERM_GPU_MODEL = 17,     /* what berth_gpu_model_set says of their model, 0..100 */
  /* Fragmentation policies: one of these in a profile at most. They decide which GPU a share is taken of, too. */
  BERTH_TERM_GPU_RANDOM = 20,      /* any node, any GPU: a hash of the id that the next new pod gets, the node's and the
                                      GPU's */
  BERTH_TERM_GPU_BEST_FIT = 21,    /* 0..100; needs the CPU resource and a GPU resource, with scales; so do DOT_PRODUCT
                                      and CLUSTERING */
  BERTH_TERM_GPU_DOT_PRODUCT = 22, /* 0..100 */
  BERTH_TERM_GPU_PACKING = 23,     /* 0..100, GpuPacking */
  BERTH_TERM_GPU_CLUSTERING = 24,  /* 0..100, GpuClustering */
  BERTH_TERM_GPU_FGD = 25,         /* 0..100, Fragmentation Gradient Descent over the typical pods (USENIX ATC'23) */
  BERTH_TERM_GPU_BERTH = 26        /* 0..2^15, Berth's own: docs/decisions/0009 */
};

/* A resource of a term. A term without resources takes cpu and memory (binpack, spread: cpu, memory, every GPU). */
typedef struct berth_term_resource {
  berth_resource_id resource;
  uint32_t weight; /* 1..BERTH_MAX_WEIGHT */
  int64_t scale;   /* dot product and best fit: what counts as 1, > 0; other terms: 0 */
} berth_term_resource;

/* A point of RequestedToCapacityRatio's shape: utilization 0..100 strictly rising, score 0..10. */
typedef struct berth_shape_point {
  uint32_t utilization_percent;
  uint32_t score;
} berth_shape_point;

/* InterPodAffinity's ignorePreferredTermsOfExistingPods: running pods have no say where the pod itself prefers nothing. */
enum { BERTH_TERM_IGNORE_EXISTING_PREFERENCES = 1u };

typedef struct berth_term {
  uint32_t kind; /* BERTH_TERM_* */
  uint32_t resource_count;
  uint32_t point_count;
  uint16_t
      hard_pod_affinity_weight; /* INTER_POD_AFFINITY: what a running pod's required affinity weighs, 0..100; else 0 */
  uint16_t flags;               /* BERTH_TERM_IGNORE_EXISTING_PREFERENCES */
  double weight;                /* whole, 1..BERTH_MAX_WEIGHT */
  const berth_term_resource *resources;
  const berth_shape_point *points;
} berth_term;

/* Adds a profile of 1..BERTH_MAX_TERMS terms; node affinity, taint toleration, price, image locality, topology spread
 * and pod affinity at most once. Names are unique. */
berth_status berth_profile_add(berth_engine *engine, const char *name, const berth_term *terms, size_t count,
                               berth_profile_id *id_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Pod classes                                                                                                      */
/* ---------------------------------------------------------------------------------------------------------------- */

typedef struct berth_quantity {
  berth_resource_id resource;
  uint32_t reserved;
  int64_t value;
} berth_quantity;

enum {
  BERTH_OP_IN = 1,
  BERTH_OP_NOT_IN = 2, /* true as well where the key is missing, as in Kubernetes */
  BERTH_OP_EXISTS = 3,
  BERTH_OP_DOES_NOT_EXIST = 4,
  BERTH_OP_GT = 5, /* one value, a 64-bit integer; false where the label is missing or no integer */
  BERTH_OP_LT = 6
};

/* key <op> values. With is_field the key must be "metadata.name" and the operator In or NotIn with one value. */
typedef struct berth_requirement {
  const char *key;
  uint32_t op; /* BERTH_OP_* */
  uint32_t value_count;
  const char *const *values;
  uint32_t is_field; /* 0 or 1 */
  uint32_t reserved;
} berth_requirement;

/* All requirements together; a term without any matches nothing, as in Kubernetes. */
typedef struct berth_selector_term {
  const berth_requirement *requirements;
  uint32_t requirement_count;
  uint32_t weight; /* preferred terms: 1..100; required terms: 0 */
} berth_selector_term;

enum {
  BERTH_TOLERATION_EQUAL = 0,
  BERTH_TOLERATION_EXISTS = 1,
  BERTH_TOLERATION_GT = 2, /* the taint's value is greater than the toleration's, both 64-bit integers (KEP-5471) */
  BERTH_TOLERATION_LT = 3
};

typedef struct berth_toleration {
  const char *key; /* null or empty with EXISTS: every key */
  const char *value;
  uint32_t op;     /* BERTH_TOLERATION_* */
  uint32_t effect; /* BERTH_EFFECT_* */
} berth_toleration;

/* A namespace's labels, for namespace selectors; what was told before is replaced. Pods may be in namespaces that were
 * not told: these have no labels, and no namespace selector of a pod to be placed finds them, the empty one excepted. */
berth_status berth_namespace_set(berth_engine *engine, const char *name, const berth_label *labels, size_t count);

/* Forgets a namespace's labels. BERTH_UNKNOWN_ID if it was not told. */
berth_status berth_namespace_remove(berth_engine *engine, const char *name);

/* Interns a label selector over pods' or namespaces' labels: all requirements together, In, NotIn, Exists and
 * DoesNotExist; none at all select everything. Equal selectors (in whatever order) give one id. */
berth_status berth_selector_intern(berth_engine *engine, const berth_requirement *requirements, size_t count,
                                   berth_selector_id *id_out);

enum { BERTH_PROTOCOL_TCP = 0, BERTH_PROTOCOL_UDP = 1, BERTH_PROTOCOL_SCTP = 2 };

/* A port of the node that the pod takes: hostPort, hostIP. */
typedef struct berth_host_port {
  const char *host_ip; /* null, empty or "0.0.0.0": all addresses */
  uint32_t port;       /* 1..65535 */
  uint32_t protocol;   /* BERTH_PROTOCOL_* */
} berth_host_port;

enum { BERTH_DO_NOT_SCHEDULE = 1, BERTH_SCHEDULE_ANYWAY = 2 };

/* nodeAffinityPolicy, nodeTaintsPolicy: whether nodes that the pod's node affinity or taints exclude are left out. */
enum {
  BERTH_POLICY_DEFAULT = 0, /* affinity: honor; taints: ignore */
  BERTH_POLICY_HONOR = 1,
  BERTH_POLICY_IGNORE = 2
};

/* topologySpreadConstraints[]: selects pods of the pod's own namespace. */
typedef struct berth_spread_constraint {
  const char *topology_key;
  berth_selector_id selector;
  uint32_t max_skew;             /* at least 1, at most 2^31 - 1 */
  uint32_t min_domains;          /* 0: not said; else DO_NOT_SCHEDULE only, at most 2^31 - 1 */
  uint32_t when_unsatisfiable;   /* BERTH_DO_NOT_SCHEDULE or BERTH_SCHEDULE_ANYWAY */
  uint32_t node_affinity_policy; /* BERTH_POLICY_* */
  uint32_t node_taints_policy;
  uint32_t match_label_key_count;
  uint32_t reserved;
  const char *const *match_label_keys; /* the pod's values of these keys, where it has them, join the selector */
} berth_spread_constraint;

enum {
  BERTH_POD_AFFINITY_REQUIRED = 1,
  BERTH_POD_AFFINITY_PREFERRED = 2,
  BERTH_POD_ANTI_AFFINITY_REQUIRED = 3,
  BERTH_POD_ANTI_AFFINITY_PREFERRED = 4
};

/* A term of podAffinity or podAntiAffinity. Without namespaces and namespace selector it is about the pod's own
 * namespace. */
typedef struct berth_pod_affinity_term {
  const char *topology_key;
  berth_selector_id selector;
  berth_selector_id namespace_selector; /* BERTH_NO_SELECTOR: none; the empty selector: every namespace */
  uint32_t kind;                        /* BERTH_POD_AFFINITY_*, BERTH_POD_ANTI_AFFINITY_* */
  uint32_t weight;                      /* preferred terms: 1..100; required terms: 0 */
  uint32_t namespace_count;
  uint32_t match_label_key_count;
  uint32_t mismatch_label_key_count;
  uint32_t reserved;
  const char *const *namespaces;
  const char *const *match_label_keys;    /* the pod's values of these keys join the selector as In ... */
  const char *const *mismatch_label_keys; /* ... and of these as NotIn */
} berth_pod_affinity_term;

/* How the GPUs of a pod must or should be connected. */
enum {
  BERTH_DEVICES_PREFER_LINKS = 1u,  /* among the sets that fit, the best connected; else the one that leaves most */
  BERTH_DEVICES_TIME_SLICE = 2u,    /* one time slice of a GPU that is sliced, beside others' */
  BERTH_DEVICES_NICS_BY_SWITCH = 4u /* no path from a NIC to its nearest GPU passes a host bridge (MULTI_SWITCH or
                                     closer); else the nearest NICs are taken */
};

/* The devices that a pod asks for: whole GPUs, a share of one, a time slice, or a MIG instance; and NICs. */
typedef struct berth_device_demand {
  uint32_t gpu_count;      /* 0: NICs only */
  uint32_t share_milli;    /* of each GPU: 1000 is whole; less with gpu_count 1 only, and 0 if memory is all it wants */
  uint32_t memory_mib;     /* whole GPUs: each has so much at least; shares: so much is taken */
  uint32_t link_required;  /* BERTH_LINK_*: any two of the GPUs are connected so well at least */
  uint32_t nic_count;      /* virtual functions, each of another NIC */
  uint32_t flags;          /* BERTH_DEVICES_* */
  const char *models;      /* "G2|V100M32": one of these; null or empty: any */
  const char *mig_profile; /* "1g.10gb": an instance on a model that has it; gpu_count 1, share_milli and memory 0 */
} berth_device_demand;

/* The spread constraints are the cluster's defaults (kube-scheduler's defaultingType System), not the pod's own: a node
 * that lacks a topology key is scored by the others. */
enum { BERTH_POD_DEFAULT_SPREAD = 1u };

/* What is asked. Equal specs (in whatever order) are one class. Labels and namespace are what selectors of other pods
 * see of it: pods that differ in them are of different classes. */
typedef struct berth_pod_spec {
  uint32_t struct_size;
  int32_t priority;
  berth_profile_id profile;
  uint32_t request_count;
  const berth_quantity *requests; /* unique resources, >= 0 */
  const berth_label *node_selector;
  const berth_selector_term *required_terms; /* one of them must match; none: no demand */
  const berth_selector_term *preferred_terms;
  const berth_toleration *tolerations;
  uint32_t node_selector_count;
  uint32_t required_term_count;
  uint32_t preferred_term_count;
  uint32_t toleration_count;
  uint32_t flags; /* BERTH_POD_DEFAULT_SPREAD */
  uint32_t label_count;
  uint32_t scored_count;
  uint32_t host_port_count;
  uint32_t image_count;
  uint32_t spread_constraint_count;
  uint32_t affinity_term_count;
  uint32_t reserved;
  const char *namespace_name; /* null: "default" */
  const char *node_name;      /* NodeName: the only node that will do; null: any */
  const berth_label *labels;
  const berth_quantity *scored;      /* of COUNTED resources: counts in the pod's own scores instead of its request */
  const berth_host_port *host_ports; /* of containers and sidecars */
  const char *const *images;         /* one for each container and init container; without a tag they mean :latest */
  const berth_spread_constraint *spread_constraints;
  const berth_pod_affinity_term *affinity_terms;
  const berth_device_demand *devices; /* null: none */
} berth_pod_spec;

/* An empty spec with its struct_size. */
void berth_pod_spec_init(berth_pod_spec *spec);

/* Interns a spec: the class's id, old or new. Keys of the node selector and resources of the requests occur once. */
berth_status berth_class_intern(berth_engine *engine, const berth_pod_spec *spec, berth_class_id *id_out);

/* Interns specs, all or nothing; the message names the entry that is refused. ids_out[count]. */
berth_status berth_classes_intern(berth_engine *engine, const berth_pod_spec *specs, size_t count,
                                  berth_class_id *ids_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Placement                                                                                                        */
/* ---------------------------------------------------------------------------------------------------------------- */

enum {
  BERTH_PLACED = 1,
  BERTH_NO_FIT = 2, /* no node fits now; berth_class_explain says why */
  BERTH_REFUSED = 3 /* nodes fit, but the host's re-ranking refused every candidate it was shown */
};

typedef struct berth_placement {
  berth_pod_id pod;   /* BERTH_NO_POD when nothing fits or in a dry run */
  berth_node_id node; /* BERTH_NO_NODE when nothing fits */
  int64_t score;      /* total; 0 when nothing fits */
  berth_class_id pod_class;
  uint32_t outcome; /* BERTH_PLACED, BERTH_NO_FIT or BERTH_REFUSED */
} berth_placement;

enum { BERTH_PLACE_DRY_RUN = 1u }; /* decide as if, then take everything back */

/* Places pods one after the other, each seeing those before it, on the feasible node with the highest total score.
 * Placed pods are assumed until confirmed or forgotten. placements_out[count]. Cost does not depend on the number of
 * nodes. An unknown class refuses the whole batch before anything is placed. */
berth_status berth_pods_place(berth_engine *engine, const berth_class_id *classes, size_t count, uint32_t flags,
                              berth_placement *placements_out);

/* Records pods that run already; a node may be over-committed by it, as in Kubernetes. All or nothing. */
berth_status berth_pods_bind(berth_engine *engine, const berth_class_id *classes, const berth_node_id *nodes,
                             size_t count, berth_pod_id *pods_out);

/* Assumed pods become bound. All or nothing; BERTH_WRONG_STATE if one is bound already. */
berth_status berth_pods_confirm(berth_engine *engine, const berth_pod_id *pods, size_t count);

/* Assumed pods are taken back. All or nothing; BERTH_WRONG_STATE if one is bound. */
berth_status berth_pods_forget(berth_engine *engine, const berth_pod_id *pods, size_t count);

/* Pods leave, assumed or bound. All or nothing; an id may occur once. */
berth_status berth_pods_release(berth_engine *engine, const berth_pod_id *pods, size_t count);

/* Pods are being deleted (metadata.deletionTimestamp): topology spread counts them no more; else they are as before. All
 * or nothing; pods that are so already stay so. */
berth_status berth_pods_terminate(berth_engine *engine, const berth_pod_id *pods, size_t count);

enum { BERTH_POD_ASSUMED = 1, BERTH_POD_BOUND = 2 };
enum { BERTH_POD_TERMINATING = 1u }; /* flags of a pod */

typedef struct berth_pod_state {
  berth_pod_id pod;
  berth_node_id node; /* BERTH_NO_NODE when the node was removed */
  berth_class_id pod_class;
  uint16_t state; /* BERTH_POD_ASSUMED or BERTH_POD_BOUND */
  uint16_t flags; /* BERTH_POD_TERMINATING */
} berth_pod_state;

/* Reads pods by id. */
berth_status berth_pods_read(berth_engine *engine, const berth_pod_id *pods, size_t count, berth_pod_state *states_out);

typedef struct berth_candidate {
  berth_node_id node;
  int64_t score; /* total */
} berth_candidate;

/* The k best feasible nodes, best first, ties in the tie rule's order. candidates_out[k]; term_scores_out (may be
 * null) [k][terms of the profile], each weight x term; count_out gets how many there are. Changes nothing. */
berth_status berth_candidates_read(berth_engine *engine, berth_class_id pod_class, size_t k,
                                   berth_candidate *candidates_out, int64_t *term_scores_out, size_t *count_out);

/* Why nodes are refused; a node counts under the first that applies, in the order of kube-scheduler's filters, which is
 * the order of this list. */
enum {
  BERTH_REASON_UNSCHEDULABLE = 1,           /* cordoned */
  BERTH_REASON_NODE_NAME = 5,               /* another node than node_name */
  BERTH_REASON_TAINT = 2,                   /* an untolerated NoSchedule or NoExecute taint */
  BERTH_REASON_AFFINITY = 3,                /* node selector or required node affinity */
  BERTH_REASON_HOST_PORTS = 6,              /* a pod there has one of the host ports */
  BERTH_REASON_INSUFFICIENT_RESOURCE = 4,   /* once for every resource that lacks */
  BERTH_REASON_SPREAD_LABEL = 7,            /* lacks a topology key of a spread constraint */
  BERTH_REASON_SPREAD = 8,                  /* a spread constraint's skew would exceed maxSkew */
  BERTH_REASON_POD_AFFINITY = 9,            /* no pod in the domain that required pod affinity asks for */
  BERTH_REASON_POD_ANTI_AFFINITY = 10,      /* a pod in the domain that the pod's anti-affinity excludes */
  BERTH_REASON_EXISTING_ANTI_AFFINITY = 11, /* a pod in the domain whose anti-affinity excludes the pod */
  BERTH_REASON_NO_SUCH_DEVICES = 12,        /* the machine has no devices that would do, whoever leaves */
  BERTH_REASON_DEVICES_TAKEN = 13           /* it has, but they are taken or sick */
};

/* kube-scheduler's words for a reason, "node(s) had untolerated taint(s)"; for INSUFFICIENT_RESOURCE "Insufficient", to
 * be followed by the resource's name. "" for other values. Static, never freed. */
const char *berth_reason_text(uint32_t reason);

typedef struct berth_reason {
  uint32_t kind;              /* BERTH_REASON_* */
  berth_resource_id resource; /* BERTH_ANY_RESOURCE unless INSUFFICIENT_RESOURCE */
  uint64_t nodes;
} berth_reason;

typedef struct berth_explanation {
  uint32_t struct_size;
  uint32_t reason_count;      /* reasons there are; at most capacity of them were written */
  uint64_t nodes;             /* all nodes */
  uint64_t feasible;          /* nodes that fit now */
  berth_node_id nearest_node; /* the nearest miss: refused for resources only, with the smallest largest shortfall
                                   as a fraction of its allocatable; BERTH_NO_NODE if there is none */
  berth_resource_id nearest_resource; /* the resource of that shortfall */
  uint32_t reserved;
  int64_t nearest_shortfall; /* how much of it lacks */
} berth_explanation;

/* Explains where a pod of this class fits and why not elsewhere, in O(nodes). Set explanation_out->struct_size before.
 * reasons_out[capacity], most nodes first, then in the order of the filters. Changes nothing. */
berth_status berth_class_explain(berth_engine *engine, berth_class_id pod_class, berth_explanation *explanation_out,
                                 berth_reason *reasons_out, size_t capacity);

/* Writes what kube-scheduler says of a pod that fits nowhere, "0/5 nodes are available: 2 Insufficient cpu, 3 node(s)
 * had untolerated taint(s).", into text[0..capacity), always with a zero at the end; the first number is that of the
 * nodes that fit. length_out (may be null) gets the whole text's length in bytes. */
berth_status berth_class_message(berth_engine *engine, berth_class_id pod_class, char *text, size_t capacity,
                                 size_t *length_out);

enum { BERTH_VERDICT_UNRESOLVABLE = 1u }; /* evicting pods cannot help: kube-scheduler's UnschedulableAndUnresolvable */

/* What is to be said of one node. */
typedef struct berth_verdict {
  uint32_t reason;        /* BERTH_REASON_*, the first that applies; 0: the pod fits */
  uint32_t flags;         /* BERTH_VERDICT_* */
  uint32_t lacking_count; /* INSUFFICIENT_RESOURCE: how many resources lack */
  uint32_t reserved;      /* 0 */
} berth_verdict;

/* Checks single nodes. verdicts_out[count]; lacking_out (may be null) [count][BERTH_MAX_RESOURCES_PER_POD], the
 * resources that lack, ascending. Cost is in proportion to count. Changes nothing. */
berth_status berth_class_check(berth_engine *engine, berth_class_id pod_class, const berth_node_id *nodes, size_t count,
                               berth_verdict *verdicts_out, berth_resource_id *lacking_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Claims                                                                                                           */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Which devices of its node a pod holds. A claim lives as long as its pod is placed; whole GPUs say share_milli 1000 and
 * memory_mib 0, which is all of it. */
typedef struct berth_claim {
  uint32_t gpus;        /* bit i: GPU i; 0: none */
  uint32_t nics;        /* bit i: a virtual function of NIC i */
  uint32_t share_milli; /* of each GPU */
  uint32_t memory_mib;  /* of each GPU */
  uint32_t mig_slices;  /* bit i: memory slice i of the GPU; 0: no MIG instance */
  uint32_t reserved;    /* 0 */
} berth_claim;

/* Reads pods' claims. claims_out[count]; all zero for pods without one, or whose node is gone. */
berth_status berth_claims_read(berth_engine *engine, const berth_pod_id *pods, size_t count, berth_claim *claims_out);

/* What a pod of the class would get on the node now. BERTH_NO_ROOM if its devices are not there. Changes nothing. */
berth_status berth_claim_preview(berth_engine *engine, berth_class_id pod_class, berth_node_id node,
                                 berth_claim *claim_out);

/* Records pods that run already, with the devices that they have, as berth_pods_bind does. A claim must be what the
 * class asks for, of devices that are there and free: on a sick or taken one it is BERTH_NO_ROOM. berth_pods_bind itself
 * takes the devices that placing would take, and BERTH_NO_ROOM if there are none. All or nothing. */
berth_status berth_pods_bind_claims(berth_engine *engine, const berth_class_id *classes, const berth_node_id *nodes,
                                    const berth_claim *claims, size_t count, berth_pod_id *pods_out);

/* Changes how much of its GPU a share has, in place; the class stays what it was. BERTH_NO_ROOM if the GPU has not so
 * much free; BERTH_WRONG_STATE for claims that are no shares. */
berth_status berth_claim_resize(berth_engine *engine, berth_pod_id pod, uint32_t share_milli, uint32_t memory_mib);

/* Moves pods to other nodes, one after the other; each must fit when its turn comes, and gets new devices there. The
 * pods keep their ids and states. All or nothing: BERTH_NO_ROOM names the move that does not fit. */
berth_status berth_pods_move(berth_engine *engine, const berth_pod_id *pods, const berth_node_id *nodes, size_t count);

/* What defragmenting is for. */
enum {
  BERTH_DEFRAGMENT_GPUS = 0, /* as many wholly free GPUs as can be */
  BERTH_DEFRAGMENT_NODES = 1 /* as many nodes whose GPUs are all free as can be */
};

typedef struct berth_defragment_options {
  uint32_t struct_size;
  uint32_t goal;       /* BERTH_DEFRAGMENT_* */
  uint32_t most_moves; /* the budget: 1..BERTH_MAX_MIGRATIONS */
  uint32_t reserved;
  uint64_t iterations; /* of the local search, at most BERTH_MAX_ITERATIONS: more is better and slower */
  uint64_t seed;
  const berth_pod_id *movable; /* [movable_count]; null: every pod that holds GPUs */
  size_t movable_count;
} berth_defragment_options;

/* For whole GPUs: 100 moves, 200,000 iterations (a quarter to half a second), all pods. */
void berth_defragment_options_init(berth_defragment_options *options);

/* A move of a plan. */
typedef struct berth_migration {
  berth_pod_id pod;
  berth_node_id from_node;
  berth_node_id to_node;
} berth_migration;

typedef struct berth_defragment_report {
  uint32_t struct_size;
  uint32_t moves;
  uint64_t free_gpus_before; /* wholly free and healthy */
  uint64_t free_gpus_after;
  uint64_t free_nodes_before; /* with GPUs, all of them free */
  uint64_t free_nodes_after;
} berth_defragment_report;

/* Plans migrations that free whole GPUs or nodes. The plan was carried out in a statement and taken back: each move fits
 * when its turn comes, no pod moves twice, and the report counts what is free before and after. It never moves more than
 * the budget, and is empty where nothing can be gained. migrations_out[options->most_moves]. berth_pods_move carries
 * it out. Changes nothing. */
berth_status berth_defragment(berth_engine *engine, const berth_defragment_options *options,
                              berth_migration *migrations_out, berth_defragment_report *report_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Statements                                                                                                       */
/* ---------------------------------------------------------------------------------------------------------------- */

/* A statement is a stretch of calls that can be taken back. Begin, call whatever changes the engine, look at what came
 * of it, then commit, or discard: the engine is what it was at the beginning. Every call inside sees the changes before
 * it. Statements nest: what an inner one commits still belongs to the outer one. Costs are in proportion to the
 * changes, not to the cluster.
 *
 * Taking back restores everything that can be read or decided on, the ids that come next included: ids given out by
 * what is taken back are void, and will be given out again. Not taken back are counters of berth_engine_info, metrics,
 * and how things are arranged inside: slots may be numbered anew, trees and bytes be others. Statement and checkpoint
 * ids are never given out twice. */
typedef uint64_t berth_statement_id;
typedef uint64_t berth_checkpoint_id;

/* Opens a statement, inside of the one that is open already if there is one. BERTH_LIMIT beyond
 * BERTH_MAX_STATEMENTS. */
berth_status berth_statement_begin(berth_engine *engine, berth_statement_id *id_out);

/* Marks this moment of the innermost open statement; BERTH_WRONG_STATE if none is open. */
berth_status berth_statement_checkpoint(berth_engine *engine, berth_checkpoint_id *id_out);

/* Takes back everything since a checkpoint of the innermost open statement. The checkpoint stays, later ones are gone.
 * BERTH_WRONG_STATE for a checkpoint of an outer statement (that lies before the base of the innermost one: close that
 * first), BERTH_STALE_ID for one that is gone. */
berth_status berth_statement_rollback(berth_engine *engine, berth_checkpoint_id checkpoint);

/* Keeps what the innermost statement did and closes it. BERTH_WRONG_STATE if this is an outer one, BERTH_STALE_ID if it
 * is closed already. */
berth_status berth_statement_commit(berth_engine *engine, berth_statement_id statement);

/* Takes back what the innermost statement did and closes it. Refused as commit is. */
berth_status berth_statement_discard(berth_engine *engine, berth_statement_id statement);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Forks                                                                                                            */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Makes an independent engine that is what this one is now. The two share what neither has changed since, block by
 * block, so a fork costs neither the time nor the memory of a copy; each may change, be forked and be destroyed in any
 * order, and they may be used by different threads at the same time. All ids mean the same in both at first; later ones
 * are each engine's own. Inside an open statement the fork starts from what is there now and has no open statement. A
 * fork has no journal, no callback and no events of its parent's past. The caller destroys it. */
berth_status berth_engine_fork(berth_engine *engine, berth_engine **engine_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Time                                                                                                             */
/* ---------------------------------------------------------------------------------------------------------------- */

#define BERTH_NEVER 9223372036854775807 /* an expiry that does not come */

/* Tells the engine what time it is, in milliseconds of the caller's clock; it starts at 0 and may not go back
 * (BERTH_BAD_ARGUMENT). Whatever expires at this time or before lapses now, in the order of expiry, then of ids. The
 * engine reads no clock of its own to decide anything. */
berth_status berth_engine_set_time(berth_engine *engine, int64_t now_ms);

/* The time it was told last. */
berth_status berth_engine_read_time(berth_engine *engine, int64_t *now_ms_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Reservations                                                                                                     */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Capacity held for someone on a node: its owner's pods use it first, nobody else sees it, until it lapses. After
 * Koordinator's Reservation (apis/scheduling/v1alpha1/reservation_types.go; allocatePolicy Aligned, not allocateOnce).
 *
 * Held   is what the reservation keeps on its node, taken what its owner's pods have of it now, left the rest. What is
 *        left counts as used on the node: in scores, in fits, and in requested_out of berth_nodes_read.
 * Owner  is a pod, a gang, a class or a queue. A pod presents itself as its class always, and as a pod, a gang and a
 *        queue of the caller's numbers in berth_pods_place_as and berth_pods_bind_as. A reservation is the pod's own if
 *        the pod presents itself as its owner.
 * Use    A pod takes min(what it still requests, left) of every resource from its own reservations on its node, one
 *        after the other: those held for the pod first, then for its gang, its class, its queue; among equals the
 *        smaller id. Only the rest of its requests needs to be free. When the pod leaves, what it took is left again if
 *        the reservation is still there, else free.
 * First  A pod is placed on a node where it can take something, if it fits on one: where the filters let it, and its
 *        requests are free together with all that is left of its own reservations there. Among these nodes the highest
 *        total score wins, scored as if that were free, ties as always; scores that are normalised over the feasible
 *        nodes are normalised over these. Only if it fits on none of them, all nodes are searched. Re-ranking is shown
 *        candidates in the same way. berth_candidates_read and berth_class_explain speak of what is free for everyone.
 * End    A reservation ends when it is removed, at its expiry, and with its node. What is left goes free; pods that took
 *        of it keep running, keep what they request, and forget it. When a node is updated, reservations on it stay,
 *        and may over-commit it.
 *
 * Costs are in proportion to what the pod's owners have reserved; a pod that owns nothing is placed as fast as ever. */
typedef uint64_t berth_reservation_id; /* grows in the order in which reservations are made */

/* Who owns a reservation; in the order in which a pod takes. */
enum {
  BERTH_OWNER_POD = 1,   /* one pod, by the number it presents */
  BERTH_OWNER_GANG = 2,  /* all pods that present this gang */
  BERTH_OWNER_CLASS = 3, /* all pods of a class: id is a berth_class_id */
  BERTH_OWNER_QUEUE = 4  /* all pods that present this queue */
};

typedef struct berth_reservation_owner {
  uint64_t id;   /* the caller's own number, not 0; or a class */
  uint32_t kind; /* BERTH_OWNER_* */
  uint32_t reserved;
} berth_reservation_owner;

/* Where a reservation may go. */
enum {
  BERTH_SCOPE_NODE = 1,  /* these quantities on this node */
  BERTH_SCOPE_DOMAIN = 2 /* the requests of a class on the node where a pod of it would be placed, within a domain */
};

typedef struct berth_reservation_spec {
  berth_reservation_owner owner;
  int64_t expiry_ms;                /* later than the engine's time, or BERTH_NEVER */
  uint32_t scope;                   /* BERTH_SCOPE_* */
  uint32_t quantity_count;          /* DOMAIN: 0 */
  const berth_quantity *quantities; /* NODE: unique resources, >= 0 */
  berth_node_id node;               /* NODE */
  berth_domain_id domain;           /* DOMAIN: on any level, BERTH_ROOT_DOMAIN for all nodes */
  berth_class_id pod_class;         /* DOMAIN */
} berth_reservation_spec;

/* Makes reservations, one after the other. All or nothing: BERTH_NO_ROOM if one finds no room. Each is made out of what
 * is free for everyone at that moment, whoever owns it. ids_out[count]. */
berth_status berth_reservations_add(berth_engine *engine, const berth_reservation_spec *specs, size_t count,
                                    berth_reservation_id *ids_out);

/* Ends reservations, used or not. All or nothing; an id may occur once. */
berth_status berth_reservations_remove(berth_engine *engine, const berth_reservation_id *ids, size_t count);

/* Sets what a reservation holds: unique resources, >= 0; what is not listed, it holds no more. Growth must be free
 * there (BERTH_NO_ROOM); less than its pods have taken is refused (BERTH_BAD_ARGUMENT). Pods that run already take
 * nothing of what it grows by. */
berth_status berth_reservation_resize(berth_engine *engine, berth_reservation_id id, const berth_quantity *quantities,
                                      size_t count);

/* Hands a reservation over. Pods of the old owner keep what they took; when they leave, it is left to the new one. */
berth_status berth_reservation_hand_over(berth_engine *engine, berth_reservation_id id,
                                         const berth_reservation_owner *owner);

/* Sets when a reservation lapses: later than the engine's time, or BERTH_NEVER. */
berth_status berth_reservation_set_expiry(berth_engine *engine, berth_reservation_id id, int64_t expiry_ms);

typedef struct berth_reservation_state {
  berth_reservation_id reservation;
  berth_reservation_owner owner;
  berth_node_id node;
  int64_t expiry_ms;
  uint64_t pods; /* that have taken of it */
} berth_reservation_state;

/* Reads reservations by id. states_out[count] (may be null); for resources[resource_count]: held_out and left_out,
 * [count][resource_count] row by row (each may be null). */
berth_status berth_reservations_read(berth_engine *engine, const berth_reservation_id *ids, size_t count,
                                     const berth_resource_id *resources, uint32_t resource_count,
                                     berth_reservation_state *states_out, int64_t *held_out, int64_t *left_out);

/* Lists live reservations, in an order that depends on the calls made and nothing else: skips `offset` of them, writes
 * up to capacity ids, and the number written. */
berth_status berth_reservations_list(berth_engine *engine, size_t offset, size_t capacity,
                                     berth_reservation_id *ids_out, size_t *count_out);

/* Who a pod is to reservations, beside its class. 0: none. */
typedef struct berth_pod_identity {
  uint64_t pod;
  uint64_t gang;
  uint64_t queue;
} berth_pod_identity;

/* berth_pods_place for pods that present themselves: identities[count]. */
berth_status berth_pods_place_as(berth_engine *engine, const berth_class_id *classes,
                                 const berth_pod_identity *identities, size_t count, uint32_t flags,
                                 berth_placement *placements_out);

/* berth_pods_bind for pods that present themselves: identities[count]. */
berth_status berth_pods_bind_as(berth_engine *engine, const berth_class_id *classes,
                                const berth_pod_identity *identities, const berth_node_id *nodes, size_t count,
                                berth_pod_id *pods_out);

/* What a pod took. */
typedef struct berth_reservation_use {
  berth_reservation_id reservation;
  int64_t quantity; /* > 0 */
  berth_resource_id resource;
  uint32_t reserved;
} berth_reservation_use;

/* Reads what a pod has taken of live reservations, in the order of taking, by resource within one: writes up to
 * capacity records, and how many there are. */
berth_status berth_pod_reservations_read(berth_engine *engine, berth_pod_id pod, size_t capacity,
                                         berth_reservation_use *uses_out, size_t *count_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Load                                                                                                             */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Measured usage beside requests: a feed of what nodes and pods really use, and resources of their own whose quantities
 * the engine derives from it. Rules and roundings are those of Koordinator's load-aware scheduling (pkg/scheduler/
 * plugins/loadaware: load_aware.go, pod_assign_cache.go, estimator/default_estimator.go) and of its Batch resources
 * (pkg/slo-controller/noderesource/plugins: batchresource/plugin.go, util/util.go), save where the text says so.
 *
 * Reports  A report says what a node uses now and, if it lists pods, what each of them uses. It holds until the next one
 *          of its node, and is fresh until measured_at + expiry. A measured resource is one that a USAGE or SPARE
 *          resource is declared of; every report gives all of them.
 * USAGE    is what a node uses, to be scored: BERTH_TERM_LEAST_ALLOCATED over usage resources is the load-aware score.
 *          Allocatable is the measured resource's. In use is the last report's figure + what its pending pods are
 *          estimated to add. A pod is pending while the report says nothing of it, or it was assigned later than
 *          measured_at - settle; it adds max(0, its estimate - what the report says it uses). A pod is assigned when it
 *          is placed or bound (berth_load_pods_update can say otherwise). The report says nothing of a pod that it does
 *          not list; a report that lists no pods at all (no BERTH_LOAD_LISTS_PODS) speaks of all of them at once.
 *          A pod's estimate is round(request x estimate_percent / 100), half away from zero, or default_estimate if it
 *          requests nothing, and at least 1. A class that requests a SPARE resource is best-effort: where the measured
 *          resource has a SPARE resource, its request of that counts instead. An estimate counts in the score, but no
 *          node is refused for it. Without a fresh report the node counts as fully used.
 * LIMIT    refuses nodes that would be used too much: a pod fits if round(100 x (in use + its estimate) / allocatable)
 *          is at most threshold_percent, of a USAGE resource. All pods are held to it, except where their class asks
 *          for no limit. A node without any report passes; one whose report is no longer fresh passes, or is refused if
 *          refuse_expired is 1. (One difference: an estimate above a node's whole allocatable never passes.) Explaining,
 *          it counts as BERTH_REASON_INSUFFICIENT_RESOURCE of the LIMIT resource.
 * SPARE    is what best-effort pods may use: a resource that classes request, scores score, and that shrinks and grows
 *          with the reports. Free for them is, before their own requests,
 *              min(allocatable x most_percent, allocatable - allocatable x margin_percent - prediction), at least 0,
 *          each product rounded down, prediction being what the node and its pods that are not best-effort use:
 *          USAGE    system + their usage; by request as long as the report says nothing of a pod
 *          MAX      the same with the larger of request and usage of each pod
 *          REQUEST  their requests and what runs there untold
 *          PEAK     as USAGE, but system and usage are the peak of the reports: with each report the larger of its own
 *                   figure and the last peak, which loses half of itself per half-life. Over t = k half-lives and a rest
 *                   r it goes from p to q - floor(q x r / (2 x half-life)) with q = floor(p / 2^k).
 *          System is max(0, node - sum of the listed pods). A report without a list says nothing of pods that were
 *          assigned later than measured_at - settle, and counts the others as system. A listed pod that leaves goes on
 *          counting with its usage until the next report. Without a fresh report nothing is spare.
 *
 * allocatable and requested_out of these resources can be read like any other's; they may not be given. Nodes have them
 * by having the measured resource, and they count towards BERTH_MAX_RESOURCES_PER_NODE. Terms: USAGE in all that look at
 * what is free after placing (not BALANCED_ALLOCATION, DOT_PRODUCT), LIMIT in none, SPARE in all. Quantities that are
 * coarse search fastest: measure memory in MiB rather than in bytes. */
enum { BERTH_LOAD_USAGE = 1, BERTH_LOAD_LIMIT = 2, BERTH_LOAD_SPARE = 3 };

enum { BERTH_PREDICTION_USAGE = 1, BERTH_PREDICTION_MAX = 2, BERTH_PREDICTION_REQUEST = 3, BERTH_PREDICTION_PEAK = 4 };

/* A load resource. Fields of other kinds are not looked at. */
typedef struct berth_load_spec {
  uint32_t struct_size;
  uint32_t kind;              /* BERTH_LOAD_* */
  berth_resource_id resource; /* USAGE, SPARE: the measured resource; LIMIT: a USAGE resource */
  uint32_t estimate_percent;  /* USAGE: 1..1000 */
  int64_t default_estimate;   /* USAGE: of pods that request nothing, 1..BERTH_MAX_QUANTITY */
  uint32_t threshold_percent; /* LIMIT: 1..100 */
  uint32_t refuse_expired;    /* LIMIT: 0 or 1 */
  uint32_t prediction;        /* SPARE: BERTH_PREDICTION_* */
  uint32_t margin_percent;    /* SPARE: 0..100 of allocatable that is never spare */
  uint32_t most_percent;      /* SPARE: 0..100 of allocatable that is spare at the most */
  uint32_t reserved;
  int64_t half_life_ms; /* SPARE with PEAK: 1..BERTH_MAX_LOAD_MS */
  int64_t settle_ms;    /* USAGE, SPARE: 0..BERTH_MAX_LOAD_MS */
  int64_t expiry_ms;    /* USAGE, SPARE: 1..BERTH_MAX_LOAD_MS, or BERTH_NEVER */
} berth_load_spec;

#define BERTH_MAX_LOAD_MS 1125899906842624 /* 2^50: longest half-life, settle time and expiry */

/* Koordinator's defaults for cpu in millicores: a USAGE resource with 85 % of the request, or 250; LIMIT 65 %, refusing
 * where the report expired; SPARE with margin 40 %, most 100 %, prediction USAGE; half-life 12 h, settle time a minute,
 * expiry three minutes. Its others: memory estimates 70 % or 200 MiB, limit 95 %, margin 35 %, half-life 24 h; a SPARE
 * resource's report expires after 15 minutes. */
void berth_load_spec_init(berth_load_spec *spec);

/* Declares a load resource. BERTH_SEALED once nodes or classes were added; BERTH_DUPLICATE for a name that exists, or a
 * second SPARE of one measured resource. */
berth_status berth_load_resource_add(berth_engine *engine, const char *name, const berth_load_spec *spec,
                                     berth_resource_id *id_out);

/* Beside what they request of SPARE resources, pod specs may name load resources in berth_quantity: of a USAGE resource
 * the pod's estimate (from 1), instead of the one derived from its request; of a LIMIT resource 0, so that the class is
 * not held to it (daemons). */

enum { BERTH_LOAD_LISTS_PODS = 1u }; /* the report lists the pods of its node: of others, it says nothing */

typedef struct berth_load_report {
  berth_node_id node;
  int64_t measured_at_ms; /* 0..the engine's time */
  uint32_t flags;         /* BERTH_LOAD_LISTS_PODS */
  uint32_t pod_count;     /* how many of the batch's pods belong to this report: 0 unless LISTS_PODS */
} berth_load_report;

/* Reports as columns; the pods of one follow those of the one before. */
typedef struct berth_load_batch {
  uint32_t struct_size;
  uint32_t resource_count;
  size_t count;
  const berth_load_report *reports;   /* [count], a node once */
  const berth_resource_id *resources; /* [resource_count]: the measured resources, all of them, in any order */
  const int64_t *usage;               /* [count][resource_count] */
  size_t pod_count;                   /* the sum of the reports' */
  const berth_pod_id *pods;           /* [pod_count], each on its report's node, once */
  const int64_t *pod_usage;           /* [pod_count][resource_count] */
} berth_load_batch;

/* An empty batch with its struct_size. */
void berth_load_batch_init(berth_load_batch *batch);

/* Takes reports in. All or nothing. A report that is older than its node's last one is passed over, and so is a listed
 * pod that has left since; one of the same time replaces the last. A report from the future (after the engine's time)
 * and a listed pod of another node are refused (BERTH_BAD_ARGUMENT). */
berth_status berth_load_update(berth_engine *engine, const berth_load_batch *batch);

/* Forgets the reports of nodes, peaks included: they are as if they had never reported. All or nothing. */
berth_status berth_load_remove(berth_engine *engine, const berth_node_id *nodes, size_t count);

/* Says when pods were assigned, if not when they were bound here: 0..the engine's time. All or nothing. */
berth_status berth_load_pods_update(berth_engine *engine, const berth_pod_id *pods, const int64_t *assigned_at_ms,
                                    size_t count);

typedef struct berth_load_state {
  berth_node_id node;
  int64_t measured_at_ms; /* of the last report; -1 if there is none */
  int64_t age_ms;         /* the engine's time - measured_at_ms; -1 */
  uint32_t flags;         /* of the last report */
  uint32_t reserved;
} berth_load_state;

/* Reads nodes' load. states_out[count] (may be null); for resources[resource_count]: values_out, [count][resource_count]
 * row by row (may be null), is of a measured resource what the last report says, of a USAGE or LIMIT resource what is in
 * use with what pending pods are estimated to add, at most 2^61, of a SPARE resource what best-effort pods may use on
 * the whole; -1 where there is no report (measured) or no fresh one (the others). */
berth_status berth_load_read(berth_engine *engine, const berth_node_id *nodes, size_t count,
                             const berth_resource_id *resources, uint32_t resource_count, berth_load_state *states_out,
                             int64_t *values_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Re-rank                                                                                                          */
/* ---------------------------------------------------------------------------------------------------------------- */

/* What re-ranking is told of a candidate, as int64. */
enum {
  BERTH_FEATURE_TERM = 1,        /* weighted score of the profile's term number `argument`; 0 if there are fewer */
  BERTH_FEATURE_FREE = 2,        /* free of resource `argument` before placing; negative where over-committed */
  BERTH_FEATURE_ALLOCATABLE = 3, /* allocatable of resource `argument` */
  BERTH_FEATURE_REQUEST = 4,     /* the pod's request of resource `argument` */
  BERTH_FEATURE_PRICE = 5,       /* price of the node; `argument` 0 here and below */
  BERTH_FEATURE_SLOT = 6,        /* place in topology order */
  BERTH_FEATURE_DOMAIN = 7,      /* id of the node's domain on level `argument`, 1 being the first */
  BERTH_FEATURE_LABELS = 8,      /* label set id */
  BERTH_FEATURE_PRIORITY = 9     /* the pod's priority */
};

typedef struct berth_feature {
  uint32_t kind; /* BERTH_FEATURE_* */
  uint32_t argument;
} berth_feature;

/* What the callback sees: some pods, each with its best candidates. Valid until it returns. */
typedef struct berth_rerank_batch {
  uint32_t struct_size;
  uint32_t candidate_limit; /* k: columns of `candidates` and of the order */
  uint32_t feature_count;
  uint32_t round; /* 0; higher where pods come again because others of their batch took what they wanted */
  size_t pod_count;
  const berth_class_id *classes;     /* [pod_count] */
  const uint32_t *candidate_counts;  /* [pod_count], 1..k */
  const berth_candidate *candidates; /* [pod_count][k], best first */
  const int64_t *features;           /* [pod_count][k][feature_count] */
} berth_rerank_batch;

/* Orders each pod's candidates: order_out is [pod_count][k] and comes filled with 0, 1, 2 ... (best first) and -1 behind
 * the last candidate. The callback may permute a row, and shorten it with -1: candidates that are left out are refused
 * for this pod. Anything else in a row, or a result other than 0, is BERTH_BAD_CALLBACK for the call that placed, and
 * all of that call is taken back. Calls on the engine from inside get BERTH_BUSY. */
typedef uint32_t (*berth_rerank_callback)(void *context, const berth_rerank_batch *batch, int32_t *order_out);

typedef struct berth_rerank_options {
  uint32_t struct_size;
  uint32_t candidate_limit; /* k, 1..BERTH_MAX_CANDIDATES */
  uint32_t batch_limit;     /* pods in one call of the callback; with k at most BERTH_MAX_CANDIDATES candidates */
  uint32_t feature_count;   /* at most BERTH_MAX_FEATURES */
  const berth_feature *features;
  berth_rerank_callback callback;
  void *context;
} berth_rerank_options;

/* One pod at a time, eight candidates, no features, no callback. */
void berth_rerank_options_init(berth_rerank_options *options);

/* From now on berth_pods_place shows the callback each pod's k best nodes, and takes the first of its order. Null
 * options: no callback any more. With batch_limit 1 every pod's candidates are what the pods before it left over. With
 * more, the pods of a batch are listed against the same state and then placed in their order, each on the first of its
 * candidates that still fits; pods whose candidates are all taken by then are listed again in another round, which
 * places at least one of them. A placement's score is what the candidate was listed with. The engine stays
 * deterministic as far as the callback is. It is the host's: it is not forked, not saved, and no part of what a
 * statement takes back. */
berth_status berth_engine_set_rerank(berth_engine *engine, const berth_rerank_options *options);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Events and metrics                                                                                               */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Events tell what happened, in order. They are off until they are asked for. The engine keeps the last `capacity` of
 * them in a ring that starts small; any number of readers follow it, each with a cursor of its own, and what a reader
 * was too slow for is told as a gap. Nothing is lost to a reader that reads before `capacity` more events have come, so
 * take more than one call or statement can bring.
 *
 * What an open statement does is for readers only when the outermost one is committed, in the order in which it was
 * done and with the times at which it was. What is taken back, refused calls and dry runs leave no event. */
enum {
  BERTH_EVENT_GAP = 1,           /* not an event: `other` events from `sequence` on are lost to this reader */
  BERTH_EVENT_POD_ASSUMED = 2,   /* placed on node */
  BERTH_EVENT_POD_BOUND = 3,     /* other: 1 if it was assumed before (confirmed), 0 if it came bound */
  BERTH_EVENT_POD_FORGOTTEN = 4, /* node: where it was, BERTH_NO_NODE if that was lost before; so with released */
  BERTH_EVENT_POD_RELEASED = 5,
  BERTH_EVENT_NODE_ADDED = 6,
  BERTH_EVENT_NODE_RESIZED = 7,  /* replaced by berth_nodes_update: capacities and all else it may replace, read it */
  BERTH_EVENT_NODE_LOST = 8,     /* removed; its pods follow as evicted */
  BERTH_EVENT_NODE_CORDONED = 9, /* by berth_nodes_cordon; none for a node that is so already */
  BERTH_EVENT_NODE_UNCORDONED = 10,
  BERTH_EVENT_RESERVATION_MADE = 11,    /* other: its id, here and below; node: where it is */
  BERTH_EVENT_RESERVATION_CHANGED = 12, /* resized, handed over, or given another expiry: read it */
  BERTH_EVENT_RESERVATION_ENDED = 13,   /* removed, lapsed, or its node is lost */
  BERTH_EVENT_POD_EVICTED = 14,         /* its node was removed; the pod is known until it is released */
  BERTH_EVENT_POD_TERMINATING = 15,
  BERTH_EVENT_POD_MOVED = 16,   /* by berth_pods_move, to node; other: the node that it left */
  BERTH_EVENT_NODE_DEVICES = 17 /* its machine or the health of its devices was told: read them */
};

typedef struct berth_event {
  uint64_t sequence;        /* 1, 2, 3 ... */
  int64_t time_ms;          /* what berth_engine_set_time told last; 0 in a gap */
  berth_pod_id pod;         /* BERTH_NO_POD where the event is of no pod */
  berth_node_id node;       /* BERTH_NO_NODE where it is of no node */
  uint64_t other;           /* by kind; 0 where nothing is said */
  uint32_t kind;            /* BERTH_EVENT_* */
  berth_class_id pod_class; /* the pod's; BERTH_NO_CLASS where it is of no pod */
} berth_event;

/* Keeps the last `capacity` events from now on: a power of two, at most BERTH_MAX_EVENTS; the newest of what is kept
 * already stay. 0 switches events off and drops them; readers that come back after that meet a gap, which cannot
 * count what happened in between. BERTH_WRONG_STATE inside an open statement. */
berth_status berth_events_enable(berth_engine *engine, size_t capacity);

/* Copies up to capacity events from `cursor` on, oldest first, and the number of them; next_cursor_out gets the cursor
 * to go on from, which is `cursor` again where nothing is new. Cursor 0 is the oldest event that is kept. If events from
 * `cursor` on are lost, a BERTH_EVENT_GAP comes first. BERTH_WRONG_STATE while events are off; BERTH_BAD_ARGUMENT for a
 * cursor beyond the next event. */
berth_status berth_events_read(berth_engine *engine, uint64_t cursor, size_t capacity, berth_event *events_out,
                               size_t *count_out, uint64_t *next_cursor_out);

/* Counters and histograms are always on; reading them changes nothing. They count from create (in a fork: from the
 * fork) and are never taken back. */

/* How a decision was made. */
enum {
  BERTH_DECISION_TREE = 0,     /* in the state trees, those included that a scan had to finish */
  BERTH_DECISION_SCAN = 1,     /* by a scan over all leaves */
  BERTH_DECISION_ROWS = 2,     /* node by node */
  BERTH_DECISION_RESERVED = 3, /* on a place that a reservation holds */
  BERTH_DECISION_RERANKED = 4, /* among candidates that the host ranked anew */
  BERTH_DECISION_SLOTS = 5     /* with the class's slot index */
};

/* Lengths of arrays in the structs below, with room for kinds and statuses to come. */
enum { BERTH_DECISION_KINDS = 8, BERTH_STATUSES = 64, BERTH_HISTOGRAM_BUCKETS = 98 };

/* Counters beside those of berth_engine_info, which has the ones of searching and of the trees. */
typedef struct berth_metrics {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t decisions[BERTH_DECISION_KINDS]; /* by BERTH_DECISION_*; dry runs are decisions, too */
  uint64_t refusals[BERTH_STATUSES]; /* refused calls by status; BERTH_BAD_ENGINE and BERTH_BUSY are not let in to be
                                        counted */
  uint64_t placed;                   /* decisions that found a node */
  uint64_t no_fit;                   /* decisions that did not */
  uint64_t refused_by_host;          /* decisions that the re-ranking callback turned down */
  uint64_t relabellings;             /* slots dealt anew; berth_engine_info.slot_moves counts the nodes */
  uint64_t bulk_builds;              /* state trees loaded in bulk */
  uint64_t statements_begun;
  uint64_t statements_committed;
  uint64_t statements_discarded;
  uint64_t rollbacks;      /* to a checkpoint */
  uint64_t changes_undone; /* by rollbacks, discards, refusals and dry runs */
  uint64_t forks;          /* made of this engine */
  uint64_t journal_records;
  uint64_t journal_bytes;
  uint64_t events_written; /* that readers could see */
  uint64_t events_lost;    /* told to readers by gaps */
} berth_metrics;

/* Reads the counters. Set metrics_out->struct_size before. */
berth_status berth_metrics_read(berth_engine *engine, berth_metrics *metrics_out);

/* Times in log-linear buckets: 4 to every doubling from 64 ns to 2^30 ns (1.07 s), one for all below and one for all
 * above. A bound belongs to the bucket that it ends. */
typedef struct berth_histogram {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t count; /* of all buckets */
  uint64_t sum_ns;
  uint64_t upper_ns[BERTH_HISTOGRAM_BUCKETS]; /* the largest time that belongs to the bucket; UINT64_MAX for the last */
  uint64_t counts[BERTH_HISTOGRAM_BUCKETS];
} berth_histogram;

/* Reads how long decisions of a kind (BERTH_DECISION_*) took: from the beginning of the batch, or the end of the
 * decision before in it, until the pod was assumed or turned out not to fit, the host's callback included. Set
 * histogram_out->struct_size before. */
berth_status berth_histogram_read(berth_engine *engine, uint32_t decision_kind, berth_histogram *histogram_out);

/* Writes all counters, histograms and figures of the engine in the Prometheus text format (version 0.0.4) into
 * text[0..capacity), always with a zero at the end; length_out (may be null) gets the whole text's length in bytes. It
 * may have grown by the next call: come with room to spare. A histogram is there from its first decision on. */
berth_status berth_metrics_text(berth_engine *engine, char *text, size_t capacity, size_t *length_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Snapshots and journal                                                                                            */
/* ---------------------------------------------------------------------------------------------------------------- */

/* A snapshot is the whole state in a file. A journal is a file that every call which changes something is appended to
 * before it returns. A process that ended, however it ended, is continued from its last snapshot and the journal, or
 * from the journal alone if that began with an empty engine: nothing that was acknowledged is lost, and nothing half
 * done remains. A journal is replayed by making its calls again, and every answer is compared with the recorded one; so
 * it shows on any machine that a run decides what it decided. Both files carry BERTH_ABI_VERSION and belong to it.
 *
 * The files are little-endian on all machines, and do not depend on allocator, CPU level or how the state came about.
 * They are checked to the last byte: a file that is cut or altered is BERTH_BAD_FILE with the offset, and no sequence
 * of bytes does anything worse. A journal that ends in the middle of a record is what a crash leaves: it counts up to
 * its last complete record. Files are private to the library: read them with it or with the command, which shows them.
 *
 * Neither has a callback, events, counters or metrics in it. A placement that the host re-ranked is replayed as it was
 * decided. Paths are C strings, as the operating system takes them. */

/* Writes the state to a file beside path, synchronises it, and gives it the name path in one step: after a crash either
 * the old file or the new one is there. BERTH_WRONG_STATE while a statement is open. Needs O(state) time and a constant
 * amount of memory; an open journal is synchronised first, and continues the snapshot from its present end. */
berth_status berth_snapshot_write(berth_engine *engine, const char *path);

/* Makes the engine of a snapshot: the same ids, the same ids next, the same decisions. Of options (may be null)
 * allocator and cpu_level count; levels and tie rule are the file's: leave them at their defaults, or give the same.
 * The caller destroys the engine. As with create, a null engine tells the last error. */
berth_status berth_snapshot_read(const char *path, const berth_engine_options *options, berth_engine **engine_out);

/* A number for everything that decides anything, in O(state): engines in the same state have the same digest, on every
 * machine, whatever brought them there. What an open statement did counts. */
berth_status berth_engine_digest(berth_engine *engine, uint64_t *digest_out);

enum {
  BERTH_JOURNAL_BUFFERED = 1u, /* records are written 64 KiB at a time, by sync and by close: a crash loses the rest */
  BERTH_JOURNAL_SYNCED = 2u    /* every record is on the disk before its call returns: even power may fail */
};

typedef struct berth_journal_options {
  uint32_t struct_size;
  uint32_t flags; /* BERTH_JOURNAL_*; 0: one write(2) for each call, which survives the end of the process */
} berth_journal_options;

/* No flags. */
void berth_journal_options_init(berth_journal_options *options);

/* From now on every call that changes something is recorded. A new file begins from the present state (with its digest,
 * hence O(state)); one that is there must end in the present state, as after berth_engine_recover or close, and is
 * continued: what a crash left of a record is cut off. Otherwise, and while a statement is open, BERTH_WRONG_STATE. The
 * file is locked: BERTH_IO if somebody else has it open. options may be null.
 *
 * A call whose record cannot be written is taken back, and refused with BERTH_IO. */
berth_status berth_journal_open(berth_engine *engine, const char *path, const berth_journal_options *options);

/* Writes what is buffered, and waits until the file is on the disk. If the system cannot promise that, BERTH_IO, and
 * every call that would have to be recorded is refused until the journal is closed. */
berth_status berth_journal_sync(berth_engine *engine);

/* Synchronises and closes the journal. BERTH_WRONG_STATE while a statement is open. An engine that is destroyed with its
 * journal open writes what is buffered, and does not wait for the disk. */
berth_status berth_journal_close(berth_engine *engine);

/* What was found in a journal. */
typedef struct berth_recovery {
  uint32_t struct_size;
  uint32_t discarded;  /* statements that were open at the end, and were discarded */
  uint64_t skipped;    /* calls that the snapshot had already */
  uint64_t replayed;   /* calls that were made again */
  uint64_t end_offset; /* where the last complete record ends */
  uint64_t torn_bytes; /* what a crash left of a record behind it */
} berth_recovery;

/* Makes the engine of a snapshot and the journal that continues it; of a journal alone (snapshot null), if it began with
 * an empty engine; or of a snapshot alone (journal null). The journal must have been open when the snapshot was written,
 * or begin from its state: anything else is BERTH_BAD_FILE, and so is a call that is refused or answers otherwise now.
 * Statements that are open at the end are discarded. The journal is read only; berth_journal_open continues it.
 * options as for berth_snapshot_read. recovery_out may be null; else set its struct_size before. */
berth_status berth_engine_recover(const char *snapshot, const char *journal, const berth_engine_options *options,
                                  berth_recovery *recovery_out, berth_engine **engine_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Gangs                                                                                                            */
/* ---------------------------------------------------------------------------------------------------------------- */

/* A gang (Kubernetes: PodGroup) is placed whole or not at all, in one call: all its members get nodes, or the engine is
 * what it was and the result proves why. Nothing is ever held for a gang that waits, so gangs cannot deadlock.
 *
 * Levels are counted as elsewhere: 0 is the cluster, 1..level_count the engine's levels, level_count + 1 the node. A
 * domain is *opened* by a gang that has a member in it, and *offers* as many members as its nodes hold together now; the
 * offer of a level with slices, and all within a limit per domain, is what these leave of it.
 *
 * Gangs with any level, slices or limits are packed. Among all placements that meet what is required the
 * engine takes one for which these are least, each only if those before are equal:
 *   1. how many domains are opened on level 1, on level 2, ... and last how many nodes (so the lowest common domain is as
 *      low as can be: it is the deepest level on which one is opened),
 *   2. what is left over in what is opened, offer less new members (so large domains stay whole): in the lowest common
 *      domain, then level by level down to the nodes, then in the domains around it, from the narrowest to the widest,
 *   3. the negated sum of the members' scores, each scored by its class's profile as if it came alone before the gang
 *      (scores that are scaled over the feasible nodes: over the nodes that are compared here),
 *   4. topology order.
 * Domains that running members have opened count as opened. Where an optimum cannot be proven within the limits of the
 * search, the result says so, with bounds: no placement has fewer domains than that.
 *
 * In a fabric (ring, torus) members get a node each, next to each other: an arc that is cut from the end of the shortest
 * run of free nodes; a box of the least sum of its sides (declared boxes: the first that fits) that leaves the fewest free nodes beside it;
 * then by score.
 * domains are told, nothing is said of what is left over and of bounds.
 *
 * Gangs without such a level are unconstrained: one member after the other goes to the best node, as in
 * berth_pods_place, and all of them stay or none.
 *
 * Roles are pod classes within a gang (master, workers; prefill, decode). With several roles of plain classes a placement
 * is found if there is one, whatever the members compete for: the search is exact for up to BERTH_MAX_EXACT_ROLES roles
 * and BERTH_MAX_EXACT_STATES distinct states of nodes in a domain, and else says that it was bounded. What is left over
 * is then counted in members of the role that gets most new ones (the first of these), and beside the common level the
 * aims are followed role by role, in the order of the roles' sizes: limits and bounds say what is proven. Classes whose pods have a say in where others of the
 * gang may go (topology spread, affinity between members) are placed member by member within the domain: also said as
 * bounded. What is reserved for members is not seen as free. */

/* Members of a role come in multiples per domain: Kueue's podset slices, Koordinator's podCountMultiple, Slurm's
 * segments, Volcano's partitions, KAI's segments. */
typedef struct berth_gang_slice {
  uint32_t level;   /* 1..level_count + 1 */
  uint32_t members; /* new members of the role in each domain of the level: a multiple of this; at least 1 */
} berth_gang_slice;

typedef struct berth_gang_role {
  berth_class_id pod_class;
  uint32_t min_members;     /* without so many there is no gang */
  uint32_t max_members;     /* at least min_members; where they differ the gang is elastic */
  uint32_t required_level;  /* all members of the role, running ones included, in one domain of this level */
  uint32_t preferred_level; /* tried as a required one, and given up where that cannot be, last role first */
  uint32_t spread_level;    /* with spread_members: so many members of the role at most, running ones included, ... */
  uint32_t spread_members;  /* ... in each domain of this level; 0: no limit */
  uint32_t slice_count;     /* at most BERTH_MAX_GANG_SLICES */
  /* Widest level first; each size divides the one before, the first both counts of members. */
  berth_gang_slice slices[3];
  uint32_t reserved[2];
} berth_gang_role;

/* A member that runs already. */
typedef struct berth_gang_member {
  berth_pod_id pod;
  uint32_t role;
  uint32_t reserved;
} berth_gang_member;

/* How the nodes of a fabric are connected, where no tree says it: members then get a node each, next to each other. */
enum {
  BERTH_FABRIC_RING = 1, /* nodes[i] next to nodes[i + 1], the last next to the first: an arc of the ring */
  BERTH_FABRIC_TORUS = 2 /* nodes[x + x_size * (y + y_size * z)], each dimension closed: a box of the torus */
};

typedef struct berth_fabric_box {
  uint32_t x, y, z;
  uint32_t reserved;
} berth_fabric_box;

typedef struct berth_fabric {
  uint32_t kind;                   /* BERTH_FABRIC_* */
  uint32_t x_size, y_size, z_size; /* a ring: its nodes, 1, 1 */
  const berth_node_id *nodes;      /* [x_size * y_size * z_size]; BERTH_NO_NODE where none is */
  const berth_fabric_box *boxes; /* torus: boxes that may be placed, as they stand; null: every box of so many nodes */
  size_t box_count;
} berth_fabric;

typedef struct berth_gang {
  uint32_t struct_size;
  uint32_t flags;           /* 0 */
  berth_domain_id domain;   /* only nodes in it; BERTH_ROOT_DOMAIN: anywhere */
  uint32_t required_level;  /* all members in one domain of this level; 0: need not */
  uint32_t preferred_level; /* to be packed, and told whether one domain of this level holds all; 0: need not */
  uint32_t separate_level;  /* no two roles in the same domain of this level: failure domains; 0: they may */
  /* minMember, running ones included: what the roles' minima lack to it is asked of the roles in order, up to their
   * maxima; 0: the minima say all. */
  uint32_t min_members;
  uint32_t role_count; /* 1..BERTH_MAX_GANG_ROLES */
  const berth_gang_role *roles;
  const berth_gang_member *running;
  size_t running_count;
  /* For gangs of one role of which nothing else is required and no member runs: within one of these, of several that do
   * the one with the fewest nodes free. */
  const berth_fabric *fabrics;
  size_t fabric_count;
} berth_gang;

/* No roles, with its struct_size. */
void berth_gang_init(berth_gang *gang);

enum {
  BERTH_GANG_PLACED = 1,
  BERTH_GANG_NO_FIT = 2,   /* proven: there is no placement */
  BERTH_GANG_BOUNDED = 3,  /* none was found, and `limits` say why that is no proof */
  BERTH_GANG_WITHDRAWN = 4 /* another gang of the same call was not placed */
};

/* Why a result is no proof. */
enum {
  BERTH_GANG_LIMIT_STEPS = 1u,       /* more combinations of domains than are looked at: bounds are given */
  BERTH_GANG_LIMIT_ROLES = 2u,       /* more than BERTH_MAX_EXACT_ROLES roles compete */
  BERTH_GANG_LIMIT_STATES = 4u,      /* more than BERTH_MAX_EXACT_STATES distinct states of nodes in a domain */
  BERTH_GANG_LIMIT_CONSTRAINTS = 8u, /* members decide on each other: one after the other */
  BERTH_GANG_LIMIT_SCORES = 16u,     /* more equal domains than are scored: score_bound says what there may be */
  BERTH_GANG_LIMIT_ORDER = 32u       /* roles with levels, slices or limits of their own: placed role by role */
};

enum { BERTH_GANG_LEVELS = 10 }; /* cluster, BERTH_MAX_LEVELS levels, node */

typedef struct berth_gang_result {
  uint32_t struct_size;
  uint32_t outcome;              /* BERTH_GANG_* */
  uint32_t limits;               /* BERTH_GANG_LIMIT_*; 0: proven best, or proven not to be */
  uint32_t members;              /* placed by this call */
  uint32_t common_level;         /* of the lowest common domain, running members included */
  berth_domain_id common_domain; /* BERTH_NO_DOMAIN where it is a node */
  uint32_t preferred_met;        /* 1: within one domain of the gang's preferred level, and each role of its own */
  uint32_t level_count;          /* entries in use below: the engine's levels and 2 */
  uint32_t domains[BERTH_GANG_LEVELS];       /* opened, by level; the last one in use: nodes */
  uint32_t domains_bound[BERTH_GANG_LEVELS]; /* in the order of levels, no placement has less */
  int64_t left_over[BERTH_GANG_LEVELS];
  int64_t score;
  int64_t score_bound; /* no placement equal in aims 1 and 2 scores more */
  /* the proof, where nothing was placed: `needed` members of role `role` are to be in one domain of level `level`, which
   * offer `available` at the best, in `best_domain`; `enough_domains` of that level together would do, 0: not even all */
  uint32_t role;
  uint32_t level;
  uint32_t needed;
  uint32_t available;
  berth_domain_id best_domain;
  uint32_t enough_domains;
  berth_resource_id resource; /* with the most of it asked beyond what is free; BERTH_ANY_RESOURCE: no resource, but
                                 selectors, taints, constraints, devices, slices, limits or other roles */
  uint32_t reserved;
} berth_gang_result;

/* Places a gang, or grows it where members run. placements_out and roles_out (may be null) get result->members entries,
 * role by role in the order of the roles, within a role in topology order, in a fabric in its order (neighbours in the list
 * are neighbours in the network); they have room for `capacity` entries, at least the sum of max_members. Elastic roles get as many members as
 * fit: the minima of all first, then role by role in order. flags: BERTH_PLACE_DRY_RUN.
 * BERTH_BAD_ARGUMENT for levels that contradict each other, multiples that do not divide, more asked than there are
 * members. Costs: microseconds for the choice, then as much as placing the members. */
berth_status berth_gang_place(berth_engine *engine, const berth_gang *gang, uint32_t flags, size_t capacity,
                              berth_placement *placements_out, uint32_t *roles_out, berth_gang_result *result_out);

/* Places gangs that start together: each in its turn, all of them or none. Entries of gang i follow those of gang i - 1;
 * results_out[count]. */
berth_status berth_gangs_place(berth_engine *engine, const berth_gang *gangs, size_t count, uint32_t flags,
                               size_t capacity, berth_placement *placements_out, uint32_t *roles_out,
                               berth_gang_result *results_out);

/* Shrinks a gang to `keep` of its members: releases those whose leaving makes the rest least by the same aims (an offer
 * being the members that run there). released_out[count - keep]. */
berth_status berth_gang_shrink(berth_engine *engine, const berth_pod_id *members, size_t count, size_t keep,
                               berth_pod_id *released_out);

/* Says a result in a sentence: "no leaf holds 64 members of role 0, the best (leaf-17) holds 61; 7 would do together".
 * Text as in berth_engine_last_error. */
berth_status berth_gang_message(berth_engine *engine, const berth_gang_result *result, char *text, size_t capacity,
                                size_t *length_out);

/* Waiting gangs. The host keeps the queue; a pass over it is one call that keeps nothing: which gangs start now.
 *
 * Order: by priority + floor(time waited / aging_ms), the highest first; then by submit_ms, the earliest first; then by
 * place in the array. The engine's time (berth_engine_set_time) is now. Gangs that have waited for timeout_ms are given
 * up before any is placed. The others are placed in order, each as berth_gang_place does it, until one does not fit:
 *   BERTH_BACKFILL_NONE  it blocks those behind it.
 *   BERTH_BACKFILL_EASY  it is protected. Its reserved start is the first end of what runs at which it fits, once all
 *                        that ends by then has left. Another gang starts if it fits now and every protected gang still
 *                        fits at its reserved start: what it would keep beyond that time, or end by it, is counted.
 *                        The first `reservations` gangs that cannot start are protected, each beside those before it,
 *                        if it ever fits there; impossible ones do not count among them. An elastic gang that would
 *                        delay a protected one may start with min_members.
 *   BERTH_BACKFILL_ANY   whoever fits starts: wide gangs may wait as long as narrow ones come.
 *
 * What runs: the pods of the array leave at their end_ms, gangs that this pass has started after their run_ms; a pod
 * that is overdue counts as leaving now. Other pods, and gangs whose run_ms is BERTH_NEVER, never end. A gang that would
 * not fit even when all that ends has left is impossible: it is not protected, for nothing known delays it. Reservations
 * are for min_members. They hold nothing: the next pass finds them anew, so that what ends early helps at once.
 *
 * After Lifka 1995, "The ANL/IBM SP scheduling system" (EASY); Mu'alem and Feitelson 2001, IEEE TPDS 12(6). */
enum { BERTH_BACKFILL_NONE = 1, BERTH_BACKFILL_EASY = 2, BERTH_BACKFILL_ANY = 3 };

typedef struct berth_queue_options {
  uint32_t struct_size;
  uint32_t backfill;     /* BERTH_BACKFILL_* */
  int64_t aging_ms;      /* the priority rises by one for so long a time of waiting; 0: never */
  uint64_t most_tried;   /* gangs that are tried in a pass, whether they fit or not: those behind wait; 0: all */
  uint32_t reservations; /* EASY: gangs that are protected, 1..BERTH_MAX_QUEUE_RESERVATIONS */
  uint32_t reserved;
} berth_queue_options;

/* EASY, one reservation, no aging, all gangs tried. */
void berth_queue_options_init(berth_queue_options *options);

typedef struct berth_waiting_gang {
  const berth_gang *gang;
  int64_t submit_ms;  /* 0..now */
  int64_t run_ms;     /* how long it runs once started, at least 1; BERTH_NEVER: not known */
  int64_t timeout_ms; /* given up when it has waited so long; 0: never */
  int32_t priority;
  uint32_t flags; /* 0 */
} berth_waiting_gang;

/* A pod that is expected to end: a limit of its run time, or an estimate. */
typedef struct berth_running_pod {
  berth_pod_id pod;
  int64_t end_ms; /* at least 0; BERTH_NEVER: as if it were not told */
} berth_running_pod;

enum {
  BERTH_QUEUE_STARTED = 1,    /* and no gang before it waits */
  BERTH_QUEUE_BACKFILLED = 2, /* started, though one before it waits or is impossible */
  BERTH_QUEUE_WAITING = 3,
  BERTH_QUEUE_TIMED_OUT = 4,
  BERTH_QUEUE_IMPOSSIBLE = 5 /* would not fit even if all had left that is known to end: gang has the proof, or
                                 BERTH_GANG_BOUNDED */
};

typedef struct berth_queue_result {
  uint32_t outcome; /* BERTH_QUEUE_* */
  uint32_t order;   /* 0..count - 1: its place in the order, timed out ones included */
  int64_t start_ms; /* now if started; the reserved start of a protected gang; else BERTH_NEVER */
  size_t first;     /* of its members in placements_out and roles_out; in the order of starts */
  size_t members;
  /* Started: of its placement. Waiting: why it does not fit now; BERTH_GANG_WITHDRAWN if it would delay, or is blocked
   * by, another. outcome 0: not looked at, timed out or beyond most_tried. */
  berth_gang_result gang;
} berth_queue_result;

/* Decides a pass and starts the gangs, as berth_gang_place would. placements_out and roles_out (may be null) have room for
 * `capacity` entries, at least the sum of all max_members. results_out[count], in the order of the array.
 * BERTH_BAD_ARGUMENT for times in the future or negative, for a running member of a waiting gang that is told to end, and
 * for a gang whose minima are all 0: it need not wait.
 * Costs: a gang that is equal to one refused before is not tried again; a reservation costs some log2(ends) placements
 * (ends, for classes with devices or constraints on other pods), a start behind one releases and takes back what ends by
 * the reserved start. */
berth_status berth_gangs_schedule(berth_engine *engine, const berth_queue_options *options,
                                  const berth_waiting_gang *waiting, size_t count, const berth_running_pod *running,
                                  size_t running_count, size_t capacity, berth_placement *placements_out,
                                  uint32_t *roles_out, berth_queue_result *results_out);

/* ---------------------------------------------------------------------------------------------------------------- */
/* Ranks                                                                                                            */
/* ---------------------------------------------------------------------------------------------------------------- */

/* Which rank of a training job goes to which GPU, once its nodes are chosen: the assignment whose traffic takes the
 * least time on the links in sum. These calls need no engine and keep nothing; any thread may make them at any time.
 * berth_engine_last_error with a null engine has the sentence to a refusal of this thread. The same arguments give the
 * same answer on every machine. docs/ranks.md has the model, its sources and what is proven.
 *
 * Refused with BERTH_BAD_ARGUMENT unless a call says otherwise; what occurs twice is BERTH_DUPLICATE, a sum beyond 2^61
 * bytes or picoseconds BERTH_LIMIT. */

/* What a level of the network carries between two places. */
typedef struct berth_rank_link {
  int64_t bytes_per_second; /* 1..10^15 */
  int64_t latency_ns;       /* of each message, 0..10^9 */
} berth_rank_link;

/* Places, one GPU each as a rule, in a tree of domains. Two places talk over the link of their lowest common ancestor:
 * links[0] where they share no domain, links[level_count] within an innermost domain. A number names one domain of its
 * level: with two parents it is refused. */
typedef struct berth_rank_network {
  uint32_t struct_size;
  uint32_t level_count; /* 1..BERTH_MAX_LEVELS */
  uint32_t place_count; /* 1..BERTH_MAX_RANKS */
  uint32_t reserved;
  const uint32_t *domains;      /* [place_count][level_count], widest level first */
  const berth_rank_link *links; /* [level_count + 1], widest first */
} berth_rank_network;

/* No places. */
void berth_rank_network_init(berth_rank_network *network);

/* Among g ranks, numbered in order of their ranks; c = ceil(bytes / g). Who sends, how much, in how many messages: */
enum {
  BERTH_RING_ALL_REDUCE = 1,             /* i to i + 1, closed: 2 (g - 1) c in 2 (g - 1) */
  BERTH_RING_ALL_GATHER = 2,             /* i to i + 1, closed: (g - 1) c in g - 1 */
  BERTH_RING_REDUCE_SCATTER = 3,         /* i to i + 1, closed: (g - 1) c in g - 1 */
  BERTH_TREE_ALL_REDUCE = 4,             /* i > 0 and i without its lowest bit, both ways: bytes in 1 */
  BERTH_TREE_BROADCAST = 5,              /* i without its lowest bit to i > 0: bytes in 1 */
  BERTH_ALL_TO_ALL = 6,                  /* everyone to everyone: c in 1 */
  BERTH_HALVING_DOUBLING_ALL_REDUCE = 7, /* i to i xor 2^k, all k: 2 ceil(bytes / 2^(k + 1)) in 2; g a power of two */
  BERTH_PIPELINE = 8                     /* i to i + 1 and back, not closed: bytes in 1 */
};

/* An operation of all groups of ranks that differ in some dimensions only. */
typedef struct berth_collective {
  uint32_t kind;       /* BERTH_RING_ALL_REDUCE .. BERTH_PIPELINE */
  uint32_t dimensions; /* bit i: dimension i varies within a group; UINT32_MAX: one group of all ranks */
  int64_t bytes;       /* 0..2^61 */
  int64_t times;       /* in a step, at least 1 */
} berth_collective;

/* What a rank sends to another one in a step. */
typedef struct berth_flow {
  uint32_t from;
  uint32_t to;
  int64_t bytes;    /* 0..2^61 */
  int64_t messages; /* at least 0 */
} berth_flow;

/* A job's traffic: collectives over its dimensions, or flows between ranks, each pair once; not both. */
typedef struct berth_rank_job {
  uint32_t struct_size;
  uint32_t dimension_count;  /* 1..BERTH_MAX_RANK_DIMENSIONS; 1 where flows are given */
  uint32_t collective_count; /* at most BERTH_MAX_COLLECTIVES */
  uint32_t reserved;
  const uint32_t *dimensions; /* sizes, the fastest varying first; their product is the number of ranks */
  const berth_collective *collectives;
  const berth_flow *flows;
  uint64_t flow_count; /* at most BERTH_MAX_FLOWS */
} berth_rank_job;

/* No ranks. */
void berth_rank_job_init(berth_rank_job *job);

typedef struct berth_rank_options {
  uint32_t struct_size;
  uint32_t iterations;       /* exchanges that the search may weigh; at most BERTH_MAX_ITERATIONS */
  uint32_t exhaustive_ranks; /* jobs of up to so many ranks are solved by trying all that could be better; at most 10 */
  uint32_t reserved;
} berth_rank_options;

/* 20,000 iterations, 8 ranks. */
void berth_rank_options_init(berth_rank_options *options);

/* Links of a network with BERTH_MAX_LEVELS levels: the length of arrays below. */
enum { BERTH_RANK_LINKS = 9 };

typedef struct berth_rank_report {
  uint32_t struct_size;
  uint32_t is_exact;                      /* 1: proven, nothing is cheaper; then cost_ps is lower_bound_ps */
  int64_t cost_before_ps;                 /* of the order as given; 0 after a failure */
  int64_t cost_ps;                        /* of place_of_rank_out */
  int64_t lower_bound_ps;                 /* no assignment costs less */
  uint64_t iterations;                    /* that were weighed */
  int64_t bytes_before[BERTH_RANK_LINKS]; /* by link, widest first, both directions; 0 after a failure */
  int64_t bytes[BERTH_RANK_LINKS];
} berth_rank_report;

/* Finds an assignment, never dearer than `order` (null: rank r at place r), which is kept where nothing cheaper is found.
 * The job has as many ranks as the network places. place_of_rank_out is [ranks]; options and report_out may be null, set
 * the report's struct_size before. 8,192 ranks take some 10 ms. */
berth_status berth_ranks_assign(const berth_rank_network *network, const berth_rank_job *job, const uint32_t *order,
                                const berth_rank_options *options, uint32_t *place_of_rank_out,
                                berth_rank_report *report_out);

/* Gives lost ranks places among the replacements and moves no other. place_of_rank is [ranks], as it was; what it has for
 * lost ranks is not looked at. Fewer replacements than lost ranks are refused. The network has at least the places that
 * stay and the replacements. lower_bound_ps is of all assignments that move no other rank. */
berth_status berth_ranks_replace(const berth_rank_network *network, const berth_rank_job *job,
                                 const uint32_t *place_of_rank, const uint32_t *lost, size_t lost_count,
                                 const uint32_t *replacements, size_t replacement_count,
                                 const berth_rank_options *options, uint32_t *place_of_rank_out,
                                 berth_rank_report *report_out);

/* What an assignment costs; there may be more places than ranks. bytes_out is [level_count + 1], widest link first, and
 * may be null. */
berth_status berth_ranks_cost(const berth_rank_network *network, const berth_rank_job *job,
                              const uint32_t *place_of_rank, int64_t *cost_ps_out, int64_t *bytes_out);

/* Pods that are best placed in one domain together: with a multiple of them, groups of the job stay whole. */
typedef struct berth_rank_multiple {
  uint32_t pods;
  uint32_t ranks;
  uint32_t dimensions; /* bit i: groups over dimension i are whole in it */
  uint32_t level;      /* the innermost level with a domain that is large enough, 0 the widest; UINT32_MAX for none */
} berth_rank_multiple;

/* Before nodes are chosen: up to BERTH_MAX_RANK_MULTIPLES sizes, the smallest first, each a divisor of the next. pod_size
 * ranks to a pod, which divide the job; links are [level_count + 1]; domain_pods are [level_count], how many pods the
 * largest domain of each level can take, or null. */
berth_status berth_rank_multiples(const berth_rank_job *job, uint32_t pod_size, const berth_rank_link *links,
                                  const uint32_t *domain_pods, uint32_t level_count, berth_rank_multiple *multiples_out,
                                  uint32_t *count_out);

#ifdef __cplusplus
}
#endif

#endif
