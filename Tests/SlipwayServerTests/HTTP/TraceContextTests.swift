// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import Testing

private let trace = "0af7651916cd43dd8448eb211c80319c"
private let parent = "b7ad6b7169203331"

@Suite("Trace context")
struct TraceContextTests {
    @Test("goes on with the caller's trace in a span of its own")
    func goesOn() {
        let context = TraceContext(traceparent: "00-\(trace)-\(parent)-01", tracestate: nil)
        #expect(context.traceID == trace && context.isSampled)
        #expect(context.parentSpanID == 0xb7ad_6b71_6920_3331 && context.spanID != context.parentSpanID)
        #expect(context.traceparent.hasPrefix("00-\(trace)-") && context.traceparent.hasSuffix("-01"))
        let again = TraceContext(traceparent: context.traceparent, tracestate: nil)
        #expect(again.parentSpanID == context.spanID && again.traceID == trace)
    }

    @Test(
        "begins a trace where what came is none",
        arguments: [
            "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-01-",
            "00-\(trace)-\(parent)-01-x", "00-\(trace)-\(parent)-011", "ff-\(trace)-\(parent)-01",
            "00-\(trace.uppercased())-\(parent)-01", "00-00000000000000000000000000000000-\(parent)-01",
            "00-\(trace)-0000000000000000-01", "0-\(trace)-\(parent)-01", "00_\(trace)_\(parent)_01",
            "00-\(trace)-\(parent)-0g", " 00-\(trace)-\(parent)-01",
            "00-\(trace)-\(parent)-01, 00-\(trace)-\(parent)-01",
            "00-\(trace)-\(parent)-01\u{0}", "01-\(trace)-\(parent)-01x", "00-é\(trace)-\(parent)-01",
        ])
    func begins(traceparent: String) {
        let context = TraceContext(traceparent: traceparent, tracestate: "a=b")
        #expect(context.parentSpanID == nil && context.traceID != trace && context.state.isEmpty)
        #expect(context.traceparent.utf8.count == 55 && !context.isSampled)
    }

    @Test("takes the known part of a later version, and of its flags the one that is known")
    func laterVersion() {
        for text in ["cc-\(trace)-\(parent)-ff", "cc-\(trace)-\(parent)-ff-more"] {
            let context = TraceContext(traceparent: text, tracestate: nil)
            #expect(context.traceID == trace && context.flags == 1)
            #expect(context.traceparent.hasPrefix("00-"))
        }
    }

    @Test("traces and spans that begin here differ")
    func random() {
        let contexts = (0..<100).map { _ in TraceContext() }
        #expect(Set(contexts.map(\.traceID)).count == 100 && Set(contexts.map(\.spanID)).count == 100)
    }

    @Test(
        "carries a tracestate that is one, and forgets any other",
        arguments: [
            ("congo=t61rcWkgMzE", true), ("a=1,b=2", true), ("a=1 , b=2", true), ("a=1,,b=2", true),
            ("0tenant@sys=x", true), ("a=b c", true), ("", false), ("a", false), ("=b", false), ("a=", false),
            ("A=b", false), ("a=b=c", false), ("a=1,a=2", false), ("a=\u{1}", false), ("a=é", false),
            (String(repeating: "a", count: 511) + "=b", false),
            ((0..<33).map { "k\($0)=v" }.joined(separator: ","), false),
            ((0..<32).map { "k\($0)=v" }.joined(separator: ","), true),
        ])
    func state(state: String, isKept: Bool) {
        let context = TraceContext(traceparent: "00-\(trace)-\(parent)-00", tracestate: state)
        #expect(context.state == (isKept ? state : ""))
    }
}
