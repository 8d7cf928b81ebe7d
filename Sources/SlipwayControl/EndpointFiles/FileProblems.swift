// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a file, line by line.
struct FileProblems {
    struct Problem: Hashable {
        /// From 1.
        let line: Int
        let message: String
    }

    /// The most that are told.
    static let maximumShown = 20

    private(set) var list: [Problem] = []

    mutating func add(_ line: Int, _ message: String) {
        let problem = Problem(line: line, message: message)
        if !list.contains(problem) { list.append(problem) }
    }

    /// All of them as one error, `file:line: what`, by line; `nil` when there is none.
    func error(file: String) -> ControlError? {
        guard !list.isEmpty else { return nil }
        let sorted = list.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        var lines = sorted.prefix(Self.maximumShown).map { "\(file):\($0.element.line): \($0.element.message)" }
        if list.count > Self.maximumShown { lines.append("and \(list.count - Self.maximumShown) more") }
        return ControlError(.invalidRequest, lines.joined(separator: "\n"))
    }
}
