internal import LosslessXML

extension Template {
  /// Makes a guest's definition.
  ///
  /// Parameters come first, other changes after; uuid and addresses derive from the name, and the
  /// block of parameters is taken out.
  /// - Throws: ``ChangeError`` with every reason where something is wrong.
  package func create(_ request: GuestRequest) throws(ChangeError) -> CreatedGuest {
    var values = try ParameterValues(self, request)
    var given = request.changes
    if parameters.isEmpty, given.guest.name == nil {
      throw ChangeError(problems: [
        Problem("this definition has no block of parameters: give the guest a name with --name")
      ])
    }
    if given.identity == nil { given.identity = GuestChanges.Identity() }
    let (filled, places) = try fill(&values)
    let patch = try filled.patch(given)
    let result: DomainDefinition
    do { result = try DomainDefinition(patch.bytes) } catch {
      throw ChangeError(problems: [Problem(error.message, at: error.location)])
    }
    try checkKept(places, request, in: result)
    return CreatedGuest(
      name: Guest(reading: result).name ?? "", bytes: patch.bytes,
      messages: patch.messages.filter { !isAboutIdentity($0) }, release: values.release)
  }

  /// The parameters whose defaults are not what stands at their places.
  ///
  /// - Throws: ``ChangeError`` where a default cannot be computed.
  func placesThatDefaultsChange() throws(ChangeError) -> [String] {
    var values = try ParameterValues(self, GuestRequest())
    var names: [String] = []
    for parameter in parameters where parameter.defaultTemplate != nil {
      for place in parameter.places {
        do throws(InvalidValue) {
          let text = try place.value.filled { name throws(InvalidValue) in
            try values.value(of: name)
          }
          let isSame = place.matches.allSatisfy { $0.text.trimmingSpaces == text.trimmingSpaces }
          if !isSame, !names.contains(parameter.name) { names.append(parameter.name) }
        } catch {
          throw ChangeError(problems: [Problem(error.description, at: place.location)])
        }
      }
    }
    return names
  }

  private func isAboutIdentity(_ message: Message) -> Bool {
    message.level == .note && message.text.contains("--new-identity")
  }

  /// What a parameter that was given wrote, and where.
  private struct WrittenPlace {
    var parameter: String
    var select: String
    var value: String
  }

  /// The definition with the values at their places, without the block and the identity.
  private func fill(
    _ values: inout ParameterValues
  ) throws(ChangeError) -> (DomainDefinition, [WrittenPlace]) {
    var changes = Changes(definition.document)
    var written: [WrittenPlace] = []
    var problems: [Problem] = []
    for parameter in parameters {
      guard values.isWritten(parameter) else { continue }
      for place in parameter.places {
        do {
          let text = try place.value.filled { name throws(InvalidValue) in
            try values.value(of: name)
          }
          for match in place.matches { Self.write(text, to: match, &changes) }
          if values.isGiven(parameter), !place.matches.isEmpty {
            written.append(
              WrittenPlace(parameter: parameter.name, select: place.select, value: text))
          }
        } catch {
          problems.append(Problem(error.description, at: place.location))
        }
      }
    }
    guard problems.isEmpty else { throw ChangeError(problems: Self.unique(problems)) }
    removeBlock(&changes)
    if let uuid = definition.domain.child("uuid") { changes.remove(uuid) }
    do {
      let edits = try changes.sortedEdits()
      let bytes = edits.applied(to: definition.document.bytes)
      return (try DomainDefinition(bytes), written)
    } catch let error as ConflictingChanges {
      throw ChangeError(problems: [
        Problem("two parameters set the same place", at: error.location)
      ])
    } catch let error as DefinitionError {
      throw ChangeError(problems: [Problem(error.message, at: error.location)])
    } catch {
      preconditionFailure("nothing else is thrown")
    }
  }

  private static func unique(_ problems: [Problem]) -> [Problem] {
    var seen: Set<String> = []
    return problems.filter { seen.insert($0.text).inserted }
  }

  private static func write(_ text: String, to match: XPathMatch, _ changes: inout Changes) {
    switch match {
    case .element(let element): changes.setText(of: element, to: text, keepingSpace: true)
    case .text(let element, _): changes.setText(of: element, to: text, keepingSpace: true)
    case .attribute(let element, let attribute):
      changes.setAttribute(
        element.document.text(in: attribute.name), of: element, to: text)
    }
  }

  /// Takes out the block with its lines, and the metadata where it holds nothing else.
  private func removeBlock(_ changes: inout Changes) {
    guard let block, let metadata = block.parent else { return }
    let document = definition.document
    let before = document.bytes[metadata.content.lowerBound..<block.range.lowerBound]
    let behind = document.bytes[block.range.upperBound..<metadata.content.upperBound]
    let isAlone = (before + behind).allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    changes.remove(isAlone ? metadata : block)
  }

  /// Refuses options that undid what a parameter was given for.
  private func checkKept(
    _ places: [WrittenPlace], _ request: GuestRequest, in result: DomainDefinition
  ) throws(ChangeError) {
    guard !places.isEmpty else { return }
    let context = XPathContext(result.document, namespaces: DomainNamespace.boundPrefixes)
    var problems: [Problem] = []
    for place in places {
      // An expression with a prefix of the block's own cannot be asked again; it was asked before.
      guard let matches = try? context.matches(of: place.select) else { continue }
      let isKept = !matches.isEmpty && matches.allSatisfy { $0.text == place.value }
      if !isKept {
        problems.append(
          Problem(
            "the parameter '\(place.parameter)' and an option change the same place "
              + "(\(place.select)); give one of them"))
      }
    }
    guard problems.isEmpty else { throw ChangeError(problems: Self.unique(problems)) }
  }
}

extension XPathMatch {
  fileprivate var text: String {
    switch self {
    case .element(let element): element.text
    case .attribute(let element, let attribute): element.value(of: attribute)
    case .text(let element, _): element.text
    }
  }
}
