// SPDX-License-Identifier: Apache-2.0

/// A zero-terminated copy of a string that lives as long as this object.
final class CString: @unchecked Sendable {
    // Unchecked: written once in the initializer.
    let pointer: UnsafeMutablePointer<CChar>

    init(_ text: String) {
        let bytes = text.utf8CString
        pointer = .allocate(capacity: bytes.count)
        for (offset, byte) in bytes.enumerated() { (pointer + offset).initialize(to: byte) }
    }

    deinit { pointer.deallocate() }
}

/// Arrays of C strings for the length of a call.
enum CStrings {
    static func with<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
    ) -> R {
        let copies = strings.map { CString($0) }
        return withExtendedLifetime(copies) {
            copies.map { UnsafePointer($0.pointer) as UnsafePointer<CChar>? }.withUnsafeBufferPointer {
                body($0.baseAddress)
            }
        }
    }
}
