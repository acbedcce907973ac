import CBerth
import Testing

@testable import Berth

/// What a spec says of other pods, of ports and of images, wrong in one thing.
@Suite struct ConstraintRefusals {
  @Test(arguments: labels + names + scored + ports + spread + terms)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  /// One more than a list in a spec may have.
  static let tooMany: UInt32 = 10_001

  static func refusal(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (Host, inout berth_pod_spec) -> Void
  ) -> Refusal {
    Refusal(name, status, word, hasConstraints: true) { host in
      var spec = host.webSpec()
      spec.priority = 777
      spoil(host, &spec)
      return berth_class_intern(host.engine, &spec, host.out(berth_class_id.self))
    }
  }

  static func set(_ spec: inout berth_pod_spec, labels: [berth_label]) {
    spec.labels = list(labels)
    spec.label_count = UInt32(labels.count)
  }

  static let labels =
    [
      refusal("class: reserved field", BERTH_BAD_STRUCT, "reserved") { $1.reserved = 1 },
      refusal("class: unknown flag", BERTH_BAD_ARGUMENT, "BERTH_POD_DEFAULT_SPREAD") { $1.flags = 2 },
      refusal("class: null labels", BERTH_NULL_POINTER, "labels") { $1.labels = nil },
      refusal("class: too many labels", BERTH_LIMIT, "labels") { $1.label_count = tooMany },
      refusal("class: more labels than memory holds", BERTH_LIMIT, "labels") { $1.label_count = .max },
      refusal("class: null label key", BERTH_NULL_POINTER, "key of label 0") {
        set(&$1, labels: [berth_label(key: nil, value: c("x"))])
      },
      refusal("class: null label value", BERTH_NULL_POINTER, "value of label \"app\"") {
        set(&$1, labels: [berth_label(key: c("app"), value: nil)])
      },
      refusal("class: a label twice", BERTH_DUPLICATE, "app") {
        set(&$1, labels: [berth_label(key: c("app"), value: c("a")), berth_label(key: c("app"), value: c("a"))])
      },
    ]
    + badTexts.indices.map { i in
      refusal("class: label key \(badTexts[i].what)", BERTH_BAD_TEXT, "key of label 0") {
        set(&$1, labels: [berth_label(key: badTexts[i].text, value: c("x"))])
      }
    }
    + badTexts.indices.dropFirst().map { i in
      refusal("class: label value \(badTexts[i].what)", BERTH_BAD_TEXT, "value of label") {
        set(&$1, labels: [berth_label(key: c("app"), value: badTexts[i].text)])
      }
    }

  static let names =
    [
      refusal("class: null images", BERTH_NULL_POINTER, "images") { $1.images = nil },
      refusal("class: too many images", BERTH_LIMIT, "images") { $1.image_count = tooMany },
      refusal("class: a null image", BERTH_NULL_POINTER, "image 1") {
        $1.images = list([c("web:1"), nil])
        $1.image_count = 2
      },
    ]
    + badTexts.indices.map { i in
      refusal("class: namespace \(badTexts[i].what)", BERTH_BAD_TEXT, "namespace_name") {
        $1.namespace_name = badTexts[i].text
      }
    }
    + badTexts.indices.map { i in
      refusal("class: node_name \(badTexts[i].what)", BERTH_BAD_TEXT, "node_name") { $1.node_name = badTexts[i].text }
    }
    + badTexts.indices.dropFirst().map { i in
      refusal("class: image \(badTexts[i].what)", BERTH_BAD_TEXT, "image 0") { $1.images = list([badTexts[i].text]) }
    }

  static func set(_ spec: inout berth_pod_spec, scored: [(berth_resource_id, Int64)], reserved: UInt32 = 0) {
    spec.scored = list(scored.map { berth_quantity(resource: $0.0, reserved: reserved, value: $0.1) })
    spec.scored_count = UInt32(scored.count)
  }

  static let scored = [
    refusal("scored: null", BERTH_NULL_POINTER, "scored") { $1.scored = nil },
    refusal("scored: more than there are resources", BERTH_LIMIT, "scored") { $1.scored_count = .max },
    refusal("scored: reserved field", BERTH_BAD_STRUCT, "scored quantity 0: reserved") {
      set(&$1, scored: [($0.counted, 1)], reserved: 1)
    },
    refusal("scored: unknown resource", BERTH_UNKNOWN_ID, "scored quantity 0: resource") {
      set(&$1, scored: [(BERTH_ANY_RESOURCE, 1)])
    },
    refusal("scored: a resource that refuses", BERTH_BAD_ARGUMENT, "not COUNTED") {
      set(&$1, scored: [($0.cpu, 1)])
    },
    refusal("scored: a resource twice", BERTH_DUPLICATE, "occurs twice") {
      set(&$1, scored: [($0.counted, 1), ($0.counted, 2)])
    },
    refusal("scored: negative", BERTH_BAD_QUANTITY, "-1") { set(&$1, scored: [($0.counted, -1)]) },
    refusal("scored: beyond the limit", BERTH_LIMIT, "scored quantity 0") {
      set(&$1, scored: [($0.counted, Int64(BERTH_MAX_QUANTITY) + 1)])
    },
  ]

