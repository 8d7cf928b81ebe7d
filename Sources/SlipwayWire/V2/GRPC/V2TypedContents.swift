// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Converts an `InferTensorContents` into the storage of a tensor whose type and size are known.
///
/// Values may be packed or not. Nothing is allocated for elements that the message cannot hold.
struct V2TypedContents {
    let elementType: ElementType
    let count: Int

    /// The names of the fields, by their number less one.
    private static let names: [StaticString] = [
        "bool_contents", "int_contents", "int64_contents", "uint_contents", "uint64_contents", "fp32_contents",
        "fp64_contents", "bytes_contents",
    ]

    /// - Throws: `invalidTensor` for values of another type, out of range, too many or too few.
    func read(_ contents: ProtobufScanner) throws(WireError) -> TensorStorage {
        switch elementType {
        case .bool: try numbers(contents, 1, as: UInt8.self) { $0 == 0 ? 0 : 1 }
        case .int8: try numbers(contents, 2) { Int8(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int16: try numbers(contents, 2) { Int16(exactly: Int32(truncatingIfNeeded: $0)) }
        case .int32: try numbers(contents, 2) { Int32(truncatingIfNeeded: $0) }
        case .int64: try numbers(contents, 3) { Int64(bitPattern: $0) }
        case .uint8: try numbers(contents, 4) { UInt8(exactly: UInt32(truncatingIfNeeded: $0)) }
        case .uint16: try numbers(contents, 4) { UInt16(exactly: UInt32(truncatingIfNeeded: $0)) }
        case .uint32: try numbers(contents, 4) { UInt32(truncatingIfNeeded: $0) }
        case .uint64: try numbers(contents, 5) { $0 }
        case .float32: try fixed(contents, 6, width: 4, .fixed32)
        case .float64: try fixed(contents, 7, width: 8, .fixed64)
        case .bytes: try texts(contents)
        case .float16, .bfloat16:
            throw WireError(
                .invalidTensor,
                "receiving \(elementType.rawValue) data in 'contents' is not supported. Please use "
                    + "'raw_input_contents'")
        }
    }

    // MARK: - Kinds of values

    private func numbers<T: FixedWidthInteger>(
        _ contents: ProtobufScanner, _ number: UInt32, as type: T.Type = T.self, convert: (UInt64) -> T?
    ) throws(WireError) -> TensorStorage {
        try expect(atMost: contents.remaining)
        return try TensorStorage(byteCount: count * MemoryLayout<T>.size) { (target) throws(WireError) in
            let elements = target.bindMemory(to: T.self)
            var written = 0
            var scanner = contents
            while let field = try next(&scanner, number) {
                var run = scanner
                let isPacked = field.type == .lengthDelimited
                if isPacked { run = try scanner.message(field, name(number)) }
                repeat {
                    if isPacked && run.isAtEnd { break }
                    let raw = isPacked ? try run.varint() : try scanner.integer(field, name(number))
                    guard written < elements.count else { throw mismatch("more", number) }
                    guard let value = convert(raw) else { throw outOfRange(number, written) }
                    elements[written] = value
                    written &+= 1
                } while isPacked
            }
            guard written == count else { throw mismatch("\(written)", number) }
        }
    }

    private func fixed(
        _ contents: ProtobufScanner, _ number: UInt32, width: Int, _ single: ProtobufScanner.WireType
    ) throws(WireError) -> TensorStorage {
        try expect(atMost: contents.remaining / width)
        return try TensorStorage(byteCount: count * width) { (target) throws(WireError) in
            var written = 0
            var scanner = contents
            while let field = try next(&scanner, number) {
                if field.type == single {
                    guard target.count - written >= width else { throw mismatch("more", number) }
                    if width == 4 {
                        target.storeBytes(
                            of: try scanner.fixed32().littleEndian, toByteOffset: written, as: UInt32.self)
                    } else {
                        target.storeBytes(
                            of: try scanner.fixed64().littleEndian, toByteOffset: written, as: UInt64.self)
                    }
                    written &+= width
                } else {
                    let packed = try scanner.bytes(field, name(number))
                    guard packed.count % width == 0 else {
                        throw WireError(
                            .malformedProtobuf, "a packed list ends inside a number", at: "byte \(scanner.offset)")
                    }
                    guard target.count - written >= packed.count else { throw mismatch("more", number) }
                    UnsafeMutableRawBufferPointer(rebasing: target[written...]).copyMemory(from: packed)
                    written &+= packed.count
                }
            }
            guard written == target.count else { throw mismatch("\(written / width)", number) }
        }
    }

    /// Each element with its length before it.
    private func texts(_ contents: ProtobufScanner) throws(WireError) -> TensorStorage {
        // The shortest element is a tag and a length.
        try expect(atMost: contents.remaining / 2)
        var scanner = contents
        var total = 0
        var elements = 0
        while let field = try next(&scanner, 8) {
            let element = try scanner.bytes(field, name(8))
            guard element.count <= Int(UInt32.max) else {
                throw WireError(.invalidTensor, "a BYTES element of 4 GiB or more cannot be sent")
            }
            total += 4 + element.count
            elements += 1
        }
        guard elements == count else { throw mismatch(elements > count ? "more" : "\(elements)", 8) }
        return try TensorStorage(byteCount: total) { (target) throws(WireError) in
            var scanner = contents
            var written = 0
            while let field = try next(&scanner, 8) {
                let element = try scanner.bytes(field, name(8))
                let length = UInt32(truncatingIfNeeded: element.count).littleEndian
                target.storeBytes(of: length, toByteOffset: written, as: UInt32.self)
                UnsafeMutableRawBufferPointer(rebasing: target[(written + 4)...]).copyMemory(from: element)
                written += 4 + element.count
            }
        }
    }

    // MARK: - Checks

    private func name(_ number: UInt32) -> StaticString { Self.names[Int(number) - 1] }

    /// The next field that has values of `number`; other fields with values are refused, unknown ones skipped.
    private func next(
        _ scanner: inout ProtobufScanner, _ number: UInt32
    ) throws(WireError) -> ProtobufScanner.Field? {
        while let field = try scanner.nextField() {
            if field.number == number { return field }
            guard field.number <= Self.names.count else {
                try scanner.skip(field)
                continue
            }
            // An empty packed list is none.
            if field.type == .lengthDelimited, field.number != 8, try scanner.bytes(field, name(field.number)).isEmpty {
                continue
            }
            throw WireError(
                .invalidTensor,
                "the values of \(elementType.rawValue) are expected in '\(name(number))', got '\(name(field.number))'",
                at: "byte \(scanner.offset)")
        }
        return nil
    }

    /// Refuses a shape larger than the message before anything is allocated for it.
    private func expect(atMost most: Int) throws(WireError) {
        guard count <= most else {
            throw WireError(
                .invalidTensor, "the data is too short for the shape: expected \(count) elements, got at most \(most)")
        }
    }

    private func mismatch(_ got: String, _ number: UInt32) -> WireError {
        WireError(.invalidTensor, "the shape needs \(count) elements, got \(got) in '\(name(number))'")
    }

    private func outOfRange(_ number: UInt32, _ index: Int) -> WireError {
        WireError(
            .invalidTensor, "a value is out of the range of \(elementType.rawValue)", at: "\(name(number))[\(index)]")
    }
}
