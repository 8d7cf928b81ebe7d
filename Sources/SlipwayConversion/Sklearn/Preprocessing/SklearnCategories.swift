// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// The categories of one column, in the order of their codes.
enum SklearnCategories: Sendable, Hashable {
    /// NaN stands for a missing value.
    case numbers([Double])
    /// `nil` stands for a missing value, which is the empty string in requests.
    case strings([String?])

    var count: Int {
        switch self {
        case .numbers(let values): values.count
        case .strings(let values): values.count
        }
    }

    var elementType: ElementType {
        switch self {
        case .numbers: .float64
        case .strings: .bytes
        }
    }

    /// Codes of missing values.
    func isMissing(_ code: Int) -> Bool {
        switch self {
        case .numbers(let values): values[code].isNaN
        case .strings(let values): values[code] == nil
        }
    }

    init(_ value: PickleValue, _ name: String, of estimator: SklearnContext) throws(ConversionError) {
        guard let array = value.array, array.shape.count == 1 else {
            throw estimator.malformed("'\(name)' is \(value.plainName) where an array of categories is wanted")
        }
        if let objects = array.objects {
            if objects.contains(where: { $0.string != nil }) {
                var texts: [String?] = []
                for object in objects {
                    guard object.string != nil || object.isNone || object.double?.isNaN == true else {
                        throw estimator.unsupported("'\(name)' mixes strings and numbers")
                    }
                    texts.append(object.string)
                }
                guard texts.count(where: { ($0 ?? "").isEmpty }) <= 1 else {
                    throw estimator.unsupported(
                        "'\(name)' has more than one of None, NaN and the empty string, and in requests all of them "
                            + "are the empty string; make them one before training")
                }
                self = .strings(texts)
            } else {
                guard objects.count(where: { $0.isNone || $0.double?.isNaN == true }) <= 1 else {
                    throw estimator.unsupported(
                        "'\(name)' has both None and NaN, and in requests both are NaN; make them one before training")
                }
                let whole: [Double] = objects.compactMap { object in object.integer.map { Double($0) } }
                try Self.requireExact(whole, name, estimator)
                self = .numbers(
                    try objects.map { object throws(ConversionError) in
                        if object.isNone { return .nan }
                        return try estimator.numbers(object, name).values.first ?? .nan
                    })
            }
        } else if let texts = try? array.strings() {
            self = .strings(texts)
        } else {
            let values = try estimator.numbers(value, name).values
            if case .number(.int64, _) = array.element { try Self.requireExact(values, name, estimator) }
            if case .number(.uint64, _) = array.element { try Self.requireExact(values, name, estimator) }
            self = .numbers(values)
        }
    }

    private static func requireExact(
        _ values: [Double], _ name: String, _ estimator: SklearnContext
    ) throws(ConversionError) {
        guard values.allSatisfy({ abs($0) < largestInteger }) else {
            throw estimator.unsupported(
                "'\(name)' has integers of 2^53 or more, which are not exact as float64; make strings of them before "
                    + "training")
        }
    }

    /// Below, every integer is a float64.
    private static let largestInteger = 9_007_199_254_740_992.0

    /// Refuses categories that the column's own type, float32 by the user's choice, cannot tell apart.
    func require(_ type: ElementType?, of estimator: SklearnContext) throws(ConversionError) {
        guard case .numbers(let values) = self, type == .float32 else { return }
        guard values.allSatisfy({ $0.isNaN || Double(Float($0)) == $0 }) else {
            throw estimator.unsupported(
                "it has categories that are not exact as float32; convert with --input-type fp64")
        }
    }

    /// The code of each row's category, INT64 `[N, 1]`; -1 where it is none of them.
    ///
    /// - Parameter column: `[N, 1]`, float64 or strings.
    func addCode(of column: String, to graph: inout GraphBuilder) -> String {
        switch self {
        case .strings(let values):
            var keys: [String] = []
            var codes: [Int] = []
            for (code, value) in values.enumerated() where !keys.contains(value ?? "") {
                keys.append(value ?? "")
                codes.append(code)
            }
            return graph.node(
                "LabelEncoder", [column],
                ["keys_strings": .strings(keys), "values_int64s": .ints(codes), "default_int64": .int(-1)],
                domain: "ai.onnx.ml")
        case .numbers(let values):
            // Each category adds its code plus one where it is met.
            let known = values
            var isMet = graph.node("Equal", [column, graph.doubles(known, [1, values.count])])
            if let missing = values.firstIndex(where: \.isNaN) {
                let isMissing = graph.node("IsNaN", [column])
                let isPlace = graph.constant(ONNXTensor(values.indices.map { $0 == missing }, [1, values.count]))
                isMet = graph.node("Or", [isMet, graph.node("And", [isMissing, isPlace])])
            }
            let codes = graph.doubles(values.indices.map { Double($0 + 1) }, [values.count, 1])
            let sum = graph.matrixProduct(graph.cast(isMet, to: .float64), codes)
            return graph.cast(graph.subtract(sum, graph.double(1)), to: .int64)
        }
    }
}

extension SklearnContext {
    /// Says in the report that requests have no missing strings.
    func noteMissing(in categories: [SklearnCategories], to graph: inout GraphBuilder) {
        let hasMissing = categories.contains { known in
            known.elementType == .bytes && (0..<known.count).contains { known.isMissing($0) }
        }
        guard hasMissing else { return }
        graph.report.notes.append(
            "\(path): the empty string counts as the missing category; scikit-learn does not know it")
    }

    /// `categories_`, one list for each column.
    func categories() throws(ConversionError) -> [SklearnCategories] {
        var result: [SklearnCategories] = []
        for (index, item) in try list("categories_").enumerated() {
            result.append(try SklearnCategories(item, "categories_[\(index)]", of: self))
        }
        guard !result.isEmpty else { throw malformed("'categories_' is empty: is the encoder fitted?") }
        return result
    }

    /// The same, one for each column that is given.
    func categories(of input: SklearnInput) throws(ConversionError) -> [SklearnCategories] {
        let categories = try categories()
        guard categories.count == input.width else {
            throw malformed("it is given \(input.width) columns and was fitted with \(categories.count)")
        }
        return categories
    }

    /// What an estimator with columns of these types has to be given.
    func needs(columns types: [ElementType]) -> SklearnNeeds {
        let names = featureNames().flatMap { $0.count == types.count ? $0 : nil }
        if let first = types.first, types.allSatisfy({ $0 == first }), names == nil || first != .bytes {
            return .matrix(first, width: types.count)
        }
        return .columns(
            types.enumerated().map { .init(name: names?[$0.offset] ?? "x\($0.offset)", type: $0.element) })
    }

    /// Groups of rare categories: for each column the group of each category, or `nil`.
    func infrequentGroups(columns: Int) throws(ConversionError) -> [[Int]?] {
        guard bool("_infrequent_enabled", default: false) else { return Array(repeating: nil, count: columns) }
        let mappings = try list("_default_to_infrequent_mappings")
        guard mappings.count == columns else {
            throw malformed("'_default_to_infrequent_mappings' has \(mappings.count) entries for \(columns) columns")
        }
        return try mappings.map { mapping throws(ConversionError) in
            if mapping.isNone { return nil }
            return try numbers(mapping, "_default_to_infrequent_mappings").values.map { Int(exactly: $0) ?? 0 }
        }
    }
}
