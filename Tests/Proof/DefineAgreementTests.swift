import Foundation
internal import TestSupport
internal import Testing

@Suite(
  "check and libvirt's define",
  .enabled(
    if: unmetRequirements.isEmpty,
    "needs \(unmetRequirements.joined(separator: ", "))"),
  .needs("python3"))
struct DefineAgreementTests {
  @Test(
    "check finds what define refuses, of definitions that are changed at random",
    .readsLibvirtCorpus)
  func drawn() async throws {
    let corpus = Corpus.libvirtFolder.path
    let (count, starts) = isWholeProofWanted ? (15_000, 200) : (500, 5)
    let folder = try TemporaryFolder()
    let drawn = folder.file("drawn")
    try FileManager.default.createDirectory(atPath: drawn, withIntermediateDirectories: false)
    let run = try await PrivateLibvirtd.run(in: folder.file("d")) { libvirtd in
      try await TestSupport.run(
        proofFolder + "/compare-define",
        [
          "--command", VirtNestBinary.path, "--seed", "15", "--count", "\(count)", "--starts",
          "\(starts)", corpus, drawn,
        ], environment: ["LIBVIRT_DEFAULT_URI": libvirtd.uri])
    }
    try #require(run.succeeded, "\(run.errorText)")
    print(run.outputText)
    let numbers = { (prefix: String) -> [Int] in
      let line = run.outputText.split(separator: "\n").last {
        $0.hasPrefix(prefix) && !$0.hasPrefix("\(prefix)not found")
      }
      return (line ?? "").split { !$0.isNumber }.compactMap { Int($0) }
    }
    // What is missed of the corpus depends on the host (a TPM), or on a path that libvirt made.
    let whole = numbers("corpus: ")
    #expect(whole.count == 3 && whole[1] > 100 && whole[2] <= 2, "\(run.outputText)")
    let changed = numbers("drawn: ")
    #expect(changed.count == 3 && changed[0] == count && changed[1] > count / 10)
    #expect(changed[2] * 100 <= changed[1] * (isWholeProofWanted ? 2 : 4), "\(run.outputText)")
    let alarms = numbers("alarms: ")
    // libvirt leaves out a controller of type xenbus that has a PCI address: one in 200.
    #expect(
      alarms.count == 3 && alarms[1] == starts && alarms[2] * 100 <= starts, "\(run.outputText)")
    folder.remove()
  }
}
