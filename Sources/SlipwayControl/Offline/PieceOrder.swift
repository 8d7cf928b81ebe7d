// SPDX-License-Identifier: Apache-2.0

/// Puts what comes back in any order into the order in which it was sent.
struct PieceOrder<Piece> {
    private var waiting: [Int: Piece] = [:]
    private var sent = 0
    private var taken = 0

    /// Pieces that were sent and not yet taken: what memory is spent on.
    var openCount: Int { sent - taken }

    /// The number of the next piece.
    mutating func send() -> Int {
        defer { sent += 1 }
        return sent
    }

    mutating func comeBack(_ piece: Piece, number: Int) { waiting[number] = piece }

    /// The next piece in order, `nil` while it is under way.
    mutating func take() -> Piece? {
        guard let piece = waiting.removeValue(forKey: taken) else { return nil }
        taken += 1
        return piece
    }
}
