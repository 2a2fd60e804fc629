"""The Beacon API's documents: many YAML files that refer to each other. Finds the operation of a request, makes schemas without
references, and answers from the examples in them."""
import json
import os
import re
import urllib.parse

import jsonschema
import yaml

from openapi import JSON, OCTETS


class Node:
    """A piece of a document, with the file that its references are relative to."""

    def __init__(self, documents, file, value, name=""):
        self.documents, self.file, self.value, self.name = documents, file, value, name

    def get(self, key, default=None):
        if not isinstance(self.value, dict) or key not in self.value:
            return default
        return self.child(self.value[key])

    def child(self, value):
        return self.documents.resolve(Node(self.documents, self.file, value))

    def items(self):
        return [(key, self.child(value)) for key, value in self.value.items()]


class Documents:
    """All under `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self._files = {}
        self._validators = {}
        self.root = Node(self, os.path.join(folder, "beacon-node-oapi.yaml"), self._load("beacon-node-oapi.yaml"))

    def _load(self, file):
        path = os.path.normpath(os.path.join(self.folder, file))
        if path not in self._files:
            with open(path, encoding="utf-8") as text:
                self._files[path] = yaml.safe_load(text)
        return self._files[path]

    def resolve(self, node):
        """What a $ref stands for, with its name; anything else is itself."""
        while isinstance(node.value, dict) and "$ref" in node.value:
            reference = node.value["$ref"]
            file, _, fragment = reference.partition("#")
            path = os.path.join(os.path.dirname(node.file), file) if file else node.file
            target = self._load(path)
            for part in filter(None, fragment.split("/")):
                target = target[part.replace("~1", "/")]
            node = Node(self, path, target, node.name or fragment.removeprefix("/components/schemas/").replace("/", "."))
        return node

    def operation(self, method, path):
        """(template, operation) of a request; nothing if there is none."""
        given = path.split("/")
        # Names before variables.
        for template in sorted(self.root.value["paths"], key=lambda one: one.count("{")):
            parts = template.split("/")
            if len(parts) == len(given) and all(part == there or part.startswith("{") for part, there in zip(parts, given)):
                item = self.root.get("paths").get(template)
                operation = item.get(method.lower())
                if operation is not None:
                    return template, operation
        return None, None

    def schema(self, node):
        """A JSON schema without references."""
        node = self.resolve(node)
        if isinstance(node.value, list):
            return [self.schema(node.child(item)) for item in node.value]
        if not isinstance(node.value, dict):
            return node.value
        return {key: value if key in ("example", "examples", "enum", "required") else self.schema(node.child(value))
                for key, value in node.value.items()}

    def problems_of(self, value, node):
        key = (node.file, id(node.value))
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft4Validator(self.schema(node))
        return [self._sentence(error) for error in self._validators[key].iter_errors(value)]

    @staticmethod
    def _sentence(error):
        """Of several forms that don't fit, what is wrong with the one that fits best."""
        error = jsonschema.exceptions.best_match([error])
        return f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"

    def example(self, node, choose):
        """A value as the examples have it; `choose` picks one of several forms by their names."""
        node = self.resolve(node)
        if "example" in node.value:
            return node.value["example"]
        for several in ("anyOf", "oneOf"):
            if several in node.value:
                return self.example(choose([node.child(form) for form in node.value[several]]), choose)
        if "allOf" in node.value:
            whole = {}
            # A part may be a description and nothing else.
            for part in (one for one in node.value["allOf"] if set(one) != {"description"}):
                made = self.example(node.child(part), choose)
                whole = {**whole, **made} if isinstance(made, dict) else made
            return whole
        if "enum" in node.value:
            return node.value["enum"][-1]
        kind = node.value.get("type")
        if kind == "array":
            count = max(1, node.value.get("minItems", 1))
            return [self.example(node.get("items"), choose)] * count
        if kind == "object" or "properties" in node.value:
            return {name: self.example(value, choose) for name, value in node.get("properties").items()}
        if kind == "boolean":
            return False
        digits = re.fullmatch(r"\^0x\[a-fA-F0-9\]\{(\d+)\}\$", node.value.get("pattern", ""))
        if digits:
            return "0x" + "a" * int(digits.group(1))
        raise AssertionError(f"no example for {node.name or node.value} of {node.file}")


def typed(value, schema):
    """A text of a query or a header as its schema has it."""
    kind = schema.value.get("type")
    if kind == "array":
        return [part for text in value for part in text.split(",")]
    value = value[-1]
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return int(value) if kind == "integer" and value.isdigit() else value


def request_problems(documents, operation, template, path, query, headers, body):
    """Sentences; none if the request is as the documents say."""
    problems = []
    given = {"query": query, "header": {name: [value] for name, value in headers.items()},
             "path": {part[1:-1]: [urllib.parse.unquote(there)]
                      for part, there in zip(template.split("/"), path.split("/")) if part.startswith("{")}}
    parameters = [operation.child(parameter) for parameter in operation.value.get("parameters", [])]
    for parameter in parameters:
        name, place = parameter.value["name"], parameter.value["in"]
        value = given[place].get(name.lower() if place == "header" else name)
        if value is not None:
            schema = parameter.get("schema")
            problems += [f"{name}: {problem}" for problem in documents.problems_of(typed(value, schema), schema)]
        elif parameter.value.get("required"):
            problems.append(f"{place} parameter {name} is missing")
    known = {(parameter.value["in"], parameter.value["name"].lower()) for parameter in parameters}
    problems += [f"unknown query parameter '{name}'" for name in query if ("query", name.lower()) not in known]
    problems += [f"unknown header '{name}'" for name in headers if name.startswith("eth-") and ("header", name) not in known]
    return problems + _accept_problems(operation, headers) + _body_problems(documents, operation, headers, body)


def _accept_problems(operation, headers):
    """What we want must be what there is."""
    response = operation.get("responses").get("200")
    content = response.value.get("content") if response else None
    wanted = [kind.split(";")[0].strip() for kind in headers.get("accept", "").split(",")]
    return [f"accepts {kind}, which the answer never is" for kind in wanted if content and kind not in content]


def _body_problems(documents, operation, headers, body):
    wanted = operation.get("requestBody")
    if wanted is None:
        return ["a body where none is wanted"] if body else []
    kind = headers.get("content-type", "")
    form = wanted.get("content").get(kind)
    if form is None:
        return [f"content-type '{kind}' is not in the documents"]
    if kind == OCTETS:
        return [] if body else ["the body is empty"]
    assert kind == JSON
    try:
        return documents.problems_of(json.loads(body), form.get("schema"))
    except ValueError as error:
        return [f"not JSON: {error}"]
