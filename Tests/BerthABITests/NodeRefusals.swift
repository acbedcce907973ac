import CBerth
import Testing

@testable import Berth

@Suite struct NodeRefusals {
  @Test(arguments: batches + values + names + updates + idLists + reads)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  /// Adds three rows after `spoil` has made one thing of the batch wrong.
  static func add(
    _ host: Host, _ names: [String?]? = nil, _ spoil: (inout berth_node_batch) -> Void = { _ in }
  ) -> berth_status {
    var batch = host.batch([host.row(0), host.row(1), host.row(0)], names: names)
    spoil(&batch)
    return berth_nodes_add(host.engine, &batch, host.out(berth_node_id.self))
  }

  static func add(_ host: Host, row change: (inout berth_node) -> Void) -> berth_status {
    var row = host.row()
    change(&row)
    return add(host) { $0.nodes = list([host.row(0), row, host.row(1)]) }
  }

  static let batches: [Refusal] = [
    Refusal("add: null batch", BERTH_NULL_POINTER, "batch") {
      berth_nodes_add($0.engine, nil, $0.out(berth_node_id.self))
    },
    Refusal("add: no size", BERTH_BAD_STRUCT, "struct_size") { add($0) { $0.struct_size = 0 } },
    Refusal("add: a size of another release", BERTH_BAD_STRUCT, "struct_size") { add($0) { $0.struct_size += 8 } },
    Refusal("add: null nodes", BERTH_NULL_POINTER, "nodes") { add($0) { $0.nodes = nil } },
    Refusal("add: null resources", BERTH_NULL_POINTER, "resources") { add($0) { $0.resources = nil } },
    Refusal("add: null allocatable", BERTH_NULL_POINTER, "allocatable") { add($0) { $0.allocatable = nil } },
    Refusal("add: null result", BERTH_NULL_POINTER, "ids_out") { host in
      var batch = host.batch([host.row()])
      return berth_nodes_add(host.engine, &batch, nil)
    },
    Refusal("add: more than memory holds", BERTH_LIMIT, "nodes") { add($0) { $0.count = -1 } },
    Refusal("add: more than the limit", BERTH_LIMIT, "nodes") { add($0) { $0.count = Int(BERTH_MAX_NODES) + 1 } },
    Refusal("add: more resources than the limit", BERTH_LIMIT, "resources") {
      add($0) { $0.resource_count = BERTH_MAX_RESOURCES + 1 }
    },
    Refusal("add: unknown images", BERTH_UNKNOWN_ID, "node 1: image set 1") { add($0, row: { $0.images = 1 }) },
  ]

  static let values: [Refusal] = [
    Refusal("add: unknown domain", BERTH_UNKNOWN_ID, "node 1") { add($0, row: { $0.domain = 77 }) },
    Refusal("add: a domain that holds domains", BERTH_BAD_ARGUMENT, "node 1") { add($0, row: { $0.domain = 0 }) },
    Refusal("add: unknown labels", BERTH_UNKNOWN_ID, "node 1") { add($0, row: { $0.labels = 77 }) },
    Refusal("add: unknown taints", BERTH_UNKNOWN_ID, "node 1") { add($0, row: { $0.taints = .max }) },
    Refusal("add: unknown flag", BERTH_BAD_ARGUMENT, "flags") { add($0, row: { $0.flags = 4 }) },
    Refusal("add: price beyond the limit", BERTH_LIMIT, "price") {
      add($0, row: { $0.price = Int64(BERTH_MAX_PRICE) + 1 })
    },
    Refusal("add: negative price", BERTH_BAD_QUANTITY, "price") { add($0, row: { $0.price = .min }) },
    Refusal("add: negative allocatable", BERTH_BAD_QUANTITY, "-1") {
      add($0) { $0.allocatable = list([1, 1, 1, -1, 1, 1]) }
    },
    Refusal("add: smallest allocatable", BERTH_BAD_QUANTITY, "allocatable") {
      add($0) { $0.allocatable = list([1, 1, 1, 1, 1, .min]) }
    },
    Refusal("add: allocatable beyond the limit", BERTH_LIMIT, "allocatable") {
      add($0) { $0.allocatable = list([1, 1, 1, 1, 1, Int64(BERTH_MAX_QUANTITY) + 1]) }
    },
    Refusal("add: negative requested", BERTH_BAD_QUANTITY, "requested") {
      add($0) { $0.requested = list([0, 0, 0, 0, -5, 0]) }
    },
    Refusal("add: largest requested", BERTH_LIMIT, "requested") {
      add($0) { $0.requested = list([0, 0, 0, 0, .max, 0]) }
    },
    Refusal("add: unknown resource", BERTH_UNKNOWN_ID, "resource 4095") { host in
      add(host) { $0.resources = list([host.cpu, 4095]) }
    },
    Refusal("add: a resource twice", BERTH_DUPLICATE, "resource column 1") { host in
      add(host) { $0.resources = list([host.cpu, host.cpu]) }
    },
    Refusal("add: more resources on a node than it can have", BERTH_LIMIT, "node 0") { host in
      let count = Int(BERTH_MAX_RESOURCES_PER_NODE) + 1
      let resources = host.addResources(count)
      return add(host) {
        $0.count = 1
        $0.resource_count = UInt32(count)
        $0.resources = list(resources)
        $0.allocatable = list([Int64](repeating: 1, count: count))
      }
    },
  ]

