// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One entry of a request's `inputs`.
struct V2InputHead {
    /// Where the values are.
    private enum Source {
        case none
        /// Read already, because type and shape came first.
        case read(Tensor)
        /// In the JSON, at this byte, to be read in a second pass.
        case later(offset: Int)
    }

    private(set) var name = ""
    private var hasName = false
    private var elementType: ElementType?
    private var shape: Shape?
    private var source = Source.none
    private var binarySize: UInt64?
    private var sharedRegion: String?

    init(_ scanner: inout JSONScanner) throws(WireError) {
        var seen = SeenKeys()
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            try seen.insert(key, scanner)
            switch key {
            case "name":
                name = try scanner.text("name")
                hasName = true
            case "datatype": elementType = try Self.readType(&scanner)
            case "shape": shape = try Self.readShape(&scanner)
            case "data": try readData(&scanner)
            case "parameters": try take(try V2Parameters.read(&scanner, at: "parameters"))
            default: try scanner.skipValue()
            }
        }
        try checkSource()
    }

    private static func readType(_ scanner: inout JSONScanner) throws(WireError) -> ElementType {
        let place = scanner.offset
        let text = try scanner.text("datatype")
        guard let type = ElementType(rawValue: text) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw WireError(
                .invalidTensor, "Unable to parse 'datatype': expected one of \(known)", at: "byte \(place)")
        }
        return type
    }

    private static func readShape(_ scanner: inout JSONScanner) throws(WireError) -> Shape {
        guard scanner.peek() == .openBracket else {
            throw WireError(
                .invalidTensor, "Unable to parse 'shape': expected an array", at: "byte \(scanner.offset)")
        }
        try scanner.beginArray()
        var dimensions: [Int] = []
        var isFirst = true
        while try scanner.nextElement(isFirst: &isFirst) {
            scanner.skipWhitespace()
            guard let extent = Int64.read(&scanner.cursor, end: scanner.end, .shared), extent >= 0 else {
                throw WireError(
                    .invalidTensor,
                    "Unable to parse 'shape': expected whole numbers from 0 to \(Int64.max)",
                    at: "shape[\(dimensions.count)], byte \(scanner.offset)")
            }
            guard dimensions.count < JSONScanner.maximumDepth else {
                throw WireError(
                    .invalidTensor,
                    "Unable to parse 'shape': expected at most \(JSONScanner.maximumDepth) dimensions",
                    at: "byte \(scanner.offset)")
            }
            dimensions.append(Int(extent))
        }
        return Shape(dimensions)
    }

    private mutating func readData(_ scanner: inout JSONScanner) throws(WireError) {
        _ = scanner.peek()
        guard let elementType, let shape else {
            source = .later(offset: scanner.offset)
            do throws(WireError) { try scanner.skipValue() } catch { throw error.within("data") }
            return
        }
        source = .read(try readTensor(&scanner, elementType, shape))
    }

    private func readTensor(
        _ scanner: inout JSONScanner, _ elementType: ElementType, _ shape: Shape
    ) throws(WireError) -> Tensor {
        if elementType == .float16 || elementType == .bfloat16 {
            throw WireError(
                .invalidTensor,
                "receiving \(elementType.rawValue) data via JSON is not supported. Please use the binary data "
                    + "format for input \(name)")
        }
        do throws(WireError) {
            return try TensorDataReader(elementType: elementType, shape: shape).read(&scanner)
        } catch {
            throw error.within("data")
        }
    }

    private mutating func take(_ parameters: [String: ParameterValue]) throws(WireError) {
        var parameters = parameters
        binarySize = try V2Parameters.takeUnsigned("binary_data_size", &parameters)
        sharedRegion = try V2Parameters.takeRegion(&parameters)
    }

    /// Values come in exactly one of three ways.
    private func checkSource() throws(WireError) {
        var ways: [String] = []
        if case .none = source {} else { ways.append("'data'") }
        if binarySize != nil { ways.append("'binary_data_size'") }
        if sharedRegion != nil { ways.append("'shared_memory_region'") }
        guard ways.count == 1 else {
            throw WireError(
                .invalidRequest,
                "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', "
                    + "'shared_memory_region' in 'parameters'. But "
                    + (ways.isEmpty ? "no field is set" : "set " + ways.joined(separator: " ")))
        }
    }

    /// The tensor, its data read now when it came before its type or its shape.
    func tensor(_ scanner: inout JSONScanner, _ binary: inout V2BinaryTail) throws(WireError) -> Tensor {
        guard hasName else { throw WireError(.invalidRequest, "Unable to parse 'name': the input has none") }
        guard let elementType else {
            throw WireError(.invalidRequest, "Unable to parse 'datatype': input '\(name)' has none")
        }
        guard let shape else {
            throw WireError(.invalidRequest, "Unable to parse 'shape': input '\(name)' has none")
        }
        if let sharedRegion { throw V2Parameters.unknownRegion(sharedRegion) }
        switch source {
        case .read(let tensor):
            return tensor
        case .later(let offset):
            return try scanner.revisit(offset: offset) { (scanner) throws(WireError) in
                try readTensor(&scanner, elementType, shape)
            }
        case .none:
            return try binaryTensor(elementType, shape, &binary)
        }
    }

    private func binaryTensor(
        _ elementType: ElementType, _ shape: Shape, _ binary: inout V2BinaryTail
    ) throws(WireError) -> Tensor {
        guard let size = Int(exactly: binarySize ?? 0) else {
            throw WireError(.invalidTensor, "Unable to parse 'binary_data_size': it is larger than memory")
        }
        try TensorDataReader(elementType: elementType, shape: shape).check(byteCount: size, input: name)
        let storage = try binary.take(size, input: name)
        return try .fromBytes(elementType, shape, storage, input: name)
    }
}

extension Tensor {
    /// A tensor of bytes from outside.
    static func fromBytes(
        _ elementType: ElementType, _ shape: Shape, _ storage: TensorStorage, input: String
    ) throws(WireError) -> Tensor {
        // A Bool of any other byte is undefined, here and in engines.
        if elementType == .bool, storage.bytes.contains(where: { $0 > 1 }) {
            throw WireError(.invalidTensor, "input '\(input)': the bytes of BOOL are expected to be 0 or 1")
        }
        do {
            return try Tensor(elementType: elementType, shape: shape, storage: storage)
        } catch {
            throw WireError(.invalidTensor, "input '\(input)': \(error.message)")
        }
    }
}

extension TensorDataReader {
    /// Checks the claimed size of binary data before any of it is copied.
    func check(byteCount: Int, input: String) throws(WireError) {
        guard let width = elementType.byteWidth else { return }
        guard byteCount == count * width else {
            throw WireError(
                .invalidTensor,
                "input byte size mismatch for input '\(input)': expected \(count * width) for \(elementType.rawValue) "
                    + "of shape \(shape), got \(byteCount)")
        }
    }
}

extension JSONScanner {
    /// A string member of the protocol.
    mutating func text(_ member: String) throws(WireError) -> String {
        guard peek() == .quote else {
            throw WireError(.invalidRequest, "Unable to parse '\(member)': expected a string", at: "byte \(offset)")
        }
        return try string()
    }
}
