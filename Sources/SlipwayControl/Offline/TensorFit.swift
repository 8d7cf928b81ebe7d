// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Brings tensors from files to the type and the rank a model asks for, where nothing is lost by it.
enum TensorFit {
    /// `tensor` as `spec` takes it: converted where every value stays what it is, floats rounded to the nearest.
    ///
    /// - Throws: `ControlError` for values that the type cannot hold.
    static func fit(_ tensor: Tensor, to spec: TensorSpec) throws -> Tensor {
        try converted(tensor, to: spec).reshaped(for: spec)
    }

    private static func converted(_ tensor: Tensor, to spec: TensorSpec) throws -> Tensor {
        guard tensor.elementType != spec.elementType else { return tensor }
        switch tensor.elementType {
        case .bytes: return tensor
        case .float16: return try floats(tensor.values(as: Float16.self)?.map { Double($0) }, tensor, spec)
        case .bfloat16: return try floats(tensor.values(as: BFloat16.self)?.map { Double($0.float) }, tensor, spec)
        case .float32: return try floats(tensor.values(as: Float.self)?.map { Double($0) }, tensor, spec)
        case .float64: return try floats(tensor.values(as: Double.self), tensor, spec)
        case .bool: return try integers(tensor.values(as: Bool.self)?.map { $0 ? 1 : 0 as Int64 }, tensor, spec)
        case .int8: return try integers(tensor.values(as: Int8.self), tensor, spec)
        case .int16: return try integers(tensor.values(as: Int16.self), tensor, spec)
        case .int32: return try integers(tensor.values(as: Int32.self), tensor, spec)
        case .int64: return try integers(tensor.values(as: Int64.self), tensor, spec)
        case .uint8: return try integers(tensor.values(as: UInt8.self), tensor, spec)
        case .uint16: return try integers(tensor.values(as: UInt16.self), tensor, spec)
        case .uint32: return try integers(tensor.values(as: UInt32.self), tensor, spec)
        case .uint64: return try integers(tensor.values(as: UInt64.self), tensor, spec)
        }
    }

    private static func floats(_ values: [Double]?, _ tensor: Tensor, _ spec: TensorSpec) throws -> Tensor {
        let values = values ?? []
        func rounded<F: BinaryFloatingPoint & TensorElement>(_: F.Type) throws -> Tensor {
            try make(values, tensor, spec) { value in
                let result = F(value)
                return result.isFinite || !value.isFinite ? result : nil
            }
        }
        switch spec.elementType {
        case .float16: return try rounded(Float16.self)
        case .float32: return try rounded(Float.self)
        case .float64: return try make(values, tensor, spec) { $0 }
        case .bfloat16: return try make(values, tensor, spec) { BFloat16(Float($0)) }
        case .bool, .int8, .int16, .int32, .int64:
            return try integers(exact(values, tensor, spec) { Int64(exactly: $0) }, tensor, spec)
        case .uint8, .uint16, .uint32, .uint64:
            return try integers(exact(values, tensor, spec) { UInt64(exactly: $0) }, tensor, spec)
        case .bytes: return tensor
        }
    }

    private static func integers<I: FixedWidthInteger>(
        _ values: [I]?, _ tensor: Tensor, _ spec: TensorSpec
    ) throws -> Tensor {
        let values = values ?? []
        switch spec.elementType {
        case .float16: return try make(values, tensor, spec) { Float16(exactly: $0) }
        case .float32: return try make(values, tensor, spec) { Float(exactly: $0) }
        case .float64: return try make(values, tensor, spec) { Double(exactly: $0) }
        case .bfloat16:
            return try make(values, tensor, spec) { value in
                let half = Float(exactly: value).map { BFloat16($0) }
                return half.flatMap { I(exactly: $0.float) == value ? $0 : nil }
            }
        case .bool: return try make(values, tensor, spec) { $0 == 0 ? false : $0 == 1 ? true : nil }
        case .int8: return try make(values, tensor, spec) { Int8(exactly: $0) }
        case .int16: return try make(values, tensor, spec) { Int16(exactly: $0) }
        case .int32: return try make(values, tensor, spec) { Int32(exactly: $0) }
        case .int64: return try make(values, tensor, spec) { Int64(exactly: $0) }
        case .uint8: return try make(values, tensor, spec) { UInt8(exactly: $0) }
        case .uint16: return try make(values, tensor, spec) { UInt16(exactly: $0) }
        case .uint32: return try make(values, tensor, spec) { UInt32(exactly: $0) }
        case .uint64: return try make(values, tensor, spec) { UInt64(exactly: $0) }
        case .bytes: return tensor
        }
    }

