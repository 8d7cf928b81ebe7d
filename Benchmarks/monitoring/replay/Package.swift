// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The monitors on recorded streams, in recorded time. The project's own sources, through links: the package keeps their
// name for `package` access.
let features: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "SlipwayCore", swiftSettings: features),
        .target(name: "SlipwayNumerics", dependencies: ["SlipwayCore"], swiftSettings: features),
        .target(
            name: "SlipwayMonitoring", dependencies: ["SlipwayCore", "SlipwayNumerics"], swiftSettings: features),
        .executableTarget(
            name: "MonitorReplay", dependencies: ["SlipwayCore", "SlipwayMonitoring", "SlipwayNumerics"],
            swiftSettings: features),
    ]
)
