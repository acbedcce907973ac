import BerthMemory

/// What a pod has taken of a reservation.
struct Claim {
  var reservation: UInt64
  var resource: UInt32
  var quantity: Int64
}

/// Claims by pod, in the order of taking. A reservation that ends leaves the claims on it behind: they say nothing any
/// more, unless its end is taken back.
struct PodClaims {
  /// By pod index: the first claim + 1, 0: none.
  private var heads: PagedColumn<UInt32>
  private var chains: Chains<Claim>

  init(in arena: Arena) {
    heads = PagedColumn(in: arena)
    chains = Chains(in: arena)
  }

  var storage: [any SharedStorage] { chains.storage + [heads] }

  func fork() -> PodClaims {
    var fork = self
    fork.heads = heads.fork()
    fork.chains = chains.fork()
    return fork
  }

  /// Pods with claims have indices below this.
  var podLimit: Int { heads.count }

  @inline(__always)
  func exist(_ pod: UInt32) -> Bool { Int(pod) < heads.count && heads[Int(pod)] != 0 }

  func of(_ pod: UInt32) -> [Claim] { exist(pod) ? chains.values(heads[Int(pod)] - 1) : [] }

  /// The pod has none so far.
  mutating func set(_ pod: UInt32, _ claims: some BidirectionalCollection<Claim>) {
    if Int(pod) >= heads.count { heads.grow(to: Int(pod) + 1) }
    heads[Int(pod)] = chains.make(claims) + 1
  }

  mutating func remove(_ pod: UInt32) {
    chains.free(heads[Int(pod)] - 1)
    heads[Int(pod)] = 0
  }
}
