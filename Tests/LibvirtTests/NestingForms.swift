import VirtNest

/// A way in which people write about nesting, in the rest of a definition that starts anywhere.
struct NestingForm: Sendable {
  var title: String
  var root = "xmlns:qemu='\(qemuNamespace)'"
  var machine = "pseries"
  var features = ""
  var tail = ""

  static let qemuNamespace = "http://libvirt.org/schemas/domain/qemu/1.0"

  /// The definition of guest number `index`.
  func definition(_ index: Int) -> [UInt8] {
    let digits = String(1000 + index)
    return Array(
      """
      <domain type='qemu' \(root)>
        <name>guest-\(index)</name>
        <uuid>7d4a0d0e-0000-4000-9000-00000000\(digits)</uuid>
        <memory unit='MiB'>256</memory>
        <vcpu>1</vcpu>
        <os><type arch='ppc64le' machine='\(machine)'>hvm</type></os>
        \(features)
        <cpu mode='custom'><model>POWER9</model></cpu>
        <devices>
          <controller type='usb' model='none'/>
          <memballoon model='none'/>
        </devices>
        \(tail)
      </domain>

      """.utf8)
  }

  /// `<qemu:arg>` elements.
  static func args(_ values: String...) -> String {
    values.map { "<qemu:arg value='\($0)'/>" }.joined()
  }

  static func commandLine(_ arguments: String) -> String {
    "<qemu:commandline>\(arguments)</qemu:commandline>"
  }

  static func feature(_ state: String) -> String { "<nested-hv state='\(state)'/>" }

  static func features(_ content: String) -> String { "<features>\(content)</features>" }

  static let all = elements + values + spellings + namespaces + combinations

  private static let elements: [NestingForm] = [
    NestingForm(title: "nothing"),
    NestingForm(title: "feature on", features: features(feature("on"))),
    NestingForm(title: "feature off", features: features(feature("off"))),
    NestingForm(title: "feature without a state", features: features("<nested-hv/>")),
    NestingForm(title: "feature 'yes'", features: features(feature("yes"))),
    NestingForm(title: "feature 'default'", features: features(feature("default"))),
    NestingForm(title: "feature ' on'", features: features(feature(" on"))),
    NestingForm(title: "feature ''", features: features(feature(""))),
    NestingForm(title: "feature outside features", features: feature("on")),
    NestingForm(title: "feature deeper", features: "<pm>\(feature("on"))</pm>"),
    NestingForm(
      title: "feature in a namespace",
      features: features("<nested-hv xmlns='urn:other' state='on'/>")),
    NestingForm(
      title: "feature, prefixed", features: features("<qemu:nested-hv state='on'/>")),
    NestingForm(
      title: "two features elements, on and off",
      features: features(feature("on")) + features(feature("off"))),
    NestingForm(
      title: "two features elements, off and on",
      features: features(feature("off")) + features(feature("on"))),
    NestingForm(title: "on and off", features: features(feature("on") + feature("off"))),
    NestingForm(title: "off and on", features: features(feature("off") + feature("on"))),
    NestingForm(
      title: "features empty, then on", features: "<features/>" + features(feature("on"))),
  ]

  private static let values: [NestingForm] = [
    "on", "off", "true", "false", "yes", "no", "y", "n", "1", "0", "On", "TRUE", "", "enabled",
    "on ", " on", "on,,",
  ].map {
    NestingForm(title: "value '\($0)'", tail: commandLine(args("-machine", "cap-nested-hv=\($0)")))
  }

  private static let spellings: [NestingForm] = [
    ("-M", "cap-nested-hv=true"), ("--machine", "cap-nested-hv=true"),
    ("--M", "cap-nested-hv=true"), ("-machine", "pseries,cap-nested-hv=true"),
    ("-machine", "pseries-6.2,cap-nested-hv=true,cap-htm=off"),
    ("-machine", "type=pseries-6.2,cap-nested-hv=true"),
    ("-machine", "cap-nested-hv=true,pseries-6.2"), ("-machine", "cap-nested-hv"),
    ("-machine", "pseries,cap-nested-hv"), ("-machine", "pseries,nocap-nested-hv"),
    ("-machine", "pseries,no-cap-nested-hv"), ("-machine", "cap_nested_hv=true"),
    ("-machine", "cap_nested-hv=true"), ("-machine", "cap-nested-hv=off,cap_nested_hv=on"),
    ("-machine", "cap-nested-hv=on,cap-nested-hv=off"),
    ("-machine", "cap-nested-hv=off,cap-nested-hv=on"),
    ("-machine", "cap-nested-hv=banana,cap-nested-hv=on"),
    ("-machine", "pseries, cap-nested-hv=on"), ("-machine", "cap-nested-hv=on,"),
    ("-machine", ",cap-nested-hv=on"), ("-machine", "cap-nested-hv =on"),
    ("-machine", "CAP-NESTED-HV=on"), ("-machine", "cap-nested=on"),
    ("-machine", "cap-nested-hv&#61;on"), ("-machine", "cap-nested-hv.x=on"),
    ("-machine", "host-serial=a,,cap-nested-hv=on"),
    ("-global", "pseries-7.2-machine.cap-nested-hv=on"),
    ("-global", "spapr-machine.cap-nested-hv=on"),
    ("-global", "driver=pseries-7.2-machine,property=cap-nested-hv,value=on"),
    ("-machine", "kernel-irqchip=off"), ("-machine", ""),
  ].map {
    NestingForm(title: "\($0.0) \($0.1)", tail: commandLine(args($0.0, $0.1)))
  }

