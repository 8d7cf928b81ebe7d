// SPDX-License-Identifier: Apache-2.0

// Arrays of joblib: their bytes lie in the stream, behind the opcodes of a wrapper.
extension PickleMachine {
    mutating func readJoblib(_ type: String, _ state: UInt32) throws(FormatError) {
        // pickle.load, unlike joblib.load, knows nothing of wrappers: it takes the bytes behind them for opcodes.
        guard !isPlain else { return }
        if type == "NumpyArrayWrapper" {
            guard nesting == 0 else {
                return note(.high, "an array wrapper inside a nested pickle, where joblib follows none")
            }
            sawWrapper = true
            return try readWrappedArray(state)
        }
        guard type.hasSuffix("NDArrayWrapper") else { return }
        note(.high, "joblib would load the array from another file, and pickles in that one too")
        guard !isScan else { return }
        throw FormatError(
            .unsupported,
            "joblib before 0.10 keeps arrays in files of their own; load it there, and dump it with a newer joblib",
            at: place)
    }

    /// Reads the bytes behind a wrapper and puts the array in its place.
    private mutating func readWrappedArray(_ state: UInt32) throws(FormatError) {
        if let frameEnd, input.offset < frameEnd {
            note(.high, "an array inside a frame: joblib reads its bytes behind the frame, and goes on inside")
            throw malformed("the array lies inside a frame")
        }
        var entries: [String: UInt32] = [:]
        let members = try members(of: state)
        guard node(state).tag == .dictionary else { throw malformed("the array wrapper's state is damaged") }
        for index in stride(from: 0, to: members.count - 1, by: 2) {
            if let name = arena.text(members[index]) { entries[name] = members[index + 1] }
        }
        guard let type = entries["dtype"], let element = elementType(type), let shapeNode = entries["shape"],
            let shape = shape(shapeNode)
        else { throw malformed("the array wrapper has no dtype or no shape") }
        let order = entries["order"].flatMap { arena.text($0) } ?? "C"
        let count = try count(shape)
        try checkSize(of: element)
        if element.holdsObjects {
            let value = try runNested()
            _ = try pop()
            return try push(value)
        }
        let isPadded = entries["numpy_array_alignment_bytes"].map { $0 != Self.noneNode } ?? false
        let (needed, overflow) = count.multipliedReportingOverflow(by: element.byteCount)
        guard !overflow else { throw malformed("the array has more bytes than can be counted") }
        if isPadded {
            try input.skip(Int(try input.byte()))
        } else if isScan {
            try lookBehindWrapper(needed)
        }
        var record = PickleArrayRecord(element: element, shape: shape, isFortranOrder: order == "F")
        if isScan { try input.skip(needed) } else { record.content = .bytes(try input.bytes(needed)) }
        arena.arrays.append(record)
        _ = try pop()
        try make(PickleNode(.array, UInt32(truncatingIfNeeded: arena.arrays.count - 1)))
    }

    /// An array's bytes are left out by their number, so that a type which hides it could hide opcodes.
    private mutating func checkSize(of element: NumpyElement) throws(FormatError) {
        switch element {
        case .object: return
        case .other(let name, let size) where size == 0 || name == "subarray" || name.contains(","):
            note(.high, "the array's type '\(name)' hides how many bytes it takes")
            throw malformed("the size of the array's type is not known")
        default: break
        }
        guard element.byteCount > 0 else {
            note(.high, "the array's type '\(element.name)' hides how many bytes it takes")
            throw malformed("the array's elements have no bytes")
        }
        if case .record(let fields, _) = element {
            for field in fields where field.type.byteCount > 0 || field.type.holdsObjects {
                try checkSize(of: field.type)
            }
        }
    }

    /// The pickle of its own that holds an array of objects.
    private mutating func runNested() throws(FormatError) -> UInt32 {
        guard nesting < min(limits.depth, 8) else {
            throw FormatError(.limitExceeded, "pickles lie inside pickles more than 8 deep", at: place)
        }
        let kept = (stack, marks, fence, memo, frameEnd)
        (stack, marks, fence, memo, frameEnd) = ([], [], 0, PickleMemo(), nil)
        nesting += 1
        let value = try run()
        nesting -= 1
        (stack, marks, fence, memo, frameEnd) = kept
        return value
    }

    /// Where no padding separates them, `pickle.load` would take an array's bytes for opcodes.
    private mutating func lookBehindWrapper(_ extent: Int) throws(FormatError) {
        if PickleLookahead.namesSomething(try input.lookAhead(4096), extent: extent) {
            note(.medium, "an array's bytes read like opcodes; by pickle.load, not joblib, they would run")
        }
    }
}
