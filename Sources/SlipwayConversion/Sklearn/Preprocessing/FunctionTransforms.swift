// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Functions of numpy, element by element. A function of the user's own cannot be converted: a pickle holds its name
/// only.
enum FunctionTransforms: SklearnEstimator {
    static let names = ["FunctionTransformer"]

    /// Functions that are one operator of ONNX in float64.
    private static let operators = [
        "abs": "Abs", "absolute": "Abs", "fabs": "Abs", "negative": "Neg", "exp": "Exp", "log": "Log",
        "sqrt": "Sqrt", "reciprocal": "Reciprocal", "sign": "Sign", "floor": "Floor", "ceil": "Ceil", "rint": "Round",
        "sin": "Sin", "cos": "Cos", "tanh": "Tanh",
    ]

    static func needs(_ estimator: SklearnContext) throws(ConversionError) -> SklearnNeeds {
        if let width = try? estimator.featureCount() { return .matrix(.float64, width: width) }
        throw estimator.unsupported(
            "it does not know how many columns it is given; set validate=True, or put a step with a fixed number of "
                + "columns before it")
    }

    /// Whether an estimator is a function that was fitted without looking at columns, as the 'passthrough' of a
    /// FeatureUnion is before 1.2.
    static func takesAnyWidth(_ estimator: SklearnContext) -> Bool {
        names.contains(estimator.type.name) && (try? estimator.featureCount()) == nil
    }

    static func add(
        _ estimator: SklearnContext, input: SklearnInput, to graph: inout GraphBuilder
    ) throws(ConversionError) -> SklearnOutput {
        guard let function = estimator.optional("func") else {
            graph.describeStep("identity")
            return .features(input)
        }
        if case .dictionary(let entries)? = estimator.optional("kw_args")?.kind, !entries.isEmpty {
            throw estimator.unsupported("its function takes keyword arguments ('kw_args')")
        }
        let name = name(of: function)
        graph.describeStep(name.description)
        if name.module.hasPrefix("sklearn."), name.name == "check_array" { return .features(input) }
        let value = try input.matrix(.float64, for: estimator, in: &graph)
        guard name.module == "numpy" || name.module.hasPrefix("numpy."),
            let result = apply(name.name, to: value, in: &graph)
        else {
            throw estimator.unsupported(
                "the function \(name) is not in the file, only its name; use a function of numpy such as log1p, or "
                    + "apply it to the data before")
        }
        return .features(SklearnInput(result, .float64, width: input.width))
    }

    /// The function, or the one that a `functools.partial` is made of.
    private static func name(of function: PickleValue) -> PickleName {
        switch function.kind {
        case .global(let name): return name
        case .object(let object):
            if object.type.name == "partial", case .global(let inner)? = object.arguments.first?.kind { return inner }
            if object.type.name == "_ufunc_reconstruct", object.arguments.count == 2,
                let module = object.arguments[0].string, let name = object.arguments[1].string
            {
                return PickleName(module, name)
            }
            return object.type
        default: return PickleName("", function.plainName)
        }
    }

    private static func apply(_ name: String, to value: String, in graph: inout GraphBuilder) -> String? {
        if let operation = operators[name] { return graph.node(operation, [value]) }
        switch name {
        case "square": return graph.multiply(value, value)
        case "log1p": return graph.node("Log", [graph.add(value, graph.double(1))])
        case "expm1": return graph.subtract(graph.node("Exp", [value]), graph.double(1))
        case "log2": return graph.divide(graph.node("Log", [value]), graph.double(0.693147180559945309417))
        case "log10": return graph.divide(graph.node("Log", [value]), graph.double(2.302585092994045684018))
        default: return nil
        }
    }
}
