// SPDX-License-Identifier: Apache-2.0

/// A version in a gRPC message: text that is empty when none is asked for.
///
/// - Throws: ``ServerError`` `badParameter` for anything but digits.
func versionNumber(_ text: String) throws(ServerError) -> Int? {
    guard !text.isEmpty else { return nil }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
        throw ServerError(.badParameter, "the version is not a whole number: leave it empty for the one that is served")
    }
    return number
}
