import CBerth
import Testing

@testable import Berth

@Suite struct ClassRefusals {
  @Test(arguments: specs + requests + selectors + tolerations)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static func intern(_ host: Host, _ spoil: (inout berth_pod_spec) -> Void) -> berth_status {
    var spec = host.spec(cpu: 777)
    spoil(&spec)
    return berth_class_intern(host.engine, &spec, host.out(berth_class_id.self))
  }

  static let specs: [Refusal] = [
    Refusal("class: null spec", BERTH_NULL_POINTER, "spec") {
      berth_class_intern($0.engine, nil, $0.out(berth_class_id.self))
    },
    Refusal("class: null result", BERTH_NULL_POINTER, "id_out") { host in
      var spec = host.spec()
      return berth_class_intern(host.engine, &spec, nil)
    },
    Refusal("class: no size", BERTH_BAD_STRUCT, "struct_size") { intern($0) { $0.struct_size = 0 } },
    Refusal("class: a size of another release", BERTH_BAD_STRUCT, "struct_size") {
      intern($0) { $0.struct_size -= 8 }
    },
    Refusal("class: unknown profile", BERTH_UNKNOWN_ID, "profile") { intern($0) { $0.profile = 9 } },
    Refusal("class: null requests", BERTH_NULL_POINTER, "requests") { intern($0) { $0.requests = nil } },
    Refusal("class: more requests than memory holds", BERTH_LIMIT, "requests") {
      intern($0) { $0.request_count = .max }
    },
    Refusal("class: null selector", BERTH_NULL_POINTER, "node_selector") { intern($0) { $0.node_selector_count = 1 } },
    Refusal("class: null required terms", BERTH_NULL_POINTER, "required_terms") {
      intern($0) { $0.required_term_count = 1 }
    },
    Refusal("class: null preferred terms", BERTH_NULL_POINTER, "preferred_terms") {
      intern($0) { $0.preferred_term_count = 2 }
    },
    Refusal("class: null tolerations", BERTH_NULL_POINTER, "tolerations") { intern($0) { $0.toleration_count = 1 } },
  ]

  static func intern(_ host: Host, requests: [(berth_resource_id, Int64)], reserved: UInt32 = 0) -> berth_status {
    intern(host) {
      $0.requests = list(requests.map { berth_quantity(resource: $0.0, reserved: reserved, value: $0.1) })
      $0.request_count = UInt32(requests.count)
    }
  }

  static let requests: [Refusal] = [
    Refusal("requests: reserved field", BERTH_BAD_STRUCT, "request 0: reserved") {
      intern($0, requests: [($0.cpu, 1)], reserved: 5)
    },
    Refusal("requests: unknown resource", BERTH_UNKNOWN_ID, "request 1: resource 4294967295") {
      intern($0, requests: [($0.cpu, 1), (BERTH_ANY_RESOURCE, 1)])
    },
    Refusal("requests: a resource twice", BERTH_DUPLICATE, "occurs twice") {
      intern($0, requests: [($0.cpu, 1), ($0.cpu, 1)])
    },
    Refusal("requests: negative", BERTH_BAD_QUANTITY, "-1") { intern($0, requests: [($0.cpu, -1)]) },
    Refusal("requests: smallest", BERTH_BAD_QUANTITY, "request 0") { intern($0, requests: [($0.cpu, .min)]) },
    Refusal("requests: beyond the limit", BERTH_LIMIT, "request 0") {
      intern($0, requests: [($0.cpu, Int64(BERTH_MAX_QUANTITY) + 1)])
    },
    Refusal("requests: more resources than a pod can have", BERTH_LIMIT, "17") { host in
      let resources = host.addResources(Int(BERTH_MAX_RESOURCES_PER_POD) + 1).map { ($0, Int64(1)) }
      return intern(host, requests: resources)
    },
  ]

