// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// What becomes of fitted matrices before they are constants.
extension SklearnArray {
    subscript(row: Int, column: Int) -> Double { values[row * columns + column] }

    func transposed() -> SklearnArray {
        var out = values
        for row in 0..<rows {
            for column in 0..<columns { out[column * rows + row] = self[row, column] }
        }
        return SklearnArray(out, [columns, rows])
    }

    func map(_ transform: (Double) -> Double) -> SklearnArray { SklearnArray(values.map(transform), shape) }

    /// The mean of each column; zeros where there are no rows.
    func columnMeans() -> [Double] {
        var means = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { means[column] += self[row, column] / Double(rows) }
        }
        return means
    }

    /// Each row less a vector.
    func subtracting(_ offset: [Double]) -> SklearnArray {
        var out = values
        for row in 0..<rows {
            for column in 0..<columns { out[row * columns + column] -= offset[column] }
        }
        return SklearnArray(out, shape)
    }

    /// The sum of squares of each row.
    func squaredNorms() -> [Double] { (0..<rows).map { row($0).reduce(0) { $0 + $1 * $1 } } }
}

extension SklearnContext {
    /// Dense matrices made of sparse ones; more would rather be a mistake than a model.
    private static let maximumElements = 1 << 25

    /// A matrix of two dimensions, dense or one of scipy's sparse ones.
    func matrix(_ name: String, rows: Int? = nil, columns: Int? = nil) throws(ConversionError) -> SklearnArray {
        let found = try require(name)
        guard let type = found.typeName, type.module.hasPrefix("scipy.sparse") else {
            return try array(found, name, shape: [rows, columns])
        }
        let dense = try sparse(child(found, ".\(name)"))
        guard dense.rows == rows ?? dense.rows, dense.columns == columns ?? dense.columns else {
            throw malformed("'\(name)' has shape \(dense.shape), which contradicts the estimator's other attributes")
        }
        return dense
    }

    private func sparse(_ matrix: SklearnContext) throws(ConversionError) -> SklearnArray {
        let kind = matrix.type.name.prefix(3)
        guard kind == "csr" || kind == "csc" || kind == "dia" else {
            throw matrix.unsupported("a sparse matrix is converted from csr, csc and dia only; save tocsr() of it")
        }
        let shape = try matrix.wholeNumbers(matrix.optional("_shape") == nil ? "shape" : "_shape")
        guard shape.count == 2, shape.allSatisfy({ 0...Self.maximumElements ~= $0 }),
            shape[0] * shape[1] <= Self.maximumElements
        else { throw matrix.malformed("its shape \(shape) is impossible or too large to be made dense") }
        var out = [Double](repeating: 0, count: shape[0] * shape[1])
        let numbers = try matrix.numbers("data").values
        if kind == "dia" {
            guard try matrix.wholeNumbers("offsets") == [0] else {
                throw matrix.unsupported("only the main diagonal of a dia matrix is converted")
            }
            for index in 0..<min(numbers.count, shape[0], shape[1]) { out[index * shape[1] + index] = numbers[index] }
            return SklearnArray(out, shape)
        }
        let indices = try matrix.wholeNumbers("indices")
        let starts = try matrix.wholeNumbers("indptr")
        let (lines, width) = kind == "csr" ? (shape[0], shape[1]) : (shape[1], shape[0])
        guard starts.count == lines + 1, starts.allSatisfy({ 0...numbers.count ~= $0 }),
            indices.count >= numbers.count, indices.allSatisfy({ $0 >= 0 && $0 < width })
        else { throw matrix.malformed("its indices contradict its shape \(shape)") }
        for line in 0..<lines where starts[line] < starts[line + 1] {
            for position in starts[line]..<starts[line + 1] {
                let other = indices[position]
                out[kind == "csr" ? line * width + other : other * lines + line] += numbers[position]
            }
        }
        return SklearnArray(out, shape)
    }

    /// Whole numbers of an array or a list.
    func wholeNumbers(_ name: String) throws(ConversionError) -> [Int] {
        try wholeNumbers(try require(name), name)
    }

    func wholeNumbers(_ value: PickleValue, _ name: String) throws(ConversionError) -> [Int] {
        let numbers = try numbers(value, name).values
        let whole = numbers.compactMap { Int(exactly: $0) }
        guard whole.count == numbers.count else { throw malformed("'\(name)' has fractions where indices are wanted") }
        return whole
    }

    /// The attribute of the first name that is there: newer releases rename some.
    func either(_ names: String...) -> String { names.first { optional($0) != nil } ?? names[0] }
}
