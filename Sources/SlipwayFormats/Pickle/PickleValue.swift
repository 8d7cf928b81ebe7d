// SPDX-License-Identifier: Apache-2.0

/// A value that a pickle describes, as data: nothing was imported, called or built.
///
/// Values share parts and may contain themselves, so a reader that follows them bounds how deep it goes.
public struct PickleValue: Sendable {
    public enum Kind: Sendable {
        case none
        case bool(Bool)
        case integer(Int64)
        /// Wider than 64 bits, in decimal or, beyond 300 digits, in hexadecimal with `0x`.
        case bigInteger(String)
        case float(Double)
        case string(String)
        case bytes([UInt8])
        case list([PickleValue])
        case tuple([PickleValue])
        /// Sets and frozen sets.
        case set([PickleValue])
        case dictionary([Entry])
        case array(NumpyArray)
        /// `numpy.dtype`.
        case elementType(NumpyElement)
        /// An instance of an allowed class, or the result of an allowed function, by name.
        case object(PickleObject)
        /// An allowed class or function itself.
        case global(PickleName)
    }

    public struct Entry: Sendable {
        public let key: PickleValue
        public let value: PickleValue
    }

    let document: PickleNodes
    let index: Int

    init(_ document: PickleNodes, _ index: Int) {
        self.document = document
        self.index = index
    }

    /// What the value is. Scalars of numpy are plain numbers and strings here.
    public var kind: Kind { document.kind(of: index) }

    /// Whether both are the same object of the pickle.
    public func isSame(as other: PickleValue) -> Bool { document === other.document && index == other.index }
}

/// The dotted name of a class or function.
public struct PickleName: Sendable, Hashable, CustomStringConvertible {
    public let module: String
    public let name: String

    public init(_ module: String, _ name: String) {
        self.module = module
        self.name = name
    }

    public var description: String { module + "." + name }
}

/// An instance: its class, what it was made of, and what was put into it afterwards.
public struct PickleObject: Sendable {
    public let type: PickleName
    /// Arguments of `REDUCE`, `NEWOBJ` and the like, without the class.
    public let arguments: [PickleValue]
    public let keywordArguments: [String: PickleValue]
    /// What `BUILD` set: usually a dictionary of attributes.
    public let state: PickleValue?
    /// What `APPEND` and `APPENDS` added.
    public let items: [PickleValue]
    /// What `SETITEM` and `SETITEMS` added.
    public let entries: [PickleValue.Entry]
}

extension PickleValue {
    public var isNone: Bool { if case .none = kind { true } else { false } }

    /// The class of an instance; `nil` for plain values.
    public var typeName: PickleName? { if case .object(let object) = kind { object.type } else { nil } }

    /// An attribute of an instance whose state is a dictionary, or the second of a pair; `nil` when it has none.
    public subscript(attribute name: String) -> PickleValue? {
        guard case .object(let object) = kind, let state = object.state else { return nil }
        return state[name] ?? state.list?.compactMap { $0[name] }.first
    }

    /// An entry of a dictionary, or of an instance that is one too, whose keys are strings.
    public subscript(key: String) -> PickleValue? {
        switch kind {
        case .dictionary(let entries): entries.last { $0.key.string == key }?.value
        case .object(let object): object.entries.last { $0.key.string == key }?.value
        default: nil
        }
    }

    public var bool: Bool? {
        switch kind {
        case .bool(let value): value
        default: nil
        }
    }

    /// An integer, or a float or bool that equals one.
    public var integer: Int? {
        switch kind {
        case .integer(let value): Int(value)
        case .bool(let value): value ? 1 : 0
        case .float(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number as float64.
    public var double: Double? {
        switch kind {
        case .float(let value): value
        case .integer(let value): Double(value)
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    public var string: String? { if case .string(let value) = kind { value } else { nil } }

    /// The elements of a list, tuple or set, and of a one-dimensional array of objects.
    public var list: [PickleValue]? {
        switch kind {
        case .list(let values), .tuple(let values), .set(let values): values
        case .array(let array): array.objects
        default: nil
        }
    }

    public var array: NumpyArray? { if case .array(let value) = kind { value } else { nil } }
}
