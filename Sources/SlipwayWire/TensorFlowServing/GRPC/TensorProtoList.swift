// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The list of a `TensorProto` that holds the elements of one type, packed or not, in as many pieces as it came.
struct TensorProtoList {
    private let type: ElementType
    private let number: UInt32
    private let wireType: ProtobufScanner.WireType
    private let message: ProtobufScanner
    /// The field's name in the message.
    let name: StaticString
    /// Elements in the list.
    private(set) var count = 0
    /// Bytes that the list takes in a tensor's storage.
    private(set) var byteCount = 0

    /// - Throws: ``WireError`` when the message has elements in another list only, or is malformed.
    init(type: ElementType, message: ProtobufScanner) throws(WireError) {
        self.type = type
        self.message = message
        (number, wireType, name) = Self.field(of: type)
        var other = false
        var scanner = message
        while let field = try scanner.nextField() {
            guard field.number == number else {
                other = other || (5...17).contains(field.number)
                try scanner.skip(field)
                continue
            }
            try measure(try piece(&scanner, field))
        }
        guard count > 0 || !other else {
            throw WireError(
                .invalidTensor,
                "the elements of \(TensorFlowDataType(type).name) are expected in \(name), they came in another list")
        }
    }

    /// Where the elements of a type stand.
    private static func field(of type: ElementType) -> (UInt32, ProtobufScanner.WireType, StaticString) {
        switch type {
        case .float32: (5, .fixed32, "float_val")
        case .float64: (6, .fixed64, "double_val")
        case .int8, .int16, .int32, .uint8, .uint16: (7, .varint, "int_val")
        case .bytes: (8, .lengthDelimited, "string_val")
        case .int64: (10, .varint, "int64_val")
        case .bool: (11, .varint, "bool_val")
        case .float16, .bfloat16: (13, .varint, "half_val")
        case .uint32: (16, .varint, "uint32_val")
        case .uint64: (17, .varint, "uint64_val")
        }
    }

    /// A part of the list: one element, or any number of packed ones.
    private enum Piece {
        case number(UInt64)
        case bytes(UnsafeRawBufferPointer)
    }

    private func piece(
        _ scanner: inout ProtobufScanner, _ field: ProtobufScanner.Field
    ) throws(WireError) -> Piece {
        guard field.type == wireType, field.type != .lengthDelimited else {
            return .bytes(try scanner.bytes(field, name))
        }
        switch field.type {
        case .fixed32: return .number(UInt64(try scanner.fixed32()))
        case .fixed64: return .number(try scanner.fixed64())
        default: return .number(try scanner.varint())
        }
    }

    private mutating func measure(_ piece: Piece) throws(WireError) {
        var elements = 1
        if case .bytes(let bytes) = piece {
            switch wireType {
            case .lengthDelimited:
                guard bytes.count <= UInt32.max else {
                    throw WireError(.invalidTensor, "a text of 4 GiB or more does not fit BYTES")
                }
                byteCount += 4 + bytes.count
            case .varint:
                // Each number ends with the one byte of it that is below 0x80.
                elements = bytes.reduce(0) { $0 + ($1 < 0x80 ? 1 : 0) }
            case .fixed32, .fixed64:
                let width = wireType == .fixed32 ? 4 : 8
                guard bytes.count % width == 0 else {
                    throw WireError(.malformedProtobuf, "the packed list \(name) ends inside an element")
                }
                elements = bytes.count / width
            }
        }
        count += elements
        byteCount += elements * (type.byteWidth ?? 0)
    }

    // MARK: - Reading

