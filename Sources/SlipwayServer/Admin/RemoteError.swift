// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An error as it is told to a caller on another machine: without the folders of this one.
package struct RemoteError: SlipwayError {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    package let code: Code
    package let category: ErrorCategory
    package let message: String

    /// - Parameter folders: What is cut from the error's text; the innermost first.
    package static func told(_ error: any Error, without folders: [String]) -> any Error {
        guard let error = error as? any SlipwayError else { return error }
        let text = "\(error)"
        let plain = plain(text, without: folders)
        guard plain != text else { return error }
        return RemoteError(code: Code(description: "\(error.code)"), category: error.category, message: plain)
    }

    /// A text without the folders of this machine; what lay in them keeps its own name.
    static func plain(_ text: String, without folders: [String]) -> String {
        // The root, and the folder that a relative path begins in, tell nothing.
        folders.filter { $0.count > 1 }.reduce(text) { $0.replacing($1 + "/", with: "") }
    }
}
