internal import LosslessXML

/// The guests that a template makes for a run of numbers.
///
/// The first two go through all that ``Template/create(_:)`` does, and are compared. Where all that
/// differs between them is known to follow from the number — the name, what is written with the
/// name, uuid and addresses — the others are put together from what is common and these values;
/// each time that the number gets a digit more, the whole way is gone and must give the same bytes.
/// In every other case the whole way is gone for each guest.
package struct GuestSeries: Sendable {
  /// The first guest.
  package let first: CreatedGuest

  private let template: Template
  private let request: GuestRequest
  private var form: GuestForm?
  /// The number below which `form` is known to agree.
  private var limit: Int

  /// Looks at what a request makes, for its number and those above it.
  ///
  /// - Throws: ``ChangeError`` with every reason why there is no first guest.
  package init(_ template: Template, _ request: GuestRequest) throws(ChangeError) {
    self.template = template
    self.request = request
    first = try template.create(request)
    form = GuestForm(template, request, first)
    limit = Self.limit(request.index)
  }

  /// Whether guests are put together, and not each made the whole way.
  var isPutTogether: Bool { form != nil }

  /// Whether each guest has a name of its own, without a look at all of them.
  package var namesDiffer: Bool { form?.name.dependsOnIndex ?? false }

  /// The guest of a number.
  ///
  /// - Parameter bytes: What held another guest; it has the definition then.
  /// - Returns: its name.
  /// - Throws: ``ChangeError`` with every reason where there is none.
  package mutating func write(_ index: Int, into bytes: inout [UInt8]) throws(ChangeError) -> String
  {
    if let form, index >= request.index, index < limit || agrees(form, at: index) {
      return form.write(index, into: &bytes)
    }
    var request = request
    request.index = index
    let guest = try template.create(request)
    bytes = guest.bytes
    return guest.name
  }

  /// Whether the whole way gives the same bytes; it is gone for each guest from here on if not.
  private mutating func agrees(_ form: GuestForm, at index: Int) -> Bool {
    var request = request
    request.index = index
    var bytes: [UInt8] = []
    guard let guest = try? template.create(request), form.write(index, into: &bytes) == guest.name,
      bytes == guest.bytes
    else {
      self.form = nil
      return false
    }
    limit = Self.limit(index)
    return true
  }

  /// The least number of more digits.
  private static func limit(_ index: Int) -> Int {
    var limit = 10
    while limit <= index { limit *= 10 }
    return limit
  }
}
