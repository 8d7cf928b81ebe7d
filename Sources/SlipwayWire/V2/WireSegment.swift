// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A piece of a reply's body, to be written without another copy.
package enum WireSegment: Sendable {
    case bytes([UInt8])
    case storage(TensorStorage)

    package var byteCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .storage(let storage): storage.bytes.count
        }
    }

    /// Calls `body` with the piece's bytes, which are valid during the call only.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        switch self {
        case .bytes(let bytes): try bytes.withUnsafeBytes(body)
        case .storage(let storage): try withExtendedLifetime(storage) { try body(storage.bytes) }
        }
    }
}
