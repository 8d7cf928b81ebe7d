// SPDX-License-Identifier: Apache-2.0

/// Files that are sent in pieces, and imported when they are whole.
extension AdminRoutes {
    package static let beginUpload = AdminRoute(
        .post, "/uploads", (.json("UploadRequest"), .json("UploadDTO")), (201, .operator),
        "Begins an upload, or finds the one of the same digest that was broken off: the reply says where to go on.")
    package static let upload = AdminRoute(
        .get, "/uploads/{id}", (.none, .json("UploadDTO")), (200, .operator), "How far an upload is.")
    package static let appendUpload = AdminRoute(
        .put, "/uploads/{id}", query: ["offset"], (.bytes, .json("UploadDTO")), (200, .operator),
        "Appends the body, which begins at offset (0 by default) of the file; 409 tells the offset that is expected, "
            + "or that the whole file is not the one announced.")
    package static let removeUpload = AdminRoute(
        .delete, "/uploads/{id}", (.none, .none), (204, .operator), "Forgets an upload.")
    package static let importUploads = AdminRoute(
        .post, "/models/{model}/imports", (.json("UploadedImportRequest"), .json("OperationDTO")), (202, .operator),
        "Imports uploaded files as the next version and tells the operation, which may have ended already.")

    static let uploads = [beginUpload, upload, appendUpload, removeUpload, importUploads]
}
