// swift-tools-version: 6.2

import PackageDescription

// A package of its own, as a user's would be: it sees the public face of the library alone.
let package = Package(
  name: "use-the-library",
  dependencies: [.package(name: "virt-nest", path: "../..")],
  targets: [
    .executableTarget(
      name: "use-the-library", dependencies: [.product(name: "VirtNest", package: "virt-nest")])
  ]
)
