internal import LosslessXML

/// Rules about what belongs to one guest: its name, uuid and MAC addresses.
extension Rule {
  static let identityRules = [
    noUUID, unreadableUUID, refusedName, refusedAddress, sameUUID, sameName, sameAddress,
    sharedPart,
  ]

  static let noUUID = Rule(
    "VN049", .note, "No uuid is given",
    reason: """
      libvirt then makes a new one at each define. Defining the same file again is refused: "domain \
      'x' already exists with uuid …".
      """,
    source: "libvirt, src/conf/virdomainobjlist.c; \(measured)",
    example: RuleExample(
      .uuid, wrong: "", right: "<uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>")
  ) { checked, found in
    // A template's guests get theirs from create.
    guard checked.domain.child("uuid") == nil,
      checked.domain.child("metadata")?.child("template", in: DomainNamespace.template) == nil
    else { return }
    found.add(
      checked.domain, "without a uuid the file can be defined only once",
      advice: """
        Derive one from the name: \(.newIdentity); or write the one that virsh domuuid prints.
        """)
  }

  static let unreadableUUID = Rule(
    "VN050", .error, "A uuid that libvirt refuses",
    reason: """
      libvirt says "malformed uuid element", or of one in <sysinfo> "UUID mismatch between <uuid> and \
      <sysinfo>".
      """,
    source:
      "libvirt, src/util/viruuid.c, src/conf/domain_conf.c, virDomainDefParseXML; \(measured)",
    example: RuleExample(
      .uuid, wrong: "<uuid>6f1d4f0e</uuid>",
      right: "<uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>")
  ) { checked, found in
    // libvirt makes a uuid for an empty element, as for none.
    guard let element = checked.domain.child("uuid"), !element.text.isEmpty else { return }
    guard let uuid = checked.guest.uuid else {
      found.add(
        element, "'\(element.text.trimmingSpaces)' is not a uuid",
        advice: "Write 32 hexadecimal digits, as uuidgen prints them.")
      return
    }
    for entry in checked.domain.all(["sysinfo", "system", "entry"])
    where entry["name"] == "uuid" && DomainUUID(entry.text) != uuid {
      found.add(
        entry, "<uuid> is \(uuid), and libvirt wants the same here",
        advice: "Write the same, or remove the entry.")
    }
  }

