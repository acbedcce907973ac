import CBerth
import Testing

@testable import Berth

@Suite struct FabricRefusals {
  @Test(arguments: fabrics + combinations) func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) {
    refusal.check()
  }

  /// A ring of three of the host's nodes.
  static func ring(_ host: Host, _ nodes: ClosedRange<Int> = 0...2) -> berth_fabric {
    var fabric = berth_fabric()
    fabric.kind = UInt32(BERTH_FABRIC_RING)
    (fabric.x_size, fabric.y_size, fabric.z_size) = (UInt32(nodes.count), 1, 1)
    fabric.nodes = list(Array(host.nodes[nodes]))
    return fabric
  }

  /// A torus of 3 x 2 nodes.
  static func torus(_ host: Host) -> berth_fabric {
    var fabric = ring(host, 0...5)
    fabric.kind = UInt32(BERTH_FABRIC_TORUS)
    (fabric.x_size, fabric.y_size) = (3, 2)
    return fabric
  }

  static func place(_ host: Host, _ fabrics: [berth_fabric], roles: Int = 1) -> berth_status {
    var gang = GangRefusals.gang((0..<roles).map { _ in GangRefusals.role(host) })
    gang.fabric_count = fabrics.count
    gang.fabrics = list(fabrics)
    return GangRefusals.place(host, gang)
  }

  static func refusal(
    _ name: String, _ status: Int, _ word: String, torus isTorus: Bool = false,
    _ spoil: @escaping @Sendable (inout berth_fabric, Host) -> Void
  ) -> Refusal {
    Refusal("fabric: \(name)", status, word) { host in
      var fabric = isTorus ? torus(host) : ring(host)
      spoil(&fabric, host)
      return place(host, [fabric])
    }
  }

  static func boxes(_ fabric: inout berth_fabric, _ boxes: [(UInt32, UInt32, UInt32, UInt32)]) {
    fabric.boxes = list(boxes.map { berth_fabric_box(x: $0.0, y: $0.1, z: $0.2, reserved: $0.3) })
    fabric.box_count = boxes.count
  }

  /// What is said beside a fabric.
  static func beside(
    _ name: String, _ spoil: @escaping @Sendable (inout berth_gang, inout berth_gang_role, Host) -> Void
  ) -> Refusal {
    Refusal("fabrics: beside \(name)", BERTH_BAD_ARGUMENT, "fabric") { host in
      var role = GangRefusals.role(host)
      var gang = GangRefusals.gang([])
      (gang.fabrics, gang.fabric_count) = (list([ring(host)]), 1)
      spoil(&gang, &role, host)
      (gang.roles, gang.role_count) = (list([role]), 1)
      return GangRefusals.place(host, gang)
    }
  }

  static let combinations: [Refusal] = [
    beside("a required level") { gang, _, _ in gang.required_level = 1 },
    beside("a separate level") { gang, _, _ in gang.separate_level = 1 },
    beside("a role's required level") { _, role, _ in role.required_level = 1 },
    beside("a role's preferred level") { _, role, _ in role.preferred_level = 1 },
    beside("a limit") { _, role, _ in (role.spread_level, role.spread_members) = (1, 1) },
    beside("slices") { _, role, _ in
      role.slice_count = 1
      role.slices.0 = berth_gang_slice(level: 1, members: 2)
    },
    beside("running members") { gang, _, host in
      gang.running = list([berth_gang_member(pod: host.assumed, role: 0, reserved: 0)])
      gang.running_count = 1
    },
  ]

  static let fabrics: [Refusal] = [
    Refusal("fabrics: null", BERTH_NULL_POINTER, "fabrics") { host in
      var gang = GangRefusals.gang([GangRefusals.role(host)])
      gang.fabric_count = 1
      return GangRefusals.place(host, gang)
    },
    Refusal("fabrics: several roles", BERTH_BAD_ARGUMENT, "role") { place($0, [ring($0)], roles: 2) },
    Refusal("fabrics: a node in two of them", BERTH_DUPLICATE, "fabric 1") {
      place($0, [ring($0, 0...2), ring($0, 2...4)])
    },
    refusal("unknown kind", BERTH_BAD_ARGUMENT, "kind") { fabric, _ in fabric.kind = 3 },
    refusal("no kind", BERTH_BAD_ARGUMENT, "kind") { fabric, _ in fabric.kind = 0 },
    refusal("null nodes", BERTH_NULL_POINTER, "nodes") { fabric, _ in fabric.nodes = nil },
    refusal("a ring of nothing", BERTH_BAD_ARGUMENT, "size") { fabric, _ in fabric.x_size = 0 },
    refusal("a ring with two dimensions", BERTH_BAD_ARGUMENT, "size") { fabric, _ in fabric.y_size = 2 },
    refusal("a ring without a second size", BERTH_BAD_ARGUMENT, "size") { fabric, _ in fabric.z_size = 0 },
    refusal("a torus of nothing", BERTH_BAD_ARGUMENT, "size", torus: true) { fabric, _ in fabric.z_size = 0 },
    refusal("a ring of more than the limit", BERTH_LIMIT, "1048576") { fabric, _ in
      fabric.x_size = UInt32(BERTH_MAX_FABRIC_NODES) + 1
    },
    refusal("a torus of more than the limit", BERTH_LIMIT, "1048576", torus: true) { fabric, _ in
      (fabric.x_size, fabric.y_size, fabric.z_size) = (1 << 10, 1 << 10, 2)
    },
    refusal("a torus of more than numbers can say", BERTH_LIMIT, "1048576", torus: true) { fabric, _ in
      (fabric.x_size, fabric.y_size, fabric.z_size) = (.max, .max, .max)
    },
    refusal("a node twice", BERTH_DUPLICATE, "place 2") { fabric, host in
      fabric.nodes = list([host.nodes[0], host.nodes[1], host.nodes[0]])
    },
    refusal("a node that has gone", BERTH_STALE_ID, "place 1") { fabric, host in
      fabric.nodes = list([host.nodes[0], host.goneNode, UInt64.max])
    },
    refusal("a node never given", BERTH_UNKNOWN_ID, "place 0") { fabric, host in
      fabric.nodes = list([UInt64(1 << 20), host.nodes[1], host.nodes[2]])
    },
    refusal("boxes of a ring", BERTH_BAD_ARGUMENT, "box") { fabric, _ in boxes(&fabric, [(1, 1, 1, 0)]) },
    refusal("null boxes", BERTH_NULL_POINTER, "boxes", torus: true) { fabric, _ in fabric.box_count = 1 },
    refusal("more boxes than the limit", BERTH_LIMIT, "1024", torus: true) { fabric, _ in
      boxes(&fabric, [(1, 1, 1, 0)])
      fabric.box_count = Int(BERTH_MAX_FABRIC_BOXES) + 1
    },
    refusal("a box of nothing", BERTH_BAD_ARGUMENT, "box 1", torus: true) { fabric, _ in
      boxes(&fabric, [(2, 2, 1, 0), (2, 0, 1, 0)])
    },
    refusal("a box larger than the torus", BERTH_BAD_ARGUMENT, "box 0", torus: true) { fabric, _ in
      boxes(&fabric, [(2, 3, 1, 0)])
    },
    refusal("reserved of a box", BERTH_BAD_STRUCT, "reserved", torus: true) { fabric, _ in
      boxes(&fabric, [(1, 1, 1, 1)])
    },
  ]
}
