// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension NumpyArray {
    /// What the texts of one array may take together; a pickle may name one long text a million times.
    private static let textByteLimit = 1 << 30
    /// Elements without any width take no bytes in the file, so their number alone is bounded.
    private static let emptyElementLimit = 1 << 24

    /// The elements of an array of objects; `nil` for others.
    public var objects: [PickleValue]? {
        guard case .objects(let nodes, let numbers) = content else { return nil }
        return numbers.map { PickleValue(nodes, Int($0)) }
    }

    /// Numbers as float64; of objects too, where all are numbers.
    ///
    /// - Throws: ``FormatError`` `unsupported` for an array of anything else.
    public func doubles() throws(FormatError) -> [Double] {
        if let objects {
            let values = objects.compactMap(\.double)
            guard values.count == objects.count else { throw notNumbers }
            return values
        }
        guard case .number(let type, let isBigEndian) = element else { throw notNumbers }
        return try ordered().withUnsafeBytes { bytes in
            switch type {
            case .float64: Self.load(bytes, UInt64.self, isBigEndian) { Double(bitPattern: $0) }
            case .float32: Self.load(bytes, UInt32.self, isBigEndian) { Double(Float(bitPattern: $0)) }
            case .float16: Self.load(bytes, UInt16.self, isBigEndian) { Double(NumpyNumber.float(half: $0)) }
            case .bfloat16: Self.load(bytes, UInt16.self, isBigEndian) { Double(Float(bitPattern: UInt32($0) << 16)) }
            case .uint64: Self.load(bytes, UInt64.self, isBigEndian) { Double($0) }
            default: Self.whole(bytes, type, isBigEndian) { Double($0) }
            }
        }
    }

    /// Numbers as float32, rounded.
    ///
    /// - Throws: ``FormatError`` `unsupported` for an array of anything else.
    public func floats() throws(FormatError) -> [Float] {
        if case .number(.float32, let isBigEndian) = element {
            return try ordered().withUnsafeBytes { Self.load($0, UInt32.self, isBigEndian) { Float(bitPattern: $0) } }
        }
        return try doubles().map { Float($0) }
    }

    /// Whole numbers and bools as int64; of objects and floats too, where all are whole.
    ///
    /// - Throws: ``FormatError`` `unsupported` for an array of anything else, fractions included.
    public func integers() throws(FormatError) -> [Int64] {
        if let objects {
            let values = objects.compactMap { $0.integer.map { Int64($0) } }
            guard values.count == objects.count else { throw notNumbers }
            return values
        }
        guard case .number(let type, let isBigEndian) = element else { throw notNumbers }
        switch type {
        case .float16, .bfloat16, .float32, .float64, .uint64:
            let values: [Int64]
            if type == .uint64 {
                values = try ordered().withUnsafeBytes {
                    Self.load($0, UInt64.self, isBigEndian) { $0 }.compactMap { Int64(exactly: $0) }
                }
            } else {
                values = try doubles().compactMap { Int64(exactly: $0) }
            }
            guard values.count == count else {
                throw FormatError(.unsupported, "the array holds numbers that are not whole, or beyond 64 bits")
            }
            return values
        default: return try ordered().withUnsafeBytes { Self.whole($0, type, isBigEndian) { $0 } }
        }
    }

    /// Texts: of `U`, of `S` and of objects that are all strings.
    ///
    /// - Throws: ``FormatError`` `unsupported` for an array of anything else.
    public func strings() throws(FormatError) -> [String] {
        switch element {
        case .object: return try objectTexts()
        case .text(let width, let isBigEndian):
            return try elements(width * 4) { (bytes) throws(FormatError) in
                String(decoding: try NumpyText.utf8(Array(bytes), isBigEndian: isBigEndian), as: UTF8.self)
            }
        case .byteString(let width):
            return try elements(width) { (bytes) throws(FormatError) in
                String(decoding: bytes[..<((bytes.lastIndex { $0 != 0 } ?? bytes.startIndex - 1) + 1)], as: UTF8.self)
            }
        default: throw FormatError(.unsupported, "the array holds \(element.name), not texts")
        }
    }

    private func objectTexts() throws(FormatError) -> [String] {
        var result: [String] = []
        var size = 0
        for value in objects ?? [] {
            guard let text = value.string else {
                throw FormatError(.unsupported, "the array holds objects that are not all texts")
            }
            size += text.utf8.count
            guard size <= Self.textByteLimit else {
                throw FormatError(.limitExceeded, "the texts of an array take more than \(Self.textByteLimit) bytes")
            }
            result.append(text)
        }
        return result
    }

    private func elements(
        _ width: Int, _ read: (ArraySlice<UInt8>) throws(FormatError) -> String
    ) throws(FormatError) -> [String] {
        let bytes = try ordered()
        guard width > 0 || count <= Self.emptyElementLimit else {
            throw FormatError(.limitExceeded, "the array has more than \(Self.emptyElementLimit) empty texts")
        }
        var result: [String] = []
        for index in 0..<count { result.append(try read(bytes[(index * width)..<((index + 1) * width)])) }
        return result
    }

    private var notNumbers: FormatError {
        FormatError(.unsupported, "the array holds \(element.name), not numbers")
    }

    private static func load<Raw: FixedWidthInteger, Result>(
        _ bytes: UnsafeRawBufferPointer, _ raw: Raw.Type, _ isBigEndian: Bool, _ make: (Raw) -> Result
    ) -> [Result] {
        let width = MemoryLayout<Raw>.size
        return [Result](unsafeUninitializedCapacity: bytes.count / width) { target, count in
            for index in 0..<(bytes.count / width) {
                let value = bytes.loadUnaligned(fromByteOffset: index * width, as: Raw.self)
                target.initializeElement(
                    at: index, to: make(isBigEndian ? Raw(bigEndian: value) : Raw(littleEndian: value)))
            }
            count = bytes.count / width
        }
    }

    private static func whole<Result>(
        _ bytes: UnsafeRawBufferPointer, _ type: ElementType, _ isBigEndian: Bool, _ make: (Int64) -> Result
    ) -> [Result] {
        switch type {
        case .bool: load(bytes, UInt8.self, isBigEndian) { make($0 == 0 ? 0 : 1) }
        case .int8: load(bytes, Int8.self, isBigEndian) { make(Int64($0)) }
        case .int16: load(bytes, Int16.self, isBigEndian) { make(Int64($0)) }
        case .int32: load(bytes, Int32.self, isBigEndian) { make(Int64($0)) }
        case .int64: load(bytes, Int64.self, isBigEndian) { make($0) }
        case .uint8: load(bytes, UInt8.self, isBigEndian) { make(Int64($0)) }
        case .uint16: load(bytes, UInt16.self, isBigEndian) { make(Int64($0)) }
        default: load(bytes, UInt32.self, isBigEndian) { make(Int64($0)) }
        }
    }
}

