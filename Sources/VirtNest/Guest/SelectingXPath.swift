internal import LosslessXML

extension Element {
  /// An XPath expression that selects only this element; `nil` if its namespace cannot be written in one.
  var selectingXPath: String? {
    guard let parent else { return "/domain" }
    guard let base = parent.selectingXPath else { return nil }
    var step = localName
    if let namespace {
      if let bound = DomainNamespace.boundPrefixes.first(where: { $0.value == namespace }) {
        step = "\(bound.key):\(step)"
      } else if namespace.contains("'") {
        return nil
      } else {
        step = "*[local-name()='\(step)' and namespace-uri()='\(namespace)']"
      }
    }
    let twins = parent.children(localName, in: namespace)
    if twins.count > 1 {
      if isNamed("disk"), let target = child("target")?["dev"],
        !target.contains("\""), twins.count(where: { $0.child("target")?["dev"] == target }) == 1
      {
        return "\(base)/\(step)[target/@dev=\"\(target)\"]"
      }
      guard let index = twins.firstIndex(of: self) else { return nil }
      step += "[\(index + 1)]"
    }
    return "\(base)/\(step)"
  }
}
