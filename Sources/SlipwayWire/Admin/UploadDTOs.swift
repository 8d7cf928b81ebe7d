// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A file that is to be sent in pieces.
package struct UploadRequest: Sendable, Hashable, Codable {
    package var byteCount: Int
    /// Of the whole file: an upload of the same file that was broken off goes on where it stopped.
    package var digest: Digest?

    package init(byteCount: Int, digest: Digest?) {
        self.byteCount = byteCount
        self.digest = digest
    }
}

/// How far an upload is.
package struct UploadDTO: Sendable, Hashable, Codable {
    package var id: String
    package var byteCount: Int
    /// Bytes that are there: the next piece begins here.
    package var offset: Int
    /// Whether all bytes are there and were compared with the digest.
    package var isComplete: Bool

    package init(id: String, byteCount: Int, offset: Int, isComplete: Bool) {
        self.id = id
        self.byteCount = byteCount
        self.offset = offset
        self.isComplete = isComplete
    }
}

/// Files that were uploaded, to be imported as one model.
package struct UploadedImportRequest: Sendable, Hashable, Codable {
    package struct File: Sendable, Hashable, Codable {
        /// The upload's id.
        package var upload: String
        /// The file's own path relative to the model's folder, or its name; never absolute, never with `..`.
        package var path: String

        package init(upload: String, path: String) {
            self.upload = upload
            self.path = path
        }
    }

    package var files: [File]
    /// Whether the files are those of one folder; otherwise data go through one after the other.
    package var isFolder: Bool
    /// The name that lineage tells.
    package var sourceName: String
    package var alias: String?
    package var samples: File?
    package var expected: File?
    package var options: ImportOptions?

    package init(files: [File], isFolder: Bool, sourceName: String) {
        self.files = files
        self.isFolder = isFolder
        self.sourceName = sourceName
    }
}
