import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

@Suite("The table of words")
struct WordTableTests {
  /// Paths below these hold what libvirt keeps for itself, or what is no guest's of QEMU.
  private static let notForGuests = [
    "metadata", "privateData", "capabilities", "deprecation", "override", "commandline",
    "datacenterpath", "namespace",
  ]

  /// What is no "1": absolute paths, and an address.
  private static let values = [
    "kernel": "/a", "initrd": "/a", "dtb": "/a", "nvram": "/a", "acpi.table": "/a",
    "mac.address": "52:54:00:00:00:01",
  ]

  /// A key for each attribute and text of the table, and a value that it takes.
  static let words: [(kind: String, key: String, value: String)] = {
    let table = WordTable.standard
    return table.paths.flatMap { path -> [(String, String, String)] in
      guard !path.isEmpty, !path.contains(where: notForGuests.contains),
        let place = table.place(path)
      else { return [] }
      let isDevice = path[0] == "devices"
      guard !isDevice || path.count > 1 else { return [] }
      let depth = isDevice ? 2 : 1
      guard
        let kind = WordKind.all.first(where: { $0.path == Array(path.prefix(depth)) }),
        kind.element != "emulator"
      else { return [] }
      let name = kind.names.first ?? kind.element
      let prefix = path.dropFirst(depth).joined(separator: ".")
      let dot = prefix.isEmpty ? "" : "."
      let value = { (values: [String]) in values.first { !$0.isEmpty } ?? "1" }
      var found = place.attributes.map { (name, prefix + dot + $0.key, value($0.value)) }
      if let text = place.text, !prefix.isEmpty { found.append((name, prefix, value(text))) }
      return found.map { ($0.0, $0.1, values[$0.1] ?? $0.2) }.sorted { $0.1 < $1.1 }
    }
  }()

  @Test("Each word sets its place where it is missing, and changes nothing the second time")
  func every() throws {
    var works = 0
    var failures: [String] = []
    let definition = try DomainDefinition(Array(RuleExample.definition().utf8))
    for (kind, key, value) in Self.words {
      var changes = GuestChanges()
      changes.force = true
      do {
        let device = try WordKind.named(kind).isDevice
        let parts =
          kind == "network" && key != "type" ? "network=default,\(key)=\(value)" : "\(key)=\(value)"
        changes.words = [try WordChange(device ? .add : .edit, kind, parts: parts)]
        let patch = try definition.patch(changes)
        guard try patch.result.patch(changes).isEmpty else {
          failures.append("\(kind) \(key)=\(value): a second run changes something")
          continue
        }
        works += 1
      } catch {
        failures.append("\(kind) \(key)=\(value): \(error)")
      }
    }
    print("words: \(works) of \(Self.words.count) places of the schema can be set")
    for failure in failures { print("words: \(failure)") }
    #expect(works * 1000 >= Self.words.count * 995, "\(failures.joined(separator: "\n"))")
  }

  @Test("Every kind is found by each of its names")
  func kinds() throws {
    for kind in WordKind.all {
      for name in kind.names + (kind.element.isEmpty ? [] : [kind.element]) {
        // <memory> is a section; the device of that name is virt-install's memdev.
        if name == "memory", kind.isDevice { continue }
        if ["nvram", "vcpus", "memory", "iothreads"].contains(name) { continue }
        #expect(try WordKind.named(name).path == kind.path, "\(name)")
      }
    }
  }

  @Test("Every alias and default is a word of the schema")
  func aliases() throws {
    for kind in WordKind.declared where kind.element != "qemu:commandline" {
      for key in Array(kind.aliases.values) + kind.defaults.map(\.key) {
        #expect(throws: Never.self, "\(kind.element) \(key)") {
          try WordPlace(key.replacing("*", with: ""), for: "on", in: kind.path)
        }
      }
    }
  }

  @Test("The table is that of the installed schema, where that is of its version", .needs("virsh"))
  func installed() async throws {
    let version = try await run("virsh", ["--version"]).outputText.trimmingSpaces
    guard version == "9.0.0" else {
      print("words: the table is of libvirt 9.0.0, and \(version) is installed: not compared")
      return
    }
    let folder = Corpus.checkout.appending(path: "Sources/VirtNest/Vocabulary").path
    let made = try await run(
      "/usr/bin/python3", [folder + "/make-words", "/usr/share/libvirt/schemas", version])
    try #require(made.succeeded, "\(made.errorText)")
    // The order comes from printed definitions, which are not part of an installation.
    let sets = { (text: String) in
      Set(
        text.split(separator: "\n").map { line in
          line.split(separator: "\t", omittingEmptySubsequences: false).map { part in
            part.split(separator: " ").sorted().joined(separator: " ")
          }.joined(separator: "\t")
        })
    }
    let kept = String(decoding: try readFile(folder + "/words.txt"), as: UTF8.self)
    #expect(sets(made.outputText) == sets(kept))
  }
}
