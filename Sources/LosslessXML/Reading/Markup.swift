/// A piece of text as it stands in the bytes: between tags, comments and the like.
struct TextRun {
  enum Kind {
    case plain
    /// The range is what stands between `<![CDATA[` and `]]>`.
    case cdata
  }

  var kind: Kind
  var range: Range<Int>

  /// The runs of text in the content of an element, those of its descendants among them.
  static func runs(in content: Range<Int>, of bytes: [UInt8]) -> [TextRun] {
    var runs: [TextRun] = []
    for piece in Markup.pieces(in: content, of: bytes) {
      switch piece.kind {
      case .text: runs.append(TextRun(kind: .plain, range: piece.range))
      case .cdata:
        runs.append(
          TextRun(kind: .cdata, range: piece.range.lowerBound + 9..<piece.range.upperBound - 3))
      case .comment, .processingInstruction, .tag: break
      }
    }
    return runs
  }

  /// Appends the meaning of the run.
  func append(to text: inout [UInt8], _ bytes: [UInt8]) {
    switch kind {
    case .plain: Escaping.appendText(bytes[range], to: &text, resolvingReferences: true)
    case .cdata: Escaping.appendText(bytes[range], to: &text, resolvingReferences: false)
    }
  }
}

/// The pieces that well-formed content is made of.
enum Markup {
  enum Kind {
    case text
    case cdata
    case comment
    case processingInstruction
    case tag
  }

  /// Cuts well-formed content into its pieces, in order, without a gap.
  ///
  /// - Parameter most: how many pieces are wanted.
  static func pieces(
    in range: Range<Int>, of bytes: [UInt8], most: Int = .max
  ) -> [(kind: Kind, range: Range<Int>)] {
    var pieces: [(kind: Kind, range: Range<Int>)] = []
    var index = range.lowerBound
    while index < range.upperBound, pieces.count < most {
      let start = index
      let kind: Kind
      if bytes[index] != UInt8(ascii: "<") {
        kind = .text
        while index < range.upperBound, bytes[index] != UInt8(ascii: "<") { index += 1 }
      } else if bytes[index...].starts(with: "<!--".utf8) {
        kind = .comment
        index = end(of: "-->", from: index + 4, in: range, of: bytes)
      } else if bytes[index...].starts(with: "<![CDATA[".utf8) {
        kind = .cdata
        index = end(of: "]]>", from: index + 9, in: range, of: bytes)
      } else if bytes[index...].starts(with: "<?".utf8) {
        kind = .processingInstruction
        index = end(of: "?>", from: index + 2, in: range, of: bytes)
      } else {
        kind = .tag
        var quote: UInt8?
        while index < range.upperBound {
          let byte = bytes[index]
          index += 1
          if let open = quote {
            if byte == open { quote = nil }
          } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            quote = byte
          } else if byte == UInt8(ascii: ">") {
            break
          }
        }
      }
      pieces.append((kind, start..<index))
    }
    return pieces
  }

  private static func end(
    of terminator: StaticString, from start: Int, in range: Range<Int>, of bytes: [UInt8]
  ) -> Int {
    var index = start
    let count = terminator.utf8CodeUnitCount
    while index + count <= range.upperBound {
      var matched = 0
      while matched < count, bytes[index + matched] == terminator.utf8Start[matched] {
        matched += 1
      }
      if matched == count { return index + count }
      index += 1
    }
    return range.upperBound
  }
}
