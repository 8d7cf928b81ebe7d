// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Walks `GraphProto`, `NodeProto`, `FunctionProto` and whatever they nest, and gathers ``ONNXGraphContent``.
struct ONNXGraphParser {
    private(set) var content = ONNXGraphContent()
    let limits: ONNXLimits
    private var textBytes = 0
    private var initializerCount = 0

    init(limits: ONNXLimits) { self.limits = limits }

    mutating func parseMainGraph(_ reader: inout ProtobufReader) throws(FormatError) {
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: try parseNode(&reader, isMain: true)
            case 2: content.name = try text(&reader)
            case 5:
                let tensor = try parseTensor(&reader)
                content.initializers.insert(tensor)
            case 11: content.inputs.append(try parseValue(&reader, count: content.inputs.count))
            case 12: content.outputs.append(try parseValue(&reader, count: content.outputs.count))
            case 15: try parseSparseTensor(&reader, isMainInitializer: true)
            default: break
            }
        }
        reader.leave(scope)
    }

    mutating func parseFunction(_ reader: inout ProtobufReader) throws(FormatError) {
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            if field.number == 7 { try parseNode(&reader, isMain: false) }
        }
        reader.leave(scope)
    }

    /// The text of the current field, counted against the limit for all texts.
    mutating func text(_ reader: inout ProtobufReader) throws(FormatError) -> String {
        let bytes = try reader.bytes()
        textBytes += bytes.count
        guard textBytes <= limits.textBytes else {
            throw FormatError(.limitExceeded, "names and metadata take more than \(limits.textBytes) bytes")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A `StringStringEntryProto`.
    mutating func parseEntry(_ reader: inout ProtobufReader) throws(FormatError) -> (key: String, value: String) {
        var entry = (key: "", value: "")
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: entry.key = try text(&reader)
            case 2: entry.value = try text(&reader)
            default: break
            }
        }
        reader.leave(scope)
        return entry
    }
}

extension ONNXGraphParser {
    /// A graph inside a node; its inputs and outputs are nobody's business.
    private mutating func parseSubgraph(_ reader: inout ProtobufReader) throws(FormatError) {
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: try parseNode(&reader, isMain: false)
            case 5: _ = try parseTensor(&reader)
            case 15: try parseSparseTensor(&reader, isMainInitializer: false)
            default: break
            }
        }
        reader.leave(scope)
    }

    private mutating func parseNode(_ reader: inout ProtobufReader, isMain: Bool) throws(FormatError) {
        var operation = ""
        var domain = ""
        var firstOutput: String?
        var labels: ONNXModelInfo.ClassLabels?
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 2 where firstOutput == nil && isMain: firstOutput = try text(&reader)
            case 4: operation = try text(&reader)
            case 5:
                // Writers put fields in the order of their numbers, so the operator is known before its attributes.
                let found = try parseAttribute(&reader, keepsLabels: isMain && operation == "ZipMap")
                labels = found ?? labels
            case 7: domain = try text(&reader)
            default: break
            }
        }
        reader.leave(scope)
        content.nodeCount += 1
        if let labels, let firstOutput { content.classLabels[firstOutput] = labels }
        let key = ONNXGraphContent.OperatorKey(domain: domain.isEmpty ? "ai.onnx" : domain, name: operation)
        if content.operators[key] == nil && content.operators.count >= limits.operatorKinds {
            throw FormatError(.limitExceeded, "the file uses more than \(limits.operatorKinds) different operators")
        }
        content.operators[key, default: 0] += 1
    }

    /// Looks for subgraphs and tensors with external data; gives the labels of a ZipMap's attribute.
    private mutating func parseAttribute(
        _ reader: inout ProtobufReader, keepsLabels: Bool
    ) throws(FormatError) -> ONNXModelInfo.ClassLabels? {
        var name = ""
        var integers: [Int64] = []
        var strings: [String] = []
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1 where keepsLabels: name = try text(&reader)
            case 5, 10: _ = try parseTensor(&reader)
            case 6, 11: try parseSubgraph(&reader)
            case 8 where keepsLabels:
                try reader.appendIntegers(of: field, to: &integers, limit: limits.classLabels)
            case 9 where keepsLabels:
                guard strings.count < limits.classLabels else {
                    throw FormatError(.limitExceeded, "a classifier has more than \(limits.classLabels) labels")
                }
                strings.append(try text(&reader))
            case 22, 23: try parseSparseTensor(&reader, isMainInitializer: false)
            default: break
            }
        }
        reader.leave(scope)
        switch name {
        case "classlabels_int64s" where !integers.isEmpty: return .integers(integers)
        case "classlabels_strings" where !strings.isEmpty: return .strings(strings)
        default: return nil
        }
    }

    private mutating func parseSparseTensor(
        _ reader: inout ProtobufReader, isMainInitializer: Bool
    ) throws(FormatError) {
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            guard field.number == 1 || field.number == 2 else { continue }
            let name = try parseTensor(&reader)
            // The name of a sparse initializer is that of its values.
            if field.number == 1 && isMainInitializer { content.initializers.insert(name) }
        }
        reader.leave(scope)
    }

    /// Counts a tensor's bytes, notes its external file and gives its name.
    private mutating func parseTensor(_ reader: inout ProtobufReader) throws(FormatError) -> String {
        initializerCount += 1
        guard initializerCount <= limits.initializerCount else {
            throw FormatError(.limitExceeded, "the file has more than \(limits.initializerCount) tensors")
        }
        var name = ""
        var tensor = ONNXTensorHeader()
        var entries: [String: String] = [:]
        var isExternal = false
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: try reader.appendIntegers(of: field, to: &tensor.dimensions, limit: limits.rank)
            case 2: tensor.dataType = try reader.varint()
            case 6: tensor.textByteCount += try reader.skippedLength()
            case 8: name = try text(&reader)
            case 13:
                let entry = try parseEntry(&reader)
                if entries.count < 16 { entries[entry.key] = entry.value }
            case 14: isExternal = try reader.varint() == 1
            default: break
            }
        }
        reader.leave(scope)
        let byteCount = try tensor.byteCount(name: name)
        let (total, overflow) = content.initializerByteCount.addingReportingOverflow(byteCount)
        guard !overflow else { throw ONNXTensorHeader.tooLarge(name) }
        content.initializerByteCount = total
        if isExternal { try noteExternal(name, entries, byteCount: byteCount) }
        return name
    }

    private mutating func noteExternal(
        _ name: String, _ entries: [String: String], byteCount: Int
    ) throws(FormatError) {
        let reference = try ONNXExternalReference(tensor: name, entries: entries, byteCount: byteCount)
        let known = content.externalFiles[reference.path]
        guard known != nil || content.externalFiles.count < limits.externalFiles else {
            throw FormatError(.limitExceeded, "the file refers to more than \(limits.externalFiles) other files")
        }
        content.externalFiles[reference.path] = max(known ?? 0, reference.end)
    }

    private mutating func parseValue(
        _ reader: inout ProtobufReader, count: Int
    ) throws(FormatError) -> ONNXValue {
        guard count < limits.valueCount else {
            throw FormatError(.limitExceeded, "the graph has more than \(limits.valueCount) inputs or outputs")
        }
        var value = ONNXValue(name: "", type: .missing)
        let scope = try reader.enter()
        while let field = try reader.nextField() {
            switch field.number {
            case 1: value.name = try text(&reader)
            case 2: value.type = try parseType(&reader)
            default: break
            }
        }
        reader.leave(scope)
        return value
    }
}
