// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayFormats
import SlipwayWire

/// Tensors for a model from what people have at hand: a file, or values on the command line.
package enum PredictionInput: Sendable {
    /// CSV, JSON (V2, `{"data": rows}`, or bare rows), npz or npy, told by the name's ending.
    case file(String)
    /// `name=1,2,3`
    case values([String])

    /// The largest input file.
    static let maximumBytes = 1 << 30

    /// - Throws: `ControlError`, `FormatError` or `WireError` with what does not fit.
    package func tensors(for signature: ModelSignature) throws -> NamedTensors {
        switch self {
        case .file(let path): try Self.read(path, signature)
        case .values(let texts): try Self.parse(texts, signature)
        }
    }

    private static func read(_ path: String, _ signature: ModelSignature) throws -> NamedTensors {
        guard let size = FileFacts.size(path) else { throw ControlError(.notFound, "there is no file '\(path)'") }
        guard size <= maximumBytes else {
            throw ControlError(.invalidRequest, "'\(path)' has \(size) bytes, expected at most \(maximumBytes)")
        }
        switch path.split(separator: ".").last.map({ $0.lowercased() }) {
        case "npz": return try NumpyArchive.read(path: path)
        case "npy":
            guard let only = signature.inputs.first(where: { !$0.isOptional }) else { return NamedTensors() }
            return [only.name: try NumpyReader.read(path: path)]
        case "csv": return try table(String(decoding: try FileFacts.bytes(path), as: UTF8.self), signature)
        case "json": return try json(try FileFacts.bytes(path), signature)
        default:
            throw ControlError(.invalidRequest, "'\(path)' ends in none of .csv, .json, .npz and .npy")
        }
    }

    private static func json(_ bytes: [UInt8], _ signature: ModelSignature) throws -> NamedTensors {
        let isBareList = bytes.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "[")
        let body = isBareList ? Array(#"{"data":"#.utf8) + bytes + [UInt8(ascii: "}")] : bytes
        let isPlain = ["data", "instances"].contains(firstKey(body))
        return try body.withUnsafeBytes { raw in
            isPlain
                ? try PlainDecoder(endpoint: "model", signature: signature).decode(raw).inference.inputs
                : try V2InferDecoder(endpoint: "model", signature: signature).decode(raw).inference.inputs
        }
    }

    /// The text between the first two quotes: an object's first key, which tells the plain form from V2.
    private static func firstKey(_ body: [UInt8]) -> String? {
        let parts = body.prefix(256).split(
            separator: UInt8(ascii: "\""), maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(decoding: parts[1], as: UTF8.self) : nil
    }

    // MARK: - Text values

    /// Columns are inputs where the heads are their names, else they are the features of the only input.
    private static func table(_ text: String, _ signature: ModelSignature) throws -> NamedTensors {
        var records = try CSVReader.read(text)
        guard let first = records.first else { throw ControlError(.invalidRequest, "the table is empty") }
        let required = signature.inputs.filter { !$0.isOptional }
        let heads = Set(first)
        if required.count > 1 || required.allSatisfy({ heads.contains($0.name) }) {
            records.removeFirst()
            var tensors = NamedTensors()
            for spec in signature.inputs {
                guard let column = first.firstIndex(of: spec.name) else {
                    if spec.isOptional { continue }
                    throw ControlError(.invalidRequest, "the table has no column '\(spec.name)', it has \(first)")
                }
                let shape = spec.shape?.count == 1 ? Shape([records.count]) : Shape([records.count, 1])
                tensors.append(try TextTensor.parse(records.map { $0[column] }, spec, shape), named: spec.name)
            }
            return tensors
        }
        guard let only = required.first else { throw ControlError(.invalidRequest, "the model takes no input") }
        // A first line without a number is a line of heads.
        if only.elementType != .bytes, !first.contains(where: { Double($0.trimmed) != nil }) { records.removeFirst() }
        let width = only.shape?.count == 1 ? nil : first.count
        let shape = Shape(width.map { [records.count, $0] } ?? [records.count * first.count])
        return [only.name: try TextTensor.parse(records.flatMap { $0 }, only, shape)]
    }

    private static func parse(_ texts: [String], _ signature: ModelSignature) throws -> NamedTensors {
        var tensors = NamedTensors()
        for text in texts {
            guard let equals = text.firstIndex(of: "=") else {
                throw ControlError(.invalidRequest, "'\(text)' is not an input: write NAME=1,2,3")
            }
            let name = String(text[..<equals])
            guard let spec = signature.inputs.first(where: { $0.name == name }) else {
                let known = signature.inputs.map(\.name).joined(separator: ", ")
                throw ControlError(.invalidRequest, "the model has no input '\(name)', it has [\(known)]")
            }
            let values = text[text.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false)
            let shape = TextTensor.shape(of: values.count, for: spec)
            guard tensors.append(try TextTensor.parse(values.map(String.init), spec, shape), named: name) else {
                throw ControlError(.invalidRequest, "input '\(name)' is given twice")
            }
        }
        return tensors
    }
}
