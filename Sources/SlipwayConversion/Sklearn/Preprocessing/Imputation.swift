// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Missing values become a statistic of their column.
///
/// A missing number is NaN; a missing string is the empty one, since requests have no other.
enum Imputation: SklearnEstimator {
    static let names = ["SimpleImputer"]

    private enum Statistic {
        case number(Double)
        case string(String)
        /// The column had no values in training and is left out.
        case none

        var elementType: ElementType { if case .string = self { .bytes } else { .float64 } }
    }

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        estimator.needs(columns: try statistics(of: estimator).map(\.elementType))
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        let statistics = try statistics(of: estimator)
        guard statistics.count == input.width else {
            throw estimator.malformed("it is given \(input.width) columns and was fitted with \(statistics.count)")
        }
        graph.describeStep("\(statistics.count) columns")
        if statistics.contains(where: { $0.elementType == .bytes }), estimator.optional("missing_values")?.string == nil
        {
            graph.report.notes.append(
                "\(estimator.path): the empty string counts as missing; scikit-learn keeps one that is a value")
        }
        let kept = statistics.indices.filter { if case .none = statistics[$0] { false } else { true } }
        var parts: [SklearnInput.Part] = []
        // Neighbours of one type are handled together.
        var start = 0
        while start < kept.count {
            let type = statistics[kept[start]].elementType
            let end = kept[start...].firstIndex { statistics[$0].elementType != type } ?? kept.count
            let columns = Array(kept[start..<end])
            let value = try input.select(columns, for: estimator, in: &graph)
                .matrix(type, for: estimator, in: &graph)
            let isMissing = try MissingIndication.mask(of: value, type, estimator, in: &graph)
            let fill = fill(columns.map { statistics[$0] }, in: &graph)
            parts.append(.init(graph.node("Where", [isMissing, fill, value]), type, width: columns.count))
            start = end
        }
        if estimator.bool("add_indicator", default: false), estimator.optional("indicator_") != nil {
            let inner = try estimator.estimator("indicator_")
            parts += try MissingIndication.columns(of: inner, like: estimator, input: input, to: &graph).parts
        }
        return .features(SklearnInput(parts))
    }

    private static func fill(_ statistics: [Statistic], in graph: inout GraphBuilder) -> String {
        var numbers: [Double] = []
        var strings: [String] = []
        for statistic in statistics {
            switch statistic {
            case .number(let value): numbers.append(value)
            case .string(let value): strings.append(value)
            case .none: break
            }
        }
        return strings.isEmpty ? graph.doubles(numbers) : graph.constant(ONNXTensor(strings))
    }

    private static func statistics(of estimator: SklearnContext) throws(ConversionError) -> [Statistic] {
        let value = try estimator.require("statistics_")
        let keepsEmpty = estimator.bool("keep_empty_features", default: false)
        if let objects = value.array?.objects {
            var result: [Statistic] = []
            for object in objects {
                if let string = object.string {
                    result.append(.string(string))
                } else if let number = object.double, !number.isNaN {
                    result.append(.number(number))
                } else {
                    result.append(.none)
                }
            }
            return result
        }
        if let texts = try? value.array?.strings() { return texts.map { .string($0) } }
        return try estimator.numbers(value, "statistics_").values.map { number in
            number.isNaN && !keepsEmpty ? .none : .number(number)
        }
    }
}

/// Columns that say where values are missing.
enum MissingIndication: SklearnEstimator {
    static let names = ["MissingIndicator"]

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        .features(try columns(of: estimator, like: estimator, input: input, to: &graph))
    }

    /// Zeros and ones for the columns in `features_`.
    ///
    /// - Parameter marker: Whose `missing_values` counts.
    static func columns(
        of estimator: SklearnContext, like marker: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnInput {
        var parts: [SklearnInput.Part] = []
        for number in try estimator.numbers("features_").values {
            guard let column = Int(exactly: number), let type = input.type(ofColumn: column) else {
                throw estimator.malformed("'features_' names column \(number) of \(input.width)")
            }
            let wanted = type == .bytes ? ElementType.bytes : .float64
            let value = try input.select([column], for: estimator, in: &graph)
                .matrix(wanted, for: estimator, in: &graph)
            let isMissing = try mask(of: value, wanted, marker, in: &graph)
            parts.append(.init(graph.cast(isMissing, to: .float64), .float64, width: 1))
        }
        return SklearnInput(parts)
    }

    /// Where a value counts as missing: bool, of the value's shape.
    static func mask(
        of value: String, _ type: ElementType, _ estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        let marker = estimator.optional("missing_values")
        if type == .bytes {
            return graph.node("Equal", [value, graph.constant(ONNXTensor([marker?.string ?? ""], []))])
        }
        guard let number = marker?.double, !number.isNaN else { return graph.node("IsNaN", [value]) }
        return graph.node("Equal", [value, graph.double(number)])
    }
}
