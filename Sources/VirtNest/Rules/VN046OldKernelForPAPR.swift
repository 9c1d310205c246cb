internal import LosslessXML

extension Rule {
  static let oldKernelForPAPR = Rule(
    46, .warning, "A release whose own kernel is too old for nested-papr",
    reason: "API v2, cap-nested-papr, needs Linux 6.7 in the guest.",
    source: "Linux, Documentation/arch/powerpc/kvm-nested.rst", versions: "Linux 6.7 and later"
  ) { subject in
    guard subject.nesting.effective == .on(.papr), let release = subject.release,
      release.hasKernelForNestedPAPR == false, let element = subject.releaseElement
    else { return [] }
    let kernel = release.kernel.map { " \($0)" } ?? ""
    return [
      Hit(
        element, attribute: "id",
        "the own kernel\(kernel) of \(release.displayName) is too old for cap-nested-papr",
        do: "Install a kernel from 6.7 on in the guest, or take a newer release.")
    ]
  }
}
