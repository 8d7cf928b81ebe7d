// SPDX-License-Identifier: Apache-2.0

/// An attribute before its values are read.
struct HDF5AttributeBody {
    let type: HDF5Datatype
    let space: HDF5Dataspace
    let data: [UInt8]
}

extension HDF5Context {
    /// The values of one attribute.
    func attribute(_ name: String, of messages: [HDF5Message]) throws(FormatError) -> HDF5Array? {
        var found: HDF5AttributeBody?
        try eachAttribute(messages) { (cursor) throws(FormatError) in
            found = try attributeBody(&cursor, named: name)
            return found == nil
        }
        guard let body = found else { return nil }
        let count = try body.space.count
        let width = body.type.width(widths)
        let total = try limits.dataByteCount(count, width: width, fileByteCount: source.byteCount)
        guard body.data.count >= total else {
            throw .truncated("an attribute", needed: total, available: body.data.count, offset: 0)
        }
        return try array(body.type, shape: body.space.shape, bytes: Array(body.data.prefix(total)))
    }

    /// The names of all attributes.
    func attributeNames(of messages: [HDF5Message]) throws(FormatError) -> [String] {
        var names: [String] = []
        try eachAttribute(messages) { (cursor) throws(FormatError) in
            names.append(try attributeHead(&cursor).name)
            return true
        }
        return names
    }

    /// Goes through all attributes, those of the header and those of a heap once they are many, until `body` says
    /// `false`.
    private func eachAttribute(
        _ messages: [HDF5Message], _ body: (inout HDF5Cursor) throws(FormatError) -> Bool
    ) throws(FormatError) {
        for message in messages where message.kind == .attribute {
            guard !message.isShared else {
                throw FormatError(
                    .unsupported, "shared HDF5 attributes are not read", at: "offset \(message.offset)")
            }
            var cursor = cursor(message)
            guard try body(&cursor) else { return }
        }
        guard let info = messages.first(where: { $0.kind == .attributeInfo }) else { return }
        var cursor = cursor(info)
        try cursor.skip(1)
        if try cursor.byte() & 1 != 0 { try cursor.skip(2) }
        guard let heapAddress = try cursor.address(), let treeAddress = try cursor.address() else { return }
        let heap = try HDF5FractalHeap(self, at: heapAddress)
        var byteCount = 0
        for record in try treeRecords(at: treeAddress, type: 8) {
            let bytes = try heap.object(Array(record.prefix(8)))
            try countHeader(&byteCount, adding: bytes.count)
            var object = HDF5Cursor(bytes, widths, origin: heapAddress)
            guard try body(&object) else { return }
        }
    }

    /// What stands before an attribute's type.
    private struct AttributeHead {
        let version: Int
        let flags: Int
        let typeSize: Int
        let spaceSize: Int
        let name: String
    }

    private func attributeHead(_ cursor: inout HDF5Cursor) throws(FormatError) -> AttributeHead {
        let version = try cursor.byte()
        guard (1...3).contains(version) else {
            throw FormatError(
                .unsupported, "version \(version) of an HDF5 attribute is not read", at: "offset \(cursor.origin)")
        }
        let flags = try cursor.byte()
        let sizes = (name: try cursor.short(), type: try cursor.short(), space: try cursor.short())
        if version == 3 { try cursor.skip(1) }
        let name = try field(sizes.name, of: &cursor, version: version).bytes
        return AttributeHead(
            version: version, flags: flags, typeSize: sizes.type, spaceSize: sizes.space,
            name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
    }

    private func field(
        _ size: Int, of cursor: inout HDF5Cursor, version: Int
    ) throws(FormatError) -> HDF5Cursor {
        let start = cursor.position
        let bytes = try cursor.take(size)
        if version == 1 { cursor.align(from: start) }
        return HDF5Cursor(bytes, widths, origin: cursor.origin + start)
    }

    /// `nil` for an attribute of another name: reading the types of all, each in a header of its own, would take long.
    private func attributeBody(
        _ cursor: inout HDF5Cursor, named wanted: String
    ) throws(FormatError) -> HDF5AttributeBody? {
        let head = try attributeHead(&cursor)
        guard head.name == wanted else { return nil }
        var type = try field(head.typeSize, of: &cursor, version: head.version)
        var space = try field(head.spaceSize, of: &cursor, version: head.version)
        if head.version > 1, head.flags & 1 != 0 { type = try shared(type, kind: .datatype) }
        if head.version > 1, head.flags & 2 != 0 { space = try shared(space, kind: .dataspace) }
        return HDF5AttributeBody(
            type: try HDF5Datatype.read(&type), space: try HDF5Dataspace(&space, limits: limits),
            data: try cursor.take(cursor.left))
    }

    private func shared(_ field: HDF5Cursor, kind: HDF5Message.Kind) throws(FormatError) -> HDF5Cursor {
        cursor(try resolved(HDF5Message(kind: kind, isShared: true, body: field.bytes, offset: field.origin)))
    }
}
