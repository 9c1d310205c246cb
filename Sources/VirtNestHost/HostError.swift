internal import LosslessXML
internal import SystemPackage
package import VirtNest

extension Diagnostic.Code {
  /// A file that cannot be read or written; it holds what it held.
  package static let file: Self = "file"
  /// A file that holds the new bytes, and something else is wrong.
  package static let fileReplaced: Self = "file-replaced"
  /// A file that holds part of the new and part of the old bytes, which only an overwrite can leave.
  package static let fileDamaged: Self = "file-damaged"
  /// A file whose old content is kept under another name, which the message tells.
  package static let fileKept: Self = "file-kept"
  /// What libvirt refuses or does not find.
  package static let libvirt: Self = "libvirt"
  /// A storage pool that libvirt does not know.
  static let missingPool: Self = "libvirt-no-pool"
  /// A storage volume that libvirt does not know.
  static let missingVolume: Self = "libvirt-no-volume"
  /// A guest for KVM, where the libvirt that was asked has none for Power.
  package static let missingKVM: Self = "libvirt-no-kvm"
  /// A guest whose definition has no channel for an agent.
  static let missingAgent: Self = "libvirt-no-agent"
  /// A command that a guest's agent does not run.
  static let agentRefusal: Self = "agent-refusal"
  /// A file that a guest's agent does not find.
  static let agentMissingFile: Self = "agent-no-file"
  /// A program that cannot be run, or fails for a reason of its own.
  package static let program: Self = "program"
  /// Facts of a host that cannot be read.
  package static let facts: Self = "facts"
  /// A schema or template that is not where it is looked for.
  package static let notFound: Self = "not-found"
  /// What `up` and `down` do not do.
  static let storage: Self = "storage"
  /// A seed image that cannot be made.
  static let seed: Self = "seed"
}

extension VirtNestError {
  /// An error about a file, with the reason that the system gave.
  init(
    file path: FilePath, _ problem: String, _ reason: Errno? = nil, advice: String? = nil,
    code: Diagnostic.Code = .file
  ) {
    let message = problem + (reason.map { ": \($0)" } ?? "") + (advice.map { "; \($0)" } ?? "")
    self.init(.error(code, message).about(path.argument))
  }

  /// Runs `body`, and turns its `Errno` into an error about `path`.
  static func wrap<Result: ~Copyable>(
    _ path: FilePath, _ problem: String, advice: String? = nil, code: Diagnostic.Code = .file,
    _ body: () throws -> Result
  ) throws(VirtNestError) -> Result {
    do {
      return try body()
    } catch let reason as Errno {
      throw VirtNestError(file: path, problem, reason, advice: advice, code: code)
    } catch {
      preconditionFailure("calls of the system throw Errno only, not \(error)")
    }
  }

  /// A program that is not installed; the message names the packages that contain it.
  init(notFound program: String) {
    let packages: [String: (debian: String, fedora: String)] = [
      "virsh": ("libvirt-clients", "libvirt-client"),
      "qemu-system-ppc64": ("qemu-system-ppc", "qemu-system-ppc-core"),
      "ssh": ("openssh-client", "openssh-clients"), "curl": ("curl", "curl"),
    ]
    let advice =
      packages[program].map {
        "; install the package \($0.debian) (Debian, Ubuntu) or \($0.fedora) (Fedora)"
      } ?? ""
    self.init(.program, "'\(program)' was not found" + advice)
  }

  /// The error messages of virsh.
  init(virsh messages: [String]) {
    let text =
      messages.isEmpty ? "virsh failed without a message" : messages.joined(separator: "; ")
    let code = Self.meanings.first { meaning in text.contains(meaning.text) }?.code
    self.init(code ?? .libvirt, text)
  }

  /// What somebody acts on, by the words for it: virsh prints no codes.
  ///
  /// The agent's are from QEMU, `qapi/qmp-dispatch.c`.
  private static let meanings: [(text: String, code: Diagnostic.Code)] = [
    ("Storage pool not found", .missingPool), ("Storage volume not found", .missingVolume),
    ("virt type 'kvm'", .missingKVM), ("guest agent is not configured", .missingAgent),
    ("has been disabled", .agentRefusal),
    ("has not been found", .agentRefusal), ("No such file", .agentMissingFile),
  ]
}
