import LosslessXML
import TestSupport
import Testing

@testable import VirtNest

/// What DESIGN.md says of parameters, sentence by sentence.
@Suite("Parameters")
struct ParameterTests {
  // MARK: Types

  @Test(
    "A value of each type is written as it is given",
    arguments: [
      ("type='string'", "any <text> & more"), ("type='string' pattern='[a-z]+'", "abc"),
      ("type='integer' min='-5' max='9' multiple='3'", "-3"), ("type='path'", "/a b/c"),
      ("type='path' pattern='/srv/.*'", "/srv/x"), ("type='enum'", "y z"),
    ])
  func values(attributes: String, value: String) throws {
    let created = try Self.create(Self.parameter(attributes), ["p": value])
    #expect(try Self.title(of: created) == value)
  }

  /// The attributes, a value, and what is said: the parameter, what was given, what is allowed.
  @Test(
    "A wrong value names the parameter, what was given and what is allowed",
    arguments: [
      ("type='string' pattern='[a-z]+'", "aB", "text that matches [a-z]+"),
      // The pattern is of XML Schema: it describes the whole value.
      ("type='string' pattern='[a-z]'", "ab", "text that matches [a-z]"),
      ("type='string'", "a\u{1}b", "it contains a character that XML does not allow"),
      ("type='integer'", "4x", "a whole number"), ("type='integer'", "", "a whole number"),
      ("type='integer' min='2' max='8' multiple='2'", "1", "at least 2, at most 8"),
      ("type='integer' min='2' max='8' multiple='2'", "9", "at least 2, at most 8"),
      ("type='integer' min='2' max='8' multiple='2'", "5", "a multiple of 2"),
      ("type='integer'", "99999999999999999999", "a whole number"),
      ("type='size' min='2GiB'", "1G", "at least 2GiB"),
      ("type='size' max='2GiB'", "2049", "at most 2GiB"),
      ("type='size' multiple='256MiB'", "300", "a multiple of 256MiB"),
      ("type='size'", "4 gigs", "a size such as 4096 (MiB) or 4G"),
      ("type='path'", "a/b", "an absolute path"),
      ("type='path' pattern='/srv/.*'", "/etc/x", "matches /srv/.*"),
      ("type='enum'", "Y z", "one of x, y z"),
    ])
  func refused(attributes: String, value: String, allowed: String) throws {
    let place = attributes.contains("size") ? "{p:KiB}" : "{p}"
    let block = Self.parameter(attributes, value: place)
    let text = try Self.problems { try Self.create(block, ["p": value]) }
    #expect(text.hasPrefix("'\(value)' is not a valid p: "), "\(text)")
    #expect(text.contains(allowed), "\(text)")
  }

  @Test("All wrong values are said at once, and an unknown parameter with those that there are")
  func allProblems() throws {
    let block = Self.parameter("type='integer'") + Self.parameter("type='path'", name: "q")
    let text = try Self.problems {
      try Self.create(block, ["p": "x", "q": "y", "r": "z"])
    }
    #expect(text.contains("valid p:") && text.contains("valid q:"), "\(text)")
    #expect(text.contains("there is no parameter 'r'; the parameters are p, q"), "\(text)")
  }

  // MARK: Values

  @Test(
    "A size is written in the unit that its place names",
    arguments: [
      ("{p:KiB}", "4194304"), ("{p:MiB}", "4096"), ("{p:GiB}", "4"), ("{p:b}", "4294967296"),
    ])
  func units(place: String, written: String) throws {
    let created = try Self.create(Self.parameter("type='size'", value: place), ["p": "4G"])
    #expect(try Self.title(of: created) == written)
  }

  @Test(
    "A format that does not fit its value is refused where it stands",
    arguments: [
      ("type='size'", "{p}", "4G", "a size needs a unit"),
      ("type='size'", "{p:02}", "4G", "the format of a size is a unit"),
      ("type='size'", "{p:GiB}", "4097", "needs a whole number of GiB"),
      ("type='integer'", "{p:GiB}", "4", "the format of a number is a width"),
      ("type='integer'", "{p:2}", "4", "the format of a number is a width"),
      ("type='string'", "{p:02}", "4", "is text, which has no format"),
    ])
  func formats(attributes: String, place: String, value: String, reason: String) throws {
    let block = Self.parameter(attributes, value: place)
    let text = try Self.problems { try Self.create(block, ["p": value]) }
    #expect(text.contains(reason), "\(text)")
  }

