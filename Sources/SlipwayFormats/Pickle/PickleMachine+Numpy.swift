// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

// Arrays, element types and scalars of numpy.
extension PickleMachine {
    /// `numpy.dtype('f8', False, True)`; what `BUILD` adds follows.
    mutating func makeElementType(_ values: [UInt32]) throws(FormatError) -> Bool {
        guard let first = values.first, let code = arena.text(first) else { return false }
        arena.elementTypes.append(NumpyDescriptor.element(code))
        try make(PickleNode(.elementType, UInt32(truncatingIfNeeded: arena.elementTypes.count - 1)))
        return true
    }

    /// `(3, '<', None, None, None, -1, -1, 0)`, or of records
    /// `(3, '|', None, names, {name: (type, offset)}, 64, 1, 16)`.
    mutating func completeElementType(_ number: Int, _ state: UInt32) throws(FormatError) {
        let parts = arena.prefix(of: node(state), upTo: 16)
        guard parts.count >= 8, let order = arena.text(parts[1]) else {
            throw malformed("the dtype's state is damaged")
        }
        let width = integer(parts[5]) ?? -1
        let old = arena.elementTypes[number]
        let isOpen = if case .other(let name, _) = old { name.hasPrefix("V") } else { false }
        guard isOpen || parts[3] == Self.noneNode && parts[2] == Self.noneNode else {
            arena.elementTypes[number] = .other("with fields in '\(old.name)'", byteCount: 0)
            return
        }
        if parts[3] != Self.noneNode {
            guard width >= 0 else { throw malformed("the dtype of records has no size") }
            arena.elementTypes[number] = .record(fields: try fields(parts[3], parts[4], width), byteCount: width)
        } else if parts[2] != Self.noneNode {
            arena.elementTypes[number] = .other("subarray", byteCount: max(0, width))
        } else {
            arena.elementTypes[number] =
                NumpyDescriptor.completed(old, isBigEndian: order == ">", width: width)
        }
        // Whether there are objects in it numpy takes from this flag, not from the type.
        let hasObjects = (integer(parts[7]) ?? 0) & 1 != 0
        let element = arena.elementTypes[number]
        if case .other("subarray", _) = element { return }
        if element.holdsObjects != hasObjects {
            arena.elementTypes[number] = .other("with false flags", byteCount: 0)
        }
    }

    private mutating func fields(_ names: UInt32, _ types: UInt32, _ width: Int) throws(FormatError) -> [NumpyElement
        .Field]
    {
        var byName: [String: (UInt32, Int)] = [:]
        let entries = try members(of: types)
        guard node(types).tag == .dictionary else { throw malformed("the dtype's fields are damaged") }
        for index in stride(from: 0, to: entries.count - 1, by: 2) {
            let parts = arena.prefix(of: node(entries[index + 1]), upTo: 3)
            guard let name = arena.text(entries[index]), parts.count >= 2, let offset = integer(parts[1]) else {
                throw malformed("the dtype's fields are damaged")
            }
            byName[name] = (parts[0], offset)
        }
        var result: [NumpyElement.Field] = []
        for name in arena.prefix(of: node(names), upTo: 4097) {
            guard let text = arena.text(name), let (type, offset) = byName[text], let element = elementType(type),
                offset >= 0, offset <= width, element.byteCount <= width - offset
            else { throw malformed("a field of the dtype lies outside its record") }
            // Each level copies what is below, so that types inside types are bounded.
            guard result.count < 4096, element.depth < 16 else { throw malformed("the dtype has too many fields") }
            result.append(NumpyElement.Field(name: text, type: element, offset: offset))
        }
        return result
    }

    func elementType(_ number: UInt32) -> NumpyElement? {
        let node = node(number)
        switch node.tag {
        case .elementType: return arena.elementTypes[Int(node.low)]
        // The type object stands for its dtype: `numpy.float64`.
        case .global: return NumpyDescriptor.named[arena.names[Int(node.low)].description]
        default: return arena.text(number).map(NumpyDescriptor.element)
        }
    }

    func integer(_ number: UInt32) -> Int? {
        let node = node(number)
        return node.tag == .integer ? Int(node.integer) : nil
    }

    /// `(1, shape, dtype, isFortran, bytes or list)`.
    mutating func fillArray(_ number: Int, _ state: UInt32) throws(FormatError) {
        let parts = arena.prefix(of: node(state), upTo: 16)
        guard arena.arrays[number].isPending else { throw malformed("the array has its content already") }
        guard parts.count >= 4, let shape = shape(parts[parts.count - 4]),
            let element = elementType(parts[parts.count - 3])
        else { throw malformed("the array's state is damaged") }
        let content = parts[parts.count - 1]
        arena.arrays[number].isPending = false
        try fill(number, element, shape, content)
        arena.arrays[number].isFortranOrder = node(parts[parts.count - 2]).tag == .yes
    }

