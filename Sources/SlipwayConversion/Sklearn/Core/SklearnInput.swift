// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayFormats

/// What an estimator is given: blocks of columns side by side, each with an element type of its own.
package struct SklearnInput: Sendable, Hashable {
    package struct Part: Sendable, Hashable {
        /// The value in the graph: `[N, width]`, or `[N]` for a text.
        package var name: String
        package var type: ElementType
        package var width: Int

        package init(_ name: String, _ type: ElementType, width: Int) {
            self.name = name
            self.type = type
            self.width = width
        }
    }

    package var parts: [Part]
    /// Whether it is one text for each row, BYTES `[N]`.
    package var isText = false

    package init(_ parts: [Part]) { self.parts = parts }

    package init(_ name: String, _ type: ElementType, width: Int) { parts = [Part(name, type, width: width)] }

    /// One text for each row, BYTES `[N]`.
    package init(text name: String) {
        parts = [Part(name, .bytes, width: 1)]
        isText = true
    }

    /// How many columns.
    package var width: Int { parts.reduce(0) { $0 + $1.width } }

    /// The type of one column; `nil` past the end.
    package func type(ofColumn index: Int) -> ElementType? { locate(index).map { parts[$0.part].type } }

    /// All columns as one matrix `[N, width]` of numbers in `type`.
    ///
    /// - Parameter estimator: Who asks, for the error where a column has strings.
    package func matrix(
        _ type: ElementType, for estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        var values: [String] = []
        for part in parts {
            guard (part.type == .bytes) == (type == .bytes) else {
                throw estimator.unsupported(
                    type == .bytes
                        ? "its columns are numbers where strings are wanted"
                        : "its columns are strings where numbers are wanted; encode them in a step before")
            }
            values.append(part.type == type ? part.name : graph.cast(part.name, to: type))
        }
        guard let first = values.first else { throw estimator.malformed("it is given no columns") }
        return values.count == 1 ? first : graph.node("Concat", values, ["axis": .int(1)])
    }

    /// All columns as float64 `[N, width]`, of the width that the estimator was fitted with.
    package func numbers(
        width wanted: Int, for estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> String {
        guard width == wanted else {
            throw estimator.malformed("it is given \(width) columns and was fitted with \(wanted)")
        }
        return try matrix(.float64, for: estimator, in: &graph)
    }

    /// Some columns, in the order given; neighbours stay together in one part.
    package func select(
        _ columns: [Int], for estimator: SklearnContext, in graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnInput {
        if columns.elementsEqual(0..<width) { return self }
        var chosen: [Part] = []
        var index = 0
        while index < columns.count {
            guard let place = locate(columns[index]) else {
                throw estimator.malformed("column \(columns[index]) is asked for and there are \(width)")
            }
            var inside = [place.column]
            while index + inside.count < columns.count, let next = locate(columns[index + inside.count]),
                next.part == place.part
            {
                inside.append(next.column)
            }
            index += inside.count
            let part = parts[place.part]
            let whole = inside.elementsEqual(0..<part.width)
            let name = whole ? part.name : graph.columns(part.name, inside)
            chosen.append(Part(name, part.type, width: inside.count))
        }
        return SklearnInput(chosen)
    }

    private func locate(_ column: Int) -> (part: Int, column: Int)? {
        guard column >= 0 else { return nil }
        var rest = column
        for (index, part) in parts.enumerated() {
            if rest < part.width { return (index, rest) }
            rest -= part.width
        }
        return nil
    }
}
