// SPDX-License-Identifier: Apache-2.0

/// One thing in a file that matters to whoever loads it.
public struct ScanFinding: Sendable, Hashable {
    public let severity: PickleFinding.Severity
    /// What it is, or what loading the file would do.
    public let message: String
    /// The file inside the file, with all archives on the way: `archive/data.pkl`.
    public let member: String?
    /// The opcode of a pickle, as pickletools names it.
    public let opcode: String?
    /// Where it lies in the member, after decompression.
    public let offset: Int?
    /// What to do about it.
    public let hint: String

    init(
        _ severity: PickleFinding.Severity, _ message: String, in member: String? = nil, opcode: String? = nil,
        at offset: Int? = nil, hint: String
    ) {
        self.severity = severity
        self.message = message
        self.member = member
        self.opcode = opcode
        self.offset = offset
        self.hint = hint
    }

    /// Where it is, for people: `archive/data.pkl, REDUCE at offset 71`; `nil` for the file as a whole.
    public var location: String? {
        let place = [opcode, offset.map { "offset \($0)" }].compactMap { $0 }.joined(separator: " at ")
        let text = [member, place.isEmpty ? nil : place].compactMap { $0 }.joined(separator: ", ")
        return text.isEmpty ? nil : text
    }
}
