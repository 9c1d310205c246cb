extension Rule {
  static let notADefinition = Rule(
    1, .error, "The file is no domain definition",
    reason: """
      libvirt reads well-formed XML whose root is <domain>. What is not taken here beyond that \
      (other encodings, document type declarations) could not be changed byte for byte.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainDefParse",
    versions: "all", search: .reading)
}
