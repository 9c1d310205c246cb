internal import LosslessXML

/// A step of what `up` or `down` does for a guest.
package struct GuestStep: Hashable, Sendable {
  /// What a step does.
  package enum Kind: String, Sendable {
    case define, image, disk, seed, start, stop, undefine

    init(_ role: UpRecord.Role) {
      self =
        switch role {
        case .image: .image
        case .disk: .disk
        case .seed: .seed
        }
    }
  }

  /// How far a step is.
  package enum State: String, Sendable {
    case toDo = "to do"
    /// It was done when the command looked.
    case before = "done before"
    /// The command has done it.
    case done
    /// The command has begun it, and not come to its end.
    case failed
  }

  /// What it does.
  package let kind: Kind
  /// The volume that it makes or removes; `nil` if it is about the guest itself.
  package var volume: UpRecord.Volume?
  /// What it does, in a few words.
  package let text: String
  /// How far it is.
  package internal(set) var state = State.toDo
}

extension [GuestStep] {
  /// Whether the command has changed something.
  package var haveChanged: Bool { contains { $0.state == .done || $0.state == .failed } }

  /// Whether there is something to do.
  package var areToDo: Bool { contains { $0.state == .toDo } }
}
