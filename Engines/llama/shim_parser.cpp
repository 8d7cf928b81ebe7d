// SPDX-License-Identifier: Apache-2.0

// Reading an answer back into content, reasoning and tool calls.

#include <sys/random.h>

#include <utility>

#include "chat.h"
#include "json.h"
#include "shim.h"
#include "shim_tools.h"

struct SlwParser {
    bool is_plain = false;
    std::unique_ptr<slipway::CallReader> calls;  // of templates that know no tools
    bool has_form = true;                        // of the template's, around content and calls
    common_chat_parser_params parameters;
    common_chat_msg last;
    std::vector<std::string> call_ids;
    size_t read = 0;  // bytes of the answer at the last reading
};

namespace slipway {
namespace {

using json = common_json;

std::string new_call_id() {
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    unsigned char random[24];
    if (getrandom(random, sizeof random, 0) != sizeof random) throw std::runtime_error("no random numbers");
    std::string id = "call_";
    for (unsigned char byte : random) id += letters[byte % 62];
    return id;
}

json difference(const std::string &content, const std::string &reasoning) {
    json item = json::object();
    if (!content.empty()) item["content"] = content;
    if (!reasoning.empty()) item["reasoning"] = reasoning;
    return item;
}

json difference(const common_chat_msg_diff &found) {
    json item = difference(found.content_delta, found.reasoning_content_delta);
    if (found.tool_call_index == std::string::npos) return item;
    json call = json::object();
    call["index"] = found.tool_call_index;
    if (!found.tool_call_delta.name.empty()) {
        call["id"] = found.tool_call_delta.id;
        call["name"] = found.tool_call_delta.name;
    }
    call["arguments"] = found.tool_call_delta.arguments;
    item["tool"] = call;
    return item;
}

json difference(const CallReader::Piece &piece) {
    if (piece.kind == CallReader::Kind::content) return difference(piece.text, "");
    json call = json::object();
    call["index"] = 0;
    if (piece.kind == CallReader::Kind::name) {
        call["id"] = new_call_id();
        call["name"] = piece.text;
    }
    call["arguments"] = piece.kind == CallReader::Kind::arguments ? piece.text : "";
    json item = json::object();
    item["tool"] = call;
    return item;
}

void read_calls(SlwParser &parser, const std::string &content, bool is_partial, json &list) {
    for (const auto &piece : parser.calls->read(content, is_partial)) list.push_back(difference(piece));
}

/// An answer is read from its beginning each time, so a long one is read less often: the work stays in proportion
/// to its length.
bool is_worth_reading(const SlwParser &parser, size_t count, bool is_partial) {
    return !is_partial || count < 2048 || count >= parser.read + count / 256;
}

json read_differences(SlwParser &parser, const std::string &text, bool is_partial) {
    json list = json::array();
    if (parser.is_plain) {
        if (text.size() > parser.read) list.push_back(difference(text.substr(parser.read), ""));
        parser.read = text.size();
        return list;
    }
    if (!is_worth_reading(parser, text.size(), is_partial)) return list;
    if (!parser.has_form) {
        parser.read = text.size();
        read_calls(parser, text, is_partial, list);
        return list;
    }
    auto message = common_chat_parse(text, is_partial, parser.parameters);
    parser.read = text.size();
    if (message.empty()) return list;
    message.set_tool_call_ids(parser.call_ids, new_call_id);
    for (const auto &found : common_chat_msg_diff::compute_diffs(parser.last, message)) {
        const json item = parser.calls ? difference("", found.reasoning_content_delta) : difference(found);
        if (!item.empty()) list.push_back(item);
    }
    if (parser.calls) read_calls(parser, message.content, is_partial, list);
    parser.last = std::move(message);
    return list;
}

}  // namespace

int parser_new(const char *syntax, size_t count, SlwParser **parser, SlwError *error) {
    *parser = nullptr;
    const int code = limited_deep(error, template_limits, [&] {
        const json parsed = json::parse_no_throw(std::string(syntax, count));
        if (parsed.is_discarded() || !parsed.is_object()) {
            throw Failure(SLW_ERROR_INVALID_INPUT, "the syntax of the answer is no JSON object");
        }
        auto made = std::make_unique<SlwParser>();
        made->is_plain = parsed.value("plain", false);
        if (parsed.value("generic", false)) {
            std::set<std::string> names;
            for (const auto &name : parsed.at("names")) names.insert(std::string(name));
            made->calls = std::make_unique<CallReader>(std::move(names), parsed.value("required", false));
            made->has_form = parsed.contains("format");
        }
        if (!made->is_plain && made->has_form) {
            const int format = parsed.value("format", 0);
            if (format < 0 || format >= COMMON_CHAT_FORMAT_COUNT) {
                throw Failure(SLW_ERROR_INVALID_INPUT, "the syntax of the answer has an unknown format");
            }
            made->parameters.format = common_chat_format(format);
            made->parameters.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
            made->parameters.generation_prompt = parsed.value("generation_prompt", "");
            made->parameters.parse_tool_calls = parsed.value("tools", false);
            const std::string arena = parsed.value("parser", "");
            if (!arena.empty()) made->parameters.parser.load(arena);
        }
        *parser = made.release();
    });
    // It may have been finished beyond a limit.
    if (code && *parser) delete std::exchange(*parser, nullptr);
    return code;
}

void parser_free(SlwParser *parser) { delete parser; }

int parser_read(
    SlwParser *parser, const char *text, size_t count, bool is_partial, SlwText *differences, SlwError *error) {
    *differences = {};
    std::string answer;
    const int code = limited(error, step_limits, [&] {
        try {
            answer = read_differences(*parser, std::string(text, count), is_partial).dump_safe();
        } catch (const std::exception &) {
            // llama.cpp's own words repeat the answer.
            throw Failure(SLW_ERROR_FAILED, "the model's answer does not have the form that its template asks for");
        }
    });
    if (code) return code;
    return protect(error, [&] { *differences = make_text(answer); });
}

}  // namespace slipway
