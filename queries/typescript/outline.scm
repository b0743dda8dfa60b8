; What a file defines. The captures: ../README.md.
; Beside ../ecma.

(abstract_class_declaration name: (_) @name body: (_) @body @inside) @type
(interface_declaration name: (_) @name body: (_) @body @inside) @interface
(type_alias_declaration name: (_) @name value: (object_type) @body @inside) @type
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name body: (_) @body @inside) @type
(enum_body name: (_) @name @variant)
(enum_assignment name: (_) @name value: (_) @body) @variant

(function_signature name: (_) @name) @function
(method_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @function
(property_signature name: (_) @name) @variable
(public_field_definition name: (_) @name value: (_)? @body) @variable

(internal_module name: (_) @name body: (_) @body @inside) @module
(module name: (_) @name body: (_) @body @inside) @module

; `namespace a {}` is an expression, and `declare` stands before a declaration.
[
  (expression_statement)
  (ambient_declaration)
] @inside
