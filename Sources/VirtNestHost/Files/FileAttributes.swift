internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// The attributes of a file that its replacement must have too: mode, owner, ACL, SELinux label and
/// every other extended attribute.
struct FileAttributes {
  private var owner: UInt32
  private var group: UInt32
  private var mode: UInt16
  private var extended: [(name: String, value: [UInt8])]

  /// An attribute that could not be set.
  struct Failure: Error {
    var what: String
    var reason: Errno
  }

  /// Reads the attributes of an open file.
  init(of file: FileDescriptor) throws(Errno) {
    let stat = try Stat(file)
    owner = stat.userID.rawValue
    group = stat.groupID.rawValue
    mode = UInt16(truncatingIfNeeded: stat.mode.permissions.rawValue)
    extended = []
    for name in try file.extendedAttributeNames() where !Self.describesData(name) {
      guard let value = try file.extendedAttribute(name) else { continue }
      extended.append((name, value))
    }
  }

  /// Sets all attributes of an open file.
  ///
  /// An attribute that the file has already is not set again, because an unprivileged user usually
  /// cannot set a `security.*` attribute. Usually it need not be set: a new file gets the label of
  /// its folder, which the old file has too.
  /// - Throws: ``Failure`` for the first attribute that cannot be set.
  func give(to file: FileDescriptor) throws(Failure) {
    let stat = try attempt("owner") { () throws(Errno) in try Stat(file) }
    // Owner first, because a change of owner clears set-user-ID in the mode.
    if stat.userID.rawValue != owner || stat.groupID.rawValue != group {
      try attempt("owner \(owner):\(group)") { () throws(Errno) in
        try retrying { fchown(file.rawValue, owner, group) }
      }
    }
    try giveExtended(to: file)
    // Mode last, because setting an ACL changes it.
    try attempt("mode") { () throws(Errno) in
      try retrying { fchmod(file.rawValue, mode_t(mode)) }
      // The kernel drops set-group-ID silently if this process is not in the file's group.
      let permissions = try Stat(file).mode.permissions
      guard permissions.rawValue == CInterop.Mode(mode) else { throw .notPermitted }
    }
  }

  private func giveExtended(to file: FileDescriptor) throws(Failure) {
    let present = try attempt("extended attributes") { () throws(Errno) in
      try file.extendedAttributeNames()
    }
    // A folder with a default ACL gives one to every new file.
    for name in present
    where Self.isRemovable(name) && !extended.contains(where: { $0.name == name }) {
      try attempt(Self.words(for: name)) { () throws(Errno) in
        try file.removeExtendedAttribute(name)
      }
    }
    for (name, value) in extended {
      try attempt(Self.words(for: name)) { () throws(Errno) in
        if present.contains(name), try file.extendedAttribute(name) == value { return }
        try file.setExtendedAttribute(name, to: value)
      }
    }
  }

  @discardableResult
  private func attempt<Result>(
    _ what: String, _ body: () throws(Errno) -> Result
  ) throws(Failure) -> Result {
    do {
      return try body()
    } catch {
      throw Failure(what: what, reason: error)
    }
  }

  /// Hashes and signatures of the data: the kernel computes them again, and a copy would be wrong.
  private static func describesData(_ name: String) -> Bool {
    name == "security.ima" || name == "security.evm"
  }

  private static func isRemovable(_ name: String) -> Bool {
    name.hasPrefix("system.posix_acl_") || name.hasPrefix("user.")
  }

  private static func words(for name: String) -> String {
    switch name {
    case "system.posix_acl_access": "ACL (\(name))"
    case "security.selinux": "SELinux label (\(name))"
    default: "extended attribute \(name)"
    }
  }
}

/// The state of a file as `stat` shows it: a change of the file changes it.
struct FileState: Equatable, Sendable {
  var device: UInt64
  var inode: UInt64
  var size: Int64
  /// Nanoseconds since 1970.
  var modificationTime: Int64
  /// Nanoseconds since 1970; changes of mode, owner, attributes and name change it too.
  var changeTime: Int64

  init(_ stat: Stat) {
    device = UInt64(truncatingIfNeeded: stat.deviceID.rawValue)
    inode = UInt64(truncatingIfNeeded: stat.inode.rawValue)
    size = stat.size
    modificationTime = Self.nanoseconds(stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec)
    changeTime = Self.nanoseconds(stat.st_ctim.tv_sec, stat.st_ctim.tv_nsec)
  }

  /// Whether both are the same file with the same data, perhaps under another name.
  func hasSameData(as other: FileState) -> Bool {
    var other = other
    other.changeTime = changeTime
    return self == other
  }

  private static func nanoseconds(_ seconds: Int, _ nanoseconds: Int) -> Int64 {
    Int64(seconds) &* 1_000_000_000 &+ Int64(nanoseconds)
  }
}
