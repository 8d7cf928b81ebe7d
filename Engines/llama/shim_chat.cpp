// SPDX-License-Identifier: Apache-2.0

// Rendering conversations with a model's template. README.md describes the JSON of the request and the answer.

#include "json-schema-to-grammar.h"
#include "chat.h"
#include "json.h"
#include "shim.h"
#include "shim_tools.h"

namespace slipway {
namespace {

using json = common_json;

[[noreturn]] void refuse(const std::string &message) { throw Failure(SLW_ERROR_INVALID_INPUT, message); }

void check_length(const std::string &text, const char *what) {
    if (text.size() <= longest_constraint) return;
    refuse(std::string(what) + " has " + std::to_string(text.size()) + " bytes, the limit is " +
           std::to_string(longest_constraint));
}

std::string place(size_t index) { return "messages[" + std::to_string(index) + "]"; }

const json &text_member(const json &object, const char *name, const std::string &where) {
    if (!object.is_object() || !object.contains(name) || !object.at(name).is_string()) {
        refuse(where + "." + name + " must be text");
    }
    return object.at(name);
}

void check_part(const json &part, const std::string &where) {
    if (!part.is_object()) refuse(where + " must be an object");
    const std::string type = text_member(part, "type", where);
    if (type != "text") {
        refuse(where + " is of type '" + type.substr(0, 40) + "'; this model reads text only: send parts of type 'text'");
    }
    text_member(part, "text", where);
}

void check_calls(const json &calls, const std::string &where) {
    if (!calls.is_array()) refuse(where + ".tool_calls must be a list");
    for (size_t index = 0; index < calls.size(); index++) {
        const std::string here = where + ".tool_calls[" + std::to_string(index) + "]";
        const json &call = calls.at(index);
        const std::string type = text_member(call, "type", here);
        if (type != "function") refuse(here + ".type must be 'function'");
        if (!call.contains("function") || !call.at("function").is_object()) refuse(here + ".function is missing");
        const json &function = call.at("function");
        text_member(function, "name", here + ".function");
        if (!function.contains("arguments")) refuse(here + ".function.arguments is missing");
        if (call.contains("id") && !call.at("id").is_string()) refuse(here + ".id must be text");
    }
}

/// Brings one message into the form that llama.cpp expects, or refuses it.
void check_message(json &message, const std::string &where) {
    if (!message.is_object()) refuse(where + " must be an object");
    text_member(message, "role", where);
    for (const char *name : {"tool_calls", "reasoning_content", "name", "tool_call_id"}) {
        if (message.contains(name) && message.at(name).is_null()) message.erase(name);
    }
    for (const char *name : {"reasoning_content", "name", "tool_call_id"}) {
        if (message.contains(name)) text_member(message, name, where);
    }
    if (message.contains("tool_calls")) check_calls(message.at("tool_calls"), where);
    if (!message.contains("content")) {
        if (!message.contains("tool_calls")) refuse(where + ".content is missing");
        return;
    }
    const json &content = message.at("content");
    if (content.is_string()) return;
    if (content.is_null()) {
        if (!message.contains("tool_calls")) message["content"] = "";
        return;
    }
    if (!content.is_array()) refuse(where + ".content must be text or a list of parts");
    for (size_t index = 0; index < content.size(); index++) {
        check_part(content.at(index), where + ".content[" + std::to_string(index) + "]");
    }
}

void check_tools(const json &tools) {
    if (!tools.is_array()) refuse("tools must be a list");
    for (size_t index = 0; index < tools.size(); index++) {
        const std::string where = "tools[" + std::to_string(index) + "]";
        const std::string type = text_member(tools.at(index), "type", where);
        if (type != "function") refuse(where + ".type must be 'function'");
        if (!tools.at(index).contains("function")) refuse(where + ".function is missing");
        const json &function = tools.at(index).at("function");
        text_member(function, "name", where + ".function");
        if (function.contains("description")) text_member(function, "description", where + ".function");
        if (function.contains("parameters") && !function.at("parameters").is_object()) {
            refuse(where + ".function.parameters must be a JSON schema");
        }
    }
}

bool is_structural(const std::string &key) { return key == "role" || key == "type" || key == "id"; }

/// Hides texts of control tokens in every text of a message.
void hide(json &value, const ControlTexts &controls, ControlTexts::Session &session) {
    if (value.is_string()) {
        const std::string text = value;
        const std::string hidden = controls.hide(text, session);
        if (hidden != text) value = hidden;
    } else if (value.is_array()) {
        for (size_t index = 0; index < value.size(); index++) hide(value.at(index), controls, session);
    } else if (value.is_object()) {
        for (const auto &item : value.items()) {
            if (!is_structural(item.key())) hide(item.value(), controls, session);
        }
    }
}

/// Hides them in what tools say of themselves; names stay, since answers are matched against them.
void hide_descriptions(json &value, const ControlTexts &controls, ControlTexts::Session &session) {
    if (value.is_array()) {
        for (size_t index = 0; index < value.size(); index++) hide_descriptions(value.at(index), controls, session);
    } else if (value.is_object()) {
        for (const auto &item : value.items()) {
            if (item.key() == "description" && item.value().is_string()) {
                hide(item.value(), controls, session);
            } else {
                hide_descriptions(item.value(), controls, session);
            }
        }
    }
}

void read_choice(json &request, common_chat_templates_inputs &inputs) {
    if (!request.contains("tool_choice") || request.at("tool_choice").is_null()) return;
    const json &choice = request.at("tool_choice");
    if (choice.is_object()) {
        const std::string name = text_member(choice, "function", "tool_choice");
        std::vector<common_chat_tool> chosen;
        for (const auto &tool : inputs.tools) {
            if (tool.name == name) chosen.push_back(tool);
        }
        if (chosen.empty()) refuse("tool_choice names a function that is not among the tools");
        inputs.tools = chosen;
        inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
        return;
    }
    const std::string name = choice.is_string() ? std::string(choice) : "";
    if (name != "auto" && name != "none" && name != "required") {
        refuse("tool_choice must be 'auto', 'none', 'required' or one function");
    }
    inputs.tool_choice = common_chat_tool_choice_parse_oaicompat(name);
    if (name == "required" && inputs.tools.empty()) refuse("tool_choice is 'required' but there are no tools");
}

void read_options(json &request, common_chat_templates_inputs &inputs) {
    if (request.contains("json_schema")) {
        json schema = request.at("json_schema");
        if (!schema.is_object() && !schema.is_boolean()) refuse("the JSON schema must be an object");
        if (schema.is_boolean() || schema.empty()) schema = json({{"type", "object"}});
        inputs.json_schema = schema.dump();
        check_length(inputs.json_schema, "the JSON schema");
    }
    if (request.contains("grammar")) inputs.grammar = std::string(text_member(request, "grammar", "request"));
    check_length(inputs.grammar, "the grammar");
    if (!inputs.grammar.empty() && !inputs.json_schema.empty()) refuse("a grammar and a JSON schema exclude each other");
    if (!inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE && !inputs.grammar.empty()) {
        refuse("a grammar and tools exclude each other");
    }
    inputs.parallel_tool_calls = request.value("parallel_tool_calls", true);
    inputs.add_generation_prompt = request.value("add_generation_prompt", true);
    inputs.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    if (request.contains("chat_template_kwargs")) {
        const json &arguments = request.at("chat_template_kwargs");
        if (!arguments.is_object()) refuse("chat_template_kwargs must be an object");
        for (const auto &item : arguments.items()) inputs.chat_template_kwargs[item.key()] = item.value().dump();
        if (arguments.contains("enable_thinking")) {
            if (!arguments.at("enable_thinking").is_boolean()) refuse("enable_thinking must be true or false");
            inputs.enable_thinking = arguments.at("enable_thinking").get<bool>();
        }
    }
    if (request.contains("enable_thinking") && request.at("enable_thinking").is_boolean()) {
        inputs.enable_thinking = request.at("enable_thinking").get<bool>();
        inputs.chat_template_kwargs["enable_thinking"] = inputs.enable_thinking ? "true" : "false";
    }
}

common_chat_templates_inputs read_request(
    const SlwModel &model, json &request, ControlTexts::Session &session) {
    if (!request.is_object()) refuse("the request must be an object");
    if (!request.contains("messages") || !request.at("messages").is_array()) refuse("messages must be a list");
    json &messages = request.at("messages");
    for (size_t index = 0; index < messages.size(); index++) {
        check_message(messages.at(index), place(index));
        hide(messages.at(index), *model.controls, session);
    }
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(messages);
    if (request.contains("tools") && !request.at("tools").is_null()) {
        json &tools = request.at("tools");
        check_tools(tools);
        check_length(tools.dump(), "the list of tools");
        hide_descriptions(tools, *model.controls, session);
        if (!tools.empty()) inputs.tools = common_chat_tools_parse_oaicompat(tools);
    }
    read_choice(request, inputs);
    read_options(request, inputs);
    return inputs;
}

/// - is_whole: the grammar is of the answer alone, without what the prompt holds of it already.
std::string constraint_of(const common_chat_params &chat, bool is_whole) {
    json triggers = json::array();
    for (const auto &trigger : chat.grammar_triggers) {
        json item = json::object();
        item["type"] = int(trigger.type);
        item["value"] = trigger.value;
        item["token"] = int(trigger.token);
        triggers.push_back(item);
    }
    json constraint = json::object();
    constraint["grammar"] = chat.grammar;
    constraint["user"] = is_whole;
    constraint["lazy"] = chat.grammar_lazy;
    constraint["triggers"] = triggers;
    constraint["preserved"] = chat.preserved_tokens;
    constraint["generation_prompt"] = chat.generation_prompt;
    constraint["thinking_start"] = chat.thinking_start_tag;
    constraint["thinking_ends"] = chat.thinking_end_tags;
    return constraint.dump_safe();
}

/// Whether an answer is its content as it stands, tried out with a text that has something for every parser.
bool is_plain(const common_chat_params &chat, const common_chat_templates_inputs &inputs) {
    if (!inputs.tools.empty() || !inputs.json_schema.empty() || !chat.thinking_end_tags.empty()) return false;
    const std::string probe = " \nA <b> [c] {\"d\": 1} ```e``` \n";
    try {
        common_chat_parser_params parameters(chat);
        parameters.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
        if (!chat.parser.empty()) parameters.parser.load(chat.parser);
        const auto message = common_chat_parse(probe, false, parameters);
        return message.content == probe && message.reasoning_content.empty() && message.tool_calls.empty();
    } catch (const std::exception &) {
        return false;
    }
}

std::string syntax_of(
    const common_chat_params &chat, const common_chat_templates_inputs &inputs, const GenericTools &tools) {
    json syntax = json::object();
    const bool is_content = tools.is_required || is_plain(chat, inputs);
    syntax["plain"] = is_content && !tools.are_used;
    if (tools.are_used) {
        syntax["generic"] = true;
        syntax["required"] = tools.is_required;
        syntax["names"] = tools.names;
    }
    if (is_content) return syntax.dump_safe();
    syntax["format"] = int(chat.format);
    syntax["generation_prompt"] = chat.generation_prompt;
    syntax["parser"] = chat.parser;
    syntax["tools"] = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
    return syntax.dump_safe();
}

std::string render(const SlwModel &model, const std::string &text) {
    json request = json::parse_no_throw(text);
    if (request.is_discarded()) refuse("the request is no JSON");
    auto session = ControlTexts::begin();
    auto inputs = read_request(model, request, session);
    const auto tools = take_tools(model, inputs, session);
    auto chat = common_chat_templates_apply(model.templates, inputs);
    const std::string &own = tools.grammar.empty() ? inputs.grammar : tools.grammar;
    if (!own.empty()) {
        chat.grammar = own;
        chat.grammar_lazy = false;
        chat.grammar_triggers.clear();
    }
    json answer = json::object();
    json parts = json::array();
    for (const auto &part : ControlTexts::reveal(chat.prompt, session)) {
        json item = json::object();
        item["text"] = part.text;
        item["special"] = part.special;
        parts.push_back(item);
    }
    answer["parts"] = parts;
    answer["stops"] = chat.additional_stops;
    answer["constraint"] = json(nullptr);
    if (!chat.grammar.empty()) answer["constraint"] = constraint_of(chat, !own.empty());
    answer["syntax"] = syntax_of(chat, inputs, tools);
    json thinking = json::object();
    thinking["supported"] = chat.supports_thinking;
    thinking["start"] = chat.thinking_start_tag;
    thinking["ends"] = chat.thinking_end_tags;
    answer["thinking"] = thinking;
    return answer.dump_safe();
}

}  // namespace

int chat_render(const SlwModel *model, const char *request, size_t count, SlwText *answer, SlwError *error) {
    *answer = {};
    std::string text;
    const int code = limited_deep(error, template_limits, [&] {
        if (!model->templates) throw Failure(SLW_ERROR_UNSUPPORTED_MODEL, model->template_problem);
        try {
            text = render(*model, std::string(request, count));
        } catch (const Failure &) {
            throw;
        } catch (const std::bad_alloc &) {
            throw;
        } catch (const std::exception &exception) {
            refuse(std::string("the model's chat template refuses the conversation: ") +
                   std::string(exception.what()).substr(0, 300));
        }
    });
    if (code) return code;
    return protect(error, [&] { *answer = make_text(text); });
}

int schema_grammar(const char *schema, size_t count, SlwText *grammar, SlwError *error) {
    *grammar = {};
    std::string text;
    const int code = limited_deep(error, grammar_limits, [&] {
        const std::string given(schema, count);
        check_length(given, "the JSON schema");
        const json parsed = json::parse_no_throw(given);
        if (parsed.is_discarded() || !(parsed.is_object() || parsed.is_boolean())) {
            refuse("the JSON schema must be an object");
        }
        try {
            const bool is_open = parsed.is_boolean() || parsed.empty();
            text = json_schema_to_grammar(is_open ? json({{"type", "object"}}) : parsed);
        } catch (const std::exception &exception) {
            refuse(std::string("the JSON schema cannot be compiled: ") + std::string(exception.what()).substr(0, 300));
        }
    });
    if (code) return code;
    return protect(error, [&] { *grammar = make_text(text); });
}

}  // namespace slipway
