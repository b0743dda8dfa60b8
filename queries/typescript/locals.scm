; Which names are bound where, and which are used. The captures: ../README.md.
; Beside ../ecma.

[
  (class_declaration)
  (abstract_class_declaration)
  (interface_declaration)
  (type_alias_declaration)
  (function_signature)
  (method_signature)
  (abstract_method_signature)
  (function_type)
] @scope

(class_declaration name: (_) @declared)
(abstract_class_declaration name: (_) @declared)
(interface_declaration name: (_) @declared)
(type_alias_declaration name: (_) @declared)
(enum_declaration name: (_) @bound)
(function_signature name: (_) @declared)

(required_parameter pattern: (identifier) @bound)
(optional_parameter pattern: (identifier) @bound)
(type_parameter name: (_) @bound)
(mapped_type_clause name: (_) @label)
(infer_type (type_identifier) @label)

(type_identifier) @use
(nested_type_identifier module: (_) @receiver name: (_) @use)
