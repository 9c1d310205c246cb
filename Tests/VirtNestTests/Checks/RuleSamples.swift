extension RuleSample {
  static let all = reading + mechanisms + places + guests + together

  static let reading = [
    RuleSample(1, files: ["<domain>\n<name>▸"]),
    RuleSample(1, files: ["▸<network/>", RuleSample.guest]),
    RuleSample(1, files: ["<!-- c --><domain/>"]),
  ]

  static let mechanisms = [
    RuleSample(3, ("machine='pseries'", "▸machine='pseries-4.1,cap-nested-hv=true'")),
    RuleSample(3, ("machine='pseries'", "machine='pseries-4.1'")),

    RuleSample(4, ("<type arch='ppc64le' machine='pseries'", "▸<type machine='powernv9'")),
    RuleSample(4, ("<type arch='ppc64le' machine='pseries'", "▸<type arch='x86_64'")),
    RuleSample(4, ("type='kvm'", "type='xen'"), ("<type arch", "▸<type arch")),
    RuleSample(4, ("machine='pseries'", "machine='powernv9'"), noFeature),
    RuleSample(4, ("machine='pseries'", "machine='pseries-rhel8.6.0'")),

    RuleSample(5, ("<cpu mode='host-model'/>", "<cpu>▸<model>POWER8</model></cpu>")),
    RuleSample(5, ("<cpu mode='host-model'/>", "<cpu>▸<model>970</model></cpu>")),
    RuleSample(5, ("<cpu mode='host-model'/>", "<cpu><model>POWER8</model></cpu>"), noFeature),
    RuleSample(5, ("<cpu mode='host-model'/>", "<cpu><model>POWER10</model></cpu>")),

    RuleSample(
      6, ("<cpu mode='host-model'/>", "<cpu mode='host-model'>▸<model>power8</model></cpu>")),
    RuleSample(
      6,
      commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='max-cpu-compat=power8,x=y'/>")),
    RuleSample(
      6, ("<cpu mode='host-model'/>", "<cpu mode='host-model'><model>power9</model></cpu>"),
      machine("max-cpu-compat=power9")),

    RuleSample(7, ("<nested-hv", "▸<nested-hv"), machine("cap-nested-hv=off")),
    RuleSample(7, ("<nested-hv", "▸<nested-hv"), machine("pseries,cap-nested-hv=no")),
    RuleSample(7, machine("cap_nested_hv=no")),
    RuleSample(7, ("state='on'", "state='off'"), machine("cap-nested-hv=on")),
    RuleSample(7, ("state='on'", "state='off'")),

    RuleSample(
      8, ("<nested-hv state='on'", "▸<nested-hv state='off'"), machine("cap-nested-hv=on")),
    RuleSample(8, machine("cap-nested-hv=off")),

    RuleSample(
      9,
      commandLine("<qemu:arg value='-machine'/>▸<qemu:arg value='cap-nested-hv=yes'/>")),
    RuleSample(9, machine("cap-nested-hv=off")),
    RuleSample(9, machine("cap-nested-hv=on"), noFeature),

    RuleSample(
      10, commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='pseries,cap-nested=on'/>")),
    RuleSample(
      10, commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='cap-nested-kvm=on'/>")),
    RuleSample(10, ("<nested-hv", "▸<nested_hv")),
    RuleSample(10, ("<nested-hv", "▸<cap-nested-hv")),
    RuleSample(10, machine("cap_nested_hv=on,cap-nested-papr=off")),
    RuleSample(10, commandLine("<qemu:arg value='-name'/><qemu:arg value='nested=1'/>")),

    RuleSample(11, commandLine("<qemu:arg ▸value='-machine cap-nested-hv=on'/>")),
    RuleSample(11, commandLine("<qemu:arg ▸value='-M=cap-nested-hv=on'/>")),
    RuleSample(11, commandLine("<qemu:arg value='-machineX a'/>"), machine("a=-M b")),

    RuleSample(
      12, commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='cap-nested-hv'/>")),
    RuleSample(
      12, commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='pseries,cap_nested_hv'/>")),
    RuleSample(12, machine("pseries,cap-nested-hv=on")),
  ]
}
