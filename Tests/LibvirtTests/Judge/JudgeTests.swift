import Foundation
import LosslessXML
import TestSupport
import Testing
import VirtNest

/// virt-xml and virt-nest are asked for the same, and the results must mean the same.
@Suite("virt-xml as judge", .needs("virt-xml"))
struct JudgeTests {
  struct Case: CustomTestStringConvertible {
    var action: String
    var selector: String?
    var option: String
    var value: String
    /// Why the results differ; `nil` where they must not.
    var reason: String?

    var testDescription: String { "\(action) \(selector ?? "") \(option) \(value)" }

    init(_ line: String) {
      let halves = line.components(separatedBy: " | ")
      reason = halves.count > 1 ? halves[1] : nil
      let words = halves[0].split(separator: " ", maxSplits: 2).map(String.init)
      let verb = words[0].split(separator: ":", maxSplits: 1).map(String.init)
      action = verb[0]
      selector = verb.count > 1 ? verb[1] : nil
      option = words[1]
      value = words.count > 2 ? words[2] : ""
    }

    var theirs: [String] {
      switch action {
      case "edit": ["--edit"] + [selector].compactMap(\.self) + ["--" + option, value]
      case "add": ["--add-device", "--" + option, value]
      default: ["--remove-device", "--" + option, value]
      }
    }

    var ours: [String] {
      switch action {
      case "edit": ["--edit", option + (selector.map { ":" + $0 } ?? "") + "," + value]
      case "add": ["--add", option + "," + value]
      default: ["--by-number", "--remove", option + ":" + value]
      }
    }
  }

  private static let folder = Corpus.checkout.appending(path: "Tests/LibvirtTests/Judge").path

  static let cases: [Case] = {
    let text = (try? readFile(folder + "/cases.txt")) ?? []
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map { Case(String($0)) }
  }()

  /// The elements and attributes of a definition, each in a line, without an order that means nothing.
  static func meaning(_ bytes: [UInt8]) throws -> [String] {
    func lines(_ element: Element, _ indent: String) -> [String] {
      let attributes = element.attributes.map { attribute in
        let name = element.document.text(in: attribute.name)
        let value = element[name] ?? ""
        // libvirt takes KiB where there is no unit.
        return name.hasPrefix("xmlns") || (name, value) == ("unit", "KiB") ? "" : "\(name)=\(value)"
      }
      let own =
        [indent, element.qualifiedName] + attributes.filter { !$0.isEmpty }.sorted() + [
          Array(element.children).isEmpty
            ? element.text.trimmingCharacters(in: .whitespacesAndNewlines) : ""
        ]
      let children = element.children.enumerated().sorted { left, right in
        let (a, b) = (left.element.qualifiedName, right.element.qualifiedName)
        if a != b { return a < b }
        guard ["source", "timer", "feature"].contains(a) else { return left.offset < right.offset }
        return lines(left.element, "").lexicographicallyPrecedes(lines(right.element, ""))
      }
      return [own.joined(separator: " ")] + children.flatMap { lines($0.element, indent + "  ") }
    }
    return lines(try Document(bytes).root, "")
  }

  @Test("Both come to the same, ours changes what it must, and once is enough")
  func alike() async throws {
    try #require(Self.cases.count > 180)
    let base = try readFile(Self.folder + "/judged.xml")
    let before = try Self.meaning(base)
    var failures: [String] = []
    for test in Self.cases {
      let theirs = try await run(
        "virt-xml", ["--connect", "test:///default"] + test.theirs, input: base)
      let ours = try await VirtNestBinary.run(["patch", "--force", "-"] + test.ours, input: base)
      guard theirs.succeeded, ours.succeeded else {
        failures.append("\(test.testDescription): \(theirs.errorText)\(ours.errorText)")
        continue
      }
      let (wanted, found) = (try Self.meaning(theirs.output), try Self.meaning(ours.output))
      if (wanted == found) != (test.reason == nil) {
        let difference = found.difference(from: wanted)
        failures.append(
          "\(test.testDescription): \(test.reason ?? "") \(difference.map { "\($0)" })")
      }
      let changed = Self.count(before, found)
      let lines = Self.count(Self.lines(base), Self.lines(ours.output))
      // A line goes and comes again where an element gets its first child.
      if lines > 2 * changed {
        failures.append("\(test.testDescription): \(lines) lines change for \(changed) values")
      }
      guard test.action != "remove" else { continue }
      let again = try await VirtNestBinary.run(
        ["patch", "--force", "-"] + test.ours, input: ours.output)
      if again.output != ours.output {
        failures.append("\(test.testDescription): a second run changes something")
      }
    }
    print("virt-xml: \(Self.cases.count) cases, \(failures.count) of them not as expected")
    #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    // The tag that closes an element is no line of its own meaning.
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init).filter {
      !$0.trimmingCharacters(in: .whitespaces).hasPrefix("</")
    }
  }

  private static func count(_ before: [String], _ after: [String]) -> Int {
    after.difference(from: before).count
  }
}
