// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// A layer as the file describes it.
struct KerasLayer {
    let className: String
    /// The Python module of the class, empty in old files.
    let module: String
    /// Set for classes that are registered with Keras and not its own: `Custom>ReLU`.
    private let registeredName: String
    let name: String
    /// For people: `layers[3] 'lstm' (LSTM)`.
    let path: String
    let config: StructuredValue
    let variables: KerasVariables
    /// From the time before Keras 3, whose functions differ here and there.
    let isLegacy: Bool
    /// Shapes that Keras noted when it built the layer.
    let buildConfig: StructuredValue?

    /// - Parameter entry: An object with `class_name` and `config`.
    init(entry: StructuredValue, variables: KerasVariables, path: String, isLegacy: Bool) {
        className = entry["class_name"]?.string ?? ""
        module = entry["module"]?.string ?? ""
        registeredName = entry["registered_name"]?.string ?? ""
        config = entry["config"] ?? .null
        name = entry["name"]?.string ?? config["name"]?.string ?? ""
        buildConfig = entry["build_config"]
        self.variables = variables
        self.isLegacy = isLegacy
        self.path = "\(path)\(name.isEmpty ? "" : " '\(name)'") (\(className))"
    }

    /// A layer inside this one, described by `entry`.
    func inner(_ entry: StructuredValue, variables: KerasVariables, _ what: String) -> KerasLayer {
        KerasLayer(entry: entry, variables: variables, path: "\(path).\(what)", isLegacy: isLegacy)
    }

    // MARK: Settings

    func bool(_ key: String, default value: Bool) -> Bool { config[key]?.bool ?? value }

    func double(_ key: String, default value: Double) -> Double { config[key]?.double ?? value }

    func string(_ key: String, default value: String) -> String { config[key]?.string ?? value }

    /// A positive integer that must be there.
    func count(_ key: String) throws -> Int {
        guard let value = config[key]?.integer, (1...1 << 31).contains(value) else { throw malformed(key) }
        return value
    }

    /// The product of extents, `nil` where it is beyond any tensor.
    static func product(_ extents: [Int]) -> Int? {
        var total = 1
        for extent in extents {
            let (product, overflow) = total.multipliedReportingOverflow(by: extent)
            guard !overflow else { return nil }
            total = product
        }
        return total
    }

    /// One integer for each extent: a list, or one number for all.
    func integers(_ key: String, count: Int, default value: Int? = nil) throws -> [Int] {
        guard let setting = config[key], !setting.isNull else {
            guard let value else { throw malformed(key) }
            return [Int](repeating: value, count: count)
        }
        if let single = setting.integer { return [Int](repeating: try bounded(single, key), count: count) }
        guard let list = setting.integers, list.count == count else { throw malformed(key) }
        return try list.map { try bounded(Int($0), key) }
    }

    /// Pairs before and after each extent: a number, a number each, or pairs.
    func pairs(_ key: String, count: Int) throws -> [[Int]] {
        guard let list = config[key]?.list, config[key]?.integer == nil else {
            return try integers(key, count: count).map { [$0, $0] }
        }
        if count == 1, let pair = config[key]?.integers, pair.count == 2 {
            return [try pair.map { try bounded(Int($0), key) }]
        }
        guard list.count == count else { throw malformed(key) }
        return try list.map { element in
            if let single = element.integer { return [try bounded(single, key), single] }
            guard let pair = element.integers, pair.count == 2 else { throw malformed(key) }
            return try pair.map { try bounded(Int($0), key) }
        }
    }

    /// Axes counted from the front: one, or a list.
    func axes(_ key: String, rank: Int, default value: Int) throws -> [Int] {
        let given: [Int]
        if let single = config[key]?.integer {
            given = [single]
        } else if let list = config[key]?.integers {
            given = list.map(Int.init)
        } else {
            given = [value]
        }
        guard !given.isEmpty else { throw malformed(key) }
        return try given.map { axis in
            let counted = axis < 0 ? axis + rank : axis
            guard (0..<rank).contains(counted) else { throw malformed(key) }
            return counted
        }
    }

    /// Whether the channels come after the batch in the layer's own view.
    var isChannelsFirst: Bool { config["data_format"]?.string == "channels_first" }

    private func bounded(_ value: Int, _ key: String) throws -> Int {
        guard (0...1 << 31).contains(value) else { throw malformed(key) }
        return value
    }

    // MARK: Variables

    func weights(_ names: [String]) throws -> [KerasArray] {
        try variables.read(names.map { [$0] }, for: self)
    }

    /// Kernel-like variables and, where the layer uses one, its bias.
    func weights(_ names: [[String]], withBias: Bool) throws -> (arrays: [KerasArray], bias: KerasArray?) {
        let all = try variables.read(names + (withBias ? [["bias"]] : []), for: self)
        return (Array(all.prefix(names.count)), withBias ? all.last : nil)
    }

    // MARK: Errors

    func unsupported(_ what: String, _ instead: String) -> ConversionError {
        ConversionError(.unsupported, "\(what) is not converted; \(instead)", at: path)
    }

    /// Refuses a class of the user's own that has the name of one of Keras's.
    func requireKeras() throws {
        let isKeras = module.isEmpty || Self.modules.contains { module == $0 || module.hasPrefix($0 + ".") }
        guard isKeras, !registeredName.contains(">") else {
            let origin = module.isEmpty ? "'\(registeredName)'" : module
            throw unsupported(
                "the class \(className) of \(origin), which is not one of Keras,",
                "use layers of Keras itself, or export it with model.export('model.onnx', format='onnx') of Keras 3")
        }
    }

    private static let modules = ["keras", "tf_keras", "tensorflow"]

    func malformed(_ key: String) -> ConversionError {
        ConversionError(.malformed, "the setting '\(key)' is missing or makes no sense", at: path)
    }

    /// The one tensor that the layer is called with.
    func input(_ call: KerasCall, rank: ClosedRange<Int> = 1...8) throws -> KerasValue {
        guard call.inputs.count == 1, call.named.isEmpty, let input = call.inputs.first else {
            throw unsupported(
                "a call with \(call.inputs.count) tensors\(call.named.isEmpty ? "" : " and named ones")",
                "export the model with model.export('model.onnx', format='onnx') of Keras 3")
        }
        guard rank.contains(input.rank) else {
            throw ConversionError(.malformed, "the layer gets a tensor of \(input.rank) extents", at: path)
        }
        return input
    }
}
