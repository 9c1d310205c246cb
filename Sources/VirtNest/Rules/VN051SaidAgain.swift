internal import LosslessXML

extension Rule {
  static let saidAgain = Rule(
    51, .warning, "An element again of which libvirt reads the first",
    reason: "Without --validate libvirt takes the first and ignores the others without a word.",
    source: "libvirt, src/conf/domain_conf.c (string(./memory[1]) and the like); \(measured)",
    versions: "all; with --validate the schema refuses it"
  ) { subject in
    placesReadOnce.flatMap { path, names in
      guard let parent = subject.domain.first(path) else { return [] as [Hit] }
      var firsts = [Element?](repeating: nil, count: names.count)
      var lines = [Int?](repeating: nil, count: names.count)
      var hits: [Hit] = []
      for child in parent.children where child.namespace == nil {
        guard let index = child.firstMatch(among: names, from: 0) else { continue }
        guard let first = firsts[index] else {
          firsts[index] = child
          continue
        }
        let line = lines[index] ?? first.location.line
        lines[index] = line
        hits.append(
          Hit(
            child, "libvirt ignores this <\(names[index])>: it reads the one in line \(line)",
            do: "Keep one of them."))
      }
      return hits
    }
  }

  private static let placesReadOnce: [([Step], [String])] = [
    ([], ["name", "uuid", "memory", "currentMemory", "maxMemory", "vcpu", "cpu"]),
    (["os"], ["type", "kernel", "initrd", "cmdline"]), (["cpu"], ["model", "topology"]),
    (["devices"], ["emulator"]),
  ]
}
