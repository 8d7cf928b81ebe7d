// SPDX-License-Identifier: Apache-2.0

/// Puts values after one another, in memory that is used again.
struct JournalWriter: Sendable {
    /// The first ``count`` bytes are written; those after them wait.
    private var space: [UInt8] = []
    private(set) var count = 0

    /// What was written.
    var bytes: [UInt8] { Array(space[..<count]) }

    func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try space.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Begins anew; more memory than `kept` bytes is given back.
    mutating func removeAll(keeping kept: Int) {
        count = 0
        if space.count > kept { space = [] }
    }

    mutating func byte(_ value: UInt8) { append(value) }

    mutating func int(_ value: Int64) { append(value.littleEndian) }

    mutating func double(_ value: Double) { append(value.bitPattern.littleEndian) }

    mutating func count(_ value: Int) { append(UInt32(clamping: value).littleEndian) }

    /// At most 65,535 bytes of it.
    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            let length = min(utf8.count, Int(UInt16.max))
            append(UInt16(length).littleEndian)
            reserve(length)
            space.withUnsafeMutableBytes { space in
                UnsafeMutableRawBufferPointer(rebasing: space[count..<(count + length)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[..<length]))
            }
            count += length
        }
    }

    /// All of it, after a 32-bit length.
    mutating func longText(_ value: String) {
        count(value.utf8.count)
        for byte in value.utf8 { self.byte(byte) }
    }

    mutating func texts(_ values: [String]) {
        count(values.count)
        for value in values { text(value) }
    }

    mutating func floats(_ values: [Float]) {
        count(values.count)
        reserve(4 * values.count)
        space.withUnsafeMutableBytes { space in
            for (index, value) in values.enumerated() {
                space.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: count + 4 * index, as: UInt32.self)
            }
        }
        count += 4 * values.count
    }

    private mutating func append<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        space.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: count, as: T.self) }
        count += MemoryLayout<T>.size
    }

    private mutating func reserve(_ more: Int) {
        if space.count - count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let size = max(2 * space.count, count + more, 256)
        space.append(contentsOf: repeatElement(0, count: size - space.count))
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

    mutating func longText() -> String? {
        guard let length = count(), left >= length else { return nil }
        let end = offset + length
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
