import CBerth
import Testing

@testable import Berth

@Suite struct TopologyRefusals {
  @Test(arguments: engine + resources + domains + labels + taints)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static let engine: [Refusal] = [
    Refusal("info: null", BERTH_NULL_POINTER, "info_out") { berth_engine_read_info($0.engine, nil) },
    Refusal("info: no size", BERTH_BAD_STRUCT, "struct_size") {
      berth_engine_read_info($0.engine, $0.sized(berth_engine_info.self, 0))
    },
    Refusal("info: a size of another release", BERTH_BAD_STRUCT, "struct_size") {
      berth_engine_read_info($0.engine, $0.sized(berth_engine_info.self, MemoryLayout<berth_engine_info>.size + 8))
    },
    Refusal("path: unknown", BERTH_BAD_ARGUMENT, "5") { berth_engine_set_path($0.engine, 5) },
    Refusal("path: huge", BERTH_BAD_ARGUMENT, "4294967295") { berth_engine_set_path($0.engine, .max) },
  ]

  static func add(_ host: Host, _ name: UnsafePointer<CChar>?, _ kind: Int) -> berth_status {
    berth_resource_add(host.engine, name, UInt32(kind), host.out(berth_resource_id.self))
  }

  static let resources: [Refusal] =
    [
      Refusal("resource: null name", BERTH_NULL_POINTER, "name") { add($0, nil, 0) },
      Refusal("resource: null result", BERTH_NULL_POINTER, "id_out") { berth_resource_add($0.engine, "disk", 0, nil) },
      Refusal("resource: unknown kind", BERTH_BAD_ARGUMENT, "8") { add($0, c("disk"), 8) },
      Refusal("resource: the name is there", BERTH_DUPLICATE, "nvidia.com/gpu") { add($0, c("nvidia.com/gpu"), 3) },
      Refusal("resource: a second cpu", BERTH_DUPLICATE, "cpu") { add($0, c("cpu2"), Int(BERTH_RESOURCE_CPU)) },
    ]
    + badTexts.indices.map { i in
      Refusal("resource: name \(badTexts[i].what)", BERTH_BAD_TEXT, "name") { add($0, badTexts[i].text, 0) }
    }

  static func add(_ host: Host, below parent: UInt32, _ name: UnsafePointer<CChar>?) -> berth_status {
    berth_domain_add(host.engine, parent, name, host.out(berth_domain_id.self))
  }

  static let domains: [Refusal] =
    [
      Refusal("domain: null name", BERTH_NULL_POINTER, "name") { add($0, below: 0, nil) },
      Refusal("domain: null result", BERTH_NULL_POINTER, "id_out") { berth_domain_add($0.engine, 0, "c", nil) },
      Refusal("domain: unknown parent", BERTH_UNKNOWN_ID, "99") { add($0, below: 99, c("c")) },
      Refusal("domain: deeper than the levels", BERTH_BAD_ARGUMENT, "level") { add($0, below: $0.zones[0], c("c")) },
      Refusal("domain: the name is there", BERTH_DUPLICATE, "a") { add($0, below: 0, c("a")) },
    ]
    + badTexts.indices.dropFirst().map { i in
      Refusal("domain: name \(badTexts[i].what)", BERTH_BAD_TEXT, "name") { add($0, below: 0, badTexts[i].text) }
    }

  static func intern(_ host: Host, _ labels: [berth_label]) -> berth_status {
    berth_label_set_intern(host.engine, labels, labels.count, host.out(berth_label_set_id.self))
  }

  static let labels: [Refusal] =
    [
      Refusal("labels: null", BERTH_NULL_POINTER, "labels") {
        berth_label_set_intern($0.engine, nil, 1, $0.out(berth_label_set_id.self))
      },
      Refusal("labels: null result", BERTH_NULL_POINTER, "id_out") { berth_label_set_intern($0.engine, nil, 0, nil) },
      Refusal("labels: more than memory holds", BERTH_LIMIT, "labels") {
        berth_label_set_intern($0.engine, list([berth_label()]), -1, $0.out(berth_label_set_id.self))
      },
      Refusal("labels: null key", BERTH_NULL_POINTER, "key of label 1") {
        intern($0, [berth_label(key: c("a"), value: c("b")), berth_label(key: nil, value: c("b"))])
      },
      Refusal("labels: null value", BERTH_NULL_POINTER, "value of label") {
        intern($0, [berth_label(key: c("a"), value: nil)])
      },
      Refusal("labels: a key twice", BERTH_DUPLICATE, "rack") {
        intern($0, [berth_label(key: c("rack"), value: c("1")), berth_label(key: c("rack"), value: c("2"))])
      },
      Refusal("labels: a level's key", BERTH_BAD_ARGUMENT, "topology.kubernetes.io/zone") {
        intern($0, [berth_label(key: c("topology.kubernetes.io/zone"), value: c("a"))])
      },
    ]
    + badTexts.indices.map { i in
      Refusal("labels: key \(badTexts[i].what)", BERTH_BAD_TEXT, "key") {
        intern($0, [berth_label(key: badTexts[i].text, value: c("b"))])
      }
    }
    + badTexts.indices.dropFirst().map { i in
      Refusal("labels: value \(badTexts[i].what)", BERTH_BAD_TEXT, "value") {
        intern($0, [berth_label(key: c("a"), value: badTexts[i].text)])
      }
    }

  static func intern(_ host: Host, _ taints: [berth_taint]) -> berth_status {
    berth_taint_set_intern(host.engine, taints, taints.count, host.out(berth_taint_set_id.self))
  }

  static func taint(
    _ key: UnsafePointer<CChar>?, value: UnsafePointer<CChar>? = nil, effect: Int = 1, reserved: UInt32 = 0
  ) -> berth_taint {
    berth_taint(key: key, value: value, effect: UInt32(effect), reserved: reserved)
  }

  static let taints: [Refusal] =
    [
      Refusal("taints: null", BERTH_NULL_POINTER, "taints") {
        berth_taint_set_intern($0.engine, nil, 2, $0.out(berth_taint_set_id.self))
      },
      Refusal("taints: null result", BERTH_NULL_POINTER, "id_out") { berth_taint_set_intern($0.engine, nil, 0, nil) },
      Refusal("taints: more than memory holds", BERTH_LIMIT, "taints") {
        berth_taint_set_intern($0.engine, list([berth_taint()]), .max, $0.out(berth_taint_set_id.self))
      },
      Refusal("taints: null key", BERTH_NULL_POINTER, "key of taint 0") { intern($0, [taint(nil)]) },
      Refusal("taints: reserved field", BERTH_BAD_STRUCT, "reserved") {
        intern($0, [taint(c("a"), reserved: 1)])
      },
      Refusal("taints: the effect of tolerations", BERTH_BAD_ARGUMENT, "effect") {
        intern($0, [taint(c("a"), effect: 0)])
      },
      Refusal("taints: unknown effect", BERTH_BAD_ARGUMENT, "effect") { intern($0, [taint(c("a"), effect: 4)]) },
      Refusal("taints: key and effect twice", BERTH_DUPLICATE, "a") {
        intern($0, [taint(c("a")), taint(c("a"), value: c("other"))])
      },
    ]
    + badTexts.indices.map { i in
      Refusal("taints: key \(badTexts[i].what)", BERTH_BAD_TEXT, "key") { intern($0, [taint(badTexts[i].text)]) }
    }
    + badTexts.indices.dropFirst().map { i in
      Refusal("taints: value \(badTexts[i].what)", BERTH_BAD_TEXT, "value") {
        intern($0, [taint(c("a"), value: badTexts[i].text)])
      }
    }
}
