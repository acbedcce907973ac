import CBerth
import Testing

@testable import Berth

extension Host {
  /// Pods of app "web" that keep to one a node, spread over zones, like each other, and hold a port; two of them run.
  func addConstraints() {
    must(berth_selector_intern(engine, [requirement("app", BERTH_OP_IN, ["web"])], 1, &selector))
    must(berth_image_set_intern(engine, [berth_image(name: c("web:1"), size_bytes: 300 << 20)], 1, &images))
    must(berth_namespace_set(engine, "team-a", [berth_label(key: c("team"), value: c("a"))], 1))
    for spoil: (inout berth_pod_spec) -> Void in [
      { $0.spread(over: [self.constraint()]) },
      { $0.ask([self.term(of: BERTH_POD_ANTI_AFFINITY_REQUIRED)]) },
      { $0.hold([self.port(8080)]) },
    ] {
      var spec = webSpec()
      spoil(&spec)
      var id: berth_class_id = 0
      must(berth_class_intern(engine, &spec, &id))
      classes.append(id)
    }
    var pods = [berth_pod_id](repeating: 0, count: 2)
    must(berth_pods_bind(engine, classes.suffix(2), [nodes[0], nodes[4]], 2, &pods))
  }

  /// A correct spec of app "web", with an image and a quantity that counts.
  func webSpec() -> berth_pod_spec {
    var spec = spec(cpu: 250)
    spec.namespace_name = c("team-a")
    spec.labels = list([berth_label(key: c("app"), value: c("web"))])
    spec.label_count = 1
    spec.images = list([c("web:1")])
    spec.image_count = 1
    spec.scored = list([berth_quantity(resource: counted, reserved: 0, value: 100)])
    spec.scored_count = 1
    return spec
  }

  func requirement(_ key: String, _ op: Int, _ values: [String] = []) -> berth_requirement {
    berth_requirement(
      key: c(key), op: UInt32(op), value_count: UInt32(values.count), values: list(values.map { c($0) }), is_field: 0,
      reserved: 0)
  }

  /// A correct constraint: pods of app "web", at most one more in a zone than in another.
  func constraint() -> berth_spread_constraint {
    var constraint = berth_spread_constraint()
    constraint.topology_key = c("topology.kubernetes.io/zone")
    constraint.selector = selector
    constraint.max_skew = 1
    constraint.when_unsatisfiable = UInt32(BERTH_DO_NOT_SCHEDULE)
    return constraint
  }

  /// A correct term about pods of app "web" on the same node.
  func term(of kind: Int) -> berth_pod_affinity_term {
    var term = berth_pod_affinity_term()
    term.topology_key = c("kubernetes.io/hostname")
    term.selector = selector
    term.namespace_selector = BERTH_NO_SELECTOR
    term.kind = UInt32(kind)
    return term
  }

  func port(_ number: UInt32) -> berth_host_port {
    berth_host_port(host_ip: nil, port: number, protocol: UInt32(BERTH_PROTOCOL_TCP))
  }
}

extension berth_pod_spec {
  mutating func spread(over constraints: [berth_spread_constraint]) {
    spread_constraints = list(constraints)
    spread_constraint_count = UInt32(constraints.count)
  }

  mutating func ask(_ terms: [berth_pod_affinity_term]) {
    affinity_terms = list(terms)
    affinity_term_count = UInt32(terms.count)
  }

  mutating func hold(_ ports: [berth_host_port]) {
    host_ports = list(ports)
    host_port_count = UInt32(ports.count)
  }
}
