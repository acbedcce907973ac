import CPng
import Foundation
import Testing

@testable import BerthSimulation

@Suite struct OutputTests {
  private func temporary(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("berth-\(UUID().uuidString)-\(name)").path
  }

  @Test(arguments: [[3], [2, 3], [0, 2], [1, 1, 1]])
  func npyHeadersAreAlignedPythonLiterals(shape: [Int]) {
    let header = NumpyFile.header("<i8", shape: shape)
    #expect(Array(header[..<8]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    #expect(header.count % 64 == 0)
    #expect(Int(header[8]) + Int(header[9]) << 8 == header.count - 10)
    let text = String(decoding: header[10...], as: UTF8.self)
    let tuple = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
    #expect(text.hasPrefix("{'descr': '<i8', 'fortran_order': False, 'shape': \(tuple), }"))
    #expect(text.hasSuffix("\n") && text.dropLast().allSatisfy { $0 != "\n" })
  }

  @Test func npyFilesHoldTheElementsRowByRow() throws {
    let path = temporary("a.npy")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try NumpyFile.write(path, [1, -2, 3, 4] as [Int32], shape: [2, 2])
    let bytes = try ByteFile.read(path)
    #expect(Array(bytes.suffix(16)) == [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0, 4, 0, 0, 0])
    #expect(throws: FileError.self) { try NumpyFile.write("/none/a.npy", [1] as [Int64], shape: [1]) }
  }

  @Test func aHeatmapHasOnePixelForEachNode() throws {
    let sizes = [200, 200, 199]
    let utilisation = (0..<599).map { $0 % 3 == 0 ? nil : Double($0 % 101) / 100 }
    let map = Heatmap(zoneSizes: sizes, utilisation: utilisation)
    var seen = Set<Int>()
    var node = 0
    for (zone, size) in sizes.enumerated() {
      for offset in 0..<size {
        let (x, y) = map.place(zone: zone, offset: offset)
        #expect((0..<map.width).contains(x) && (0..<map.height).contains(y))
        seen.insert(y * map.width + x)
        let expected = utilisation[node].map { ColourMap.entry($0) } ?? ColourMap.empty
        #expect(map.pixels[y * map.width + x] == expected)
        node += 1
      }
    }
    #expect(seen.count == 599)
  }

  @Test func theHeatmapIsAPNGThatLibpngReadsBack() throws {
    let path = temporary("a.png")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let map = Heatmap(zoneSizes: [100, 50], utilisation: (0..<150).map { Double($0) / 149 })
    try map.write(path)
    #expect(Array(try ByteFile.read(path).prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])

    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    #expect(png_image_begin_read_from_file(&image, path) != 0)
    #expect(Int(image.width) == map.width && Int(image.height) == map.height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    var colours = [UInt8](repeating: 0, count: map.width * map.height * 3)
    #expect(png_image_finish_read(&image, nil, &colours, 0, nil) != 0)
    for pixel in map.pixels.indices {
      let entry = Int(map.pixels[pixel]) * 3
      #expect(Array(colours[pixel * 3..<pixel * 3 + 3]) == Array(ColourMap.palette[entry..<entry + 3]))
    }
    #expect(throws: PNGError.self) { try map.write("/none/a.png") }
  }

  @Test func lightnessRisesWithUtilisation() {
    func lightness(_ entry: Int) -> Double {
      let colour = ColourMap.palette[entry * 3..<entry * 3 + 3].map(Double.init)
      return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]
    }
    #expect(ColourMap.palette.count == 768)
    // Rounding of the three channels may take a little back from one entry to the next.
    #expect((0...251).allSatisfy { lightness($0 + 4) > lightness($0) })
    #expect(ColourMap.entry(0) == 2 && ColourMap.entry(1) == 255 && ColourMap.entry(9) == 255)
  }
}
