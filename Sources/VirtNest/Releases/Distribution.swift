/// A family of releases: Fedora, Ubuntu, CentOS and so on.
package struct Distribution: Sendable, Equatable {
  /// The name that the command and the templates use, such as `opensuse`.
  package let id: String

  /// The name for messages, such as `openSUSE`.
  package let displayName: String

  /// What libosinfo's short ids of the family begin with, such as `sle` in `sle15sp7`.
  package let osinfoShortID: String

  /// Other spellings of ``id`` that are taken.
  package let aliases: [String]

  /// The default of the template parameter `name`, with `{release}`, `{codename}` and `{index}`
  /// to be put in.
  package let namePattern: String

  /// The ``Release/id`` of the release that is taken where none is asked for.
  package let defaultRelease: String
}
