import Foundation
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
  /// Skips the test unless the command under test is the one that `make build` makes.
  static var needsBuiltCommand: Self {
    .enabled(
      if: ProcessInfo.processInfo.environment["VIRT_NEST_BINARY"] != nil,
      "a debug build is in no package: set VIRT_NEST_BINARY to the command of `make build`")
  }
}

extension VirtNestBinary {
  /// The executable that goes into packages: for another machine, not the emulator that runs it.
  fileprivate static let packaged = emulated ?? path

  /// Whether that is a static one: its ELF header has no interpreter.
  fileprivate static let isStatic = {
    guard let bytes = try? readFile(packaged), bytes.count > 64 else { return false }
    func number(at offset: Int, _ size: Int) -> Int {
      bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let interpreter = 3
    return !(0..<number(at: 56, 2)).contains {
      number(at: number(at: 32, 8) + $0 * number(at: 54, 2), 4) == interpreter
    }
  }()
}

@Suite(
  "In the package manager: a deb, an rpm and a tarball of the command", .needsBuiltCommand)
struct PackageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What makes packages of a stripped executable for another machine, and static ones are all of these.
  private let emulation: [String: String?] =
    VirtNestBinary.isStatic ? ["COMMAND": VirtNestBinary.path, "STRIP": "true"] : [:]

  /// Runs the command that is installed below a folder.
  private func run(
    below root: String, _ prefix: String, _ arguments: [String]
  ) async throws -> Run {
    let installed = root + "\(prefix)/bin/virt-nest"
    return VirtNestBinary.emulated == nil
      ? try await TestSupport.run(installed, arguments)
      : try await VirtNestBinary.run(arguments, environment: ["VIRT_NEST_EXECUTABLE": installed])
  }

  /// Whether a package says that it needs libxml2, which it must unless it has a static executable.
  private func expectNeeds(_ needs: Run, _ library: String) {
    #expect(needs.succeeded, "\(needs.errorText)")
    #expect(needs.outputText.contains(library) == !VirtNestBinary.isStatic)
  }

  /// Makes a package twice, in two folders, and returns the path of the first.
  private func made(by script: String) async throws -> String {
    var paths: [String] = []
    for copy in ["first", "second"] {
      let run = try await TestSupport.run(
        Corpus.checkout.appending(path: ".ci/packaging/\(script)").path,
        [VirtNestBinary.packaged, folder.file(copy)],
        environment: emulation.merging(["DEBEMAIL": nil]) { $1 })
      try #require(run.succeeded, "\(run.errorText)")
      paths.append(String(run.outputText.split(separator: "\n").last ?? ""))
    }
    let bytes = try paths.map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(bytes[0] == bytes[1], "\(script) makes other bytes of the same binary")
    return paths[0]
  }

