// SPDX-License-Identifier: Apache-2.0

/// Encodes the answers of TensorFlow Serving's `:classify` and `:regress`.
package enum TensorFlowResultsEncoder {
    /// `{"results":[[["label",score],...],...]}`
    package static func encode(classes rows: [[ScoredClass]]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member(
                "results",
                array: { json in
                    for row in rows {
                        json.array { json in
                            for entry in row {
                                json.array {
                                    $0.value(entry.label)
                                    $0.value(entry.score)
                                }
                            }
                        }
                    }
                })
        }
        return json.bytes
    }

    /// `{"results":[value,...]}`
    package static func encode(values: [Float]) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("results", array: { for value in values { $0.value(value) } }) }
        return json.bytes
    }
}

extension JSONWriter {
    /// The shortest text that reads back as the same float; NaN, Infinity or -Infinity for what is none.
    fileprivate mutating func value(_ number: Float) {
        raw { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberPrinter.maximumLength) { buffer in
                guard let start = buffer.baseAddress else { return }
                let end = NumberPrinter.write(number, to: start, .shared)
                bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: end - start))
            }
        }
    }
}
