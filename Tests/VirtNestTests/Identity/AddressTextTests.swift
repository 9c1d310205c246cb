import Testing

@testable import VirtNest

@Suite("uuid and MAC address as text")
struct AddressTextTests {
  @Test(
    "What libvirt reads as a uuid is read, and printed as libvirt prints it",
    arguments: [
      "c7a5fdbd-edaf-9455-926a-d65c16db1809", "C7A5FDBD-EDAF-9455-926A-D65C16DB1809",
      "c7a5fdbdedaf9455926ad65c16db1809", " \n\tc7a5fdbd-edaf-9455-926a-d65c16db1809\n ",
      "--c7 a5-fdbd-edaf-9455-926a-d65c16db1809",
    ])
  func goodUUID(text: String) {
    #expect(DomainUUID(text)?.description == "c7a5fdbd-edaf-9455-926a-d65c16db1809")
  }

  @Test(
    "Other text is no uuid",
    arguments: [
      "", " ", "c7a5fdbd-edaf-9455-926a-d65c16db180", "c7a5fdbd-edaf-9455-926a-d65c16db18090",
      "c-7a5fdbd-edaf-9455-926a-d65c16db1809", "g7a5fdbd-edaf-9455-926a-d65c16db1809",
      "c7a5fdbd-edaf-9455-926a-d65c16db1809-", "c7a5fdbd\tedaf-9455-926a-d65c16db1809",
      "c7a5fdbd-edaf-9455-926a-d65c16db180９",
    ])
  func badUUID(text: String) {
    #expect(DomainUUID(text) == nil)
  }

  @Test(
    "What libvirt reads as a MAC address is read, and printed as libvirt prints it",
    arguments: [
      "00:1e:fc:0e:3a:cb", "0:1E:FC:E:3a:CB", "00:1e:fc:0e:3a:cb \n", "0:1E:fc:e:3a:cb x",
    ]
  )
  func goodMAC(text: String) {
    #expect(MACAddress(text)?.description == "00:1e:fc:0e:3a:cb")
  }

  @Test(
    "Other text is no MAC address",
    arguments: [
      "", ":::::", " 00:1e:fc:0e:3a:cb", "00:1e:fc:0e:3a", "00:1e:fc:0e:3a:cb:",
      "00-1e-fc-0e-3a-cb",
      "000:1e:fc:0e:3a:cb", "0g:1e:fc:0e:3a:cb", "00:1e:fc:0e:3a:cb:00", "001efc0e3acb",
    ])
  func badMAC(text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test("The low bit of the first byte says multicast")
  func multicast() {
    #expect(MACAddress("01:00:5e:00:00:01")?.isMulticast == true)
    #expect(MACAddress("52:54:00:00:00:01")?.isMulticast == false)
  }
}
