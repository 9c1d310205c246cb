internal import LosslessXML

/// Rules about CPUs and memory.
extension Rule {
  static let processorRules = [
    oldCPU, compatibilityMode, threadsUnderTCG, cpuNameUnderTCG, hostCPUUnderTCG, oldDefaultCPU,
    noCPU, littleMemory, oddMemory,
  ]

  private static let tcg: [RuleExample.Part: String] = [
    .domain: "<domain type='qemu'>", .cpu: "<cpu><model>POWER9</model></cpu>",
  ]

  static let oldCPU = Rule(
    "VN005", .error, "Nesting on a CPU before POWER9",
    reason: """
      libvirt accepts the definition, and at the start of the guest QEMU says "Nested-HV only \
      supported on POWER9 and later".
      """,
    source: "QEMU, hw/ppc/spapr_caps.c, cap_nested_kvm_hv_apply; \(measured)",
    example: RuleExample(
      .cpu, wrong: "<cpu><model>POWER8</model></cpu>", right: "<cpu><model>POWER9</model></cpu>")
  ) { checked, found in
    // With host-model it is a compatibility mode: VN006.
    guard checked.wantsNesting,
      let obstacle = checked.nesting.obstacles.first(where: { $0.kind == .processor })
    else { return }
    found.add(
      obstacle.argument ?? checked.domain.first(["cpu", "model"]) ?? checked.domain,
      "nesting is asked for, but \(obstacle.reason)",
      advice: "Write <model>POWER9</model> or later, or <cpu mode='host-model'/> under KVM.")
  }

  static let compatibilityMode = Rule(
    "VN006", .error, "Nesting in a compatibility mode before POWER9",
    reason: """
      QEMU runs with the capability, but the guest sees an older processor with a hash page table, \
      and kvm-hv cannot be loaded in it: nesting needs POWER9 and radix.
      """,
    source: "QEMU, hw/ppc/spapr.c, max-cpu-compat; Linux, arch/powerpc/kvm/book3s_hv.c, "
      + "kvmppc_core_check_processor_compat_hv; \(measured)",
    example: RuleExample(
      .cpu, wrong: "<cpu mode='host-model'><model>power8</model></cpu>",
      right: "<cpu mode='host-model'><model>power9</model></cpu>")
  ) { checked, found in
    guard checked.wantsNesting else { return }
    if let cpu = checked.guest.cpu, cpu.mode == "host-model", let model = cpu.model,
      let generation = cpu.powerGeneration, generation < 9,
      let element = checked.domain.first(["cpu", "model"])
    {
      found.add(
        element, "the guest runs as '\(model)', in which it cannot nest",
        advice: "Write <model>power9</model> or later, or remove <model>.")
    }
    for argument in checked.arguments.machineArguments {
      guard let value = argument.options.value(of: "max-cpu-compat"),
        let generation = CPU(mode: nil, model: value).powerGeneration, generation < 9
      else { continue }
      found.add(
        argument.value.element, attribute: "value",
        "max-cpu-compat=\(value) gives the guest a processor that cannot nest",
        advice: "Remove it, or write max-cpu-compat=power9.")
    }
  }

  static let threadsUnderTCG = Rule(
    "VN029", .error, "Several threads per core under TCG",
    reason: """
      QEMU says "TCG cannot support more than 1 thread/core on a pseries machine" at the start.
      """,
    source: "QEMU, hw/ppc/spapr.c, spapr_init_cpus; \(measured)",
    example: RuleExample(
      .cpu,
      wrong: """
        <cpu><model>POWER9</model><topology sockets='1' cores='1' threads='2'/></cpu>
        """,
      right: "<cpu><model>POWER9</model><topology sockets='1' cores='2' threads='1'/></cpu>",
      others: tcg)
  ) { checked, found in
    guard checked.isPSeries, checked.isEmulated,
      let threads = checked.guest.vcpus?.topology?.threads, threads > 1,
      let element = checked.domain.first(["cpu", "topology"])
    else { return }
    found.add(
      element, attribute: "threads", "TCG runs one thread per core, not \(threads)",
      advice: "Write threads='1' and as many cores as there are CPUs: \(.emulated).")
  }

  static let cpuNameUnderTCG = Rule(
    "VN030", .error, "A CPU name that libvirt does not know under TCG",
    reason: """
      libvirt's models are POWER9 and the like, in capitals; QEMU's own are power9_v2.0 and the \
      like, in small letters. For others libvirt says "cannot translate CPU model power9 to a \
      supported model" at the start. power9 in small letters is a compatibility mode of host-model, \
      under KVM.
      """,
    source: "libvirt, src/cpu_map/ppc64_POWER9.xml; src/cpu/cpu_ppc64.c; \(measured)",
    example: RuleExample(
      .cpu, wrong: "<cpu><model>power9</model></cpu>", right: "<cpu><model>POWER9</model></cpu>",
      others: tcg)
  ) { checked, found in
    guard checked.isPSeries, checked.isEmulated, let cpu = checked.guest.cpu,
      cpu.mode == nil || cpu.mode == "custom", cpu.powerGeneration != nil, let model = cpu.model,
      let element = checked.domain.first(["cpu", "model"])
    else { return }
    let name = model.contains("_") ? model.lowercased() : model.uppercased()
    guard name != model else { return }
    found.add(
      element, "libvirt knows no CPU '\(model)' for a guest of type 'qemu'",
      advice: "Write <model>\(name)</model>.")
  }

