import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

extension CompletionKind {
  /// Files of definitions, and folders.
  static var definitions: Self { .file(extensions: ["xml"]) }

  /// Names of templates.
  ///
  /// What is wrong with a configuration is no matter of completion.
  static var templates: Self {
    .custom { _, _, _ in ((try? TemplateStore.configured()) ?? TemplateStore()).names() }
  }

  /// Releases of the template that the command line names; all where it names none.
  static var releases: Self {
    .custom { words, _, _ in
      let named = words.compactMap { ReleaseTable.distribution($0)?.id }.first
      return ReleaseTable.releases.filter { named == nil || $0.distribution == named }.map(\.id)
    }
  }

  /// Ids of the rules.
  static var rules: Self { .list(Rule.everything.map(\.code.description)) }

  /// Guests of the libvirt here.
  static var guests: Self { .shellCommand("virsh list --all --name 2>/dev/null") }
}
