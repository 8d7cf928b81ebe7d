// SPDX-License-Identifier: Apache-2.0

// What small files could cost, and what allowed names could do together.
extension PickleMachine {
    /// Counts copies of what is in the file already; throws when they come to more than any model has.
    mutating func charge(_ count: Int) throws(FormatError) {
        copiedCount &+= count
        guard copiedCount >= 0, copiedCount <= 4 &* limits.nodeCount else { throw tooMany() }
    }

    /// The members of a tuple, list, set or dictionary, copied.
    mutating func members(of number: UInt32) throws(FormatError) -> [UInt32] {
        let members = arena.members(of: node(number))
        try charge(members.count)
        return members
    }

    /// Makes a finding where an allowed class or function would be given what it could call or open.
    mutating func checkArguments(
        of name: PickleName, _ arguments: UInt32, _ keywords: UInt32?
    ) throws(FormatError) {
        guard node(arguments).high > 0 || keywords != nil else { return }
        var values = try members(of: arguments)
        if let keywords { values += try members(of: keywords) }
        for value in values {
            guard try holdsCallable(value) else { continue }
            note(.high, "\(name) would be given a function, which could be called through it", name: name)
        }
        guard PickleAllowList.opensFiles(name), values.contains(where: { !isPlainNumber($0) }) else { return }
        note(.medium, "\(name) would be called with arguments, which can name files and addresses", name: name)
    }

    private mutating func holdsCallable(_ number: UInt32) throws(FormatError) -> Bool {
        guard node(number).tag == .tuple else { return isCallable(number) }
        return try members(of: number).contains { isCallable($0) }
    }

    /// Whether a value is more than a class whose instances are data.
    private func isCallable(_ number: UInt32) -> Bool {
        let node = node(number)
        if node.tag == .object { return arena.records[Int(node.low)].type == PickleName("functools", "partial") }
        guard node.tag == .global else { return false }
        switch standings[Int(node.low)] {
        case .function, .foreign: return true
        case .type: return false
        case .constructor(let constructor):
            switch constructor {
            case .dictionary, .defaultDictionary, .list, .tuple, .set, .bytes, .numpyType: return false
            default: return true
            }
        }
    }

    private func isPlainNumber(_ number: UInt32) -> Bool {
        switch node(number).tag {
        case .none, .yes, .no, .integer, .float: true
        default: false
        }
    }

    /// Makes a finding where a state would give an instance methods, or would be the second one.
    mutating func checkState(of record: Int, _ state: UInt32) throws(FormatError) {
        let type = arena.records[record].type
        if arena.records[record].state != nil {
            note(.high, "\(type) would be given its state twice; the first can name what takes the second", name: type)
        }
        // Objects with slots have a pair: of attributes, and of slots.
        let dictionaries = node(state).tag == .tuple ? arena.prefix(of: node(state), upTo: 3) : [state]
        for dictionary in dictionaries where node(dictionary).tag == .dictionary {
            let entries = try members(of: dictionary)
            for index in stride(from: 0, to: entries.count, by: 2) where isSpecial(entries[index]) {
                let key = arena.text(entries[index]) ?? ""
                note(.high, "\(type) would be given '\(key)', a method of its own", name: type)
            }
        }
    }

    /// Whether a text is a name with two underscores at both ends, which Python looks up by itself.
    private func isSpecial(_ number: UInt32) -> Bool {
        guard let text = arena.content(of: node(number)), text.count > 4, text.count < 64 else { return false }
        return text.prefix(2).allSatisfy { $0 == 0x5F } && text.suffix(2).allSatisfy { $0 == 0x5F }
    }
}