  static let names: [Refusal] =
    [
      Refusal("add: a name is there", BERTH_DUPLICATE, "n3") { add($0, [nil, "n3", nil]) },
      Refusal("add: a name twice in the batch", BERTH_DUPLICATE, "twin") { add($0, ["twin", nil, "twin"]) },
    ]
    + badTexts.indices.map { i in
      Refusal("add: name \(badTexts[i].what)", BERTH_BAD_TEXT, "name of node 1") {
        add($0) { $0.names = list([nil, badTexts[i].text, nil]) }
      }
    }

  static func update(
    _ host: Host, _ ids: [berth_node_id]?, _ spoil: (inout berth_node_batch) -> Void = { _ in }
  ) -> berth_status {
    var batch = host.batch([host.row(1), host.row(1)])
    spoil(&batch)
    return berth_nodes_update(host.engine, ids.map { list($0) }, &batch)
  }

  static let updates: [Refusal] = [
    Refusal("update: null batch", BERTH_NULL_POINTER, "batch") { berth_nodes_update($0.engine, list([0]), nil) },
    Refusal("update: null ids", BERTH_NULL_POINTER, "ids") { update($0, nil) },
    Refusal("update: a node that has gone", BERTH_STALE_ID, "entry 1: node") {
      update($0, [$0.nodes[0], $0.goneNode])
    },
    Refusal("update: an id never given", BERTH_UNKNOWN_ID, "entry 1: node") { update($0, [$0.nodes[0], .max]) },
    Refusal("update: an id twice", BERTH_DUPLICATE, "occurs twice") { update($0, [$0.nodes[4], $0.nodes[4]]) },
    Refusal("update: names", BERTH_BAD_ARGUMENT, "names") { host in
      update(host, Array(host.nodes[0..<2])) { $0.names = list([c("x"), c("y")]) }
    },
    Refusal("update: requested", BERTH_BAD_ARGUMENT, "requested") { host in
      update(host, Array(host.nodes[0..<2])) { $0.requested = list([1, 1, 1, 1]) }
    },
    Refusal("update: negative allocatable", BERTH_BAD_QUANTITY, "allocatable") { host in
      update(host, Array(host.nodes[0..<2])) { $0.allocatable = list([9, 9, 9, -9]) }
    },
    Refusal("update: unknown domain", BERTH_UNKNOWN_ID, "node 1") { host in
      var lost = host.row()
      lost.domain = 3_000_000_000
      return update(host, Array(host.nodes[0..<2])) { $0.nodes = list([host.row(1), lost]) }
    },
    Refusal("update: unknown images", BERTH_UNKNOWN_ID, "image set") { host in
      var row = host.row()
      row.images = .max
      return update(host, Array(host.nodes[0..<2])) { $0.nodes = list([row, row]) }
    },
  ]

