extension Document {
  /// Where comments stand, in order: from `<!--` to `-->`.
  package var comments: [Range<Int>] {
    Markup.pieces(in: bytes.indices, of: bytes).filter { $0.kind == .comment }.map(\.range)
  }

  /// The line that holds an offset, with its line end.
  package func line(at offset: Int) -> Range<Int> {
    let starts = lineStarts
    let next = starts.partitioningIndex { $0 > offset }
    return starts[next - 1]..<(next < starts.count ? starts[next] : bytes.count)
  }
}
