// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// The little-endian integer at `offset`; `nil` when the array ends before it does.
    func littleEndian<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type = T.self, at offset: Int) -> T? {
        let width = MemoryLayout<T>.size
        guard offset >= 0, count >= width, offset <= count - width else { return nil }
        return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }

    /// The array's bytes during the call of `body`, whose error keeps its type.
    func withRawBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(FormatError) in try body(UnsafeRawBufferPointer(buffer)) }
    }

    /// Adds `value` in little-endian order.
    mutating func appendLittleEndian<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Whether the bytes at `offset` are those of `text`.
    func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }

    /// Whether the bytes at `offset` are `pattern`.
    func has(_ pattern: [UInt8], at offset: Int = 0) -> Bool {
        guard offset >= 0, offset <= count else { return false }
        return self[offset...].starts(with: pattern)
    }

    /// Whether `text` occurs anywhere.
    func contains(text: String) -> Bool {
        let pattern = Array(text.utf8)
        guard let first = pattern.first, count >= pattern.count else { return false }
        var start = 0
        let last = count - pattern.count
        while start <= last, let found = self[start...last].firstIndex(of: first) {
            if self[found..<(found + pattern.count)].elementsEqual(pattern) { return true }
            start = found + 1
        }
        return false
    }
}
