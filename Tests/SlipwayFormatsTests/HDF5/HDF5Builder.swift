// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Writes HDF5 files byte by byte, so that they can say what no library would write.
///
/// Addresses and lengths have eight bytes. Structures are appended; the root's address is set last.
struct HDF5Builder {
    private(set) var bytes: [UInt8]

    init() {
        // Superblock 2: widths, flags, base, no extension, end of file, root, checksum.
        bytes = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 2, 8, 8, 0]
        bytes += Self.number(0) + Self.undefined + Self.number(0) + Self.undefined + [0, 0, 0, 0]
    }

    static let undefined = [UInt8](repeating: 0xFF, count: 8)

    static func number(_ value: Int, _ width: Int = 8) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Where the next structure will lie.
    var end: Int { bytes.count }

    @discardableResult
    mutating func append(_ content: [UInt8]) -> Int {
        bytes += content
        return bytes.count - content.count
    }

    /// An object of version 2.
    @discardableResult
    mutating func object(_ messages: [(kind: UInt8, body: [UInt8])]) -> Int {
        let content = Self.messages(messages)
        return append(Array("OHDR".utf8) + [2, 2] + Self.number(content.count, 4) + content + [0, 0, 0, 0])
    }

    /// What continues a header.
    static func continuation(_ messages: [(kind: UInt8, body: [UInt8])]) -> [UInt8] {
        Array("OCHK".utf8) + Self.messages(messages) + [0, 0, 0, 0]
    }

    private static func messages(_ messages: [(kind: UInt8, body: [UInt8])]) -> [UInt8] {
        messages.flatMap { [$0.kind] + number($0.body.count, 2) + [0] + $0.body }
    }

    func file(root: Int, limits: HDF5Limits = HDF5Limits()) throws -> HDF5File {
        var whole = bytes
        whole.replaceSubrange(36..<44, with: Self.number(root))
        return try HDF5File(MemorySource(whole), limits: limits)
    }

    /// Bytes of the whole file.
    func finished(root: Int) -> [UInt8] {
        var whole = bytes
        whole.replaceSubrange(36..<44, with: Self.number(root))
        return whole
    }

    // MARK: Messages

    /// Unsigned integers of one byte.
    static let byteType: (kind: UInt8, body: [UInt8]) = (3, [0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0])

    static func space(_ extents: [Int]) -> (kind: UInt8, body: [UInt8]) {
        (1, [2, UInt8(extents.count), 0, 1] + extents.flatMap { number($0) })
    }

    static func link(_ name: String, to address: Int) -> (kind: UInt8, body: [UInt8]) {
        (6, [1, 0, UInt8(name.utf8.count)] + Array(name.utf8) + number(address))
    }

    /// A text of fixed length.
    static func attribute(_ name: String, _ text: String) -> (kind: UInt8, body: [UInt8]) {
        let type = [0x13, 0, 0, 0] + number(text.utf8.count, 4)
        let space: [UInt8] = [2, 0, 0, 0]
        let head = [3, 0] + number(name.utf8.count + 1, 2) + number(type.count, 2) + number(space.count, 2) + [0]
        return (12, head + Array(name.utf8) + [0] + type + space + Array(text.utf8))
    }

    /// Chunks in a tree of version 1.
    static func chunked(_ extents: [Int], tree: Int) -> (kind: UInt8, body: [UInt8]) {
        (8, [3, 2, UInt8(extents.count + 1)] + number(tree) + (extents + [1]).flatMap { number($0, 4) })
    }

    /// A node of a tree of version 1 with these entries behind its head.
    static func node(_ type: UInt8, level: UInt8, _ entries: [[UInt8]]) -> [UInt8] {
        Array("TREE".utf8) + [type, level] + number(entries.count, 2) + undefined + undefined + entries.flatMap { $0 }
            + [UInt8](repeating: 0, count: 32)
    }

    /// The key of a chunk of one extent, and where it lies.
    static func chunk(_ offset: Int, byteCount: Int, at address: Int) -> [UInt8] {
        number(byteCount, 4) + number(0, 4) + number(offset) + number(0) + number(address)
    }
}
