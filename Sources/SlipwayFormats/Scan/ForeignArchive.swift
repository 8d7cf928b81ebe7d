// SPDX-License-Identifier: Apache-2.0

/// Archives that no model format uses and some loaders unpack nevertheless.
enum ForeignArchive: String {
    case sevenZip = "7z"
    case rar = "RAR"
    case cabinet = "cabinet"
    case zstandard = "Zstandard"

    init?(head: [UInt8]) {
        if head.has([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) {
            self = .sevenZip
        } else if head.has("Rar!") {
            self = .rar
        } else if head.has("MSCF") {
            self = .cabinet
        } else if head.has([0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstandard
        } else {
            return nil
        }
    }

    func finding(in member: String?) -> ScanFinding {
        ScanFinding(
            self == .zstandard ? .medium : .high,
            "The file is a \(rawValue) archive. What is inside was not looked at; malware hides there from scanners, "
                + "while the loader it is meant for unpacks it.",
            in: member, hint: "Do not load it. Unpack it where that is safe, and scan the files.")
    }
}
