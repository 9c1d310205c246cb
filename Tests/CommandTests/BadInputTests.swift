import Foundation
import TestSupport
import Testing

@Suite("Bad input gets a clear error, and nothing is written")
struct BadInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var message: String

    init(_ name: String, _ text: String, _ message: String) {
      self.init(name, bytes: Array(text.utf8), message)
    }

    init(_ name: String, bytes: [UInt8], _ message: String) {
      (self.name, self.bytes, self.message) = (name, bytes, message)
    }

    var testDescription: String { name }
  }

  static let files = [
    Case("empty", "", "1:1: error: there is no XML in it"),
    Case("white space", " \n\n", "error: there is no XML in it"),
    Case("not XML", "hello", "error: there is no XML in it"),
    Case("cut off", "<domain>\n  <name>a", "2:10: error: not well-formed XML: Premature end"),
    Case("another root", "<network/>", "1:1: error: the root is <network>"),
    Case("a snapshot", "<domainsnapshot><domain/></domainsnapshot>", "virsh snapshot-edit"),
    Case("a running guest's state", "<domstatus/>", "virsh dumpxml --inactive NAME"),
    Case("a saved state", "LibvirtQemudSave\u{0}", "virsh save-image-dumpxml"),
    Case("a namespace", "<domain xmlns='urn:x'/>", "in the namespace 'urn:x'"),
    Case("UTF-16", bytes: [0xFF, 0xFE, 0x3C, 0x00], "the encoding is UTF-16"),
    Case(
      "ISO-8859-1", "<?xml version='1.0' encoding='ISO-8859-1'?><domain/>",
      "xmllint --encode UTF-8"),
    Case("invalid UTF-8", bytes: Array("<domain>\n<name>".utf8) + [0xC3, 0x28], "2:7: error"),
    Case(
      "a document type", "<!DOCTYPE d [<!ENTITY a 'b'>]>\n<domain/>",
      "a document type declaration is not taken"),
    Case(
      "entities of entities",
      "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        + "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]>\n<domain>&c;</domain>",
      "a document type declaration is not taken"),
    Case(
      "nested deep",
      String(repeating: "<domain>", count: 10_000) + String(repeating: "</domain>", count: 10_000),
      "nested more than 256 deep"),
    Case("no name of an entity", "<domain>&x;</domain>", "not well-formed XML"),
    Case("an attribute twice", "<domain a='1' a='2'/>", "not well-formed XML"),
  ]

  @Test("files", arguments: files)
  func file(_ input: Case) async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("guest.xml")
    try Data(input.bytes).write(to: URL(filePath: path))
    for command in [
      ["patch", path, "--nested", "--in-place", "--force"], ["patch", path, "--memory", "4G"],
      ["inspect", path], ["template", "new", "x", "--from", path],
    ] {
      let run = try await VirtNestBinary.run(command)
      #expect(run.status == .exited(2), "\(command)")
      #expect(run.output.isEmpty || command[0] == "inspect", "\(command)")
      #expect(run.errorText.contains(input.message), "\(run.errorText)")
      #expect(run.errorText.hasPrefix(path), "\(run.errorText)")
    }
    #expect(FileManager.default.contents(atPath: path).map { Array($0) } == input.bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["guest.xml"])
  }

  @Test("paths that are no files")
  func paths() async throws {
    let folder = try TemporaryFolder()
    for (path, message) in [
      (folder.file("none.xml"), "No such file"), (folder.path, "the folder has no file *.xml"),
      ("/dev/null", "is not a regular file"),
    ] {
      let run = try await VirtNestBinary.run(["patch", path, "--nested", "-i"])
      #expect(run.status == .exited(2))
      #expect(run.errorText.contains(message), "\(run.errorText)")
    }
  }

  @Test("200 MB are not read")
  func large() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("large.xml")
    #expect(FileManager.default.createFile(atPath: path, contents: Data("<domain>".utf8)))
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 200_000_000)
    try handle.close()
    let run = try await VirtNestBinary.run(["patch", path, "--nested"])
    #expect(run.status == .exited(2))
    #expect(run.errorText.contains("more than the limit of 67108864"), "\(run.errorText)")
  }

  static let usages: [([String], String)] = [
    (["create", "fedora", "--cpu", "power10"], "host-model,model=power10"),
    (["create", "fedora", "--name", "a/b"], "libvirt takes no '/' in a name"),
    (["create", "fedora", "--name", "kata\nx"], "must not contain line ends"),
    (["create", "fedora", "--name", ""], "must not be empty"),
    (["create", "fedora", "--name", ".."], "libvirt's QEMU driver"),
    (["create", "fedora", "--memory", "0"], "it must be more than 0"),
    (["create", "fedora", "--memory", "1180591620717411303424"], "more than libvirt can hold"),
    (["create", "fedora", "--memory", "-4"], "Missing value"),
    (["create", "fedora", "--memory=-4"], "give a whole number and a unit"),
    (["create", "fedora", "--vcpus", "0"], "from 1 to"),
    (["create", "fedora", "--vcpus", "4,cores=3"], "multiplies to 3 CPUs"),
    (["create", "fedora", "--mechanism", "magic"], "there is no mechanism 'magic'"),
    (
      ["create", "fedora", "--mechanism", "feature", "--no-nested"], "--no-nested goes with neither"
    ),
    (["create", "fedora", "--disk", "size=20"], "qemu-img create"),
    (["create", "fedora", "--disk", "relative.qcow2"], "absolute paths only"),
    (["create", "fedora", "--disk", "none", "--disk", "/a"], "goes with no other disk"),
    (
      ["create", "fedora", "--network", "mac=01:00:00:00:00:01,network=a"], "not a unicast address"
    ),
    (["create", "fedora", "--feature", "cfpc=maybe"], "broken, workaround, fixed"),
    (["create", "fedora", "--count", "3"], "needs -o FOLDER"),
    (["create", "fedora", "--index", "-1"], "Missing value"),
    (["create", "fedora", "--set", "novalue"], "is not parameter=value"),
    (["create", "fedora", "--memory", "4G", "--set", "memory=8G"], "are the same; give one"),
    (["patch", "a.xml", "b.xml", "--nested"], "several files need"),
    (["patch", "a.xml", "-i", "--diff", "--nested"], "exclude each other"),
    (["patch", "-", "-i", "--nested"], "standard input cannot be changed in place"),
    (["patch", "a.xml", "--backup", ".o", "--nested"], "go with --in-place"),
    (["patch", "a.xml", "--set-xpath", "/domain/name"], "write XPATH=VALUE"),
    (["patch", "a.xml", "--add", "dsk,path=/a"], "did you mean disk"),
  ]

  @Test("options", arguments: usages)
  func usage(_ arguments: [String], _ message: String) async throws {
    let run = try await VirtNestBinary.run(arguments)
    #expect(run.status == .exited(64), "\(run.errorText)")
    #expect(run.output.isEmpty)
    #expect(run.errorText.contains(message), "\(run.errorText)")
  }

  static let values: [([String], String)] = [
    (["create", "nosuch"], "there is no template 'nosuch'; use one of fedora, ubuntu"),
    (["create", "fedora", "--release", "99"], "the releases are 30, 31"),
    (["create", "fedora", "--set", "colour=red"], "the parameters are name, memory"),
    (["create", "fedora", "--memory", "2050"], "a multiple of 256MiB"),
    (["create", "fedora", "--name", "plain", "--mechanism", "wrapper"], "kata"),
    (
      ["create", "fedora", "--set", "disk=/a.qcow2", "--disk", "/b.qcow2"], "change the same place"
    ),
    (["create", "./nosuch.xml"], "No such file"),
    (["create", "fedora", "--count", "2", "-o", "/nosuch-folder"], "make it first"),
    (["create", "fedora", "--count", "2", "--name", "kata", "-o", "/tmp"], "leave --name away"),
    (["create", "fedora", "-o", "/proc/guest.xml"], "/proc/guest.xml"),
    (["create", "fedora", "--vcpus", "4", "--cpu", "POWER8", "--nested"], "POWER9"),
    (["create", "fedora", "--for-qemu", "2.12", "--mechanism", "feature"], "came with QEMU 3.1.0"),
  ]

  @Test("values", arguments: values)
  func value(_ arguments: [String], _ message: String) async throws {
    let run = try await VirtNestBinary.run(arguments)
    #expect(run.status == .exited(2), "\(run.errorText)")
    #expect(run.output.isEmpty)
    #expect(run.errorText.contains(message), "\(run.errorText)")
  }
}
