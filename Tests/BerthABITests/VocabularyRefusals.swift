import CBerth
import Testing

@testable import Berth

/// Images, namespaces, selectors, resources that count, several classes at once.
@Suite struct VocabularyRefusals {
  @Test(arguments: images + namespaces + selectors + resources + profiles + classes)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static func intern(_ host: Host, _ images: [berth_image]) -> berth_status {
    berth_image_set_intern(host.engine, images, images.count, host.out(berth_image_set_id.self))
  }

  static let images =
    [
      Refusal("images: null", BERTH_NULL_POINTER, "images") {
        berth_image_set_intern($0.engine, nil, 1, $0.out(berth_image_set_id.self))
      },
      Refusal("images: null result", BERTH_NULL_POINTER, "id_out") { berth_image_set_intern($0.engine, nil, 0, nil) },
      Refusal("images: more than memory holds", BERTH_LIMIT, "images") {
        berth_image_set_intern($0.engine, list([berth_image()]), -1, $0.out(berth_image_set_id.self))
      },
      Refusal("images: null name", BERTH_NULL_POINTER, "name of image 1") {
        intern($0, [berth_image(name: c("a"), size_bytes: 1), berth_image(name: nil, size_bytes: 1)])
      },
      Refusal("images: a name twice", BERTH_DUPLICATE, "web:1") {
        intern($0, [berth_image(name: c("web:1"), size_bytes: 1), berth_image(name: c("web:1"), size_bytes: 2)])
      },
      Refusal("images: negative size", BERTH_BAD_QUANTITY, "-1") {
        intern($0, [berth_image(name: c("web:1"), size_bytes: -1)])
      },
      Refusal("images: size beyond the limit", BERTH_LIMIT, "size of image") {
        intern($0, [berth_image(name: c("web:1"), size_bytes: Int64(BERTH_MAX_QUANTITY) + 1)])
      },
    ]
    + badTexts.indices.map { i in
      Refusal("images: name \(badTexts[i].what)", BERTH_BAD_TEXT, "name of image 0") {
        intern($0, [berth_image(name: badTexts[i].text, size_bytes: 1)])
      }
    }

  static func tell(_ host: Host, _ name: UnsafePointer<CChar>?, _ labels: [berth_label] = []) -> berth_status {
    berth_namespace_set(host.engine, name, labels, labels.count)
  }

  static let namespaces =
    [
      Refusal("namespace: null name", BERTH_NULL_POINTER, "name") { tell($0, nil) },
      Refusal("namespace: null labels", BERTH_NULL_POINTER, "labels") { berth_namespace_set($0.engine, "a", nil, 1) },
      Refusal("namespace: more labels than memory holds", BERTH_LIMIT, "labels") {
        berth_namespace_set($0.engine, "a", list([berth_label()]), .max)
      },
      Refusal("namespace: null key", BERTH_NULL_POINTER, "key of label 0", hasConstraints: true) {
        tell($0, c("team-a"), [berth_label(key: nil, value: c("x"))])
      },
      Refusal("namespace: null value", BERTH_NULL_POINTER, "value of label", hasConstraints: true) {
        tell($0, c("team-a"), [berth_label(key: c("team"), value: nil)])
      },
      Refusal("namespace: a key twice", BERTH_DUPLICATE, "team", hasConstraints: true) {
        tell($0, c("team-a"), [berth_label(key: c("team"), value: c("b")), berth_label(key: c("team"), value: c("c"))])
      },
      Refusal("forget a namespace: null name", BERTH_NULL_POINTER, "name") { berth_namespace_remove($0.engine, nil) },
      Refusal("forget a namespace: never told", BERTH_UNKNOWN_ID, "team-b", hasConstraints: true) {
        berth_namespace_remove($0.engine, "team-b")
      },
    ]
    + badTexts.indices.flatMap { i in
      [
        Refusal("namespace: name \(badTexts[i].what)", BERTH_BAD_TEXT, "namespace name") { tell($0, badTexts[i].text) },
        Refusal("forget a namespace: name \(badTexts[i].what)", BERTH_BAD_TEXT, "namespace name") {
          berth_namespace_remove($0.engine, badTexts[i].text)
        },
      ]
    }

  static func select(
    _ name: String, _ status: Int, _ word: String, _ make: @escaping @Sendable (Host) -> berth_requirement
  ) -> Refusal {
    Refusal("selector: \(name)", status, word, hasConstraints: true) { host in
      let requirements = [host.requirement("tier", BERTH_OP_EXISTS), make(host)]
      return berth_selector_intern(host.engine, requirements, 2, host.out(berth_selector_id.self))
    }
  }

