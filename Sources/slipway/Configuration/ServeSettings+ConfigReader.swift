// SPDX-License-Identifier: Apache-2.0

import Configuration
import Logging
import SlipwayCore
import SlipwayDelivery
import SlipwayMonitoring
import SlipwayServer

extension ServeSettings {
    /// - Throws: ``ValidationFailure`` for a value that is not of its key's kind.
    init(_ reader: ConfigReader) throws {
        http = try Self.value(.http, reader, ListenAddress.init) ?? http
        grpc = try Self.value(.grpc, reader, ListenAddress.init) ?? grpc
        admin = try Self.value(.admin, reader, ListenAddress.init) ?? admin
        allowsRepositoryControl = try Self.value(.repositoryControl, reader, Bool.init) ?? allowsRepositoryControl
        corsOrigins =
            try Self.value(.corsOrigins, reader) { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
            ?? corsOrigins
        maximumConnections = try Self.count(.maxConnections, reader)
        isStrictTensorFlowServing =
            try Self.value(.strictTensorFlowServing, reader, Bool.init) ?? isStrictTensorFlowServing
        servesVLLMMetrics = try Self.value(.vllmMetrics, reader, Bool.init) ?? servesVLLMMetrics
        metricNames = try Self.value(.metricNames, reader, CompatibilityNames.init(list:)) ?? metricNames
        monitoringFile = try Self.value(.monitoring, reader) { $0 }
        statsd = try Self.value(.statsd, reader, ListenAddress.init)
        statsdDialect = try Self.value(.statsdDialect, reader, StatsDEncoder.Dialect.init(rawValue:)) ?? statsdDialect
        otlp = try Self.value(.otlp, reader, Self.collector)
        otlpHeaders = try Self.value(.otlpHeaders, reader, TelemetryHeaders.init(list:)) ?? otlpHeaders
        traceShare = try Self.value(.traceShare, reader, Share.init) ?? traceShare
        logFormat = try Self.value(.logFormat, reader, LogFormat.init(rawValue:)) ?? logFormat
        maximumBodyBytes = try Self.count(.maxBody, reader) ?? maximumBodyBytes
        maximumRequests = try Self.count(.maxRequests, reader) ?? maximumRequests
        maximumRequestBytes = try Self.count(.maxRequestBytes, reader) ?? maximumRequestBytes
        modelMemory = try Self.count(.modelMemory, reader)
        lanes = try Self.count(.lanes, reader)
        threadsPerCall = try Self.count(.threadsPerCall, reader)
        drainDelay = try Self.value(.drainDelay, reader) { TimeSpan(argument: $0)?.duration } ?? drainDelay
        drainTimeout = try Self.value(.drainTimeout, reader) { TimeSpan(argument: $0)?.duration } ?? drainTimeout
        logLevel = try Self.value(.logLevel, reader, Logger.Level.init(rawValue:)) ?? logLevel
        traceFile = try Self.value(.traceFile, reader) { $0 }
        profilePathPrefix = try Self.value(.profile, reader) { $0 }
    }

    /// A name and a password in a URL would not be sent: they go into `otlp-headers`.
    private static func collector(_ url: String) -> String? {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { return nil }
        let host = url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        return host.isEmpty || host.contains("@") ? nil : url
    }

    private static func count(_ key: Key, _ reader: ConfigReader) throws -> Int? {
        try value(key, reader) { text in Int(text).flatMap { $0 > 0 ? $0 : nil } }
    }

    private static func value<T>(_ key: Key, _ reader: ConfigReader, _ parse: (String) -> T?) throws -> T? {
        // An empty variable counts as absent, as in a shell.
        guard let text = reader.string(forKey: ConfigKey([key.rawValue]), isSecret: key.isSecret), !text.isEmpty else {
            return nil
        }
        guard let value = parse(text) else {
            guard !key.isSecret else { throw ValidationFailure("'\(key.rawValue)' cannot be used: \(key.form)") }
            throw ValidationFailure("'\(text)' is not a value for '\(key.rawValue)': \(key.form)")
        }
        return value
    }
}

extension ServeSettings.Key {
    /// Whether its values are never shown: they may hold keys.
    fileprivate var isSecret: Bool { [.otlp, .otlpHeaders].contains(self) }

    /// What its values look like.
    fileprivate var form: String {
        switch self {
        case .http, .grpc, .admin: "write HOST:PORT"
        case .corsOrigins: "write origins such as https://app.example.com, with commas between them, or *"
        case .repositoryControl, .strictTensorFlowServing, .vllmMetrics: "write true or false"
        case .lanes, .maxBody, .maxConnections, .maxRequests, .maxRequestBytes, .modelMemory, .threadsPerCall:
            "write a whole number above 0"
        case .drainDelay, .drainTimeout: "write a time such as 10s or 500ms"
        case .logLevel: "write " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        case .traceFile, .monitoring: "write the path of a file"
        case .metricNames: "write vllm, triton, tensorflow-serving, with commas between them"
        case .statsd: "write HOST:PORT"
        case .statsdDialect: "write " + StatsDEncoder.Dialect.allCases.map(\.rawValue).joined(separator: " or ")
        case .otlp: "write a URL such as http://127.0.0.1:4318, without name and password"
        case .otlpHeaders: "write name=value, with commas between several"
        case .traceShare: "write a share such as 1%"
        case .logFormat: "write " + LogFormat.allCases.map(\.rawValue).joined(separator: ", ")
        case .profile: "write the beginning of a path"
        }
    }
}

extension CompatibilityNames {
    /// Names with commas between them; `nil` where one is not known.
    fileprivate init?(list: String) {
        self = []
        for name in list.split(separator: ",") {
            guard let names = CompatibilityNames(name: name.filter { $0 != " " }) else { return nil }
            formUnion(names)
        }
    }
}
