internal import LosslessXML

extension Property {
  /// A capability of the pSeries machine other than nesting.
  static func feature(_ feature: PSeriesFeature) -> Property {
    guard let attribute = feature.attribute else { return machineArgument(feature) }
    return value(
      feature.rawValue, at: ["features", Step(feature.rawValue)], attribute: attribute,
      { $0.features[feature] }, { $0.features[feature] = $1 })
  }

  /// A capability without an element of libvirt's: `-machine cap-…=VALUE` passed through.
  private static func machineArgument(_ feature: PSeriesFeature) -> Property {
    let property = feature.machineProperty
    return Property(
      name: feature.rawValue,
      isGiven: { $0.features[feature] != nil },
      read: { domain, guest in
        guest.features[feature] =
          PassthroughArguments(of: domain).machineArguments
          .compactMap { $0.options.value(of: property) }.last
      },
      write: { guest, editor in
        guard let value = guest.features[feature] else { return }
        let holders = PassthroughArguments(of: editor.domain).machineArguments
          .filter { $0.options.value(of: property) != nil }
        guard let holder = holders.last else {
          editor.addMachineArgument("\(property)=\(value)")
          return
        }
        let element = holder.value.element
        guard
          QEMUBoolean.parse(holder.options.value(of: property) ?? "") != QEMUBoolean.parse(value)
        else { return }
        var options = MachineOptions(editor.attribute("value", of: element) ?? "")
        for index in options.items.indices where options.items[index].key == property {
          options.items[index].text = "\(property)=\(value)"
          options.items[index].value = value
        }
        editor.setAttribute("value", of: element, to: options.text)
      })
  }
}
