// The first program in C++17: a class that owns the engine, vectors instead of pointers and counts, and exceptions
// instead of statuses. It plays the scene of first_program.c.
//
//   make -C Bindings/C/examples run LIBRARY_DIR=$PWD/.build/release
#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "berth.h"

namespace {

// A refused call: the status, and the engine's own sentence.
class Refusal : public std::runtime_error {
public:
  Refusal(berth_status status, const std::string &sentence)
      : std::runtime_error(std::string(berth_status_name(status)) + ": " + sentence), status(status) {}

  const berth_status status;
};

// An engine that is destroyed with its owner. It can be moved, not copied: berth_engine_fork makes a second one.
class Engine {
public:
  explicit Engine(const std::vector<const char *> &levels) {
    berth_engine_options options;
    berth_engine_options_init(&options);
    options.level_count = static_cast<uint32_t>(levels.size());
    options.level_keys = levels.data();
    berth_engine *made = nullptr;
    check(berth_engine_create(&options, &made));
    engine.reset(made);
  }

  berth_resource_id add_resource(const std::string &name, uint32_t kind) {
    return made<berth_resource_id>(berth_resource_add, name.c_str(), kind);
  }

  berth_domain_id add_domain(const std::string &name, berth_domain_id parent = BERTH_ROOT_DOMAIN) {
    return made<berth_domain_id>(berth_domain_add, parent, name.c_str());
  }

  berth_taint_set_id intern_taints(const std::vector<berth_taint> &taints) {
    return made<berth_taint_set_id>(berth_taint_set_intern, taints.data(), taints.size());
  }

  berth_profile_id add_profile(const std::string &name, const std::vector<berth_term> &terms) {
    return made<berth_profile_id>(berth_profile_add, name.c_str(), terms.data(), terms.size());
  }

  berth_class_id intern_class(const berth_pod_spec &spec) { return made<berth_class_id>(berth_class_intern, &spec); }

  // allocatable has a row for each node, and in it a column for each resource.
  std::vector<berth_node_id> add_nodes(const std::vector<berth_node> &nodes, const std::vector<const char *> &names,
                                       const std::vector<berth_resource_id> &resources,
                                       const std::vector<int64_t> &allocatable) {
    if (names.size() != nodes.size() || allocatable.size() != nodes.size() * resources.size())
      throw std::invalid_argument("add_nodes: a name and a row for each node");
    berth_node_batch batch;
    berth_node_batch_init(&batch);
    batch.count = nodes.size();
    batch.nodes = nodes.data();
    batch.names = names.data();
    batch.resource_count = static_cast<uint32_t>(resources.size());
    batch.resources = resources.data();
    batch.allocatable = allocatable.data();
    std::vector<berth_node_id> ids(nodes.size());
    check(berth_nodes_add(engine.get(), &batch, ids.data()));
    return ids;
  }

  // One call for all of them; each pod sees the ones before it.
  std::vector<berth_placement> place(const std::vector<berth_class_id> &classes) {
    std::vector<berth_placement> placements(classes.size());
    check(berth_pods_place(engine.get(), classes.data(), classes.size(), 0, placements.data()));
    return placements;
  }

  void release(const std::vector<berth_pod_id> &pods) {
    check(berth_pods_release(engine.get(), pods.data(), pods.size()));
  }

  std::pair<berth_explanation, std::vector<berth_reason>> explain(berth_class_id pod_class) {
    berth_explanation explanation{};
    explanation.struct_size = sizeof explanation;
    std::vector<berth_reason> reasons(8);
    check(berth_class_explain(engine.get(), pod_class, &explanation, reasons.data(), reasons.size()));
    reasons.resize(std::min<std::size_t>(reasons.size(), explanation.reason_count));
    return {explanation, reasons};
  }

  berth_engine_info info() {
    berth_engine_info info{};
    info.struct_size = sizeof info;
    check(berth_engine_read_info(engine.get(), &info));
    return info;
  }

private:
  struct Destroy {
    void operator()(berth_engine *engine) const { berth_engine_destroy(engine); }
  };

  void check(berth_status status) const {
    if (status == BERTH_OK)
      return;
    std::array<char, 512> sentence{};
    berth_engine_last_error(engine.get(), sentence.data(), sentence.size(), nullptr);
    throw Refusal(status, sentence.data());
  }

  // The one thing that a call gives as its last result.
  template <typename Result, typename Function, typename... Arguments>
  Result made(Function function, Arguments... arguments) {
    Result result{};
    check(function(engine.get(), arguments..., &result));
    return result;
  }

