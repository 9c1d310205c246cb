internal import LosslessXML

/// What libvirt demands of a domain's name.
package enum GuestName {
  /// Refuses a name that libvirt refuses, or that its QEMU driver trips over.
  ///
  /// libvirt, `src/conf/domain_conf.c`: no `/` (it names files), no line end, not empty; `.` and
  /// `..` are taken at define and break the QEMU driver's folders.
  /// - Throws: ``InvalidValue`` with the reason.
  package static func check(_ name: String) throws(InvalidValue) {
    let reason: String? =
      if name.isEmpty {
        "a name must not be empty"
      } else if name.contains("/") {
        "libvirt takes no '/' in a name"
      } else if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
        "a name must not contain line ends or other control characters"
      } else if name == "." || name == ".." {
        "libvirt's QEMU driver makes files and folders of this name"
      } else if name.allSatisfy(\.isWhitespace) {
        "libvirt takes no name of white space alone"
      } else if !name.isRepresentableInXML {
        "XML cannot carry one of its characters"
      } else {
        nil
      }
    if let reason { throw InvalidValue("name", name, reason) }
  }

  /// Whether the source document's wrapper, and ours, would act on a guest of this name.
  package static func hasKata(_ name: String) -> Bool { name.lowercased().contains("kata") }
}
