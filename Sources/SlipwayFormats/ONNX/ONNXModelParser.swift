// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Walks a `ModelProto`; what graphs hold is gathered in ``ONNXGraphParser``.
struct ONNXModelParser {
    private var reader: ProtobufReader
    private var graphs: ONNXGraphParser
    private let limits: ONNXLimits
    private var irVersion: Int64?
    private var opsets: [ONNXModelInfo.OpsetImport] = []
    private var producerName = ""
    private var producerVersion = ""
    private var domain = ""
    private var modelVersion: Int64 = 0
    private var documentation = ""
    private var metadata: [String: String] = [:]
    private var hasGraph = false

    init(_ source: any ByteSource, limits: ONNXLimits) {
        reader = ProtobufReader(source, limits: limits.protobuf)
        graphs = ONNXGraphParser(limits: limits)
        self.limits = limits
    }

    mutating func parse() throws(FormatError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: irVersion = try reader.varint()
            case 2: producerName = try text()
            case 3: producerVersion = try text()
            case 4: domain = try text()
            case 5: modelVersion = try reader.varint()
            case 6: documentation = try reader.string(truncatedTo: limits.documentationLength)
            case 7:
                guard !hasGraph else { throw FormatError(.malformed, "the file holds two graphs") }
                hasGraph = true
                try graphs.parseMainGraph(&reader)
            case 8: try parseOpset()
            case 14: try parseMetadata()
            case 25: try graphs.parseFunction(&reader)
            default: break
            }
        }
    }

    /// What was found, once the whole file was walked.
    func info() throws(FormatError) -> ONNXModelInfo {
        guard let irVersion, irVersion > 0, irVersion <= Int64(Int32.max) else {
            throw FormatError(
                .malformed, "this is not an ONNX file: it has no IR version; export the model again")
        }
        guard hasGraph else {
            throw FormatError(
                .truncated, "the file has no graph; it is incomplete or not an ONNX model: copy or export it again")
        }
        // IR version 3 brought the import list; what lacks it later was cut off at the end.
        guard !opsets.isEmpty || irVersion < 3 else {
            throw FormatError(
                .truncated, "the file names no operator set; it is incomplete: copy or export it again")
        }
        let signature = try ONNXSignature(graphs.content, irVersion: Int(irVersion))
        return ONNXModelInfo(
            signature: signature.signature,
            irVersion: Int(irVersion),
            opsetImports: opsets,
            producerName: producerName,
            producerVersion: producerVersion,
            domain: domain,
            modelVersion: modelVersion,
            documentation: documentation,
            graphName: graphs.content.name,
            metadata: metadata,
            operators: graphs.content.sortedOperators,
            nodeCount: graphs.content.nodeCount,
            initializerByteCount: graphs.content.initializerByteCount,
            externalFiles: graphs.content.sortedExternalFiles,
            classLabels: signature.classLabels)
    }

    private mutating func text() throws(FormatError) -> String {
        try graphs.text(&reader)
    }

    private mutating func parseOpset() throws(FormatError) {
        var domain = ""
        var version: Int64 = 0
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: domain = try text()
            case 2: version = try reader.varint()
            default: break
            }
        }
        reader.leave(scope)
        guard opsets.count < 4096 else {
            throw FormatError(.limitExceeded, "the file imports more than 4096 operator sets")
        }
        opsets.append(.init(domain: domain.isEmpty ? "ai.onnx" : domain, version: Int(version)))
    }

    private mutating func parseMetadata() throws(FormatError) {
        let entry = try graphs.parseEntry(&reader)
        metadata[entry.key] = entry.value
    }
}