    /// The elements in a tensor's layout, the whole list as often as is asked for.
    func storage(repeating times: Int) throws(WireError) -> TensorStorage {
        try TensorStorage(byteCount: byteCount * times) { (target) throws(WireError) in
            let whole = UnsafeMutableRawBufferPointer(rebasing: target[0..<(times == 0 ? 0 : byteCount)])
            if times > 0 { try fill(whole) }
            var filled = whole.count
            while filled < target.count {
                // What is there is doubled, so that the number of copies is the logarithm of that of elements.
                let part = min(filled, target.count - filled)
                UnsafeMutableRawBufferPointer(rebasing: target[filled..<(filled + part)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: target[0..<part]))
                filled += part
            }
        }
    }

    private func fill(_ target: UnsafeMutableRawBufferPointer) throws(WireError) {
        switch type {
        case .float32, .float64: try copy(target)
        case .bytes: try texts(target)
        case .int8: try numbers(target) { Int8(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int16: try numbers(target) { Int16(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int32: try numbers(target) { Int32(truncatingIfNeeded: $0) }
        case .uint8: try numbers(target) { UInt8(exactly: Int32(truncatingIfNeeded: $0)) }
        case .uint16, .float16, .bfloat16: try numbers(target) { UInt16(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int64, .uint64: try numbers(target) { $0 }
        case .uint32: try numbers(target) { UInt32(truncatingIfNeeded: $0) }
        case .bool: try numbers(target) { $0 != 0 }
        }
    }

    private func pieces(_ body: (Piece) throws(WireError) -> Void) throws(WireError) {
        var scanner = message
        while let field = try scanner.nextField() {
            if field.number == number { try body(try piece(&scanner, field)) } else { try scanner.skip(field) }
        }
    }

    private func copy(_ target: UnsafeMutableRawBufferPointer) throws(WireError) {
        var offset = 0
        try pieces { (piece) throws(WireError) in
            switch piece {
            case .bytes(let bytes):
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<(offset + bytes.count)])
                    .copyMemory(from: bytes)
                offset += bytes.count
            case .number(let bits) where wireType == .fixed32:
                target.storeBytes(of: UInt32(truncatingIfNeeded: bits), toByteOffset: offset, as: UInt32.self)
                offset += 4
            case .number(let bits):
                target.storeBytes(of: bits, toByteOffset: offset, as: UInt64.self)
                offset += 8
            }
        }
    }

    private func texts(_ target: UnsafeMutableRawBufferPointer) throws(WireError) {
        var packed = PackedTexts(target)
        try pieces { (piece) throws(WireError) in
            if case .bytes(let text) = piece { packed.append(text) }
        }
    }

    @inline(__always)
    private func numbers<T: BitwiseCopyable>(
        _ target: UnsafeMutableRawBufferPointer, _ convert: (UInt64) -> T?
    ) throws(WireError) {
        let stride = MemoryLayout<T>.stride
        var offset = 0
        func store(_ number: UInt64) throws(WireError) {
            guard let value = convert(number) else {
                throw WireError(
                    .invalidTensor, "a number in \(name) is out of the range of \(TensorFlowDataType(type).name)")
            }
            target.storeBytes(of: value, toByteOffset: offset, as: T.self)
            offset += stride
        }
        try pieces { (piece) throws(WireError) in
            switch piece {
            case .number(let number): try store(number)
            case .bytes(let bytes):
                var scanner = ProtobufScanner(bytes)
                while !scanner.isAtEnd { try store(try scanner.varint()) }
            }
        }
    }
}

/// Writes texts in the layout of BYTES tensors into memory that is as large as they need.
struct PackedTexts {
    private let target: UnsafeMutableRawBufferPointer
    private var offset = 0

    init(_ target: UnsafeMutableRawBufferPointer) { self.target = target }

    mutating func append(_ text: UnsafeRawBufferPointer) {
        target.storeBytes(
            of: UInt32(truncatingIfNeeded: text.count).littleEndian, toByteOffset: offset, as: UInt32.self)
        UnsafeMutableRawBufferPointer(rebasing: target[(offset + 4)..<(offset + 4 + text.count)])
            .copyMemory(from: text)
        offset += 4 + text.count
    }
}
