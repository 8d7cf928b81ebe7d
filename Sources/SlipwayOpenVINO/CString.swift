// SPDX-License-Identifier: Apache-2.0

/// A zero-terminated copy of a string that lives as long as this object.
final class CString: @unchecked Sendable {
    // Unchecked: written once in the initializer.
    let pointer: UnsafePointer<CChar>

    init(_ text: String) {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (offset, byte) in bytes.enumerated() { (copy + offset).initialize(to: byte) }
        pointer = UnsafePointer(copy)
    }

    deinit { pointer.deallocate() }
}
