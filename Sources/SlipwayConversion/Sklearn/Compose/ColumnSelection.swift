// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Columns as a `ColumnTransformer` may name them: numbers, names, slices and masks.
struct ColumnSelection {
    private let estimator: SklearnContext
    private let width: Int
    private let names: [String]?

    init(_ estimator: SklearnContext, width: Int) {
        self.estimator = estimator
        self.width = width
        names = estimator.featureNames()
    }

    /// Indices of the columns, each below the width.
    func columns(_ spec: PickleValue, of transformer: String) throws(ConversionError) -> [Int] {
        let columns = try resolve(spec, of: transformer)
        for column in columns where !(0..<width).contains(column) {
            throw estimator.malformed("'\(transformer)' takes column \(column) of \(width)")
        }
        return columns
    }

    private func resolve(_ spec: PickleValue, of transformer: String) throws(ConversionError) -> [Int] {
        if case .object(let object) = spec.kind {
            if object.type.name == "slice" { return try slice(object.arguments, of: transformer) }
            // The list that newer versions keep for the remaining columns.
            if let data = spec[attribute: "data"], data.typeName == nil { return try resolve(data, of: transformer) }
        }
        if spec.isNone { return [] }
        if let items = items(spec) {
            let flags = items.compactMap { item in if case .bool(let flag) = item.kind { flag } else { nil } }
            if !flags.isEmpty, flags.count == items.count, flags.count == width { return mask(flags) }
            return try items.map { item throws(ConversionError) in try index(item, of: transformer) }
        }
        if let array = spec.array {
            if case .number(.bool, _) = array.element, array.count == width, let flags = try? array.integers() {
                return mask(flags.map { $0 != 0 })
            }
            if let names = try? array.strings() {
                return try names.map { name throws(ConversionError) in try index(named: name, of: transformer) }
            }
            return try estimator.numbers(spec, "columns of '\(transformer)'").values.map {
                number throws(ConversionError) in
                guard let whole = Int(exactly: number) else {
                    throw estimator.malformed("'\(transformer)' takes column \(number)")
                }
                return whole < 0 ? whole + width : whole
            }
        }
        return [try index(spec, of: transformer)]
    }

    private func items(_ spec: PickleValue) -> [PickleValue]? {
        switch spec.kind {
        case .list(let items), .tuple(let items): items
        default: nil
        }
    }

    private func mask(_ flags: [Bool]) -> [Int] { flags.indices.filter { flags[$0] } }

    private func index(_ value: PickleValue, of transformer: String) throws(ConversionError) -> Int {
        if let name = value.string { return try index(named: name, of: transformer) }
        guard let number = value.integer else {
            throw estimator.unsupported("the columns of '\(transformer)' are \(value.plainName); list them by name")
        }
        return number < 0 ? number + width : number
    }

    private func index(named name: String, of transformer: String) throws(ConversionError) -> Int {
        guard let index = names?.firstIndex(of: name) else {
            throw estimator.malformed("'\(transformer)' takes column '\(name)', which is not in 'feature_names_in_'")
        }
        return index
    }

    /// Ends of slices of names are inside, ends of slices of numbers are not.
    private func slice(_ arguments: [PickleValue], of transformer: String) throws(ConversionError) -> [Int] {
        func end(_ position: Int) throws(ConversionError) -> (index: Int, isName: Bool)? {
            guard arguments.indices.contains(position), !arguments[position].isNone else { return nil }
            return (try index(arguments[position], of: transformer), arguments[position].string != nil)
        }
        let step = arguments.indices.contains(2) ? arguments[2].integer ?? 1 : 1
        guard step > 0 else {
            throw estimator.unsupported("the columns of '\(transformer)' are a slice with step \(step)")
        }
        let start = min(max(try end(0)?.index ?? 0, 0), width)
        let last = try end(1)
        let stop = min(last.map { $0.isName ? $0.index + 1 : $0.index } ?? width, width)
        return start < stop ? Array(Swift.stride(from: start, to: stop, by: step)) : []
    }
}
