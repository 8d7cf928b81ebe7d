// SPDX-License-Identifier: Apache-2.0

/// An attribute before its values are read.
struct HDF5AttributeBody {
    let name: String
    let type: HDF5Datatype
    let space: HDF5Dataspace
    let data: [UInt8]
}

extension HDF5Context {
    /// The values of one attribute.
    func attribute(_ name: String, of messages: [HDF5Message]) throws(FormatError) -> HDF5Array? {
        guard let body = try attributeBodies(messages, named: name).first else { return nil }
        let count = try body.space.count
        let width = body.type.width(widths)
        let total = try limits.dataByteCount(count, width: width, fileByteCount: source.byteCount)
        guard body.data.count >= total else {
            throw .truncated("an attribute", needed: total, available: body.data.count, offset: 0)
        }
        return try array(body.type, shape: body.space.shape, bytes: Array(body.data.prefix(total)))
    }

    /// All attributes, or those of one name: those of the header, or those of a heap once they are many.
    func attributeBodies(_ messages: [HDF5Message], named wanted: String? = nil) throws(FormatError)
        -> [HDF5AttributeBody]
    {
        var bodies: [HDF5AttributeBody] = []
        for message in messages where message.kind == .attribute {
            guard !message.isShared else {
                throw FormatError(
                    .unsupported, "shared HDF5 attributes are not read", at: "offset \(message.offset)")
            }
            var cursor = cursor(message)
            if let body = try attributeBody(&cursor, named: wanted) { bodies.append(body) }
        }
        guard let info = messages.first(where: { $0.kind == .attributeInfo }) else { return bodies }
        var cursor = cursor(info)
        try cursor.skip(1)
        if try cursor.byte() & 1 != 0 { try cursor.skip(2) }
        guard let heapAddress = try cursor.address(), let treeAddress = try cursor.address() else { return bodies }
        let heap = try HDF5FractalHeap(self, at: heapAddress)
        var byteCount = 0
        for record in try treeRecords(at: treeAddress, type: 8) {
            let bytes = try heap.object(Array(record.prefix(8)))
            try countHeader(&byteCount, bytes)
            var object = HDF5Cursor(bytes, widths, origin: heapAddress)
            if let body = try attributeBody(&object, named: wanted) { bodies.append(body) }
        }
        return bodies
    }

    /// `nil` for an attribute of another name: reading the types of all, each in a header of its own, would take long.
    private func attributeBody(
        _ cursor: inout HDF5Cursor, named wanted: String?
    ) throws(FormatError) -> HDF5AttributeBody? {
        let version = try cursor.byte()
        guard (1...3).contains(version) else {
            throw FormatError(
                .unsupported, "version \(version) of an HDF5 attribute is not read", at: "offset \(cursor.origin)")
        }
        let flags = try cursor.byte()
        let sizes = (name: try cursor.short(), type: try cursor.short(), space: try cursor.short())
        if version == 3 { try cursor.skip(1) }
        func field(_ size: Int, of cursor: inout HDF5Cursor) throws(FormatError) -> HDF5Cursor {
            let start = cursor.position
            let bytes = try cursor.take(size)
            if version == 1 { cursor.align(from: start) }
            return HDF5Cursor(bytes, widths, origin: cursor.origin + start)
        }
        let nameBytes = try field(sizes.name, of: &cursor).bytes
        let name = String(decoding: nameBytes.prefix { $0 != 0 }, as: UTF8.self)
        guard wanted == nil || wanted == name else { return nil }
        var type = try field(sizes.type, of: &cursor)
        var space = try field(sizes.space, of: &cursor)
        if version > 1, flags & 1 != 0 { type = try shared(type, kind: .datatype) }
        if version > 1, flags & 2 != 0 { space = try shared(space, kind: .dataspace) }
        return HDF5AttributeBody(
            name: name, type: try HDF5Datatype.read(&type),
            space: try HDF5Dataspace(&space, limits: limits), data: try cursor.take(cursor.left))
    }

    private func shared(_ field: HDF5Cursor, kind: HDF5Message.Kind) throws(FormatError) -> HDF5Cursor {
        cursor(try resolved(HDF5Message(kind: kind, isShared: true, body: field.bytes, offset: field.origin)))
    }
}
