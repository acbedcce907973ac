import BerthCore

/// How far any policy could fill the GPUs in an experiment of the FGD paper: whoever decides, knowing all arrivals
/// beforehand or not, as long as no pod is refused that fits somewhere, none is moved and none leaves.
///
/// Two facts make the bound. What is free on a node only shrinks; so whenever a pod is placed, every earlier one that
/// asks for no more of anything was placed, too, for it would have fitted there (closure). And whatever prices are put
/// on GPUs, cpu and memory of the nodes, all pods of a node together pay no more than the node costs (Lagrangian
/// relaxation; Fisher, Management Science 1981). So with a pod's profit being its GPUs less what it pays where that is
/// least, GPUs in use are at most what all nodes cost plus the most profit of a closed set of pods: a closure of a
/// graph, bounded through any flow in it (Picard, Management Science 1976). Every choice of prices gives a bound;
/// `AllocationBoundSearch` looks for good ones.
public struct AllocationBound: Sendable {
  /// In per cent of all GPUs when so many per cent of them have been asked for, rounded up to hundredths: no cell of an
  /// experiment, rounded as it is, lies above.
  public let at100: Double
  public let at130: Double

  /// Throws `EngineError` if the workload has no such seed.
  public init(_ workload: FragmentationWorkload, seed: Int) throws(EngineError) {
    let arrivals = try workload.orders(of: seed).arrivals.map { workload.trace.pods[$0] }
    var course = FragmentationCourse(capacity: workload.capacity)
    for pod in arrivals { course.add(arrived: pod.gpuMilli, used: 0, fragmented: 0) }
    let tables = AllocationBoundTables(workload.trace)
    var prices: AllocationBoundPrices?
    func bound(_ percent: Int) -> Double {
      let count = course.arrivals(upTo: percent) ?? arrivals.count
      var search = AllocationBoundSearch(tables, arrivals.prefix(count))
      search.run(from: prices)
      prices = search.prices
      return (search.milli / Double(workload.capacity) * 10_000).rounded(.up) / 100
    }
    at100 = bound(100)
    // more arrivals move prices little
    at130 = bound(130)
  }
}
