/// Whether a release's own kernel can run L2 guests under API v1 (`cap-nested-hv`).
///
/// An L1 guest needs a `kvm-hv` module of Linux 4.20 or of a kernel with its nesting backported.
package enum NestedHVSupport: Sendable, Equatable {
  /// The release's kernel is 4.20 or later and has the module.
  case yes

  /// The release's kernel is older than 4.20, and its vendor has backported nesting.
  case backported

  /// The release's own kernel is too old; `hint` says which package brings a newer one.
  case needsNewerKernel(hint: String)

  /// The kernel is new enough, but the vendor does not support KVM on Power in this release; `note`
  /// says what follows for whoever uses it all the same.
  case moduleUnsupportedByVendor(note: String)
}