  @Test(
    "Numbers have a least width, and nothing is cut off",
    arguments: [("{p:02}", "7", "07"), ("{p:02}", "123", "123"), ("{p:03}", "-7", "-007")])
  func widths(place: String, value: String, written: String) throws {
    let created = try Self.create(Self.parameter("type='integer'", value: place), ["p": value])
    #expect(try Self.title(of: created) == written)
  }

  @Test("Doubled braces are braces")
  func braces() throws {
    let block = Self.parameter("type='string'", value: "{{{p}}}{{p}}")
    #expect(try Self.title(of: Self.create(block, ["p": "x"])) == "{x}{p}")
  }

  @Test("Values are put in once and never scanned again")
  func once() throws {
    let block =
      Self.parameter("type='string'", value: "{p}-{q}")
      + Self.parameter("type='string' default='{p}'", name: "q", select: nil)
    #expect(try Self.title(of: Self.create(block, ["p": "{q}{{{p}"])) == "{q}{{{p}-{q}{{{p}")
  }

  @Test("Defaults come from other values, from the release, its code name and the number")
  func computed() throws {
    let block =
      "<n:distribution id='ubuntu' release='24.04'/>"
      + Self.parameter(
        "type='string' default='{q}/{release}/{codename}/{osinfo}/{index:02}'",
        select: "/domain/title")
      + Self.parameter("type='string' default='q{index}'", name: "q", select: nil)
    let created = try Self.create(block, [:], release: "jammy", index: 7)
    #expect(try Self.title(of: created) == "q7/22.04/jammy/http://ubuntu.com/ubuntu/22.04/07")
  }

  @Test("A value in the document serves other values, and is left as it stands")
  func documentValue() throws {
    let block =
      Self.parameter("type='size'", select: "/domain/memory", value: "{p:GiB}")
      + Self.parameter(
        "type='string' default='{p:MiB}'", name: "q", select: "/domain/title", value: "{q}")
    let created = try Self.create(block, [:])
    #expect(try Self.title(of: created) == "4096")
    #expect(created.contains("<memory unit='GiB'> 4 </memory>"))
  }

  @Test(
    "Circles and unknown names are errors that show the way",
    arguments: [
      ("{q}", "{p}", "p -> q -> p"), ("{p}", "x", "p -> p"),
      ("{nobody}", "x", "there is no parameter of this name"),
      ("{}", "x", "there is no parameter of this name"),
    ])
  func circles(first: String, second: String, reason: String) throws {
    let block =
      Self.parameter("type='string' default='\(first)'")
      + Self.parameter("type='string' default='\(second)'", name: "q", select: nil)
    let text = try Self.problems { try Self.create(block, [:]) }
    #expect(text.contains(reason), "\(text)")
  }

  @Test("A default outside its own limits is refused")
  func defaultOutside() throws {
    let text = try Self.problems {
      try Self.create(Self.parameter("type='integer' max='3' default='4'"), [:])
    }
    #expect(text.contains("'4' is not a valid p: a whole number, at most 3"), "\(text)")
  }

  // MARK: Places

  @Test("A parameter sets each of its places, text and attributes")
  func places() throws {
    let sets =
      Self.set("/domain/title", "t-{p}") + Self.set("/domain/devices/disk[1]/source/@file", "/{p}")
    let created = try Self.create(Self.parameter("type='string'", sets: sets), ["p": "v"])
    #expect(created.contains("<title>t-v</title>"))
    #expect(created.contains("<source file='/v'/>") && created.contains("<source file=\"/b\"/>"))
  }

