; Where a completion ends, and where it must not look like code. The captures: ../README.md.
; Beside ../ecma.

[
  (abstract_class_declaration)
  (interface_declaration)
  (enum_declaration)
  (type_alias_declaration)
  (function_signature)
  (ambient_declaration)
  (internal_module)
  (module)
  (import_alias)
] @item

[
  (public_field_definition)
  (property_signature)
  (method_signature)
  (abstract_method_signature)
  (index_signature)
  (call_signature)
  (enum_assignment)
] @statement

[
  (interface_body)
  (enum_body)
] @block

[
  (object_type)
  (tuple_type)
  (type_arguments)
  (type_parameters)
  (parenthesized_type)
] @list

(template_literal_type) @string
(template_type) @code