  std::unique_ptr<berth_engine, Destroy> engine;
};

const std::vector<const char *> resource_names = {"cpu", "memory", "nvidia.com/gpu"};
const std::vector<const char *> node_names = {"north-1", "north-2", "south-1", "south-gpu"};
const std::vector<const char *> class_names = {"web", "south-only", "training"};

// The engine's ids of what has these names.
struct Cluster {
  std::vector<berth_resource_id> resources;
  std::vector<berth_node_id> nodes;
  std::vector<berth_class_id> classes;
};

template <typename Id>
const char *name_of(Id id, const std::vector<Id> &ids, const std::vector<const char *> &names, const char *other) {
  const auto found = std::find(ids.begin(), ids.end(), id);
  return found == ids.end() ? other : names[static_cast<std::size_t>(found - ids.begin())];
}

void describe_nodes(Engine &engine, Cluster &cluster) {
  const std::vector<uint32_t> kinds = {BERTH_RESOURCE_CPU, BERTH_RESOURCE_MEMORY, BERTH_RESOURCE_GPU};
  for (std::size_t i = 0; i < kinds.size(); i++)
    cluster.resources.push_back(engine.add_resource(resource_names[i], kinds[i]));

  berth_node north{}, south{};
  north.domain = engine.add_domain("north");
  south.domain = engine.add_domain("south");
  berth_node with_gpus = south;
  with_gpus.taints = engine.intern_taints({{"nvidia.com/gpu", "present", BERTH_EFFECT_NO_SCHEDULE, 0}});
  const std::vector<int64_t> allocatable = {
      8000,  32768,  0, // millicores, MiB, GPUs
      8000,  32768,  0, //
      16000, 65536,  0, //
      32000, 131072, 4,
  };
  cluster.nodes = engine.add_nodes({north, north, south, with_gpus}, node_names, cluster.resources, allocatable);
}

void describe_classes(Engine &engine, Cluster &cluster) {
  const berth_resource_id cpu = cluster.resources[0], memory = cluster.resources[1], gpu = cluster.resources[2];
  berth_term pack{};
  pack.kind = BERTH_TERM_BINPACK;
  pack.weight = 1;
  berth_pod_spec spec;
  berth_pod_spec_init(&spec);
  spec.profile = engine.add_profile("packing", {pack});

  // The spec points to what stays here until the class is interned.
  const auto intern = [&](const std::vector<berth_quantity> &requests) {
    spec.requests = requests.data();
    spec.request_count = static_cast<uint32_t>(requests.size());
    cluster.classes.push_back(engine.intern_class(spec));
  };
  intern({{cpu, 0, 2000}, {memory, 0, 4096}});
  const berth_label in_the_south = {"topology.kubernetes.io/zone", "south"};
  spec.node_selector = &in_the_south;
  spec.node_selector_count = 1;
  intern({{cpu, 0, 4000}, {memory, 0, 8192}});
  berth_toleration tolerates_gpu{};
  tolerates_gpu.key = "nvidia.com/gpu";
  tolerates_gpu.op = BERTH_TOLERATION_EXISTS;
  spec.node_selector_count = 0;
  spec.tolerations = &tolerates_gpu;
  spec.toleration_count = 1;
  intern({{cpu, 0, 8000}, {memory, 0, 32768}, {gpu, 0, 2}});
}

void print_placement(const Cluster &cluster, const char *prefix, const berth_placement &placement) {
  std::cout << prefix << name_of(placement.pod_class, cluster.classes, class_names, "?") << " -> "
            << name_of(placement.node, cluster.nodes, node_names, "nowhere");
  if (placement.outcome == BERTH_PLACED)
    std::cout << ", score " << placement.score;
  std::cout << '\n';
}

void print_reasons(Engine &engine, const Cluster &cluster, berth_class_id pod_class) {
  const auto [explanation, reasons] = engine.explain(pod_class);
  const auto resource = [&](berth_resource_id id) { return name_of(id, cluster.resources, resource_names, "?"); };
  std::cout << name_of(pod_class, cluster.classes, class_names, "?") << " fits on " << explanation.feasible << " of "
            << explanation.nodes << " nodes\n";
  for (const berth_reason &reason : reasons) {
    std::cout << "  " << reason.nodes << " x ";
    if (reason.kind == BERTH_REASON_TAINT)
      std::cout << "untolerated taint\n";
    else if (reason.kind == BERTH_REASON_INSUFFICIENT_RESOURCE)
      std::cout << "too little " << resource(reason.resource) << '\n';
    else
      std::cout << berth_reason_text(reason.kind) << '\n';
  }
  if (explanation.nearest_node != BERTH_NO_NODE)
    std::cout << "  nearest miss: " << name_of(explanation.nearest_node, cluster.nodes, node_names, "?") << " lacks "
              << explanation.nearest_shortfall << " of " << resource(explanation.nearest_resource) << '\n';
}

void run() {
  if (berth_abi_version() != BERTH_ABI_VERSION)
    throw std::runtime_error("libberth and berth.h are not of one release");
  Engine engine({"topology.kubernetes.io/zone"});
  Cluster cluster;
  describe_nodes(engine, cluster);
  describe_classes(engine, cluster);
  const berth_class_id web = cluster.classes[0], south_only = cluster.classes[1], training = cluster.classes[2];

  const auto placements = engine.place({web, web, south_only, training, training, training});
  for (const berth_placement &placement : placements)
    print_placement(cluster, "", placement);
  print_reasons(engine, cluster, web);
  print_reasons(engine, cluster, training);

  engine.release({placements[3].pod}); // the first training pod ends, and the next one finds its place
  print_placement(cluster, "after a release: ", engine.place({training})[0]);

  static const char *const allocators[] = {"?", "jemalloc", "mmap"};
  static const char *const levels[] = {"?", "scalar", "baseline", "v3", "v4"};
  const berth_engine_info info = engine.info();
  std::cout << info.pods << " pods on " << info.nodes << " nodes\n"
            << "allocator " << allocators[info.allocator] << ", CPU level " << levels[info.cpu_level] << '\n';

  try { // a refusal is an exception with the engine's sentence, and changes nothing
    engine.release({placements[3].pod});
  } catch (const Refusal &refusal) {
    if (refusal.status != BERTH_STALE_ID)
      throw;
  }
}

} // namespace

int main() {
  try {
    run();
  } catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
