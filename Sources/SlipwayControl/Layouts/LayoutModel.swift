// SPDX-License-Identifier: Apache-2.0

/// A model as another server's folders and configuration describe it, before anything is imported.
package struct LayoutModel: Sendable, Hashable {
    /// One numbered folder.
    package struct Version: Sendable, Hashable {
        package var number: Int
        /// The model's file, or the folder that holds it.
        package var path: String
        /// Why it cannot be imported; `nil` when nothing is known against it.
        package var problem: String?
        /// The folder that ``path`` is, where it was made for the import.
        package var scratch: ScratchFolder?
        /// What lineage calls the source; `nil` for the path's last component.
        package var sourceName: String?
    }

    package var name: String
    /// Ascending by number.
    package var versions: [Version] = []
    /// The numbers that the server would serve, ascending.
    package var served: [Int] = []
    /// Movable names of numbers.
    package var labels: [String: Int] = [:]
    /// Whether requests name the numbers, so that other numbers here are worth a word.
    package var keepsNumbers = true
    /// Class names by output.
    package var classLabels: [String: [String]] = [:]
    package var config: TritonModelConfig?
    /// What people should know, a sentence each.
    package var notes: [String] = []
    /// Why none of it can be imported.
    package var refusal: String?

    package init(name: String) { self.name = name }

    /// Chooses what is served; numbers that a policy names and that are not there are told.
    mutating func choose(_ policy: VersionPolicy) {
        let (chosen, missing) = policy.choose(from: versions.map(\.number))
        served = chosen
        if !missing.isEmpty {
            let list = missing.prefix(10).map(String.init).joined(separator: ", ")
            refuse("the version policy names \(list), which is not there")
        } else if versions.isEmpty {
            refuse("there is no numbered folder with a version in it")
        }
    }

    mutating func refuse(_ reason: String) { refusal = refusal.map { "\($0); \(reason)" } ?? reason }
}
