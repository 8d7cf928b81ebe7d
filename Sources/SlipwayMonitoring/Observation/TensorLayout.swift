// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// How the rows of a request's tensors fall into columns.
struct TensorLayout: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        let name: String
        let elementType: ElementType
        /// Elements of each row; `nil` where they do not divide evenly among the rows.
        let columns: Int?

        init(_ element: NamedTensors.Element, rows: Int) {
            name = element.name
            elementType = element.tensor.elementType
            columns = Self.columns(of: element.tensor, rows: rows)
        }

        static func columns(of tensor: Tensor, rows: Int) -> Int? {
            let count = tensor.count
            return rows > 0 && count % rows == 0 ? count / rows : nil
        }

        @inline(__always)
        func fits(_ element: NamedTensors.Element, rows: Int) -> Bool {
            elementType == element.tensor.elementType && name == element.name
                && columns == Self.columns(of: element.tensor, rows: rows)
        }
    }

    let inputs: [Entry]
    let outputs: [Entry]

    init(inputs: NamedTensors, outputs: NamedTensors, rows: Int) {
        self.inputs = inputs.map { Entry($0, rows: rows) }
        self.outputs = outputs.map { Entry($0, rows: rows) }
    }

    /// Whether tensors have this layout; compares names and types, allocates nothing.
    func fits(inputs: NamedTensors, outputs: NamedTensors, rows: Int) -> Bool {
        Self.fits(self.inputs, inputs, rows) && Self.fits(self.outputs, outputs, rows)
    }

    private static func fits(_ entries: [Entry], _ tensors: NamedTensors, _ rows: Int) -> Bool {
        guard entries.count == tensors.count else { return false }
        for index in entries.indices where !entries[index].fits(tensors[index], rows: rows) { return false }
        return true
    }
}

/// Reads elements of a tensor of numbers.
struct ElementReader {
    private let base: UnsafeRawPointer
    private let type: ElementType
    let count: Int

    /// `nil` for ``ElementType/bytes``. Valid as long as the tensor's storage.
    init?(_ tensor: Tensor) {
        guard tensor.elementType != .bytes, let base = tensor.storage.bytes.baseAddress else { return nil }
        self.base = base
        type = tensor.elementType
        count = tensor.count
    }

    /// - Precondition: `index` is in `0..<count`.
    @inline(__always)
    subscript(index: Int) -> Double {
        switch type {
        case .float32: Double(load(index, Float.self))
        case .float64: load(index, Double.self)
        case .int64: Double(load(index, Int64.self))
        case .int32: Double(load(index, Int32.self))
        default: other(index)
        }
    }

    /// Whether values are whole numbers by their type.
    var isInteger: Bool { TensorNumbers.isInteger(type) }

    private func other(_ index: Int) -> Double {
        switch type {
        case .bool: load(index, UInt8.self) == 0 ? 0 : 1
        case .int8: Double(load(index, Int8.self))
        case .int16: Double(load(index, Int16.self))
        case .uint8: Double(load(index, UInt8.self))
        case .uint16: Double(load(index, UInt16.self))
        case .uint32: Double(load(index, UInt32.self))
        case .uint64: Double(load(index, UInt64.self))
        case .float16: Double(load(index, Float16.self))
        case .bfloat16: Double(Float(bitPattern: UInt32(load(index, UInt16.self)) << 16))
        case .float32, .float64, .int32, .int64, .bytes: .nan
        }
    }

    @inline(__always)
    private func load<T: BitwiseCopyable>(_ index: Int, _ type: T.Type) -> T {
        base.loadUnaligned(fromByteOffset: index &* MemoryLayout<T>.size, as: T.self)
    }
}

enum TensorNumbers {
    static func isInteger(_ type: ElementType) -> Bool {
        switch type {
        case .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
        case .float16, .bfloat16, .float32, .float64, .bytes: false
        }
    }

    /// The rows of a request: the first dimension that all tensors have in common, else 1.
    static func rows(_ tensors: NamedTensors) -> Int {
        guard let first = tensors.first?.tensor.shape.dimensions.first, first > 0 else { return 1 }
        return tensors.allSatisfy { $0.tensor.shape.dimensions.first == first } ? first : 1
    }
}
