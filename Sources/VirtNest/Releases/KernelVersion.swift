/// The version of a Linux kernel, as far as nesting depends on it: `4.18`, `6.7`.
package struct KernelVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The first number: 6 in `6.7`.
  package let major: Int

  /// The second number: 7 in `6.7`.
  package let minor: Int

  /// The version `major.minor`.
  package init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// The first kernel whose `kvm-hv` runs in an L1 guest under API v1 (`cap-nested-hv`).
  ///
  /// Source: "KVM: PPC: Book3S HV: Nested guest entry via hypercall", Linux 4.20.
  package static let firstWithNestedHV = KernelVersion(4, 20)

  /// The first kernel whose `kvm-hv` runs in an L1 guest under API v2 (`cap-nested-papr`).
  ///
  /// Source: Documentation/arch/powerpc/kvm-nested.rst, Linux 6.7.
  package static let firstWithNestedPAPR = KernelVersion(6, 7)

  /// `MAJOR.MINOR`.
  package var description: String { "\(major).\(minor)" }

  /// Whether `left` is the older version.
  package static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
