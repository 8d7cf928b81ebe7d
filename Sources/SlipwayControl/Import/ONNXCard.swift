// SPDX-License-Identifier: Apache-2.0

import SlipwayConversion
import SlipwayFormats

/// What the registry keeps of what an ONNX file says of itself.
enum ONNXCard {
    static func facts(_ info: ONNXModelInfo) -> [String: String] {
        var facts = info.metadata.reduce(into: [String: String]()) { $0[key($1.key)] = $1.value }
        facts["producer"] = [info.producerName, info.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
        facts["onnx.ir"] = String(info.irVersion)
        facts["onnx.opsets"] = info.opsetImports
            .map { "\($0.domain.isEmpty ? "ai.onnx" : $0.domain) \($0.version)" }.sorted().joined(separator: ", ")
        facts["onnx.nodes"] = String(info.nodeCount)
        if !info.graphName.isEmpty { facts["onnx.graph"] = info.graphName }
        for (output, labels) in info.classLabels {
            let names: [String] =
                switch labels {
                case .integers(let values): values.map { String($0) }
                case .strings(let values): values
                }
            facts[ClassLabelFacts.key(output)] = ClassLabelFacts.write(names)
        }
        return facts.filter { !$0.value.isEmpty }
    }

    /// What our own converters wrote is what the registry keeps; what others wrote is kept as theirs.
    private static func key(_ key: String) -> String {
        switch key {
        case ModelConverter.Fact.framework: return "framework"
        case ModelConverter.Fact.features: return "features"
        default:
            guard key.hasPrefix(ModelConverter.Fact.labelsPrefix) else { return "file." + key }
            return ClassLabelFacts.key(String(key.dropFirst(ModelConverter.Fact.labelsPrefix.count)))
        }
    }
}
