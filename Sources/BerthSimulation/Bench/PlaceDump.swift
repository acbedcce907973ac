extension PlaceBench.Outcome {
  /// Writes the case and the decisions as `.npy`, so that anyone can replay them:
  ///
  ///     nodes.npy       int64 [nodes][6]       allocatable cpu, memory, GPUs; then what runs there from the start
  ///     classes.npy     int64 [classes][3]     requests
  ///     arrivals.npy    uint32 [pods]          the class of each pod
  ///     departures.npy  int32 [departures][2]  after which arrival, which arrival's pod leaves
  ///     decisions.npy   int32 [pods]           the node, -1 where none fitted
  ///     scores.npy      int64 [pods]           its score, 0 where none fitted
  ///     result.json                            the report
  public func dump(to directory: String) throws(FileError) {
    try ByteFile.makeDirectory(directory)
    var rows = [Int64]()
    rows.reserveCapacity(placeCase.nodes.count * 2 * PlaceCase.width)
    for node in placeCase.nodes.indices { rows += placeCase.allocatable(node) + placeCase.requested(node) }
    try NumpyFile.write(
      "\(directory)/nodes.npy", rows, shape: [placeCase.nodes.count, 2 * PlaceCase.width])
    try NumpyFile.write(
      "\(directory)/classes.npy", placeCase.classes, shape: [placeCase.classCount, PlaceCase.width])
    try NumpyFile.write("\(directory)/arrivals.npy", placeCase.arrivals, shape: [placeCase.arrivals.count])
    try NumpyFile.write(
      "\(directory)/departures.npy", departures.flatMap { [$0.after, $0.pod] }, shape: [departures.count, 2])
    try NumpyFile.write("\(directory)/decisions.npy", decisions, shape: [decisions.count])
    try NumpyFile.write("\(directory)/scores.npy", scores, shape: [scores.count])
    try ByteFile.write("\(directory)/result.json", text: json.line + "\n")
  }
}