  private static let namespaces: [NestingForm] = {
    let on = commandLine(args("-machine", "cap-nested-hv=on"))
    return [
      NestingForm(
        title: "a default namespace", root: "",
        tail: on.replacing("qemu:", with: "")
          .replacing("<commandline>", with: "<commandline xmlns='\(qemuNamespace)'>")),
      NestingForm(
        title: "another prefix", root: "xmlns:q='\(qemuNamespace)'",
        tail: on.replacing("qemu:", with: "q:")),
      NestingForm(
        title: "declared at the element", root: "",
        tail: on.replacing(
          "<qemu:commandline>", with: "<qemu:commandline xmlns:qemu='\(qemuNamespace)'>")),
      NestingForm(title: "no declaration", root: "", tail: on),
      NestingForm(
        title: "a wrong namespace", root: "xmlns:qemu='\(qemuNamespace)/'", tail: on),
      NestingForm(
        title: "the namespace of lxc",
        root: "xmlns:qemu='http://libvirt.org/schemas/domain/lxc/1.0'",
        tail: on),
      NestingForm(title: "no prefix", tail: on.replacing("qemu:", with: "")),
      NestingForm(
        title: "arguments without a prefix",
        tail: on.replacing("qemu:arg", with: "arg")),
      NestingForm(
        title: "a prefix bound anew",
        tail: on.replacing("<qemu:commandline>", with: "<qemu:commandline xmlns:qemu='urn:x'>")),
      NestingForm(title: "in devices", features: "<pm>\(on)</pm>"),
      NestingForm(title: "before everything", features: on),
    ]
  }()

  private static let combinations: [NestingForm] = {
    let on = args("-machine", "cap-nested-hv=true")
    let off = args("-machine", "cap-nested-hv=false")
    let featureOn = features(feature("on"))
    let featureOff = features(feature("off"))
    return [
      NestingForm(title: "feature off, argument on", features: featureOff, tail: commandLine(on)),
      NestingForm(title: "feature on, argument off", features: featureOn, tail: commandLine(off)),
      NestingForm(title: "both on", features: featureOn, tail: commandLine(on)),
      NestingForm(
        title: "feature on, argument about something else", features: featureOn,
        tail: commandLine(args("-machine", "cap-htm=off"))),
      NestingForm(title: "argument on, then off", tail: commandLine(on + off)),
      NestingForm(title: "argument off, then on", tail: commandLine(off + on)),
      NestingForm(title: "on and off in two elements", tail: commandLine(on) + commandLine(off)),
      NestingForm(title: "off and on in two elements", tail: commandLine(off) + commandLine(on)),
      NestingForm(
        title: "option and value in two elements",
        tail: commandLine(args("-machine")) + commandLine(args("cap-nested-hv=on"))),
      NestingForm(
        title: "option and value in one argument",
        tail: commandLine(args("-machine cap-nested-hv=true"))),
      NestingForm(
        title: "option=value", tail: commandLine(args("-machine=cap-nested-hv=true"))),
      NestingForm(title: "an option at the end", tail: commandLine(on + args("-machine"))),
      NestingForm(
        title: "an environment between",
        tail: commandLine(
          args("-machine") + "<qemu:env name='A' value='b'/>" + args("cap-nested-hv=on"))),
      NestingForm(
        title: "an argument of something else's",
        tail: commandLine(args("-name", "-machine", "-M", "cap-nested-hv=on"))),
      NestingForm(
        title: "an option that eats the option",
        tail: commandLine(args("-name", "-machine", "-snapshot"))),
      NestingForm(title: "no value", tail: commandLine("<qemu:arg/>" + on)),
      NestingForm(
        title: "behind an option without a value", tail: commandLine(args("-snapshot") + on)),
      NestingForm(
        title: "an option's value that is a machine option",
        tail: commandLine(args("-name", "-M") + on)),
      NestingForm(
        title: "feature on, argument in the other spelling", features: featureOn,
        tail: commandLine(args("-machine", "cap_nested_hv=on"))),
      NestingForm(
        title: "feature off, argument in the other spelling", features: featureOff,
        tail: commandLine(args("-machine", "cap_nested_hv=on"))),
      NestingForm(
        title: "two spellings in two arguments",
        tail: commandLine(on + args("-machine", "cap_nested_hv=on"))),
      NestingForm(
        title: "two spellings, neither QEMU's own",
        tail: commandLine(
          args("-machine", "cap_nested_hv=on") + args("-machine", "cap-nested_hv=on"))),
      NestingForm(
        title: "both interfaces", features: featureOn,
        tail: commandLine(args("-machine", "cap-nested-papr=true"))),
      NestingForm(
        title: "an invalid value, then a valid one",
        tail: commandLine(args("-machine", "cap-nested-hv=banana") + on)),
      NestingForm(
        title: "feature invalid, argument on", features: features(feature("banana")),
        tail: commandLine(on)),
      NestingForm(
        title: "-global off, feature on", features: featureOn,
        tail: commandLine(args("-global", "pseries-7.2-machine.cap-nested-hv=off"))),
    ]
  }()
}
