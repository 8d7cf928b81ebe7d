// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One entry of a `ModelInferRequest`'s `inputs`, its values not read yet.
struct V2ProtobufInput {
    private(set) var name = ""
    private let elementType: ElementType
    private let shape: Shape
    private let contents: ProtobufScanner?

    init(_ message: ProtobufScanner) throws(WireError) {
        var scanner = message
        var type: ElementType?
        var dimensions: [Int] = []
        var contents: ProtobufScanner?
        var parameters: [String: ParameterValue] = [:]
        while let field = try scanner.nextField() {
            switch field.number {
            case 1: name = try scanner.text(field, "name")
            case 2: type = try Self.readType(field, &scanner)
            case 3: try Self.readShape(field, &scanner, into: &dimensions)
            case 4: try V2ProtobufParameters.readEntry(field, &scanner, into: &parameters)
            case 5:
                guard contents == nil else {
                    throw WireError(
                        .invalidRequest, "the key 'contents' occurs twice", at: "byte \(scanner.offset)")
                }
                contents = try scanner.message(field, "contents")
            default: try scanner.skip(field)
            }
        }
        guard !name.isEmpty else { throw WireError(.invalidRequest, "Unable to parse 'name': the input has none") }
        guard let type else {
            throw WireError(.invalidRequest, "Unable to parse 'datatype': input '\(name)' has none")
        }
        if let region = try V2Parameters.takeRegion(&parameters) { throw V2Parameters.unknownRegion(region) }
        elementType = type
        shape = Shape(dimensions)
        self.contents = contents
    }

    private static func readType(
        _ field: ProtobufScanner.Field, _ scanner: inout ProtobufScanner
    ) throws(WireError) -> ElementType {
        let place = scanner.offset
        guard let type = ElementType(named: try scanner.bytes(field, "datatype")) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw WireError(
                .invalidTensor, "Unable to parse 'datatype': expected one of \(known)", at: "byte \(place)")
        }
        return type
    }

    /// Takes one number, or a packed list of them: both may come, several times.
    private static func readShape(
        _ field: ProtobufScanner.Field, _ scanner: inout ProtobufScanner, into dimensions: inout [Int]
    ) throws(WireError) {
        guard field.type == .lengthDelimited else {
            return try append(try scanner.integer(field, "shape"), to: &dimensions)
        }
        var packed = try scanner.message(field, "shape")
        while !packed.isAtEnd { try append(try packed.varint(), to: &dimensions) }
    }

    private static func append(_ raw: UInt64, to dimensions: inout [Int]) throws(WireError) {
        guard let extent = Int(exactly: raw) else {
            throw WireError(
                .invalidTensor, "Unable to parse 'shape': expected whole numbers from 0 to \(Int64.max)",
                at: "shape[\(dimensions.count)]")
        }
        guard dimensions.count < JSONScanner.maximumDepth else {
            throw WireError(
                .invalidTensor, "Unable to parse 'shape': expected at most \(JSONScanner.maximumDepth) dimensions")
        }
        dimensions.append(extent)
    }

    // MARK: - Tensors

    /// The tensor of the input's entry in `raw_input_contents`.
    func rawTensor(_ raw: UnsafeRawBufferPointer, keptBy owner: AnyObject?) throws(WireError) -> Tensor {
        if let contents, !contents.isAtEnd {
            throw WireError(
                .invalidRequest,
                "contents field must not be specified when using raw_input_contents for '\(name)': send the values "
                    + "in one of the two")
        }
        try TensorDataReader(elementType: elementType, shape: shape).check(byteCount: raw.count, input: name)
        return try .fromBytes(elementType, shape, TensorStorage(received: raw, keptBy: owner), input: name)
    }

    /// The tensor of the input's own `contents`.
    func typedTensor() throws(WireError) -> Tensor {
        let count = try TensorDataReader(elementType: elementType, shape: shape).count
        let contents = contents ?? ProtobufScanner(UnsafeRawBufferPointer(start: nil, count: 0))
        guard !contents.isAtEnd || count == 0 else {
            throw WireError(
                .invalidRequest,
                "unable to find data for input '\(name)': expected an entry of 'raw_input_contents' or 'contents'")
        }
        do throws(WireError) {
            let storage = try V2TypedContents(elementType: elementType, count: count).read(contents)
            return try .fromBytes(elementType, shape, storage, input: name)
        } catch {
            throw error.within("contents")
        }
    }
}

extension TensorStorage {
    /// Bytes of a message: a view of them where they lie aligned and are kept, else a copy.
    convenience init(received bytes: UnsafeRawBufferPointer, keptBy owner: AnyObject?) {
        let isAligned = UInt(bitPattern: bytes.baseAddress) % UInt(Self.alignment) == 0
        guard let owner, isAligned, !bytes.isEmpty else {
            self.init(copying: bytes)
            return
        }
        self.init(viewing: bytes, owner: owner)
    }
}

extension ElementType {
    /// The names as numbers: their bytes, the first the lowest. None has more than eight.
    private static let wireNames: [UInt64: ElementType] = Dictionary(
        uniqueKeysWithValues: allCases.map { (packed($0.rawValue.utf8), $0) })

    private static func packed(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes {
            result |= UInt64(byte) &<< shift
            shift &+= 8
        }
        return result
    }

    /// The type that the protocol calls so; `nil` when there is none.
    fileprivate init?(named name: UnsafeRawBufferPointer) {
        guard name.count <= 8, let type = Self.wireNames[Self.packed(name)] else { return nil }
        self = type
    }
}