  /// Runs what is installed below a folder, and looks for what comes with it.
  private func expectUse(below root: String, _ prefix: String = "/usr") async throws {
    let version = try await run(below: root, prefix, ["--version"])
    #expect(version.output == (try await VirtNestBinary.run(["--version"]).output))
    let guest = try await run(below: root, prefix, ["create", "fedora", "-q"])
    #expect(guest.output == (try await VirtNestBinary.run(["create", "fedora", "-q"]).output))
    let share = "\(root)\(prefix)/share"
    for file in [
      "bash-completion/completions/virt-nest", "zsh/site-functions/_virt-nest",
      "fish/vendor_completions.d/virt-nest.fish", "man/man1/virt-nest.1.gz",
      "man/man1/virt-nest-create.1.gz", "doc/virt-nest/templates/fedora.xml",
      "doc/virt-nest/README.md",
    ] {
      #expect(FileManager.default.fileExists(atPath: "\(share)/\(file)"), "\(file)")
    }
    let text = try Data(contentsOf: URL(filePath: share + "/doc/virt-nest/virt-nest.spdx.json"))
    let bill = try JSONDecoder().decode(BillOfMaterials.self, from: text)
    #expect(bill.spdxVersion == "SPDX-2.3")
    #expect(
      Set(bill.packages.map(\.name))
        == Set(
          [
            "virt-nest", "libxml2", "swift", "swift-argument-parser", "swift-subprocess",
            "swift-system",
          ] + (VirtNestBinary.isStatic ? ["glibc", "libgcc", "libstdc++"] : [])))
    let number = try #require(version.outputText.split(separator: " ").first)
    #expect(bill.packages[0].versionInfo == String(number))
    let identifiers = Set(bill.packages.map(\.identifier) + [bill.identifier])
    for relation in bill.relationships {
      #expect(identifiers.isSuperset(of: [relation.spdxElementId, relation.relatedSpdxElement]))
    }
  }

  @Test(
    "A deb is reproducible, without a finding of lintian, and is installed, run and removed",
    .needs("dpkg-deb", "dpkg-shlibdeps", "readelf", "lintian", "python3"))
  func debianPackage() async throws {
    let package = try await made(by: "make-deb")
    let findings = try await TestSupport.run(
      "lintian", ["--allow-root", "--fail-on", "warning,error", package])
    #expect(findings.succeeded && findings.outputText.isEmpty, "\(findings.outputText)")
    let depends = try await TestSupport.run("dpkg-deb", ["--field", package, "Depends"])
    expectNeeds(depends, "libxml2")

    let root = folder.file("root")
    for part in ["info", "updates"] {
      try FileManager.default.createDirectory(
        atPath: "\(root)/var/lib/dpkg/\(part)", withIntermediateDirectories: true)
    }
    try writeFile("\(root)/var/lib/dpkg/status", "".utf8)
    // The folder has no other packages, the tests need not be root, and an emulator runs other machines'.
    let dpkg = [
      "--root", root, "--force-depends", "--force-not-root", "--force-architecture", "--log",
      "/dev/null",
    ]
    let installed = try await TestSupport.run("dpkg", dpkg + ["--install", package])
    try #require(installed.succeeded, "\(installed.errorText)")
    try await expectUse(below: root)
    let removed = try await TestSupport.run("dpkg", dpkg + ["--purge", "virt-nest"])
    #expect(removed.succeeded, "\(removed.errorText)")
    #expect(!FileManager.default.fileExists(atPath: root + "/usr"))
  }

  @Test(
    "An rpm is reproducible, without a finding of rpmlint, and works in a folder of its own",
    .needs("rpmbuild", "rpm", "rpmlint", "readelf", "python3"))
  func rpmPackage() async throws {
    let package = try await made(by: "make-rpm")
    let findings = try await TestSupport.run(
      "rpmlint",
      ["--config", Corpus.checkout.appending(path: ".ci/packaging/rpmlint.toml").path, package])
    #expect(
      findings.outputText.contains("1 packages and 0 specfiles checked; 0 errors, 0 warnings"),
      "\(findings.outputText)")
    let needs = try await TestSupport.run("rpm", ["-qp", "--requires", package])
    expectNeeds(needs, "libxml2.so")

    let root = folder.file("root")
    let rpm = ["--root", root, "--dbpath", "/var/lib/rpm"]
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    let installed = try await TestSupport.run(
      "rpm", rpm + ["--nodeps", "--ignorearch", "-i", package])
    try #require(installed.succeeded, "\(installed.errorText)")
    try await expectUse(below: root)
    let removed = try await TestSupport.run("rpm", rpm + ["-e", "virt-nest"])
    #expect(removed.succeeded, "\(removed.errorText)")
    #expect(!FileManager.default.fileExists(atPath: root + "/usr/bin/virt-nest"))
  }

  @Test(
    "A tarball is reproducible, has the licences, and its command runs in a chroot without a library",
    .enabled(if: VirtNestBinary.isStatic, "a tarball has a static executable"),
    .needs("xz", "readelf", "python3", "unshare", "chroot"))
  func tarball() async throws {
    let tarball = try await made(by: "make-tarball")
    let root = folder.file("root")
    try FileManager.default.createDirectory(
      atPath: root + "/proc", withIntermediateDirectories: true)
    let unpacked = try await TestSupport.run(
      "tar", ["-xf", tarball, "-C", root, "--strip-components", "1"])
    try #require(unpacked.succeeded, "\(unpacked.errorText)")
    try await expectUse(below: root, "")
    for (name, words) in [
      ("virt-nest", "Apache License"), ("libxml2", "Daniel Veillard"), ("glibc", "Lesser"),
    ] {
      let licence = try readFile("\(root)/share/doc/virt-nest/licences/\(name)")
      #expect(String(decoding: licence, as: UTF8.self).contains(words), "\(name)")
    }
    guard VirtNestBinary.emulated == nil else { return }

    let inside = try await TestSupport.run(
      "unshare",
      [
        "--map-root-user", "--mount", "sh", "-ec",
        """
        mount --rbind /proc "$0/proc"
        chroot "$0" /bin/virt-nest create fedora -q -o /guest.xml
        chroot "$0" /bin/virt-nest check /guest.xml --no-schema
        chroot "$0" /bin/virt-nest patch -i /guest.xml --memory 4GiB
        chroot "$0" /bin/virt-nest define /guest.xml 2> "$0/message" || test $? = 2
        grep -q "^virt-nest: error: cannot run 'virsh': " "$0/message"
        """, root,
      ])
    #expect(inside.succeeded && inside.errorText.isEmpty, "\(inside.errorText)")
    let here = try await VirtNestBinary.run(["create", "fedora", "-q", "--memory", "4GiB"])
    #expect(try readFile(root + "/guest.xml") == here.output)
  }

  @Test(
    "An image for containers is reproducible, read by skopeo, and has the tarball's command",
    .enabled(if: VirtNestBinary.isStatic, "an image has a static executable"),
    .needs("xz", "readelf", "python3", "skopeo"))
  func image() async throws {
    let tarball = try await made(by: "make-tarball")
    var images: [String] = []
    for name in ["image-1", "image-2"] {
      let made = try await TestSupport.run(
        Corpus.checkout.path + "/.ci/packaging/make-oci", [tarball, folder.file(name)])
      try #require(made.succeeded, "\(made.errorText)")
      images.append(made.outputText.trimmingCharacters(in: .newlines))
    }
    #expect(try readFile(images[0]) == readFile(images[1]))
    let copy = folder.file("copy")
    let read = try await TestSupport.run(
      "skopeo", ["--override-arch", "any", "copy", "-q", "oci-archive:" + images[0], "dir:" + copy])
    try #require(read.succeeded, "\(read.errorText)")
    let script = """
      set -e
      layer=$(sed -n 's/.*tar+gzip","digest":"sha256:\\([0-9a-f]*\\).*/\\1/p' "$0/manifest.json")
      tar -xzOf "$0/$layer" usr/bin/virt-nest | cmp - "$1/bin/virt-nest"
      """
    let root = folder.file("unpacked")
    let compared = try await TestSupport.run(
      "sh",
      [
        "-c", "mkdir \"$2\" && tar -xf \"$3\" -C \"$2\" --strip-components 1\n" + script, copy,
        root, root, tarball,
      ])
    #expect(compared.succeeded, "\(compared.outputText)\(compared.errorText)")
  }

  @Test(
    "Without /proc, from which Swift's runtime reads the arguments, the command says so",
    .enabled(if: VirtNestBinary.emulated == nil, "an emulator reads /proc too"),
    .needs("unshare"),
    arguments: [["create", "fedora"], ["--version"], []])
  func withoutProc(_ arguments: [String]) async throws {
    let run = try await TestSupport.run(
      "unshare",
      [
        "--map-root-user", "--mount", "sh", "-c", #"mount -t tmpfs none /proc && exec "$0" "$@""#,
        VirtNestBinary.path,
      ] + arguments)
    #expect(run.status == .exited(2))
    #expect(run.output.isEmpty)
    #expect(
      run.errorText == "virt-nest: error: /proc is not mounted here: mount -t proc proc /proc\n")
  }

  @Test("A binary of a version that CHANGELOG does not date is in no package")
  func refusals() async throws {
    let stage = Corpus.checkout.appending(path: ".ci/packaging/stage").path
    let command = folder.file("virt-nest")
    try writeFile(command, "#!/bin/sh\necho '99.0.0 (libxml2 2.9.14)'\n".utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: command)
    let run = try await TestSupport.run(
      stage, [VirtNestBinary.packaged, folder.file("stage")],
      environment: ["COMMAND": command])
    #expect(run.status == .exited(1))
    #expect(run.errorText.contains("CHANGELOG.md has no line '## 99.0.0 (DATE)'"))
  }
}

/// What is looked at of an SPDX document.
private struct BillOfMaterials: Decodable {
  struct Package: Decodable {
    var name: String
    var identifier: String
    var versionInfo: String

    enum CodingKeys: String, CodingKey {
      case name, versionInfo
      case identifier = "SPDXID"
    }
  }
  struct Relation: Decodable {
    var spdxElementId: String
    var relatedSpdxElement: String
  }
  var spdxVersion: String
  var identifier: String
  var packages: [Package]
  var relationships: [Relation]

  enum CodingKeys: String, CodingKey {
    case spdxVersion, packages, relationships
    case identifier = "SPDXID"
  }
}
