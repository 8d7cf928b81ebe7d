// SPDX-License-Identifier: Apache-2.0

package import SlipwayFormats

/// Numbers of an attribute, row-major.
package struct SklearnArray: Sendable, Hashable {
    package let values: [Double]
    package let shape: [Int]

    package init(_ values: [Double], _ shape: [Int]) {
        self.values = values
        self.shape = shape
    }

    /// Extent of the first dimension; 1 for a scalar.
    package var rows: Int { shape.first ?? 1 }
    /// Elements of one row.
    package var columns: Int { rows > 0 ? values.count / rows : 0 }

    package func row(_ index: Int) -> [Double] { Array(values[index * columns..<(index + 1) * columns]) }
}

extension SklearnContext {
    /// An attribute; `nil` where it is missing or `None`.
    package func optional(_ name: String) -> PickleValue? {
        guard let found = value[attribute: name], !found.isNone else { return nil }
        return found
    }

    /// An attribute that a fitted estimator has.
    package func require(_ name: String) throws(ConversionError) -> PickleValue {
        if let found = optional(name) { return found }
        throw malformed("'\(name)' is missing: fit the estimator before it is saved")
    }

    package func double(_ name: String, default fallback: Double? = nil) throws(ConversionError) -> Double {
        guard let found = optional(name) else {
            if let fallback { return fallback }
            throw malformed("the number '\(name)' is missing")
        }
        let numbers = try numbers(found, name)
        guard numbers.values.count == 1 else {
            throw malformed("'\(name)' has shape \(numbers.shape) where a number is wanted")
        }
        return numbers.values[0]
    }

    package func integer(_ name: String, default fallback: Int? = nil) throws(ConversionError) -> Int {
        if let fallback, optional(name) == nil { return fallback }
        let number = try double(name)
        guard let whole = Int(exactly: number) else { throw malformed("'\(name)' is \(number), not a whole number") }
        return whole
    }

    package func bool(_ name: String, default fallback: Bool) -> Bool {
        guard let found = optional(name) else { return fallback }
        return found.bool ?? (found.integer != 0)
    }

    /// A parameter that is a string; what it stands for as default where it is missing, `None` or no string.
    package func string(_ name: String, default fallback: String) -> String {
        optional(name)?.string ?? fallback
    }

    /// An array of numbers that the estimator has to have.
    ///
    /// - Parameter shape: The extents; `nil` where any will do.
    package func array(_ name: String, shape: [Int?]) throws(ConversionError) -> SklearnArray {
        guard let found = optional(name) else {
            throw malformed("the array '\(name)' with shape \(Self.text(shape)) is missing: is the estimator fitted?")
        }
        return try array(found, name, shape: shape)
    }

    /// The same of a value that is not an attribute: `name` is for messages.
    package func array(
        _ value: PickleValue, _ name: String, shape: [Int?]
    ) throws(ConversionError) -> SklearnArray {
        let numbers = try numbers(value, name)
        guard numbers.shape.count == shape.count,
            zip(numbers.shape, shape).allSatisfy({ $1 == nil || $0 == $1 })
        else {
            throw malformed("'\(name)' has shape \(numbers.shape) where \(Self.text(shape)) is wanted")
        }
        return numbers
    }

    /// An array of numbers; `nil` where it is missing or `None`.
    package func optionalArray(_ name: String, shape: [Int?]) throws(ConversionError) -> SklearnArray? {
        optional(name) == nil ? nil : try array(name, shape: shape)
    }

    /// Numbers of any shape, flat: a number alone counts as one.
    package func numbers(_ name: String) throws(ConversionError) -> SklearnArray {
        try numbers(try require(name), name)
    }

