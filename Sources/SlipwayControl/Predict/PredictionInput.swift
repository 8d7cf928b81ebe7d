// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayFormats
import SlipwayWire

/// Tensors for a model from what people have at hand: a file, or values on the command line.
package enum PredictionInput: Sendable {
    /// CSV, JSON (V2, `{"data": rows}`, or bare rows), JSON lines, npz, npy or Arrow, told by the name's ending.
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
        switch DataFormat(path: path) {
        // Arrays need no rows in common here: what they are is asked of the model.
        case .npz:
            var tensors = NamedTensors()
            for array in try NumpyArchive.read(path: path) {
                tensors.append(try fit(array.tensor, array.name, signature), named: array.name)
            }
            return tensors
        case .npy:
            guard let only = signature.inputs.first(where: { !$0.isOptional }) else { return NamedTensors() }
            return [only.name: try TensorFit.fit(try NumpyReader.read(path: path), to: only)]
        case .some(let format):
            var rows = try format.open(try FileSource(path: path), for: signature)
            guard let block = try rows.next(.max, byteCount: .max) else {
                throw ControlError(.invalidRequest, "the data have no rows")
            }
            guard try rows.next(1, byteCount: 1) == nil else {
                throw ControlError(
                    .invalidRequest, "the data lie in several batches: score them row by row, with --out")
            }
            return try block.tensors(0..<block.count)
        case nil:
            guard path.lowercased().hasSuffix(".json") else {
                throw ControlError(
                    .invalidRequest, "'\(path)' ends in none of .csv, .json, .jsonl, .npz, .npy and .arrow")
            }
            return try json(try FileFacts.bytes(path), signature)
        }
    }

    private static func fit(_ tensor: Tensor, _ name: String, _ signature: ModelSignature) throws -> Tensor {
        guard let spec = signature.inputs.first(where: { $0.name == name }) else { return tensor }
        return try TensorFit.fit(tensor, to: spec)
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
