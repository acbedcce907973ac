import CBerth

struct HostPort: Hashable, Sendable {
  var address: String
  var port: UInt32
  var transport: UInt32
}

/// What placing needs of a container or an init container.
struct Container: Sendable {
  var image: String
  var requests: [String: Quantity]
  var ports: [HostPort]
  /// An init container with restartPolicy Always: it starts before the containers, and stays.
  var isSidecar: Bool
}

extension ObjectReader {
  func containers(_ key: String, in fields: Fields, onHostNetwork: Bool) -> [Container] {
    list(key, in: fields) { fields in
      _ = requiredText("name", in: fields)
      let image = requiredText("image", in: fields) ?? ""
      let policy = text("restartPolicy", in: fields)
      let requests = requests("resources", in: fields)
      let ports = list("ports", in: fields) { hostPort($0, onHostNetwork: onHostNetwork) }
      return Container(image: image, requests: requests, ports: ports, isSidecar: policy == "Always")
    }
  }

  /// requests of a container; a limit without a request is the request, which the API server fills in.
  private func requests(_ key: String, in fields: Fields) -> [String: Quantity] {
    self.fields(key, in: fields) { fields in
      allow(["requests", "limits", "claims"], in: fields)
      let requests = quantities("requests", in: fields)
      let limits = quantities("limits", in: fields)
      for name in limits.keys.sorted() {
        guard let limit = limits[name], let request = requests[name], request > limit else { continue }
        fail("requests", member: name, "must be no more than the limit")
      }
      return fillsDefaults ? requests.filling(limits) : requests
    } ?? [:]
  }

  /// A port of the node, if the container takes one: on the node's network, all of its ports are the node's.
  private func hostPort(_ fields: Fields, onHostNetwork: Bool) -> HostPort? {
    let inside = port("containerPort", in: fields)
    let outside = port("hostPort", in: fields)
    let address = text("hostIP", in: fields) ?? ""
    let transports = ["TCP": BERTH_PROTOCOL_TCP, "UDP": BERTH_PROTOCOL_UDP, "SCTP": BERTH_PROTOCOL_SCTP]
    let name = text("protocol", in: fields) ?? "TCP"
    guard let transport = transports[name.isEmpty ? "TCP" : name] else {
      fail("protocol", "'\(name)' is no protocol: TCP, UDP or SCTP")
      return nil
    }
    let taken = outside ?? (onHostNetwork && fillsDefaults ? inside : nil)
    return taken.map { HostPort(address: address, port: $0, transport: UInt32(transport)) }
  }

  private func port(_ key: String, in fields: Fields) -> UInt32? {
    guard let port = integer(key, in: fields), port != 0 else { return nil }
    guard (1...65535).contains(port) else {
      fail(key, "must be between 1 and 65535")
      return nil
    }
    return UInt32(port)
  }
}
