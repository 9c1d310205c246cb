import Foundation
import FoundationXML
import TestSupport
import Testing

@Suite("Definitions in git: folders, configuration, reports and hooks")
struct DefinitionsInGitTests {
  private static let good = CheckCommandTests.good
  private static let off =
    good.replacing("kata-x", with: "kata-y").replacing("7a11", with: "7a12")
    .replacing("machine='pseries'", with: "machine='pseries,x=y'")
  private static let noted = good.replacing("<cpu mode='host-model'/>", with: "")
    .replacing("kata-x", with: "kata-z").replacing("7a11", with: "7a13")

  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files {
      let url = URL(filePath: folder.file(name))
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return folder
  }

  private static let tree = [
    "guests/a.xml": good, "guests/deep/b.xml": off, "guests/net.xml": "<network/>",
    "guests/page.xml": "<!DOCTYPE html><html/>", "guests/.hidden/c.xml": off,
    "guests/d.xml": noted, ".virt-nest.conf": "root = true\n",
  ]

  @Test("check takes a folder, passes other XML over, and sums up by file")
  func checkFolder() async throws {
    let folder = try folder(Self.tree)
    let run = try await VirtNestBinary.run(["check", "guests", "--no-schema"], in: folder.path)
    #expect(run.status == .exited(1))
    #expect(run.errorText == "")
    let lines = run.outputText.components(separatedBy: "\n")
    #expect(lines[0].hasPrefix("guests/deep/b.xml:7:26: error: "))
    #expect(
      Array(lines[2...]) == [
        "", "guests/deep/b.xml: 1 error", "1 error in 1 of 3 files", "",
      ])
    let notes = try await VirtNestBinary.run(
      ["check", "guests", "--no-schema", "--notes"], in: folder.path)
    #expect(notes.outputText.contains("guests/d.xml: 1 note\n"))
    #expect(notes.outputText.hasSuffix("1 error, 1 note in 2 of 3 files\n"))
  }

  @Test("--domains-only passes over named files of another kind, and no others")
  func domainsOnly() async throws {
    let folder = try folder(["net.xml": "<network/>", "bad.xml": "<domain>"])
    let run = try await VirtNestBinary.run(
      ["check", "net.xml", "--no-schema"], in: folder.path)
    #expect(run.status == .exited(1))
    let only = try await VirtNestBinary.run(
      ["check", "net.xml", "--no-schema", "--domains-only"], in: folder.path)
    #expect(only.status == .exited(0))
    let bad = try await VirtNestBinary.run(
      ["check", "net.xml", "bad.xml", "--no-schema", "--domains-only"], in: folder.path)
    #expect(bad.status == .exited(1))
  }

  @Test("A configuration ignores, raises and names the schema; what is wrong in it is 2")
  func configuration() async throws {
    var files = Self.tree
    files[".virt-nest.conf"] = """
      root = true
      schema = none
      [deep/*.xml]
      error = VN033
      [guests/deep/**]
      ignore = VN003
      [d.xml]
      error = VN033
      """
    let folder = try folder(files)
    let run = try await VirtNestBinary.run(["check", "."], in: folder.file("guests"))
    #expect(run.status == .exited(1))
    #expect(run.errorText == "")
    #expect(run.outputText.contains("d.xml:1:1: error: "))
    #expect(!run.outputText.contains("VN003"))
    try writeFile(folder.file("guests/.virt-nest.conf"), "schema = missing.rng".utf8)
    let missing = try await VirtNestBinary.run(["check", "guests"], in: folder.path)
    #expect(missing.status == .exited(2))
    #expect(missing.errorText.contains("guests/missing.rng: the schema does not exist"))
    try writeFile(folder.file("guests/.virt-nest.conf"), "\nignor = VN003".utf8)
    let wrong = try await VirtNestBinary.run(["check", "guests"], in: folder.path)
    #expect(wrong.status == .exited(2))
    #expect(wrong.errorText.contains("guests/.virt-nest.conf:2:1: error: there is no key 'ignor'"))
  }

  @Test("A project's folder of templates is looked at first")
  func templates() async throws {
    let folder = try folder([
      ".virt-nest.conf": "root = true\ntemplates = our/templates\n",
      "our/templates/site.xml": Self.good, "work/x.txt": "",
    ])
    let list = try await VirtNestBinary.run(["template", "list"], in: folder.file("work"))
    #expect(list.outputText.contains("\(folder.path)/our/templates/site.xml"))
    let made = try await VirtNestBinary.run(
      ["create", "site", "--name", "kata-new"], in: folder.file("work"))
    #expect(made.status == .exited(0), "\(made.errorText)")
  }

  @Test("github prints workflow commands, with what they take for an end escaped")
  func github() async throws {
    let folder = try folder(["a,b:%.xml": Self.off])
    let run = try await VirtNestBinary.run(
      ["check", "a,b:%.xml", "--no-schema", "--format", "github"], in: folder.path)
    #expect(
      run.outputText.hasPrefix(
        "::error file=a%2Cb%3A%25.xml,line=7,col=26,title=VN003::libvirt refuses the machine type ")
    )
    #expect(run.outputText.contains("follow it%0AWrite machine='pseries'."))
    #expect(run.outputText.count { $0 == "\n" } == 1)
  }

  @Test("junit is well-formed, with a case for each file and a failure from --fail-on")
  func junit() async throws {
    let folder = try folder(Self.tree)
    let run = try await VirtNestBinary.run(
      ["check", "guests", "--no-schema", "--notes", "--format", "junit"], in: folder.path)
    #expect(run.status == .exited(1))
    let document = try XMLDocument(data: Data(run.output))
    #expect(try document.nodes(forXPath: "/testsuites/testsuite/testcase").count == 3)
    #expect(try document.nodes(forXPath: "//testsuite[@tests='3'][@failures='1']").count == 1)
    let failure = try document.nodes(
      forXPath: "//testcase[@name='guests/deep/b.xml']/failure[@type='VN003']")
    #expect(failure.first?.stringValue?.contains("error: libvirt refuses") == true)
    #expect(try document.nodes(forXPath: "//testcase[@name='guests/d.xml']/system-out").count == 1)
  }

  @Test("A schema that is required and missing is 2; a comma list ignores several rules")
  func options() async throws {
    let folder = try folder(["a.xml": Self.noted])
    let both = try await VirtNestBinary.run(
      ["check", "a.xml", "--require-schema", "--no-schema"], in: folder.path)
    #expect(both.status == .exited(64))
    let list = try await VirtNestBinary.run(
      ["check", "a.xml", "--no-schema", "--fail-on", "note", "--ignore", "VN033,vn034"],
      in: folder.path)
    #expect(list.status == .exited(0), "\(list.outputText)")
  }

  @Test("patch takes folders with --check, which prints the files that would change")
  func patchFolder() async throws {
    let folder = try folder(Self.tree)
    let patch = { (arguments: String...) in
      try await VirtNestBinary.run(["patch", "guests"] + arguments, in: folder.path)
    }
    #expect(try await patch("--memory", "8G").status == .exited(64))
    let check = try await patch("--check", "--memory", "8G")
    #expect(check.status == .exited(1))
    #expect(check.outputText == "guests/a.xml\nguests/d.xml\nguests/deep/b.xml\n")
    let change = try await patch("--in-place", "--memory", "8G")
    #expect(change.status == .exited(0), "\(change.errorText)")
    #expect(try await patch("--check", "--memory", "8G").status == .exited(0))
    #expect(try readFile(folder.file("guests/net.xml")) == Array("<network/>".utf8))
    let named = try await VirtNestBinary.run(
      ["patch", "guests/net.xml", "--memory", "8G", "--check", "--domains-only"], in: folder.path)
    #expect(named.status == .exited(0))
  }

  @Test("The hooks work with pre-commit in a repository", .needs("pre-commit", "git"))
  func preCommit() async throws {
    let folder = try folder([
      "guests/a.xml": Self.good, "guests/b.xml": Self.off, "net.xml": "<network/>",
      ".virt-nest.conf": "root = true\nschema = none\n",
    ])
    // The hooks' repository, as a clone of this one would be.
    let hooks = try TemporaryFolder()
    try FileManager.default.copyItem(
      at: Corpus.checkout.appending(path: ".pre-commit-hooks.yaml"),
      to: URL(filePath: hooks.file(".pre-commit-hooks.yaml")))
    let environment: [String: String?] = [
      "PATH": VirtNestBinary.folder.path + ":"
        + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
      "PRE_COMMIT_HOME": hooks.file("cache"), "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": hooks.path,
      "GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "n@example.org", "GIT_COMMITTER_NAME": "n",
      "GIT_COMMITTER_EMAIL": "n@example.org", "LC_ALL": "C.UTF-8",
    ]
    let shell = { (command: String, place: String) in
      try await TestSupport.run("sh", ["-c", command], environment: environment, in: place)
    }
    let made = try await shell(
      "git init -q && git add . && git commit -qm hooks && git tag v1", hooks.path)
    try #require(made.succeeded, "\(made.errorText)")
    try writeFile(
      folder.file(".pre-commit-config.yaml"),
      """
      repos:
        - repo: file://\(hooks.path)
          rev: v1
          hooks:
            - id: virt-nest-check
            - id: virt-nest-patch
              args: [--memory, 8G]

      """.utf8)
    try #require(try await shell("git init -q && git add .", folder.path).succeeded)
    let first = try await shell("pre-commit run --all-files --color never", folder.path)
    #expect(!first.succeeded)
    #expect(first.outputText.contains("guests/b.xml:7:26: error: "), "\(first.outputText)")
    #expect(!first.outputText.contains("net.xml"))
    #expect(first.outputText.contains("files were modified by this hook"))
    try writeFile(
      folder.file("guests/b.xml"), Self.noted.replacing("'GiB'>4", with: "'GiB'>8").utf8)
    let second = try await shell(
      "git add . && pre-commit run --all-files --color never", folder.path)
    #expect(second.succeeded, "\(second.outputText)")
  }
}
