// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayCore
import SlipwayEngine

/// Maps from class to score, one for each row, laid out as one tensor.
struct ScoreTable {
    /// `[rows, classes]`, in the element type of the scores; columns in the order of the first row's keys, which the
    /// library keeps sorted.
    let tensor: Tensor
    /// One for each column.
    let classes: [String]

    /// Reads a sequence of maps, or a single map as one row; does not take over `value`.
    ///
    /// - Throws: ``EngineError`` `executionFailed` when rows have different classes.
    init(_ value: OpaquePointer, of output: SessionValue, _ reading: OutputReading) throws(EngineError) {
        let isMap = output.kind == .scoreMap
        let rows = isMap ? 1 : try reading.count(of: value)
        var keys: Tensor?
        var scores: [Tensor] = []
        scores.reserveCapacity(rows)
        for index in 0..<rows {
            let row: (keys: Tensor, scores: Tensor)
            if isMap {
                row = try Self.row(value, reading)
            } else {
                let map = try reading.part(index, of: value)
                defer { reading.library.api.pointee.ReleaseValue(map) }
                row = try Self.row(map, reading)
            }
            if let keys, !keys.storage.bytes.elementsEqual(row.keys.storage.bytes) {
                throw EngineError(
                    code: .executionFailed,
                    message: "output '\(output.spec.name)' maps other classes in row \(index) than in row 0, which is "
                        + "no table. Export the model without its ZipMap",
                    location: output.spec.name)
            }
            if keys == nil { keys = row.keys }
            scores.append(row.scores)
        }
        let columns = keys?.count ?? 0
        let rowBytes = columns * (output.spec.elementType.byteWidth ?? 0)
        let storage = try TensorStorage(byteCount: rows * rowBytes) { target throws(EngineError) in
            for (index, row) in scores.enumerated() {
                guard row.byteCount == rowBytes, row.elementType == output.spec.elementType else {
                    throw EngineError(code: .executionFailed, message: "a class map has more scores than classes")
                }
                UnsafeMutableRawBufferPointer(rebasing: target[(index * rowBytes)..<((index + 1) * rowBytes)])
                    .copyMemory(from: row.storage.bytes)
            }
        }
        do throws(TensorError) {
            tensor = try Tensor(elementType: output.spec.elementType, shape: [rows, columns], storage: storage)
        } catch {
            throw EngineError(code: .executionFailed, message: error.message)
        }
        classes = keys.map(Self.names) ?? []
    }

    private static func row(
        _ map: OpaquePointer, _ reading: OutputReading
    ) throws(EngineError) -> (keys: Tensor, scores: Tensor) {
        let keys = try reading.tensor(taking: try reading.part(0, of: map))
        return (keys, try reading.tensor(taking: try reading.part(1, of: map)))
    }

    private static func names(_ keys: Tensor) -> [String] {
        keys.strings ?? keys.values(as: Int64.self)?.map { String($0) } ?? []
    }
}
