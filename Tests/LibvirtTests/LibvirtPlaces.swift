import LosslessXML
import TestSupport
import VirtNest

/// Where elements stand in our output, and where libvirt prints them.
enum LibvirtPlaces {
  /// Elements whose children libvirt prints in an order of its own.
  private static let parents: Set<String> = [
    "domain", "os", "features", "cpu", "memoryBacking", "devices", "disk", "interface", "console",
  ]

  /// The pairs of neighbours that one document has in one order and libvirt's in the other.
  ///
  /// Only names that both have count, in elements that are found in both by their path; libvirt adds
  /// elements, and prints some of them anew.
  static func differences(of bytes: [UInt8], from libvirt: [UInt8]) throws -> [String] {
    let ours = orders(try Document(bytes).root, path: "")
    let theirs = orders(try Document(libvirt).root, path: "")
    return ours.keys.sorted().flatMap { path -> [String] in
      guard let own = ours[path], let other = theirs[path] else { return [] }
      let common = Set(own).intersection(other)
      return order(own, common) == order(other, common)
        ? [] : ["\(path): \(order(own, common)), libvirt \(order(other, common))"]
    }
  }

  /// Names in the order of their first place.
  private static func order(_ names: [String], _ common: Set<String>) -> [String] {
    var seen: Set<String> = []
    return names.filter { common.contains($0) && seen.insert($0).inserted }
  }

  private static func orders(_ element: Element, path: String) -> [String: [String]] {
    guard parents.contains(element.localName) else { return [:] }
    let path = "\(path)/\(element.localName)"
    var orders = [path: element.children.map(\.localName)]
    var counts: [String: Int] = [:]
    for child in element.children {
      counts[child.localName, default: 0] += 1
      let number = counts[child.localName] ?? 1
      orders.merge(Self.orders(child, path: number == 1 ? path : "\(path)[\(number)]")) { $1 }
    }
    return orders
  }
}
