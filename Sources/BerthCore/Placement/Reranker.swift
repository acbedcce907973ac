import CBerth

/// The host's say in placing: which candidates, which features, whom to ask. Owns the buffers that the callback sees.
final class Reranker {
  let limit: Int
  let batchLimit: Int
  let features: [berth_feature]
  private let callback: berth_rerank_callback
  private let context: UnsafeMutableRawPointer?

  private let classes: UnsafeMutablePointer<berth_class_id>
  private let counts: UnsafeMutablePointer<UInt32>
  let candidates: UnsafeMutablePointer<berth_candidate>
  let cells: UnsafeMutablePointer<Int64>
  private let order: UnsafeMutablePointer<Int32>
  /// By candidate: the last row that had it, to find one that occurs twice.
  private var seen: [UInt64]
  private var stamp: UInt64 = 1
  /// The pods of the last call, by index, in the order in which they were placed: that of their ids.
  var turns: [UInt32] = []
  /// Pods listed for the next call of the callback.
  private(set) var listed = 0

  init(
    limit: Int, batchLimit: Int, features: [berth_feature], callback: @escaping berth_rerank_callback,
    context: UnsafeMutableRawPointer?
  ) {
    self.limit = limit
    self.batchLimit = batchLimit
    self.features = features
    self.callback = callback
    self.context = context
    seen = Array(repeating: 0, count: limit)
    classes = .allocate(capacity: batchLimit)
    counts = .allocate(capacity: batchLimit)
    candidates = .allocate(capacity: batchLimit * limit)
    cells = .allocate(capacity: max(1, batchLimit * limit * features.count))
    order = .allocate(capacity: batchLimit * limit)
    classes.initialize(repeating: 0, count: batchLimit)
    counts.initialize(repeating: 0, count: batchLimit)
    candidates.initialize(repeating: berth_candidate(), count: batchLimit * limit)
    cells.initialize(repeating: 0, count: max(1, batchLimit * limit * features.count))
    order.initialize(repeating: -1, count: batchLimit * limit)
  }

  deinit {
    classes.deallocate()
    counts.deallocate()
    candidates.deallocate()
    cells.deallocate()
    order.deallocate()
  }

  func clear() { listed = 0 }

  /// Counts in a pod whose candidates and features stand at the place of `listed`.
  func add(_ podClass: berth_class_id, count: Int) {
    classes[listed] = podClass
    counts[listed] = UInt32(count)
    for place in 0..<limit { order[listed * limit + place] = place < count ? Int32(place) : -1 }
    listed += 1
  }

  /// Asks the host, and checks what it says.
  func ask(round: Int) throws(EngineError) {
    var batch = berth_rerank_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_rerank_batch>.size)
    batch.candidate_limit = UInt32(limit)
    batch.feature_count = UInt32(features.count)
    batch.round = UInt32(round)
    batch.pod_count = listed
    batch.classes = UnsafePointer(classes)
    batch.candidate_counts = UnsafePointer(counts)
    batch.candidates = UnsafePointer(candidates)
    batch.features = UnsafePointer(cells)
    let result = callback(context, &batch, order)
    guard result == 0 else {
      throw refuse(BERTH_BAD_CALLBACK, "the re-ranking callback returned \(result): 0 says that the order is set")
    }
    for pod in 0..<listed { try check(pod) }
  }

  /// A row of the order is a permutation of some of the pod's candidates, then -1.
  private func check(_ pod: Int) throws(EngineError) {
    let row = order + pod * limit
    let count = Int(counts[pod])
    var length = 0
    while length < limit && row[length] != -1 { length += 1 }
    for place in length..<limit where row[place] != -1 {
      throw refuse(
        BERTH_BAD_CALLBACK, "order of pod \(pod) of the batch: candidate \(row[place]) at place \(place), behind a -1")
    }
    for place in 0..<length {
      let wanted = Int(row[place])
      guard wanted >= 0, wanted < count else {
        throw refuse(
          BERTH_BAD_CALLBACK,
          "order of pod \(pod) of the batch: candidate \(wanted) at place \(place), there are \(count)")
      }
      guard seen[wanted] != stamp else {
        throw refuse(BERTH_BAD_CALLBACK, "order of pod \(pod) of the batch: candidate \(wanted) occurs twice")
      }
      seen[wanted] = stamp
    }
    stamp += 1
  }

  /// The candidates of a listed pod in the host's order, each as its number; ends with the first refused one.
  func wish(_ pod: Int, _ place: Int) -> Int? {
    guard place < limit, order[pod * limit + place] >= 0 else { return nil }
    return pod * limit + Int(order[pod * limit + place])
  }
}
