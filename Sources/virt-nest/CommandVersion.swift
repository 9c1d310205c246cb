import LosslessXML

/// The version of the command, in this one place; CHANGELOG.md begins with it.
enum CommandVersion {
  static let number = "0.1.0"

  /// `0.1.0 (libxml2 2.9.14)`.
  static var text: String { "\(number) (libxml2 \(LibXML2.version))" }
}
