// SPDX-License-Identifier: Apache-2.0

/// The rules for a file's path inside a bundle.
package enum BundlePath {
    /// Bytes of a whole path; well under what Linux takes for an absolute one (4096).
    package static let maximumBytes = 1024
    /// Bytes of one component, as Linux file systems have it.
    package static let maximumComponentBytes = 255

    /// Checks that a path stays inside the bundle's folder wherever that is laid out.
    ///
    /// Components are separated by `/`; none is empty, `.` or `..`, none holds a control character or `\`.
    ///
    /// - Returns: The components.
    /// - Throws: ``RegistryError`` `invalid`.
    @discardableResult
    package static func check(_ path: String) throws(RegistryError) -> [String] {
        guard (1...maximumBytes).contains(path.utf8.count) else {
            throw RegistryError(.invalid, "a path in a bundle has 1 to \(maximumBytes) bytes, got \(path.utf8.count)")
        }
        let components = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for component in components {
            let isPlain = component.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }
            guard isPlain, component != ".", component != "..",
                (1...maximumComponentBytes).contains(component.utf8.count)
            else {
                throw RegistryError(
                    .invalid,
                    "'\(path.filter { !$0.isNewline })' cannot be a path in a bundle: it must be relative, "
                        + "without '..', empty parts, '\\' and control characters",
                    location: path)
            }
        }
        return components
    }

    /// Checks every path of a bundle, and that no file stands where another needs a folder or a file.
    package static func check(_ files: [BundleFile]) throws(RegistryError) {
        var paths: Set<String> = []
        var folders: Set<String> = []
        for file in files {
            let components = try check(file.path)
            guard paths.insert(file.path).inserted else { throw collision(file.path) }
            var folder = ""
            for component in components.dropLast() {
                folder += folder.isEmpty ? component : "/" + component
                folders.insert(folder)
            }
        }
        if let path = folders.first(where: paths.contains) { throw collision(path) }
    }

    private static func collision(_ path: String) -> RegistryError {
        RegistryError(.invalid, "two files of the bundle need the path '\(path)'", location: path)
    }
}
