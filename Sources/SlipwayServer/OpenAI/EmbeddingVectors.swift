// SPDX-License-Identifier: Apache-2.0

package import SlipwayWire

/// What is done with vectors after the model.
package enum EmbeddingVectors {
    /// - Throws: ``WireError`` for more numbers than a vector has.
    package static func check(_ count: Int, width: Int) throws(WireError) {
        guard count <= width else {
            throw WireError(
                .invalidRequest, "expected at most \(width), the numbers of the model's vectors, got \(count)",
                at: "dimensions")
        }
    }

    /// The leading numbers of each vector, brought to length 1 again.
    ///
    /// - Throws: ``WireError`` for more numbers than there are.
    package static func shortened(_ vectors: [[Float]], to count: Int) throws(WireError) -> [[Float]] {
        var shortened: [[Float]] = []
        for vector in vectors {
            try check(count, width: vector.count)
            let part = vector.prefix(count)
            let length = part.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            shortened.append(length > 0 ? part.map { $0 / length } : Array(part))
        }
        return shortened
    }
}
