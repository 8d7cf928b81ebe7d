// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension ResponseCache {
    /// A question: which version, which outputs in which order, and every byte of every input.
    package struct Key: Sendable {
        package let version: Digest
        package let requestedOutputs: [String]?
        package let inputs: NamedTensors
        let hash: Int

        /// Hashes all inputs, in time linear in their bytes: made outside of any lock.
        package init(version: Digest, inputs: NamedTensors, requestedOutputs: [String]?) {
            var hasher = Hasher()
            hasher.combine(version)
            hasher.combine(requestedOutputs)
            for input in inputs {
                hasher.combine(input.name)
                hasher.combine(input.tensor.elementType)
                hasher.combine(input.tensor.shape)
                hasher.combine(bytes: input.tensor.storage.bytes)
            }
            self.init(version: version, inputs: inputs, requestedOutputs: requestedOutputs, hash: hasher.finalize())
        }

        /// With a hash of the caller's choice: only a place to look at, equality never rests on it.
        package init(version: Digest, inputs: NamedTensors, requestedOutputs: [String]?, hash: Int) {
            self.version = version
            self.requestedOutputs = requestedOutputs
            self.inputs = inputs
            self.hash = hash
        }

        /// Whether everything is the same; inputs in another order are another question.
        func isSame(as other: Key) -> Bool {
            hash == other.hash && version == other.version && requestedOutputs == other.requestedOutputs
                && inputs.isIdentical(to: other.inputs)
        }
    }

    /// A question with its answer, both in memory of their own: made outside of any lock.
    package struct Entry: Sendable {
        let key: Key
        let outputs: NamedTensors
        package let byteCount: Int

        /// What one entry takes beside its tensors' bytes and names, roughly: node, dictionary, shapes, objects.
        static let overhead = 512

        /// Copies both; `nil`, and no copy, when they are larger than `maximumBytes`.
        package init?(_ outputs: NamedTensors, for key: Key, maximumBytes: Int) {
            let names = (key.requestedOutputs ?? []) + key.inputs.names + outputs.names
            let size = names.reduce(Self.overhead) { $0 + $1.utf8.count + 64 }
            byteCount = size + key.inputs.byteCount + outputs.byteCount
            guard byteCount <= maximumBytes else { return nil }
            self.key = Key(
                version: key.version, inputs: key.inputs.copied(), requestedOutputs: key.requestedOutputs,
                hash: key.hash)
            self.outputs = outputs.copied()
        }
    }
}
