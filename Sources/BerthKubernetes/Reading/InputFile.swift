import CZlib
import Foundation

/// A file's bytes, unpacked if it is gzip's. "-" is standard input.
package enum InputFile {
  package static func read(_ path: String) throws(Problem) -> Data {
    let data: Data
    do {
      data =
        path == "-"
        ? try FileHandle.standardInput.readToEnd() ?? Data()
        : try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
    } catch {
      let reason = (error as NSError).userInfo[NSUnderlyingErrorKey].map { "\($0)" } ?? "\(error)"
      throw Problem(
        path, "", "cannot be read: \(FileManager.default.fileExists(atPath: path) ? reason : "no such file")")
    }
    return data.starts(with: [0x1F, 0x8B]) ? try unpacked(data, path) : data
  }

  /// All members of a gzip file, one behind the other.
  private static func unpacked(_ packed: Data, _ path: String) throws(Problem) -> Data {
    var stream = z_stream()
    let gzipWindow: Int32 = 15 + 16
    guard inflateInit2_(&stream, gzipWindow, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw Problem(path, "", "cannot be unpacked: out of memory")
    }
    defer { inflateEnd(&stream) }
    var result = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    let isWhole = packed.withUnsafeBytes { (input: UnsafeRawBufferPointer) -> Bool in
      var start = 0
      while true {
        let part = min(input.count - start, 1 << 30)
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress!.assumingMemoryBound(to: UInt8.self) + start)
        stream.avail_in = UInt32(part)
        let status = chunk.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          return inflate(&stream, Z_NO_FLUSH)
        }
        start += part - Int(stream.avail_in)
        result.append(contentsOf: chunk[..<(chunk.count - Int(stream.avail_out))])
        if status == Z_STREAM_END {
          if start == input.count { return true }
          guard inflateReset(&stream) == Z_OK else { return false }
        } else if status != Z_OK {
          return false
        }
      }
    }
    guard isWhole else { throw Problem(path, "", "is no whole gzip file: it ends early or is altered") }
    return result
  }
}
