// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayCore
import SlipwayEngine
import Synchronization

/// A lane's inference request, which holds the memory of a call.
///
/// One call at a time uses a slot. Only ``cancel(run:)`` comes from other threads.
final class RequestSlot: @unchecked Sendable {
    // Unchecked: the request belongs to the call that took the slot; `state` guards the rest.
    private struct State {
        var run: UInt64 = 0
        var isRunning = false
        var isCancelled = false
    }

    private let compiled: CompiledModel
    private let request: OpaquePointer
    private let state = Mutex(State())
    private var library: OpenVINOLibrary { compiled.library }

    /// What the library gets as the address of no data at all; never read.
    private static let noData = UInt(TensorStorage.alignment)

    init(_ compiled: CompiledModel) throws(EngineError) {
        self.compiled = compiled
        var made: OpaquePointer?
        let library = compiled.library
        try library.check(
            library.calls.pointee.ov_compiled_model_create_infer_request(compiled.handle, &made), .run)
        request = try OpenVINOLibrary.present(made)
    }

    /// Hands the inputs over where they lie; they must outlive the run.
    ///
    /// - Parameter inputs: Fit the signature; in any order.
    func bind(_ inputs: NamedTensors) throws(EngineError) {
        for (index, spec) in compiled.signature.inputs.enumerated() {
            // What the call before bound must never answer for an input that is missing.
            guard let tensor = inputs[spec.name] else {
                throw EngineError(code: .inputMismatch, message: "input '\(spec.name)' is missing", location: spec.name)
            }
            let bytes = tensor.storage.bytes
            guard
                let address = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                    ?? UnsafeMutableRawPointer(bitPattern: Self.noData)
            else {
                throw EngineError(code: .executionFailed, message: "'\(spec.name)' has no address", location: spec.name)
            }
            var made: OpaquePointer?
            var extents = tensor.shape.dimensions.map { Int64($0) }
            let status = extents.withUnsafeMutableBufferPointer { extents in
                library.calls.pointee.ov_tensor_create_from_host_ptr(
                    tensor.elementType.openVINO,
                    slipway_ov_shape(rank: Int64(extents.count), extents: extents.baseAddress), address, &made)
            }
            try library.check(status, .bind)
            let value = try OpenVINOLibrary.present(made)
            // The request keeps what it needs of it.
            defer { library.calls.pointee.ov_tensor_free(value) }
            try library.check(
                library.calls.pointee.ov_infer_request_set_input_tensor_by_index(request, index, value), .bind)
        }
    }

    /// Computes; the inputs were bound before.
    ///
    /// - Throws: ``EngineError`` `cancelled` when the flag was set meanwhile, whether or not the library noticed.
    func run(_ cancellation: CancellationFlag) throws(EngineError) {
        let run = state.withLock { state in
            state.run += 1
            state.isRunning = true
            state.isCancelled = false
            return state.run
        }
        let status = cancellation.withHandler({ self.cancel(run: run) }) { compute() }
        let wasCancelled = state.withLock { state in
            state.isRunning = false
            return state.isCancelled
        }
        if wasCancelled || status == SLIPWAY_OV_CANCELLED { throw OpenVINOModel.cancelled }
        try library.check(status, .run)
    }

    /// Has a thread of the library's compute, and waits for it.
    ///
    /// The library (2026.4) also computes on the calling thread. With one stream of one thread it then swallows what
    /// goes wrong: a call that fails succeeds with the answer of the call before it, and none can be cancelled.
    private func compute() -> slipway_ov_status {
        let started = library.calls.pointee.ov_infer_request_start_async(request)
        guard started == SLIPWAY_OV_OK else { return started }
        // The library forgets a cancellation that came before the start.
        state.withLock { state in
            if state.isCancelled { _ = library.calls.pointee.ov_infer_request_cancel(request) }
        }
        return library.calls.pointee.ov_infer_request_wait(request)
    }

    /// Makes run number `run` end between two operators; does nothing when it has ended, for the slot may serve
    /// another call by then.
    private func cancel(run: UInt64) {
        state.withLock { state in
            guard state.isRunning, state.run == run else { return }
            state.isCancelled = true
            _ = library.calls.pointee.ov_infer_request_cancel(request)
        }
    }

    /// A copy of the output with this number: the request's own memory is written again by the next call.
    func output(_ index: Int) throws(EngineError) -> Tensor {
        let calls = library.calls
        var found: OpaquePointer?
        try library.check(calls.pointee.ov_infer_request_get_output_tensor_by_index(request, index, &found), .run)
        let value = try OpenVINOLibrary.present(found)
        defer { calls.pointee.ov_tensor_free(value) }
        var number: UInt32 = 0
        try library.check(calls.pointee.ov_tensor_get_element_type(value, &number), .run)
        let shape = try shape(of: value)
        guard let type = ElementType(openVINO: number), let width = type.byteWidth, let count = shape.elementCount
        else {
            throw EngineError(
                code: .executionFailed,
                message: "the model returned a tensor of unusable type \(number) or shape \(shape)")
        }
        let storage: TensorStorage
        if count > 0 {
            var data: UnsafeMutableRawPointer?
            try library.check(calls.pointee.ov_tensor_data(value, &data), .run)
            guard let data else {
                throw EngineError(code: .executionFailed, message: "the model returned a tensor without its data")
            }
            storage = TensorStorage(copying: UnsafeRawBufferPointer(start: data, count: count * width))
        } else {
            storage = TensorStorage(byteCount: 0) { _ in }
        }
        do throws(TensorError) {
            return try Tensor(elementType: type, shape: shape, storage: storage)
        } catch {
            throw EngineError(code: .executionFailed, message: error.message)
        }
    }

    /// The library's function does not tell the shape of a scalar.
    private func shape(of value: OpaquePointer) throws(EngineError) -> Shape {
        var extents = slipway_ov_shape()
        let status = library.calls.pointee.ov_tensor_get_shape(value, &extents)
        if status == SLIPWAY_OV_INVALID_PARAMETER {
            var count = 0
            try library.check(library.calls.pointee.ov_tensor_get_size(value, &count), .run)
            if count == 1 { return [] }
        }
        try library.check(status, .run)
        defer { _ = library.calls.pointee.ov_shape_free(&extents) }
        return Shape(UnsafeBufferPointer(start: extents.extents, count: Int(extents.rank)).map { Int($0) })
    }

    deinit { library.calls.pointee.ov_infer_request_free(request) }
}

/// The requests of one model that no call uses; as many come to be as calls ever ran at the same time.
final class RequestSlots: Sendable {
    private let idle = Mutex<[RequestSlot]>([])

    func take(of model: CompiledModel) throws(EngineError) -> RequestSlot {
        if let slot = idle.withLock({ $0.popLast() }) { return slot }
        return try RequestSlot(model)
    }

    func giveBack(_ slot: RequestSlot) { idle.withLock { $0.append(slot) } }
}
