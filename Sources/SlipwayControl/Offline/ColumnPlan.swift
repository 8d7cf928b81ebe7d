// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Which columns of a table become which inputs: decided once, from their names.
///
/// Columns are inputs where the names are theirs, others are left out; else they are the features of the only input.
enum ColumnPlan: Sendable, Hashable {
    struct Input: Sendable, Hashable {
        let spec: TensorSpec
        let column: Int
    }

    case inputs([Input])
    case features(TensorSpec, columns: [Int])

    /// - Parameters:
    ///   - names: Of the columns, or what stands on a first line that may not be names.
    ///   - kept: Columns that are no features.
    /// - Throws: `ControlError` that names a missing column.
    init(_ names: [String], for signature: ModelSignature, kept: [Int] = []) throws(ControlError) {
        let required = signature.inputs.filter { !$0.isOptional }
        let known = Set(names)
        // A column that happens to have the name of an input of several features is one of them.
        let isNamed = { (spec: TensorSpec) in known.contains(spec.name) && (Self.width(of: spec) ?? 1) == 1 }
        guard required.count <= 1, !required.allSatisfy(isNamed), let only = required.first else {
            guard !required.isEmpty || signature.inputs.contains(where: { known.contains($0.name) }) else {
                throw ControlError(.invalidRequest, "the model takes no input that the columns could be")
            }
            var inputs: [Input] = []
            for spec in signature.inputs {
                guard let column = names.firstIndex(of: spec.name) else {
                    if spec.isOptional { continue }
                    throw ControlError(
                        .invalidRequest, "the table has no column '\(spec.name)', it has [\(Self.list(names))]")
                }
                inputs.append(Input(spec: spec, column: column))
            }
            self = .inputs(inputs)
            return
        }
        self = .features(only, columns: names.indices.filter { !kept.contains($0) })
    }

    /// Throws unless there are as many columns as the input has features.
    func checkWidth(_ names: [String]) throws(ControlError) {
        guard case .features(let spec, let columns) = self, let wanted = Self.width(of: spec), wanted != columns.count
        else { return }
        throw ControlError(
            .invalidRequest,
            "input '\(spec.name)' takes \(wanted) features, the table has \(columns.count) columns for it: "
                + "[\(Self.list(columns.map { names[$0] }))]. Leave out the others, or --keep them")
    }

    /// The names of features, by the input that they are of.
    func featureNames(_ names: [String]) -> [String: [String]] {
        guard case .features(let spec, let columns) = self else { return [:] }
        return [spec.name: columns.map { names[$0] }]
    }

    /// Elements of one row of an input; `nil` where they are not fixed.
    private static func width(of spec: TensorSpec) -> Int? {
        guard let shape = spec.shape, shape.count > 1 else { return nil }
        var width = 1
        for dimension in shape.dropFirst() {
            guard case .fixed(let extent) = dimension else { return nil }
            width = width.multipliedReportingOverflow(by: extent).partialValue
        }
        return width
    }

    /// The places of columns that are to be kept.
    static func places(of keep: [String], in names: [String]) throws(ControlError) -> [Int] {
        var places: [Int] = []
        for name in keep {
            guard let place = names.firstIndex(of: name) else {
                throw ControlError(
                    .invalidRequest, "the data have no column '\(name)' to keep, they have [\(list(names))]")
            }
            places.append(place)
        }
        return places
    }

    /// Names for a message, not all of very many.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(20).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
        return names.count > 20 ? shown + ", ... (\(names.count))" : shown
    }
}
