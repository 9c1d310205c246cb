/// Room for the rows of a table while it is made, kept from one document to the next.
///
/// Whoever keeps it frees it: a copy stands for the same memory.
struct RowBuffer {
  private(set) var count = 0
  private var capacity = 0
  private var memory: UnsafeMutablePointer<ElementRecord>?

  /// The rows.
  var all: ContiguousArray<ElementRecord> {
    ContiguousArray(UnsafeBufferPointer(start: memory, count: count))
  }

  /// Whether it is small enough to be kept: 9 MiB.
  var fitsKept: Bool { capacity <= 1 << 18 }

  /// Forgets the rows.
  mutating func removeAll() { count = 0 }

  mutating func append(_ record: ElementRecord) {
    if count == capacity { reserve(max(256, capacity * 2)) }
    memory?[count] = record
    count += 1
  }

  /// Makes room for so many rows.
  mutating func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    let larger = UnsafeMutablePointer<ElementRecord>.allocate(capacity: wanted)
    if let memory { larger.update(from: memory, count: count) }
    memory?.deallocate()
    memory = larger
    capacity = wanted
  }

  /// A row that has been appended.
  subscript(row: Int) -> UnsafeMutablePointer<ElementRecord> {
    guard let memory, row < count else { preconditionFailure("there is no row \(row)") }
    return memory + row
  }

  func deallocate() { memory?.deallocate() }
}
