public import Foundation
public import Testing

/// A file of test data: its name and its bytes.
public struct Sample: Sendable, CustomTestStringConvertible {
  /// File name without its folder.
  public var name: String
  /// What is in it.
  public var bytes: [UInt8]

  /// A name and bytes.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// The name.
  public var testDescription: String { name }
}

/// Definitions written by others, where they stand beside the checkout, and the project's own.
public enum Corpus {
  /// The checkout.
  public static let checkout = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// libvirt's own test data; empty where it is not there.
  public static let libvirt = samples(in: checkout.appending(path: "../shared/corpus/libvirt"))

  /// The XML files of a folder by name; empty where there is no such folder.
  public static func samples(in folder: URL) -> [Sample] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".xml") }.sorted().compactMap { name in
      guard let data = FileManager.default.contents(atPath: folder.appending(path: name).path)
      else { return nil }
      return Sample(name: name, bytes: Array(data))
    }
  }
}
