// SPDX-License-Identifier: Apache-2.0

// Tools for templates that know none: what the model is told.

#include "shim_tools.h"

#include <algorithm>
#include <map>

#include "json-schema-to-grammar.h"
#include "json.h"

namespace slipway {
namespace {

using json = common_json;

std::string quoted(const std::string &text) { return json(text).dump_safe(); }

/// Whether the template makes calls of its own kind, tried out with one function.
bool try_tools(const SlwModel &model) {
    common_chat_templates_inputs probe;
    common_chat_msg message;
    message.role = "user";
    message.content = "f";
    probe.messages = {message};
    probe.tools = {{"f", "f", R"({"type":"object","properties":{"x":{"type":"string"}},"required":["x"]})"}};
    probe.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    try {
        return !common_chat_templates_apply(model.templates, probe).grammar.empty();
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return false;
    }
}

bool knows_tools(const SlwModel &model) {
    int known = model.knows_tools.load();
    if (known < 0) {
        known = try_tools(model) ? 1 : 0;
        model.knows_tools.store(known);
    }
    return known == 1;
}

bool renders_calls(const SlwModel &model) {
    const auto abilities = common_chat_templates_get_caps(model.templates);
    const auto found = abilities.find("supports_tool_calls");
    return found != abilities.end() && found->second;
}

bool is_result(const common_chat_msg &message) { return message.role == "tool" || message.role == "function"; }

std::string call_text(const common_chat_tool_call &call) {
    const bool is_json = !json::parse_no_throw(call.arguments).is_discarded();
    const std::string arguments = is_json ? call.arguments : quoted(call.arguments);
    return "{\"name\": " + quoted(call.name) + ", \"arguments\": " + arguments + "}";
}

/// Writes calls as the answers they were, and their results as what a user says.
void tell_calls(std::vector<common_chat_msg> &messages) {
    std::map<std::string, std::string> names;
    std::vector<common_chat_msg> told;
    // Many templates want users and assistants to take turns.
    bool follows_result = false;
    for (auto &message : messages) {
        std::string text = message.render_content("\n");
        if (is_result(message)) {
            const std::string name = message.tool_name.empty() ? names[message.tool_call_id] : message.tool_name;
            text = "Result" + (name.empty() ? "" : " of " + name) + ": " + text;
        } else if (follows_result && message.role == "user") {
            text = "\n" + text;
        } else {
            for (const auto &call : message.tool_calls) {
                names[call.id] = call.name;
                text += (text.empty() ? "" : "\n") + call_text(call);
            }
            if (!message.tool_calls.empty()) {
                message.content = text;
                message.content_parts.clear();
                message.tool_calls.clear();
            }
            told.push_back(message);
            follows_result = false;
            continue;
        }
        if (follows_result) {
            told.back().content += "\n" + text;
        } else {
            common_chat_msg result;
            result.role = "user";
            result.content = text;
            told.push_back(result);
        }
        follows_result = is_result(message);
    }
    messages = std::move(told);
}

std::string description(const std::vector<common_chat_tool> &tools, bool is_required) {
    std::string text = "You can call these functions:\n";
    for (const auto &tool : tools) {
        json item = json::object();
        item["name"] = tool.name;
        if (!tool.description.empty()) item["description"] = tool.description;
        item["parameters"] = json::parse(tool.parameters);
        text += item.dump_safe() + "\n";
    }
    text += is_required ? "Answer with a call of one of them" : "To call one, answer with the call";
    text += " and nothing else. A call is a JSON object: {\"name\": NAME, \"arguments\": {PARAMETER: VALUE}}";
    if (!is_required) text += "\nWhen none of them helps, answer in plain words.";
    return text;
}

void tell_tools(std::vector<common_chat_msg> &messages, const std::string &text) {
    if (!messages.empty() && (messages[0].role == "system" || messages[0].role == "developer")) {
        auto &first = messages[0];
        const std::string given = first.render_content("\n");
        first.content = given.empty() ? text : given + "\n\n" + text;
        first.content_parts.clear();
        return;
    }
    common_chat_msg system;
    system.role = "system";
    system.content = text;
    messages.insert(messages.begin(), system);
}

/// Makes references within a schema start at a place of a larger one.
void move_references(json &schema, const std::string &place) {
    if (schema.is_array()) {
        for (size_t index = 0; index < schema.size(); index++) move_references(schema.at(index), place);
    } else if (schema.is_object()) {
        for (const auto &item : schema.items()) {
            if (item.key() != "$ref" || !item.value().is_string()) {
                move_references(item.value(), place);
                continue;
            }
            const std::string reference = item.value();
            if (reference.rfind("#/", 0) == 0) item.value() = place + reference.substr(1);
            if (reference == "#") item.value() = place;
        }
    }
}

/// Adds a schema's rules; those of several schemas are kept apart by the name.
std::string add_schema(const common_grammar_builder &builder, json schema, const std::string &name) {
    move_references(schema, "#/" + name);
    json document = json::object();
    document[name] = schema;
    document["$ref"] = "#/" + name;
    const auto read = common_chat_schema_from_json(document);
    return builder.add_schema(name + "-value", *read.root);
}

/// - schema: of an answer that is no call; empty when it must be one.
std::string answer_grammar(const std::vector<common_chat_tool> &tools, const std::string &schema) {
    try {
        return build_grammar([&](const common_grammar_builder &builder) {
            std::string root;
            for (size_t index = 0; index < tools.size(); index++) {
                json function = json::object();
                function["parameters"] = json::parse(tools[index].parameters);
                const std::string name = "tool" + std::to_string(index);
                const std::string value = add_schema(builder, common_chat_tool_parameters(function), name);
                const std::string begin = "{\"name\": " + quoted(tools[index].name) + ", \"arguments\": ";
                const std::string call = builder.add_rule(
                    name + "-call", gbnf_format_literal(begin) + " " + value + " " + gbnf_format_literal("}"));
                root += (index == 0 ? "" : " | ") + call;
            }
            if (!schema.empty()) root += " | " + add_schema(builder, json::parse(schema), "answer");
            builder.add_rule("root", root);
        });
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &exception) {
        throw Failure(
            SLW_ERROR_INVALID_INPUT,
            "the JSON schema of the tools' parameters or of the answer cannot be compiled: " +
                std::string(exception.what()).substr(0, 300));
    }
}

}  // namespace

GenericTools take_tools(const SlwModel &model, common_chat_templates_inputs &inputs, ControlTexts::Session &session) {
    GenericTools tools;
    const bool has_tools = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
    const bool has_calls = std::any_of(inputs.messages.begin(), inputs.messages.end(), [](const auto &message) {
        return is_result(message) || !message.tool_calls.empty();
    });
    if ((!has_tools && !has_calls) || knows_tools(model)) return tools;
    if (has_calls && (has_tools || !renders_calls(model))) tell_calls(inputs.messages);
    if (!has_tools) return tools;
    tools.are_used = true;
    tools.is_required = inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    for (const auto &tool : inputs.tools) tools.names.push_back(tool.name);
    if (tools.is_required) {
        tools.grammar = answer_grammar(inputs.tools, "");
        inputs.enable_thinking = false;  // the call is all there is
    } else if (!inputs.json_schema.empty()) {
        tools.grammar = answer_grammar(inputs.tools, inputs.json_schema);
    }
    tell_tools(inputs.messages, model.controls->hide(description(inputs.tools, tools.is_required), session));
    inputs.tools.clear();
    inputs.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;
    inputs.json_schema.clear();
    return tools;
}

}  // namespace slipway