  static func requirement(
    _ key: UnsafePointer<CChar>?, _ op: Int, _ values: [UnsafePointer<CChar>?] = [], isField: UInt32 = 0,
    reserved: UInt32 = 0
  ) -> berth_requirement {
    berth_requirement(
      key: key, op: UInt32(op), value_count: UInt32(values.count), values: values.isEmpty ? nil : list(values),
      is_field: isField, reserved: reserved)
  }

  /// Interns a spec with a good required term and one with this requirement.
  static func intern(_ host: Host, _ requirement: berth_requirement) -> berth_status {
    let good = Self.requirement(c("disk"), 1, [c("ssd")])
    return intern(host) {
      $0.required_terms = list(
        [good, requirement].map {
          berth_selector_term(requirements: list([$0]), requirement_count: 1, weight: 0)
        })
      $0.required_term_count = 2
    }
  }

  static func refusal(
    _ name: String, _ status: Int, _ word: String, _ make: @escaping @Sendable () -> berth_requirement
  ) -> Refusal {
    Refusal("requirement: \(name)", status, word) { intern($0, make()) }
  }

  static func intern(_ host: Host, requiredWeight weight: UInt32) -> berth_status {
    let term = berth_selector_term(
      requirements: list([requirement(c("disk"), 3)]), requirement_count: 1, weight: weight)
    return intern(host) {
      $0.required_terms = list([term])
      $0.required_term_count = 1
    }
  }

  static func intern(_ host: Host, preferredWeight weight: UInt32) -> berth_status {
    let term = berth_selector_term(
      requirements: list([requirement(c("disk"), 3)]), requirement_count: 1, weight: weight)
    return intern(host) {
      $0.preferred_terms = list([term])
      $0.preferred_term_count = 1
    }
  }

  static func intern(_ host: Host, selector: [berth_label]) -> berth_status {
    intern(host) {
      $0.node_selector = list(selector)
      $0.node_selector_count = UInt32(selector.count)
    }
  }

