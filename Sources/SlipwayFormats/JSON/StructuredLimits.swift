// SPDX-License-Identifier: Apache-2.0

/// What reading JSON or UBJSON may take; beyond it the file is refused with `limitExceeded`.
public struct StructuredLimits: Sendable, Hashable {
    /// Objects and arrays inside one another.
    public var depth = 128
    /// Values and names, those inside arrays of numbers not counted: each takes some dozens of bytes of memory.
    public var valueCount = 8 << 20
    /// Bytes of one string or name.
    public var stringByteCount = 64 << 20
    /// Numbers inside arrays of numbers: eight bytes of memory each.
    public var numberCount = 256 << 20

    public init() {}
}

/// Counts what was read against the limits.
struct StructuredBudget {
    let limits: StructuredLimits
    private var values = 0
    private var numbers = 0

    init(_ limits: StructuredLimits) { self.limits = limits }

    mutating func takeValue(at offset: Int) throws(FormatError) {
        values += 1
        guard values <= limits.valueCount else {
            throw FormatError(
                .limitExceeded, "the file has more than \(limits.valueCount) values", at: "offset \(offset)")
        }
    }

    mutating func takeNumbers(_ count: Int, at offset: Int) throws(FormatError) {
        guard count <= limits.numberCount - numbers else {
            throw FormatError(
                .limitExceeded, "the file has more than \(limits.numberCount) numbers", at: "offset \(offset)")
        }
        numbers += count
    }

    func checkDepth(_ depth: Int, at offset: Int) throws(FormatError) {
        guard depth <= limits.depth else {
            throw FormatError(
                .limitExceeded, "objects and arrays lie more than \(limits.depth) deep", at: "offset \(offset)")
        }
    }
}

/// The members of an object that is being read.
struct StructuredMembers {
    /// Objects of so few members are searched from the front.
    private static let smallCount = 16

    private(set) var members: [StructuredValue.Member] = []
    private var names: Set<String> = []

    /// - Throws: ``FormatError`` `malformed` where the name is there already: readers would differ about which counts.
    mutating func append(_ name: String, _ value: StructuredValue, at offset: Int) throws(FormatError) {
        let isNew: Bool
        if members.count < Self.smallCount {
            isNew = !members.contains { $0.name == name }
        } else {
            if names.isEmpty { names = Set(members.map(\.name)) }
            isNew = names.insert(name).inserted
        }
        guard isNew else {
            throw FormatError(.malformed, "an object has '\(name.prefix(80))' twice", at: "offset \(offset)")
        }
        members.append(.init(name, value))
    }
}

/// The elements of an array that is being read: numbers alone for as long as it holds nothing else.
struct StructuredElements {
    private var integers: [Int64] = []
    private var numbers: [Double] = []
    private var values: [StructuredValue] = []
    private(set) var isNumeric = true

    /// Makes room for a value; numbers before it become values.
    mutating func append(
        _ value: StructuredValue, _ budget: inout StructuredBudget, at offset: Int
    ) throws(FormatError) {
        if isNumeric {
            switch value {
            case .integer(let integer) where numbers.isEmpty:
                try budget.takeNumbers(1, at: offset)
                return integers.append(integer)
            case .integer(let integer):
                try budget.takeNumbers(1, at: offset)
                return numbers.append(Double(integer))
            case .number(let number):
                try budget.takeNumbers(1, at: offset)
                if numbers.isEmpty { numbers = integers.map { Double($0) } }
                integers = []
                return numbers.append(number)
            default:
                isNumeric = false
                for _ in 0..<max(integers.count, numbers.count) { try budget.takeValue(at: offset) }
                values = integers.map { .integer($0) } + numbers.map { .number($0) }
                (integers, numbers) = ([], [])
            }
        }
        try budget.takeValue(at: offset)
        values.append(value)
    }

    var value: StructuredValue {
        if !integers.isEmpty { return .integers(integers) }
        return numbers.isEmpty ? .array(values) : .numbers(numbers)
    }
}
