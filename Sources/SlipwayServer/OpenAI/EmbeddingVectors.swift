// SPDX-License-Identifier: Apache-2.0

/// What is done with vectors after the model.
package enum EmbeddingVectors {
    /// The leading numbers of each vector, brought to length 1 again.
    ///
    /// - Throws: ``ServerError`` `badParameter` for more numbers than there are.
    package static func shortened(_ vectors: [[Float]], to count: Int) throws(ServerError) -> [[Float]] {
        var shortened: [[Float]] = []
        for vector in vectors {
            guard count <= vector.count else {
                throw ServerError(
                    .badParameter, "'dimensions' is \(count), and the model's vectors have \(vector.count)")
            }
            let part = vector.prefix(count)
            let length = part.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            shortened.append(length > 0 ? part.map { $0 / length } : Array(part))
        }
        return shortened
    }
}
