// SPDX-License-Identifier: Apache-2.0

/// Immutable bytes behind a tensor, aligned to 64 bytes when allocated here.
///
/// Either owns its allocation, or views memory that another object keeps alive
/// (an engine's output buffer, another storage).
public final class TensorStorage: @unchecked Sendable {
    // Unchecked: the memory is written only inside the filling initializer and never afterwards.

    /// Alignment of every allocation made here, in bytes: one cache line, and enough for any vector load.
    public static let alignment = 64

    public let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject?

    /// Allocates `byteCount` bytes and lets `fill` write them; bytes that `fill` leaves alone are undefined.
    public init<E: Error>(byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        // One byte at least, so that an empty tensor still has an address that engines accept.
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(byteCount, 1), alignment: Self.alignment)
        let filled = UnsafeMutableRawBufferPointer(rebasing: memory[0..<byteCount])
        do throws(E) {
            try fill(filled)
        } catch {
            memory.deallocate()
            throw error
        }
        bytes = UnsafeRawBufferPointer(filled)
        owner = nil
    }

    /// Copies `source`: the one copy a received buffer takes.
    public convenience init(copying source: UnsafeRawBufferPointer) {
        self.init(byteCount: source.count) { target in
            if let base = source.baseAddress { target.baseAddress?.copyMemory(from: base, byteCount: source.count) }
        }
    }

    /// Views `bytes` without a copy; `owner` keeps them alive and unchanged for as long as this storage lives.
    public init(viewing bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        self.bytes = bytes
        self.owner = owner
    }

    /// A view of a part of this storage, without a copy.
    ///
    /// - Precondition: `range` lies within the storage.
    public func slice(_ range: Range<Int>) -> TensorStorage {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "slice outside the storage")
        return TensorStorage(viewing: UnsafeRawBufferPointer(rebasing: bytes[range]), owner: self)
    }

    deinit {
        if owner == nil { UnsafeMutableRawBufferPointer(mutating: bytes).deallocate() }
    }
}
