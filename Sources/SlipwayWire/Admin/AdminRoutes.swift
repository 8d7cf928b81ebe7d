// SPDX-License-Identifier: Apache-2.0

/// Every call of the admin API: the client sends exactly these, the server mounts exactly these.
///
/// Bodies are JSON with lowerCamel keys, dates ISO 8601 in UTC, absent values left out. Errors of every route are
/// ``ErrorDTO`` with the status of the one error table.
package enum AdminRoutes {
    package static let prefix = "/api/v1"

    // MARK: Models

    package static let models = AdminRoute(
        .get, "/models", (.none, .json("[ModelDTO]")), (200, .viewer), "Every model with its versions.")
    package static let model = AdminRoute(
        .get, "/models/{model}", (.none, .json("ModelDTO")), (200, .viewer), "One model with its versions.")
    package static let history = AdminRoute(
        .get, "/models/{model}/history", (.none, .json("HistoryDTO")), (200, .viewer),
        "Everything that happened to a model.")
    package static let uploadVersion = AdminRoute(
        .post, "/models/{model}/versions", query: ["filename", "alias"], (.bytes, .json("OperationDTO")),
        (202, .operator),
        "Imports the body, one model file, as the next version and tells the operation, which may have ended "
            + "already. filename is the file's own name; alias is moved to the version.")
    package static let setAlias = AdminRoute(
        .put, "/models/{model}/aliases/{alias}", (.json("AliasRequest"), .json("[AliasDTO]")), (200, .operator),
        "Points an alias to a version; the reply is all aliases of the model.")
    package static let removeAlias = AdminRoute(
        .delete, "/models/{model}/aliases/{alias}", (.none, .json("[AliasDTO]")), (200, .operator),
        "Removes an alias; the reply is all aliases of the model.")
    package static let version = AdminRoute(
        .get, "/versions/{reference}", (.none, .json("VersionDTO")), (200, .viewer),
        "The version that a reference names: fraud:3, fraud@champion, fraud.")
    package static let verifyVersion = AdminRoute(
        .post, "/versions/{reference}/verify", (.json("UploadedVerificationRequest"), .json("VerificationDTO")),
        (200, .operator),
        "Compares the version's files with their digests, loads it beside what is served, and runs sample rows through "
            + "it: those uploaded, those of its import, or made-up ones. What is wrong is told in problems.")
    package static let versionFile = AdminRoute(
        .get, "/versions/{reference}/files/{digest}", query: ["offset"], (.none, .bytes), (200, .operator),
        "One of the version's files by its sha256, from a byte on (0 by default).")
    package static let deleteVersion = AdminRoute(
        .delete, "/versions/{reference}", (.none, .json("VersionDTO")), (200, .operator),
        "Deletes a version that no endpoint serves; the reply is what was deleted.")
    package static let collectGarbage = AdminRoute(
        .post, "/gc", query: ["keep"], (.none, .json("GarbageDTO")), (200, .operator),
        "Removes blobs that no version needs and, with keep=N, versions that nothing names but the newest N.")

    // MARK: Endpoints and replicas

    package static let endpoints = AdminRoute(
        .get, "/endpoints", (.none, .json("[EndpointDTO]")), (200, .viewer), "Every endpoint.")
    package static let endpoint = AdminRoute(
        .get, "/endpoints/{endpoint}", (.none, .json("EndpointDTO")), (200, .viewer),
        "What is wanted of an endpoint and what the replicas do about it.")
    package static let revisions = AdminRoute(
        .get, "/endpoints/{endpoint}/revisions", query: ["at"], (.none, .json("[RevisionDTO]")), (200, .viewer),
        "Every revision, oldest first; with at=INSTANT, only the one in force then.")
    package static let deploy = AdminRoute(
        .put, "/endpoints/{endpoint}", (.json("DeployRequest"), .json("EndpointDTO")), (200, .operator),
        "Makes a revision that serves a version, as the primary, a canary or a shadow.")
    package static let applySpec = AdminRoute(
        .put, "/endpoints/{endpoint}/spec", (.json("EndpointSpecRequest"), .json("EndpointDTO")), (200, .operator),
        "Makes a revision of a whole desired state.")
    package static let promote = AdminRoute(
        .post, "/endpoints/{endpoint}/promote", (.json("PromoteRequest"), .json("EndpointDTO")), (200, .operator),
        "Makes a revision whose primary is the canary, or the version named.")
    package static let rollback = AdminRoute(
        .post, "/endpoints/{endpoint}/rollback", (.json("RollbackRequest"), .json("EndpointDTO")),
        (200, .operator), "Makes a revision that repeats an earlier one.")
    package static let undeploy = AdminRoute(
        .delete, "/endpoints/{endpoint}", (.none, .json("EndpointDTO")), (200, .operator),
        "Makes a revision that serves nothing.")
    package static let replicas = AdminRoute(
        .get, "/replicas", (.none, .json("[ReplicaDTO]")), (200, .viewer), "Every replica that reported.")

    // MARK: Operations and tokens

    package static let operation = AdminRoute(
        .get, "/operations/{id}", query: ["wait"], (.none, .json("OperationDTO")), (200, .viewer),
        "One operation; with wait=SECONDS (30 at most) the reply comes when it ends or the time is over.")
    package static let tokens = AdminRoute(
        .get, "/tokens", (.none, .json("[TokenDTO]")), (200, .admin), "Every API key, without secrets.")
    package static let createToken = AdminRoute(
        .post, "/tokens", (.json("TokenRequest"), .json("CreatedTokenDTO")), (201, .admin),
        "Makes an API key; the reply is the only place its secret is shown.")
    package static let revokeToken = AdminRoute(
        .delete, "/tokens/{id}", (.none, .none), (204, .admin), "Revokes an API key.")

    /// In the order of the documentation.
    package static let all =
        [
            models, model, history, uploadVersion, setAlias, removeAlias, version, verifyVersion, versionFile,
            deleteVersion, collectGarbage, endpoints, endpoint, revisions, deploy, applySpec, promote, rollback,
            undeploy, replicas, operation, tokens,
            createToken, revokeToken,
        ] + uploads + monitoring
}
