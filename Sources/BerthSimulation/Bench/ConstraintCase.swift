import BerthCore
import CBerth

/// The cases of kube-scheduler's own performance suite (test/integration/scheduler_perf), each as what a pod says.
public enum ConstraintCase: String, CaseIterable, Sendable {
  case basic
  case nodeAffinity = "node affinity"
  case podAffinity = "required pod affinity"
  case podAntiAffinity = "required anti-affinity"
  case namespaceAntiAffinity = "anti-affinity with namespaceSelector"
  case preferredAffinity = "preferred affinity"
  case hardSpread = "hard spread"
  case softSpread = "soft spread"
  case defaultSpread = "default spread"
  case mixed

  /// Pods a second that kube-scheduler's CI demands of itself at 5,000 nodes (6,000 with the namespace selector), the
  /// whole way through the API server: test/integration/scheduler_perf/*/performance-config.yaml.
  public var peerThreshold: Int {
    switch self {
    case .basic: 680
    case .nodeAffinity: 220
    case .podAffinity: 35
    case .podAntiAffinity: 60
    case .namespaceAntiAffinity: 24
    case .preferredAffinity: 90
    case .hardSpread: 460
    case .softSpread: 340
    case .defaultSpread: 160
    case .mixed: 140
    }
  }

  /// The case of one class: all of them in turn where they are mixed.
  func part(_ index: Int) -> ConstraintCase {
    let parts = ConstraintCase.allCases.dropLast()
    return self == .mixed ? parts[index % parts.count] : self
  }
}

extension Scratch {
  private static let zone = "topology.kubernetes.io/zone"
  private static let hostname = "kubernetes.io/hostname"

  /// Makes a spec one of a case's; `app` selects the pods of its own class, `team` the namespaces that are alike.
  func constrain(
    _ spec: inout berth_pod_spec, _ part: ConstraintCase, app: berth_selector_id, team: berth_selector_id, zones: Int,
    index: Int
  ) {
    switch part {
    case .basic, .mixed: break
    case .nodeAffinity:
      let values = texts([zoneName(index % zones), zoneName((index + 1) % zones)])
      let requirement = berth_requirement(
        key: text(Self.zone), op: UInt32(BERTH_OP_IN), value_count: zones > 1 ? 2 : 1, values: values, is_field: 0,
        reserved: 0)
      spec.required_terms = array([
        berth_selector_term(requirements: array([requirement]), requirement_count: 1, weight: 0)
      ])
      spec.required_term_count = 1
    case .podAffinity: add(term(BERTH_POD_AFFINITY_REQUIRED, Self.zone, app), to: &spec)
    case .podAntiAffinity: add(term(BERTH_POD_ANTI_AFFINITY_REQUIRED, Self.hostname, app), to: &spec)
    case .namespaceAntiAffinity:
      var term = term(BERTH_POD_ANTI_AFFINITY_REQUIRED, Self.hostname, app)
      term.namespace_selector = team
      add(term, to: &spec)
    case .preferredAffinity:
      // even classes keep together in zones, odd ones apart on hosts
      let isTogether = index % 2 == 0
      var term = term(
        isTogether ? BERTH_POD_AFFINITY_PREFERRED : BERTH_POD_ANTI_AFFINITY_PREFERRED,
        isTogether ? Self.zone : Self.hostname, app)
      term.weight = 1
      add(term, to: &spec)
    case .hardSpread: add([spread(Self.zone, app, maxSkew: 5, BERTH_DO_NOT_SCHEDULE)], to: &spec)
    case .softSpread: add([spread(Self.zone, app, maxSkew: 5, BERTH_SCHEDULE_ANYWAY)], to: &spec)
    case .defaultSpread:
      let constraints = [
        spread(Self.hostname, app, maxSkew: 3, BERTH_SCHEDULE_ANYWAY),
        spread(Self.zone, app, maxSkew: 5, BERTH_SCHEDULE_ANYWAY),
      ]
      add(constraints, to: &spec)
      spec.flags = UInt32(BERTH_POD_DEFAULT_SPREAD)
    }
  }

  func zoneName(_ zone: Int) -> String { "zone-\(zone)" }

  private func add(_ term: berth_pod_affinity_term, to spec: inout berth_pod_spec) {
    spec.affinity_terms = array([term])
    spec.affinity_term_count = 1
  }

  private func add(_ constraints: [berth_spread_constraint], to spec: inout berth_pod_spec) {
    spec.spread_constraints = array(constraints)
    spec.spread_constraint_count = UInt32(constraints.count)
  }

  private func term(_ kind: Int, _ key: String, _ selector: berth_selector_id) -> berth_pod_affinity_term {
    var term = berth_pod_affinity_term()
    term.topology_key = text(key)
    term.selector = selector
    term.namespace_selector = UInt32(BERTH_NO_SELECTOR)
    term.kind = UInt32(kind)
    return term
  }

  private func spread(
    _ key: String, _ selector: berth_selector_id, maxSkew: UInt32, _ action: Int
  ) -> berth_spread_constraint {
    var constraint = berth_spread_constraint()
    constraint.topology_key = text(key)
    constraint.selector = selector
    constraint.max_skew = maxSkew
    constraint.when_unsatisfiable = UInt32(action)
    return constraint
  }
}
