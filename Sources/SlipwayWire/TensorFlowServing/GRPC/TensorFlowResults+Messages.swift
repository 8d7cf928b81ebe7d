// SPDX-License-Identifier: Apache-2.0

import SwiftProtobuf

extension Tensorflow_Serving_ClassificationResult {
    package init(_ rows: [[ScoredClass]]) {
        self.init()
        classifications = rows.map { row in
            .with {
                $0.classes = row.map { entry in
                    .with {
                        $0.label = entry.label
                        $0.score = entry.score
                    }
                }
            }
        }
    }
}

extension Tensorflow_Serving_RegressionResult {
    package init(_ values: [Float]) {
        self.init()
        regressions = values.map { value in .with { $0.value = value } }
    }
}

/// What one task of a `MultiInferenceRequest` asks for.
package enum TensorFlowTask: String, Sendable, Hashable, CaseIterable {
    case classify = "tensorflow/serving/classify"
    case regress = "tensorflow/serving/regress"
}

/// A decoded `MultiInferenceRequest`: several answers from one inference.
package struct TensorFlowMultiRequest: Sendable {
    package var target: TensorFlowTarget
    package var tasks: [TensorFlowTask]
    package var examples: ExampleList

    /// - Throws: ``WireError`` `invalidRequest` without tasks or examples, and for tasks that name different models or
    ///   versions; `unsupported` for a method that is neither classify nor regress.
    package init(_ message: Tensorflow_Serving_MultiInferenceRequest) throws(WireError) {
        guard let first = message.tasks.first else {
            throw WireError(.invalidRequest, "Inference request must have at least one task")
        }
        target = try TensorFlowTarget(first.modelSpec)
        tasks = []
        for task in message.tasks {
            guard try TensorFlowTarget(task.modelSpec) == target else {
                throw WireError(
                    .invalidRequest,
                    "all tasks of one request must name the same model and version: send several "
                        + "requests")
            }
            guard let known = TensorFlowTask(rawValue: task.methodName) else {
                let names = TensorFlowTask.allCases.map(\.rawValue).joined(separator: " and ")
                throw WireError(.unsupported, "the method_name of a task is not supported: there are \(names)")
            }
            tasks.append(known)
        }
        examples = try ExampleList(message.input)
    }
}
