// SPDX-License-Identifier: Apache-2.0

// Classes, functions and persistent ids.
extension PickleMachine {
    /// Names of Python 2 that Python 3's unpickler takes for others.
    private static let renamed = [
        "__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins", "UserDict": "collections",
        "UserList": "collections", "UserString": "collections", "Queue": "queue", "commands": "subprocess",
    ]

    mutating func readName() throws(FormatError) {
        switch opcode {
        case 0x63:
            let module = String(decoding: try input.line(), as: UTF8.self)
            try pushName(module, String(decoding: try input.line(), as: UTF8.self))
        case 0x93:
            let (name, module) = (try pop(), try pop())
            guard let moduleText = exactText(module), let nameText = exactText(name) else {
                throw malformed("module and name are not both texts")
            }
            try pushName(moduleText, nameText)
        case 0x82: try pushExtension(Int(try input.byte()))
        case 0x83: try pushExtension(Int(try input.integer(UInt16.self)))
        case 0x84: try pushExtension(Int(try input.integer(Int32.self)))
        case 0x69: try readInstance()
        case 0x50:
            try content(Array(try input.line()), .text)
            try pushPersistent(try pop())
        default: try pushPersistent(try pop())
        }
    }

    private func exactText(_ number: UInt32) -> String? {
        let node = node(number)
        return node.tag == .text || node.tag == .longText ? arena.text(number) : nil
    }

    mutating func pushName(_ module: String, _ name: String) throws(FormatError) {
        guard module.utf8.count + name.utf8.count <= 1024 else {
            note(.medium, "the name of a class has \(module.utf8.count + name.utf8.count) bytes")
            throw FormatError(.limitExceeded, "the name of a class is longer than 1024 bytes", at: place)
        }
        let read = PickleName(Self.renamed[module] ?? module, name)
        if let number = nameNumbers[read] { return try make(PickleNode(.global, number)) }
        let number = UInt32(truncatingIfNeeded: arena.names.count)
        let standing = PickleAllowList.standing(of: read)
        arena.names.append(read)
        standings.append(standing)
        nameNumbers[read] = number
        if case .foreign = standing { noteForeign(read, as: PickleName(module, name)) }
        try make(PickleNode(.global, number))
    }

    private mutating func noteForeign(_ name: PickleName, as written: PickleName) {
        if let effect = PickleDangers.message(for: written) ?? PickleDangers.message(for: name) {
            note(.high, "\(written) \(effect)", name: name)
        } else {
            note(
                .medium, "\(written) is not known as a part of a model; loading imports its module and may call it",
                name: name)
        }
    }

    private mutating func pushExtension(_ code: Int) throws(FormatError) {
        note(.high, "extension code \(code) would import whatever the loading program registered under it")
        let name = PickleName("copyreg", "extension_\(code)")
        arena.names.append(name)
        standings.append(.foreign)
        try make(PickleNode(.global, UInt32(truncatingIfNeeded: arena.names.count - 1)))
    }

    /// PyTorch names its weights by persistent ids of one shape; others belong to programs that are not known.
    private mutating func pushPersistent(_ value: UInt32) throws(FormatError) {
        let members = arena.prefix(of: node(value), upTo: 8)
        let isStorage = node(value).tag == .tuple && members.count >= 4 && arena.text(members[0]) == "storage"
        if !isStorage {
            note(.medium, "a persistent id asks the loading program for an object that is not in the file")
        }
        let arguments = try makeTuple([value])
        try makeRecord(
            PickleRecord(
                type: PickleName(isStorage ? "torch.storage" : "pickle", "persistent_id"), arguments: arguments))
    }

    /// `INST`: the name as two lines, the arguments above the mark.
    private mutating func readInstance() throws(FormatError) {
        let module = String(decoding: try input.line(), as: UTF8.self)
        let name = String(decoding: try input.line(), as: UTF8.self)
        try tuple(from: try popMark())
        let arguments = try pop()
        try pushName(module, name)
        try call(try pop(), arguments, keywords: nil)
    }

    /// A tuple that is not on the stack.
    mutating func makeTuple(_ members: [UInt32]) throws(FormatError) -> UInt32 {
        try checkChildren(members.count)
        let first = arena.children.count
        arena.children += members
        try make(PickleNode(.tuple, UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: members.count)))
        return try pop()
    }

    mutating func makeRecord(_ record: PickleRecord) throws(FormatError) {
        arena.records.append(record)
        try make(PickleNode(.object, UInt32(truncatingIfNeeded: arena.records.count - 1)))
    }
}
