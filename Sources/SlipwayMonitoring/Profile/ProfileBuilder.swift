// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayNumerics

/// True answers of the rows that a profile is made of.
package enum ProfileLabels: Sendable {
    case classes([String])
    case numbers([Double])

    package var count: Int {
        switch self {
        case .classes(let labels): labels.count
        case .numbers(let labels): labels.count
        }
    }
}

/// Makes a ``ReferenceProfile`` of data in one pass.
///
/// Counts, extremes, missing values and categories are of all rows; quantiles, components and quality are of a
/// uniform sample of at most 200,000 rows (fewer where a row has more than 80 columns), so that memory stays below
/// about 130 MB whatever the data.
package struct ProfileBuilder: Sendable {
    package static let maximumRows = 200_000
    /// Numbers of the sample.
    private static let maximumValues = 1 << 24

    package struct Options: Sendable {
        /// Names of columns by tensor, such as the header of a table.
        package var names: [String: [String]] = [:]
        /// Tensors that vary in width.
        package var varying: Set<String> = []
        /// `nil` to tell from outputs and labels.
        package var task: PredictionTask?
        /// The output with the scores or the number predicted; `nil` to find it.
        package var scoreOutput: String?
        package var isProvisional = false
        package var maximumRows = ProfileBuilder.maximumRows
        package var seed: UInt64 = 1

        package init() {}

        /// Takes over which tensors of a signature vary in width: a dimension after the first is open.
        package mutating func read(_ signature: ModelSignature) {
            for spec in signature.inputs + signature.outputs {
                let isOpen = spec.shape?.dropFirst().contains { $0.wireExtent < 0 } ?? true
                if isOpen { varying.insert(spec.name) }
            }
        }
    }

    let options: Options
    private(set) var sources: [ProfileSource] = []
    private(set) var columns: [ColumnCollector] = []
    private(set) var leftOut: [String] = []
    private(set) var sample = RowSample(width: 1, capacity: 1, seed: 1)
    private(set) var labelIndex: [String: Int] = [:]
    private(set) var hasNumericLabels = false
    private var texts: [Int: TextCollector] = [:]
    private var layout: TensorLayout?
    private var row: [Double] = []
    /// Rows added.
    package private(set) var rows = 0

    package init(options: Options = Options()) { self.options = options }

    /// Adds rows.
    ///
    /// - Parameters:
    ///   - rows: How many the tensors have; `nil` for their common first dimension, else 1.
    ///   - labels: One for each row, or `nil`; either always given or never.
    /// - Throws: ``MonitoringError`` `layoutMismatch` where tensors differ from the first ones, `invalidLabels`.
    package mutating func add(
        inputs: NamedTensors, outputs: NamedTensors? = nil, rows: Int? = nil, labels: ProfileLabels? = nil
    ) throws(MonitoringError) {
        let outputs = outputs ?? NamedTensors()
        let rows = rows ?? TensorNumbers.rows(inputs)
        if let labels, labels.count != rows {
            throw MonitoringError(.invalidLabels, "expected \(rows) labels, one for each row, got \(labels.count)")
        }
        let offered = TensorLayout(inputs: inputs, outputs: outputs, rows: rows)
        if layout == nil { lay(offered, inputs: inputs, outputs: outputs, rows: rows) }
        try check(offered)
        let marks = try labelValues(labels, rows: rows)
        let tensors = sources.map { ($0.isOutput ? outputs : inputs)[$0.tensor] }
        let texts = collectTexts(tensors)
        let readers = tensors.map { $0.flatMap(ElementReader.init) }
        for index in 0..<rows {
            for (position, source) in sources.enumerated() {
                switch source.form {
                case .text:
                    let lengths = texts[position] ?? []
                    for column in 0..<source.kept {
                        row[source.first + column] = lengths[index * source.columns + column]
                    }
                case .numbers:
                    guard let reader = readers[position] else { continue }
                    for column in 0..<source.kept {
                        row[source.first + column] = reader[index * source.columns + column]
                    }
                case .summary:
                    guard let reader = readers[position] else { continue }
                    let width = reader.count / rows
                    let summary = RowSummary(reader, from: index * width, count: width)
                    for (offset, kind) in source.summaries.enumerated() {
                        row[source.first + offset] = summary.value(kind)
                    }
                }
            }
            for column in columns.indices { columns[column].add(row[column]) }
            row[columns.count] = marks?[index] ?? .nan
            sample.add(row)
        }
        self.rows += rows
    }

    /// The profile of the rows added.
    ///
    /// - Throws: ``MonitoringError`` `invalidProfile` where there are no rows.
    package func finish(at instant: Timestamp) throws(MonitoringError) -> ReferenceProfile {
        guard rows > 0 else {
            throw MonitoringError(
                .invalidProfile, "a profile needs at least one row, got none; give a file with rows of good data")
        }
        var features: [ColumnProfile] = []
        var outputs: [ColumnProfile] = []
        for source in sources {
            for (offset, name) in source.names(given: options.names[source.tensor]).enumerated() {
                let column = profile(of: source, offset: offset, name: name)
                if source.isOutput { outputs.append(column) } else { features.append(column) }
            }
        }
        var profile = ReferenceProfile(createdAt: instant, rows: rows, features: features, outputs: outputs)
        profile.isProvisional = options.isProvisional
        profile.leftOut = leftOut
        ProfileQuality(self).fill(&profile)
        OutlierModel.fit(self, into: &profile)
        return profile
    }

    private mutating func lay(_ offered: TensorLayout, inputs: NamedTensors, outputs: NamedTensors, rows: Int) {
        layout = offered
        (sources, leftOut) = ProfileSource.all(
            inputs: inputs, outputs: outputs, rows: rows, varying: options.varying)
        let width = sources.reduce(0) { $0 + $1.kept }
        columns = [ColumnCollector](repeating: ColumnCollector(), count: width)
        row = [Double](repeating: .nan, count: width + 1)
        let capacity = min(options.maximumRows, Self.maximumRows, Self.maximumValues / (width + 1))
        sample = RowSample(width: width + 1, capacity: capacity, seed: options.seed)
    }

    /// Every tensor that is profiled must be there, of the same type, and as wide unless it is summarised.
    private func check(_ offered: TensorLayout) throws(MonitoringError) {
        for source in sources {
            let entries = source.isOutput ? offered.outputs : offered.inputs
            guard let entry = entries.first(where: { $0.name == source.tensor }) else {
                throw MonitoringError(
                    .layoutMismatch, "expected tensor '\(source.tensor)' in all rows of the reference data, got none",
                    location: source.tensor)
            }
            let isSame =
                entry.elementType == source.elementType && (source.form == .summary || entry.columns == source.columns)
            guard isSame else {
                throw MonitoringError(
                    .layoutMismatch,
                    "tensor '\(source.tensor)' expected \(source.elementType.rawValue) with \(source.columns) columns, "
                        + "got \(entry.elementType.rawValue) with \(entry.columns.map(String.init) ?? "uneven rows")",
                    location: source.tensor)
            }
        }
    }

    /// Labels as numbers: classes by their place in the order of first sight.
    private mutating func labelValues(
        _ labels: ProfileLabels?, rows: Int
    ) throws(MonitoringError) -> [Double]? {
        switch labels {
        case nil: return nil
        case .numbers(let numbers):
            hasNumericLabels = true
            return numbers
        case .classes(let names):
            var result: [Double] = []
            for name in names {
                if labelIndex[name] == nil, labelIndex.count >= TextCollector.maximumDistinct {
                    throw MonitoringError(
                        .invalidLabels, "labels have more than \(TextCollector.maximumDistinct) classes; give numbers")
                }
                let index = labelIndex[name] ?? labelIndex.count
                labelIndex[name] = index
                result.append(Double(index))
            }
            return result
        }
    }

    /// Counts the texts of tensors of text, and returns their lengths by tensor; NaN for empty ones.
    private mutating func collectTexts(_ tensors: [Tensor?]) -> [Int: [Double]] {
        var result: [Int: [Double]] = [:]
        for (position, source) in sources.enumerated() where source.form == .text {
            guard let tensor = tensors[position] else { continue }
            var lengths: [Double] = []
            lengths.reserveCapacity(tensor.count)
            tensor.forEachBytes { bytes in
                let column = lengths.count % source.columns
                lengths.append(bytes.isEmpty ? .nan : Double(bytes.count))
                guard !bytes.isEmpty, column < source.kept else { return }
                texts[source.first + column, default: TextCollector()].add(bytes)
            }
            result[position] = lengths
        }
        return result
    }

    private func profile(of source: ProfileSource, offset: Int, name: String) -> ColumnProfile {
        let index = source.first + offset
        let place = source.form == .summary ? source.summaries[offset].rawValue : offset
        var column = ColumnProfile(name: name, kind: .numeric, tensor: source.tensor, column: place)
        if source.form == .text {
            let text = texts[index] ?? TextCollector()
            column.kind = text.isCategorical ? .categorical : .text
            columns[index].describe(&column)
            column.distinct = text.distinct.estimate.rounded()
            if column.kind == .categorical {
                column.setCategories(text.categories)
            } else {
                column.characterClasses = text.classes.shares
                column.setNumbers(sample.column(index))
            }
            return column
        }
        columns[index].describe(&column)
        let values = sample.column(index)
        column.setNumbers(values)
        if source.isOutput, source.form == .numbers, TensorNumbers.isInteger(source.elementType) {
            column.setClasses(values, of: source.elementType)
        }
        return column
    }
}
