// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Bodies of the admin API.
extension SchemaCatalogue {
    private static let instant = JSONSchema.format("date-time")
    private static let digest = JSONSchema.pattern("^sha256:[0-9a-f]{64}$")
    private static let percent = JSONSchema.number
    private static let precision = JSONSchema.words(InferencePrecision.allCases.map(\.rawValue))

    static let admin: KeyValuePairs<String, JSONSchema> = [
        "VersionID": .members(["model": .string, "number": .count]),
        "TensorSpec": .members([
            "name": .string, "elementType": .words(ElementType.allCases.map(\.rawValue)),
            "shape?": .list(.anyOf([.integer, .string, .null])), "isOptional": .boolean, "form": .string,
        ]),
        "ModelSignature": .members([
            "inputs": .list(.named("TensorSpec")), "outputs": .list(.named("TensorSpec")),
        ]),
        "FileDTO": .members(["path": .string, "digest": digest, "byteCount": .count]),
        "SourceDTO": .members([
            "name": .string, "digest": digest, "parent?": .named("VersionID"), "recipe": .string,
        ]),
        "AliasDTO": .members(["alias": .string, "version": .count]),
        "AliasRequest": .members(["version": .integer]),
        "VersionDTO": .members([
            "model": .string, "version": .count, "digest": digest, "format": .string, "engine": .string,
            "byteCount": .count, "createdAt": instant, "aliases": .list(.string),
            "signature": .named("ModelSignature"), "files": .list(.named("FileDTO")), "primaryPath?": .string,
            "source": .named("SourceDTO"), "metadata": .map(.string),
        ]),
        "ModelDTO": .members([
            "name": .string, "versions": .list(.named("VersionDTO")), "aliases": .list(.named("AliasDTO")),
        ]),
        "EventDTO": .members(["at": instant, "kind": .string, "text": .string]),
        "HistoryDTO": .members(["model": .string, "events": .list(.named("EventDTO"))]),
        "ImportDTO": .members([
            "version": .named("VersionDTO"), "isNew": .boolean, "notes": .list(.string),
            "report?": .named("ImportReportDTO"),
        ]),
        "ImportStep": .members(["path": .string, "kind": .string, "detail": .string]),
        "EngineRefusal": .members(["engine": .string, "reason": .string]),
        "SampleResult": .members([
            "rows": .count, "compared": .list(.string), "largestDifference?": .number,
        ]),
        "ImportReportDTO": .members([
            "format": .string, "findings": .list(.string), "framework?": .string,
            "steps": .list(.named("ImportStep")), "notes": .list(.string), "verifiedBy?": .string,
            "refusals": .list(.named("EngineRefusal")), "samples?": .named("SampleResult"),
        ]),
        "UploadRequest": .members(["byteCount": .integer, "digest?": digest]),
        "UploadDTO": .members([
            "id": .string, "byteCount": .count, "offset": .count, "isComplete": .boolean,
        ]),
        "UploadedFile": .members(["upload": .string, "path": .string]),
        "ImportOptions": .members([
            "engine?": .string, "inputType?": .string, "tolerance?": .number, "license?": .string, "card?": .string,
        ]),
        "UploadedImportRequest": .members([
            "files": .list(.named("UploadedFile")), "isFolder": .boolean, "sourceName": .string, "alias?": .string,
            "samples?": .named("UploadedFile"), "expected?": .named("UploadedFile"),
            "options?": .named("ImportOptions"),
        ]),
        "VerificationOptions": .members(["engine?": .string, "tolerance?": .number]),
        "UploadedVerificationRequest": .members([
            "samples?": .named("UploadedFile"), "expected?": .named("UploadedFile"),
            "options?": .named("VerificationOptions"),
        ]),
        "VerificationDTO": .members([
            "version": .named("VersionDTO"), "isSound": .boolean, "problems": .list(.string),
            "report": .named("ImportReportDTO"),
            "origin?": .words(VerificationDTO.Origin.allCases.map(\.rawValue)),
        ]),
        "GarbageDTO": .members(["versions": .list(.string), "blobs": .count, "bytesFreed": .count]),
        "TokenDTO": .members([
            "id": .string, "role": .string, "label": .string, "createdAt": instant, "expiresAt?": instant,
        ]),
        "TokenRequest": .members([
            "role": .words(["viewer", "operator", "admin"]), "label": .string, "days?": .integer,
        ]),
        "CreatedTokenDTO": .members(["token": .named("TokenDTO"), "secret": .string]),
        "OperationDTO": .members([
            "id": .string, "kind": .string, "state": .words(["running", "succeeded", "failed"]),
            "progress": .number, "result?": .named("ImportDTO"), "error?": .named("ErrorDTO"),
        ]),
    ]

