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
            columns = TensorLayout.columns(of: element.tensor.count, rows: rows)
        }

        init(_ tensor: PackedTensor, of prediction: PackedPrediction) {
            name = prediction.name(of: tensor)
            elementType = tensor.elementType
            columns = tensor.columns < 0 ? nil : tensor.columns
        }
    }

    let inputs: [Entry]
    let outputs: [Entry]

    init(inputs: NamedTensors, outputs: NamedTensors, rows: Int) {
        self.inputs = inputs.map { Entry($0, rows: rows) }
        self.outputs = outputs.map { Entry($0, rows: rows) }
    }

    init(_ prediction: PackedPrediction) {
        inputs = prediction.inputs.map { Entry($0, of: prediction) }
        outputs = prediction.outputs.map { Entry($0, of: prediction) }
    }

    /// Whether a prediction's tensors have this layout.
    func fits(_ prediction: PackedPrediction) -> Bool {
        guard prediction.inputIndices.count == inputs.count, prediction.outputIndices.count == outputs.count
        else { return false }
        return prediction.inputIndices.allSatisfy { Entry(prediction.tensor($0), of: prediction) == inputs[$0] }
            && prediction.outputIndices.allSatisfy {
                Entry(prediction.tensor($0), of: prediction) == outputs[$0 - inputs.count]
            }
    }

    @inline(__always)
    static func columns(of count: Int, rows: Int) -> Int? {
        // A division takes longer than all the rest.
        if rows == 1 { return count }
        return rows > 0 && count % rows == 0 ? count / rows : nil
    }
}

/// Reads elements of a tensor of numbers.
struct ElementReader {
    private let base: UnsafeRawPointer
    private let type: ElementType
    let count: Int
    /// Bytes of one element.
    private let stride: Int

    /// `nil` for ``ElementType/bytes``. Valid as long as the tensor's storage.
    init?(_ tensor: Tensor) { self.init(tensor.elementType, count: tensor.count, in: tensor.storage.bytes) }

    /// `nil` for ``ElementType/bytes``. Valid as long as the prediction.
    init?(_ tensor: PackedTensor) { self.init(tensor.elementType, count: tensor.count, in: tensor.bytes) }

    private init?(_ type: ElementType, count: Int, in bytes: UnsafeRawBufferPointer) {
        guard let stride = type.byteWidth, let base = bytes.baseAddress else { return nil }
        self.base = base
        self.type = type
        self.count = count
        self.stride = stride
    }

    private init(_ reader: ElementReader, from start: Int, count: Int) {
        base = reader.base + start &* reader.stride
        type = reader.type
        stride = reader.stride
        self.count = count
    }

    /// The elements of one row; none where there are not so many.
    func row(_ index: Int, width: Int) -> ElementReader? {
        width > 0 && index >= 0 && index < count / width
            ? ElementReader(self, from: index &* width, count: width) : nil
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count &* stride) }

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
