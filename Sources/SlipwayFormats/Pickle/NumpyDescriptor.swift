// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Numpy's short names of element types: `f8`, `<i4`, `S5`, `U3`, `O`.
enum NumpyDescriptor {
    static func element(_ code: String) -> NumpyElement { named["numpy." + code] ?? short(code) }

    private static func short(_ code: String) -> NumpyElement {
        var rest = Substring(code)
        var isBigEndian = false
        if let first = rest.first, "<>|=".contains(first) {
            isBigEndian = first == ">"
            rest = rest.dropFirst()
        }
        guard let kind = rest.first else { return .other(code, byteCount: 0) }
        if kind == "?" { return .number(.bool, isBigEndian: false) }
        if kind == "O" { return .object }
        // Units of time take no bytes: `M8[ns]`.
        if kind == "M" || kind == "m", let open = rest.firstIndex(of: "["), rest.last == "]" {
            return rest[..<open].dropFirst() == "8"
                ? .other(String(rest[..<open]), byteCount: 8) : .other(String(code.prefix(32)), byteCount: 0)
        }
        guard let size = Int(rest.dropFirst()), (0...1 << 28).contains(size) else {
            return .other(String(code.prefix(32)), byteCount: 0)
        }
        if kind == "S" || kind == "a" { return .byteString(width: size) }
        if kind == "U" { return .text(width: size, isBigEndian: isBigEndian) }
        guard let type = numbers[String(rest)] else { return .other(String(rest), byteCount: size) }
        return .number(type, isBigEndian: isBigEndian)
    }

    /// What the state of a `numpy.dtype` adds: the order of bytes, and the width where the name leaves it open.
    static func completed(_ element: NumpyElement, isBigEndian: Bool, width: Int) -> NumpyElement {
        // Numpy takes what stands there for the types that have no width of their own, and for those only.
        let isWidth = (0...1 << 28).contains(width)
        let unknown = NumpyElement.other("of width \(width)", byteCount: 0)
        return switch element {
        case .number(let type, _): .number(type, isBigEndian: isBigEndian)
        case .byteString: isWidth ? .byteString(width: width) : unknown
        case .text:
            isWidth && width % 4 == 0 ? .text(width: width / 4, isBigEndian: isBigEndian) : unknown
        case .other(let name, _) where name.hasPrefix("V"): isWidth ? .other(name, byteCount: width) : unknown
        case .object, .record, .other: element
        }
    }

    private static let numbers: [String: ElementType] = [
        "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32,
        "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64,
    ]

    /// Classes that stand for an element type.
    static let named: [String: NumpyElement] = {
        var result: [String: NumpyElement] = [
            "builtins.object": .object, "numpy.object_": .object, "numpy.object": .object,
        ]
        let names = [
            "float64": "f8", "float32": "f4", "float16": "f2", "int64": "i8", "int32": "i4", "int16": "i2",
            "int8": "i1",
            "uint64": "u8", "uint32": "u4", "uint16": "u2", "uint8": "u1", "bool_": "b1", "bool": "b1", "intp": "i8",
        ]
        for (name, code) in names { result["numpy." + name] = short(code) }
        for (name, code) in ["float": "f8", "int": "i8", "bool": "b1"] { result["builtins." + name] = short(code) }
        return result
    }()
}

extension NumpyElement {
    /// Whether some part is a Python object.
    var holdsObjects: Bool {
        switch self {
        case .object: true
        case .record(let fields, _): fields.contains { $0.type.holdsObjects }
        default: false
        }
    }

    /// How deep records lie inside records.
    var depth: Int {
        if case .record(let fields, _) = self { 1 + (fields.map(\.type.depth).max() ?? 0) } else { 0 }
    }

    /// As numpy would name it, for people.
    var name: String {
        switch self {
        case .number(let type, _): type.rawValue
        case .byteString: "byte strings"
        case .text: "text"
        case .object: "Python objects"
        case .record: "records"
        case .other(let name, _): name
        }
    }
}