  static func lists(_ verb: String, _ call: @escaping @Sendable (Host, [UInt64]?, Int) -> berth_status) -> [Refusal] {
    [
      Refusal("\(verb): null ids", BERTH_NULL_POINTER, "ids") { call($0, nil, 1) },
      Refusal("\(verb): more than memory holds", BERTH_LIMIT, "ids") { call($0, [0], -1) },
      Refusal("\(verb): a node that has gone", BERTH_STALE_ID, "entry 1: node") {
        call($0, [$0.nodes[0], $0.goneNode], 2)
      },
      Refusal("\(verb): an id never given", BERTH_UNKNOWN_ID, "entry 0: node") {
        call($0, [.max, $0.nodes[0]], 2)
      },
      Refusal("\(verb): an id of a far slot", BERTH_UNKNOWN_ID, "entry 1: node") {
        call($0, [$0.nodes[0], $0.nodes[0] ^ 0x00FF_FF00], 2)
      },
    ]
  }

  static let idLists =
    [
      Refusal("remove: an id twice", BERTH_DUPLICATE, "entry 2: node") {
        berth_nodes_remove($0.engine, [$0.nodes[1], $0.nodes[0], $0.nodes[1]], 3)
      },
      Refusal("cordon: an id twice", BERTH_DUPLICATE, "entry 2: node") {
        berth_nodes_cordon($0.engine, [$0.nodes[1], $0.nodes[0], $0.nodes[1]], 3, 1)
      },
    ]
    + lists("remove") { host, ids, count in berth_nodes_remove(host.engine, ids.map { list($0) }, count) }
    + lists("cordon") { host, ids, count in berth_nodes_cordon(host.engine, ids.map { list($0) }, count, 1) }

  static func read(_ host: Host, _ ids: [UInt64], _ resources: [UInt32]) -> berth_status {
    berth_nodes_read(
      host.engine, ids, ids.count, resources, UInt32(resources.count), host.out(berth_node_state.self),
      host.out(Int64.self, at: 1024), host.out(Int64.self, at: 2048))
  }

  static let reads: [Refusal] = [
    Refusal("find: null name", BERTH_NULL_POINTER, "name") {
      berth_node_find($0.engine, nil, $0.out(berth_node_id.self))
    },
    Refusal("find: null result", BERTH_NULL_POINTER, "id_out") { berth_node_find($0.engine, "n0", nil) },
    Refusal("find: unknown name", BERTH_UNKNOWN_ID, "n9") {
      berth_node_find($0.engine, "n9", $0.out(berth_node_id.self))
    },
    Refusal("find: the name of a node that has gone", BERTH_UNKNOWN_ID, "gone") {
      berth_node_find($0.engine, "gone", $0.out(berth_node_id.self))
    },
    Refusal("read: null ids", BERTH_NULL_POINTER, "ids") { berth_nodes_read($0.engine, nil, 3, nil, 0, nil, nil, nil) },
    Refusal("read: null resources", BERTH_NULL_POINTER, "resources") {
      berth_nodes_read($0.engine, $0.nodes, 3, nil, 1, nil, nil, nil)
    },
    Refusal("read: a node that has gone", BERTH_STALE_ID, "entry 1: node") {
      read($0, [$0.nodes[0], $0.goneNode], [$0.cpu])
    },
    Refusal("read: an id never given", BERTH_UNKNOWN_ID, "entry 1: node") {
      read($0, [$0.nodes[0], .max], [$0.cpu])
    },
    Refusal("read: unknown resource", BERTH_UNKNOWN_ID, "resource 4095") { read($0, [$0.nodes[0]], [$0.cpu, 4095]) },
    Refusal("list: null ids", BERTH_NULL_POINTER, "ids_out") {
      berth_nodes_list($0.engine, 0, 1, nil, $0.out(Int.self))
    },
    Refusal("list: null count", BERTH_NULL_POINTER, "count_out") {
      berth_nodes_list($0.engine, 0, 1, $0.out(berth_node_id.self), nil)
    },
  ]
}
