// swift-tools-version: 6.2

import PackageDescription

// Targets of libFuzzer, apart from the package: they have no main of their own without a fuzzer.
// `Fuzz/run SECONDS` builds and runs them.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "virt-nest", path: "..")],
  targets: ["fuzz-parse", "fuzz-patch", "fuzz-template"].map { name in
    .executableTarget(
      name: name, dependencies: [.product(name: "VirtNest", package: "virt-nest")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  }
)
