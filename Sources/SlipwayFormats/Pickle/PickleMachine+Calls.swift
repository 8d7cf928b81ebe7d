// SPDX-License-Identifier: Apache-2.0

// What Python would call.
extension PickleMachine {
    mutating func callOpcode() throws(FormatError) {
        switch opcode {
        case 0x52, 0x81:
            let (arguments, callee) = (try pop(), try pop())
            try call(callee, arguments, keywords: nil)
        case 0x92:
            let (keywords, arguments, callee) = (try pop(), try pop(), try pop())
            try call(callee, arguments, keywords: keywords)
        default:
            // OBJ: the class is the first above the mark.
            let start = try popMark()
            guard start < stack.count else { throw malformed("there is no class") }
            let callee = stack[start]
            try tuple(from: start + 1)
            let arguments = try pop()
            _ = try pop()
            try call(callee, arguments, keywords: nil)
        }
    }

    /// Puts on the stack what calling `callee` stands for.
    mutating func call(_ callee: UInt32, _ arguments: UInt32, keywords: UInt32?) throws(FormatError) {
        guard node(arguments).tag == .tuple else { throw malformed("the arguments are no tuple") }
        guard node(callee).tag == .global else {
            note(.high, "the result of another call would be called")
            return try makeRecord(PickleRecord(type: PickleName("pickle", "called_value"), arguments: arguments))
        }
        let number = node(callee).low
        let name = arena.names[Int(number)]
        switch standings[Int(number)] {
        case .constructor(let constructor):
            if try make(constructor, name, arguments) { return }
        case .function:
            note(.medium, "\(name) would be called; models only name it", name: name)
        case .foreign:
            let severity: PickleFinding.Severity = PickleDangers.message(for: name) == nil ? .medium : .high
            note(severity, "loading would call \(name)(\(argumentText(arguments)))", name: name)
        case .type: try checkArguments(of: name, arguments, keywords)
        }
        try makeRecord(PickleRecord(type: name, arguments: arguments, keywords: keywords))
    }

    /// The arguments of a call, for people: the first few, shortened.
    private func argumentText(_ arguments: UInt32) -> String {
        let members = arena.prefix(of: node(arguments), upTo: 5)
        let texts = members.prefix(4).map { number -> String in
            let node = node(number)
            switch node.tag {
            case .none: return "None"
            case .yes: return "True"
            case .no: return "False"
            case .integer: return "\(node.integer)"
            case .float: return "\(node.float)"
            case .text, .byteText:
                let text = arena.text(number) ?? "..."
                return "'\(text.prefix(120))\(text.count > 120 ? "..." : "")'"
            case .global: return arena.names[Int(node.low)].description
            case .object: return "\(arena.records[Int(node.low)].type)(...)"
            default: return "..."
            }
        }
        return texts.joined(separator: ", ") + (members.count > 4 ? ", ..." : "")
    }

    /// Makes what a known function returns.
    ///
    /// - Returns: Whether it was made; otherwise the call becomes an instance with its arguments.
    private mutating func make(
        _ constructor: PickleConstructor, _ name: PickleName, _ arguments: UInt32
    ) throws(FormatError) -> Bool {
        let values = try members(of: arguments)
        switch constructor {
        case .dictionary: return try makeDictionary(values)
        case .defaultDictionary: return try makeDictionary(Array(values.dropFirst()))
        case .list: return try makeContainer(.list, values)
        case .set: return try makeContainer(.set, values)
        case .tuple: return try makeContainer(.tuple, values)
        case .bytes: return try makeBytes(values)
        case .encode: return try makeEncoded(values)
        case .reconstructor, .newObject, .newObjectWithKeywords:
            guard let type = values.first, node(type).tag == .global else {
                note(.high, "the result of another call would be called")
                return false
            }
            var rest = Array(values.dropFirst())
            // `_reconstructor(class, base, state)`: what the base is made of, for subclasses of containers.
            if constructor == .reconstructor { rest = rest.dropFirst().filter { $0 != Self.noneNode } }
            let isKeyed = constructor == .newObjectWithKeywords && rest.count == 2
            if isKeyed, node(rest[0]).tag == .tuple {
                try call(type, rest[0], keywords: rest[1])
            } else {
                try call(type, try makeTuple(rest), keywords: nil)
            }
            return true
        case .typeOf:
            if values != [Self.noneNode] { note(.high, "builtins.type would make a class of the file's choosing") }
            return false
        case .numpyReconstruct:
            arena.arrays.append(PickleArrayRecord(isPending: true))
            try make(PickleNode(.array, UInt32(truncatingIfNeeded: arena.arrays.count - 1)))
            return true
        case .numpyFromBuffer: return try makeArray(fromBuffer: values)
        case .numpyScalar: return try makeScalar(values)
        case .numpyType: return try makeElementType(values)
        case .numpyFunction: return try makeFunction(values)
        case .partial:
            if let first = values.first, node(first).tag == .global { return false }
            note(.high, "functools.partial would hold what another call returned")
            return false
        }
    }

