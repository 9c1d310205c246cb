internal import LosslessXML

/// A family of releases: Fedora, Ubuntu, CentOS and so on.
package struct Distribution: Sendable, Equatable {
  /// The name that the command and the templates use, such as `opensuse`.
  package let id: String

  /// The name for messages, such as `openSUSE`.
  package let displayName: String

  /// The prefix of libosinfo's short ids for the family, such as `sle` in `sle15sp7`.
  package let osinfoShortID: String

  /// Other spellings of ``id`` that users may type.
  package let aliases: [String]

  /// The default of the template parameter `name`; `{release}`, `{codename}` and `{index}` stand
  /// for values.
  package let namePattern: String

  /// The ``Release/id`` of the release that is used if the user names none.
  package let defaultRelease: String
}
