// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Rules about endpoints of language models: what they alone may have, and what has no meaning for them.
extension EndpointCheck {
    /// Tokens of one conversation: more than any model was trained with.
    private static let longestContext = 1 << 24

    func languageProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        // Of a version that does not exist nothing is known; that is told already.
        guard signatures[spec.primary] != nil else { return [] }
        let isLanguage = languageVersions.contains(spec.primary)
        return kindProblems(spec, isLanguage: isLanguage) + Self.languageNumbers(spec.language)
            + (isLanguage ? Self.tensorSettings(spec) : languageSettings(spec))
    }

    /// An endpoint speaks one language: all of its versions generate text, or none does.
    private func kindProblems(_ spec: EndpointSpec, isLanguage: Bool) -> [SpecProblem] {
        Self.places(spec).compactMap { path, version in
            guard signatures[version] != nil, languageVersions.contains(version) != isLanguage else { return nil }
            let message =
                isLanguage
                ? "\(version) is no language model, as the primary \(spec.primary) is"
                : "\(version) is a language model, and the primary \(spec.primary) is none"
            return SpecProblem(path, message)
        }
    }

    /// What only language models can keep to.
    private func languageSettings(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        if spec.sticky == .conversation {
            problems.append(
                SpecProblem(
                    "sticky",
                    "\(spec.primary) has no conversations as language models do: use header:NAME, cookie:NAME or client"
                ))
        }
        for (path, quota) in [("limits.quota", spec.limits.quota), ("limits.clientQuota", spec.limits.clientQuota)]
        where quota?.tokensPerMinute != nil {
            problems.append(
                SpecProblem(
                    "\(path).tokensPerMinute",
                    "cannot be kept: \(spec.primary) is no language model and has no tokens; limit requests or rows"))
        }
        let language = spec.language
        let settings: [(String, Bool)] = [
            ("context", language.context != nil), ("cacheTokens", language.cacheTokens != nil),
            ("cacheType", language.cacheType != nil), ("latencyTargetMs", language.latencyTargetMs != nil),
            ("speculation", language.speculation != nil), ("queuedTokens", language.queuedTokens != nil),
        ]
        problems += settings.filter(\.1).map {
            SpecProblem("language.\($0.0)", "has no meaning: \(spec.primary) is no language model")
        }
        return problems
    }

    /// What has no meaning where text is generated.
    private static func tensorSettings(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        for (index, shadow) in spec.shadows.enumerated() {
            if shadow.tolerance != nil {
                problems.append(
                    SpecProblem(
                        "shadows[\(index)].tolerance", "has no meaning: answers are compared token by token"))
            }
            if shadow.comparesTopClass {
                problems.append(
                    SpecProblem(
                        "shadows[\(index)].comparesTopClass", "has no meaning: answers are compared token by token"))
            }
        }
        if spec.batching != BatchingSpec() {
            problems.append(
                SpecProblem(
                    "batching",
                    "has no meaning: texts of all requests are generated together, step by step; see "
                        + "language.latency_target"))
        }
        return problems
    }

    private static func languageNumbers(_ language: LanguageSpec) -> [SpecProblem] {
        let counts: [(String, Int?, most: Int)] = [
            ("language.context", language.context, longestContext),
            ("language.cacheTokens", language.cacheTokens, mostCount),
            ("language.queuedTokens", language.queuedTokens, mostCount),
        ]
        var problems = counts.compactMap { path, value, most in
            value.flatMap { (1...most).contains($0) ? nil : SpecProblem(path, "is \($0), expected 1 to \(most)") }
        }
        if let target = language.latencyTargetMs, !(target >= 1 && target <= 60_000) {
            problems.append(
                SpecProblem("language.latencyTargetMs", "is \(target), expected 1 to 60000 milliseconds"))
        }
        if problems.isEmpty, let context = language.context, let cells = language.cacheTokens, cells < context {
            problems.append(
                SpecProblem(
                    "language.cacheTokens", "is \(cells), below the \(context) tokens that one conversation may have"))
        }
        return problems
    }
}

extension ModelFormat {
    /// Whether its models read and write text.
    var isLanguage: Bool { self == .gguf }
}
