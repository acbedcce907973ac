/// Element types of `.npy` files.
public protocol NumpyElement: BitwiseCopyable {
  /// NumPy's name of the type, little endian.
  static var numpyName: String { get }
}

extension Int64: NumpyElement { public static var numpyName: String { "<i8" } }
extension Int32: NumpyElement { public static var numpyName: String { "<i4" } }
extension UInt32: NumpyElement { public static var numpyName: String { "<u4" } }

/// NumPy's array file, version 1.0: magic, a header that is a Python literal, then the elements row by row.
public enum NumpyFile {
  /// Writes `elements` with that shape; `numpy.load` reads it.
  public static func write<Element: NumpyElement>(
    _ path: String, _ elements: [Element], shape: [Int]
  ) throws(FileError) {
    precondition(shape.reduce(1, *) == elements.count, "npy: the shape must hold every element")
    #if _endian(big)
      #error("npy files are written in memory order, which must be little endian")
    #endif
    let head = header(Element.numpyName, shape: shape)
    var refused: FileError?
    head.withUnsafeBytes { head in
      elements.withUnsafeBytes { body in
        do throws(FileError) { try ByteFile.write(path, parts: [head, body]) } catch { refused = error }
      }
    }
    if let refused { throw refused }
  }

  /// Padded with spaces to a multiple of 64 bytes, so that a mapped file's elements are aligned.
  static func header(_ type: String, shape: [Int]) -> [UInt8] {
    // A tuple of one needs its comma.
    let tuple = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(tuple)), }"
    let prefix = 10
    text += String(repeating: " ", count: 63 - (prefix + text.utf8.count) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}
