// SPDX-License-Identifier: Apache-2.0

/// Reads the opcodes of a pickle, protocols 0 to 5, and builds values as data.
///
/// It has no way to import or to call anything: names become nodes that hold the name, and what Python would call
/// becomes a node that says so, or a plain value where the meaning is known. Each opcode takes constant time, or time
/// in proportion to the members and bytes it names.
struct PickleMachine: ~Copyable {
    var input: PickleInput
    let limits: PickleLimits
    /// Whether content of arrays and long bytes is left out, because only the findings are wanted.
    let isScan: Bool
    /// Whether arrays of joblib are not followed, as `pickle.load` would not.
    var isPlain = false
    /// Whether an array of joblib was read.
    var sawWrapper = false
    /// Members and pieces of 16 bytes that were copied again, without bytes of the file behind them.
    var copiedCount = 0

    var arena = PickleArena()
    var stack: [UInt32] = []
    /// Heights of the stack where a mark lies.
    var marks: [Int] = []
    /// The height below which opcodes may not reach: that of the last mark.
    var fence = 0
    var memo = PickleMemo()
    var findings = PickleFindings()
    var opcode: UInt8 = 0
    var opcodeOffset = 0
    var protocolVersion = 0
    /// Pickles inside pickles.
    var nesting = 0
    /// How often a container was taken from the memo or doubled: what expansion bombs are made of.
    var sharedCount = 0
    /// Where the current frame ends, of protocol 4 and later.
    var frameEnd: Int?
    var standings: [PickleStanding] = []
    var nameNumbers: [PickleName: UInt32] = [:]
    /// Bytes in a scan that look like pickles themselves.
    var nestedPickles: [(offset: Int, bytes: [UInt8])] = []

    /// What ``nestedPickles`` take together.
    var nestedByteCount = 0

    /// Nodes that all values share, at these numbers.
    static let noneNode: UInt32 = 0
    static let trueNode: UInt32 = 1
    static let falseNode: UInt32 = 2

    init(_ input: consuming PickleInput, limits: PickleLimits, isScan: Bool) {
        self.input = input
        self.limits = limits
        self.isScan = isScan
        arena.nodes = [PickleNode(.none), PickleNode(.yes), PickleNode(.no)]
        stack.reserveCapacity(1024)
    }

    /// Whether any class or function was named.
    var sawName: Bool { !arena.names.isEmpty }

    /// Forgets everything but the place in the stream, as `pickle.load` does between two pickles.
    mutating func beginAgain() {
        arena = PickleArena()
        arena.nodes = [PickleNode(.none), PickleNode(.yes), PickleNode(.no)]
        (stack, marks, fence, memo, frameEnd) = ([], [], 0, PickleMemo(), nil)
        (findings, standings, nameNumbers, nestedPickles) = (PickleFindings(), [], [:], [])
        (protocolVersion, sharedCount, copiedCount) = (0, 0, 0)
    }

    /// Runs to `STOP`.
    ///
    /// - Returns: The number of the node that the pickle stands for.
    mutating func run() throws(FormatError) -> UInt32 {
        while true {
            opcodeOffset = input.offset
            opcode = try input.byte()
            switch opcode {
            case 0x4B: try make(PickleNode(Int64(try input.byte())))
            case 0x4A: try make(PickleNode(Int64(try input.integer(Int32.self))))
            case 0x4D: try make(PickleNode(Int64(try input.integer(UInt16.self))))
            case 0x47: try make(PickleNode(Double(bitPattern: UInt64(bigEndian: try rawBits()))))
            case 0x4E: try push(Self.noneNode)
            case 0x88: try push(Self.trueNode)
            case 0x89: try push(Self.falseNode)
            case 0x68: try get(UInt32(try input.byte()))
            case 0x6A: try get(try input.integer(UInt32.self))
            case 0x71: try put(UInt32(try input.byte()))
            case 0x72: try put(try input.integer(UInt32.self))
            case 0x94: try put(UInt32(truncatingIfNeeded: memo.count))
            case 0x8C: try text(Int(try input.byte()), .text)
            case 0x58: try text(Int(try input.integer(UInt32.self)), .text)
            case 0x28: try mark()
            case 0x5D: try make(PickleNode(.list))
            case 0x7D: try make(PickleNode(.dictionary))
            case 0x29: try make(PickleNode(.tuple))
            case 0x85, 0x86, 0x87: try tuple(last: Int(opcode) - 0x84)
            case 0x74: try tuple(from: try popMark())
            case 0x65: try appends(from: try popMark())
            case 0x61: try appends(from: try top(1))
            case 0x75: try setItems(from: try popMark())
            case 0x73: try setItems(from: try top(2))
            case 0x2E: return try stop()
            default: try runRare()
            }
        }
    }

