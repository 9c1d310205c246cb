import TestSupport
import Testing

/// `create TEMPLATE --from FILE`: a guest for each row.
@Suite("create --from")
struct GuestRowsTests {
  private func create(
    _ text: String, _ options: [String] = [], template: String = "fedora", name: String = "guests"
  ) async throws -> (run: Run, files: [String: String]) {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    #expect(try await run("mkdir", ["out"], in: folder.path).succeeded)
    try writeFile(folder.file(name), text.utf8)
    let result = try await VirtNestBinary.run(
      ["create", template, "--from", name, "-o", "out", "--quiet"] + options, in: folder.path)
    var files: [String: String] = [:]
    for file in try await run("ls", ["out"], in: folder.path).outputText.split(separator: "\n") {
      files[String(file)] = String(
        decoding: try readFile(folder.file("out/\(file)")), as: UTF8.self)
    }
    return (result, files)
  }

  @Test("CSV: options, parameters, words and addresses by the header's names")
  func table() async throws {
    let (result, files) = try await create(
      """
      name,memory,vcpus,mac,"disk:vda,path","metadata,title"
      kata-a,8GiB,2,52:54:00:00:00:0a,/dev/vg0/a,"Build, ""one\"""
      kata-b,4096,,,/srv/b.qcow2,

      """)
    #expect(result.status == .exited(0) && result.errorText == "", "\(result.errorText)")
    #expect(files.keys.sorted() == ["kata-a.xml", "kata-b.xml"])
    let (a, b) = (files["kata-a.xml"] ?? "", files["kata-b.xml"] ?? "")
    #expect(
      a.contains("<memory unit='MiB'>8192</memory>") && a.contains("<source dev='/dev/vg0/a'/>"))
    #expect(a.contains("<mac address='52:54:00:00:00:0a'/>") && a.contains(">2</vcpu>"))
    #expect(a.contains("<title>Build, \"one\"</title>"))
    #expect(
      b.contains("<memory unit='MiB'>4096</memory>") && b.contains("<source file='/srv/b.qcow2'/>"))
    #expect(!b.contains("<title>") && b.contains("<mac address="))
  }

  @Test("An index of a row is the guest's; rows without one count")
  func indexes() async throws {
    let (result, files) = try await create("index,memory\n5,4G\n9,4G\n", ["--release", "43"])
    #expect(result.status == .exited(0), "\(result.errorText)")
    #expect(files.keys.sorted() == ["kata-fedora-43-vm-05.xml", "kata-fedora-43-vm-09.xml"])
    let (counted, more) = try await create("memory\n4G\n5G\n", ["--release", "43"])
    #expect(counted.status == .exited(0), "\(counted.errorText)")
    #expect(more.keys.sorted() == ["kata-fedora-43-vm-00.xml", "kata-fedora-43-vm-01.xml"])
  }

  @Test("JSON says the same as CSV, and names count where none is given")
  func list() async throws {
    let json = try await create(
      #"[{"memory": 4096, "emulated": true}, {"memory": "8GiB", "vcpus": 2, "emulated": null}]"#,
      ["--release", "43"])
    #expect(json.run.status == .exited(0), "\(json.run.errorText)")
    #expect(json.files.keys.sorted() == ["kata-fedora-43-vm-00.xml", "kata-fedora-43-vm-01.xml"])
    #expect(json.files["kata-fedora-43-vm-00.xml"]?.contains("type='qemu'") == true)
    let csv = try await create("emulated,memory\n", ["--release", "43"])
    #expect(csv.run.status == .exited(2))
    let table = try await create("memory,vcpus\n8GiB,2\n", ["--release", "43", "--index", "1"])
    #expect(
      table.files["kata-fedora-43-vm-01.xml"] == json.files["kata-fedora-43-vm-01.xml"])
  }

  @Test("A disk and a network are the template's parameters, or what the options of create take")
  func disks() async throws {
    let (result, files) = try await create(
      "\u{FEFF}" + """
        [{"name": "kata-a", "disk": "/srv/{name}.qcow2", "network": "inner"},
         {"name": "kata-b", "disk": "path=/srv/b.raw,format=raw", "network": "none"},
         {"name": "kata-c", "disk": "none", "network": "bridge=br0"}]
        """)
    #expect(result.status == .exited(0) && result.errorText == "", "\(result.errorText)")
    let a = files["kata-a.xml"] ?? ""
    #expect(a.contains("<source file='/srv/kata-a.qcow2'/>"), "\(a)")
    #expect(a.contains("<source network='inner'/>"))
    let b = files["kata-b.xml"] ?? ""
    #expect(b.contains("<source file='/srv/b.raw'/>") && b.contains("type='raw'"), "\(b)")
    #expect(!b.contains("<interface") && !(files["kata-c.xml"] ?? "").contains("<disk"))
    #expect(files["kata-c.xml"]?.contains("<source bridge='br0'/>") == true)
  }

  @Test("What a row says goes before what is said for all")
  func both() async throws {
    let (_, files) = try await create("name,memory\nkata-a,8GiB\nkata-b,\n", ["--memory", "4GiB"])
    #expect(files["kata-a.xml"]?.contains(">8192</memory>") == true)
    #expect(files["kata-b.xml"]?.contains(">4096</memory>") == true)
  }

  @Test(
    "What is wrong is said where it stands, and nothing is written",
    arguments: [
      ("name,memory\nkata-a,8GiB\nkata-b,many\n", "guests:3:8: error: "),
      ("name,memory\nkata-a,8GiB\nkata-a,4GiB\n", "guests:3:1: error: there is a guest 'kata-a'"),
      ("name,memory\nkata-a\n", "guests:2:1: error: 1 fields, and the header has 2"),
      ("name,memmory\nkata-a,8GiB\n", "guests:2:8: error: "),
      ("name,name\na,b\n", "guests:1:6: error: there are two columns 'name'"),
      ("name,memory\n\"kata-a,8GiB\n", "guests:2:1: error: a quote is not closed"),
      ("name,\"disk:vdz,path\"\nkata-a,/srv/a.qcow2\n", "guests:2:8: error: "),
      ("", "guests: error: it has no guests"),
      (#"{"name": "kata-a"}"#, "guests: error: a list of guests is expected"),
      ("name;memory\nkata-a;8GiB\n", "guests:1:1: error: 'name;memory' is one column"),
      ("name,output\nkata-a,/a.xml\n", "guests:2:8: error: 'output' is for all guests"),
      (#"[{"name": "kata-a", "define": true}]"#, "guests: error: [0].define: 'define' is for all"),
      (
        #"[{"name": "kata-a"}, {"name": "kata-b", "memory": "many"}]"#,
        "guests: error: [1].memory: "
      ),
      (#"[{"name": ["kata-a"]}]"#, "guests: error: [0].name: a string or a number is expected"),
      ("[{\"name\": \"kata-a\"},\n 7]", "guests: error: [1]: an object is expected"),
      ("[{\"name\": \"kata-a\"},\n", "guests:2:1: error: "),
      ("name,\"disk:vda,path\"\nkata-a,/srv/x.qcow2\nkata-b,/srv/x.qcow2\n", "fedora: error: "),
    ])
  func wrong(text: String, message: String) async throws {
    let (result, files) = try await create(text)
    #expect(result.status == .exited(2))
    #expect(result.errorText.contains(message), "\(result.errorText)")
    #expect(files.isEmpty)
  }
}
