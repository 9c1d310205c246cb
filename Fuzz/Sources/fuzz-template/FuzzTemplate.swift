import VirtNest

/// A guest that a template gives has the name that was asked for, no block of parameters, and the
/// same bytes each time.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTemplate(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: data == nil ? 0 : size))
  guard let definition = try? DomainDefinition(bytes),
    let template = try? Template(definition)
  else { return 0 }
  guard let plain = create(template, GuestRequest()) else { return named(template) }
  precondition(create(template, GuestRequest())?.bytes == plain.bytes, "other bytes each time")
  check(plain)
  return named(template)
}

private func named(_ template: Template) -> CInt {
  var request = GuestRequest(index: 3)
  request.changes.guest.name = "kata-<&'\">"
  if let guest = create(template, request) {
    precondition(guest.name == "kata-<&'\">", "the name is \(guest.name)")
    check(guest)
  }
  return 0
}

private func create(_ template: Template, _ request: GuestRequest) -> CreatedGuest? {
  do throws(VirtNestError) {
    return try template.create(request)
  } catch {
    for problem in error.diagnostics {
      precondition(problem.code != "defect", problem.message)
    }
    return nil
  }
}

private func check(_ guest: CreatedGuest) {
  do {
    let definition = try DomainDefinition(guest.bytes)
    let block = definition.domain.child("metadata")?.child(
      "template", in: "urn:virt-nest:template:1")
    precondition(block == nil, "the block of parameters is still there")
    precondition(Guest(reading: definition).name == guest.name, "the name is another")
  } catch {
    preconditionFailure("the result is no definition: \(error)")
  }
}
