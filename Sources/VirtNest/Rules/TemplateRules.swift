internal import LosslessXML

/// What `template lint` finds beyond what `check` does.
extension Rule {
  static let templateRules = [
    brokenBlock, noBlock, unusedParameter, unknownValue, differentDefault, refusedDefault,
    nameWithoutKata, identityLeftIn, unknownDistribution, sharedByGuests,
  ]

  private static func lint(
    _ code: Diagnostic.Code, _ severity: Diagnostic.Severity, _ title: String, reason: String
  ) -> Rule {
    Rule(code, severity, title, reason: reason, source: "Templates/README.md")
  }

  static let brokenBlock = lint(
    "VN101", .error, "The block of parameters cannot be used",
    reason: """
      A place selects nothing, or more than one thing without many='yes'; a name is reserved or used \
      twice; a type, limit, pattern or value cannot be read. No guest can be made from it.
      """)
  static let noBlock = lint(
    "VN102", .warning, "There is no block of parameters",
    reason: """
      Any definition can be used as a template, but without a block only the name and the options \
      of create change something.
      """)
  static let unusedParameter = lint(
    "VN103", .warning, "A parameter is not used",
    reason: "It sets no place and no other value refers to it, so that setting it has no effect.")
  static let unknownValue = lint(
    "VN104", .error, "A value cannot be computed",
    reason: """
      A {name} in it is neither a parameter nor one of release, codename, index and osinfo; or it \
      refers to itself; or its format does not fit.
      """)
  static let differentDefault = lint(
    "VN105", .error, "A default differs from the definition",
    reason: """
      The definition itself holds the defaults: with all of them, nothing changes but the identity. \
      If a default differs, the file and the guests made from it are two different things.
      """)
  static let refusedDefault = lint(
    "VN106", .error, "The definition has a value that its parameter refuses",
    reason: "It is outside the parameter's own range, pattern or list of values.")
  static let nameWithoutKata = lint(
    "VN107", .warning, "The guest's name does not contain kata",
    reason: """
      Emulator wrappers look for kata in the name, and so do people: guests for Kata Containers are \
      usually named like this.
      """)
  static let identityLeftIn = lint(
    "VN108", .error, "What identifies one guest is still in the template",
    reason: """
      Two guests made from it would share it. create derives uuid and MAC addresses from the name. \
      What libvirt writes for a running guest (id, aliases) belongs to that run.
      """)
  static let unknownDistribution = lint(
    "VN109", .warning, "The distribution or release is not in the table of releases",
    reason: """
      {codename} and {osinfo} then have no values, no other release can be chosen, and an end of \
      life is not reported.
      """)
  static let sharedByGuests = lint(
    "VN110", .warning, "Every guest of the template has the same image, device or port",
    reason: """
      Two guests that write to one image destroy it, and a device or port serves one guest at a \
      time. A parameter can set it for each guest.
      """)
}