  static let selectors = [
    Refusal("selector: null requirements", BERTH_NULL_POINTER, "requirements") {
      berth_selector_intern($0.engine, nil, 1, $0.out(berth_selector_id.self))
    },
    Refusal("selector: null result", BERTH_NULL_POINTER, "id_out") { berth_selector_intern($0.engine, nil, 0, nil) },
    Refusal("selector: more requirements than memory holds", BERTH_LIMIT, "requirements") {
      berth_selector_intern($0.engine, list([berth_requirement()]), -1, $0.out(berth_selector_id.self))
    },
    Refusal("selector: too many requirements", BERTH_LIMIT, "10000") { host in
      let requirements = [berth_requirement](repeating: host.requirement("a", BERTH_OP_EXISTS), count: 10_001)
      return berth_selector_intern(host.engine, requirements, requirements.count, host.out(berth_selector_id.self))
    },
    select("null key", BERTH_NULL_POINTER, "requirement 1: key") {
      var requirement = $0.requirement("a", BERTH_OP_EXISTS)
      requirement.key = nil
      return requirement
    },
    select("null values", BERTH_NULL_POINTER, "requirement 1: values") {
      var requirement = $0.requirement("a", BERTH_OP_IN, ["x"])
      requirement.values = nil
      return requirement
    },
    select("too many values", BERTH_LIMIT, "requirement 1: at most 10000 values") {
      var requirement = $0.requirement("a", BERTH_OP_IN, ["x"])
      requirement.value_count = 10_001
      return requirement
    },
    select("reserved field", BERTH_BAD_STRUCT, "requirement 1: reserved") {
      var requirement = $0.requirement("a", BERTH_OP_EXISTS)
      requirement.reserved = 1
      return requirement
    },
    select("a field", BERTH_BAD_ARGUMENT, "requirement 1: selectors are over labels") {
      var requirement = $0.requirement("metadata.name", BERTH_OP_IN, ["x"])
      requirement.is_field = 1
      return requirement
    },
    select("no operator", BERTH_BAD_ARGUMENT, "requirement 1") { $0.requirement("a", 0, ["x"]) },
    select("Gt", BERTH_BAD_ARGUMENT, "requirement 1: selectors are over labels") { $0.requirement("a", 5, ["1"]) },
    select("Lt", BERTH_BAD_ARGUMENT, "requirement 1: selectors are over labels") { $0.requirement("a", 6, ["1"]) },
    select("In nothing", BERTH_BAD_ARGUMENT, "requirement 1") { $0.requirement("a", BERTH_OP_IN) },
    select("NotIn nothing", BERTH_BAD_ARGUMENT, "requirement 1") { $0.requirement("a", BERTH_OP_NOT_IN) },
    select("Exists with a value", BERTH_BAD_ARGUMENT, "requirement 1") { $0.requirement("a", BERTH_OP_EXISTS, ["x"]) },
    select("an empty key", BERTH_BAD_TEXT, "requirement 1: key") { $0.requirement("", BERTH_OP_EXISTS) },
  ]

  static let resources: [Refusal] = [BERTH_RESOURCE_COUNTED, BERTH_RESOURCE_IGNORED].map { kind in
    Refusal("resource: kind \(kind) after the first node", BERTH_SEALED, "before the first node") {
      berth_resource_add($0.engine, "late", UInt32(kind), $0.out(berth_resource_id.self))
    }
  }

  static let profiles: [Refusal] =
    [BERTH_TERM_IMAGE_LOCALITY, BERTH_TERM_POD_TOPOLOGY_SPREAD, BERTH_TERM_INTER_POD_AFFINITY].map { kind in
      Refusal("profile: term \(kind) twice", BERTH_BAD_ARGUMENT, "term 1 of profile") {
        ProfileRefusals.add($0, [$0.term(Int(kind)), $0.term(Int(kind))])
      }
    } + [
      Refusal("profile: unknown flag of pod affinity", BERTH_BAD_ARGUMENT, "term 1 of profile") {
        ProfileRefusals.add($0, Int(BERTH_TERM_INTER_POD_AFFINITY)) { $0.flags = 2 }
      }
    ]

  static func intern(_ host: Host, count: Int = 3, _ spoil: (inout [berth_pod_spec]) -> Void) -> berth_status {
    var specs = (0..<3).map { host.spec(cpu: 321 + Int64($0)) }
    spoil(&specs)
    return berth_classes_intern(host.engine, specs, count, host.out(berth_class_id.self))
  }

  static let classes = [
    Refusal("classes: null specs", BERTH_NULL_POINTER, "specs") {
      berth_classes_intern($0.engine, nil, 1, $0.out(berth_class_id.self))
    },
    Refusal("classes: null result", BERTH_NULL_POINTER, "ids_out") {
      berth_classes_intern($0.engine, list([$0.spec()]), 1, nil)
    },
    Refusal("classes: more than memory holds", BERTH_LIMIT, "specs") { intern($0, count: -1) { _ in } },
    Refusal("classes: one without a size", BERTH_BAD_STRUCT, "struct_size") { intern($0) { $0[2].struct_size = 0 } },
    Refusal("classes: the last of them wrong", BERTH_UNKNOWN_ID, "entry 2: profile 9") {
      intern($0) { $0[2].profile = 9 }
    },
    Refusal("classes: one in the middle with a null list", BERTH_NULL_POINTER, "entry 1: requests") {
      intern($0) { $0[1].requests = nil }
    },
    Refusal("classes: good constraints before a bad one", BERTH_BAD_ARGUMENT, "entry 2: ", hasConstraints: true) {
      host in
      intern(host) { specs in
        for index in specs.indices {
          specs[index] = host.webSpec()
          specs[index].ask([host.term(of: BERTH_POD_AFFINITY_REQUIRED)])
          specs[index].hold([host.port(UInt32(9000 + index))])
        }
        specs[2].flags = 8
      }
    },
  ]
}
