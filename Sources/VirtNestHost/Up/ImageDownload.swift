internal import Glibc
internal import LosslessXML
package import SystemPackage
package import VirtNest

/// The image of a distribution, fetched by curl and compared with its published checksum.
///
/// It is kept in `$XDG_CACHE_HOME/virt-nest/images`, so that it is fetched once. The checksum comes from
/// the same server: it finds what was damaged or cut off on the way, and does not prove who made it.
package struct ImageDownload: Sendable {
  let url: String
  let name: String

  /// The folder that images are kept in.
  let folder: FilePath

  /// The files beside an image in which distributions publish checksums: Ubuntu; AlmaLinux, CentOS, Rocky
  /// Linux; Debian; openSUSE and others.
  private static let lists: [(name: String, digest: FileDigest)] = [
    ("SHA256SUMS", .sha256), ("CHECKSUM", .sha256), ("SHA512SUMS", .sha512), ("{}.sha256", .sha256),
    ("{}.CHECKSUM", .sha256),
  ]

  /// A download from a URL of http or https.
  ///
  /// - Throws: ``VirtNestError`` if the URL names no file, or if the user has no home.
  package init(_ url: String) throws(VirtNestError) {
    let path = url.prefix { $0 != "?" && $0 != "#" }
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let isName =
      !name.isEmpty && name.first != "." && name.first != "-"
      && name.unicodeScalars.allSatisfy { $0.isPlain(or: "._-+~") }
    guard isName, path.split(separator: "/").count > 2 else {
      throw VirtNestError(.storage, "\(url): the URL does not end in the name of an image")
    }
    guard let cache = xdgFolder("XDG_CACHE_HOME", orInHome: ".cache") else {
      throw VirtNestError(.storage, "neither XDG_CACHE_HOME nor HOME names a folder for images")
    }
    self.url = url
    self.name = String(name)
    folder = cache.appending("virt-nest").appending("images")
  }

  /// Fetches the image unless it is there, and gives its path.
  ///
  /// A download that was interrupted goes on.
  /// - Parameters:
  ///   - sha256: the checksum; `nil` to take that of the server.
  ///   - report: is told what is fetched.
  /// - Throws: ``VirtNestError`` if there is no checksum, or if the image has another one; `CancellationError`.
  package func image(sha256: String?, report: (UpProgress) -> Void) async throws -> FilePath {
    let (digest, wanted) = try await checksum(given: sha256)
    try makeFolders(folder, mode: 0o755)
    let path = folder.appending(name)
    if try await hash(of: path, digest) == wanted { return path }
    let part = folder.appending(name + ".part")
    // Complete, if only the new name was missing.
    if try await hash(of: part, digest) != wanted {
      report(.step("fetch \(url)"))
      try await fetch(into: part, report)
    }
    guard try await hash(of: part, digest) == wanted else {
      unlink(part.string)
      throw VirtNestError(
        .storage,
        "\(url): what was fetched has another checksum than the published one; run the command again, "
          + "and look at the server if that does not help")
    }
    guard rename(part.string, path.string) == 0 else {
      throw VirtNestError(.storage, "cannot rename \(part): \(Errno(rawValue: errno))")
    }
    return path
  }

  /// Goes on where an earlier download has ended, if the server can, or fetches the whole file.
  private func fetch(into part: FilePath, _ report: (UpProgress) -> Void) async throws {
    let isBegun = access(part.string, F_OK) == 0
    // Without a size from the server, nothing is told.
    let size = try await size()
    func curl(_ options: [String]) async throws -> ToolRun {
      try await UpProgress.following(size ?? 0, report) {
        size == nil ? nil : (try? Stat(part)).map { UInt64($0.size) }
      } work: {
        try await self.curl(options + ["--output", part.string, "--", url])
      }
    }
    var run = try await curl(["--continue-at", "-"])
    if isBegun, run.status != 0 {
      unlink(part.string)
      run = try await curl([])
    }
    guard run.status == 0 else {
      throw VirtNestError(.storage, "cannot fetch \(url): \(run.errorOutput.trimmingSpaces)")
    }
  }

  /// The size that the server gives; `nil` if it gives none.
  private func size() async throws -> UInt64? {
    let head = try await curl(["--head", "--", url])
    let lengths = head.output.split(whereSeparator: \.isNewline).compactMap { line in
      String(line).lowercased().parted(at: ":").flatMap { key, value in
        key == "content-length" ? UInt64(value.trimmingSpaces) : nil
      }
    }
    // The last one is that of the file itself, behind those of redirections.
    return lengths.last
  }

  /// The published checksum of the image.
  private func checksum(given: String?) async throws -> (FileDigest, String) {
    if let given { return (.sha256, given.lowercased()) }
    let base = String(url.prefix { $0 != "?" && $0 != "#" }.dropLast(name.count))
    for list in Self.lists {
      let file = list.name.replacing("{}", with: name)
      let run = try await curl(["--max-filesize", "1000000", "--", base + file])
      guard run.status == 0 else { continue }
      if let hash = Self.hash(of: name, in: run.output, list.digest) { return (list.digest, hash) }
    }
    throw VirtNestError(
      .storage,
      "\(url): there is no checksum of the image beside it; find the SHA-256 that the distribution "
        + "publishes, and give it")
  }

  /// The hash of a file in a list: `HASH  NAME`, `HASH *NAME`, `SHA256 (NAME) = HASH`.
  static func hash(of name: String, in list: String, _ digest: FileDigest) -> String? {
    for line in list.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ").map { String($0) }
      let candidate: String?
      if words.count == 2, words[1] == name || words[1] == "*" + name || words[1] == "./" + name {
        candidate = words[0]
      } else if words.count == 4, words[0] == digest.rawValue.uppercased(),
        words[1] == "(\(name))", words[2] == "="
      {
        candidate = words[3]
      } else {
        candidate = nil
      }
      if let candidate, candidate.utf8.count == digest.digits,
        candidate.allSatisfy(\.isHexDigit)
      {
        return candidate.lowercased()
      }
    }
    return nil
  }

  private func hash(of path: FilePath, _ digest: FileDigest) async throws -> String? {
    guard let file = try? FileDescriptor.open(path, .readOnly) else { return nil }
    return try await digest.hash(of: file)
  }

  private func curl(_ arguments: [String]) async throws -> ToolRun {
    try await ToolRun.run(
      "curl",
      ["--fail", "--location", "--silent", "--show-error", "--proto", "=http,https"] + arguments,
      limit: FileDigest.timeLimit)
  }
}

/// The hash of a file, by sha256sum or sha512sum of coreutils.
enum FileDigest: String {
  case sha256
  case sha512

  /// The time limit for reading a whole image.
  static let timeLimit = Duration.seconds(24 * 3600)

  /// How many hexadecimal digits it has.
  var digits: Int { self == .sha256 ? 64 : 128 }

  /// The hash of what a file has from where it is on.
  ///
  /// - Parameter file: the file, which is closed.
  /// - Throws: ``VirtNestError``; `CancellationError`.
  func hash(of file: FileDescriptor) async throws -> String {
    try read(try await ToolRun.run("\(self)sum", [], input: file, limit: Self.timeLimit))
  }

  /// The hash in what the program printed.
  func read(_ run: ToolRun) throws(VirtNestError) -> String {
    let hash = run.output.prefix { $0.isHexDigit }
    guard run.status == 0, hash.utf8.count == digits else {
      throw VirtNestError(.program, "\(self)sum failed: \(run.errorOutput)")
    }
    return String(hash)
  }
}
