// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// libFuzzer harnesses. The targets under test are the project's own sources, through links, so that they are
// compiled with coverage here and without it everywhere else; the package keeps their name for `package` access.
let features: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let covered = features + [.unsafeFlags(["-sanitize=fuzzer"])]

func harness(_ name: String, _ tested: String...) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["FuzzDriver", "SlipwayCore"] + tested.map { .target(name: $0) },
        swiftSettings: covered + [.unsafeFlags(["-parse-as-library"])],
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
    )
}

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: [])],
    targets: [
        .systemLibrary(name: "CZlib"),
        .target(name: "SlipwayCore", swiftSettings: covered),
        .target(name: "SlipwayFormats", dependencies: ["SlipwayCore", "CZlib"], swiftSettings: covered),
        .target(
            name: "SlipwayConversion", dependencies: ["SlipwayCore", "SlipwayFormats"], swiftSettings: covered),
        .target(
            name: "SlipwayWire",
            dependencies: ["SlipwayCore", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            swiftSettings: covered),
        .target(name: "FuzzDriver", swiftSettings: features),
        harness("FuzzONNX", "SlipwayFormats"),
        harness("FuzzGGUF", "SlipwayFormats"),
        harness("FuzzHDF5", "SlipwayFormats"),
        harness("FuzzNumPy", "SlipwayFormats"),
        harness("FuzzArrow", "SlipwayFormats"),
        harness("FuzzCSV", "SlipwayFormats"),
        harness("FuzzUBJSON", "SlipwayFormats"),
        harness("FuzzLightGBM", "SlipwayFormats"),
        harness("FuzzProtobufText", "SlipwayFormats"),
        harness("FuzzSafetensors", "SlipwayFormats"),
        harness("FuzzTorch", "SlipwayFormats"),
        harness("FuzzPickle", "SlipwayFormats"),
        harness("FuzzZip", "SlipwayFormats"),
        harness("FuzzScan", "SlipwayFormats"),
        harness("FuzzConversion", "SlipwayConversion", "SlipwayFormats"),
        harness("FuzzKeras", "SlipwayConversion", "SlipwayFormats"),
        harness("FuzzV2JSON", "SlipwayWire"),
        harness("FuzzV2Binary", "SlipwayWire"),
        harness("FuzzV2Protobuf", "SlipwayWire"),
        harness("FuzzTensorFlowJSON", "SlipwayWire"),
        harness("FuzzTensorFlowProtobuf", "SlipwayWire"),
    ]
)
