import TestSupport
import Testing

@Suite("template list")
struct TemplateListTests {
  private func list(_ files: [String: String]) async throws -> [String: String] {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try await run("mkdir", ["-p", "virt-nest/templates"], in: folder.path).expectSuccess()
    for (name, text) in files {
      try writeFile(folder.file("virt-nest/templates/\(name)"), text.utf8)
    }
    let result = try await VirtNestBinary.run(
      ["template", "list"], environment: ["XDG_CONFIG_HOME": folder.path])
    #expect(result.status == .exited(0) && result.errorText == "", "\(result.errorText)")
    var rows: [String: String] = [:]
    for line in result.outputText.split(separator: "\n") {
      let name = String(line.prefix { $0 != " " })
      #expect(rows.updateValue(String(line), forKey: name) == nil, "\(name) is there twice")
    }
    return rows.mapValues { $0.replacing(folder.path, with: "HOME") }
  }

  private func builtIn(_ name: String) async throws -> String {
    try await VirtNestBinary.run(["template", "show", name]).outputText
  }

  @Test("Name, distribution, releases and where from, for each family")
  func builtIns() async throws {
    let rows = try await list([:])
    for (name, words) in [
      "fedora": ["Fedora", "44", " … "], "ubuntu": ["Ubuntu", "24.04", " … "],
      "centos": ["CentOS", "stream9", " … "], "debian": [], "almalinux": [], "rocky": [],
      "rhel": [], "opensuse": [], "sles": [],
    ] {
      let row = try #require(rows[name])
      for word in words + ["built in"] { #expect(row.contains(word), "\(row)") }
    }
  }

  @Test("With a distribution: its releases, and a mark behind what no source confirms")
  func releases() async throws {
    let result = try await VirtNestBinary.run(["template", "list", "SLES"])
    #expect(result.status == .exited(0))
    let lines = result.outputText.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("15sp6 ") && $0.contains(" http://suse.com/sle/15.6 ") })
    #expect(lines.contains { $0.hasPrefix("16.0 ") && $0.contains(" http://suse.com/sle/16.0? ") })
    #expect(lines.contains { $0.hasPrefix("?: ") })
    let unknown = try await VirtNestBinary.run(["template", "list", "slackware"])
    #expect(unknown.status == .exited(64) && unknown.errorText.contains("there are fedora"))
  }

  @Test("A template of the user's hides the built-in one of its name, and is listed by its own")
  func shadows() async throws {
    let text = try await builtIn("fedora")
    let rows = try await list(["fedora.xml": text, "mine.xml": text, "notes.txt": "x"])
    #expect(
      rows["fedora"]?.hasSuffix("HOME/virt-nest/templates/fedora.xml (hides built in)") == true)
    #expect(rows["mine"]?.hasSuffix("HOME/virt-nest/templates/mine.xml") == true)
    #expect(rows["mine"]?.contains("Fedora") == true)
    #expect(rows["notes"] == nil && rows["notes.txt"] == nil)
  }

  @Test("What cannot be used is listed with the reason, and the others all the same")
  func broken() async throws {
    let good = try await builtIn("ubuntu")
    let rows = try await list([
      "cut.xml": String(good.prefix(good.count / 2)),
      "empty.xml": "",
      "network.xml": "<network/>",
      "nothing.xml": good.replacing("select='/domain/name'", with: "select='/domain/nam'"),
      "debian.xml": "<domain",
      "good.xml": good,
    ])
    for (name, reason) in [
      "cut": "line", "empty": "empty", "network": "<network>",
      "nothing": "'/domain/nam' finds nothing", "debian": "(hides built in) is broken: line 1",
    ] {
      let row = try #require(rows[name])
      #expect(row.contains("/\(name).xml"), "\(row)")
      #expect(row.contains("is broken: ") && row.contains(reason), "\(row)")
    }
    #expect(rows["good"]?.contains("broken") == false)
    #expect(rows["fedora"]?.contains("built in") == true)
  }
}

extension Run {
  fileprivate func expectSuccess() { #expect(succeeded, "\(errorText)") }
}
