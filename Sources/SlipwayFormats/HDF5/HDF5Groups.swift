// SPDX-License-Identifier: Apache-2.0

// Groups: link messages in the header or in a fractal heap (new), a B-tree of symbol tables (old).

extension HDF5Context {
    /// The links of a group of the new kind.
    func links(_ messages: [HDF5Message]) throws(FormatError) -> [String: HDF5Link] {
        var links: [String: HDF5Link] = [:]
        for message in messages where message.kind == .link {
            var cursor = cursor(message)
            let (name, link) = try link(&cursor)
            links[name] = link
        }
        guard let info = messages.first(where: { $0.kind == .linkInfo }) else { return links }
        var cursor = cursor(info)
        try cursor.skip(1)
        if try cursor.byte() & 1 != 0 { try cursor.skip(8) }
        guard let heapAddress = try cursor.address(), let treeAddress = try cursor.address() else { return links }
        let heap = try HDF5FractalHeap(self, at: heapAddress)
        var byteCount = 0
        for record in try treeRecords(at: treeAddress, type: 5) {
            // A hash of the name, then where the link lies in the heap.
            let object = try heap.object(Array(record.dropFirst(4)))
            try countHeader(&byteCount, adding: object.count)
            var cursor = HDF5Cursor(object, widths, origin: heapAddress)
            let (name, link) = try link(&cursor)
            links[name] = link
        }
        return links
    }

    private func link(_ cursor: inout HDF5Cursor) throws(FormatError) -> (String, HDF5Link) {
        guard try cursor.byte() == 1 else {
            throw FormatError(.unsupported, "this version of an HDF5 link is not read", at: "offset \(cursor.origin)")
        }
        let flags = try cursor.byte()
        let type = flags & 8 != 0 ? try cursor.byte() : 0
        if flags & 4 != 0 { try cursor.skip(8) }
        if flags & 0x10 != 0 { try cursor.skip(1) }
        let length = try cursor.integer(1 << (flags & 3))
        let name = String(decoding: try cursor.take(length), as: UTF8.self)
        switch type {
        case 0: return (name, HDF5Link(target: .object(try cursor.definedAddress("the link '\(name)'"))))
        case 1: return (name, HDF5Link(target: .soft))
        default: return (name, HDF5Link(target: .external))
        }
    }

    /// The links of a group of the old kind.
    func symbols(_ message: HDF5Message) throws(FormatError) -> [String: HDF5Link] {
        var cursor = cursor(message)
        let tree = try cursor.definedAddress("the tree of a group")
        let heap = try localHeap(at: try cursor.definedAddress("the names of a group"))
        var links: [String: HDF5Link] = [:]
        var walk = SymbolWalk(heap: heap)
        try symbols(in: tree, level: nil, &walk, links: &links)
        return links
    }

    /// The way through the tree of a group.
    private struct SymbolWalk {
        let heap: [UInt8]
        var visits = HDF5Visits()
        /// Bytes of the names so far, which may overlap in the heap.
        var nameByteCount = 0
    }

    private func symbols(
        in address: Int, level: Int?, _ walk: inout SymbolWalk, links: inout [String: HDF5Link]
    ) throws(FormatError) {
        var cursor = try cursor(at: address, upTo: 8 + 2 * widths.offset)
        try cursor.expect("TREE", "a node of a group")
        let type = try cursor.byte()
        let own = try cursor.byte()
        guard type == 0, level == nil || own == (level ?? 0) - 1 else {
            throw FormatError(.malformed, "the tree of an HDF5 group is damaged", at: "offset \(address)")
        }
        let used = try cursor.short()
        try enter(address, items: used, &walk.visits, "node of a group")
        let start = address + 8 + 2 * widths.offset
        var body = try self.cursor(at: start, count: used * (widths.length + widths.offset) + widths.length)
        for _ in 0..<used {
            try body.skip(widths.length)
            let child = try body.definedAddress("a node of a group")
            if own > 0 {
                try symbols(in: child, level: own, &walk, links: &links)
            } else {
                try table(at: child, &walk, links: &links)
            }
        }
    }

    private func table(
        at address: Int, _ walk: inout SymbolWalk, links: inout [String: HDF5Link]
    ) throws(FormatError) {
        let heap = walk.heap
        var head = try cursor(at: address, count: 8)
        try head.expect("SNOD", "a symbol table")
        try head.skip(2)
        let used = try head.short()
        try enter(address, items: used, &walk.visits, "symbol table of a group")
        var body = try cursor(at: address + 8, count: used * (2 * widths.offset + 24))
        for _ in 0..<used {
            let nameOffset = try body.integer(widths.offset)
            let object = try body.address()
            let cache = try body.word()
            try body.skip(20)
            guard nameOffset < heap.count, let end = heap[nameOffset...].firstIndex(of: 0) else {
                throw FormatError(.malformed, "a member of an HDF5 group has no name", at: "offset \(address)")
            }
            try countHeader(&walk.nameByteCount, adding: end - nameOffset)
            let name = String(decoding: heap[nameOffset..<end], as: UTF8.self)
            if cache == 2 {
                links[name] = HDF5Link(target: .soft)
            } else if let object {
                links[name] = HDF5Link(target: .object(object))
            }
        }
    }

    /// The names of a group of the old kind.
    private func localHeap(at address: Int) throws(FormatError) -> [UInt8] {
        var cursor = try cursor(at: address, count: 8 + 2 * widths.length + widths.offset)
        try cursor.expect("HEAP", "the names of a group")
        try cursor.skip(4)
        let size = try cursor.length()
        try cursor.skip(widths.length)
        guard size <= limits.headerByteCount else {
            throw FormatError(.limitExceeded, "the names of an HDF5 group take \(size) bytes", at: "offset \(address)")
        }
        return try source.bytes(at: try cursor.definedAddress("the names of a group"), count: size)
    }
}
