// SPDX-License-Identifier: Apache-2.0

/// Whether bytes that are meant as numbers would bring in a name if they were read as opcodes.
///
/// Numbers may begin with any byte, so that the first one says nothing: the walk goes on to a name with both of its
/// parts, or to something at which `pickle.load` would give up.
struct PickleLookahead {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// How many bytes the array has: text as long as that may hide what stands behind.
    private let extent: Int
    private var next = 0
    /// Values that STACK_GLOBAL may take as names: texts, and what the memo holds.
    private var names = 0

    private enum Step { case goOn, name, end }

    static func namesSomething(_ bytes: UnsafeBufferPointer<UInt8>, extent: Int) -> Bool {
        var walk = PickleLookahead(bytes: bytes, extent: extent)
        while walk.next < bytes.count {
            switch walk.step() {
            case .goOn: continue
            case .name: return true
            case .end: return false
            }
        }
        return false
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, extent: Int) {
        self.bytes = bytes
        self.extent = extent
    }

    private mutating func step() -> Step {
        let opcode = bytes[next]
        next += 1
        switch opcode {
        case 0x63, 0x69:  // GLOBAL, INST
            guard let module = line(), let name = line(), isName(module), isName(name) else { return .end }
            return .name
        case 0x93:  // STACK_GLOBAL
            return names >= 2 ? .name : .end
        case 0x80:  // PROTO
            guard let version = integer(1), version <= 5 else { return .end }
            return .goOn
        case 0x2E, 0x50, 0x51, 0x82...0x84:  // STOP; ids and extensions, of which none are known by default
            return .end
        case 0x68, 0x6A, 0x67:  // GET
            names += 1
            return opcode == 0x67 ? numberLine() : skip(opcode == 0x68 ? 1 : 4)
        case 0x49, 0x4C, 0x46, 0x70: return numberLine()  // INT, LONG, FLOAT, PUT
        case 0x53, 0x56:  // STRING, UNICODE
            names += 1
            guard line() == nil else { return .goOn }
            // A text that goes on behind the window may hide what follows; numbers have bytes of zero.
            return bytes[next...].contains(0) ? .end : .name
        case 0x55, 0x8C: return text(1)
        case 0x54, 0x58: return text(4)
        case 0x8D: return text(8)
        case 0x43, 0x8A: return block(1)
        case 0x42, 0x8B: return block(4)
        case 0x8E, 0x96: return block(8)
        case 0x4B, 0x71: return skip(1)
        case 0x4D: return skip(2)
        case 0x4A, 0x72: return skip(4)
        case 0x47, 0x95: return skip(8)
        default: return PickleOpcode.isKnown(opcode) ? .goOn : .end
        }
    }

    private mutating func skip(_ count: Int) -> Step {
        next += count
        return .goOn
    }

    private mutating func text(_ width: Int) -> Step {
        names += 1
        return block(width)
    }

    /// Bytes behind their number. Past the window they are only as suspicious as they fit into the array.
    private mutating func block(_ width: Int) -> Step {
        guard let count = integer(width) else { return .end }
        if count <= bytes.count - next { return skip(count) }
        return count <= extent ? .name : .end
    }

    private mutating func integer(_ width: Int) -> Int? {
        guard width <= bytes.count - next else { return nil }
        var value: UInt64 = 0
        for index in 0..<width { value |= UInt64(bytes[next + index]) << (8 * UInt64(index)) }
        next += width
        return Int(exactly: value)
    }

    /// The bytes up to the next line feed; `nil` where there is none.
    private mutating func line() -> Range<Int>? {
        guard let end = bytes[next...].firstIndex(of: 0x0A) else { return nil }
        defer { next = end + 1 }
        return next..<end
    }

    private mutating func numberLine() -> Step {
        guard let line = line(), !line.isEmpty, line.allSatisfy({ Self.isOfNumber(bytes[$0]) })
        else { return .end }
        return .goOn
    }

    /// Signs, digits, a point, an exponent, and the L behind long ones.
    private static func isOfNumber(_ byte: UInt8) -> Bool {
        (0x2B...0x39).contains(byte) || byte == 0x4C || byte == 0x65
    }

    private func isName(_ line: Range<Int>) -> Bool {
        !line.isEmpty
            && line.allSatisfy { index in
                switch bytes[index] {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E: true
                default: false
                }
            }
    }
}
