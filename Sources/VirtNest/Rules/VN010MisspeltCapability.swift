internal import LosslessXML

extension Rule {
  static let misspeltCapability = Rule(
    10, .error, "A nested capability that does not exist",
    reason: """
      QEMU has cap-nested-hv and, from 9.0, cap-nested-papr (`_` is taken for `-`, capitals are \
      not). For another name it says at the start "Property 'pseries-7.2-machine.cap-nested' not \
      found"; libvirt's <features> knows nested-hv only, and says "unexpected feature".
      """,
    source: "QEMU, hw/ppc/spapr_caps.c; libvirt, src/conf/domain_conf.c, virDomainFeature; "
      + measured,
    versions: "all"
  ) { subject in
    let arguments = subject.arguments.machineArguments.flatMap { argument in
      argument.options.items.compactMap(\.key).filter(NestedCapability.isMisspelt).map { key in
        Hit(
          argument.value.element, attribute: "value", "QEMU's machine has no property '\(key)'",
          do: "Write cap-nested-hv=true.")
      }
    }
    let features = subject.domain.children("features").flatMap(\.children).filter { element in
      let name = element.localName.replacing("_", with: "-").lowercased()
      return element.localName != "nested-hv" && name.contains("nested")
    }
    return arguments
      + features.map { element in
        Hit(
          element, "libvirt has no feature <\(element.localName)>",
          do: "Write <nested-hv state='on'/>; cap-nested-papr goes through <qemu:commandline>.")
      }
  }
}
