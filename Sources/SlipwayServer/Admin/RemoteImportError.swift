// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// An import's error as it is told to a caller on another machine: without the folders of this one.
package struct RemoteImportError: SlipwayError {
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
        let plain = folders.reduce(text) { $0.replacing($1 + "/", with: "") }
        guard plain != text else { return error }
        return RemoteImportError(code: Code(description: "\(error.code)"), category: error.category, message: plain)
    }
}
