internal import TestSupport

/// The folder of the proof's scripts and sources.
let proofFolder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex))

/// What an L1 boots, as `make-guest` builds it.
struct GuestImages: Sendable {
  /// What is built; the meaning of each is in `make-guest`.
  enum Variant: String, Sendable, Hashable {
    case stable
    case linuxL2 = "linux-l2"
    case libvirtL2 = "libvirt-l2"
    case papr
  }

  /// The folder that `make-guest` printed.
  var folder: String
  /// The QEMU that the variant brings with it; the system's where `nil`.
  var emulator: String?

  var kernel: String { folder + "/vmlinux" }
  var initrd: String { folder + "/initramfs" }

  /// The images of `variant`, built on their first use on this machine, asked for once a process.
  /// - Throws: ``NotToBeHad``, ``CannotMakeImages``.
  static func of(_ variant: Variant) async throws -> GuestImages {
    try await store.images(of: variant)
  }

  private static let store = Store()

  private actor Store {
    private var builds: [Variant: Task<GuestImages, any Error>] = [:]

    func images(of variant: Variant) async throws -> GuestImages {
      if let build = builds[variant] { return try await build.value }
      let build = Task { try await GuestImages.make(variant) }
      builds[variant] = build
      return try await build.value
    }
  }

  private static func make(_ variant: Variant) async throws -> GuestImages {
    let made = try await TestSupport.run(
      proofFolder + "/make-guest", [variant.rawValue])
    switch made.status {
    case .exited(0):
      let folder = String(made.outputText.prefix { $0 != "\n" })
      return GuestImages(folder: folder, emulator: variant == .papr ? folder + "/qemu/run" : nil)
    case .exited(3):
      throw NotToBeHad(reason: made.errorText)
    default:
      throw CannotMakeImages(reason: made.errorText)
    }
  }
}

/// The distribution's packages are too old for a variant: nothing is wrong, and nothing is shown.
struct NotToBeHad: Error, CustomStringConvertible {
  var reason: String

  var description: String { "not shown: \(reason)" }
}

/// Images that could not be built.
struct CannotMakeImages: Error, CustomStringConvertible {
  var reason: String

  var description: String { "the images of the L1 could not be made: \(reason)" }
}

/// A copy of an initramfs that has more files, at the guest's root.
/// - Parameters:
///   - files: Their names in `folder`, where the copy is made as well.
/// - Returns: The path of the copy.
/// - Throws: ``CannotMakeImages``.
func initramfs(
  _ initrd: String, with files: [String], in folder: String
) async throws -> String {
  // The kernel unpacks one archive behind another.
  let pack = try await run(
    "sh",
    [
      "-c",
      #"cp "$1" initrd && shift && printf '%s\n' "$@" | cpio --quiet -o -H newc >>initrd"#, "sh",
      initrd,
    ] + files, in: folder)
  guard pack.succeeded else {
    throw CannotMakeImages(
      reason: "cannot pack \(files.joined(separator: ", ")): \(pack.errorText)")
  }
  return folder + "/initrd"
}
