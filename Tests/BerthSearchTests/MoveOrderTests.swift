import BerthSearch
import Testing

@Suite struct MoveOrderTests {
  @Test(arguments: 0..<50 as Range<UInt64>)
  func everyStateOnTheWayIsValid(seed: UInt64) {
    let first = Packing(seed: seed, items: 14, bins: 4)
    var searched = first
    var options = LocalSearch.Options()
    options.seed = seed
    options.iterations = 5_000
    _ = LocalSearch.run(&searched, options)
    for detours in [0, 5] {
      var problem = first
      let order = MoveOrder(&problem, to: searched.bins, detours: detours)
      var bins = first.bins
      for move in order.moves {
        #expect(bins[move.item] != move.bin)
        bins[move.item] = move.bin
        #expect(first.isValid(bins))
      }
      #expect(bins == problem.bins)
      #expect(order.stuck == bins.indices.filter { bins[$0] != searched.bins[$0] })
      // Each item moves once, but for the detours.
      #expect(order.moves.count <= zip(first.bins, searched.bins).count { $0 != $1 } + detours)
    }
  }

  /// Two full bins and a third with room for one item: the exchange needs the third.
  private struct Full: AssignmentProblem {
    var bins: [Int]
    var itemCount: Int { bins.count }
    var binCount: Int { 3 }
    var objective: Int { 0 }
    func bin(of item: Int) -> Int { bins[item] }
    func change(moving item: Int, to bin: Int) -> Int? { bins.contains(bin) ? nil : 0 }
    func change(swapping first: Int, with second: Int) -> Int? { 0 }
    mutating func move(_ item: Int, to bin: Int) { bins[item] = bin }
    mutating func swap(_ first: Int, with second: Int) { bins.swapAt(first, second) }
    mutating func restore(_ bins: [Int]) { self.bins = bins }
  }

  @Test func anExchangeTakesADetour() {
    var problem = Full(bins: [0, 1])
    #expect(MoveOrder(&problem, to: [1, 0]).stuck == [0, 1] && problem.bins == [0, 1])
    let order = MoveOrder(&problem, to: [1, 0], detours: 1)
    #expect(order.moves == [Move(0, to: 2), Move(1, to: 0), Move(0, to: 1)] && order.stuck.isEmpty)
  }

  @Test func whatIsThereAlreadyNeedsNoMove() {
    var problem = Full(bins: [0, 1])
    #expect(MoveOrder(&problem, to: [0, 1], detours: 3) == MoveOrder(&problem, to: [0, 1]))
    #expect(MoveOrder(&problem, to: [0, 1]).moves.isEmpty)
  }
}