// Order and fields.
extension NumpyArray {
    /// The bytes in row-major order.
    func ordered() throws(FormatError) -> [UInt8] {
        guard case .bytes(let bytes) = content else { throw notNumbers }
        let (needed, overflow) = count.multipliedReportingOverflow(by: element.byteCount)
        guard !overflow, bytes.count == needed else {
            throw FormatError(.malformed, "the array has \(bytes.count) bytes where its shape asks for \(needed)")
        }
        let width = element.byteCount
        guard isFortranOrder, shape.count > 1, needed > 0 else { return bytes }
        // The step of each axis, in elements, where the first axis runs fastest.
        var steps: [Int] = []
        var step = 1
        for size in shape {
            steps.append(step)
            step *= size
        }
        var result: [UInt8] = []
        result.reserveCapacity(needed)
        var position = [Int](repeating: 0, count: shape.count)
        var source = 0
        for _ in 0..<count {
            result.append(contentsOf: bytes[(source * width)..<((source + 1) * width)])
            for axis in shape.indices.reversed() {
                position[axis] += 1
                source += steps[axis]
                if position[axis] < shape[axis] { break }
                source -= steps[axis] * shape[axis]
                position[axis] = 0
            }
        }
        return result
    }

    /// One field of an array of records; `nil` when there is none of that name.
    public func field(_ name: String) -> NumpyArray? {
        guard case .record(let fields, let width) = element, let field = fields.first(where: { $0.name == name }),
            let bytes = try? ordered()
        else { return nil }
        let part = field.type.byteCount
        guard field.offset >= 0, part <= width - field.offset else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(count * part)
        if width > 0 {
            for start in stride(from: field.offset, to: bytes.count, by: width) {
                result.append(contentsOf: bytes[start..<(start + part)])
            }
        }
        return NumpyArray(element: field.type, shape: shape, isFortranOrder: false, content: .bytes(result))
    }

    /// Names of the fields of an array of records.
    public var fieldNames: [String] {
        if case .record(let fields, _) = element { fields.map(\.name) } else { [] }
    }
}
