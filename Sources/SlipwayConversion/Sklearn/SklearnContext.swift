// SPDX-License-Identifier: Apache-2.0

package import SlipwayFormats
import Synchronization

/// An estimator inside a model: its attributes and where it stands.
package struct SklearnContext: Sendable {
    package let value: PickleValue
    package let type: PickleName
    /// `pipeline.steps[1] 'clf'`.
    package let path: String
    /// Of the scikit-learn that wrote it; zero where the file does not say.
    package let version: SklearnVersion
    /// How many estimators hold this one.
    package let depth: Int
    private let budget: Budget

    /// Estimators may be shared, so a small file can describe a model of exponential size; this bounds the walk.
    private final class Budget: Sendable {
        static let maximum = 50_000
        private let spent = Atomic<Int>(0)
        func spend() -> Bool { spent.add(1, ordering: .relaxed).newValue <= Self.maximum }
    }

    /// The outermost estimator.
    package init(root value: PickleValue) throws(ConversionError) {
        guard let type = value.typeName else {
            throw ConversionError(
                .unsupported,
                "the file holds \(value.plainName), not a fitted estimator; save the estimator or pipeline itself")
        }
        self.init(
            value, type, path: type.name.prefix(1).lowercased() + type.name.dropFirst(),
            version: SklearnVersion(of: value) ?? SklearnVersion(), depth: 0, budget: Budget())
    }

    private init(
        _ value: PickleValue, _ type: PickleName, path: String, version: SklearnVersion, depth: Int, budget: Budget
    ) {
        self.value = value
        self.type = type
        self.path = path
        self.version = version
        self.depth = depth
        self.budget = budget
    }

    /// An estimator, or another object with attributes, inside this one.
    ///
    /// - Parameter place: What to add to the path: `.steps[1] 'clf'`.
    package func child(_ value: PickleValue, _ place: String) throws(ConversionError) -> SklearnContext {
        guard let type = value.typeName else {
            throw ConversionError(
                .malformed, "here stands \(value.plainName) instead of an estimator", at: path + place)
        }
        guard depth < SklearnRegistry.maximumDepth else {
            throw ConversionError(
                .limitExceeded, "estimators are nested deeper than \(SklearnRegistry.maximumDepth) levels", at: path)
        }
        guard budget.spend() else {
            throw ConversionError(.limitExceeded, "the model has more than \(Budget.maximum) parts", at: path)
        }
        return SklearnContext(
            value, type, path: path + place, version: SklearnVersion(of: value) ?? version, depth: depth + 1,
            budget: budget)
    }

    /// The path with the class: what errors name.
    package var location: String { "\(path) (\(type.name))" }

    package func unsupported(_ message: String) -> ConversionError {
        ConversionError(.unsupported, message, at: location)
    }

    package func malformed(_ message: String) -> ConversionError {
        ConversionError(.malformed, message, at: location)
    }
}

/// A version of scikit-learn; order is that of releases.
package struct SklearnVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    /// As the file has it; empty where it does not say.
    package let description: String

    package init(_ major: Int = 0, _ minor: Int = 0) {
        self.major = major
        self.minor = minor
        description = major == 0 && minor == 0 ? "" : "\(major).\(minor)"
    }

    /// From an estimator's `_sklearn_version`.
    init?(of value: PickleValue) {
        guard let text = value[attribute: "_sklearn_version"]?.string else { return nil }
        let parts = text.split(separator: ".").map { Int($0) }
        guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.major = major
        self.minor = minor
        description = text
    }

    package static func == (a: Self, b: Self) -> Bool { (a.major, a.minor) == (b.major, b.minor) }
    package static func < (a: Self, b: Self) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
    package func hash(into hasher: inout Hasher) {
        hasher.combine(major)
        hasher.combine(minor)
    }
}
