import Foundation
import TestSupport
import Testing
import VirtNest

@Suite(
  "What QEMU makes of arguments that are passed through", .needs("virsh", "qemu-system-ppc64"))
struct ArrangementTests {
  private static let seed: UInt64 = 15

  /// Options with values that QEMU takes and that it refuses, and what stands alone.
  private static let arguments: [[String]] =
    [
      "cap-nested-hv=on", "cap-nested-hv=off", "cap_nested_hv=on", "cap-nested-hv=banana",
      "pseries,cap-nested-hv=on", "pseries-6.2", "accel=tcg", "cap-ibs=broken", "cap-ibs=banana",
      "cap-cfpc=workaround", "cap-htm=off", "cap-htm=on", "cap-ccf-assist=off", "usb=off",
      "cap-large-decr=on", "resize-hpt=disabled", "cap-sbbc=fixed,cap-nested-hv=on",
      "max-cpu-compat=power9", "cap-nested-hv=off,cap-nested-hv=on", "cap-large-decr=1",
    ].flatMap { [["-machine", $0], ["-M", $0]] }
    + [
      "POWER9", "power9_v2.0", "power8", "POWER8", "power8_v2.0", "power10", "host", "Haswell",
      "power9,compat=power9",
    ].map { ["-cpu", $0] }
    + [
      "spapr-machine.cap-nested-hv=on", "pseries-7.2-machine.cap-nested-hv=off", "foo",
      "driver=virtio-rng-pci,property=rombar,value=0",
    ].map { ["-global", $0] }
    + ["tcg", "kvm", "tcg,thread=single"].map { ["-accel", $0] }
    + ["machine.cap-nested-hv=on", "a=b"].map { ["-set", $0] }
    + [["-enable-kvm"], ["--enable-kvm"], ["-no-kvm"], ["-version"], ["-snapshot"], ["-no-reboot"]]

  private static func arrangement(_ index: Int, _ numbers: inout SeededNumbers) -> NestingForm {
    var form = NestingForm(title: "")
    let states = ["", "", NestingForm.feature("on"), NestingForm.feature("off")]
    let others = ["", "", "<ibs value='broken'/>", "<ccf-assist state='off'/>"]
    let features =
      (states.randomElement(using: &numbers) ?? "") + (others.randomElement(using: &numbers) ?? "")
    form.features = features.isEmpty ? "" : NestingForm.features(features)
    let count = Int.random(in: 0...3, using: &numbers)
    let words = (0..<count).flatMap { _ in arguments.randomElement(using: &numbers) ?? [] }
    form.tail = NestingForm.commandLine(words.map { "<qemu:arg value='\($0)'/>" }.joined())
    form.title = "\(index): \(features) \(words.joined(separator: " "))"
    return form
  }

  @Test("is what inspect says, in arrangements that a generator makes")
  func arrangements() async throws {
    let isAll = ProcessInfo.processInfo.environment["VIRT_NEST_PROOF"] == "all"
    var numbers = SeededNumbers(seed: Self.seed)
    let forms = (0..<(isAll ? 500 : 60)).map { Self.arrangement($0, &numbers) }
    let definitions = forms.indices.map { forms[$0].definition($0) }
    let outcomes = try await Outcome.all(of: definitions)
    for ((form, bytes), outcome) in zip(zip(forms, definitions), outcomes) {
      let claim = NestingFacts(of: try DomainDefinition(bytes)).effective
      #expect(outcome.isClaimed(by: claim), "\(form.title): \(claim), QEMU \(outcome)")
      let file = CheckedFile("g.xml", bytes, today: ReleaseTable.lastReview)
      let errors = CheckedFile.diagnostics(of: [file]).filter { $0.severity == .error }
      // A guest starts without the nesting that somebody wrote for it: that is an error, too.
      let kept = errors.filter {
        !["VN005", "VN007", "VN008", "VN013"].contains($0.code.description)
      }
      let agrees = outcome.isRefusal ? !errors.isEmpty : kept.isEmpty
      #expect(agrees, "\(form.title): QEMU \(outcome), \(errors)")
    }
  }

  @Test("a file that QEMU reads last is called unknown, and an argument behind it decides")
  func readConfiguration() throws {
    let claim = { (words: [String]) in
      var form = NestingForm(title: "")
      form.tail = NestingForm.commandLine(words.map { "<qemu:arg value='\($0)'/>" }.joined())
      return NestingFacts(of: try DomainDefinition(form.definition(0))).effective
    }
    let on = ["-machine", "cap-nested-hv=on"]
    #expect(try claim(on + ["-readconfig", "/a.cfg"]) == .dependsOnFile(path: "/a.cfg"))
    #expect(try claim(["-readconfig", "/a.cfg"] + on) == .on(.hv))
  }
}
