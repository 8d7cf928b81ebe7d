// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Captured requests in memory, as the columns of a batch.
struct CaptureTable {
    let shape: CaptureShape
    let redaction: CaptureRedaction
    private(set) var columns: [ArrowColumnData]
    private(set) var requests = 0

    init(_ shape: CaptureShape, _ redaction: CaptureRedaction) {
        self.shape = shape
        self.redaction = redaction
        columns = shape.fields.map { ArrowColumnData($0.type) }
    }

    var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
    var rows: Int { columns[0].count }

    mutating func removeAll() {
        columns = shape.fields.map { ArrowColumnData($0.type) }
        requests = 0
    }

    /// Adds a request of this shape, a row for each of its own.
    ///
    /// - Throws: ``FormatError``, ``TensorError``; the table is of no use then.
    mutating func append(_ prediction: PredictionObservation) throws {
        let isBatch = CaptureShape.isBatch(prediction)
        let rows = isBatch ? prediction.rows : 1
        let parameters = CaptureParameters.json(prediction.parameters, redaction)
        for row in 0..<rows {
            try columns[0].append(prediction.requestID ?? "")
            try columns[1].append(Int32(clamping: row))
            try columns[2].append(Int32(clamping: prediction.rows))
            try columns[3].append(isBatch)
            try columns[4].append(prediction.at)
            try columns[5].append(prediction.version.description)
            try columns[6].append(prediction.route.rawValue)
            try columns[7].append(prediction.total / .milliseconds(1))
            try columns[8].append(parameters)
        }
        var place = CaptureShape.contextFields.count
        for column in shape.columns {
            guard let tensor = (column.isInput ? prediction.inputs : prediction.outputs)[column.name] else {
                throw FormatError(.malformed, "a request lacks a tensor of its shape")
            }
            let blanked = try redaction.blanked(tensor, named: column.name)
            let items = Array(tensor.shape.dimensions.dropFirst(isBatch ? 1 : 0))
            try append(blanked, rows: rows, to: place)
            place += 1
            guard column.hasShape else { continue }
            for _ in 0..<rows {
                try columns[place].appendList { (list) throws(FormatError) in
                    for extent in items { try list.append(Int64(extent)) }
                }
            }
            place += 1
        }
        requests += 1
    }

    private mutating func append(_ tensor: Tensor, rows: Int, to place: Int) throws {
        if tensor.elementType == .bytes { return try append(texts: tensor, rows: rows, to: place) }
        let storage = tensor.elementType == .bfloat16 ? Self.widened(tensor) : tensor.storage
        defer { withExtendedLifetime(storage) {} }
        if case .list = columns[place].type {
            let stride = storage.bytes.count / rows
            for row in 0..<rows {
                let part = UnsafeRawBufferPointer(rebasing: storage.bytes[(row * stride)..<((row + 1) * stride)])
                try columns[place].appendList { (list) throws(FormatError) in try list.append(packed: part) }
            }
        } else {
            try columns[place].append(packed: storage.bytes)
        }
    }

    private mutating func append(texts tensor: Tensor, rows: Int, to place: Int) throws {
        guard case .list = columns[place].type else {
            return try tensor.forEachBytes { try columns[place].append(text: $0) }
        }
        // Slices stay valid as long as the tensor's storage does.
        var texts: [UnsafeRawBufferPointer] = []
        tensor.forEachBytes { texts.append($0) }
        let stride = texts.count / rows
        for row in 0..<rows {
            try columns[place].appendList { (list) throws(FormatError) in
                for text in texts[(row * stride)..<((row + 1) * stride)] { try list.append(text: text) }
            }
        }
        withExtendedLifetime(tensor) {}
    }

    private static func widened(_ tensor: Tensor) -> TensorStorage {
        TensorStorage(byteCount: tensor.count * 4) { target in
            for index in 0..<tensor.count {
                let half = tensor.storage.bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                target.storeBytes(of: UInt32(half) << 16, toByteOffset: index * 4, as: UInt32.self)
            }
        }
    }
}

/// Parameters of a request as one JSON object.
enum CaptureParameters {
    static func json(_ parameters: [String: ParameterValue], _ redaction: CaptureRedaction) -> String {
        let kept = parameters.filter { !redaction.leavesOut($0.key) }.sorted { $0.key < $1.key }
        return "{" + kept.map { JSONText.quoted($0.key) + ":" + text($0.value) }.joined(separator: ",") + "}"
    }

    /// Numbers by name as one JSON object.
    static func json(_ numbers: [String: Double]) -> String {
        let sorted = numbers.sorted { $0.key < $1.key }
        return "{" + sorted.map { JSONText.quoted($0.key) + ":" + text(.double($0.value)) }.joined(separator: ",") + "}"
    }

    private static func text(_ value: ParameterValue) -> String {
        switch value {
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        // JSON has no words for what is not finite.
        case .double(let value): value.isFinite ? String(value) : JSONText.quoted(String(value))
        case .string(let value): JSONText.quoted(value)
        }
    }
}