  static let hostCPUUnderTCG = Rule(
    "VN031", .warning, "The host's CPU for an emulated guest",
    reason: """
      TCG emulates any CPU, and libvirt defines such a guest, but on a host of another architecture \
      it refuses to start it: "CPU mode 'host-model' for ppc64le qemu domain on x86_64 host is not \
      supported by hypervisor".
      """,
    source: "libvirt, src/qemu/qemu_process.c, qemuProcessStartValidateGuest; \(measured)",
    example: RuleExample(
      .cpu, wrong: "<cpu mode='host-model'/>",
      right: "<cpu mode='custom' match='exact'><model>POWER9</model></cpu>", others: tcg)
  ) { checked, found in
    guard checked.isPSeries, checked.isEmulated, let mode = checked.guest.cpu?.mode,
      mode == "host-model" || mode == "host-passthrough", let element = checked.domain.child("cpu")
    else { return }
    found.add(
      element, attribute: "mode", "the CPU is the host's, but type='qemu' runs on any host",
      advice: "Write <cpu mode='custom' match='exact'><model>POWER9</model></cpu>, or type='kvm'.")
  }

  static let oldDefaultCPU = Rule(
    "VN032", .error, "No CPU, and a machine whose default is POWER8",
    reason: """
      If no CPU is given, QEMU's machines up to pseries-3.1 have POWER8, those from pseries-4.0 on \
      POWER9. Under TCG the guest then fails to start: "Nested-HV only supported on POWER9 and \
      later".
      """,
    source: "QEMU, hw/ppc/spapr.c, spapr_machine_3_1_class_options; \(measured)",
    example: RuleExample(
      .cpu, wrong: "", right: "<cpu mode='custom' match='exact'><model>POWER9</model></cpu>",
      others: [
        .domain: "<domain type='qemu'>",
        .type: "<type arch='ppc64le' machine='pseries-3.1'>hvm</type>",
      ])
  ) { checked, found in
    guard checked.hasOldDefaultCPU else { return }
    found.add(
      checked.machineElement, attribute: "machine",
      "no CPU is given, and this machine's default is POWER8, which cannot nest",
      advice: "Write <cpu mode='custom' match='exact'><model>POWER9</model></cpu>.")
  }

  static let noCPU = Rule(
    "VN033", .note, "No CPU model is given",
    reason: """
      libvirt and the machine type then choose the CPU, and it may be one that cannot nest. libvirt \
      9 writes POWER9 into an emulated guest with a machine from 4.0 on; POWER8 is the default of \
      older machines.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainSetDefaultCPU; \(measured)",
    example: RuleExample(.cpu, wrong: "", right: "<cpu mode='host-model'/>")
  ) { checked, found in
    guard checked.wantsNesting, checked.guest.cpu == nil, !checked.hasOldDefaultCPU else { return }
    found.add(
      checked.domain.child("cpu") ?? checked.domain,
      "no CPU model is given, and nesting needs POWER9 or later",
      advice: "Write <cpu mode='host-model'/> under KVM, or <model>POWER9</model> under TCG.")
  }

  static let littleMemory = Rule(
    "VN038", .warning, "Less than 2 GiB of memory",
    reason: """
      The guest's own guests share its memory: 2 GiB are enough for its system and one small guest. \
      Kata Containers gives each of its guests 2 GiB by default.
      """,
    source: "the releases' minimum memory; Kata Containers, default_memory",
    example: RuleExample(
      .memory, wrong: "<memory unit='MiB'>1024</memory>", right: "<memory unit='MiB'>4096</memory>")
  ) { checked, found in
    guard checked.wantsNesting, let memory = checked.memoryInOnePlace,
      memory < .gibibytes(2), let element = checked.domain.child("memory")
    else { return }
    found.add(
      element, "\(memory) is too little memory for a guest that runs guests",
      advice: "Give it 4 GiB or more: \(.property("memory", value: "4GiB")).")
  }

  static let oddMemory = Rule(
    "VN039", .warning, "Memory that is not a multiple of 256 MiB",
    reason: """
      The memory of a pseries guest comes in blocks of 256 MiB. libvirt rounds up at the start and \
      leaves the definition as it is; QEMU alone refuses other sizes.
      """,
    source: "libvirt, src/qemu/qemu_domain.c, qemuDomainGetMemorySizeAlignment; QEMU, "
      + "hw/ppc/spapr.c; \(measured)",
    example: RuleExample(
      .memory, wrong: "<memory unit='MiB'>4000</memory>", right: "<memory unit='MiB'>4096</memory>")
  ) { checked, found in
    let block = MemorySize.mebibytes(256)
    guard checked.isPSeries, let memory = checked.memoryInOnePlace,
      !memory.bytes.isMultiple(of: block.bytes), memory.bytes <= .max - block.bytes,
      let element = checked.domain.child("memory")
    else { return }
    let rounded = MemorySize(bytes: (memory.bytes / block.bytes + 1) * block.bytes)
    found.add(
      element, "\(memory) is not a multiple of \(block), so the guest gets \(rounded)",
      advice: """
        Write what it gets: \
        \(.property("memory", value: rounded.description.replacing(" ", with: ""))).
        """)
  }
}

extension CheckedGuest {
  /// Whether no CPU is given and the machine's default, under TCG, is POWER8.
  var hasOldDefaultCPU: Bool {
    guard wantsNesting, isEmulated, guest.cpu == nil, let version = guest.machine?.version else {
      return false
    }
    return version < Version(4, 0)
  }
}

extension MachineType {
  /// QEMU's version in the name, as in `pseries-4.1` and `pseries-2.12-sxxm`.
  fileprivate var version: Version? {
    isPSeries && vendor == nil ? Version(String(name.dropFirst("pseries-".count))) : nil
  }
}
