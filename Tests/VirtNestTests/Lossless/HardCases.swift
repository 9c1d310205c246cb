import TestSupport

/// Definitions that are hard to change without touching anything else.
enum HardCases {
  /// Each with what is hard about it.
  static let all: [Sample] = forms.map { name, text in Sample(name: name, bytes: Array(text.utf8)) }

  private static let qemu = "http://libvirt.org/schemas/domain/qemu/1.0"

  private static func domain(
    _ attributes: String = " type='kvm'", name: String = "<name>kata-x</name>",
    memory: String = "<memory unit='KiB'>4194304</memory>", vcpu: String = "<vcpu>4</vcpu>",
    type: String = "<type arch='ppc64le' machine='pseries'>hvm</type>", middle: String = "",
    devices: String =
      "<devices>\n    <emulator>/usr/bin/qemu-system-ppc64</emulator>\n  </devices>",
    tail: String = ""
  ) -> String {
    """
    <domain\(attributes)>
      \(name)
      \(memory)
      \(vcpu)
      <os>
        \(type)
      </os>
      \(middle)
      \(devices)
      \(tail)
    </domain>

    """
  }

  private static let forms: [(String, String)] = [
    ("plain", domain()),
    (
      "comments before, inside and behind",
      "<!-- WARNING: THIS IS AN AUTO-GENERATED FILE -->\n<!-- <domain> -->\n"
        + domain(name: "<name><!-- a -->kata<!-- b -->-x</name>", middle: "<!-- <features/> -->")
        + "<!-- end -->"
    ),
    ("processing instructions", "<?a b?>" + domain(middle: "<?x <features/> ?>") + "<?c?>\n"),
    (
      "CDATA",
      domain(name: "<name><![CDATA[kata & x]]></name>", vcpu: "<vcpu><![CDATA[4]]></vcpu>")
    ),
    (
      "references in text that is changed",
      domain(
        name: "<name>kata&#45;&amp;&#x78;</name>", memory: "<memory>41&#57;4304</memory>",
        type: "<type arch='ppc64le' machine='&#112;series'>hvm</type>")
    ),
    (
      "attributes with >, quotes and line ends",
      domain(
        " type=\"kvm\" a='\"b\">' c=\"'>'\" d='x\ny\tz'",
        middle: "<metadata a='>'><b c='/>'/></metadata>")
    ),
    (
      "attributes over several lines",
      domain(
        "\n    type='kvm'\n    id='7'\n  ",
        memory: "<memory\n      unit='GiB'\n  >4</memory\n>",
        type: "<type\n  arch='ppc64le'\n  machine='pseries'\n>hvm</type>")
    ),
    // Found by fuzzing: the value was written anew when a property came and went.
    (
      "a line end in the machine type",
      domain(type: "<type arch='ppc64le' machine='p\r\n&#115;eries&quot;'>hvm</type>")
    ),
    ("tabs", domain().replacing("  ", with: "\t")),
    (
      "CRLF", domain(middle: "<features>\n    <acpi/>\n  </features>").replacing("\n", with: "\r\n")
    ),
    (
      "mixed line ends",
      domain().replacing("</name>\n", with: "</name>\r\n").replacing("</os>\n", with: "</os>\r\n")
    ),
    ("no line end at the end", String(domain().dropLast())),
    ("one line", domain().replacing("\n", with: "").replacing("  ", with: "")),
    ("self-closed features and devices", domain(middle: "<features/>", devices: "<devices/>")),
    ("features with attributes", domain(middle: "<features a='b'/>")),
    ("features twice", domain(middle: "<features/><features>\n  <acpi/></features>")),
    (
      "a prefix bound twice",
      domain(
        " type='kvm' xmlns:qemu='urn:other'",
        tail: "<qemu:commandline xmlns:qemu='\(qemu)'/><qemu:x/>")
    ),
    (
      "the namespace under another prefix",
      domain(
        " type='kvm' xmlns:q='\(qemu)'",
        tail: "<q:commandline>\n    <q:arg value='-S'/>\n  </q:commandline>")
    ),
    (
      "the namespace as a default namespace",
      domain(tail: "<commandline xmlns='\(qemu)'><arg value='-S'/></commandline>")
    ),
    ("byte order mark", "\u{FEFF}<?xml version='1.0' encoding='UTF-8'?>\n" + domain()),
    (
      "space around numbers",
      domain(memory: "<memory> 4194304\n  </memory>", vcpu: "<vcpu> 4 </vcpu>")
    ),
    (
      "no emulator, several disks on one line",
      domain(
        devices: "<devices><disk type='file'><target dev='vda'/></disk> <disk type='file'>"
          + "<target dev='vdb'/></disk>\n  </devices>")
    ),
    ("names beyond ASCII", domain(name: "<name>kata-äöü-日本-🐈</name>", middle: "<!-- ÄÖÜ -->")),
    ("trailing spaces", domain().replacing("\n", with: "  \n")),
    ("blank lines", domain().replacing("\n", with: "\n\n")),
    ("spaces before >", domain().replacing("</os>", with: "</os  >")),
  ]
}
