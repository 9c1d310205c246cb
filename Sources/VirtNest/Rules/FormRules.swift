internal import LosslessXML

/// Rules about the form of the file: what libvirt does not read, or reads only once.
extension Rule {
  static let formRules = [
    notADefinition, schema, foreignCommandLine, commandLineWithoutNamespace, commandLineOutOfPlace,
    liveDefinition, repeatedElement, spacedValue,
  ]

  static let notADefinition = Rule(
    "VN001", .error, "The file is not a domain definition",
    reason: """
      libvirt reads well-formed XML whose root is <domain>. Other encodings and document type \
      declarations are refused here because they could not be changed byte for byte.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainDefParse")

  static let schema = Rule(
    "VN002", .error, "libvirt's schema does not allow it",
    reason: """
      `virsh define --validate` and `virsh edit` refuse what the schema does not allow. Without \
      validation libvirt ignores most of it, so that a misspelt element has no effect.
      """,
    source: "libvirt, src/conf/schemas/domain.rng, as installed",
    versions: "the installed libvirt's")

  static let spacedValue = Rule(
    "VN072", .error, "White space around a word of libvirt's",
    reason: """
      The schema takes ' hvm ' for 'hvm', and libvirt compares the bytes: it says "unknown OS type ' \
      hvm '", "cannot translate CPU model", "Invalid value for attribute" and the like.
      """,
    source: "libvirt, src/conf/domain_conf.c, src/util/virxml.c; \(measured)",
    example: RuleExample(
      .type, wrong: "<type arch='ppc64le' machine='pseries'> hvm </type>",
      right: "<type arch='ppc64le' machine='pseries'>hvm</type>")
  ) { checked, found in
    guard checked.isForQEMU || checked.guest.domainType.map({ $0 != $0.trimmingSpaces }) == true
    else { return }
    for (element, attribute, value) in checked.domain.spacedWords(at: []) {
      found.add(
        element, attribute: attribute,
        "libvirt does not know '\(value)' with white space around it",
        advice: "Write '\(value.trimmingSpaces)'.")
    }
  }

  static let foreignCommandLine = Rule(
    "VN015", .error, "A command line in a namespace that is not QEMU's",
    reason: """
      libvirt looks for <commandline> only in the namespace \(DomainNamespace.qemu). If xmlns:qemu \
      is missing or names something else, the guest is defined and started without its arguments, \
      and the next dump has lost them.
      """,
    source: "libvirt, src/qemu/qemu_conf.c, virQEMUDriverDomainXMLConfInit; \(measured)",
    versions: "all; the schema refuses it, so that define --validate does",
    example: RuleExample(
      .end, wrong: "<q:commandline xmlns:q='urn:q'><q:arg value='-S'/></q:commandline>",
      right: "<q:commandline xmlns:q='\(DomainNamespace.qemu)'><q:arg value='-S'/></q:commandline>")
  ) { checked, found in
    guard checked.isForQEMU else { return }
    for element in checked.domain.children {
      let name = element.qualifiedName
      let advice: Advice =
        "Declare the prefix on <domain>: xmlns:qemu='\(DomainNamespace.qemu)'."
      if let namespace = element.namespace {
        guard element.hasLocalName("commandline"), namespace != DomainNamespace.qemu else {
          continue
        }
        found.add(
          element, "libvirt ignores <\(name)> in the namespace '\(namespace)'", advice: advice)
      } else if name.hasSuffix(":commandline") {
        let prefix = String(name.dropLast(":commandline".count))
        found.add(
          element, "the prefix '\(prefix)' is not declared, so libvirt ignores <\(name)>",
          advice: advice)
      }
    }
  }

  static let commandLineWithoutNamespace = Rule(
    "VN016", .error, "A command line in no namespace",
    reason: """
      libvirt looks for <commandline> and <arg> only in the namespace \(DomainNamespace.qemu), by a \
      prefix or as the default namespace. It ignores others without a word.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefNamespaceParse; \(measured)",
    versions: "all; the schema refuses it, so that define --validate does",
    example: RuleExample(
      .end, wrong: "<commandline><arg value='-S'/></commandline>",
      right: "<commandline xmlns='\(DomainNamespace.qemu)'><arg value='-S'/></commandline>")
  ) { checked, found in
    guard checked.isForQEMU else { return }
    let inside = checked.arguments.commandLines.flatMap(\.children).filter {
      $0.namespace == nil && ($0.localName == "arg" || $0.localName == "env")
    }
    for element in checked.domain.children("commandline") + inside {
      found.add(
        element, "libvirt ignores <\(element.qualifiedName)> without QEMU's namespace",
        advice: """
          Write <qemu:\(element.localName)>, and xmlns:qemu='\(DomainNamespace.qemu)' on <domain>.
          """)
    }
  }

