// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Measures the codecs alone, without a server. The sources are the project's own, through links; the package keeps
// their name for `package` access.
let settings: [SwiftSetting] = [
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
        .target(name: "SlipwayCore", swiftSettings: settings),
        .target(name: "SlipwayWire", dependencies: ["SlipwayCore"], swiftSettings: settings),
        .executableTarget(
            name: "CodecBenchmark", dependencies: ["SlipwayCore", "SlipwayWire"], swiftSettings: settings),
    ]
)
