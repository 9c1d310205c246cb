internal import Glibc
internal import LosslessXML
internal import SystemPackage
internal import VirtNest

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
