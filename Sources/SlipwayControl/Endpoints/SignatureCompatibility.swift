// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Whether callers who fit one signature fit another.
///
/// They do when every request that the old one accepts is accepted, and every output they know is still there, of
/// the same type and with no fixed extent changed. Extra outputs, extra optional inputs and dimensions that are open
/// where they were fixed are compatible. Symbols count as open: equal extents in several inputs are not compared.
package struct SignatureCompatibility: Sendable, Hashable {
    /// What a caller would trip over, a sentence each; empty when nothing.
    package let differences: [String]

    /// - Parameters:
    ///   - old: What callers fit today.
    ///   - new: What is to answer them.
    package init(from old: ModelSignature, to new: ModelSignature) {
        var differences: [String] = []
        for input in old.inputs {
            guard let other = new.inputs.first(where: { $0.name == input.name }) else {
                differences.append("input '\(input.name)' is gone")
                continue
            }
            if let difference = Self.difference(ofInput: input, other) { differences.append(difference) }
        }
        for input in new.inputs where !input.isOptional && !old.inputs.contains(where: { $0.name == input.name }) {
            differences.append("input '\(input.name)' (\(Self.text(input))) is new and required")
        }
        for output in old.outputs {
            guard let other = new.outputs.first(where: { $0.name == output.name }) else {
                differences.append("output '\(output.name)' is gone")
                continue
            }
            if let difference = Self.difference(ofOutput: output, other) { differences.append(difference) }
        }
        self.differences = differences
    }

    private static func difference(ofInput old: TensorSpec, _ new: TensorSpec) -> String? {
        if let difference = typeDifference("input", old, new) { return difference }
        if new.isOptional == false, old.isOptional { return "input '\(old.name)' was optional and is required now" }
        guard let narrow = new.shape else { return nil }
        let accepts =
            old.shape.map { wide in
                wide.count == narrow.count && zip(wide, narrow).allSatisfy { isOpen($1) || $0 == $1 }
            } ?? false
        return accepts ? nil : changed("input", old, new)
    }

    private static func difference(ofOutput old: TensorSpec, _ new: TensorSpec) -> String? {
        if let difference = typeDifference("output", old, new) { return difference }
        guard let before = old.shape, let after = new.shape else { return nil }
        let fits = before.count == after.count && zip(before, after).allSatisfy { isOpen($0) || isOpen($1) || $0 == $1 }
        return fits ? nil : changed("output", old, new)
    }

    private static func typeDifference(_ kind: String, _ old: TensorSpec, _ new: TensorSpec) -> String? {
        guard old.elementType == new.elementType else { return changed(kind, old, new) }
        guard old.form != new.form else { return nil }
        return "\(kind) '\(old.name)' was a \(old.form.rawValue) and is a \(new.form.rawValue)"
    }

    private static func changed(_ kind: String, _ old: TensorSpec, _ new: TensorSpec) -> String {
        "\(kind) '\(old.name)' was \(text(old)) and is \(text(new))"
    }

    private static func text(_ spec: TensorSpec) -> String { "\(spec.elementType.rawValue) \(spec.shapeText)" }

    private static func isOpen(_ dimension: Dimension) -> Bool {
        if case .fixed = dimension { false } else { true }
    }
}