  static func port(_ name: String, _ word: String, _ spoil: @escaping @Sendable (inout berth_host_port) -> Void)
    -> Refusal
  {
    refusal("host port: \(name)", BERTH_BAD_ARGUMENT, word) {
      var port = $0.port(80)
      spoil(&port)
      $1.hold([$0.port(443), port])
    }
  }

  static let ports =
    [
      refusal("host ports: null", BERTH_NULL_POINTER, "host_ports") { $1.host_port_count = 1 },
      refusal("host ports: too many", BERTH_LIMIT, "host_ports") {
        $1.hold([$0.port(80)])
        $1.host_port_count = tooMany
      },
      port("0", "host port 1: port 0") { $0.port = 0 },
      port("beyond 65535", "host port 1: port 65536") { $0.port = 65_536 },
      port("unknown protocol", "protocol 3") { $0.protocol = 3 },
    ]
    + badTexts.indices.dropFirst().map { i in
      refusal("host port: address \(badTexts[i].what)", BERTH_BAD_TEXT, "host port 0: host_ip") {
        $1.hold([berth_host_port(host_ip: badTexts[i].text, port: 80, protocol: 0)])
      }
    }

  static func spread(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (inout berth_spread_constraint) -> Void
  ) -> Refusal {
    refusal("spread: \(name)", status, word) {
      var constraint = $0.constraint()
      spoil(&constraint)
      $1.spread(over: [$0.constraint(), constraint])
    }
  }

  static let spread =
    [
      refusal("spread: null", BERTH_NULL_POINTER, "spread_constraints") { $1.spread_constraint_count = 1 },
      refusal("spread: too many", BERTH_LIMIT, "spread_constraints: at most 32") { host, spec in
        spec.spread(over: (0...BERTH_MAX_SPREAD_CONSTRAINTS).map { _ in host.constraint() })
      },
      refusal("spread: more than memory holds", BERTH_LIMIT, "spread_constraints") {
        $1.spread(over: [$0.constraint()])
        $1.spread_constraint_count = .max
      },
      refusal("spread: hard ones as the cluster's default", BERTH_BAD_ARGUMENT, "SCHEDULE_ANYWAY") {
        $1.spread(over: [$0.constraint()])
        $1.flags = UInt32(BERTH_POD_DEFAULT_SPREAD)
      },
      spread("reserved field", BERTH_BAD_STRUCT, "spread constraint 1: reserved") { $0.reserved = 9 },
      spread("null key", BERTH_NULL_POINTER, "spread constraint 1: topology_key") { $0.topology_key = nil },
      spread("unknown selector", BERTH_UNKNOWN_ID, "spread constraint 1: selector 1") { $0.selector = 1 },
      spread("no skew", BERTH_BAD_ARGUMENT, "max_skew 0") { $0.max_skew = 0 },
      spread("skew of 2^31", BERTH_BAD_ARGUMENT, "max_skew 2147483648") { $0.max_skew = 1 << 31 },
      spread("2^31 domains", BERTH_BAD_ARGUMENT, "min_domains 2147483648") { $0.min_domains = 1 << 31 },
      spread("min_domains where pods go anyway", BERTH_BAD_ARGUMENT, "min_domains 1") {
        $0.min_domains = 1
        $0.when_unsatisfiable = UInt32(BERTH_SCHEDULE_ANYWAY)
      },
      spread("no action", BERTH_BAD_ARGUMENT, "when_unsatisfiable 0") { $0.when_unsatisfiable = 0 },
      spread("unknown action", BERTH_BAD_ARGUMENT, "when_unsatisfiable 3") { $0.when_unsatisfiable = 3 },
      spread("unknown affinity policy", BERTH_BAD_ARGUMENT, "policy") { $0.node_affinity_policy = 3 },
      spread("unknown taints policy", BERTH_BAD_ARGUMENT, "policy") { $0.node_taints_policy = .max },
      spread("null keys of labels", BERTH_NULL_POINTER, "spread constraint 1: match_label_keys") {
        $0.match_label_key_count = 1
      },
      spread("too many keys of labels", BERTH_LIMIT, "match_label_keys") {
        $0.match_label_keys = list([c("app")])
        $0.match_label_key_count = tooMany
      },
      spread("a null key of labels", BERTH_NULL_POINTER, "match_label_keys: key 0") {
        $0.match_label_keys = list([nil])
        $0.match_label_key_count = 1
      },
    ]
    + badTexts.indices.map { i in
      spread("key \(badTexts[i].what)", BERTH_BAD_TEXT, "topology_key") { $0.topology_key = badTexts[i].text }
    }

