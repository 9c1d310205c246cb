import Foundation
import LosslessXML
import SystemPackage
import TestSupport
import Testing
import VirtNest
import VirtNestHost

@Suite("Every byte outside the edits survives")
struct LosslessTests {
  /// The changes that are tried, by the name that the independent edit knows.
  static let operations: [(name: String, changes: GuestChanges)] = {
    var list: [(String, GuestChanges)] = []
    let add = { (name: String, change: (inout GuestChanges) throws -> Void) in
      var changes = GuestChanges()
      changes.force = true
      do { try change(&changes) } catch { Issue.record("\(name): \(error)") }
      list.append((name, changes))
    }
    add("feature") { $0.nesting = NestingChange(.on, mechanism: .feature) }
    add("commandline") { $0.nesting = NestingChange(.on, mechanism: .commandline) }
    add("papr") { $0.nesting = NestingChange(.on, api: .papr) }
    add("machine") { $0.nesting = NestingChange(.on, mechanism: .machine) }
    add("memory") { $0.guest.memory = .gibibytes(3) }
    add("vcpus") { $0.guest.vcpus = VirtualCPUs(count: 3) }
    add("machine-type") { $0.guest.machine = MachineType("pseries-9.9") }
    add("name") { $0.guest.name = "new <\"name\"> & more" }
    add("disk") {
      $0.words = [try WordChange(.add, "disk,path=/images/a&b.qcow2,target=vdzz")]
    }
    add("no-disk") {
      $0.xpathEdits.ifPresent = true
      $0.words = [try WordChange(.remove, "disk:all")]
    }
    return list
  }()

  struct Tally {
    var definitions = 0
    var changes = 0
    var refused = 0
    var edits = 0
    var bytesOutside = 0
  }

  @Test("changes of definitions, compared with edits of lxml's tree", .readsLibvirtCorpus)
  func changes() async throws {
    let samples = (HardCases.all + Corpus.libvirt).filter { sample in
      // What mentions nesting already is tried elsewhere: the independent edit knows only plain on.
      guard let definition = try? DomainDefinition(sample.bytes) else { return false }
      return NestingFacts(of: definition).contributions.isEmpty
    }
    try #require(samples.count >= HardCases.all.count)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let schema = (try? LibvirtSchema.find(explicit: nil)).flatMap {
      try? Schema(path: $0.string)
    }
    var tally = Tally()
    var pairs = ""
    for (index, sample) in samples.enumerated() {
      let definition = try DomainDefinition(sample.bytes)
      let original = folder.file("\(index).xml")
      try Data(sample.bytes).write(to: URL(filePath: original))
      tally.definitions += 1
      let isQEMU = ["kvm", "qemu"].contains(Guest(reading: definition).domainType)
      let wasValid = schema?.accepts(definition.document)
      for (name, changes) in Self.operations {
        guard let patch = try? definition.patch(changes) else {
          tally.refused += 1
          continue
        }
        tally.changes += 1
        tally.edits += patch.edits.count
        let outside = Self.bytesChangedOutside(patch.edits, sample.bytes, patch.bytes)
        tally.bytesOutside += outside
        #expect(outside == 0, "\(name) of \(sample.name)")
        if name != "disk" {
          let again = try DomainDefinition(patch.bytes).patch(changes)
          #expect(again.isEmpty, "\(name) of \(sample.name), a second time")
        }
        // The schema takes no machine type for containers and the like, and none with a property.
        let mayBeInvalid = name == "machine" || (name == "machine-type" && !isQEMU)
        if wasValid == true, !mayBeInvalid {
          let isValid = schema?.accepts(try DomainDefinition(patch.bytes).document)
          #expect(isValid == true, "\(name) of \(sample.name) is not valid any more")
        }
        let result = folder.file("\(index)-\(name).xml")
        try Data(patch.bytes).write(to: URL(filePath: result))
        pairs += "\(name)\t\(original)\t\(result)\n"
      }
    }
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "tree-edit.py")
    // The distribution's own has the distribution's lxml; another one may come first in PATH.
    let run = try await run(
      "/usr/bin/python3", [script.path], input: Array(pairs.utf8))
    if run.errorText.contains("No module named"),
      ProcessInfo.processInfo.environment["CI"] == nil
    {
      print("not compared with lxml's tree: python3-lxml is not installed")
    } else {
      #expect(run.succeeded, "\(run.errorText)")
      let differing = run.outputText.split(separator: "\n")
      #expect(differing.isEmpty, "\(differing.prefix(10).joined(separator: "\n"))")
    }
    print(
      "lossless: \(tally.definitions) definitions, \(tally.changes) changes (\(tally.refused) refused), "
        + "\(tally.edits) edits, \(tally.bytesOutside) bytes changed outside edits")
  }

  /// How many bytes of the original that no edit covers are not the same in the result.
  static func bytesChangedOutside(_ edits: [Edit], _ old: [UInt8], _ new: [UInt8]) -> Int {
    var changed = 0
    var (oldIndex, newIndex) = (0, 0)
    let compare = { (count: Int) in
      for _ in 0..<count {
        if newIndex >= new.count || old[oldIndex] != new[newIndex] { changed += 1 }
        oldIndex += 1
        newIndex += 1
      }
    }
    for edit in edits {
      compare(edit.range.lowerBound - oldIndex)
      oldIndex = edit.range.upperBound
      newIndex += edit.replacement.count
    }
    compare(old.count - oldIndex)
    return changed + abs(new.count - newIndex)
  }
}
