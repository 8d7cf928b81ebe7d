// SPDX-License-Identifier: Apache-2.0

/// Walks over XGBoost's former binary format.
struct XGBoostCursor {
    /// Names and values of attributes are short.
    private static let textByteCount = 16 << 20

    private let source: any ByteSource
    private var bytes: BufferedBytes
    private(set) var offset = 0

    init(_ source: any ByteSource) {
        self.source = source
        bytes = BufferedBytes(source)
    }

    /// Bytes that are left.
    var rest: Int { source.byteCount - offset }

    func peek(_ count: Int) throws(FormatError) -> [UInt8] { try source.prefix(at: offset, upTo: count) }

    mutating func take(_ count: Int, _ what: String) throws(FormatError) -> [UInt8] {
        guard count >= 0, count <= rest else {
            throw .truncated(what, needed: count, available: rest, offset: offset)
        }
        let result = count == 0 ? [] : try bytes.bytes(at: offset, count: count)
        offset += count
        return result
    }

    /// A number of elements of at least `width` bytes each, which must be there.
    mutating func count(_ what: String, width: Int) throws(FormatError) -> Int {
        let count: UInt64 = try take(8, what).littleEndian(at: 0) ?? 0
        guard count <= UInt64(rest / width) else {
            throw .truncated(what, needed: Int(clamping: count), available: rest, offset: offset)
        }
        return Int(count)
    }

    mutating func text(_ what: String) throws(FormatError) -> String {
        let count = try count(what, width: 1)
        guard count <= Self.textByteCount else {
            throw FormatError(.limitExceeded, "\(what) has \(count) bytes", at: "offset \(offset)")
        }
        guard let text = String(validating: try take(count, what), as: UTF8.self) else {
            throw FormatError(.malformed, "\(what) is not UTF-8", at: "offset \(offset)")
        }
        return text
    }
}
