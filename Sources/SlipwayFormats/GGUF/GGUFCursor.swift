// SPDX-License-Identifier: Apache-2.0

/// Reads the head of a GGUF file forward, never past the limit set for it.
struct GGUFCursor {
    private var bytes: BufferedBytes
    private(set) var offset = 0
    let limits: GGUFLimits
    /// Bytes of texts kept so far.
    private var keptBytes = 0
    private let end: Int
    /// Whether a vocabulary was read that has a text twice.
    var hasRepeatedTexts = false

    init(_ source: any ByteSource, limits: GGUFLimits) {
        bytes = BufferedBytes(source)
        self.limits = limits
        end = source.byteCount
    }

    /// Bytes from here to the end of the file.
    var remaining: Int { end - offset }

    /// Makes sure that `count` more bytes are there, and still belong to the head.
    func require(_ count: UInt64, for what: String) throws(FormatError) {
        guard count <= UInt64(remaining) else {
            throw FormatError(
                .truncated,
                "\(what) needs \(count) bytes, but only \(remaining) are left; the file is incomplete or damaged: "
                    + "copy it again",
                at: "offset \(offset)")
        }
        guard UInt64(offset) + count <= UInt64(limits.headByteCount) else {
            throw FormatError(
                .limitExceeded,
                "the file's metadata and tensor list take more than \(limits.headByteCount) bytes, the limit",
                at: "offset \(offset)")
        }
    }

    mutating func skip(_ count: UInt64, for what: String) throws(FormatError) {
        try require(count, for: what)
        offset += Int(count)
    }

    mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type = T.self, for what: String
    ) throws(FormatError) -> T {
        let width = MemoryLayout<T>.size
        try require(UInt64(width), for: what)
        var value: T = 0
        for index in 0..<width {
            value |= T(truncatingIfNeeded: try bytes.byte(at: offset + index)) << T(truncatingIfNeeded: 8 * index)
        }
        offset += width
        return value
    }

    /// A number of things that take at least `width` bytes each.
    mutating func count(
        ofAtLeast width: Int, most: Int, for what: String
    ) throws(FormatError) -> Int {
        let count: UInt64 = try integer(for: "the number of \(what)")
        guard count <= UInt64(remaining / width) else {
            throw FormatError(
                .truncated,
                "the file announces \(count) \(what), but only \(remaining) bytes are left; it is damaged",
                at: "offset \(offset)")
        }
        guard count <= UInt64(most) else {
            throw FormatError(
                .limitExceeded, "the file announces \(count) \(what), the limit is \(most)", at: "offset \(offset)")
        }
        return Int(count)
    }

    /// A text, or its length alone where it is longer than `most`.
    mutating func text(upTo most: Int, for what: String) throws(FormatError) -> (text: String?, byteCount: Int) {
        let length: UInt64 = try integer(for: "the length of \(what)")
        try require(length, for: what)
        let count = Int(length)
        guard count <= most else {
            offset += count
            return (nil, count)
        }
        keptBytes += count
        guard keptBytes <= limits.keptBytes else {
            throw FormatError(
                .limitExceeded, "the file's names and texts take more than \(limits.keptBytes) bytes, the limit",
                at: "offset \(offset)")
        }
        let content = try bytes.bytes(at: offset, count: count)
        offset += count
        return (String(decoding: content, as: UTF8.self), count)
    }

    /// A number that equal texts share, and others by chance only once in many millions of vocabularies.
    ///
    /// Of the text as llama.cpp reads it: up to the first zero byte, and of `[EMPTY_index]` where it is empty.
    mutating func textDigest(index: Int) throws(FormatError) -> UInt64 {
        let length: UInt64 = try integer(for: "the length of a token's text")
        try require(length, for: "a token's text")
        let end = offset + Int(length)
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        var count = 0
        while offset < end {
            let byte = try bytes.byte(at: offset)
            guard byte != 0 else { break }
            digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
            offset += 1
            count += 1
        }
        offset = end
        guard count == 0 else { return digest }
        return "[EMPTY_\(index)]".utf8.reduce(digest) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// A name that must be there and short.
    mutating func name(upTo most: Int, for what: String) throws(FormatError) -> String {
        let start = offset
        let (text, byteCount) = try text(upTo: most, for: what)
        guard let text else {
            throw FormatError(
                .malformed, "\(what) has \(byteCount) bytes, expected \(most) at most", at: "offset \(start)")
        }
        guard !text.isEmpty else { throw FormatError(.malformed, "\(what) is empty", at: "offset \(start)") }
        return text
    }
}
