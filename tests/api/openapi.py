"""Holds requests and answers against an OpenAPI 3.0 file."""
import json

import jsonschema
import yaml

JSON = "application/json"
OCTETS = "application/octet-stream"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Api:
    """Problems are sentences; an empty list means that all is as the file says."""

    def __init__(self, file):
        with open(file, encoding="utf-8") as text:
            self.document = yaml.safe_load(text)
        self._validators = {}

    def operations(self):
        """(method, path, operation) of every call."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in METHODS:
                    yield method.upper(), path, operation

    def operation(self, method, path):
        return self.document["paths"].get(path, {}).get(method.lower())

    def methods(self, path):
        return {method.upper() for method in self.document["paths"].get(path, {}) if method in METHODS}

    def resolve(self, node):
        """What a $ref stands for; anything else is itself."""
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def schema(self, node, strict=False):
        """A JSON schema without references. Strict: objects have no members but those that are named."""
        node = self.resolve(node)
        if isinstance(node, list):
            return [self.schema(item, strict) for item in node]
        if not isinstance(node, dict):
            return node
        result = {key: self.schema(value, strict) for key, value in node.items()}
        if strict and node.get("type") == "object" and "properties" in node:
            result.setdefault("additionalProperties", False)
        return result

    def problems_of(self, value, schema, strict=False):
        key = (id(self.resolve(schema)), strict)
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft4Validator(self.schema(schema, strict))
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in self._validators[key].iter_errors(value)]

    def request_problems(self, method, path, query, headers, body):
        operation = self.operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the file"]
        problems = self._parameter_problems(operation, query, headers)
        content = operation.get("requestBody", {}).get("content", {})
        kind = headers.get("content-type", "")
        if not content:
            return problems + (["a body where none is wanted"] if body else [])
        if kind not in content:
            return problems + [f"content-type '{kind}' is not in the file"]
        return problems + self._body_problems(content[kind]["schema"], kind, body, strict=False)

    def _parameter_problems(self, operation, query, headers):
        problems = []
        parameters = [self.resolve(parameter) for parameter in operation.get("parameters", [])]
        given = {"query": query, "header": headers}
        for parameter in parameters:
            value = given[parameter["in"]].get(parameter["name"])
            if value is not None:
                problems += [f"{parameter['name']}: {problem}" for problem in self.problems_of(value, parameter["schema"])]
            elif parameter.get("required"):
                problems.append(f"{parameter['name']} is missing")
        known = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        return problems + [f"unknown parameter '{name}'" for name in query if name not in known]

    def _body_problems(self, schema, kind, body, strict):
        if kind != JSON:
            return []
        try:
            value = json.loads(body)
        except ValueError as error:
            return [f"not JSON: {error}"]
        return self.problems_of(value, schema, strict)

    def answer_problems(self, method, path, status, headers, body):
        if path not in self.document["paths"]:
            response = self.document["components"]["responses"]["NoSuchPath"] if status == 404 else None
        else:
            # 405 is for methods that the file does not have: any other of the path describes it.
            operation = self.operation(method, path) or next(iter(self.document["paths"][path].values()))
            response = self.resolve(operation["responses"].get(str(status)))
        if response is None:
            return [f"status {status} is not in the file"]
        problems = [f"header {name} is missing" for name, header in response.get("headers", {}).items()
                    if header.get("required") and name not in headers]
        kind = headers.get("content-type", "").split(";")[0]
        if kind not in response["content"]:
            return problems + [f"content-type '{kind}' of an answer {status} is not in the file"]
        return problems + self._body_problems(response["content"][kind]["schema"], kind, body, strict=True)

    def roles(self, operation, parameter):
        """Who may make the call; `parameter` of the query tells calls of one path apart."""
        roles = operation["x-roles"]
        return set(roles[parameter or "none"] if isinstance(roles, dict) else roles)

    def references(self):
        """Every $ref of the file."""
        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    yield node["$ref"]
                for value in node.values():
                    yield from walk(value)
            elif isinstance(node, list):
                for value in node:
                    yield from walk(value)
        return set(walk(self.document))
