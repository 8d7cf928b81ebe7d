// SPDX-License-Identifier: Apache-2.0

/// One message of an object's header.
struct HDF5Message: Sendable {
    enum Kind: Int, Sendable {
        case dataspace = 1
        case linkInfo = 2
        case datatype = 3
        case fillValue = 5
        case link = 6
        case externalFiles = 7
        case layout = 8
        case filters = 11
        case attribute = 12
        case continuation = 16
        case symbolTable = 17
        case attributeInfo = 21
    }

    let kind: Kind
    /// The message lies elsewhere, and the body says where.
    let isShared: Bool
    let body: [UInt8]
    let offset: Int
}

extension HDF5Context {
    /// The messages of the object at `address`, through all continuations.
    func messages(at address: Int) throws(FormatError) -> [HDF5Message] {
        var reader = HDF5HeaderReader(self)
        return try reader.read(at: address)
    }

    func cursor(_ message: HDF5Message) -> HDF5Cursor {
        HDF5Cursor(message.body, widths, origin: message.offset)
    }

    /// The message itself, where `message` says that it lies in another object's header.
    func resolved(_ message: HDF5Message) throws(FormatError) -> HDF5Message {
        guard message.isShared else { return message }
        var cursor = cursor(message)
        let version = try cursor.byte()
        let type = try cursor.byte()
        guard version < 3 || type != 1 else {
            throw FormatError(
                .unsupported, "HDF5 messages in a shared heap are not read", at: "offset \(message.offset)")
        }
        if version == 1 { try cursor.skip(6) }
        let address = try cursor.definedAddress("a shared HDF5 message")
        guard let found = try messages(at: address).first(where: { $0.kind == message.kind }), !found.isShared else {
            throw FormatError(.malformed, "a shared HDF5 message is missing", at: "offset \(address)")
        }
        return found
    }
}

/// Collects the messages of one object's header, versions 1 and 2.
private struct HDF5HeaderReader {
    private let context: HDF5Context
    private var messages: [HDF5Message] = []
    private var blocks: [(address: Int, count: Int)] = []
    private var visits = HDF5Visits()
    private var byteCount = 0
    private var messageCount = 0

    init(_ context: HDF5Context) { self.context = context }

    mutating func read(at address: Int) throws(FormatError) -> [HDF5Message] {
        var head = try context.cursor(at: address, upTo: 48)
        if head.bytes.has("OHDR") {
            try readVersion2(&head, at: address)
        } else {
            try readVersion1(&head, at: address)
        }
        return messages
    }

    private mutating func readVersion1(_ head: inout HDF5Cursor, at address: Int) throws(FormatError) {
        guard try head.byte() == 1 else {
            throw FormatError(.malformed, "there is no HDF5 object where the file says", at: "offset \(address)")
        }
        try head.skip(1)
        var left = try head.short()
        try head.skip(4)
        blocks = [(address + 16, try head.word())]
        while let block = blocks.popLast() {
            var cursor = try self.cursor(block.address, block.count)
            while left > 0, cursor.left >= 8 {
                left -= 1
                let type = try cursor.short()
                let size = try cursor.short()
                let flags = try cursor.byte()
                try cursor.skip(3)
                try add(type: type, flags: flags, size: size, from: &cursor)
            }
        }
    }

    private mutating func readVersion2(_ head: inout HDF5Cursor, at address: Int) throws(FormatError) {
        try head.skip(4)
        guard try head.byte() == 2 else {
            throw FormatError(.unsupported, "this version of an HDF5 header is not read", at: "offset \(address)")
        }
        let flags = try head.byte()
        if flags & 0x20 != 0 { try head.skip(16) }
        if flags & 0x10 != 0 { try head.skip(4) }
        let size = try head.integer(1 << (flags & 3))
        blocks = [(address + head.position, size)]
        var isFirst = true
        while let block = blocks.popLast() {
            var cursor = try self.cursor(block.address, block.count)
            var end = cursor.bytes.count
            if !isFirst {
                try cursor.expect("OCHK", "the rest of an object's header")
                end -= 4
            }
            isFirst = false
            let headSize = flags & 4 != 0 ? 6 : 4
            // What is left at the end is a gap, and a checksum in continuations.
            while end - cursor.position >= headSize {
                let type = try cursor.byte()
                let size = try cursor.short()
                let messageFlags = try cursor.byte()
                if flags & 4 != 0 { try cursor.skip(2) }
                try add(type: type, flags: messageFlags, size: size, from: &cursor)
            }
        }
    }

    private mutating func cursor(_ address: Int, _ count: Int) throws(FormatError) -> HDF5Cursor {
        try context.enter(address, &visits, "part of a header")
        byteCount += min(count, context.limits.headerByteCount + 1)
        guard count >= 0, byteCount <= context.limits.headerByteCount else {
            throw FormatError(.limitExceeded, "the header of an HDF5 object is too large", at: "offset \(address)")
        }
        return try context.cursor(at: address, count: count)
    }

    private mutating func add(
        type: Int, flags: Int, size: Int, from cursor: inout HDF5Cursor
    ) throws(FormatError) {
        let offset = cursor.origin + cursor.position
        messageCount += 1
        guard messageCount <= context.limits.messageCount else {
            throw FormatError(.limitExceeded, "an HDF5 object has too many messages", at: "offset \(offset)")
        }
        guard let kind = HDF5Message.Kind(rawValue: type) else { return try cursor.skip(size) }
        let body = try cursor.take(size)
        if kind == .continuation {
            var place = HDF5Cursor(body, context.widths, origin: offset)
            let address = try place.definedAddress("the rest of an object's header")
            blocks.append((address, try place.length()))
        } else {
            messages.append(HDF5Message(kind: kind, isShared: flags & 2 != 0, body: body, offset: offset))
        }
    }
}
