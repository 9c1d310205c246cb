extension RuleSample {
  static let places = [
    RuleSample(
      13, commandLine("<qemu:arg value='-global'/><qemu:arg ▸value='x.cap_nested-hv=on'/>")),
    RuleSample(13, commandLine("<qemu:arg value='-global'/><qemu:arg value='x.y=on'/>")),

    RuleSample(14, commandLine("<qemu:arg ▸value='cap-nested-hv=true'/>")),
    RuleSample(14, commandLine("<qemu:arg value='a'/><qemu:arg ▸value='cap-nested-hv=true'/>")),
    RuleSample(14, machine("cap-nested-hv=true")),

    RuleSample(
      15, ("</domain>", "▸<qemu:commandline><qemu:arg value='-S'/></qemu:commandline></domain>")),
    RuleSample(
      15, ("</domain>", "▸<q:commandline xmlns:q='urn:q'><q:arg/></q:commandline></domain>")),
    RuleSample(15, machine("x=y")),
    RuleSample(
      15, ("type='kvm'", "type='xen'"),
      ("</domain>", "<q:commandline xmlns:q='urn:q'><q:arg/></q:commandline></domain>")),

    RuleSample(16, ("</domain>", "▸<commandline><arg value='-S'/></commandline></domain>")),
    RuleSample(16, commandLine("▸<arg value='-S'/>")),
    RuleSample(
      16,
      (
        "</domain>",
        "<commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg value='-S'/></commandline></domain>"
      )),

    RuleSample(
      17,
      (
        "<devices>",
        "<devices>▸<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'/>"
      )),
    RuleSample(
      17,
      (
        "<metadata>",
        "<metadata><q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'/>"
      )),

    RuleSample(18, ("<vcpu>", "▸<nested-hv state='on'/><vcpu>")),
    RuleSample(18, ("<cpu mode='host-model'/>", "<cpu>▸<nested-hv state='on'/></cpu>")),
    RuleSample(18, ("<metadata>", "<metadata><nested-hv state='on'/>")),

    RuleSample(19, ("<nested-hv state='on'", "<nested-hv ▸state='yes'")),
    RuleSample(19, ("<nested-hv state='on'", "▸<nested-hv")),
    RuleSample(19, ("<nested-hv state='on'", "<nested-hv state='off'")),

    RuleSample(20, commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='cap-nested-hv=ON'/>")),
    RuleSample(20, ("machine='pseries'", "▸machine='pseries,cap-nested-hv=1'")),
    RuleSample(20, machine("cap-nested-hv=y")),

    RuleSample(
      21, ("machine='pseries'", "machine='pseries-6.2'"),
      commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='pseries,x=y'/>")),
    RuleSample(
      21, ("machine='pseries'", "machine='pseries-6.2'"),
      commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='x=y,type=pseries-7.2'/>")),
    RuleSample(21, ("machine='pseries'", "machine='pseries-6.2'"), machine("pseries-6.2,x=y")),
    RuleSample(21, machine("cap-nested-hv")),

    RuleSample(
      22, commandLine("<qemu:arg value='-M'/>▸<qemu:arg value='cap-nested-papr=on'/>")),
    RuleSample(22, machine("cap-nested-papr=on,cap-nested-hv=off")),

    RuleSample(23, ("<nested-hv", "▸<hpt resizing='required'/><nested-hv")),
    RuleSample(23, ("<nested-hv state='on'/>", "<hpt resizing='required'/>")),

    RuleSample(24, ("</os>", "▸<cmdline>quiet disable_radix</cmdline></os>")),
    RuleSample(24, ("</os>", "▸<cmdline>disable_radix=yes</cmdline></os>")),
    RuleSample(24, ("</os>", "<cmdline>disable_radix=off no_disable_radix</cmdline></os>")),

    RuleSample(
      25, ("kata-x", "x"), noFeature,
      ("<devices>", "<devices>▸<emulator>/usr/bin/qemu-system-ppc64-nested</emulator>")),
    RuleSample(
      25, noFeature,
      ("<devices>", "<devices><emulator>/usr/bin/qemu-system-ppc64-nested</emulator>")),

    RuleSample(
      26, noFeature, ("<devices>", "<devices>▸<emulator>/opt/wrapper</emulator>")),
    RuleSample(26, ("<devices>", "<devices><emulator>/opt/wrapper</emulator>")),
    RuleSample(26, noFeature, ("<devices>", "<devices><emulator>/usr/libexec/qemu-kvm</emulator>")),

    RuleSample(
      27, noFeature,
      commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='cap-nested-hv=on'/>")),
    RuleSample(27, noFeature, machine("cap-nested-papr=on")),

    RuleSample(28, ("<name>", "▸<name>"), noFeature),
    RuleSample(28, ("kata-x", "x"), noFeature),
    RuleSample(28, ("state='on'", "state='off'")),

    RuleSample(57, commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='cap_nested_hv=on'/>")),
    RuleSample(
      57, noFeature,
      commandLine("<qemu:arg value='-M'/><qemu:arg ▸value='cap-nested-hv=on,cap_nested_hv=on'/>")),
    RuleSample(57, noFeature, machine("cap_nested_hv=on")),
    RuleSample(57, machine("cap_nested_papr=off")),
  ]
}