  @Test("An expression finds one place, and many='yes' and optional='yes' say otherwise")
  func counts() throws {
    let disks = "/domain/devices/disk/source/@file"
    let two = try Self.problems { try Self.template(Self.parameter("type='path'", select: disks)) }
    #expect(two.contains("finds 2 places; correct it, or set many='yes' to set all"), "\(two)")
    let none = try Self.problems {
      try Self.template(Self.parameter("type='path'", select: "/domain/uuid"))
    }
    #expect(
      none.contains("'/domain/uuid' finds nothing; correct it, or set optional='yes'"), "\(none)")
    let sets =
      Self.set(disks, "{p}", "many='yes'") + Self.set("/domain/iothreads", "{p}", "optional='yes'")
      + Self.set("/domain/uuid", "{p}", "optional='yes'")
    let created = try Self.create(Self.parameter("type='path'", sets: sets), ["p": "/same"])
    #expect(created.components("/same") == 2, "\(created)")
    #expect(created.contains("<source file='/same'/>"))
    #expect(created.contains("<source file=\"/same\"/>"))
    #expect(!created.contains("iothreads"))
  }

  @Test("qemu and libosinfo are bound, other prefixes by declarations on the block")
  func prefixes() throws {
    let sets =
      Self.set("//qemu:arg/@value", "{p}") + Self.set("//libosinfo:os/@id", "{p}")
      + Self.set("//o:thing", "{p}")
    let created = try Self.create(
      Self.parameter("type='string'", sets: sets), ["p": "v"], declarations: "xmlns:o='urn:other'")
    #expect(created.contains("<qemu:arg value='v'/>") && created.contains("<l:os id='v'/>"))
    #expect(created.contains("<x:thing xmlns:x='urn:other'>v</x:thing>"))
    let unbound = try Self.problems {
      try Self.template(Self.parameter("type='string'", sets: sets))
    }
    #expect(unbound.contains("//o:thing"), "\(unbound)")
  }

  @Test("The same place in two parameters that are given is refused")
  func samePlace() throws {
    let block =
      Self.parameter("type='string'") + Self.parameter("type='string'", name: "q", value: "{q}")
    let text = try Self.problems { try Self.create(block, ["p": "a", "q": "b"]) }
    #expect(text.contains("two parameters change the same place"), "\(text)")
  }

  @Test("A parameter and an option for one place are refused, and both are named")
  func parameterAndOption() throws {
    let template = try Self.template(
      Self.parameter("type='size'", select: "/domain/memory", value: "{p:GiB}"))
    var request = GuestRequest(parameters: ["p": "8G"])
    request.changes.guest.memory = .gibibytes(6)
    let text = try Self.problems { try template.create(request) }
    #expect(text.contains("'p'") && text.contains("an option"), "\(text)")
    #expect(text.contains("/domain/memory"), "\(text)")
  }

  @Test(
    "No value can break out of its place",
    arguments: [
      "</title><name>x</name>", "'/><x y='", "\"/><x y=\"", "]]>", "<![CDATA[", "<!--", "-->",
      "&lt;&amp;&#10;&x;", "%x;", "\t tab \n line \r return ", "{p}", "\u{85}\u{2028}é𝄞", "<?pi?>",
    ])
  func breakingOut(value: String) throws {
    let sets =
      Self.set("/domain/title", "{p}") + Self.set("/domain/description", "{p}")
      + Self.set("/domain/devices/disk[1]/source/@file", "{p}")
      + Self.set("/domain/devices/disk[2]/source/@file", "{p}")
    let created = try Self.create(Self.parameter("type='string'", sets: sets), ["p": value])
    let domain = try DomainDefinition(Array(created.utf8)).domain
    let disks = try #require(domain.child("devices")).children("disk")
    #expect(domain.child("title")?.text == value)
    #expect(domain.child("description")?.text == value)
    for disk in disks { #expect(disk.child("source")?["file"] == value) }
    #expect(domain.children("name").map(\.text) == ["kata-x"])
    let plain = try Self.create(Self.parameter("type='string'", sets: sets), ["p": "v"])
    let names = try DomainDefinition(Array(plain.utf8)).domain.descendants.map(\.qualifiedName)
    #expect(domain.descendants.map(\.qualifiedName) == names)
  }

  @Test("A parameter that is not given and has no default edits nothing; the block goes")
  func untouched() throws {
    let text = Self.document(Self.parameter("type='string'"))
    let created = try Self.create(Self.parameter("type='string'"), [:])
    let block = try #require(Template(DomainDefinition(Array(text.utf8))).block)
    let kept = Array(text.utf8)[block.range.upperBound...]
    let lines = String(decoding: kept, as: UTF8.self).split(separator: "\n").filter {
      !$0.contains("name>")
    }
    for line in lines where !line.isEmpty { #expect(created.contains(line), "\(line)") }
    #expect(!created.contains("urn:virt-nest:template:1"))
  }
}
