// SPDX-License-Identifier: Apache-2.0

package import SlipwayMonitoring

/// Posts notices as Slack's incoming webhooks take them; others, such as Mattermost's, take the same.
package struct SlackReceiver: AlertReceiver {
    package let name: String
    private let poster: HTTPPoster

    /// - Throws: ``DeliveryError`` `invalidSettings`.
    package init(name: String, url: String) throws(DeliveryError) {
        self.name = name
        poster = try HTTPPoster(url: url)
    }

    package func deliver(_ notice: AlertNotice, deadline: Duration) async throws {
        try await poster.post(try JSONBytes.encode(["text": Self.text(notice)]), deadline: deadline)
    }

    static func text(_ notice: AlertNotice) -> String {
        let lines = NoticeText.lines(notice).map { "• " + escape($0) }
        return (["*" + escape(NoticeText.title(notice)) + "*"] + lines).joined(separator: "\n")
    }

    /// Slack reads these three as marks; names of columns must not become links or mentions.
    private static func escape(_ text: String) -> String {
        // By scalars: one that joins a mark into its character would hide it.
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
