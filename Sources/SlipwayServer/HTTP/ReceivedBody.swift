// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A request's body in one piece, laid out so that what follows its header is aligned as tensors are.
///
/// Tensors can then be views of it: large inputs are copied once, from the socket's buffers to here.
package final class ReceivedBody: @unchecked Sendable {
    // Unchecked: one task fills it, and from then on nobody writes.

    private var memory: UnsafeMutableRawBufferPointer
    private let start: Int
    package private(set) var count = 0

    /// - Parameters:
    ///   - capacity: Bytes expected; more are taken too, at the price of a copy.
    ///   - headerLength: The byte at this place of the body is to be aligned.
    package init(capacity: Int, aligning headerLength: Int) {
        let alignment = TensorStorage.alignment
        start = (alignment - headerLength % alignment) % alignment
        memory = .allocate(byteCount: max(1, start + capacity), alignment: alignment)
    }

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<(start + count)]) }

    package func append(_ part: UnsafeRawBufferPointer) {
        if start + count + part.count > memory.count { grow(to: start + count + part.count) }
        UnsafeMutableRawBufferPointer(rebasing: memory[(start + count)..<(start + count + part.count)])
            .copyMemory(from: part)
        count += part.count
    }

    /// Calls `body` with the bytes; views of them may outlive the call if they keep this object.
    package func withUnsafeReadableBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    private func grow(to needed: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(needed, memory.count * 2), alignment: TensorStorage.alignment)
        larger.copyMemory(from: UnsafeRawBufferPointer(memory))
        memory.deallocate()
        memory = larger
    }

    deinit { memory.deallocate() }
}
