// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// The floors, lowest first; an arrow may go only to a strictly lower one. `make check` holds them to
// Tests/ArchitectureTests/floors.toml.

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(name: "HummingbirdHTTP2", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let swiftProtobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// The tests of one target of ours; they may also use the test kit and `others`.
func test(_ name: String, _ others: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "Slipway\(name)Tests",
        dependencies: ["SlipwayCore", "SlipwayTestKit", .init(stringLiteral: "Slipway\(name)")] + others)
}

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "slipway", targets: ["slipway"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Floor 0
        .target(name: "SlipwayCore"),
        // Floor 1
        .target(name: "SlipwayDeploy", dependencies: ["SlipwayCore"]),
        .target(name: "SlipwayNumerics", dependencies: ["SlipwayCore"]),
        .target(name: "SlipwayEngine", dependencies: ["SlipwayCore"]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "SlipwayFormats", dependencies: ["SlipwayCore", "CZlib"]),
        .target(name: "SlipwaySecurity", dependencies: ["SlipwayCore", crypto]),
        .target(name: "SlipwayWire", dependencies: ["SlipwayCore", swiftProtobuf]),
        // Floor 2
        .target(
            name: "SlipwayClient",
            dependencies: ["SlipwayCore", "SlipwayWire", asyncHTTPClient, nioCore, nioHTTP1, nioPosix]),
        .target(name: "SlipwayConversion", dependencies: ["SlipwayCore", "SlipwayFormats"]),
        .target(name: "SlipwayMonitoring", dependencies: ["SlipwayCore", "SlipwayNumerics"]),
        .target(name: "SlipwayRegistry", dependencies: ["SlipwayCore", "SlipwaySecurity"]),
        .target(name: "SlipwayServing", dependencies: ["SlipwayCore", "SlipwayEngine"]),
        // Floor 3
        .target(
            name: "SlipwayControl",
            dependencies: [
                "SlipwayConversion", "SlipwayCore", "SlipwayEngine", "SlipwayFormats", "SlipwayMonitoring",
                "SlipwayNumerics", "SlipwayRegistry", "SlipwaySecurity", "SlipwayServing", "SlipwayWire", yams,
            ]),
        .target(name: "COnnxRuntime"),
        .target(name: "SlipwayONNXRuntime", dependencies: ["SlipwayCore", "SlipwayEngine", "COnnxRuntime"]),
        .target(name: "COpenVINO"),
        .target(name: "SlipwayOpenVINO", dependencies: ["SlipwayCore", "SlipwayEngine", "COpenVINO"]),
        .target(name: "CSlipwayLlama"),
        .target(name: "SlipwayLlama", dependencies: ["SlipwayCore", "SlipwayEngine", "CSlipwayLlama"]),
        .target(
            name: "SlipwayDelivery",
            dependencies: [
                "SlipwayCore", "SlipwayMonitoring", "SlipwaySecurity", asyncHTTPClient, nioCore, nioHTTP1, nioPosix,
                nioSSL,
            ]),
        .target(
            name: "SlipwayStorage",
            dependencies: [
                "SlipwayCore", "SlipwayFormats", "SlipwayMonitoring", "SlipwayRegistry", "SlipwaySecurity", grdb,
            ]),
        // Floor 4
        .target(
            name: "SlipwayServer",
            dependencies: [
                "SlipwayCore", "SlipwayControl", "SlipwayEngine", "SlipwayFormats", "SlipwayMonitoring",
                "SlipwaySecurity", "SlipwayServing", "SlipwayWire",
                grpcCore, httpTypes, hummingbird, hummingbirdHTTP2, logging, nioCore, nioHPACK,
                nioHTTP1, nioHTTP2, nioHTTPTypes, nioPosix, serviceLifecycle, swiftProtobuf,
            ]),
        // Floor 5
        .executableTarget(
            name: "slipway",
            dependencies: [
                "SlipwayClient", "SlipwayControl", "SlipwayConversion", "SlipwayCore", "SlipwayDelivery",
                "SlipwayDeploy", "SlipwayEngine", "SlipwayFormats", "SlipwayLlama", "SlipwayMonitoring",
                "SlipwayONNXRuntime", "SlipwayOpenVINO", "SlipwayRegistry", "SlipwaySecurity", "SlipwayServer",
                "SlipwayServing", "SlipwayStorage", "SlipwayWire",
                argumentParser, configuration, logging, nioCore, nioPosix, serviceLifecycle, unixSignals, yams,
            ]),
        // Measures the codecs; in this package because it uses what only the package sees
        .executableTarget(
            name: "JSONBenchmark", dependencies: ["SlipwayCore", "SlipwayWire"],
            path: "Benchmarks/Sources/JSONBenchmark"),
        // Measures the monitors, and replays recorded streams through them
        .executableTarget(
            name: "MonitoringBenchmark",
            dependencies: ["SlipwayCore", "SlipwayMonitoring", "SlipwayNumerics"],
            path: "Benchmarks/Sources/MonitoringBenchmark"),
        // Imported by tests only
        .target(
            name: "SlipwayTestKit",
            dependencies: [
                "SlipwayCore", "SlipwayEngine", "SlipwayFormats", "SlipwayMonitoring", "SlipwayNumerics",
                "SlipwayRegistry", "SlipwaySecurity", "SlipwayServing",
            ]),
        .testTarget(name: "SlipwayCoreTests", dependencies: ["SlipwayCore"]),
        test("Conversion", ["SlipwayFormats"]),
        test("Engine"),
        test("Formats"),
        test("Security", [crypto]),
        test("Wire", [swiftProtobuf]),
        test("Client", ["SlipwayWire", asyncHTTPClient, nioCore, nioHTTP1, nioPosix]),
        test("Deploy", ["SlipwayMonitoring"]),
        test("Delivery", ["SlipwayMonitoring", "SlipwaySecurity", asyncHTTPClient, nioCore, nioHTTP1, nioPosix]),
        test("Monitoring", ["SlipwayNumerics"]),
        test("Numerics"),
        test("Registry", ["SlipwaySecurity"]),
        test("Serving", ["SlipwayEngine"]),
        test(
            "Control",
            [
                "SlipwayConversion", "SlipwayEngine", "SlipwayFormats", "SlipwayMonitoring", "SlipwayNumerics",
                "SlipwayRegistry", "SlipwaySecurity", "SlipwayServing", "SlipwayWire",
            ]),
        test("ONNXRuntime", ["SlipwayEngine"]),
        test("Llama", ["SlipwayEngine"]),
        test("OpenVINO", ["SlipwayEngine"]),
        test(
            "Storage",
            ["SlipwayFormats", "SlipwayMonitoring", "SlipwayNumerics", "SlipwayRegistry", "SlipwaySecurity", grdb]),
        test(
            "Server",
            [
                "SlipwayControl", "SlipwayEngine", "SlipwayMonitoring", "SlipwayRegistry", "SlipwaySecurity",
                "SlipwayServing", "SlipwayWire", grpcCore, httpTypes, nioCore, nioEmbedded, nioHPACK, nioHTTP1, nioHTTP2,
                nioHTTPTypes,
            ]),
    ]
)

/// C targets.
let shims = ["COnnxRuntime", "COpenVINO", "CSlipwayLlama"]
for target in package.targets where target.type != .system && !shims.contains(target.name) {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