    /// Opcodes that are seen less often.
    private mutating func runRare() throws(FormatError) {
        switch opcode {
        case 0x80: try readProtocol()
        case 0x95: try readFrame()
        case 0x30: try popOne()
        case 0x31: stack.removeLast(stack.count - (try popMark()))
        case 0x32: try duplicate()
        case 0x43, 0x42, 0x8E, 0x96, 0x8D, 0x55, 0x54: try readBytes()
        case 0x8A, 0x8B, 0x49, 0x4C, 0x46, 0x53, 0x56: try readNumberOrLine()
        case 0x67: try get(try lineNumber())
        case 0x70: try put(try lineNumber())
        case 0x6C: try container(.list)
        case 0x64: try container(.dictionary)
        case 0x91: try container(.set)
        case 0x8F: try make(PickleNode(.set))
        case 0x90: try appends(from: try popMark())
        case 0x63, 0x93, 0x82, 0x83, 0x84, 0x50, 0x51, 0x69: try readName()
        case 0x52, 0x81, 0x92, 0x6F: try callOpcode()
        case 0x62: try build()
        case 0x97, 0x98:
            throw FormatError(
                .unsupported,
                "the pickle keeps its arrays outside the file (protocol 5 buffers); save it without buffer_callback",
                at: place)
        default:
            throw FormatError(.malformed, "byte \(opcode) is no opcode of a pickle", at: place)
        }
    }

    var place: String { "offset \(opcodeOffset)" }

    func malformed(_ message: String) -> FormatError {
        FormatError(.malformed, "\(PickleOpcode.name(opcode)): \(message)", at: place)
    }

    @inline(__always)
    private mutating func rawBits() throws(FormatError) -> UInt64 {
        UInt64(littleEndian: try input.integer(UInt64.self))
    }

    private mutating func stop() throws(FormatError) -> UInt32 {
        guard let last = stack.last, stack.count > fence else { throw malformed("there is no value to return") }
        if let frameEnd, nesting == 0, frameEnd != input.offset { noteFrame() }
        if stack.count > 1, nesting == 0 {
            note(.low, "\(stack.count - 1) values are left on the stack at the end; picklers leave none")
        }
        return last
    }

    private mutating func readProtocol() throws(FormatError) {
        let version = Int(try input.byte())
        guard version <= 5 else {
            throw FormatError(.unsupported, "pickle protocol \(version) is not known; the highest is 5", at: place)
        }
        if protocolVersion != 0, nesting == 0 {
            note(.low, "the protocol is announced again; no pickler does, some scanners begin anew here")
        }
        protocolVersion = max(protocolVersion, version)
    }

    private mutating func readFrame() throws(FormatError) {
        let count = try input.length()
        if let frameEnd, input.offset - 9 < frameEnd { noteFrame() }
        let (end, overflow) = input.offset.addingReportingOverflow(count)
        guard !overflow else { throw malformed("the frame is longer than any file") }
        if let remaining = input.remaining, count > remaining { noteFrame() }
        frameEnd = end
    }

    private mutating func noteFrame() {
        note(.low, "a frame's length does not fit what is in it; loaders differ in what they do with that")
    }
}
