import CBerth
import Testing

@testable import Berth

@Suite struct ProfileRefusals {
  @Test(arguments: calls + weights + resources + shapes)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static func add(_ host: Host, _ terms: [berth_term], name: UnsafePointer<CChar>? = c("new")) -> berth_status {
    berth_profile_add(host.engine, name, terms, terms.count, host.out(berth_profile_id.self))
  }

  /// Adds a profile of one good term and one of `kind` that `spoil` has changed.
  static func add(_ host: Host, _ kind: Int, _ spoil: (inout berth_term) -> Void) -> berth_status {
    var term = host.term(kind)
    spoil(&term)
    return add(host, [host.term(Int(BERTH_TERM_PRICE)), term])
  }

  static let calls: [Refusal] =
    [
      Refusal("profile: null name", BERTH_NULL_POINTER, "name") { add($0, [$0.term(1)], name: nil) },
      Refusal("profile: null terms", BERTH_NULL_POINTER, "terms") {
        berth_profile_add($0.engine, "new", nil, 1, $0.out(berth_profile_id.self))
      },
      Refusal("profile: null result", BERTH_NULL_POINTER, "id_out") {
        berth_profile_add($0.engine, "new", list([$0.term(1)]), 1, nil)
      },
      Refusal("profile: no term", BERTH_BAD_ARGUMENT, "term") { add($0, []) },
      Refusal("profile: too many terms", BERTH_LIMIT, "17") { add($0, Array(repeating: $0.term(1), count: 17)) },
      Refusal("profile: more terms than memory holds", BERTH_LIMIT, "terms") {
        berth_profile_add($0.engine, "new", list([$0.term(1)]), -1, $0.out(berth_profile_id.self))
      },
      Refusal("profile: the name is there", BERTH_DUPLICATE, "packing") { add($0, [$0.term(1)], name: c("packing")) },
      Refusal("profile: no kind", BERTH_BAD_ARGUMENT, "term 1 of profile") { add($0, 0) { _ in } },
      Refusal("profile: unknown kind", BERTH_BAD_ARGUMENT, "term 1 of profile") { add($0, 18) { _ in } },
      Refusal("profile: price twice", BERTH_BAD_ARGUMENT, "term 1 of profile") {
        add($0, Int(BERTH_TERM_PRICE)) { _ in }
      },
      Refusal("profile: affinity twice", BERTH_BAD_ARGUMENT, "term 1 of profile") {
        add($0, [$0.term(Int(BERTH_TERM_NODE_AFFINITY)), $0.term(Int(BERTH_TERM_NODE_AFFINITY))])
      },
      Refusal("profile: flags where none are used", BERTH_BAD_ARGUMENT, "term 1 of profile \"new\"") {
        add($0, 1) { $0.flags = UInt16(BERTH_TERM_IGNORE_EXISTING_PREFERENCES) }
      },
      Refusal("profile: a weight of pod affinity where none is used", BERTH_BAD_ARGUMENT, "term 1 of profile") {
        add($0, 1) { $0.hard_pod_affinity_weight = 1 }
      },
      Refusal("profile: too large a weight of pod affinity", BERTH_BAD_ARGUMENT, "term 1 of profile") {
        add($0, Int(BERTH_TERM_INTER_POD_AFFINITY)) { $0.hard_pod_affinity_weight = 101 }
      },
      Refusal("profile: null resources", BERTH_NULL_POINTER, "resources is null") {
        add($0, 1) { $0.resource_count = 1 }
      },
      Refusal("profile: null points", BERTH_NULL_POINTER, "points is null") { add($0, 3) { $0.point_count = 2 } },
    ]
    + badTexts.indices.map { i in
      Refusal("profile: name \(badTexts[i].what)", BERTH_BAD_TEXT, "name") {
        add($0, [$0.term(1)], name: badTexts[i].text)
      }
    }

