// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import Testing

@Suite("Estimators that are not converted")
struct SklearnRefusalTests {
    private func refusal(_ model: PickleText) throws -> ConversionError {
        let document = try model.document
        return try #require(throws: ConversionError.self) { try SklearnConverter.convert(document) }
    }

    private static func regression(_ attributes: [(String, PickleText)]) -> PickleText {
        .object("sklearn.linear_model._base", "LinearRegression", attributes)
    }

    @Test("a class of no family is named with its place")
    func unknown() throws {
        let error = try refusal(
            .pipeline([("scale", .scaler), ("map", .object("sklearn.manifold._t_sne", "TSNE", []))]))
        #expect(error.code == .unsupported)
        #expect(error.location == "pipeline.steps[1] 'map' (TSNE)")
        #expect(error.message.contains("sklearn.manifold._t_sne.TSNE"))
    }

    static let misshapen: [(attributes: [(String, PickleText)], name: String)] = [
        ([], "'coef_'"),
        ([("coef_", .list([.text("a")]))], "'coef_'"),
        ([("coef_", .list([]))], "'coef_'"),
        ([("coef_", .list([.double(1)])), ("intercept_", .list([.double(1), .double(2)]))], "'intercept_'"),
    ]

    @Test("a missing or misshapen attribute is named", arguments: misshapen)
    func attribute(attributes: [(String, PickleText)], name: String) throws {
        let error = try refusal(Self.regression(attributes))
        #expect(error.message.contains(name))
        #expect(error.location == "linearRegression (LinearRegression)")
    }

    @Test("a step that is given another number of columns than it was fitted with is refused")
    func width() throws {
        let wide = Self.regression([("coef_", .list([.double(1), .double(2)])), ("intercept_", .double(0))])
        let error = try refusal(.pipeline([("scale", .scaler), ("line", wide)]))
        #expect(error.code == .malformed)
        #expect(error.location == "pipeline.steps[1] 'line' (LinearRegression)")
    }

    @Test("a baseline alone, which scikit-learn before 1.5 saved without a number of columns, says what to do")
    func baseline() throws {
        let dummy = PickleText.object("sklearn.dummy", "DummyRegressor", [("constant_", .list([.double(1)]))])
        let error = try refusal(dummy)
        #expect(error.code == .unsupported)
        #expect(error.message.contains("scikit-learn 1.5 or later"))
        let behind = try SklearnConverter.convert(
            try PickleText.pipeline([("scale", .scaler), ("base", dummy)]).document)
        #expect(behind.file.graph.outputs.map(\.name) == ["prediction"])
    }

    @Test("something that is no estimator is described")
    func plainValue() throws {
        let error = try refusal(.list([.int(1), .int(2)]))
        #expect(error.message.contains("a list of 2"))
    }

    @Test("estimators nested deeper than any real model are refused")
    func depth() throws {
        let deep = (0..<40).reduce(PickleText.scaler) { inner, _ in .pipeline([("next", inner)]) }
        #expect(try refusal(deep).code == .limitExceeded)
    }

    @Test("a small file that describes an exponential model is refused")
    func sharing() throws {
        let wide = (0..<25).reduce(PickleText.scaler) { inner, level in
            .pipeline([("once", .keep(level, inner)), ("again", .kept(level))])
        }
        #expect(try refusal(wide).code == .limitExceeded)
    }

    @Test("a tree without records of nodes is refused")
    func treeShape() throws {
        let tree = PickleText.object("sklearn.tree._tree", "Tree", [("nodes", .list([])), ("values", .list([]))])
        let error = try refusal(
            .object("sklearn.tree._classes", "DecisionTreeRegressor", [("n_features_in_", .int(1)), ("tree_", tree)]))
        #expect(error.location == "decisionTreeRegressor.tree_ (Tree)")
        #expect(error.message.contains("'nodes'"))
    }
}

@Suite("Columns of a ColumnTransformer")
struct ColumnSelectionTests {
    private func converted(_ columns: PickleText) throws -> ConvertedModel {
        let model = PickleText.object(
            "sklearn.compose._column_transformer", "ColumnTransformer",
            [
                ("n_features_in_", .int(4)),
                ("transformers_", .list([.tuple([.text("some"), .text("passthrough"), columns])])),
            ])
        return try SklearnConverter.convert(try model.document)
    }

    static let selections: [(columns: PickleText, wanted: [Int64])] = [
        (.list([.int(2), .int(0)]), [2, 0]), (.int(3), [3]), (.list([.int(-1)]), [3]), (.tuple([.int(1)]), [1]),
        (.list([.bool(true), .bool(false), .bool(false), .bool(true)]), [0, 3]),
    ]

    @Test("are numbers, numbers from the end, or a mask", arguments: selections)
    func select(columns: PickleText, wanted: [Int64]) throws {
        let graph = try converted(columns).file.graph
        let gather = try #require(graph.nodes.first { $0.operation == "Gather" })
        let indices = try #require(graph.initializers.first { $0.name == gather.inputs[1] })
        #expect(indices.content == ONNXTensor(wanted).content)
        #expect(graph.outputs[0].shape == [.symbolic("N"), .fixed(wanted.count)])
    }

    @Test("that are a list which holds itself are refused")
    func endless() throws {
        let loop = PickleText.loop("sklearn.compose._column_transformer", "_RemainderColsList", "data")
        let error = try #require(throws: ConversionError.self) { try converted(loop) }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("_RemainderColsList"))
    }

    @Test("that do not exist are refused", arguments: [PickleText.int(4), .int(-5), .text("age")])
    func missing(columns: PickleText) throws {
        let error = try #require(throws: ConversionError.self) { try converted(columns) }
        #expect(error.code == .malformed)
        #expect(error.message.contains("'some'"))
    }
}
