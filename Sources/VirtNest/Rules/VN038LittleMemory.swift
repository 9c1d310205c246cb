internal import LosslessXML

extension Rule {
  static let littleMemory = Rule(
    38, .warning, "Less than 2 GiB of memory",
    reason: """
      The guest's own guests share its memory: 2 GiB run its system and one small guest. Kata \
      Containers gives each of its guests 2 GiB unless told otherwise.
      """,
    source: "the releases' minimum memory; Kata Containers, default_memory", versions: "all"
  ) { subject in
    guard subject.wantsNesting, let memory = subject.memoryInOnePlace,
      memory < .gibibytes(2), let element = subject.domain.child("memory")
    else { return [] }
    return [
      Hit(
        element, "\(memory) are little for a guest that runs guests",
        do: "Give it 4 GiB or more: virt-nest patch -i --memory 4GiB.")
    ]
  }
}

extension Subject {
  /// The memory, where `<memory>` says it; `nil` where it is the sum of NUMA cells.
  var memoryInOnePlace: MemorySize? {
    domain.first(["cpu", "numa", "cell"]) == nil ? guest.memory : nil
  }
}
