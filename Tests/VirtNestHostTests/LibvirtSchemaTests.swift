import Foundation
import SystemPackage
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Where libvirt's schema is")
struct LibvirtSchemaTests {
  @Test("the first folder that has it wins, and only a file that was named is looked at")
  func found() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["b", "c"] {
      let schemas = folder.appending(path: "\(name)/libvirt/schemas")
      try FileManager.default.createDirectory(at: schemas, withIntermediateDirectories: true)
      try Data("<x/>".utf8).write(to: schemas.appending(path: "domain.rng"))
    }
    let root = FilePath(folder.path)
    let folders = ["a", "b", "c"].map { root.appending($0) }
    #expect(
      try LibvirtSchema.find(dataFolders: folders)
        == root.appending("b/libvirt/schemas/domain.rng"))
    let named = root.appending("c/libvirt/schemas/domain.rng")
    #expect(try LibvirtSchema.find(explicit: named, dataFolders: folders) == named)
    #expect {
      try LibvirtSchema.find(explicit: "/nowhere/x.rng", dataFolders: folders)
    } throws: { error in
      "\(error)"
        == "error: /nowhere/x.rng: the schema does not exist, is not a file, or cannot be read"
    }
  }

  @Test("an error lists where it was looked for, and what to install")
  func missing() {
    #expect {
      try LibvirtSchema.find(dataFolders: ["/nowhere/share", "/nowhere/else"])
    } throws: { error in
      "\(error)" == """
        error: libvirt's schema was not found; tried /nowhere/share/libvirt/schemas/domain.rng, \
        /nowhere/else/libvirt/schemas/domain.rng. Install libvirt's client library (libvirt0 in \
        Debian 12; with dnf find it by: dnf provides '*/libvirt/schemas/domain.rng'), or name the \
        file with --schema PATH
        """
    }
  }

  @Test("XDG_DATA_DIRS adds absolute folders behind the system's")
  func dataFolders() {
    #expect(LibvirtSchema.dataFolders(xdgDataDirs: nil) == ["/usr/share", "/usr/local/share"])
    #expect(
      LibvirtSchema.dataFolders(xdgDataDirs: "/usr/local/share/:/opt/x:relative::/usr/share")
        == ["/usr/share", "/usr/local/share", "/opt/x"])
  }
}
