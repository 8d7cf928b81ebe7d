// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

extension OutputReading {
    /// Adds what `output` gave to `result`; takes over `value`, on failure too.
    ///
    /// An optional output that is none adds nothing.
    ///
    /// - Returns: The classes of a class map, in the order of its columns; `nil` for other outputs.
    func append(
        _ value: OpaquePointer, of output: SessionValue, to result: inout NamedTensors
    ) throws(EngineError) -> [String]? {
        // An optional tensor that is there is an ordinary tensor value; whether it is there must be asked first.
        if output.kind == .tensor {
            let isThere = output.spec.isOptional ? try hasValue(value) : true
            if isThere {
                result.append(try tensor(taking: value), named: output.spec.name)
            } else {
                api.pointee.ReleaseValue(value)
            }
            return nil
        }
        defer { api.pointee.ReleaseValue(value) }
        guard try hasValue(value) else { return nil }
        if output.kind == .sequence {
            try appendSequence(value, of: output, to: &result)
            return nil
        }
        let scores = try ScoreTable(value, of: output, self)
        result.append(scores.tensor, named: output.spec.name)
        return scores.classes
    }

    private func hasValue(_ value: OpaquePointer) throws(EngineError) -> Bool {
        var flag: Int32 = 1
        try library.check(api.pointee.HasValue(value, &flag), .run)
        return flag != 0
    }

    private func appendSequence(
        _ value: OpaquePointer, of output: SessionValue, to result: inout NamedTensors
    ) throws(EngineError) {
        let count = try self.count(of: value)
        for index in 0..<count {
            result.append(
                try tensor(taking: try part(index, of: value)), named: output.elementPrefix + String(index))
        }
        let length = TensorStorage(byteCount: 8) { $0.storeBytes(of: Int64(count), as: Int64.self) }
        do throws(TensorError) {
            result.append(
                try Tensor(elementType: .int64, shape: [], storage: length), named: output.elementPrefix + "length")
        } catch {
            throw EngineError(code: .executionFailed, message: error.message)
        }
    }

    /// How many parts a sequence has.
    func count(of value: OpaquePointer) throws(EngineError) -> Int {
        var count = 0
        try library.check(api.pointee.GetValueCount(value, &count), .run)
        return count
    }

    /// A part of a sequence, or a map's keys (0) or values (1); the caller takes it over.
    func part(_ index: Int, of value: OpaquePointer) throws(EngineError) -> OpaquePointer {
        var part: OpaquePointer?
        try library.check(api.pointee.GetValue(value, Int32(clamping: index), library.allocator, &part), .run)
        return try ORTLibrary.present(part)
    }
}
