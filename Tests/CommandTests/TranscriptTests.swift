import Foundation
import TestSupport
import Testing

@Suite("What the documents show is what the commands print")
struct TranscriptTests {
  /// Every document with commands in it: the examples, and the folders' own.
  static let documents: [URL] = {
    let folders = ["Examples", "libvirt-xmls", "Templates"].map {
      Corpus.checkout.appending(path: $0)
    }
    return folders.flatMap { folder -> [URL] in
      let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      return (all?.allObjects as? [URL] ?? []).filter { $0.lastPathComponent == "README.md" }
    }.sorted { $0.path < $1.path }
  }()

  @Test("every definition in libvirt-xmls/ is what the command beside it makes")
  func definitions() async throws {
    let checkout = Corpus.checkout.appending(path: "libvirt-xmls")
    let folder = try TemporaryFolder()
    let transcript = try Transcript(checkout.appending(path: "README.md"))
    _ = try await transcript.differences(in: folder.path)
    let made = Corpus.samples(in: URL(filePath: folder.path))
    if ProcessInfo.processInfo.environment["VIRT_NEST_RECORD"] != nil {
      for sample in made {
        try Data(sample.bytes).write(to: checkout.appending(path: sample.name))
      }
    }
    let kept = Corpus.samples(in: checkout)
    #expect(kept.map(\.name) == made.map(\.name))
    for (kept, made) in zip(kept, made) { #expect(kept.bytes == made.bytes, "\(kept.name)") }
  }

  @Test("every command of a document", arguments: documents)
  func document(_ file: URL) async throws {
    let transcript = try Transcript(file)
    let folder = try TemporaryFolder()
    let work = folder.file("work")
    try FileManager.default.copyItem(
      at: file.deletingLastPathComponent(), to: URL(filePath: work))
    let differences = try await transcript.differences(in: work)
    #expect(differences.isEmpty, "\(differences.map(\.description).joined(separator: "\n\n"))")
  }
}