  static let weights: [Refusal] = [
    (Double.nan, BERTH_BAD_NUMBER), (.signalingNaN, BERTH_BAD_NUMBER), (.infinity, BERTH_BAD_NUMBER),
    (-.infinity, BERTH_BAD_NUMBER), (1.5, BERTH_BAD_NUMBER), (1 - .ulpOfOne, BERTH_BAD_NUMBER), (0, BERTH_BAD_ARGUMENT),
    (-1, BERTH_BAD_ARGUMENT), (.leastNonzeroMagnitude, BERTH_BAD_NUMBER), (Double(BERTH_MAX_WEIGHT) + 1, BERTH_LIMIT),
    (1e300, BERTH_LIMIT),
  ].map { (weight: Double, status: Int) in
    Refusal("profile: weight \(weight)", status, "term 1 of profile \"new\": weight") {
      add($0, 1) { $0.weight = weight }
    }
  }

  static func resource(_ id: berth_resource_id, weight: UInt32 = 1, scale: Int64 = 0) -> berth_term_resource {
    berth_term_resource(resource: id, weight: weight, scale: scale)
  }

  static func add(_ host: Host, _ kind: Int, resources: [berth_term_resource]) -> berth_status {
    add(host, kind) {
      $0.resources = list(resources)
      $0.resource_count = UInt32(resources.count)
    }
  }

  static let resources: [Refusal] = [
    Refusal("profile: unknown resource", BERTH_UNKNOWN_ID, "term 1 of profile \"new\", resource 0: resource 4000") {
      add($0, 1, resources: [resource(4000)])
    },
    Refusal("profile: a resource twice", BERTH_DUPLICATE, "resource 1") {
      add($0, 1, resources: [resource($0.cpu), resource($0.cpu)])
    },
    Refusal("profile: a resource without weight", BERTH_BAD_ARGUMENT, "resource 0: weight") {
      add($0, 1, resources: [resource($0.cpu, weight: 0)])
    },
    Refusal("profile: a resource's weight beyond the limit", BERTH_LIMIT, "resource 0: weight") {
      add($0, 1, resources: [resource($0.cpu, weight: 1_000_001)])
    },
    Refusal("profile: binpack with weights", BERTH_BAD_ARGUMENT, "weigh all resources 1") {
      add($0, Int(BERTH_TERM_BINPACK), resources: [resource($0.cpu, weight: 2)])
    },
    Refusal("profile: least allocated with a scale", BERTH_BAD_ARGUMENT, "scale") {
      add($0, 1, resources: [resource($0.cpu, scale: 1)])
    },
    Refusal("profile: dot product without scale", BERTH_BAD_ARGUMENT, "scale") {
      add($0, Int(BERTH_TERM_DOT_PRODUCT), resources: [resource($0.cpu)])
    },
    Refusal("profile: best fit with a negative scale", BERTH_BAD_ARGUMENT, "scale") {
      add($0, Int(BERTH_TERM_BEST_FIT), resources: [resource($0.cpu, scale: -1000)])
    },
  ]

  static func add(_ host: Host, points: [(UInt32, UInt32)]) -> berth_status {
    add(host, Int(BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO)) {
      $0.points = list(points.map { berth_shape_point(utilization_percent: $0.0, score: $0.1) })
      $0.point_count = UInt32(points.count)
    }
  }

  static let shapes: [Refusal] = [
    Refusal("shape: none", BERTH_BAD_ARGUMENT, "points") { add($0, points: []) },
    Refusal("shape: not rising", BERTH_BAD_ARGUMENT, "point 1") { add($0, points: [(50, 1), (50, 2)]) },
    Refusal("shape: falling", BERTH_BAD_ARGUMENT, "point 1") { add($0, points: [(50, 1), (40, 2)]) },
    Refusal("shape: beyond 100 percent", BERTH_BAD_ARGUMENT, "point 1") { add($0, points: [(0, 1), (101, 2)]) },
    Refusal("shape: score beyond 10", BERTH_BAD_ARGUMENT, "point 0") { add($0, points: [(0, 11)]) },
    Refusal("shape: for another term", BERTH_BAD_ARGUMENT, "points") { host in
      add(host, 1) {
        $0.points = list([berth_shape_point(utilization_percent: 0, score: 0)])
        $0.point_count = 1
      }
    },
  ]
}
