extension Rule {
  /// What `template lint` finds in the block of parameters, by id from VN101 on.
  package static let lint: [Rule] = [
    brokenBlock, noBlock, unusedParameter, unknownValue, differentDefault, refusedDefault,
    nameWithoutKata, identityLeftIn, unknownDistribution,
  ]

  /// Every rule: those of `check`, then those of `template lint`.
  package static let everything = all + lint

  private static func lint(
    _ number: Int, _ severity: Severity, _ title: String, reason: String
  ) -> Rule {
    Rule(
      number, severity, title, reason: reason, source: "Templates/README.md", versions: "all",
      search: .reading)
  }

  static let brokenBlock = lint(
    101, .error, "The block of parameters cannot be used",
    reason: """
      A place finds nothing, or more than one thing without many='yes'; a name is reserved or used \
      twice; a type, limit, pattern or value cannot be read. Guests cannot be made from it.
      """)
  static let noBlock = lint(
    102, .warning, "There is no block of parameters",
    reason: """
      Any definition is a template, but without a block only --name and the options of create \
      change something. virt-nest template new makes a block.
      """)
  static let unusedParameter = lint(
    103, .warning, "A parameter is used nowhere",
    reason: """
      It sets no place and stands in no other value, so that giving it changes nothing.
      """)
  static let unknownValue = lint(
    104, .error, "A value cannot be computed",
    reason: """
      A {name} in it is no parameter and none of release, codename, index and osinfo; or it needs \
      itself; or its format does not fit.
      """)
  static let differentDefault = lint(
    105, .error, "A default is not what stands in the definition",
    reason: """
      The definition itself holds the defaults: with all of them, nothing changes but identity. A \
      default that says otherwise makes the file and its guests two different things.
      """)
  static let refusedDefault = lint(
    106, .error, "What stands in the definition is no value of its parameter",
    reason: """
      It is outside of the parameter's own range, pattern or list of values.
      """)
  static let nameWithoutKata = lint(
    107, .warning, "The guest's name has no kata in it",
    reason: """
      Emulator wrappers look for kata in the name, and so do people: guests for Kata Containers \
      are called like that.
      """)
  static let identityLeftIn = lint(
    108, .error, "What identifies one guest is left in",
    reason: """
      Two guests made from it would share it. create derives uuid and addresses from the name; what \
      libvirt writes of a running guest (id, aliases) belongs to that run.
      """)
  static let unknownDistribution = lint(
    109, .warning, "The distribution or release is not in the table of releases",
    reason: """
      {codename} and {osinfo} have no values then, --release takes nothing else, and nothing is \
      said of an end of life.
      """)
}
