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

  /// The folder of libvirt's own test data, which is not part of the project.
  public static let libvirtFolder = checkout.appending(path: "../shared/corpus/libvirt")

  /// libvirt's own test data; empty where it is not there.
  ///
  /// A test that reads it has the trait `readsLibvirtCorpus`.
  public static let libvirt = samples(in: libvirtFolder)

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

/// Says how many of libvirt's own definitions a test reads, and fails the test where `CI` is set and
/// there are none: it would pass without having looked at anything.
public struct LibvirtCorpusTrait: TestTrait {
  /// Prints the count, before the test's arguments are looked at.
  /// - Throws: ``CorpusMissing``.
  public func prepare(for test: Test) async throws {
    let count = Corpus.libvirt.count
    print("\(test.displayName ?? test.name): reads \(count) definitions of libvirt's")
    if count == 0, isCI {
      throw CorpusMissing(folder: Corpus.libvirtFolder.standardized.path)
    }
  }
}

extension Trait where Self == LibvirtCorpusTrait {
  /// For tests that read ``Corpus/libvirt``.
  public static var readsLibvirtCorpus: Self { LibvirtCorpusTrait() }
}

/// libvirt's own test data is not there.
public struct CorpusMissing: Error, CustomStringConvertible {
  var folder: String

  /// The folder where it should be.
  public var description: String { "there is no definition of libvirt's in \(folder)" }
}
