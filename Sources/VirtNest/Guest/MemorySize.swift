internal import LosslessXML

/// An amount of memory, in bytes.
///
/// Units are libvirt's (libvirt, `src/util/virutil.c`, `virScaleInteger`): `k`, `KiB` and so on are
/// powers of 1024, `KB` and so on powers of 1000; case does not matter.
public struct MemorySize: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The number of bytes.
  public let bytes: UInt64

  /// An amount in bytes.
  public init(bytes: UInt64) { self.bytes = bytes }

  /// An amount in KiB, the unit in which libvirt prints memory.
  public static func kibibytes(_ count: UInt64) -> MemorySize { MemorySize(bytes: count << 10) }
  /// An amount in MiB, the unit of virt-install's `--memory`.
  public static func mebibytes(_ count: UInt64) -> MemorySize { MemorySize(bytes: count << 20) }
  /// An amount in GiB.
  public static func gibibytes(_ count: UInt64) -> MemorySize { MemorySize(bytes: count << 30) }

  /// Reads a whole number and a unit, as in `4096`, `4G`, `4 GiB`, `4GB`; `defaultUnit` is that of a
  /// bare number.
  ///
  /// - Throws: ``InvalidValue`` for anything else, 0, and what libvirt cannot hold.
  public init(_ text: String, defaultUnit: Unit = .mebibytes) throws(InvalidValue) {
    let trimmed = text.trimmingSpaces
    let digits = trimmed.prefix { ("0"..."9").contains($0) }
    let unitText = String(trimmed.dropFirst(digits.count)).trimmingSpaces
    guard !digits.isEmpty, let unit = unitText.isEmpty ? defaultUnit : Unit(unitText) else {
      throw InvalidValue(
        "memory size", text, "give a whole number and a unit, as in 4096 (MiB), 4G, 4GiB or 4GB")
    }
    // Every size that libvirt takes is below 2^63 bytes (virDomainParseMemory, capped at KiB).
    guard let count = UInt64(digits), let bytes = Self.product(count, unit.bytes),
      bytes < 1 << 63
    else {
      throw InvalidValue("memory size", text, "it is more than libvirt can hold (2^63 bytes)")
    }
    guard bytes > 0 else { throw InvalidValue("memory size", text, "it must be more than 0") }
    self.bytes = bytes
  }

  private static func product(_ left: UInt64, _ right: UInt64) -> UInt64? {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? nil : product
  }

  /// The amount as a whole number of a unit; `nil` where it is none.
  public func count(of unit: Unit) -> UInt64? {
    bytes.isMultiple(of: unit.bytes) ? bytes / unit.bytes : nil
  }

  /// The amount in KiB, rounded up as libvirt does: it holds no smaller unit.
  var inKibibytes: UInt64 { (bytes + 1023) >> 10 }

  /// Whether one amount is less than another.
  public static func < (left: MemorySize, right: MemorySize) -> Bool { left.bytes < right.bytes }

  /// The amount in the largest unit of which it is a whole number, as in `4 GiB`.
  public var description: String {
    for unit in [Unit.tebibytes, .gibibytes, .mebibytes, .kibibytes] {
      if bytes > 0, let count = count(of: unit) { return "\(count) \(unit.name)" }
    }
    return "\(bytes) bytes"
  }

  /// A unit of memory: its name in a definition, and its size.
  public struct Unit: Hashable, Sendable {
    /// The name as libvirt prints it.
    public let name: String
    /// The number of bytes.
    public let bytes: UInt64

    /// 1024 bytes.
    public static let kibibytes = Unit(name: "KiB", bytes: 1 << 10)
    /// 1024 KiB.
    public static let mebibytes = Unit(name: "MiB", bytes: 1 << 20)
    /// 1024 MiB.
    public static let gibibytes = Unit(name: "GiB", bytes: 1 << 30)
    /// 1024 GiB.
    public static let tebibytes = Unit(name: "TiB", bytes: 1 << 40)

    private init(name: String, bytes: UInt64) {
      self.name = name
      self.bytes = bytes
    }

    /// Reads a unit as libvirt does: `b`, `bytes`, `K`, `KiB`, `KB`, up to `E`.
    public init?(_ text: String) {
      let lower = text.lowercased()
      if lower == "b" || lower == "bytes" || lower == "byte" {
        self.init(name: text, bytes: 1)
        return
      }
      guard let first = lower.first, let power = Array("kmgtpe").firstIndex(of: first) else {
        return nil
      }
      let base: UInt64
      switch lower.dropFirst() {
      case "", "ib": base = 1024
      case "b": base = 1000
      default: return nil
      }
      self.init(name: text, bytes: (0...power).reduce(1) { size, _ in size * base })
    }
  }
}

extension String {
  /// The text without spaces, tabs and line ends around it.
  package var trimmingSpaces: String {
    let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    guard utf8.first.map(isSpace) == true || utf8.last.map(isSpace) == true else {
      return String(self)
    }
    var text = utf8[...]
    while let first = text.first, isSpace(first) { text.removeFirst() }
    while let last = text.last, isSpace(last) { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }
}