    private static func make<S, D: TensorElement>(
        _ values: [S], _ tensor: Tensor, _ spec: TensorSpec, _ convert: (S) -> D?
    ) throws -> Tensor {
        try Tensor(exact(values, tensor, spec, convert), shape: tensor.shape)
    }

    private static func exact<S, D>(
        _ values: [S], _ tensor: Tensor, _ spec: TensorSpec, _ convert: (S) -> D?
    ) throws(ControlError) -> [D] {
        var result: [D] = []
        result.reserveCapacity(values.count)
        for value in values {
            guard let value = convert(value) else {
                throw ControlError(
                    .invalidRequest,
                    "input '\(spec.name)' expected \(spec.elementType.rawValue), the data are "
                        + "\(tensor.elementType.rawValue) with a value that it cannot hold exactly")
            }
            result.append(value)
        }
        return result
    }
}

extension Tensor {
    /// The same values in the rank of `spec`, where its fixed extents say how; else as it is.
    func reshaped(for spec: TensorSpec) throws -> Tensor {
        guard let shape = spec.shape, shape.count != self.shape.rank, let rows = self.shape.dimensions.first,
            rows > 0, !shape.isEmpty
        else { return self }
        var tail: [Int] = []
        var open: Int?
        for (index, dimension) in shape.dropFirst().enumerated() {
            if case .fixed(let extent) = dimension {
                tail.append(extent)
            } else {
                guard open == nil else { return self }
                open = index
                tail.append(1)
            }
        }
        let known = tail.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        let perRow = count / rows
        if let open {
            guard known > 0, perRow % known == 0 else { return self }
            tail[open] = perRow / known
        } else if known != perRow {
            return self
        }
        return try Tensor(elementType: elementType, shape: Shape([rows] + tail), storage: storage)
    }

    /// Some rows of the tensor, which has a first dimension.
    func rows(_ range: Range<Int>) throws -> Tensor {
        let total = shape.dimensions.first ?? 1
        let perRow = total == 0 ? 0 : count / total
        let start = byteOffset(ofElement: range.lowerBound * perRow)
        let end = byteOffset(ofElement: range.upperBound * perRow)
        return try Tensor(
            elementType: elementType, shape: Shape([range.count] + shape.dimensions.dropFirst()),
            storage: storage.slice(start..<end))
    }

    /// The tensor with its last row repeated until there are `total`.
    func padded(to total: Int) throws -> Tensor {
        guard let rows = shape.dimensions.first, rows > 0, rows < total else { return self }
        let last = try self.rows((rows - 1)..<rows).storage.bytes
        let repeats = total - rows
        let filled = TensorStorage(byteCount: byteCount + repeats * last.count) { target in
            UnsafeMutableRawBufferPointer(rebasing: target[..<byteCount]).copyMemory(from: storage.bytes)
            for index in 0..<repeats {
                UnsafeMutableRawBufferPointer(rebasing: target[(byteCount + index * last.count)...].prefix(last.count))
                    .copyMemory(from: last)
            }
        }
        return try Tensor(
            elementType: elementType, shape: Shape([total] + shape.dimensions.dropFirst()), storage: filled)
    }

    /// Where an element begins in the storage; texts before it are counted through.
    func byteOffset(ofElement index: Int) -> Int {
        if let width = elementType.byteWidth { return index * width }
        return byteOffset(after: index, from: 0)
    }

    /// Where the texts that begin at byte `offset` end after `count` of them.
    func byteOffset(after count: Int, from offset: Int) -> Int {
        var end = offset
        for _ in 0..<count {
            end += 4 + Int(UInt32(littleEndian: storage.bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
        }
        return end
    }
}