  static let selectors: [Refusal] = [
    Refusal("selector: null key", BERTH_NULL_POINTER, "key of node selector 0") {
      intern($0, selector: [berth_label(key: nil, value: c("x"))])
    },
    Refusal("selector: null value", BERTH_NULL_POINTER, "value of node selector") {
      intern($0, selector: [berth_label(key: c("x"), value: nil)])
    },
    Refusal("selector: a key twice", BERTH_DUPLICATE, "x") {
      intern($0, selector: [berth_label(key: c("x"), value: c("1")), berth_label(key: c("x"), value: c("2"))])
    },
    Refusal("required term: weight", BERTH_BAD_ARGUMENT, "weight") { intern($0, requiredWeight: 1) },
    Refusal("preferred term: no weight", BERTH_BAD_ARGUMENT, "weight") { intern($0, preferredWeight: 0) },
    Refusal("preferred term: weight beyond 100", BERTH_BAD_ARGUMENT, "weight") { intern($0, preferredWeight: 101) },
    Refusal("required term: null requirements", BERTH_NULL_POINTER, "required term 0: requirements") {
      intern($0) {
        $0.required_terms = list([berth_selector_term(requirements: nil, requirement_count: 3, weight: 0)])
        $0.required_term_count = 1
      }
    },
    refusal("null key", BERTH_NULL_POINTER, "required term 1, requirement 0: key") { requirement(nil, 3) },
    refusal("null values", BERTH_NULL_POINTER, "required term 1, requirement 0: values") {
      var spoilt = requirement(c("a"), 1)
      spoilt.value_count = 1
      return spoilt
    },
    refusal("a null value", BERTH_NULL_POINTER, "value 1") { requirement(c("a"), 1, [c("x"), nil]) },
    refusal("reserved field", BERTH_BAD_STRUCT, "reserved") { requirement(c("a"), 3, reserved: 1) },
    refusal("no operator", BERTH_BAD_ARGUMENT, "op") { requirement(c("a"), 0, [c("x")]) },
    refusal("unknown operator", BERTH_BAD_ARGUMENT, "op") { requirement(c("a"), 7, [c("x")]) },
    refusal("In nothing", BERTH_BAD_ARGUMENT, "value") { requirement(c("a"), 1) },
    refusal("NotIn nothing", BERTH_BAD_ARGUMENT, "value") { requirement(c("a"), 2) },
    refusal("Exists with a value", BERTH_BAD_ARGUMENT, "value") { requirement(c("a"), 3, [c("x")]) },
    refusal("DoesNotExist with a value", BERTH_BAD_ARGUMENT, "value") { requirement(c("a"), 4, [c("x")]) },
    refusal("Gt two values", BERTH_BAD_ARGUMENT, "value") { requirement(c("a"), 5, [c("1"), c("2")]) },
    refusal("Gt no number", BERTH_BAD_ARGUMENT, "64-bit integer") { requirement(c("a"), 5, [c("1.5")]) },
    refusal("Lt beyond 64 bits", BERTH_BAD_ARGUMENT, "64-bit integer") {
      requirement(c("a"), 6, [c("9223372036854775808")])
    },
    refusal("an unknown field", BERTH_BAD_ARGUMENT, "metadata.name") {
      requirement(c("spec.unschedulable"), 1, [c("x")], isField: 1)
    },
    refusal("a field that exists", BERTH_BAD_ARGUMENT, "metadata.name") {
      requirement(c("metadata.name"), 3, isField: 1)
    },
    refusal("a field with two values", BERTH_BAD_ARGUMENT, "metadata.name") {
      requirement(c("metadata.name"), 1, [c("x"), c("y")], isField: 1)
    },
    refusal("is_field out of range", BERTH_BAD_ARGUMENT, "is_field") { requirement(c("a"), 1, [c("x")], isField: 2) },
    refusal("an empty key", BERTH_BAD_TEXT, "key") { requirement(c(""), 3) },
    refusal("a key that is no UTF-8", BERTH_BAD_TEXT, "key") { requirement(c(bytes: [0xFF]), 3) },
    refusal("a value that is no UTF-8", BERTH_BAD_TEXT, "value 0") { requirement(c("a"), 1, [c(bytes: [0xFE])]) },
  ]

  static func intern(
    _ host: Host, toleration key: UnsafePointer<CChar>?, value: UnsafePointer<CChar>? = nil, op: UInt32 = 0,
    effect: UInt32 = 0
  ) -> berth_status {
    intern(host) {
      $0.tolerations = list([berth_toleration(key: key, value: value, op: op, effect: effect)])
      $0.toleration_count = 1
    }
  }

  static let tolerations: [Refusal] = [
    Refusal("toleration: unknown operator", BERTH_BAD_ARGUMENT, "op") { intern($0, toleration: c("a"), op: 4) },
    Refusal("toleration: greater than no number", BERTH_BAD_ARGUMENT, "64-bit integer") {
      intern($0, toleration: c("a"), op: UInt32(BERTH_TOLERATION_GT))
    },
    Refusal("toleration: unknown effect", BERTH_BAD_ARGUMENT, "effect") { intern($0, toleration: c("a"), effect: 4) },
    Refusal("toleration: every key, but a value", BERTH_BAD_ARGUMENT, "key") {
      intern($0, toleration: nil, value: c("x"))
    },
    Refusal("toleration: Exists with a value", BERTH_BAD_ARGUMENT, "value") {
      intern($0, toleration: c("a"), value: c("x"), op: 1)
    },
    Refusal("toleration: a key that is no UTF-8", BERTH_BAD_TEXT, "key") { intern($0, toleration: c(bytes: [0x80])) },
    Refusal("toleration: a value that is no UTF-8", BERTH_BAD_TEXT, "value") {
      intern($0, toleration: c("a"), value: c(bytes: [0xC1, 0x80]))
    },
  ]
}