    /// The same of a value that is not an attribute: `name` is for messages.
    package func numbers(_ value: PickleValue, _ name: String) throws(ConversionError) -> SklearnArray {
        if let number = value.double { return SklearnArray([number], []) }
        if let array = value.array {
            do { return SklearnArray(try array.doubles(), array.shape) } catch {
                if let whole = try? array.integers() { return SklearnArray(whole.map(Double.init), array.shape) }
                if let objects = array.objects {
                    let numbers = objects.compactMap(\.double)
                    if numbers.count == objects.count { return SklearnArray(numbers, array.shape) }
                }
                throw ConversionError(.unsupported, "'\(name)' is no array of numbers", at: location, cause: error)
            }
        }
        if let list = value.list {
            let numbers = list.compactMap(\.double)
            if numbers.count == list.count { return SklearnArray(numbers, [numbers.count]) }
        }
        if let type = value.typeName {
            throw unsupported("'\(name)' is a \(type); call densify() before saving if it is a sparse matrix")
        }
        throw malformed("'\(name)' is \(value.plainName) where numbers are wanted")
    }

    /// The elements of a list, a tuple or an array of objects that the estimator has to have.
    package func list(_ name: String) throws(ConversionError) -> [PickleValue] {
        let found = try require(name)
        guard let list = found.list else { throw malformed("'\(name)' is \(found.plainName), not a list") }
        return list
    }

    /// An estimator in an attribute.
    package func estimator(_ name: String) throws(ConversionError) -> SklearnContext {
        try child(try require(name), ".\(name)")
    }

    /// The estimators of a list, an array of objects of any shape included.
    package func estimators(_ name: String) throws(ConversionError) -> [SklearnContext] {
        var result: [SklearnContext] = []
        for (index, item) in try list(name).enumerated() { result.append(try child(item, ".\(name)[\(index)]")) }
        return result
    }

    /// Names and values of a list of tuples such as `steps` and `transformer_list`.
    package func pairs(_ name: String) throws(ConversionError) -> [(name: String, value: PickleValue)] {
        var result: [(name: String, value: PickleValue)] = []
        for (index, item) in try list(name).enumerated() {
            guard let parts = item.list, parts.count >= 2, let label = parts[0].string else {
                throw malformed("'\(name)[\(index)]' is not a name with an estimator")
            }
            result.append((label, parts[1]))
        }
        return result
    }

    private static var maximumFeatureCount: Int { 1 << 20 }

    /// How many columns the estimator was fitted with.
    package func featureCount() throws(ConversionError) -> Int {
        for name in ["n_features_in_", "n_features_", "_n_features"] where optional(name) != nil {
            let count = try integer(name)
            guard count > 0 else { throw malformed("'\(name)' is \(count)") }
            guard count <= Self.maximumFeatureCount else {
                throw ConversionError(
                    .limitExceeded, "it was fitted with \(count) features; \(Self.maximumFeatureCount) are converted",
                    at: location)
            }
            return count
        }
        for name in ["coef_", "components_"] {
            if let shape = optional(name)?.array?.shape, let width = shape.last, width > 0 { return width }
        }
        throw malformed("it does not say how many features it was fitted with; save it with scikit-learn 0.24 or later")
    }

    /// Names of the columns it was fitted with; `nil` where they had none.
    package func featureNames() -> [String]? {
        // Before 1.0 only a ColumnTransformer kept them, for itself.
        guard let array = (optional("feature_names_in_") ?? optional("_feature_names_in"))?.array,
            let names = try? array.strings()
        else { return nil }
        return names
    }

    private static func text(_ shape: [Int?]) -> String {
        "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
    }
}

extension PickleValue {
    /// What kind of value it is, for messages.
    package var plainName: String {
        switch kind {
        case .none: "None"
        case .bool, .integer, .bigInteger, .float: "a number"
        case .string: "a string"
        case .bytes: "bytes"
        case .list(let items): "a list of \(items.count)"
        case .tuple(let items): "a tuple of \(items.count)"
        case .set(let items): "a set of \(items.count)"
        case .dictionary(let entries):
            "a dictionary (" + entries.prefix(5).compactMap { $0.key.string }.joined(separator: ", ") + ")"
        case .array(let array): "an array of shape \(array.shape)"
        case .elementType: "a dtype"
        case .object(let object): "a \(object.type)"
        case .global(let name): "the name \(name)"
        }
    }
}
