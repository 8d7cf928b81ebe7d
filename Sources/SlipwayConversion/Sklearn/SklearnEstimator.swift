// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Converts one family of estimators: those that predict by the same formula from the same attributes.
///
/// ``SklearnRegistry`` finds the family of an estimator by its class's name; a new family is a new file and one line
/// in a table.
package protocol SklearnEstimator: SendableMetatype {
    /// The top-level module of its classes.
    static var framework: String { get }

    /// Classes it converts, without their modules: `LogisticRegression`.
    static var names: [String] { get }

    /// What the estimator has to be given. Asked once of the first estimators of a model, before anything is added.
    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds

    /// Adds what the estimator computes from `input`, and gives the names of the results.
    ///
    /// Arithmetic is float64. An estimator adds inner ones through ``SklearnRegistry/add(_:input:to:)``. The step of
    /// the report is there already; `graph.report.notes` takes what users should know.
    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput
}

extension SklearnEstimator {
    package static var framework: String { "sklearn" }

    /// A matrix of as many float64 columns as the estimator was fitted with.
    package static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        .matrix(.float64, width: try estimator.featureCount())
    }
}

/// What an estimator has to be given.
package enum SklearnNeeds: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        package var name: String
        package var type: ElementType

        package init(name: String, type: ElementType) {
            self.name = name
            self.type = type
        }
    }

    /// Columns of one type: one input `[N, width]`.
    case matrix(ElementType, width: Int)
    /// Columns with names and types of their own: an input `[N, 1]` for each.
    case columns([Column])
    /// One text for each row: BYTES `[N]`.
    case text

    /// The type of one column.
    package func type(ofColumn index: Int) -> ElementType? {
        switch self {
        case .matrix(let type, _): type
        case .columns(let columns): columns.indices.contains(index) ? columns[index].type : nil
        case .text: .bytes
        }
    }

    /// How many columns.
    package var width: Int {
        switch self {
        case .matrix(_, let width): width
        case .columns(let columns): columns.count
        case .text: 1
        }
    }
}
