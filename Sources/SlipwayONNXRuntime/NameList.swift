// SPDX-License-Identifier: Apache-2.0

/// Names as the library takes them, made once.
final class NameList: @unchecked Sendable {
    // Unchecked: written once in the initializer.
    let pointer: UnsafeMutablePointer<UnsafePointer<CChar>?>
    let count: Int
    private let names: [CString]

    init(_ values: [SessionValue]) {
        names = values.map(\.cName)
        count = names.count
        pointer = .allocate(capacity: max(1, count))
        for (index, name) in names.enumerated() { (pointer + index).initialize(to: UnsafePointer(name.pointer)) }
    }

    deinit { pointer.deallocate() }
}
