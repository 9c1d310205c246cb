import LosslessXML
import VirtNest

/// What is done over and over again.
enum Work: String {
  case parse, splice, patch, create, series

  /// How much was done; the bytes are counted so that no result goes unused.
  struct Amount {
    var documents = 0
    var bytes = 0

    mutating func add(_ bytes: Int) {
      documents += 1
      self.bytes += bytes
    }
  }

  /// Does the work `count` times on each file.
  ///
  /// - Throws: the reason why a file cannot be worked on.
  func done(_ count: Int, on files: [[UInt8]]) throws -> Amount {
    var amount = Amount()
    switch self {
    case .parse, .splice, .patch:
      var changes = GuestChanges()
      changes.nesting = NestingChange(.on)
      for _ in 0..<count {
        for file in files { amount.add(try size(of: file, changes)) }
      }
    case .create, .series:
      for file in files {
        let template = try Template(DomainDefinition(file))
        for index in 0..<count {
          amount.add(try template.create(GuestRequest(index: index)).bytes.count)
        }
      }
    }
    return amount
  }

  private func size(of file: [UInt8], _ changes: GuestChanges) throws -> Int {
    switch self {
    case .splice: try DomainDefinition(file).edits(for: changes).applied(to: file).count
    case .patch: try DomainDefinition(file).patch(changes).bytes.count
    default: try Document(file).root.range.count
    }
  }
}
