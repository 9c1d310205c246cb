internal import LosslessXML

extension Rule {
  static let saidAgain = Rule(
    51, .warning, "An element again of which libvirt reads the first",
    reason: "Without --validate libvirt takes the first and ignores the others without a word.",
    source: "libvirt, src/conf/domain_conf.c (string(./memory[1]) and the like); \(measured)",
    versions: "all; with --validate the schema refuses it"
  ) { subject in
    let places: [([Step], [String])] = [
      ([], ["name", "uuid", "memory", "currentMemory", "maxMemory", "vcpu", "cpu"]),
      (["os"], ["type", "kernel", "initrd", "cmdline"]), (["cpu"], ["model", "topology"]),
      (["devices"], ["emulator"]),
    ]
    return places.flatMap { path, names in
      names.flatMap { name in
        let all = subject.domain.first(path)?.children(name) ?? []
        guard all.count > 1 else { return [] as [Hit] }
        let line = all[0].location.line
        return all.dropFirst().map { element in
          Hit(
            element, "libvirt ignores this <\(name)>: it reads the one in line \(line)",
            do: "Keep one of them.")
        }
      }
    }
  }
}
