// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The values of a variable as float32, row-major.
struct KerasArray {
    let values: [Float]
    let shape: [Int]

    init(_ values: [Float], _ shape: [Int]) {
        self.values = values
        self.shape = shape
    }

    init(_ object: HDF5Object, at path: String) throws {
        let array = try object.read()
        shape = array.shape
        switch array.values {
        case .numbers(let type, let bytes): values = try Self.floats(type, bytes, at: path)
        case .opaque(2, let bytes):
            // Keras writes bfloat16 without a type and says so beside it.
            guard try object.attribute("dtype")?.string == "bfloat16" else { throw Self.unreadable(path) }
            values = try Self.floats(.bfloat16, bytes, at: path)
        default: throw Self.unreadable(path)
        }
    }

    var tensor: ONNXTensor { ONNXTensor(values, shape) }

    /// The same values in another shape of as many.
    func shaped(_ shape: [Int]) -> KerasArray { KerasArray(values, shape) }

    /// The array with its axes in another order.
    func transposed(_ order: [Int]) -> KerasArray {
        guard order.count == shape.count, !shape.isEmpty else { return self }
        guard !values.isEmpty else { return KerasArray([], order.map { shape[$0] }) }
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
        let extents = order.map { shape[$0] }
        let steps = order.map { strides[$0] }
        var result: [Float] = []
        result.reserveCapacity(values.count)
        var place = [Int](repeating: 0, count: extents.count)
        var offset = 0
        for _ in 0..<values.count {
            result.append(values[offset])
            for axis in extents.indices.reversed() {
                place[axis] += 1
                offset += steps[axis]
                if place[axis] < extents[axis] { break }
                offset -= steps[axis] * extents[axis]
                place[axis] = 0
            }
        }
        return KerasArray(result, extents)
    }

    /// Throws unless the extents are these; `nil` takes any.
    func expecting(_ extents: [Int?], _ what: String, of layer: KerasLayer) throws -> KerasArray {
        guard shape.count == extents.count, zip(shape, extents).allSatisfy({ $1 == nil || $0 == $1 }),
            values.count == shape.reduce(1, *)
        else {
            throw ConversionError(
                .malformed, "the variable '\(what)' has the shape \(shape), which does not fit the layer",
                at: layer.path)
        }
        return self
    }

    private static func unreadable(_ path: String) -> ConversionError {
        ConversionError(.unsupported, "a variable of this layer is not numeric", at: path)
    }

    private static func floats(_ type: ElementType, _ bytes: [UInt8], at path: String) throws -> [Float] {
        func values<T>(_ type: T.Type, _ convert: (T) -> Float) -> [Float] {
            bytes.withUnsafeBytes { raw in
                let width = MemoryLayout<T>.size
                return (0..<(raw.count / width)).map {
                    convert(raw.loadUnaligned(fromByteOffset: $0 * width, as: T.self))
                }
            }
        }
        switch type {
        case .float32: return values(Float.self) { $0 }
        case .float64: return values(Double.self) { Float($0) }
        case .float16: return values(UInt16.self) { half($0) }
        case .bfloat16: return values(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .int8: return values(Int8.self) { Float($0) }
        case .int16: return values(Int16.self) { Float($0) }
        case .int32: return values(Int32.self) { Float($0) }
        case .int64: return values(Int64.self) { Float($0) }
        case .uint8: return values(UInt8.self) { Float($0) }
        case .uint16: return values(UInt16.self) { Float($0) }
        case .uint32: return values(UInt32.self) { Float($0) }
        case .uint64: return values(UInt64.self) { Float($0) }
        case .bool, .bytes: throw unreadable(path)
        }
    }

    /// The value of an IEEE half, which not every platform's Swift has a type for.
    private static func half(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        }
    }
}
