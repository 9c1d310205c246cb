extension Rule {
  static let schema = Rule(
    2, .error, "libvirt's schema does not allow it",
    reason: """
      `virsh define --validate` and `virsh edit` refuse what the schema does not allow. Without \
      --validate libvirt ignores most of it, so that a misspelt element has no effect.
      """,
    source: "libvirt, src/conf/schemas/domain.rng, as installed",
    versions: "the installed libvirt's", search: .schema)
}
