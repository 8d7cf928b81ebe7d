// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

/// Hands a request's tensors to the library: numbers where they lie, strings by copy.
///
/// The tensors must outlive the run.
struct InputBinding {
    let session: ORTSession
    let slot: RunSlot
    private var library: ORTLibrary { session.library }
    private var api: UnsafePointer<OrtApi> { library.api }

    /// What the library gets as the address of no data at all; never read.
    private static let noData = UInt(TensorStorage.alignment)

    /// Fills the slot's inputs.
    ///
    /// - Throws: ``EngineError`` `inputMismatch` when a required input is missing or one is unknown.
    func bind(_ tensors: NamedTensors) throws(EngineError) {
        var used = 0
        for (index, input) in session.inputs.enumerated() {
            if input.kind == .sequence {
                used += try bindSequence(input, tensors)
                continue
            }
            guard let tensor = Self.find(input.spec.name, in: tensors, likelyAt: index) else {
                if input.spec.isOptional { continue }
                throw missing(input.spec)
            }
            slot.append(try value(tensor), named: input.cName)
            used += 1
        }
        guard used == tensors.count else { throw unknown(tensors) }
    }

    /// Requests mostly name their tensors in the model's order, which saves the search.
    private static func find(_ name: String, in tensors: NamedTensors, likelyAt index: Int) -> Tensor? {
        if index < tensors.count {
            let element = tensors[index]
            if element.name == name { return element.tensor }
        }
        return tensors[name]
    }

    private func value(_ tensor: Tensor) throws(EngineError) -> OpaquePointer {
        guard tensor.elementType != .bytes else { return try strings(tensor) }
        var value: OpaquePointer?
        let bytes = tensor.storage.bytes
        let address =
            UnsafeMutableRawPointer(mutating: bytes.baseAddress) ?? UnsafeMutableRawPointer(bitPattern: Self.noData)
        let status = tensor.shape.withExtents { extents, rank in
            api.pointee.CreateTensorWithDataAsOrtValue(
                session.mainMemory, address, bytes.count, extents, rank, tensor.elementType.onnx, &value)
        }
        try library.check(status, .run)
        return try ORTLibrary.present(value)
    }

    /// Element by element with its length, so that bytes of value zero survive.
    private func strings(_ tensor: Tensor) throws(EngineError) -> OpaquePointer {
        var created: OpaquePointer?
        let status = tensor.shape.withExtents { extents, rank in
            api.pointee.CreateTensorAsOrtValue(
                library.allocator, extents, rank, ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &created)
        }
        try library.check(status, .run)
        let value = try ORTLibrary.present(created)
        var index = 0
        var failed: OpaquePointer?
        tensor.forEachBytes { bytes in
            guard failed == nil else { return }
            var buffer: UnsafeMutablePointer<CChar>?
            failed = api.pointee.GetResizedStringTensorElementBuffer(value, index, bytes.count, &buffer)
            if let buffer, let source = bytes.baseAddress, failed == nil {
                UnsafeMutableRawPointer(buffer).copyMemory(from: source, byteCount: bytes.count)
            }
            index += 1
        }
        guard failed == nil else {
            api.pointee.ReleaseValue(value)
            try library.check(failed, .run)
            return value
        }
        return value
    }

    /// Joins `name.0`, `name.1` ... into a sequence; returns how many of the tensors belonged to it.
    private func bindSequence(_ input: SessionValue, _ tensors: NamedTensors) throws(EngineError) -> Int {
        let given = try GivenSequence(input, tensors)
        guard given.isPresent else {
            if input.spec.isOptional { return 0 }
            throw missing(input.spec)
        }
        guard !given.elements.isEmpty else {
            slot.append(try EmptySequence.make(of: input.spec.elementType, session), named: input.cName)
            return given.tensorCount
        }
        var values: [OpaquePointer?] = []
        // The sequence holds its own references once it is made.
        defer { for value in values { api.pointee.ReleaseValue(value) } }
        for tensor in given.elements { values.append(try value(tensor)) }
        var sequence: OpaquePointer?
        try library.check(
            api.pointee.CreateValue(values, values.count, ONNX_TYPE_SEQUENCE, &sequence), .run)
        slot.append(try ORTLibrary.present(sequence), named: input.cName)
        return given.tensorCount
    }

    private func missing(_ spec: TensorSpec) -> EngineError {
        EngineError(
            code: .inputMismatch,
            message: "expected input '\(spec.name)' (\(spec.elementType.rawValue) \(spec.shapeText)), got none",
            location: spec.name)
    }

    private func unknown(_ tensors: NamedTensors) -> EngineError {
        let stranger = tensors.names.first { name in
            !session.inputs.contains { $0.kind == .sequence ? $0.sequencePart(name) != nil : $0.spec.name == name }
        }
        let known = session.inputs.map(\.spec.name).joined(separator: ", ")
        return EngineError(
            code: .inputMismatch,
            message: "unexpected input '\(stranger ?? "")', the model has [\(known)]", location: stranger)
    }
}

extension Shape {
    /// The extents as the library's 64-bit integers, without a copy.
    @inline(__always)
    func withExtents<R>(_ body: (UnsafePointer<Int64>?, Int) -> R) -> R {
        dimensions.withUnsafeBufferPointer { extents in
            extents.withMemoryRebound(to: Int64.self) { body($0.baseAddress, $0.count) }
        }
    }
}
