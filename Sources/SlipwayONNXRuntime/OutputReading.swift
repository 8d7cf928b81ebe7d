// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import Glibc
import SlipwayCore
import SlipwayEngine

/// Turns the library's values into tensors: numbers where they lie, strings by copy.
struct OutputReading {
    let library: ORTLibrary
    /// A result may be an input handed through; it then keeps that input's memory alive.
    let inputs: NamedTensors
    var api: UnsafePointer<OrtApi> { library.api }

    /// The tensor in `value`, which this call takes over, on failure too.
    func tensor(taking value: OpaquePointer) throws(EngineError) -> Tensor {
        let owner = ValueOwner(value, library)
        var type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED
        var extents: UnsafePointer<Int64>?
        var rank = 0
        try library.check(
            api.pointee.GetTensorElementTypeAndShapeDataReference(value, &type, &extents, &rank), .run)
        guard let elementType = ElementType(type) else {
            throw EngineError(code: .executionFailed, message: "the model returned element type \(type.rawValue)")
        }
        let shape = Shape(UnsafeBufferPointer(start: extents, count: rank).map { Int($0) })
        guard let count = shape.elementCount else { throw Self.unusable(shape) }
        let storage =
            if let width = elementType.byteWidth {
                try view(owner, byteCount: count * width)
            } else {
                try packedStrings(value, count: count)
            }
        do throws(TensorError) {
            return try Tensor(elementType: elementType, shape: shape, storage: storage)
        } catch {
            throw Self.unusable(shape)
        }
    }

    private static func unusable(_ shape: Shape) -> EngineError {
        EngineError(code: .executionFailed, message: "the model returned a tensor of unusable shape \(shape)")
    }

    private func view(_ owner: ValueOwner, byteCount: Int) throws(EngineError) -> TensorStorage {
        var address: UnsafeRawPointer?
        try library.check(api.pointee.GetTensorData(owner.value, &address), .run)
        guard let address, byteCount > 0 else { return TensorStorage(byteCount: 0) { _ in } }
        for input in inputs where input.tensor.storage.contains(address) { owner.keepAlive(input.tensor.storage) }
        return TensorStorage(viewing: UnsafeRawBufferPointer(start: address, count: byteCount), owner: owner)
    }

    /// Copies all strings at once behind the room for their lengths, then moves each to its place.
    func packedStrings(_ value: OpaquePointer, count: Int) throws(EngineError) -> TensorStorage {
        var length = 0
        try library.check(api.pointee.GetStringTensorDataLength(value, &length), .run)
        var offsets = [Int](repeating: 0, count: count + 1)
        offsets[count] = length
        return try TensorStorage(byteCount: length + 4 * count) { target throws(EngineError) in
            guard count > 0, let base = target.baseAddress else { return }
            try library.check(
                api.pointee.GetStringTensorContent(value, base + 4 * count, length, &offsets, count), .run)
            for index in 0..<count {
                let size = offsets[index + 1] - offsets[index]
                // The place is never behind the string, so nothing unread is overwritten.
                let place = base + offsets[index] + 4 * index
                memmove(place + 4, base + 4 * count + offsets[index], size)
                place.storeBytes(of: UInt32(truncatingIfNeeded: size).littleEndian, as: UInt32.self)
            }
        }
    }
}

/// Keeps one of the library's values alive while a tensor views its memory.
final class ValueOwner: @unchecked Sendable {
    // Unchecked: the value is not changed after the run; releasing it is allowed on any thread.
    let value: OpaquePointer
    private let library: ORTLibrary
    private var kept: TensorStorage?

    init(_ value: OpaquePointer, _ library: ORTLibrary) {
        self.value = value
        self.library = library
    }

    /// Called before the owner is shared.
    func keepAlive(_ storage: TensorStorage) { kept = storage }

    deinit { library.api.pointee.ReleaseValue(value) }
}

extension TensorStorage {
    /// Whether the byte at `address` is one of these.
    func contains(_ address: UnsafeRawPointer) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        return address >= base && address < base + bytes.count
    }
}