  static let commandLineOutOfPlace = Rule(
    "VN017", .error, "A command line in the wrong place",
    reason: "libvirt looks for <qemu:commandline> only among the children of <domain>.",
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainDefNamespaceParse; \(measured)",
    versions: "all; the schema refuses it, so that define --validate does",
    example: RuleExample(
      .devices, wrong: "<q:commandline xmlns:q='\(DomainNamespace.qemu)'/>", right: "")
  ) { checked, found in
    for element in checked.elements(withLocalName: "commandline")
    where element.isNamed("commandline", in: DomainNamespace.qemu)
      && element.parent != checked.domain
    {
      found.add(
        element,
        "libvirt ignores <\(element.qualifiedName)> in <\(element.parent?.qualifiedName ?? "")>",
        advice: "Move it to the end of <domain>.")
    }
  }

  static let liveDefinition = Rule(
    "VN048", .note, "The definition of a running guest",
    reason: """
      A dump of a running guest contains what holds only until it stops: its id, aliases and \
      security labels. libvirt ignores them when the file is defined, and in git the file changes \
      with every start.
      """,
    source: "libvirt, docs/manpages/virsh.rst (dumpxml); \(measured)",
    example: RuleExample(
      .domain, wrong: "<domain type='kvm' id='3'>", right: "<domain type='kvm'>")
  ) { checked, found in
    let domain = checked.domain
    let alias = checked.devices.lazy.compactMap { $0.child("alias") }
      .first { alias in alias["name"].map { !$0.hasPrefix("ua-") } ?? false }
    let label = domain.children("seclabel").first {
      $0["type"] == "dynamic" && $0.child("imagelabel") != nil
    }
    guard let sign = domain["id"] != nil ? domain : alias ?? label else { return }
    found.add(
      sign, attribute: "id", "this is the definition of a running guest",
      advice: "Keep what virsh dumpxml prints with its option --inactive.")
  }

  static let repeatedElement = Rule(
    "VN051", .warning, "Repeated element: libvirt reads only the first",
    reason: "Without schema validation libvirt reads the first and ignores the others silently.",
    source: "libvirt, src/conf/domain_conf.c (string(./memory[1]) and the like); \(measured)",
    versions: "all; the schema refuses it, so that define --validate does",
    example: RuleExample(
      .memory,
      wrong: "<memory unit='MiB'>4096</memory><memory unit='MiB'>8192</memory>",
      right: "<memory unit='MiB'>8192</memory>")
  ) { checked, found in
    for (path, names) in placesReadOnce {
      for child in checked.domain.first(path)?.children.filter({ $0.namespace == nil }) ?? [] {
        guard let name = names.first(where: child.hasLocalName),
          let line = found.earlierLine(of: "\(path.last?.name ?? "")/\(name)", child)
        else { continue }
        found.add(
          child, "libvirt ignores this <\(name)>: it reads the one in line \(line)",
          advice: "Keep one of them.")
      }
    }
  }

  /// Elements of which libvirt reads the first, by the place that they stand in.
  private static let placesReadOnce: [([Step], [String])] = [
    ([], ["name", "uuid", "memory", "currentMemory", "maxMemory", "vcpu", "cpu"]),
    (["os"], ["type", "kernel", "initrd", "cmdline"]), (["cpu"], ["model", "topology"]),
    (["devices"], ["emulator"]),
  ]
}

extension Element {
  /// The values in it, of those that the schema lists, that have white space around them.
  fileprivate func spacedWords(
    at path: [String]
  ) -> [(element: Element, attribute: String?, value: String)] {
    let place = WordTable.standard.place(path) ?? WordTable.Place()
    var found: [(Element, String?, String)] = []
    let isSpaced = { (value: String, values: [String], isWord: Bool) in
      let word = value.trimmingSpaces
      return word != value && !word.isEmpty && (isWord || values.contains(word))
    }
    for (name, values) in place.attributes.sorted(by: { $0.key < $1.key }) {
      if let value = self[name], isSpaced(value, values, ["type", "model"].contains(name)) {
        found.append((self, name, value))
      }
    }
    if let values = place.text, Array(children).isEmpty {
      if isSpaced(text, values, path == ["cpu", "model"]) { found.append((self, nil, text)) }
    }
    return found
      + children.filter { $0.namespace == nil && !$0.isNamed("metadata") }.flatMap {
        $0.spacedWords(at: path + [$0.localName])
      }
  }
}