    /// `_ufunc_reconstruct(module, name)`: a name, as `GLOBAL` gives it, which any name can be.
    private mutating func makeFunction(_ values: [UInt32]) throws(FormatError) -> Bool {
        guard values.count == 2, let module = arena.text(values[0]), let name = arena.text(values[1]) else {
            throw malformed("module and name are not both texts")
        }
        try pushName(module, name)
        return true
    }

    /// `dict(pairs)`, `OrderedDict([[key, value], ...])`, `Counter(dict)`, or empty.
    private mutating func makeDictionary(_ values: [UInt32]) throws(FormatError) -> Bool {
        guard let source = values.first else {
            try make(PickleNode(.dictionary))
            return true
        }
        let node = node(source)
        var members: [UInt32] = []
        switch node.tag {
        case .dictionary: members = try self.members(of: source)
        case .list, .tuple:
            for pair in try self.members(of: source) {
                let parts = arena.prefix(of: self.node(pair), upTo: 3)
                guard parts.count == 2 else { return false }
                members += parts
            }
        default: return false
        }
        try make(members, .dictionary)
        return true
    }

    private mutating func makeContainer(_ tag: PickleTag, _ values: [UInt32]) throws(FormatError) -> Bool {
        guard let source = values.first else {
            try make(PickleNode(tag))
            return true
        }
        switch node(source).tag {
        case .list, .tuple, .set:
            try make(try members(of: source), tag)
            return true
        default: return false
        }
    }

    private mutating func make(_ members: [UInt32], _ tag: PickleTag) throws(FormatError) {
        // Copies of copies would otherwise grow without any bytes of the file behind them.
        try checkChildren(members.count)
        if tag == .tuple { return try push(try makeTuple(members)) }
        var chain = PickleChain()
        if !members.isEmpty { arena.append(members[...], to: &chain) }
        try make(PickleNode(tag, chain.first, chain.last))
    }

    /// `bytes(x)`, `bytearray(x)`, `bytearray(text, 'latin-1')`.
    private mutating func makeBytes(_ values: [UInt32]) throws(FormatError) -> Bool {
        guard let source = values.first else {
            try content([], .bytes)
            return true
        }
        let node = node(source)
        if values.count == 2 { return try makeEncoded(values) }
        switch node.tag {
        case .bytes, .byteText: try make(PickleNode(.bytes, node.low, node.high))
        case .longBytes, .longByteText: try make(PickleNode(.longBytes, node.low))
        case .list, .tuple:
            var result: [UInt8] = []
            for member in try members(of: source) {
                guard self.node(member).tag == .integer, let byte = UInt8(exactly: self.node(member).integer) else {
                    return false
                }
                result.append(byte)
            }
            try content(result, .bytes)
        default: return false
        }
        return true
    }

    /// `_codecs.encode(text, 'latin1')`, which is how protocol 2 writes bytes.
    private mutating func makeEncoded(_ values: [UInt32]) throws(FormatError) -> Bool {
        guard values.count == 2, let encoding = arena.text(values[1]), let text = arena.content(of: node(values[0])),
            [.text, .longText].contains(node(values[0]).tag)
        else { return false }
        try charge(text.count / 16)
        switch encoding {
        case "latin1", "latin-1", "iso-8859-1", "raw_unicode_escape":
            guard let bytes = Self.latin1(text) else { throw malformed("the text is not Latin-1") }
            try content(bytes, .bytes)
        case "utf-8", "utf8", "ascii": try content(Array(text), .bytes)
        default: return false
        }
        return true
    }

    /// UTF-8 of code points below 256 as one byte each; `nil` for others.
    private static func latin1(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte < 0x80 {
                result.append(byte)
                index += 1
            } else {
                guard byte & 0xFC == 0xC0, index + 1 < text.endIndex else { return nil }
                result.append(byte << 6 | text[index + 1] & 0x3F)
                index += 2
            }
        }
        return result
    }

    /// `BUILD`: gives the value below its state.
    mutating func build() throws(FormatError) {
        let state = try pop()
        guard let target = stack.last, stack.count > fence else { throw malformed("there is nothing to build") }
        let node = node(target)
        switch node.tag {
        case .object:
            try checkState(of: Int(node.low), state)
            arena.records[Int(node.low)].state = state
            let type = arena.records[Int(node.low)].type
            if type.module.hasSuffix("joblib.numpy_pickle") { try readJoblib(type.name, state) }
        case .array: try fillArray(Int(node.low), state)
        case .elementType: try completeElementType(Int(node.low), state)
        case .global:
            note(.high, "\(arena.names[Int(node.low)]) itself would be changed, for the whole loading program")
        // What subclasses of containers carry besides their members.
        case .dictionary, .list, .set: break
        default: throw malformed("the value takes no state")
        }
    }
}
