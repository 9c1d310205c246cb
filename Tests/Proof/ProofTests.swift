internal import Glibc
internal import TestSupport
internal import Testing

@Suite(
  "The guest of a definition nests, or refuses, as the definition says",
  .enabled(
    if: unmetRequirements.isEmpty,
    "the proof needs \(unmetRequirements.joined(separator: ", "))"))
struct ProofTests {
  @Test("An L1 that is started from its definition", arguments: proofCases)
  func proof(_ proof: ProofCase) async throws {
    let images: GuestImages
    do {
      images = try await GuestImages.of(proof.images)
    } catch let error as NotToBeHad {
      // A cancelled case is silent otherwise.
      print("\(proof.testDescription): \(error)")
      try Test.cancel("\(error)")
    }
    try await GuestSlots.shared.withSlot { try await show(proof, booting: images) }
  }

  private func show(_ proof: ProofCase, booting images: GuestImages) async throws {
    try await inFolderKeptOnFailure { folder in
      let setting = Setting(
        folder: folder.path, kernel: images.kernel, initrd: images.initrd,
        emulator: images.emulator, serialLog: folder.file("serial.log"))
      let definition = folder.file("domain.xml")
      let start = ContinuousClock.now
      try write(try await proof.definition(setting), to: definition)
      let run = try await PrivateLibvirtd.run(in: folder.path) { libvirtd in
        let run = try await L1Run(
          definition: definition, serialLog: setting.serialLog, on: libvirtd)
        let objections = proof.objections(to: run)
        guard objections.isEmpty else { throw ProofFailed(objections: objections) }
        return run
      }
      print(
        """
        \(proof.testDescription) (\(start.duration(to: .now))):
          \(run.facts.joined(separator: "\n  "))
        """)
    }
  }
}

/// Runs `body` with a folder that is removed after it; where it throws, that is an issue, and the folder is kept.
func inFolderKeptOnFailure(_ body: (TemporaryFolder) async throws -> Void) async throws {
  let folder = try TemporaryFolder()
  defer { folder.remove() }
  do {
    try await body(folder)
  } catch {
    // Out of the way of its removal.
    let kept = folder.path + ".failed"
    let place = rename(folder.path, kept) == 0 ? kept : "not kept"
    Issue.record("\(error)\nserial log, definition and libvirt's logs: \(place)")
  }
}

/// A guest that ran to its end and was not what it must be.
struct ProofFailed: Error, CustomStringConvertible {
  var objections: [String]

  var description: String { objections.joined(separator: "; ") }
}

@Suite("What the proof needs")
struct ProofRequirementTests {
  @Test("CI has everything that the proof needs", .enabled(if: isCI))
  func nothingIsMissing() {
    #expect(unmetRequirements.isEmpty)
  }
}
