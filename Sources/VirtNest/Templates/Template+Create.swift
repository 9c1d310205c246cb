internal import LosslessXML

extension Template {
  /// Makes a guest's definition.
  ///
  /// Parameters come first, other changes after; uuid and addresses derive from the name, and the
  /// block of parameters is taken out.
  /// - Throws: ``VirtNestError`` with every reason where something is wrong.
  public func create(_ request: GuestRequest) throws(VirtNestError) -> CreatedGuest {
    var values = try ParameterValues(self, request)
    var given = request.changes
    if parameters.isEmpty, given.guest.name == nil {
      throw VirtNestError(
        .error(
          "template", "this definition has no block of parameters, so the guest needs a name",
          advice: "\(.property("name", value: nil))."))
    }
    if given.identity == nil { given.identity = GuestChanges.Identity() }
    let (filled, places) = try fill(&values)
    let patch = try filled.patch(given)
    try checkKept(places, in: patch.result)
    return CreatedGuest(
      name: patch.result.domain.child("name")?.text ?? "", bytes: patch.bytes,
      diagnostics: patch.diagnostics, release: values.release)
  }

  /// The parameters whose defaults are not what stands at their places.
  ///
  /// - Throws: ``VirtNestError`` where a default cannot be computed.
  func placesThatDefaultsChange() throws(VirtNestError) -> [String] {
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
          throw VirtNestError(.error("template", error.description, at: place.place))
        }
      }
    }
    return names
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
  ) throws(VirtNestError) -> (DomainDefinition, [WrittenPlace]) {
    var changes = Changes(definition.document)
    var written: [WrittenPlace] = []
    var problems: [Diagnostic] = []
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
          problems.append(.error("template", error.description, at: place.place))
        }
      }
    }
    guard problems.isEmpty else { throw VirtNestError(Self.unique(problems)) }
    removeBlock(&changes)
    if let uuid = definition.domain.child("uuid") { changes.remove(uuid) }
    do {
      let edits = try changes.sortedEdits()
      let bytes = edits.applied(to: definition.document.bytes)
      return (try DomainDefinition(bytes), written)
    } catch let error as ConflictingChanges {
      throw VirtNestError(error, between: "two parameters", in: definition.document)
    } catch let error as VirtNestError {
      throw error
    } catch {
      preconditionFailure("nothing else is thrown")
    }
  }

  private static func unique(_ problems: [Diagnostic]) -> [Diagnostic] {
    var seen: Set<String> = []
    return problems.filter { seen.insert($0.message).inserted }
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
    _ places: [WrittenPlace], in result: DomainDefinition
  ) throws(VirtNestError) {
    guard !places.isEmpty else { return }
    let context = XPathContext(result.document, namespaces: DomainNamespace.boundPrefixes)
    var problems: [Diagnostic] = []
    for place in places {
      // An expression with a prefix of the block's own cannot be asked again; it was asked before.
      guard let matches = try? context.matches(of: place.select) else { continue }
      let isKept = !matches.isEmpty && matches.allSatisfy { $0.text == place.value }
      if !isKept {
        problems.append(
          .error(
            "template",
            "the parameter '\(place.parameter)' and an option change the same place "
              + "(\(place.select)); give one of them"))
      }
    }
    guard problems.isEmpty else { throw VirtNestError(Self.unique(problems)) }
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
