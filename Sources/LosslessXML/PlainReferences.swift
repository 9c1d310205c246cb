#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The references of a schema's file that is written plainly enough to be read without a parser.
///
/// Reading the files of libvirt's schema once more by a parser takes half as long as compiling them.
enum PlainReferences {
  /// What stands in the `href` attributes of a file; `nil` where a parser has to say what they are.
  ///
  /// Names in comments are among them, so that the result may have too much, and never too little.
  static func read(inFile path: String) -> [String]? {
    guard let bytes = contents(path) else { return nil }
    return bytes.withUnsafeBytes { $0.baseAddress == nil ? nil : references(in: $0) }
  }

  static func references(in bytes: UnsafeRawBufferPointer) -> [String]? {
    // Compressed files, UTF-16 and whatever else could hide a reference do not begin like this, or
    // declare themselves; a document type can make an attribute out of an entity or a default.
    guard bytes.first == UInt8(ascii: "<"), hasPlainEncoding(bytes),
      find("!DOCTYPE", in: bytes, from: 0) == nil, find(":base", in: bytes, from: 0) == nil
    else { return nil }
    var references: [String] = []
    var position = 0
    while let found = find("href", in: bytes, from: position) {
      position = found + 4
      guard position + 2 < bytes.count, bytes[position] == UInt8(ascii: "="),
        case let quote = bytes[position + 1],
        quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
      else { return nil }
      let value = bytes[(position + 2)...].prefix { isPlain($0) }
      guard value.endIndex < bytes.count, bytes[value.endIndex] == quote,
        !value.starts(with: "//".utf8)
      else { return nil }
      references.append(String(decoding: value, as: UTF8.self))
      position = value.endIndex
    }
    return references
  }

  /// Letters, digits and what else names of files are made of: no colon, and no reference to a
  /// character.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "_"), UInt8(ascii: "/"):
      true
    default: false
    }
  }

  /// Whether the bytes are UTF-8 by what the declaration says or leaves out.
  private static func hasPlainEncoding(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.starts(with: "<?xml".utf8) else { return !bytes.prefix(4).contains(0) }
    guard let end = find("?>", in: bytes, from: 0) else { return false }
    let declaration = UnsafeRawBufferPointer(rebasing: bytes[..<end])
    guard find("encoding", in: declaration, from: 0) != nil else { return true }
    let names: [StaticString] = ["'UTF-8'", "\"UTF-8\"", "'utf-8'", "\"utf-8\""]
    return names.contains { find($0, in: declaration, from: 0) != nil }
  }

  private static func find(
    _ text: StaticString, in bytes: UnsafeRawBufferPointer, from position: Int
  ) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let first = CInt(text.utf8Start.pointee)
    var position = position
    while position + text.utf8CodeUnitCount <= bytes.count,
      let found = memchr(base + position, first, bytes.count - position)
    {
      let place = UnsafeRawPointer(found) - base
      guard place + text.utf8CodeUnitCount <= bytes.count else { return nil }
      if memcmp(found, text.utf8Start, text.utf8CodeUnitCount) == 0 { return place }
      position = place + 1
    }
    return nil
  }

  private static func contents(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let more = Glibc.read(file, buffer.baseAddress.map { $0 + count }, size - count)
        guard more > 0 else { break }
        count += more
      }
    }
    return bytes.count == size ? bytes : nil
  }
}
