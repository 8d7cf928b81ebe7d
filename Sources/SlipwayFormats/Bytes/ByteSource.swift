// SPDX-License-Identifier: Apache-2.0

/// Bytes that can be read at any offset: a file, or memory.
///
/// Readers ask for pieces of a few kilobytes; nothing is loaded as a whole.
public protocol ByteSource: Sendable {
    /// The number of bytes, fixed for the life of the source.
    var byteCount: Int { get }

    /// Fills all of `buffer` from `offset` on; blocks for as long as the read takes.
    ///
    /// - Throws: ``FormatError`` `truncated` when the range ends after the source does,
    ///   `unreadable` when the operating system refuses.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError)
}

extension ByteSource {
    /// Throws `truncated` unless `count` bytes from `offset` on lie inside the source.
    func checkRange(offset: Int, count: Int) throws(FormatError) {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw .truncated(
                "the read", needed: count, available: Swift.max(0, byteCount - Swift.max(0, offset)), offset: offset)
        }
    }

    /// `count` bytes from `offset` on, as a copy.
    ///
    /// - Throws: ``FormatError`` as ``read(at:into:)`` does, before any memory is taken.
    public func bytes(at offset: Int, count: Int) throws(FormatError) -> [UInt8] {
        try checkRange(offset: offset, count: count)
        var failure: FormatError?
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            do throws(FormatError) {
                let raw = UnsafeMutableRawBufferPointer(target)
                try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: raw[0..<count]))
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return result
    }

    /// At most `count` bytes from `offset` on, fewer where the source ends.
    func prefix(at offset: Int, upTo count: Int) throws(FormatError) -> [UInt8] {
        guard offset >= 0, offset < byteCount else { return [] }
        return try bytes(at: offset, count: Swift.min(count, byteCount - offset))
    }
}

/// Bytes in memory.
public struct MemorySource: ByteSource {
    private let storage: [UInt8]

    public init(_ bytes: [UInt8]) { storage = bytes }

    public var byteCount: Int { storage.count }

    public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        try checkRange(offset: offset, count: buffer.count)
        storage.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + buffer.count)]))
        }
    }
}
