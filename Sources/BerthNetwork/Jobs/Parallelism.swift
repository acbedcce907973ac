/// How a parallel program is spread over its ranks, and what each way of it sends.
///
/// Ranks count through the axes in their order, the first fastest: neighbours in rank are those of the first axis. By
/// default it is the order of Megatron-LM, `tp-cp-ep-dp-pp` (its --use-tp-pp-dp-mapping aside).
public struct Parallelism: Sendable, Equatable {
  public enum AxisKind: String, CaseIterable, Sendable {
    case tensor, context, expert, data, pipeline

    /// What each usually waits for.
    var usual: Collective {
      switch self {
      case .tensor, .data: .allReduce
      case .context: .ring
      case .expert: .allToAll
      case .pipeline: .sendReceive
      }
    }
  }

  public enum Collective: String, CaseIterable, Sendable {
    case allReduce = "all-reduce"
    case allGather = "all-gather"
    case reduceScatter = "reduce-scatter"
    case allToAll = "all-to-all"
    /// To the next neighbour, around: ring attention.
    case ring = "ring"
    /// To the next stage.
    case sendReceive = "send-receive"
    case broadcast = "broadcast"
  }

  public struct Axis: Sendable, Equatable {
    public var kind: AxisKind
    public var size: Int
    public var collective: Collective
    /// That each rank puts into the collective in one step; nil: not said.
    public var bytes: Double?
  }

  /// The fastest first. Experts are no factor of the number of ranks: they share out the ranks of data and context.
  public var axes: [Axis]

  public init(axes: [Axis]) { self.axes = axes }

  public func size(of kind: AxisKind) -> Int { axes.first { $0.kind == kind }?.size ?? 1 }

  /// Ranks that the axes make; nil where the product is out of every range.
  public var rankCount: Int? {
    var product = 1
    for axis in axes where axis.kind != .expert {
      let (next, overflow) = product.multipliedReportingOverflow(by: axis.size)
      if overflow { return nil }
      product = next
    }
    return product
  }
}