    /// `numpy._core.numeric._frombuffer(bytes, dtype, shape, order)`, newer ones with the order of axes.
    mutating func makeArray(fromBuffer values: [UInt32]) throws(FormatError) -> Bool {
        guard values.count >= 4, let element = elementType(values[1]), let shape = shape(values[2]),
            let order = arena.text(values[3])
        else { throw malformed("the array's arguments are damaged") }
        guard order == "C" || order == "F" || order == "A" else {
            throw FormatError(.unsupported, "an array whose axes are in the order '\(order)' is not read", at: place)
        }
        arena.arrays.append(PickleArrayRecord())
        let number = arena.arrays.count - 1
        try fill(number, element, shape, values[0])
        arena.arrays[number].isFortranOrder = order == "F"
        try make(PickleNode(.array, UInt32(truncatingIfNeeded: number)))
        return true
    }

    func shape(_ number: UInt32) -> [Int]? {
        guard node(number).tag == .tuple || node(number).tag == .list else { return nil }
        let members = arena.prefix(of: node(number), upTo: 65)
        guard members.count <= 64 else { return nil }
        let sizes = members.compactMap { integer($0) }
        return sizes.count == members.count && sizes.allSatisfy { $0 >= 0 } ? sizes : nil
    }

    /// The number of elements; throws where it does not fit.
    func count(_ shape: [Int]) throws(FormatError) -> Int {
        var result = 1
        for size in shape {
            let (product, overflow) = result.multipliedReportingOverflow(by: size)
            guard !overflow else { throw malformed("the array has more elements than can be counted") }
            result = product
        }
        return result
    }

    private mutating func fill(
        _ number: Int, _ element: NumpyElement, _ shape: [Int], _ content: UInt32
    ) throws(FormatError) {
        let count = try count(shape)
        arena.arrays[number].element = element
        arena.arrays[number].shape = shape
        if element.holdsObjects {
            let members = try members(of: content)
            guard case .object = element, node(content).tag == .list, members.count == count else {
                throw malformed("the array of objects does not have the members its shape asks for")
            }
            arena.arrays[number].content = .objects(members)
            return
        }
        guard let bytes = arena.content(of: node(content)) else { throw malformed("the array has no bytes") }
        let (needed, overflow) = count.multipliedReportingOverflow(by: element.byteCount)
        guard !overflow else { throw malformed("the array has more bytes than can be counted") }
        if isScan { return }
        guard needed == bytes.count else {
            throw malformed("the array has \(bytes.count) bytes where its shape asks for \(needed)")
        }
        let node = node(content)
        let isWhole = node.tag == .longBytes || node.tag == .longByteText
        if !isWhole { try charge(bytes.count / 16) }
        arena.arrays[number].content = .bytes(isWhole ? arena.blocks[Int(node.low)] : Array(bytes))
    }

    /// `numpy._core.multiarray.scalar(dtype, bytes)`: the plain value.
    mutating func makeScalar(_ values: [UInt32]) throws(FormatError) -> Bool {
        guard values.count == 2, let element = elementType(values[0]) else { return false }
        if case .object = element {
            try push(values[1])
            return true
        }
        // A scan leaves long content out.
        if isScan, [.longBytes, .longByteText].contains(node(values[1]).tag) {
            try push(Self.noneNode)
            return true
        }
        guard let bytes = arena.content(of: node(values[1])), bytes.count == element.byteCount else {
            throw malformed("the scalar's bytes do not have its type's size")
        }
        switch element {
        case .number(.bool, _): try push(bytes.first == 0 ? Self.falseNode : Self.trueNode)
        case .number(let type, let isBigEndian):
            let number = NumpyNumber(Array(bytes), type, isBigEndian: isBigEndian)
            switch number {
            case .integer(let value): try make(PickleNode(value))
            case .unsigned(let value): try content(Array(String(value).utf8), .bigIntegerText)
            case .float(let value): try make(PickleNode(value))
            case nil: return false
            }
        case .byteString:
            try content(
                Array(bytes.prefix(upTo: bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? bytes.startIndex)), .bytes)
        case .text(_, let isBigEndian):
            try content(try NumpyText.utf8(Array(bytes), isBigEndian: isBigEndian), .text)
        case .object, .record, .other: return false
        }
        return true
    }
}
