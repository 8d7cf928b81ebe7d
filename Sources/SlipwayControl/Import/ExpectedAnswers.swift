// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// What a model must answer to sample rows, read from a file some rows at a time.
///
/// Columns and arrays are outputs by name; an output of several values is the columns `name_0`, `name_1` and so on, as
/// `slipway predict --out` writes them, or columns of the names of its classes.
struct ExpectedAnswers {
    /// A column of the file: values of an output from an offset in each row on.
    struct Column: Sendable {
        let name: String
        let output: Int
        let offset: Int
    }

    /// Names of outputs that the file has values for.
    var compared: [String] {
        var names: [String] = []
        for column in columns where !names.contains(outputs[column.output].name) {
            names.append(outputs[column.output].name)
        }
        return names
    }

    let columns: [Column]
    private let outputs: [TensorSpec]
    private let specs: [TensorSpec]
    private var rows: any RowSource

    /// - Parameters:
    ///   - labels: Class names by output.
    ///   - widths: Values of one row by output, as the model answered the first rows.
    /// - Throws: ``ControlError`` where the file names no output.
    init(_ path: String, outputs: [TensorSpec], labels: [String: [String]], widths: [String: Int]) throws {
        guard let format = DataFormat(path: path) else {
            throw ControlError(
                .invalidRequest, "expected answers are read from .csv, .jsonl, .npy, .npz or .arrow, not from '\(path)'"
            )
        }
        let source = try FileSource(path: path)
        let names = try Self.names(in: source, format)
        var columns = Self.columns(names, outputs, labels: labels, widths: widths, isTable: format.isTable)
        if columns.isEmpty, names.count <= 1 || format == .npy,
            let only = try Self.only(source, format, outputs, widths)
        {
            columns = [Column(name: outputs[only].name, output: only, offset: 0)]
        }
        guard !columns.isEmpty else {
            let known = ColumnPlan.list(outputs.map(\.name))
            throw ControlError(
                .invalidRequest,
                "the expected answers have [\(ColumnPlan.list(names))], and the model's outputs are [\(known)]")
        }
        specs = columns.map { column in
            let output = outputs[column.output]
            let isWhole = !format.isTable || column.name == output.name && (widths[output.name] ?? 1) > 1
            return TensorSpec(
                name: column.name, elementType: Self.type(output.elementType),
                shape: isWhole ? output.shape : [.dynamic])
        }
        // Arrays and columns that are no outputs, such as row numbers, are left alone: where one output is expected,
        // they would be taken for parts of it.
        let isRead = { (name: String) in columns.contains { $0.name == name } }
        let hasOthers = format == .npz || format.isTable && specs.count == 1 && names.contains(where: isRead)
        let others = hasOthers ? names.filter { !isRead($0) } : []
        let signature = ModelSignature(inputs: specs, outputs: [])
        rows = try format.open(source, for: signature, keep: others)
        self.columns = columns
        self.outputs = outputs
    }

    /// Values of the next rows, a tensor for each of ``columns``; fewer rows where the file ends.
    mutating func next(_ count: Int) throws -> (values: [Tensor], rows: Int) {
        var pieces: [[Tensor]] = []
        var done = 0
        while done < count, let block = try rows.next(count - done, byteCount: SampleCheck.pieceByteCount) {
            let tensors = try block.tensors(0..<block.count)
            pieces.append(
                try specs.map { spec in
                    guard let tensor = tensors[spec.name] else {
                        throw ControlError(.invalidRequest, "the expected answers lack '\(spec.name)' in some rows")
                    }
                    return tensor
                })
            done += block.count
        }
        return (try specs.indices.map { index in try Tensor.joined(pieces.map { $0[index] }) }, done)
    }

    /// Whether rows are left.
    mutating func hasMore() throws -> Bool { try rows.next(1, byteCount: 1) != nil }

    /// Scores are compared in the widest type, other values as what they are.
    private static func type(_ type: ElementType) -> ElementType {
        switch type {
        case .float16, .bfloat16, .float32, .float64: .float64
        default: type
        }
    }

    /// Names that a file has for its columns, arrays or members.
    private static func names(in source: any ByteSource, _ format: DataFormat) throws -> [String] {
        switch format {
        case .csv:
            var stream = CSVStream(source)
            let first = try stream.read(1)
            return first.count == 1 ? first.texts(of: 0) : []
        case .jsonLines:
            var stream = LineStream(source)
            let first = try stream.read(1)
            guard first.count == 1, case .object(let members) = try JSONLine(first.bytes[first.range(of: 0)]).form
            else { return [] }
            return members.map { String(decoding: first.bytes[$0.name], as: UTF8.self) }
        case .npy: return []
        case .npz: return try NumpyArchive.rows(of: source).map(\.name)
        case .arrow: return try ArrowTable(source).fields.map(\.name)
        }
    }

    private static func columns(
        _ names: [String], _ outputs: [TensorSpec], labels: [String: [String]], widths: [String: Int], isTable: Bool
    ) -> [Column] {
        var columns: [Column] = []
        for (index, output) in outputs.enumerated() {
            let width = widths[output.name] ?? 1
            if names.contains(output.name), width == 1 || !isTable || !names.contains(output.name + "_0") {
                columns.append(Column(name: output.name, output: index, offset: 0))
                continue
            }
            guard isTable, width > 1, width <= names.count else { continue }
            let numbered = (0..<width).map { "\(output.name)_\($0)" }
            for spelling in [numbered, labels[output.name] ?? []]
            where spelling.count == width && spelling.allSatisfy(names.contains) {
                columns += spelling.enumerated().map { Column(name: $1, output: index, offset: $0) }
                break
            }
        }
        return columns
    }

    /// The output that values without a name are of: the first that has as many values in a row.
    private static func only(
        _ source: any ByteSource, _ format: DataFormat, _ outputs: [TensorSpec], _ widths: [String: Int]
    ) throws -> Int? {
        guard format == .npy else { return outputs.isEmpty ? nil : 0 }
        let rows = try NumpyRows(source)
        guard rows.count > 0 else { return nil }
        let width = try rows.read(0..<1).count
        return outputs.firstIndex { (widths[$0.name] ?? 1) == width }
    }
}

extension DataFormat {
    /// Whether its columns hold one value of a row each.
    fileprivate var isTable: Bool {
        switch self {
        case .csv, .arrow: true
        case .jsonLines, .npy, .npz: false
        }
    }
}

extension Tensor {
    /// Tensors of one type one after the other, along their first dimension.
    static func joined(_ parts: [Tensor]) throws -> Tensor {
        guard let first = parts.first else { return try Tensor([Double](), shape: Shape([0])) }
        if parts.count == 1 { return first }
        var bytes: [UInt8] = []
        for part in parts { bytes += part.storage.bytes }
        let rows = parts.reduce(0) { $0 + ($1.shape.dimensions.first ?? 0) }
        return try Tensor(
            elementType: first.elementType, shape: Shape([rows] + first.shape.dimensions.dropFirst()),
            storage: bytes.withUnsafeBytes { TensorStorage(copying: $0) })
    }
}
