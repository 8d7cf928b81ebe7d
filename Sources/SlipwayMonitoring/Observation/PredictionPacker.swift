// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Writes an answered request as the record that ``PackedPrediction`` reads.
///
/// The length is known before a byte is written, so that room is found first and the rest is a few copies.
struct PredictionPacker {
    /// Larger tensors are kept as they are beside the record: copying one would cost more than counting it.
    private static let copiedBytes = 16 << 10
    /// And so are the last of many small ones.
    private static let copiedTogether = 64 << 10
    /// Of inputs, and of outputs.
    private static let maximumTensors = Int(UInt16.max)

    private typealias Header = PackedPrediction.Header
    private typealias TensorHeader = PackedPrediction.TensorHeader

    let prediction: PredictionObservation
    private let parameters: [UInt8]
    /// Of the record, a multiple of 8.
    let byteCount: Int
    /// Of tensors that are kept beside it.
    let keptBytes: Int

    /// `nil` for one larger than any queue.
    init?(_ prediction: PredictionObservation) {
        self.prediction = prediction
        parameters = PackedParameters.write(prediction.parameters)
        var small = (prediction.requestID?.utf8.count ?? 0) + parameters.count
        var (large, kept) = (0, 0)
        func measure(_ elements: [NamedTensors.Element]) {
            for index in elements.indices {
                small += MemoryLayout<TensorHeader>.stride + 4 * elements[index].tensor.shape.dimensions.count
                let count = elements[index].tensor.storage.bytes.count
                if Self.isKept(count, after: large) { kept += count } else { large += Cursor.aligned(count) }
            }
        }
        measure(prediction.inputs.elements)
        measure(prediction.outputs.elements)
        keptBytes = kept
        byteCount = MemoryLayout<Header>.stride + Cursor.aligned(small) + large
        guard byteCount + kept <= Int(Int32.max), prediction.inputs.count <= Self.maximumTensors,
            prediction.outputs.count <= Self.maximumTensors
        else { return nil }
    }

    /// - Parameter copied: Bytes of the tensors before it that are copied.
    private static func isKept(_ count: Int, after copied: Int) -> Bool {
        count > copiedBytes || copied + count > copiedTogether
    }

    /// Writes the record.
    ///
    /// - Parameters:
    ///   - target: ``byteCount`` bytes, aligned to 8.
    ///   - form: The place of its form in the batch.
    ///   - kept: Takes the tensors that are not copied.
    func write(to target: UnsafeMutableRawBufferPointer, form: Int, keeping kept: inout [TensorStorage]) {
        precondition(target.count == byteCount, "a record is written where it fits")
        guard let base = target.baseAddress else { return }
        let (inputs, outputs) = (prediction.inputs.elements, prediction.outputs.elements)
        let table = MemoryLayout<Header>.stride
        var texts = Cursor(base, at: table + (inputs.count + outputs.count) * MemoryLayout<TensorHeader>.stride)
        for index in inputs.indices { Self.writeShape(inputs[index], &texts) }
        for index in outputs.indices { Self.writeShape(outputs[index], &texts) }
        let idStart = texts.offset
        if let id = prediction.requestID { texts.put(id) }
        let idBytes = prediction.requestID == nil ? PackedPrediction.absent : UInt32(texts.offset - idStart)
        parameters.withUnsafeBytes { texts.put($0) }
        texts.align()
        var data = texts
        let start = data.offset
        var headers = Cursor(base, at: table)
        let rows = prediction.rows
        for index in inputs.indices { Self.writeTensor(inputs[index], rows, from: start, &headers, &data, &kept) }
        for index in outputs.indices { Self.writeTensor(outputs[index], rows, from: start, &headers, &data, &kept) }
        let header = Header(
            at: prediction.at.milliseconds, nanoseconds: Int64(clamping: prediction.total.clampedNanoseconds),
            rows: rows, byteCount: UInt32(byteCount), idStart: UInt32(idStart), idBytes: idBytes,
            parameterBytes: UInt32(parameters.count), form: UInt16(form), inputs: UInt16(inputs.count),
            outputs: UInt16(outputs.count), route: prediction.route)
        base.storeBytes(of: header, as: Header.self)
    }

    @inline(__always)
    private static func writeShape(_ element: NamedTensors.Element, _ cursor: inout Cursor) {
        let dimensions = element.tensor.shape.dimensions
        for index in dimensions.indices { cursor.put(UInt32(clamping: dimensions[index])) }
    }

    @inline(__always)
    private static func writeTensor(
        _ element: NamedTensors.Element, _ rows: Int, from start: Int, _ headers: inout Cursor,
        _ data: inout Cursor, _ kept: inout [TensorStorage]
    ) {
        let bytes = element.tensor.storage.bytes
        let count = element.tensor.count
        let isKept = isKept(bytes.count, after: data.offset - start)
        headers.put(
            TensorHeader(
                start: UInt32(isKept ? kept.count : data.offset), byteCount: UInt32(bytes.count),
                count: UInt32(truncatingIfNeeded: count),
                columns: Int32(truncatingIfNeeded: TensorLayout.columns(of: count, rows: rows) ?? -1),
                elementType: element.tensor.elementType, isKept: isKept))
        if isKept {
            kept.append(element.tensor.storage)
        } else {
            data.put(bytes)
            data.align()
        }
    }

    /// Puts values one after another.
    private struct Cursor {
        private let base: UnsafeMutableRawPointer
        private(set) var offset: Int

        init(_ base: UnsafeMutableRawPointer, at offset: Int) {
            self.base = base
            self.offset = offset
        }

        static func aligned(_ count: Int) -> Int { (count + 7) & ~7 }

        mutating func put<T: BitwiseCopyable>(_ value: T) {
            base.storeBytes(of: value, toByteOffset: offset, as: T.self)
            offset &+= MemoryLayout<T>.stride
        }

        mutating func put(_ bytes: UnsafeRawBufferPointer) {
            if let source = bytes.baseAddress { (base + offset).copyMemory(from: source, byteCount: bytes.count) }
            offset &+= bytes.count
        }

        mutating func put(_ text: String) {
            let isWhole = text.utf8.withContiguousStorageIfAvailable { put(UnsafeRawBufferPointer($0)) } != nil
            if !isWhole { Array(text.utf8).withUnsafeBytes { put($0) } }
        }

        mutating func align() { offset = Self.aligned(offset) }
    }
}
