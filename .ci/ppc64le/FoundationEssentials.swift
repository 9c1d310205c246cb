// A stand-in for the four names of Foundation that swift-argument-parser uses, so that Foundation need not
// be built for ppc64le. `--experimental-dump-help` prints nothing there; no user's command needs it.

/// An error that has a description of its own.
public protocol LocalizedError: Error {
  /// The description.
  var errorDescription: String? { get }
}

/// Bytes.
public struct Data {}

/// An encoder that encodes nothing.
public final class JSONEncoder {
  /// How JSON is laid out.
  public struct OutputFormatting: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int
    /// These bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// With line ends and indents.
    public static let prettyPrinted = Self(rawValue: 1)
    /// With sorted keys.
    public static let sortedKeys = Self(rawValue: 2)
  }

  /// How JSON is laid out.
  public var outputFormatting: OutputFormatting = []

  /// An encoder.
  public init() {}

  /// No bytes.
  public func encode<Value: Encodable>(_: Value) throws -> Data { Data() }
}

extension String {
  /// The encodings of a text.
  public enum Encoding {
    /// UTF-8.
    case utf8
  }

  /// No text.
  public init?(data: Data, encoding: Encoding) { nil }
}
