import ArgumentParser
import LosslessXML
import VirtNest

/// The options that say what should be different, shared by `create` and `patch`.
struct ChangeOptions: ParsableArguments {
  @OptionGroup(title: "Nesting") var nesting: NestingOptions
  @OptionGroup(title: "Guest") var properties: PropertyOptions

  func validate() throws {
    _ = try changes()
  }

  /// The changes that the options describe.
  func changes() throws -> GuestChanges {
    var changes = GuestChanges()
    try properties.apply(to: &changes)
    changes.nesting = try nesting.change()
    changes.force = nesting.force
    return changes
  }
}

/// Reads an option's value, and says in the words of the command line what is wrong with it.
func usage<Value>(_ body: () throws(InvalidValue) -> Value) throws -> Value {
  do { return try body() } catch { throw ValidationError(error.description) }
}
