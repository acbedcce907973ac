import CPng

/// libpng refused.
public struct PNGError: Error, CustomStringConvertible {
  public let description: String
}

/// PNG files of palette colours, through libpng's simplified interface.
enum PNGFile {
  /// One byte a pixel, row by row; `palette` holds 256 times red, green, blue.
  static func write(
    _ path: String, width: Int, height: Int, pixels: [UInt8], palette: [UInt8]
  ) throws(PNGError) {
    precondition(pixels.count == width * height && palette.count == 256 * 3, "png: a byte a pixel, 256 colours")
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP)
    image.colormap_entries = 256
    defer { png_image_free(&image) }
    // 0: no conversion to 8 bits is needed, and rows follow each other without a gap.
    if png_image_write_to_file(&image, path, 0, pixels, 0, palette) == 0 {
      let reason = withUnsafeBytes(of: image.message) { message in
        String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw PNGError(description: "\(path): cannot write the picture: \(reason)")
    }
  }
}
