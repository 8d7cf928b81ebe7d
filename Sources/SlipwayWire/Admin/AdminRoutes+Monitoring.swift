// SPDX-License-Identifier: Apache-2.0

/// Feedback, monitors, alerts, profiles and captured requests.
extension AdminRoutes {
    package static let feedback = AdminRoute(
        .post, "/endpoints/{endpoint}/feedback", (.json("FeedbackRequest"), .json("FeedbackReplyDTO")),
        (200, .operator),
        "Joins what turned out to be true to earlier requests by their x-request-id: one item, or up to "
            + "\(FeedbackRequest.maximumItems) under items, each with a result of its own.")
    package static let monitors = AdminRoute(
        .get, "/endpoints/{endpoint}/monitors", (.none, .json("MonitorsDTO")), (200, .viewer),
        "Every reading of an endpoint, with its history, and the alerts that hold.")
    package static let alerts = AdminRoute(
        .get, "/alerts", query: ["endpoint", "state", "limit"], (.none, .json("[AlertDTO]")), (200, .viewer),
        "Alerts, newest first, 100 unless limit says otherwise; state is pending, firing or resolved.")
    package static let decisions = AdminRoute(
        .get, "/decisions", query: ["endpoint", "limit"], (.none, .json("[GuardDecisionDTO]")), (200, .viewer),
        "What guards decided, with the evidence, newest first.")
    package static let events = AdminRoute(
        .get, "/events", query: ["endpoint"], (.none, .events("MonitorEventDTO")), (200, .viewer),
        "Alerts, decisions and revisions as they happen, as server-sent events; with the header Last-Event-ID first "
            + "what was missed since then, as far as it is kept.")
    package static let silences = AdminRoute(
        .get, "/silences", (.none, .json("[SilenceDTO]")), (200, .viewer), "The silences that are not over.")
    package static let addSilence = AdminRoute(
        .post, "/silences", (.json("SilenceRequest"), .json("SilenceDTO")), (201, .operator),
        "Keeps alerts from being told for so many seconds; they are recorded all the same.")
    package static let removeSilence = AdminRoute(
        .delete, "/silences/{id}", (.none, .none), (204, .operator), "Ends a silence.")
    package static let profile = AdminRoute(
        .get, "/versions/{reference}/profile", (.none, .json("ProfileDTO")), (200, .viewer),
        "What the data of a version, or of an endpoint's primary, looked like when it was good.")
    package static let makeProfile = AdminRoute(
        .put, "/versions/{reference}/profile", query: ["filename", "labels"], (.bytes, .json("ProfileDTO")),
        (200, .operator),
        "Asks the version for every row of the body and keeps what rows and answers look like. filename tells the "
            + "format by its ending: .csv, .jsonl, .npy, .npz or .arrow; labels names the column with the truth.")
    package static let capture = AdminRoute(
        .get, "/endpoints/{endpoint}/capture", (.none, .json("CaptureDTO")), (200, .viewer),
        "Segments of captured requests, oldest first, and what was kept and dropped.")
    package static let captureSegment = AdminRoute(
        .get, "/endpoints/{endpoint}/capture/{segment}", (.none, .bytes), (200, .operator),
        "One segment as an Arrow IPC file.")
    package static let exportCapture = AdminRoute(
        .get, "/endpoints/{endpoint}/export", query: ["from", "until", "version", "labelled"], (.none, .bytes),
        (200, .operator),
        "Captured requests with the labels that came for them, as one Arrow IPC file; with labelled=true only those "
            + "that have one.")
    package static let eraseCapture = AdminRoute(
        .post, "/endpoints/{endpoint}/capture/erase", (.json("EraseRequest"), .json("EraseDTO")), (200, .operator),
        "Removes the captured data of requests by their ids.")

    static let monitoring = [
        feedback, monitors, alerts, decisions, events, silences, addSilence, removeSilence, profile, makeProfile,
        capture, captureSegment, exportCapture, eraseCapture,
    ]
}