  static func term(
    _ name: String, _ status: Int, _ word: String, _ kind: Int = BERTH_POD_AFFINITY_REQUIRED,
    _ spoil: @escaping @Sendable (inout berth_pod_affinity_term) -> Void
  ) -> Refusal {
    refusal("term: \(name)", status, word) {
      var term = $0.term(of: kind)
      spoil(&term)
      $1.ask([$0.term(of: BERTH_POD_ANTI_AFFINITY_REQUIRED), term])
    }
  }

  static let terms =
    [
      refusal("terms: null", BERTH_NULL_POINTER, "affinity_terms") { $1.affinity_term_count = 1 },
      refusal("terms: too many", BERTH_LIMIT, "affinity_terms: at most 64") { host, spec in
        spec.ask((0...BERTH_MAX_AFFINITY_TERMS).map { _ in host.term(of: BERTH_POD_AFFINITY_REQUIRED) })
      },
      refusal("terms: more than memory holds", BERTH_LIMIT, "affinity_terms") {
        $1.ask([$0.term(of: BERTH_POD_AFFINITY_REQUIRED)])
        $1.affinity_term_count = .max
      },
      term("reserved field", BERTH_BAD_STRUCT, "affinity term 1: reserved") { $0.reserved = 1 },
      term("no kind", BERTH_BAD_ARGUMENT, "kind 0") { $0.kind = 0 },
      term("unknown kind", BERTH_BAD_ARGUMENT, "kind 5") { $0.kind = 5 },
      term("a weight of what is required", BERTH_BAD_ARGUMENT, "weight 1") { $0.weight = 1 },
      term("no weight", BERTH_BAD_ARGUMENT, "weight 0", BERTH_POD_AFFINITY_PREFERRED) { _ in },
      term("weight beyond 100", BERTH_BAD_ARGUMENT, "weight 101", BERTH_POD_ANTI_AFFINITY_PREFERRED) {
        $0.weight = 101
      },
      term("null key", BERTH_NULL_POINTER, "affinity term 1: topology_key") { $0.topology_key = nil },
      term("unknown selector", BERTH_UNKNOWN_ID, "affinity term 1: selector 77") { $0.selector = 77 },
      term("unknown namespace selector", BERTH_UNKNOWN_ID, "affinity term 1: namespace selector 77") {
        $0.namespace_selector = 77
      },
      term("null namespaces", BERTH_NULL_POINTER, "affinity term 1: namespaces") { $0.namespace_count = 1 },
      term("too many namespaces", BERTH_LIMIT, "namespaces") {
        $0.namespaces = list([c("a")])
        $0.namespace_count = tooMany
      },
      term("a null namespace", BERTH_NULL_POINTER, "namespace 1") {
        $0.namespaces = list([c("a"), nil])
        $0.namespace_count = 2
      },
      term("null keys that match", BERTH_NULL_POINTER, "affinity term 1: match_label_keys") {
        $0.match_label_key_count = 1
      },
      term("too many keys that match", BERTH_LIMIT, "match_label_keys") {
        $0.match_label_keys = list([c("a")])
        $0.match_label_key_count = .max
      },
      term("null keys that differ", BERTH_NULL_POINTER, "affinity term 1: mismatch_label_keys") {
        $0.mismatch_label_key_count = 2
      },
      term("too many keys that differ", BERTH_LIMIT, "mismatch_label_keys") {
        $0.mismatch_label_keys = list([c("a")])
        $0.mismatch_label_key_count = tooMany
      },
    ]
    + badTexts.indices.flatMap { i in
      [
        term("key \(badTexts[i].what)", BERTH_BAD_TEXT, "topology_key") { $0.topology_key = badTexts[i].text },
        term("namespace \(badTexts[i].what)", BERTH_BAD_TEXT, "namespace 0") {
          $0.namespaces = list([badTexts[i].text])
          $0.namespace_count = 1
        },
        term("key that differs \(badTexts[i].what)", BERTH_BAD_TEXT, "mismatch_label_keys: key 0") {
          $0.mismatch_label_keys = list([badTexts[i].text])
          $0.mismatch_label_key_count = 1
        },
      ]
    }
}
