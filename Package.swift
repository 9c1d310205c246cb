// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "virt-nest",
  products: [
    .library(name: "LosslessXML", targets: ["LosslessXML"]),
    .library(name: "VirtNest", targets: ["VirtNest"]),
    .library(name: "VirtNestHost", targets: ["VirtNestHost"]),
    .executable(name: "virt-nest", targets: ["virt-nest"]),
  ],
  dependencies: [
    // Help, completion scripts and option parsing of the command; nothing of it reaches the library.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Paths and files without Foundation, which would double the time that a start takes.
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    // virsh, ssh and, in tests, everything else that is run. `traits: []` keeps Foundation out.
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    .systemLibrary(
      name: "CLibXML2",
      pkgConfig: "libxml-2.0",
      providers: [.apt(["libxml2-dev"]), .yum(["libxml2-devel"])]
    ),
    .target(name: "LosslessXML", dependencies: ["CLibXML2"]),
    // The built-in templates. A test compares the folder with this list: a folder as one rule, or
    // two rules for one file, does not build.
    .target(
      name: "Templates",
      path: "Templates",
      exclude: ["README.md"],
      resources: [
        "almalinux", "centos", "debian", "fedora", "l2", "opensuse", "rhel", "rocky", "sles",
        "ubuntu",
      ].map { .embedInCode("\($0).xml") } + [.embedInCode("template.rng")]
    ),
    // Values and bytes in, bytes and diagnostics out: no files, processes, environment or clock.
    .target(
      name: "VirtNest", dependencies: ["LosslessXML", "Templates"],
      exclude: ["Rules/make-pseries", "Vocabulary/make-words"],
      resources: [
        .embedInCode("Rules/pairs.txt"), .embedInCode("Rules/pseries.txt"),
        .embedInCode("Vocabulary/words.txt"),
      ]),
    // Calls of Linux that neither swift-system nor the Glibc module has.
    .systemLibrary(name: "CLinux"),
    // Everything that touches the world: files, virsh, ssh, QEMU, seed images, facts of a host.
    .target(
      name: "VirtNestHost",
      dependencies: [
        "CLinux", "LosslessXML", "Templates", "VirtNest",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      // One rule a file: a rule for the folder fails as a duplicate of itself.
      resources: [
        .embedInCode("Host/Scripts/wrapper.sh"),
        .embedInCode("Host/Scripts/place-wrapper.sh"),
        .embedInCode("Host/Scripts/install-wrapper.sh"),
        .embedInCode("Host/Scripts/host-facts.sh"),
        .embedInCode("FirstBoot/Scripts/first-boot.sh"),
        .embedInCode("FirstBoot/Scripts/load-kvm-hv.sh"),
        .embedInCode("FirstBoot/Scripts/default-network.sh"),
        .embedInCode("Libvirt/Scripts/embedded-libvirt.sh"),
      ]
    ),
    // What the command does before Swift's runtime starts; users of the library have no part in it.
    .target(name: "CStart"),
    .executableTarget(
      name: "virt-nest",
      dependencies: [
        "CStart", "LosslessXML", "VirtNest", "VirtNestHost",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),
    .target(
      name: "TestSupport",
      dependencies: [
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/TestSupport"
    ),
    // Work in one process, timed: Benchmarks/bench runs it.
    .executableTarget(
      name: "virt-nest-benchmark", dependencies: ["LosslessXML", "VirtNest"],
      path: "Benchmarks/InProcess"),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "virt-nest", "VirtNest", "VirtNestHost", "TestSupport",
      ]),
    .testTarget(
      name: "LibvirtTests",
      dependencies: [
        "virt-nest", "LosslessXML", "Templates", "VirtNest", "VirtNestHost", "TestSupport",
      ],
      exclude: ["Judge/cases.txt", "Judge/judged.xml"]),
    .testTarget(name: "LosslessXMLTests", dependencies: ["LosslessXML", "TestSupport"]),
    .testTarget(
      name: "VirtNestTests",
      dependencies: [
        "LosslessXML", "Templates", "VirtNest", "VirtNestHost", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Lossless/tree-edit.py"]
    ),
    .testTarget(
      name: "VirtNestHostTests",
      dependencies: [
        "LosslessXML", "VirtNest", "VirtNestHost", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["HostFacts"]
    ),
    // Boots guests under TCG and runs KVM inside them: what a definition promises, shown.
    .testTarget(
      name: "ProofTests",
      dependencies: [
        "TestSupport", "VirtNest", "VirtNestHost", "virt-nest",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/Proof",
      exclude: ["guest", "make-guest", "make-system", "private-libvirtd", "compare-define"]
    ),
  ]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
  ]
}
