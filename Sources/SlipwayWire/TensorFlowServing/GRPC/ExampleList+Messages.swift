// SPDX-License-Identifier: Apache-2.0

import SwiftProtobuf

extension ExampleList {
    /// - Throws: ``WireError`` `invalidRequest` when there is not a single example.
    package init(_ input: Tensorflow_Serving_Input) throws(WireError) {
        let examples =
            switch input.kind {
            case .exampleList(let list): list.examples
            case .exampleListWithContext(let list): list.examples
            case nil: [Tensorflow_Example]()
            }
        guard examples.reduce(0, { $0 + 1 + $1.features.feature.count }) <= TensorFlowExamplesDecoder.maximumParts
        else {
            throw WireError(
                .invalidRequest,
                "expected at most \(TensorFlowExamplesDecoder.maximumParts) examples and features in one request, got "
                    + "more: send several requests")
        }
        switch input.kind {
        case .exampleList(let list):
            self.init(examples: list.examples.map(Self.features))
        case .exampleListWithContext(let list):
            self.init(
                examples: list.examples.map(Self.features),
                context: list.hasContext ? Self.features(list.context) : [:])
        case nil:
            self.init()
        }
        guard !examples.isEmpty else {
            throw WireError(.invalidRequest, "Input is empty: expected at least one example")
        }
    }

    private static func features(_ example: Tensorflow_Example) -> [String: FeatureValues] {
        example.features.feature.compactMapValues { feature in
            switch feature.kind {
            case .bytesList(let list): .bytes(list.value.map { Array($0) })
            case .floatList(let list): .floats(list.value.map { Double($0) })
            case .int64List(let list): .integers(list.value)
            // As if it were not there.
            case nil: nil
            }
        }
    }
}