  static let refusedName = Rule(
    "VN052", .error, "A name that libvirt refuses",
    reason: """
      Names of files and folders are made of it: libvirt accepts no '/', no line end and no empty \
      name, and its QEMU driver fails on '.' and '..'.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainDefParseCaps; \(measured)",
    example: RuleExample(
      .name, wrong: "<name>kata/x</name>", right: "<name>kata-x</name>")
  ) { checked, found in
    let name = checked.guest.name ?? ""
    // libvirt accepts other control characters.
    guard
      name.isEmpty || name.contains("/") || name.contains(where: \.isNewline)
        || [".", ".."].contains(name)
    else { return }
    do throws(InvalidValue) { try GuestName.check(name) } catch {
      let element = checked.domain.child("name")
      found.add(
        element ?? checked.domain, element == nil ? "the guest has no name" : error.reason,
        advice: "Give it a name: \(.property("name", value: nil)).")
    }
  }

  static let refusedAddress = Rule(
    "VN053", .error, "A MAC address that libvirt refuses",
    reason: """
      libvirt says "expected unicast mac address, found multicast", or that it cannot parse the \
      address. A multicast address has an odd second digit.
      """,
    source: "libvirt, src/conf/domain_conf.c, virDomainNetDefParseXML; \(measured)",
    example: RuleExample(
      .devices,
      wrong: """
        <controller type='usb' model='none'/><interface type='user'>\
        <mac address='53:54:00:00:00:01'/><model type='virtio'/></interface>
        """,
      right: """
        <controller type='usb' model='none'/><interface type='user'>\
        <mac address='52:54:00:00:00:01'/><model type='virtio'/></interface>
        """)
  ) { checked, found in
    for element in checked.devices("interface").compactMap({ $0.child("mac") }) {
      guard let text = element["address"] else { continue }
      let address = MACAddress(text)
      guard address?.isMulticast ?? true else { continue }
      found.add(
        element, attribute: "address",
        address == nil ? "'\(text)' is not a MAC address" : "'\(text)' is a multicast address",
        advice: "Write one such as 52:54:00:12:34:56, or remove <mac> and let libvirt choose.")
    }
  }

  // MARK: Across files

  static let sameUUID = Rule(
    "VN054", .warning, "One uuid under two names",
    reason: """
      On a host, a uuid belongs to one guest: under another name libvirt refuses the second \
      ("domain 'x' is already defined with uuid …").
      """,
    source: "libvirt, src/conf/virdomainobjlist.c, virDomainObjListAddLocked",
    together: { all, rule in
      repeated(all) { checked -> [(DomainUUID, Element)] in
        guard let uuid = checked.guest.uuid, let element = checked.domain.child("uuid") else {
          return []
        }
        return [(uuid, element)]
      } finding: { claim, first, place in
        // Under the same name it is VN055's.
        guard claim.checked.guest.name != first.checked.guest.name else { return nil }
        return rule.finding(
          claim.element, "the same uuid is in \(place), under another name",
          advice: "Give one of them another: \(.newIdentity).")
      }
    })

  static let sameName = Rule(
    "VN055", .warning, "One name in two of the files",
    reason: """
      On a host, a name belongs to one guest: with another uuid libvirt refuses the second ("domain \
      'x' already exists with uuid …"), with the same uuid it replaces the first.
      """,
    source: "libvirt, src/conf/virdomainobjlist.c, virDomainObjListAddLocked; \(measured)",
    together: { all, rule in
      repeated(all) { checked -> [(TextKey, Element)] in
        guard let name = checked.guest.name, let element = checked.domain.child("name") else {
          return []
        }
        return [(TextKey(name), element)]
      } finding: { claim, first, place in
        let uuid = claim.checked.guest.uuid
        let isSame = uuid != nil && uuid == first.checked.guest.uuid
        return rule.finding(
          claim.element,
          isSame
            ? "this is the same guest as in \(place), by name and uuid"
            : "the same name is in \(place)",
          advice: """
            Ignore this if they are for different hosts. For one host, give one of them another: \
            \(.property("name", value: nil)), and \(.newIdentity).
            """)
      }
    })

  static let sameAddress = Rule(
    "VN056", .warning, "One MAC address twice",
    reason: """
      Two interfaces with one address in one network disturb each other, and DHCP gives both the \
      same IP address. libvirt does not check this. Interfaces of a team share theirs on purpose.
      """,
    source: "libvirt, docs/formatdomain.rst (mac, teaming); \(measured)",
    together: { all, rule in
      repeated(all) { checked -> [(MACAddress, Element)] in
        checked.devices("interface").compactMap { interface in
          guard interface.child("teaming") == nil, let element = interface.child("mac"),
            let address = element["address"].flatMap({ MACAddress($0) })
          else { return nil }
          return (address, element)
        }
      } finding: { claim, first, place in
        // VN055 or VN054 says already that it is the same guest.
        if claim.isSameGuest(as: first) { return nil }
        return rule.finding(
          claim.element, attribute: "address", "the same address is in \(place)",
          advice: "Give one of them another; this derives it from the name: \(.newIdentity).")
      }
    })

  static let sharedPart = Rule(
    "VN062", .warning, "One image, device or port given to two guests",
    reason: """
      Two guests that write to one image destroy it; QEMU's lock lets only one of them start. A \
      device of the host, a port, a socket, a vsock cid and a tap device serve one guest at a time. \
      A log file that two guests share mixes their lines.
      """,
    source: "libvirt, docs/formatdomain.rst; QEMU, block/file-posix.c; \(measured)",
    together: { all, rule in
      var parts: [Element: IdentityPart] = [:]
      return repeated(all) { checked -> [(TextKey, Element)] in
        var seen: Set<TextKey> = []
        return checked.definition.identityParts.compactMap { part in
          // A console repeats its serial port; an image in one guest twice is a mistake.
          // A MAC address is VN056's.
          if case .derived = part.renewal { return nil }
          guard let key = part.key, seen.insert(TextKey(key)).inserted || key.hasPrefix("image:")
          else {
            return nil
          }
          parts[part.element] = part
          return (TextKey(key), part.element)
        }
      } finding: { claim, first, place in
        guard let part = parts[claim.element], !claim.isSameGuest(as: first) else { return nil }
        let advice: Advice =
          if case .kept(let suggestion) = part.renewal {
            """
            Ignore this if the guests never run at the same time. Else give one of them its own: \
            \(suggestion).
            """
          } else {
            "Let libvirt choose: \(.newIdentity)."
          }
        return rule.finding(claim.element, "\(part.what) is also in \(place)", advice: advice)
      }
    })

  /// A place that holds something which no other place should hold.
  struct Claim {
    let checked: CheckedGuest
    let element: Element

    /// Whether both are in definitions of the same guest: one finding is enough then.
    func isSameGuest(as other: Claim) -> Bool {
      checked.definition != other.checked.definition
        && (checked.guest.name == other.checked.guest.name
          || checked.guest.uuid != nil && checked.guest.uuid == other.checked.guest.uuid)
    }
  }

  /// Finds the places that hold what an earlier file, or an earlier place, holds.
  ///
  /// - Parameter finding: the finding about a claim, given the first of its kind and the place of
  ///   that as `FILE:LINE`.
  static func repeated<Key: Hashable>(
    _ all: [CheckedGuest], keys: (CheckedGuest) -> [(Key, Element)],
    finding: (_ claim: Claim, _ first: Claim, _ place: String) -> Diagnostic?
  ) -> [(file: Int, diagnostic: Diagnostic)] {
    var first: [Key: (claim: Claim, place: String)] = [:]
    var found: [(file: Int, diagnostic: Diagnostic)] = []
    for (index, checked) in all.enumerated() {
      for (key, element) in keys(checked) {
        let claim = Claim(checked: checked, element: element)
        guard let earlier = first[key] else {
          first[key] = (claim, "\(checked.file):\(element.location.line)")
          continue
        }
        if let diagnostic = finding(claim, earlier.claim, earlier.place) {
          found.append((index, diagnostic))
        }
      }
    }
    return found
  }
}
