// SPDX-License-Identifier: Apache-2.0

/// Puts values after one another.
struct JournalWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func int(_ value: Int64) { append(value.littleEndian) }

    mutating func double(_ value: Double) { append(value.bitPattern.littleEndian) }

    mutating func count(_ value: Int) { append(UInt32(clamping: value).littleEndian) }

    /// At most 65,535 bytes of it.
    mutating func text(_ value: String) {
        let utf8 = value.utf8.prefix(Int(UInt16.max))
        append(UInt16(utf8.count).littleEndian)
        bytes.append(contentsOf: utf8)
    }

    mutating func texts(_ values: [String]) {
        count(values.count)
        for value in values { text(value) }
    }

    mutating func floats(_ values: [Float]) {
        count(values.count)
        for value in values { append(value.bitPattern.littleEndian) }
    }

    private mutating func append<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
}

/// Reads what a ``JournalWriter`` put down; every call gives `nil` where the bytes end before the value does.
struct JournalReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var left: Int { bytes.count - offset }
    var isAtEnd: Bool { left == 0 }

    mutating func byte() -> UInt8? { load(UInt8.self) }

    mutating func int() -> Int64? { load(Int64.self) }

    mutating func double() -> Double? { load(UInt64.self).map { Double(bitPattern: $0) } }

    mutating func count() -> Int? { load(UInt32.self).map { Int($0) } }

    mutating func text() -> String? {
        guard let length = load(UInt16.self), left >= Int(length) else { return nil }
        let end = offset + Int(length)
        defer { offset = end }
        return String(decoding: bytes[offset..<end], as: UTF8.self)
    }

    mutating func texts() -> [String]? {
        // Each takes two bytes at least, so the bytes left bound the list before it is made.
        guard let count = count(), count <= left / 2 else { return nil }
        var result: [String] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            guard let text = text() else { return nil }
            result.append(text)
        }
        return result
    }

    mutating func floats() -> [Float]? {
        guard let count = count(), count <= left / 4 else { return nil }
        var result: [Float] = []
        result.reserveCapacity(count)
        for _ in 0..<count {
            guard let bits = load(UInt32.self) else { return nil }
            result.append(Float(bitPattern: bits))
        }
        return result
    }

    private mutating func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> T? {
        guard left >= MemoryLayout<T>.size else { return nil }
        defer { offset += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }
}
