/// A picture of the cluster: one pixel a node in topology order, a panel for each zone, 8 by 8 pixels for each rack.
struct Heatmap {
  private static let rackEdge = 8
  private static let gutter = 24
  private static let margin = 24
  private static let legendHeight = 8
  /// Width over height that the whole picture comes near to.
  private static let aspect = 1.5

  let width: Int
  let height: Int
  private(set) var pixels: [UInt8]
  private let racksAcross: Int
  private let panelsAcross: Int
  private let panelHeight: Int

  /// `utilisation` holds the zones' nodes one zone after the other; nil is a node without pods.
  init(zoneSizes: [Int], utilisation: [Double?]) {
    let rackSize = Self.rackEdge * Self.rackEdge
    let racks = max(1, ((zoneSizes.max() ?? 0) + rackSize - 1) / rackSize)
    let zones = max(1, zoneSizes.count)
    // A few zones stand side by side, many in several rows.
    let across = zones <= 6 ? zones : Int((Double(zones) * Self.aspect).squareRoot().rounded(.up))
    let down = (zones + across - 1) / across
    panelsAcross = across
    let wanted = (Double(racks) * Self.aspect * Double(down) / Double(across)).squareRoot()
    racksAcross = max(1, min(racks, Int(wanted.rounded())))
    panelHeight = (racks + racksAcross - 1) / racksAcross * Self.rackEdge
    width = 2 * Self.margin + across * racksAcross * Self.rackEdge + (across - 1) * Self.gutter
    height = 3 * Self.margin + down * panelHeight + (down - 1) * Self.gutter + Self.legendHeight
    pixels = [UInt8](repeating: ColourMap.background, count: width * height)

    var node = 0
    for (zone, size) in zoneSizes.enumerated() {
      for offset in 0..<size {
        let (x, y) = place(zone: zone, offset: offset)
        pixels[y * width + x] = utilisation[node].map { ColourMap.entry($0) } ?? ColourMap.empty
        node += 1
      }
    }
    drawLegend()
  }

  /// Rack after rack from left to right and downwards, and within a rack likewise.
  func place(zone: Int, offset: Int) -> (x: Int, y: Int) {
    let (rack, inRack) = offset.quotientAndRemainder(dividingBy: Self.rackEdge * Self.rackEdge)
    let panelWidth = racksAcross * Self.rackEdge
    let left = Self.margin + zone % panelsAcross * (panelWidth + Self.gutter)
    let top = Self.margin + zone / panelsAcross * (panelHeight + Self.gutter)
    return (
      left + rack % racksAcross * Self.rackEdge + inRack % Self.rackEdge,
      top + rack / racksAcross * Self.rackEdge + inRack / Self.rackEdge
    )
  }

  /// Below the panels: the colours of empty (a short piece), then 0 to 100 %.
  private mutating func drawLegend() {
    let across = width - 2 * Self.margin
    let emptyPart = across / 16
    for y in height - Self.margin - Self.legendHeight..<height - Self.margin {
      for x in 0..<across {
        let share = Double(x - emptyPart) / Double(max(across - emptyPart - 1, 1))
        pixels[y * width + Self.margin + x] = x < emptyPart ? ColourMap.empty : ColourMap.entry(share)
      }
    }
  }

  func write(_ path: String) throws(PNGError) {
    try PNGFile.write(path, width: width, height: height, pixels: pixels, palette: ColourMap.palette)
  }
}

extension Simulation.Outcome {
  /// Writes the heat map of the end as PNG.
  public func writeHeatmap(_ path: String) throws(PNGError) {
    try Heatmap(zoneSizes: zones.map(\.nodes), utilisation: utilisation).write(path)
  }
}