    static let adminEndpoints: KeyValuePairs<String, JSONSchema> = [
        "Canary": .members(["version": .named("VersionID"), "share": percent]),
        "HeaderRule": .members(["header": .string, "value?": .string, "version": .named("VersionID")]),
        "Shadow": .members([
            "version": .named("VersionID"), "rate": percent, "tolerance?": .number, "comparesTopClass": .boolean,
        ]),
        "RolloutStep": .members(["share": percent, "holdSeconds": .number]),
        "Rollout": .members(["steps": .list(.named("RolloutStep")), "position": .integer]),
        "BatchingSpec": .members([
            "isEnabled?": .boolean, "maximumRows?": .integer, "preferredRows?": .list(.integer),
            "maximumDelayMs?": .number, "latencyTargetMs?": .number, "paddedDimension?": .string, "mask?": .string,
            "pads?": .boolean,
        ]),
        "Quota": .members([
            "requestsPerMinute?": .integer, "rowsPerMinute?": .integer, "tokensPerMinute?": .integer,
        ]),
        "LimitSpec": .members([
            "requests?": .integer, "rows?": .integer, "bytes?": .integer, "waitMs?": .number, "deadlineMs?": .number,
            "callMs?": .number, "quota?": .named("Quota"), "clientQuota?": .named("Quota"),
        ]),
        "LifecycleSpec": .members([
            "policy?": .words(LifecycleSpec.Policy.allCases.map(\.rawValue)), "isPinned?": .boolean,
            "loading?": .words(LifecycleSpec.Loading.allCases.map(\.rawValue)), "idleUnloadSeconds?": .number,
            "rollbackWindowSeconds?": .number,
            "warmUp?": .words(LifecycleSpec.WarmUp.allCases.map(\.rawValue)),
        ]),
        "EndpointSpec": .members([
            "primary": .named("VersionID"), "canaries?": .list(.named("Canary")),
            "rules?": .list(.named("HeaderRule")), "sticky?": .string, "shadows?": .list(.named("Shadow")),
            "rollout?": .named("Rollout"), "engine?": .string, "device?": .string, "instances?": .integer,
            "batching?": .named("BatchingSpec"), "limits?": .named("LimitSpec"),
            "precision?": precision, "lifecycle?": .named("LifecycleSpec"), "cacheBytes?": .integer,
            "monitoring?": .named("MonitoringSpec"),
        ]),
        "RevisionDTO": .members([
            "number": .count, "version?": .named("VersionID"), "engine?": .string, "device?": .string,
            "instances?": .integer, "spec?": .named("EndpointSpec"), "createdAt": instant, "reason": .string,
        ]),
        "ObservedVersionDTO": .members([
            "version": .named("VersionID"), "state": .string, "route": .string, "message?": .string,
            "lanes": .count, "threadsPerCall": .count, "residentBytes": .count, "inFlight": .count,
            "batching?": .string, "engine?": .string, "precision?": precision,
        ]),
        "ObservedDTO": .members([
            "replica": .string, "revision": .count, "version": .named("VersionID"), "state": .string,
            "message?": .string, "versions": .list(.named("ObservedVersionDTO")), "notes": .list(.string),
        ]),
        "EndpointDTO": .members([
            "name": .string, "revision": .named("RevisionDTO"), "replicas": .list(.named("ObservedDTO")),
        ]),
        "CoreSharesDTO": .members([
            "cores": .count, "eventLoops": .count, "lanes": .count, "threadsPerCall": .count,
        ]),
        "ReplicaDTO": .members([
            "id": .string, "host": .string, "processID": .count, "startedAt": instant, "reportedAt": instant,
            "isAlive": .boolean, "addresses": .map(.string), "cores?": .named("CoreSharesDTO"),
        ]),
        "DeployRequest": .members([
            "reference": .string, "engine?": .string, "device?": .string, "precision?": precision,
            "instances?": .anyOf([.integer, .words(["auto"])]), "canary?": percent, "shadow?": percent,
            "sticky?": .string, "rollout?": .list(.named("RolloutStep")), "maximumRows?": .integer,
            "allowSignatureChange?": .boolean,
        ]),
        "EndpointSpecRequest": .members([
            "spec": .named("EndpointSpec"), "expectedRevision?": .integer, "allowSignatureChange?": .boolean,
        ]),
        "PromoteRequest": .members(["reference?": .string]),
        "RollbackRequest": .members(["revision?": .integer]),
    ]
}
