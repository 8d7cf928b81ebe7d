// SPDX-License-Identifier: Apache-2.0

extension VersionDraft {
    /// Checks what every store relies on: names, paths, sizes and the bundle's own address.
    ///
    /// - Throws: ``RegistryError`` `invalid`.
    package func check(alias: String?) throws(RegistryError) {
        try RegistryError.checkName(model)
        if let alias { try RegistryError.checkName(alias) }
        guard !files.isEmpty else { throw RegistryError(.invalid, "a bundle has at least one file, got none") }
        try BundlePath.check(files)
        guard files.contains(where: { $0.path == primaryPath }) else {
            throw RegistryError(.invalid, "the bundle has no file '\(primaryPath)', which is to be opened first")
        }
        var total = 0
        for file in files {
            let (sum, overflow) = total.addingReportingOverflow(file.byteCount)
            guard file.byteCount >= 0, !overflow else {
                throw RegistryError(.invalid, "the size of '\(file.path)' is out of range", location: file.path)
            }
            total = sum
        }
        let expected = BundleDigest.of(files: files)
        guard digest == expected else {
            throw RegistryError(.invalid, "the bundle's digest is \(expected) by its files, got \(digest)")
        }
    }
}
